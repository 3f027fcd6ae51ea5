//! One connection, with its streams.

use serde::Serialize;
use sidetone_store::record::PeerConnection;
use utoipa::ToSchema;

use super::{Millis, ScoresBody, SummaryBody, issue::IssueBody, stream::StreamBody};

/// One `RTCPeerConnection`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PeerConnectionBody {
    /// Key.
    key: String,
    /// Key of the participant whose it is.
    participant: String,
    /// The client's name for it.
    peer_connection_id: String,
    /// First instant.
    start_ms: Millis,
    /// Last instant so far.
    end_ms: Millis,
    /// Number of reports kept.
    report_count: u64,
    /// Bytes that they take.
    report_bytes: u64,
    /// Scores over its whole length, in which bad moments weigh more; `null` until finalised, or where a version before this judged.
    scores: Option<ScoresBody>,
    /// Summaries of the connection's own metrics; empty until finalised, as all that follow.
    summaries: Vec<SummaryBody>,
    /// Its streams.
    streams: Vec<StreamBody>,
    /// Its issues in order of onset.
    issues: Vec<IssueBody>,
}

impl From<&PeerConnection> for PeerConnectionBody {
    fn from(peer_connection: &PeerConnection) -> Self {
        Self {
            key: peer_connection.key.to_string(),
            participant: peer_connection.participant.to_string(),
            peer_connection_id: peer_connection.peer_connection_id.as_str().to_owned(),
            start_ms: Millis(peer_connection.start),
            end_ms: Millis(peer_connection.end),
            report_count: peer_connection.report_count,
            report_bytes: peer_connection.report_bytes,
            scores: peer_connection.scores.map(Into::into),
            summaries: peer_connection.summaries.iter().map(Into::into).collect(),
            streams: peer_connection.streams.iter().map(Into::into).collect(),
            issues: peer_connection.issues.iter().map(Into::into).collect(),
        }
    }
}
