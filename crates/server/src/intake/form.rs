//! The JSON form of a batch as the API document describes it. `wire` reads it; these types only describe.

use std::collections::BTreeMap;

use utoipa::ToSchema;

/// What one client saw on one peer connection during some seconds.
#[derive(ToSchema)]
#[schema(as = Batch)]
#[expect(dead_code, reason = "describes the JSON form, which wire reads")]
pub(crate) struct BatchForm {
    /// The app's name for the conference: any text up to 4 KiB, kept to the byte. May be reused for a later conference.
    #[schema(example = "weekly")]
    conference_id: String,
    /// The app's name for the user: any text up to 4 KiB.
    #[schema(example = "ada")]
    user_id: Option<String>,
    /// The client's name for this stay of the user in the conference, unique per stay; never empty.
    #[schema(example = "01JD3V9Q4Z3X5Y7A8B9C0D1E2G")]
    participant_id: String,
    /// The client's name for the `RTCPeerConnection`, unique within the participant; may be absent when there are no reports.
    #[schema(example = "pc0")]
    peer_connection_id: Option<String>,
    /// Number of this batch among those of (participant, peer connection), from 0. A batch that comes again changes nothing.
    #[schema(example = 0)]
    batch_seq: u32,
    /// The client's clock when it sent the batch (ms since 1970): tells how far it is off. Without it times are taken as they are.
    #[schema(example = 1_795_228_501_553.0)]
    sent_ms: Option<f64>,
    /// What happened, oldest first.
    events: Option<Vec<EventForm>>,
    /// Reports, oldest first.
    reports: Option<Vec<ReportForm>>,
}

/// Anything that happened and is not a report.
#[derive(ToSchema)]
#[schema(as = BatchEvent)]
#[expect(dead_code, reason = "describes the JSON form, which wire reads")]
pub(crate) struct EventForm {
    /// When, by the client's clock (ms since 1970).
    #[schema(example = 1_795_228_491_553.0)]
    time_ms: f64,
    /// What. `joined`, `left`, `peer_connection_closed`, `muted`, `unmuted`, `held`, `resumed`, `dropped`, `feedback` and `log` have a meaning to
    /// the server; any other kind is kept and shown.
    #[schema(example = "joined")]
    kind: String,
    /// Its payload. Of `joined`, all optional: `user_name`, `alias_name`, `site`, `app_version`, `user_agent`, `browser`, `browser_version`,
    /// `os`, `sdk`, `additional_ids` (object of texts). Of `dropped`: `reports`, `events` (counts), `reason`. Of `muted`
    /// and `unmuted`: `kind` (`audio` or `video`), `id` (of the track), `direction` (`outbound` or `inbound`).
    #[schema(value_type = Option<Object>)]
    payload: Option<BTreeMap<String, serde_json::Value>>,
}

/// One `RTCStatsReport`.
#[derive(ToSchema)]
#[schema(as = BatchReport)]
#[expect(dead_code, reason = "describes the JSON form, which wire reads")]
pub(crate) struct ReportForm {
    /// When `getStats` was called, by the client's clock (ms since 1970).
    #[schema(example = 1_795_228_491_553.0)]
    time_ms: f64,
    /// `Object.fromEntries(await peerConnection.getStats())`: every object by its id, with every member that the browser gave.
    #[schema(value_type = Object)]
    stats: BTreeMap<String, serde_json::Value>,
}
