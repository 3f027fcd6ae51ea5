//! The SIP registrar and proxy for clients on WebSockets (RFC 3261, RFC 7118), and the trunk to another server, as a state machine.
//!
//! Nothing here opens a socket, reads a clock or rolls dice: time comes in with every call, secrets at the beginning, and what is to be
//! sent comes out as [`Output`]. Reading order: [`message`] is what is on the wire; [`Proxy`] is the machine; within it `register`,
//! `authenticate`, `route` and `dialog` judge requests, `fork` carries them, `respond` brings the answers back, `calls` tells of calls,
//! `trace` of their messages; `dismissal` ends registrations from outside; `trunk` is all that is different towards another server.
//!
//! Flows of phones are reliable and keep messages apart, so nothing is sent twice there, and a transaction ends with its answer. Only a trunk
//! over UDP needs `repeat`.
#![forbid(unsafe_code)]

pub mod account;
pub mod digest;
pub mod message;
pub mod stream;

mod challenge;
mod check;
mod flow;
mod gruu;
mod header;
mod proxy;
mod registrar;
mod text;
mod uri;

pub use challenge::{Challenge, Login};
pub use flow::{FlowId, network_of};
pub use header::{Address, Via};
pub use proxy::{
    Config, Figures, Output, Proxy,
    calls::{CallEvent, Party, What},
    dismissal::Registrant,
    route::SERVICE_USER,
    trace::Passed,
    trunk::{CallerId, TRUNK, Transport, TrunkConfig, TrunkFigures},
};
pub use text::Params;
pub use uri::{Uri, UriError};
