//! What the engine says of one peer connection: its streams, their series, its scores and its issues.
//!
//! Feed reports to an [`Analyzer`] as they come; it calls back with a [`Tick`] per report and with every
//! [`Issue`] raised and cleared, and [`Analyzer::finish`] gives the [`Analysis`] of the whole.
//! Live views, series queries and the finaliser all use this one way.

mod analyzer;
pub mod digest;
mod mute;
mod notice;
mod summary;

use std::time::Duration;

pub use analyzer::{ISSUES_MAX, STREAMS_MAX};
pub use mute::{MuteChange, Muted};
pub use notice::{Notice, Noticed};

use crate::{
    issue::Issue,
    metric::{Metric, MetricValues},
    report::Text,
    score::unjudged::Unjudged,
    units::Timestamp,
};

/// Whether a stream carries sound or pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MediaKind {
    /// Sound.
    Audio,
    /// Pictures.
    Video,
}

/// From the participant's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// Received by the participant.
    Inbound,
    /// Sent by the participant.
    Outbound,
}

/// What identifies an RTP stream within its peer connection, across report ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId {
    /// From the participant's side.
    pub direction: Direction,
    /// Sound or pictures.
    pub kind: MediaKind,
    /// RTP synchronisation source.
    pub ssrc: u32,
}

/// One RTP stream as its latest report describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    /// Identity.
    pub id: StreamId,
    /// Media section (`mid`), where known.
    pub mid: Option<Text>,
    /// Simulcast layer (`rid`), where there is one.
    pub rid: Option<Text>,
    /// Codec MIME type such as `audio/opus`, where known.
    pub codec: Option<Text>,
    /// `trackIdentifier` of the track (inbound) or of its media source (outbound), where known.
    pub track: Option<Text>,
    /// First report that named the stream.
    pub first: Timestamp,
    /// Last report that named it.
    pub last: Timestamp,
}

/// The series values of one stream in one interval.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamTick {
    /// Which stream.
    pub stream: StreamId,
    /// Its values; absent is absent, never 0.
    pub values: MetricValues,
    /// Why it has no score; `None` when it has one.
    pub unjudged: Option<Unjudged>,
}

impl StreamTick {
    /// Why a score of this stream is absent; `None` when it is there, and for what is no score of it.
    #[must_use]
    pub fn why_absent(&self, score: Metric) -> Option<Unjudged> {
        let is_of_it = match self.stream.kind {
            MediaKind::Audio => matches!(score, Metric::MosLq | Metric::MosCq),
            MediaKind::Video => score == Metric::MosV,
        };
        let is_absent = is_of_it && self.values.get(score).is_none();
        is_absent.then(|| self.unjudged.unwrap_or(Unjudged::NoRoundTrip))
    }
}

/// Everything that one report adds: values over the interval since the report before.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Time of the report that closes the interval.
    pub time: Timestamp,
    /// Length of the interval; zero for the first report and after a clock jump, when no rate can be given.
    pub interval: Duration,
    /// Values of the whole connection (RTT of the selected pair, available bit rate, scores …).
    pub connection: MetricValues,
    /// Values by stream.
    pub streams: Vec<StreamTick>,
}

impl Tick {
    /// Why a score of the connection is absent: as with the first of its streams that could have it, received ones first. `None` when it is
    /// there, or no stream could.
    #[must_use]
    pub fn why_absent(&self, score: Metric) -> Option<Unjudged> {
        match self.connection.get(score) {
            Some(_) => None,
            None => self.streams.iter().find_map(|stream| stream.why_absent(score)),
        }
    }
}

/// What an [`Analyzer`] calls back with.
#[derive(Clone, Copy, Debug)]
pub enum Output<'a> {
    /// A report was understood.
    Tick(&'a Tick),
    /// A rule fired.
    Raised(&'a Issue),
    /// An issue that lasts has reached a worse severity.
    Escalated(&'a Issue),
    /// The condition of an earlier issue is gone.
    Cleared(&'a Issue),
}

/// A metric over the whole of its stream or connection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Which metric.
    pub metric: Metric,
    /// Intervals that had a value.
    pub count: u64,
    /// Mean, weighted by interval length (of a stream: by its own timestamps, so that mean rate times time is the growth of the counter).
    pub mean: f64,
    /// Least value.
    pub min: f64,
    /// Greatest value.
    pub max: f64,
    /// 5th percentile, from the fixed buckets of [`crate::histogram`].
    pub p5: f64,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
}

/// One stream over the whole connection.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamAnalysis {
    /// The stream.
    pub stream: Stream,
    /// A summary for each metric that ever had a value.
    pub summaries: Vec<Summary>,
    /// When it had no score: why, and for how long.
    pub unjudged: Vec<UnjudgedTime>,
}

/// For how long a stream had no score for one reason.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnjudgedTime {
    /// Why.
    pub reason: Unjudged,
    /// How long in all, s; 0 for a first report, which ends no interval.
    pub seconds: f64,
}

/// What the engine could not use, by reason. The store keeps it all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rejected {
    /// Same time as the report before, or less than 10 ms later.
    pub duplicate: u64,
    /// Older than a report before.
    pub out_of_order: u64,
    /// Stream objects left out because [`STREAMS_MAX`] others are followed, one for each report that had them.
    pub excess_streams: u64,
    /// Issues that were told but not kept because there were [`ISSUES_MAX`] already.
    pub excess_issues: u64,
}

/// One peer connection over its whole life.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Analysis {
    /// Reports used.
    pub report_count: u64,
    /// Time of the first and last used report.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Summaries of the connection's own metrics.
    pub connection: Vec<Summary>,
    /// Every stream that appeared.
    pub streams: Vec<StreamAnalysis>,
    /// Every issue, in order of onset; `cleared` is `None` where it lasted to the end.
    pub issues: Vec<Issue>,
    /// The kind of network that it used last (`networkType` of the selected local candidate), where the browser says.
    pub network: Option<Text>,
    /// What was left out.
    pub rejected: Rejected,
}

/// Turns the successive reports of one peer connection into ticks, issues and an analysis.
///
/// Reports may come in runs of any length: the result is the same. Memory is bounded whatever comes.
#[derive(Debug)]
pub struct Analyzer {
    memory: Box<analyzer::Memory>,
}
