//! `POST /generics`: what clients say of themselves. Nobody has to prove who they are here, so nothing is kept: it is counted and logged.

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use axum::{
    Json,
    extract::{Request, State},
};
use serde_json::{Map, Value};

use crate::{intake::body, state::AppState};

/// Diagnostics that are looked at per second (and at once after a quiet time); others are only counted.
const PER_SECOND: f64 = 50.0;

/// The kinds that are known.
const KINDS: [&str; 7] = ["stateMachine", "log", "timing", "error", "getStatsError", "restResponseError", "warn"];

/// How many diagnostics may still be looked at.
#[derive(Debug)]
pub(super) struct Bucket(Mutex<(f64, Instant)>);

impl Default for Bucket {
    fn default() -> Self {
        Self(Mutex::new((PER_SECOND, Instant::now())))
    }
}

impl Bucket {
    fn take(&self) -> bool {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let tokens = (held.0 + PER_SECOND * now.saturating_duration_since(held.1).as_secs_f64()).min(PER_SECOND);
        let is_there = tokens >= 1.0;
        *held = (if is_there { tokens - 1.0 } else { tokens }, now);
        is_there
    }
}

/// Always a success: the client does nothing with the answer.
pub(super) async fn handler(State(state): State<AppState>, request: Request) -> Json<Map<String, Value>> {
    let kind = if state.callstats.diagnostics.take() { look(&state, request).await } else { "limited" };
    state.accounts.callstats_diagnostic(kind);
    Json(Map::new())
}

async fn look(state: &AppState, request: Request) -> &'static str {
    let Ok(received) = body::read(state, request.into_body()).await else { return "unread" };
    let Ok(told) = serde_json::from_slice::<Map<String, Value>>(&received.bytes) else { return "malformed" };
    let given = told.get("eventType").and_then(Value::as_str).unwrap_or_default();
    let kind = KINDS.into_iter().find(|kind| *kind == given).unwrap_or("other");
    let app_id = told.get("appID").and_then(Value::as_u64);
    tracing::debug!(app_id, kind, bytes = received.bytes.len(), "a callstats client tells of itself");
    kind
}
