//! `GET /v1/conferences/{key}/live`: what happens in one conference, as it happens.

use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};

use super::{channel::Topic, sse, stream::LiveParameters};
use crate::{
    auth::{self, Scope},
    problem::Problem,
    query::{self, Parameters},
    state::AppState,
};

/// Listen to a conference
///
/// Server-sent events. First `state` (who is there, latest values, open issues), then `participant_joined`, `participant_left`,
/// `issue_raised`, `issue_escalated`, `issue_cleared`, `diagnosis` (why it is poor at present), `conference_ended` and, unless `ticks=false`, `tick`. A slow client misses messages and gets `lagged`.
#[utoipa::path(
    get,
    path = "/v1/conferences/{key}/live",
    tag = "live",
    params(query::ConferencePath, LiveParameters),
    responses(
        (status = 200, description = "Server-sent events", body = String, content_type = "text/event-stream"),
        query::NoParameter,
        auth::NotAllowed,
        query::NoConference,
        (status = 503, body = crate::problem::ProblemBody, content_type = "application/problem+json", description = "As many live streams are open as may be; see Retry-After"),
    ),
    security(("query" = []))
)]
pub(crate) async fn handler(
    State(state): State<AppState>,
    Path(query::ConferencePath { key }): Path<query::ConferencePath>,
    headers: HeaderMap,
    Parameters(parameters): Parameters<LiveParameters>,
) -> Result<Response, Problem> {
    let (principal, still_good) = auth::authorize_stream(&state, &headers, parameters.access_token(), Scope::Query).await?;
    let app = principal.app.key;
    let conference = query::conference_key(&key)?;
    let retry_after = state.config.limits.retry_after.get();
    if state.live.conference(app, conference).is_none() {
        let stored = state.store.conference(app, conference).await.map_err(|error| Problem::store(error, retry_after))?;
        stored.ok_or_else(|| query::no_conference(conference))?;
    }
    sse::response(&state, Topic::Conference(app, conference), parameters.ticks(true), still_good, || {
        sse::state_message(&state.live.conference(app, conference).unwrap_or_default())
    })
}
