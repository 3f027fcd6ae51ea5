//! The callstats dialect: what the clients of callstats.io post, as reports and events.
//!
//! [`route`](route::route) reads a path, [`Body`] a body; a body becomes events ([`Body::into_events`]) or a report ([`Body::into_report`]).
//! Nothing that a client says is lost: an event's payload holds the body in the member `raw`, a report holds every member of every
//! object, and the rest of its body in an object of type `callstats-report`.

mod body;
pub mod escape;
mod event;
mod event_table;
pub mod route;
mod shape;
mod stats;

pub use body::Body;
pub use event::LOG_BYTES_MAX;
pub use stats::STANDARD;
