//! The native batch: what one client saw on one peer connection during some seconds.
//!
//! A batch stands alone: any server can understand it without another. It is identified by
//! (participant, peer connection, `batch_seq`), so a repeated upload is recognised.
//! Two forms carry the same content: the compact binary of the SDK ([`encode`], [`decode`]; `docs/report-codec.md`)
//! and JSON for `curl` and other languages (`crate::json`).

use sidetone_engine::{
    ids::{ConferenceId, ParticipantId, PeerConnectionId, UserId},
    report::Reports,
    units::Timestamp,
};

/// Anything that happened and is not a report.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When, by the clock of the client.
    pub time: Timestamp,
    /// What: lower-case words joined by `_`, such as `joined`, `left`, `ice_connection_state` (see [`kind`]).
    pub kind: String,
    /// Its payload as compact JSON text (an object; `{}` when there is nothing to add).
    pub payload: String,
}

/// Event kinds with a meaning to the server; any other kind is kept and shown as it is.
pub mod kind {
    /// The participant joined. Payload members, all optional: `user_name`, `alias_name`, `site`, `app_version`, `user_agent`, `browser`,
    /// `browser_version`, `os`, `sdk`, `additional_ids` (object of strings).
    pub const JOINED: &str = "joined";
    /// The participant left: ends the participant.
    pub const LEFT: &str = "left";
    /// `RTCPeerConnection.close()` was called: ends the peer connection.
    pub const CLOSED: &str = "peer_connection_closed";
    /// What the client had to throw away. Payload: `reports`, `events` (counts), `reason`.
    pub const DROPPED: &str = "dropped";
}

/// What one client saw on one peer connection during some seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The app's name for the conference.
    pub conference_id: ConferenceId,
    /// The app's name for the user.
    pub user_id: UserId,
    /// The client's name for this stay of the user.
    pub participant_id: ParticipantId,
    /// The client's name for the peer connection; empty when the batch only has events of the participant.
    pub peer_connection_id: PeerConnectionId,
    /// Number of this batch among those of (participant, peer connection), from 0.
    pub batch_seq: u32,
    /// The client's clock when it sent the batch.
    pub sent: Timestamp,
    /// Events, oldest first.
    pub events: Vec<Event>,
    /// Reports, oldest first; may be empty.
    pub reports: Reports,
}

/// The media type of the compact binary form.
pub const MEDIA_TYPE: &str = "application/vnd.sidetone.batch";

/// Why a body is not a batch.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// The reports within are damaged.
    #[error("reports: {0}")]
    Reports(#[from] crate::codec::CodecError),
    /// The JSON form is wrong; says where and what.
    #[error("{0}")]
    Json(#[from] crate::json::JsonError),
}

/// The compact binary form.
#[must_use]
pub fn encode(_batch: &Batch) -> Vec<u8> {
    Vec::new()
}

/// The batch in its compact binary form.
///
/// # Errors
/// When the bytes are not what [`encode`] writes.
pub fn decode(_bytes: &[u8]) -> Result<Batch, BatchError> {
    Err(crate::codec::CodecError::NotAChunk.into())
}
