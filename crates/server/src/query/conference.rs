//! `GET /v1/conferences/{key}`: one conference with everything in it but events and reports.

use axum::{
    Json,
    extract::{Path, State},
};

use sidetone_engine::ids::AppKey;
use sidetone_store::record::ConferenceDetail;

use super::{ConferencePath, NoConference, Viewer};
use crate::{model::ConferenceDetailBody, problem::Problem, state::AppState};

/// Read a conference
///
/// With participants, peer connections, streams, summaries, issues and scores. The latter are there once it is finalised.
#[utoipa::path(
    get,
    path = "/v1/conferences/{key}",
    tag = "query",
    params(ConferencePath),
    responses(
        (status = 200, body = ConferenceDetailBody),
        NoConference,
    ),
    security(("query" = []))
)]
pub(crate) async fn handler(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(ConferencePath { key }): Path<ConferencePath>,
) -> Result<Json<ConferenceDetailBody>, Problem> {
    Ok(Json(read(&state, viewer.app, &key).await?.into()))
}

/// The conference of an app that has this key.
pub(crate) async fn read(state: &AppState, app: AppKey, key: &str) -> Result<ConferenceDetail, Problem> {
    let key = super::conference_key(key)?;
    let detail = state.store.conference(app, key).await.map_err(super::store(state))?;
    detail.ok_or_else(|| super::no_conference(key))
}
