//! Sending accepted records on to Meta, or whoever `messenger.relay.url` names.
//!
//! A record is stored together with its delivery, so a restart loses neither. A delivery is tried until it is accepted, refused for
//! good, or the call's window has passed; how it ended is an event `call_metrics_relayed` beside the record.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use sidetone_engine::{
    ids::{ConferenceId, ParticipantId, PeerConnectionId, UserId},
    report::Reports,
    units::Timestamp,
};
use sidetone_store::{
    error::StoreError,
    record::{Delivery, NewDelivery},
};
use sidetone_wire::{
    batch::{Batch, Event},
    messenger::{self, CallMetrics},
};

use crate::{
    config::messenger::RelayConfig,
    intake::{
        kept::KeptBatch,
        prepare::{self, TimePolicy},
    },
    state::AppState,
};

/// The kind of delivery.
const DELIVERY_KIND: &str = "call_metrics";

/// The kind of the event that tells how a delivery ended.
pub(crate) const EVENT_KIND: &str = "call_metrics_relayed";

/// How often the store is asked for what is due.
const INTERVAL: Duration = Duration::from_secs(1);

/// Most deliveries in one round.
const ROUND_MAX: usize = 50;

/// How long an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Most bytes of an answer that are kept.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// Pauses between tries: doubled each time, between these.
const PAUSE_MIN_S: i64 = 2;
const PAUSE_MAX_S: i64 = 1800;

/// The delivery of a record; `None` when it is not to be sent on.
pub(super) fn delivery(config: &RelayConfig, metrics: &CallMetrics, batch: &Batch, received: Timestamp) -> Option<NewDelivery> {
    if config.url.is_empty() || !config.tokens.contains_key(&metrics.page_id) {
        return None;
    }
    let content = json!({
        "page_id": metrics.page_id,
        "body": metrics.outgoing(config.extensions),
        "conference_id": batch.conference_id.as_str(),
        "user_id": batch.user_id.as_str(),
        "participant_id": batch.participant_id.as_str(),
        // The events of the record end here; its outcome must not make the stay longer.
        "end_ms": batch.events.last().map(|event| event.time.as_millis_f64()),
        "until_ms": metrics.believed_end(received).unwrap_or(received).plus_micros(messenger::WINDOW_HOURS * 3_600_000_000).as_millis_f64(),
    });
    Some(NewDelivery { kind: DELIVERY_KIND.to_owned(), due: received, content: content.to_string() })
}

/// What became of one try.
enum Tried {
    Accepted(u16),
    Refused { status: u16, answer: String },
    Later(String),
}

