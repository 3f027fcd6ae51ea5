//! `GET /v1/conferences/{key}`: one conference with everything in it but events and reports.

use axum::{
    Json,
    extract::{Path, State},
};

use sidetone_engine::ids::AppKey;
use sidetone_store::record::ConferenceDetail;

use super::Viewer;
use crate::{model::ConferenceDetailBody, problem::Problem, state::AppState};

/// Read a conference
///
/// With participants, peer connections, streams, summaries, issues and scores. The latter are there once it is finalised.
#[utoipa::path(
    get,
    path = "/v1/conferences/{key}",
    tag = "query",
    params(("key" = String, Path, description = "Key of the conference")),
    responses(
        (status = 200, body = ConferenceDetailBody),
        (status = 404, body = crate::problem::ProblemBody, content_type = "application/problem+json", description = "The app has no such conference"),
    ),
    security(("query" = []))
)]
pub(crate) async fn handler(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(key): Path<String>,
) -> Result<Json<ConferenceDetailBody>, Problem> {
    Ok(Json(read(&state, viewer.app, &key).await?.into()))
}

/// The conference of an app that has this key.
pub(crate) async fn read(state: &AppState, app: AppKey, key: &str) -> Result<ConferenceDetail, Problem> {
    let key = super::conference_key(key)?;
    let detail = state.store.conference(app, key).await.map_err(super::store(state))?;
    detail.ok_or_else(|| super::no_conference(key))
}
