//! Rates and levels from counters: how successive reports become [`MetricValues`](crate::metric::MetricValues).
//!
//! `field` names the members that are read; `kind` the objects; `layout` finds them once per run of reports and `table` reads them row by row; `counters` differences two reports;
//! `stream`, `inbound`, `outbound` and `rtcp` keep one RTP stream; `path` finds the selected candidate pair; `muted` reads what the page heard of a muted microphone.
//!
//! What happens when counters do not behave:
//! - a counter that falls (a replaced stream, a restarted endpoint) starts a new baseline: no rates in that interval, never a negative one;
//! - `packetsLost` may fall by itself (late and duplicate packets): the loss of that interval is 0;
//! - a stream that was missing from a report starts a new baseline when it is back;
//! - a member that is missing leaves its metrics absent;
//! - rates use the object's own `timestamp` where it has one: an unchanged one means that the browser answered from its cache;
//! - what RTCP tells (`remote-inbound-rtp`, `remote-outbound-rtp`) stands until the next RTCP report, at most [`RTCP_AGE_MAX`].

mod counters;
mod drift;
mod field;
mod inbound;
mod kind;
mod layout;
mod muted;
mod outbound;
mod path;
mod rtcp;
mod stream;
mod table;

use std::time::Duration;

pub use layout::{Layout, is_read};
pub(crate) use muted::MutedSpeech;
pub(crate) use outbound::{BUSY_MS, STARVED};
pub(crate) use path::{Path, has_room};
pub(crate) use stream::{A_LAW_STEP, Moment, StreamState};
pub(crate) use table::Table;

/// How long what RTCP told is held without a new report. Audio alone brings one about every 5 s: two may be lost.
pub const RTCP_AGE_MAX: Duration = Duration::from_secs(12);

/// How long a round-trip time of the connection is held when no further check is answered and RTCP tells none. Checks come about every 2.5 s.
pub const TRIP_AGE_MAX: Duration = Duration::from_secs(15);
