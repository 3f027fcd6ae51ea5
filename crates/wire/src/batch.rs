//! The native batch: what one client saw on one peer connection during some seconds.
//!
//! A batch stands alone: any server can understand it without another. It is identified by
//! (participant, peer connection, `batch_seq`), so a repeated upload is recognised.
//! Two forms carry the same content: the compact binary of the SDK ([`encode`], [`decode`]; `docs/report-codec.md`)
//! and JSON for `curl` and other languages (`crate::json`).

use crate::{
    codec::{self, push_varint, take_varint},
    json,
};
use sidetone_engine::{
    ids::{ConferenceId, ID_BYTES_MAX, IdTooLong, ParticipantId, PeerConnectionId, UserId},
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
    /// A track is silent on purpose: muted by the participant, or (`direction`: `inbound`) what is heard of the far end. Payload, all
    /// optional: `kind` (`audio` unless told), `id` (of the track), `direction` (`outbound` unless told).
    pub const MUTED: &str = "muted";
    /// The track is no more muted. Payload as of [`MUTED`].
    pub const UNMUTED: &str = "unmuted";
    /// The call is on hold: nothing is to be heard in either direction.
    pub const HELD: &str = "held";
    /// The call is no more on hold.
    pub const RESUMED: &str = "resumed";
    /// What the client had to throw away. Payload: `reports`, `events` (counts), `reason`.
    pub const DROPPED: &str = "dropped";
    /// What somebody thought of the call. Payload, all optional: `overall`, `issues`, `comment`.
    pub const FEEDBACK: &str = "feedback";
    /// A line of the app's log. Payload: `message`, `level`.
    pub const LOG: &str = "log";
    /// What the app tells under a name of its own. Payload: `name`, `value`.
    pub const CUSTOM: &str = "custom";
    /// What may be told of a call when it is over: it neither makes a stay longer nor brings back who left.
    pub const AFTERWARDS: [&str; 4] = [DROPPED, FEEDBACK, LOG, CUSTOM];
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

/// Most events of one batch.
pub const EVENTS_MAX: usize = 10_000;
/// Longest kind of an event, in bytes of UTF-8.
pub const KIND_BYTES_MAX: usize = 256;
/// Longest payload of an event, in bytes of UTF-8.
pub const PAYLOAD_BYTES_MAX: usize = 1 << 20;

/// What the compact form begins with; the last byte is its version.
const MAGIC: [u8; 3] = *b"SB\x01";

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
    /// Other than this format.
    #[error("not a batch: it does not begin with the bytes `SB`")]
    NotABatch,
    /// This format, but a version that is not known.
    #[error("batch of format version {0}, only version 1 is understood")]
    Version(u8),
    /// The body ends within a field.
    #[error("the body ends at byte {at} within {field}")]
    Truncated {
        /// Where the body ends.
        at: usize,
        /// Which field.
        field: &'static str,
    },
    /// A string is not UTF-8.
    #[error("{field} is not UTF-8 at byte {at}")]
    NotUtf8 {
        /// Where the first wrong byte stands.
        at: usize,
        /// Which field.
        field: &'static str,
    },
    /// A field is larger than allowed.
    #[error("{field} at byte {at} is {given}, at most {allowed} is allowed")]
    TooLarge {
        /// Where the field begins.
        at: usize,
        /// Which field, and its unit.
        field: &'static str,
        /// What the body says.
        given: u64,
        /// The limit.
        allowed: u64,
    },
    /// A number that does not fit in 64 bits.
    #[error("{field} at byte {at} is no number of 64 bits")]
    NotANumber {
        /// Where the number begins.
        at: usize,
        /// Which field.
        field: &'static str,
    },
    /// Something follows after the end.
    #[error("the batch ends at byte {at}, but the body goes on")]
    Trailing {
        /// Where the batch ends.
        at: usize,
    },
    /// Changed on the way.
    #[error("the batch does not match its checksum: {computed:08x} instead of {stated:08x}; it was changed on the way")]
    Checksum {
        /// The checksum in the batch.
        stated: u32,
        /// The checksum of the batch.
        computed: u32,
    },
    /// An event's payload is no JSON object.
    #[error("payload of an event at byte {at} is not a JSON object: {reason}")]
    Payload {
        /// Where the payload begins.
        at: usize,
        /// What is wrong.
        reason: String,
    },
}

/// The compact binary form.
#[must_use]
pub fn encode(batch: &Batch) -> Vec<u8> {
    encode_around(batch, &if batch.reports.is_empty() { Vec::new() } else { codec::encode(&batch.reports) })
}

/// The same with an encoder that knows the peer connection; `None` when an object or a member stands there twice.
pub fn encode_with(encoder: &mut codec::Encoder, batch: &Batch) -> Option<Vec<u8>> {
    let chunk = if batch.reports.is_empty() { Vec::new() } else { encoder.encode(&batch.reports)? };
    Some(encode_around(batch, &chunk))
}

fn encode_around(batch: &Batch, chunk: &[u8]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    let ids = [batch.conference_id.as_str(), batch.user_id.as_str(), batch.participant_id.as_str(), batch.peer_connection_id.as_str()];
    for id in ids {
        push_text(&mut bytes, id);
    }
    push_varint(&mut bytes, u64::from(batch.batch_seq));
    push_time(&mut bytes, batch.sent);
    push_varint(&mut bytes, batch.events.len() as u64);
    for event in &batch.events {
        push_time(&mut bytes, event.time);
        push_text(&mut bytes, &event.kind);
        push_text(&mut bytes, &event.payload);
    }
    push_varint(&mut bytes, chunk.len() as u64);
    bytes.extend_from_slice(chunk);
    let check = codec::checksum(&bytes);
    bytes.extend_from_slice(&check.to_le_bytes());
    bytes
}

