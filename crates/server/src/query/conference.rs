//! `GET /v1/conferences/{key}`: one conference with everything in it but events and reports.

use axum::{
    Json,
    extract::{Path, State},
};

use sidetone_engine::ids::{AppKey, ConferenceKey};
use sidetone_store::record::{Conference, ConferenceDetail};

use super::{ConferencePath, NoConference, names::Reader};
use crate::{auth::NotAllowed, model::conference::ConferenceDetailBody, problem::Problem, state::AppState};

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
        NotAllowed,
        NoConference,
    ),
    security(("query" = []))
)]
pub(crate) async fn handler(
    State(state): State<AppState>,
    reader: Reader,
    Path(ConferencePath { key }): Path<ConferencePath>,
) -> Result<Json<ConferenceDetailBody>, Problem> {
    Ok(Json(read(&state, &reader, &key).await?.into()))
}

/// The conference of this key, as the reader may see it.
pub(crate) async fn read(state: &AppState, reader: &Reader, key: &str) -> Result<ConferenceDetail, Problem> {
    let mut detail = with_names(state, reader.app, super::conference_key(key)?).await?;
    reader.admit(state, &detail.conference, &mut detail.participants).await?;
    Ok(detail)
}

/// What an app's conference is in short, without anybody who was in it.
pub(crate) async fn head(state: &AppState, app: AppKey, key: ConferenceKey) -> Result<Conference, Problem> {
    Ok(with_names(state, app, key).await?.conference)
}

/// For the query layer alone.
pub(super) async fn with_names(state: &AppState, app: AppKey, key: ConferenceKey) -> Result<ConferenceDetail, Problem> {
    let detail = state.store.conference(app, key).await.map_err(super::store(state))?;
    detail.ok_or_else(|| super::no_conference(key))
}
