//! `GET /clockSync`: what time it is. Nothing but a join leaves a browser before five answers.

use axum::{Json, extract::State};
use serde::Serialize;

use crate::state::AppState;

#[derive(Serialize)]
pub(super) struct Now {
    now: i64,
}

pub(super) async fn handler(State(state): State<AppState>) -> Json<Now> {
    Json(Now { now: state.clock.now().as_millis() })
}