/// Delivers what is due until the server stops.
pub(crate) async fn run(state: &AppState) {
    if state.config.messenger.relay.url.is_empty() {
        return;
    }
    let relay = match Relay::new() {
        Ok(relay) => relay,
        Err(error) => {
            state.accounts.task_failed("relay");
            tracing::error!(%error, "call metrics cannot be sent on: the system's certificates cannot be read");
            return;
        }
    };
    loop {
        if let Err(error) = relay.round(state).await {
            state.accounts.task_failed("relay");
            tracing::error!(%error, "call metrics could not be sent on; it will be tried again");
        }
        tokio::select! {
            () = state.stopped() => return,
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}

pub(crate) struct Relay(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl Relay {
    pub(crate) fn new() -> std::io::Result<Self> {
        let provider = rustls::crypto::ring::default_provider();
        let connector = HttpsConnectorBuilder::new().with_provider_and_native_roots(provider)?.https_or_http().enable_http1().build();
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector)))
    }

    /// Tries everything that is due, once.
    pub(crate) async fn round(&self, state: &AppState) -> Result<(), StoreError> {
        for delivery in state.store.deliveries(state.clock.now(), ROUND_MAX).await? {
            if state.is_stopping() {
                return Ok(());
            }
            if delivery.kind == DELIVERY_KIND {
                self.deliver(state, &delivery).await?;
            }
        }
        Ok(())
    }

    async fn deliver(&self, state: &AppState, delivery: &Delivery) -> Result<(), StoreError> {
        let content: Value = serde_json::from_str(&delivery.content).unwrap_or_default();
        let now = state.clock.now();
        let outcome = match self.send(&state.config.messenger.relay, &content).await {
            Tried::Later(reason) => {
                let pause_s = (PAUSE_MIN_S << delivery.attempts.min(20)).min(PAUSE_MAX_S);
                let due = now.plus_micros(pause_s * 1_000_000);
                if content["until_ms"].as_f64().and_then(Timestamp::from_millis_f64).is_some_and(|until| due < until) {
                    tracing::warn!(reason, attempts = delivery.attempts + 1, "call metrics not delivered yet");
                    return state.store.postpone_delivery(delivery.id, due).await;
                }
                json!({"delivered": false, "reason": format!("given up when the 24 hours had passed: {reason}")})
            }
            Tried::Accepted(status) => json!({"delivered": true, "status": status}),
            Tried::Refused { status, answer } => json!({"delivered": false, "status": status, "reason": answer}),
        };
        self.tell(state, delivery, &content, outcome).await?;
        state.store.remove_delivery(delivery.id).await
    }

    async fn send(&self, config: &RelayConfig, content: &Value) -> Tried {
        let page_id = content["page_id"].as_str().unwrap_or_default();
        let Some(token) = config.tokens.get(page_id) else {
            return Tried::Refused { status: 0, answer: format!("messenger.relay.tokens has no token for page {page_id} any more") };
        };
        let request = axum::http::Request::post(format!("{}/{page_id}/call_metrics", config.url.trim_end_matches('/')))
            .header(axum::http::header::AUTHORIZATION, format!("Bearer {}", token.0))
            .header(axum::http::header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(content["body"].to_string())));
        let request = match request {
            Ok(request) => request,
            Err(error) => return Tried::Refused { status: 0, answer: format!("no request can be made of it: {error}") },
        };
        let answer = match tokio::time::timeout(ANSWER_TIMEOUT, self.0.request(request)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Tried::Later(error.to_string()),
            Err(_) => return Tried::Later(format!("no answer within {} s", ANSWER_TIMEOUT.as_secs())),
        };
        let status = answer.status();
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect();
        let body = match tokio::time::timeout(ANSWER_TIMEOUT, body).await {
            Ok(Ok(body)) => String::from_utf8_lossy(&body.to_bytes()).into_owned(),
            _ => String::new(),
        };
        let error: Value = serde_json::from_str::<Value>(&body).map(|body| body["error"].clone()).unwrap_or_default();
        if status.is_success() {
            Tried::Accepted(status.as_u16())
        } else if status.is_server_error() || status.as_u16() == 429 || error["is_transient"] == true || error["code"] == 190 {
            // An expired token is mended by whoever runs the server, as a rule within the window.
            Tried::Later(format!("{status}: {body}"))
        } else {
            Tried::Refused { status: status.as_u16(), answer: body }
        }
    }

    /// Keeps how a delivery ended, beside the record.
    async fn tell(&self, state: &AppState, delivery: &Delivery, content: &Value, mut outcome: Value) -> Result<(), StoreError> {
        let now = state.clock.now();
        outcome["at_ms"] = json!(now.as_millis_f64());
        outcome["attempts"] = json!(delivery.attempts + 1);
        tracing::info!(delivered = %outcome["delivered"], attempts = delivery.attempts + 1, "call metrics sent on");
        let id = |name: &str| content[name].as_str().unwrap_or_default();
        let end = content["end_ms"].as_f64().and_then(Timestamp::from_millis_f64).unwrap_or(now);
        // Whose app is gone, has no record any more either.
        let Some(app) = state.apps.by_key(delivery.app).await? else { return Ok(()) };
        let batch = Batch {
            conference_id: ConferenceId::new(id("conference_id")).unwrap_or_default(),
            user_id: UserId::new(id("user_id")).unwrap_or_default(),
            participant_id: ParticipantId::new(id("participant_id")).unwrap_or_default(),
            peer_connection_id: PeerConnectionId::default(),
            batch_seq: 1,
            sent: end,
            events: vec![Event { time: end, kind: EVENT_KIND.to_owned(), payload: outcome.to_string() }],
            reports: Reports::default(),
        };
        let Ok(append) = prepare::prepare(&mut KeptBatch::new(&app, batch, None), now, TimePolicy::Recorded) else { return Ok(()) };
        state.store.append(append).await.map(drop)
    }
}
