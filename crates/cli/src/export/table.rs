//! The tables that can be exported: names, columns, types. The documentation of the files is made of this.

use anyhow::Result;
use clap::ValueEnum;
use sidetone_engine::units::Timestamp;

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum Table {
    /// One row for each conference, with its scores.
    Conferences,
    /// One row for each participant, with what is known of it.
    Participants,
    /// One row for each peer connection, with its size.
    PeerConnections,
    /// One row for each stream (or peer connection, then without stream) and metric: mean, extremes, percentiles.
    Streams,
    /// One row for each issue.
    Issues,
    /// One row for each event.
    Events,
    /// One row for each value of each series.
    Series,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColumnType {
    Text,
    Whole,
    Real,
    Flag,
    /// Microseconds since 1970, UTC.
    Time,
}

/// A column; absent values are allowed unless it is required.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) holds: ColumnType,
    pub(super) required: bool,
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Absent,
    Text(String),
    Whole(i64),
    Real(f64),
    Flag(bool),
    Time(Timestamp),
}

/// Takes rows.
pub(super) trait TableWriter {
    /// The next row, a cell for each column.
    fn row(&mut self, cells: Vec<Cell>) -> Result<()>;

    /// Completes the file.
    fn finish(self: Box<Self>) -> Result<()>;
}

const fn must(name: &'static str, holds: ColumnType) -> Column {
    Column { name, holds, required: true }
}

const fn may(name: &'static str, holds: ColumnType) -> Column {
    Column { name, holds, required: false }
}

use ColumnType::{Flag, Real, Text, Time, Whole};

impl Table {
    /// Its name, and that of its file.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Conferences => "conferences",
            Self::Participants => "participants",
            Self::PeerConnections => "peer_connections",
            Self::Streams => "streams",
            Self::Issues => "issues",
            Self::Events => "events",
            Self::Series => "series",
        }
    }

    /// Its columns in order.
    pub(super) fn columns(self) -> &'static [Column] {
        match self {
            Self::Conferences => {
                const {
                    &[
                        must("conference_key", Text),
                        must("conference_id", Text),
                        must("start", Time),
                        must("end", Time),
                        must("state", Text),
                        must("participant_count", Whole),
                        must("peer_connection_count", Whole),
                        may("mos_lq", Real),
                        may("mos_cq", Real),
                        may("mos_v", Real),
                        may("issue_count", Whole),
                    ]
                }
            }
            Self::Participants => {
                const {
                    &[
                        must("conference_key", Text),
                        must("participant_key", Text),
                        must("participant_id", Text),
                        must("user_id", Text),
                        must("joined", Time),
                        must("last_seen", Time),
                        may("ended", Time),
                        must("timed_out", Flag),
                        may("user_name", Text),
                        may("alias_name", Text),
                        may("site", Text),
                        may("app_version", Text),
                        may("user_agent", Text),
                        may("browser", Text),
                        may("browser_version", Text),
                        may("os", Text),
                        may("sdk", Text),
                        may("additional_ids", Text),
                        may("mos_lq", Real),
                        may("mos_cq", Real),
                        may("mos_v", Real),
                    ]
                }
            }
            Self::PeerConnections => {
                const {
                    &[
                        must("conference_key", Text),
                        must("participant_key", Text),
                        must("peer_connection_key", Text),
                        must("peer_connection_id", Text),
                        must("start", Time),
                        must("end", Time),
                        must("report_count", Whole),
                        must("report_bytes", Whole),
                    ]
                }
            }
            Self::Streams => {
                const {
                    &[
                        must("conference_key", Text),
                        must("peer_connection_key", Text),
                        may("direction", Text),
                        may("kind", Text),
                        may("ssrc", Whole),
                        may("mid", Text),
                        may("rid", Text),
                        may("codec", Text),
                        may("track", Text),
                        may("first", Time),
                        may("last", Time),
                        must("metric", Text),
                        must("count", Whole),
                        must("mean", Real),
                        must("min", Real),
                        must("max", Real),
                        must("p5", Real),
                        must("p50", Real),
                        must("p95", Real),
                    ]
                }
            }
            Self::Issues => {
                const {
                    &[
                        must("conference_key", Text),
                        must("peer_connection_key", Text),
                        must("rule", Text),
                        must("severity", Text),
                        may("direction", Text),
                        may("kind", Text),
                        may("ssrc", Whole),
                        must("onset", Time),
                        must("raised", Time),
                        may("cleared", Time),
                        must("metric", Text),
                        must("threshold", Real),
                    ]
                }
            }
            Self::Events => {
                const {
                    &[
                        must("conference_key", Text),
                        must("participant_key", Text),
                        may("peer_connection_key", Text),
                        must("time", Time),
                        must("kind", Text),
                        must("payload", Text),
                    ]
                }
            }
            Self::Series => {
                const {
                    &[
                        must("conference_key", Text),
                        must("peer_connection_key", Text),
                        may("direction", Text),
                        may("kind", Text),
                        may("ssrc", Whole),
                        must("time", Time),
                        must("metric", Text),
                        must("value", Real),
                    ]
                }
            }
        }
    }
}