/// The batch in its compact binary form.
///
/// # Errors
/// When the bytes are not what [`encode`] writes.
pub fn decode(bytes: &[u8]) -> Result<Batch, BatchError> {
    Ok(split(bytes)?.0)
}

/// The batch, and its reports as they were sent: a chunk of the report codec, checked; empty when there are none.
///
/// A store can keep these bytes, nothing has to be encoded again.
///
/// # Errors
/// As [`decode`].
pub fn split(bytes: &[u8]) -> Result<(Batch, &[u8]), BatchError> {
    let mut reader = Reader { bytes, at: 0 };
    let magic = reader.take("the first three bytes", MAGIC.len())?;
    if magic[..2] != MAGIC[..2] {
        return Err(BatchError::NotABatch);
    }
    if magic[2] != MAGIC[2] {
        return Err(BatchError::Version(magic[2]));
    }
    let conference_id = reader.id("conference_id", ConferenceId::new)?;
    let user_id = reader.id("user_id", UserId::new)?;
    let participant_id = reader.id("participant_id", ParticipantId::new)?;
    let peer_connection_id = reader.id("peer_connection_id", PeerConnectionId::new)?;
    let at = reader.at;
    let batch_seq = reader.bounded("batch_seq", u64::from(u32::MAX))?;
    let batch_seq = u32::try_from(batch_seq).map_err(|_| BatchError::NotANumber { at, field: "batch_seq" })?;
    let sent = reader.time("sent")?;
    let count = reader.bounded("number of events", EVENTS_MAX as u64)?;
    let mut events = Vec::new();
    for _ in 0..count {
        let time = reader.time("time of an event")?;
        let kind = reader.text("kind of an event, in bytes,", KIND_BYTES_MAX)?.to_owned();
        let payload = reader.text("payload of an event, in bytes,", PAYLOAD_BYTES_MAX)?;
        let at = reader.at - payload.len();
        let object: Result<serde::de::IgnoredAny, _> = serde_json::from_str(payload);
        if let Err(error) = object {
            return Err(BatchError::Payload { at, reason: error.to_string() });
        }
        if !payload.trim_start().starts_with('{') {
            return Err(BatchError::Payload { at, reason: "it begins otherwise than with `{`".to_owned() });
        }
        events.push(Event { time, kind, payload: json::whole(payload).into_owned() });
    }
    let length = reader.number("length of the reports")?;
    let chunk = reader.take("the reports", usize::try_from(length).unwrap_or(usize::MAX))?;
    let computed = codec::checksum(&bytes[..reader.at]);
    let stated = reader.take("the checksum", 4)?.try_into().map_or(0, u32::from_le_bytes);
    if reader.at < bytes.len() {
        return Err(BatchError::Trailing { at: reader.at });
    }
    if stated != computed {
        return Err(BatchError::Checksum { stated, computed });
    }
    let reports = if chunk.is_empty() { Reports::default() } else { codec::decode(chunk)? };
    Ok((Batch { conference_id, user_id, participant_id, peer_connection_id, batch_seq, sent, events, reports }, chunk))
}

fn push_text(bytes: &mut Vec<u8>, text: &str) {
    push_varint(bytes, text.len() as u64);
    bytes.extend_from_slice(text.as_bytes());
}

/// A time as zigzag varint of microseconds.
fn push_time(bytes: &mut Vec<u8>, time: Timestamp) {
    let micros = time.as_micros();
    push_varint(bytes, (micros << 1 ^ micros >> 63).cast_unsigned());
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, field: &'static str, count: usize) -> Result<&'a [u8], BatchError> {
        let taken = self.bytes[self.at..].get(..count).ok_or(BatchError::Truncated { at: self.bytes.len(), field })?;
        self.at += count;
        Ok(taken)
    }

    fn number(&mut self, field: &'static str) -> Result<u64, BatchError> {
        let mut rest = &self.bytes[self.at..];
        let before = rest.len();
        let number = take_varint(&mut rest).ok_or(if before < 10 && rest.is_empty() {
            BatchError::Truncated { at: self.bytes.len(), field }
        } else {
            BatchError::NotANumber { at: self.at, field }
        })?;
        self.at += before - rest.len();
        Ok(number)
    }

    fn bounded(&mut self, field: &'static str, allowed: u64) -> Result<u64, BatchError> {
        let at = self.at;
        let given = self.number(field)?;
        if given > allowed { Err(BatchError::TooLarge { at, field, given, allowed }) } else { Ok(given) }
    }

    fn time(&mut self, field: &'static str) -> Result<Timestamp, BatchError> {
        let number = self.number(field)?;
        Ok(Timestamp::from_micros((number >> 1).cast_signed() ^ -(number & 1).cast_signed()))
    }

    fn text(&mut self, field: &'static str, allowed: usize) -> Result<&'a str, BatchError> {
        let count = self.bounded(field, allowed as u64)?;
        let at = self.at;
        let text = self.take(field, usize::try_from(count).unwrap_or(usize::MAX))?;
        std::str::from_utf8(text).map_err(|error| BatchError::NotUtf8 { at: at + error.valid_up_to(), field })
    }

    fn id<T>(&mut self, field: &'static str, new: impl Fn(&'a str) -> Result<T, IdTooLong>) -> Result<T, BatchError> {
        let at = self.at;
        let text = self.text(field, ID_BYTES_MAX)?;
        new(text).map_err(|error| BatchError::TooLarge { at, field, given: error.bytes as u64, allowed: ID_BYTES_MAX as u64 })
    }
}
