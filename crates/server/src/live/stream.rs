//! `GET /v1/live`: what happens in an app, as it happens.

use axum::{extract::State, http::HeaderMap, response::Response};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{channel::Topic, sse};
use crate::{
    auth::{self, Scope},
    problem::Problem,
    query::{self, Parameters},
    state::AppState,
};

/// How to listen.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LiveParameters {
    /// Credentials, for `EventSource`, which cannot set a header.
    access_token: Option<String>,
    /// Whether to tell the values of every report (`tick`).
    ticks: Option<bool>,
}

impl LiveParameters {
    pub(crate) fn access_token(&self) -> Option<&str> {
        self.access_token.as_deref()
    }

    pub(crate) fn ticks(&self, default: bool) -> bool {
        self.ticks.unwrap_or(default)
    }
}

/// Listen to an app
///
/// Server-sent events. First `state` (the running conferences), then `conference_started`, `conference_ended`, `participant_joined`,
/// `participant_left`, `issue_raised`, `issue_escalated`, `issue_cleared`, `diagnosis` and, with `ticks=true`, `tick`. A slow client misses messages and gets `lagged`.
#[utoipa::path(
    get,
    path = "/v1/live",
    tag = "live",
    params(LiveParameters),
    responses(
        (status = 200, description = "Server-sent events", body = String, content_type = "text/event-stream"),
        query::NoParameter,
        auth::NotAllowed,
        (status = 503, body = crate::problem::ProblemBody, content_type = "application/problem+json", description = "As many live streams are open as may be; see Retry-After"),
    ),
    security(("query" = []))
)]
pub(crate) async fn handler(
    State(state): State<AppState>,
    headers: HeaderMap,
    Parameters(parameters): Parameters<LiveParameters>,
) -> Result<Response, Problem> {
    let (principal, still_good) = auth::authorize_stream(&state, &headers, parameters.access_token(), Scope::Query).await?;
    let app = principal.app.key;
    sse::response(&state, Topic::App(app), parameters.ticks(false), still_good, || sse::state_message(&state.live.app(app)))
}
