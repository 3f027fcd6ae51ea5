//! A record on its way into the store, and whether it was there before.

use axum::http::HeaderMap;
use serde_json::{Value, json};
use sidetone_engine::{
    ids::{AppKey, ConferenceId, ParticipantId, PeerConnectionId, UserId},
    report::Reports,
    units::Timestamp,
};
use sidetone_store::{error::StoreError, query::EventQuery, record::Place};
use sidetone_wire::{
    batch::{Batch, Event, kind},
    messenger::{self, CallMetrics},
};

use crate::state::AppState;

/// How long a submission may be repeated with its key, µs.
const REPETITION_US: i64 = 600_000_000;

pub(super) struct Submission<'a> {
    metrics: &'a CallMetrics,
    idempotency_key: Option<String>,
    body_sha256: String,
    received: Timestamp,
}

impl<'a> Submission<'a> {
    pub(super) fn new(metrics: &'a CallMetrics, headers: &HeaderMap, body: &[u8], received: Timestamp) -> Self {
        let idempotency_key = headers.get("idempotency-key").map(|key| String::from_utf8_lossy(key.as_bytes()).into_owned());
        let digest = ring::digest::digest(&ring::digest::SHA256, body);
        let body_sha256 = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Self { metrics, idempotency_key, body_sha256, received }
    }

    /// A stay of its own, named after page and call: a second submission of the call is the same batch again.
    pub(super) fn batch(&self) -> Batch {
        let metrics = self.metrics;
        let end = metrics.believed_end(self.received).unwrap_or(self.received);
        let start = metrics.believed_start(self.received).unwrap_or(end);
        let event = |time, kind: &str, payload: &Value| Event { time, kind: kind.to_owned(), payload: payload.to_string() };
        let mut payload = metrics.payload();
        payload["submission"] = json!({
            "source": "graph_api",
            "received_ms": self.received.as_millis_f64(),
            "idempotency_key": self.idempotency_key,
            "body_sha256": self.body_sha256,
        });
        let id = |text: &str| text.chars().take(200).collect::<String>();
        Batch {
            conference_id: ConferenceId::new(&metrics.call_id).unwrap_or_default(),
            user_id: UserId::new(&metrics.page_id).unwrap_or_default(),
            participant_id: ParticipantId::new(format!("messenger/{}/{}", id(&metrics.page_id), id(&metrics.call_id))).unwrap_or_default(),
            peer_connection_id: PeerConnectionId::default(),
            batch_seq: 0,
            sent: self.received,
            events: vec![
                event(start, kind::JOINED, &json!({"sdk": "Messenger call_metrics"})),
                event(end, messenger::EVENT_KIND, &payload),
                event(end, kind::LEFT, &json!({})),
            ],
            reports: Reports::default(),
        }
    }

    /// Whether the stored submission is this one, sent again with its key within the time for it.
    pub(super) async fn repeats(&self, state: &AppState, app: AppKey, place: Place) -> Result<bool, StoreError> {
        let Some(key) = &self.idempotency_key else { return Ok(false) };
        let query = EventQuery {
            participant: Some(place.participant),
            kinds: vec![messenger::EVENT_KIND.to_owned()],
            limit: 1,
            ..EventQuery::default()
        };
        let page = state.store.events(app, place.conference, &query).await?;
        let Some(stored) = page.rows.first() else { return Ok(false) };
        let payload: Value = serde_json::from_str(&stored.event.payload).unwrap_or_default();
        let submission = &payload["submission"];
        let age_us = submission["received_ms"].as_f64().and_then(Timestamp::from_millis_f64);
        let is_recent = age_us.is_some_and(|received| self.received.as_micros() - received.as_micros() <= REPETITION_US);
        Ok(is_recent && submission["idempotency_key"] == key.as_str() && submission["body_sha256"] == self.body_sha256.as_str())
    }
}
