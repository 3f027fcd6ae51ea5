//! `/v1/admin/apps/{key}`: one app, changed, removed.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    AppBody, NoApp, NoSetting, NotAdmin,
    admin::{Admin, Body},
    settings::Change,
};
use crate::{problem::Problem, query::Parameters, state::AppState};

/// Get an app
///
/// With its settings; of secrets and keys only that they are there.
#[utoipa::path(
    get,
    path = "/v1/admin/apps/{key}",
    tag = "apps",
    params(("key" = String, Path, description = "Key of the app")),
    responses((status = 200, body = AppBody), NotAdmin, NoApp),
    security(("admin" = []))
)]
pub(crate) async fn get(State(state): State<AppState>, _: Admin, Path(key): Path<String>) -> Result<Json<AppBody>, Problem> {
    Ok(Json(AppBody::from(&super::find(&state, &key).await?)))
}

/// Change an app
///
/// What is absent stays as it is, what is given replaces what there was (JSON Merge Patch, RFC 7396). Other rules judge calls from now on;
/// `sidetone rescore` judges those that were.
#[utoipa::path(
    patch,
    path = "/v1/admin/apps/{key}",
    tag = "apps",
    params(("key" = String, Path, description = "Key of the app")),
    request_body = Change,
    responses((status = 200, body = AppBody), NotAdmin, NoApp, NoSetting),
    security(("admin" = []))
)]
pub(crate) async fn change(
    State(state): State<AppState>,
    admin: Admin,
    Path(key): Path<String>,
    Body(given): Body<Change>,
) -> Result<Json<AppBody>, Problem> {
    let mut app = super::find(&state, &key).await?;
    given.apply(&mut app.settings)?;
    let app = super::update(&state, app).await?;
    tracing::info!(app.key = %app.key, user = admin.name, "changed an app");
    Ok(Json(AppBody::from(&app)))
}

/// Which app is meant.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Named {
    /// The name of the app once more: all its conferences go with it
    name: String,
}

/// Remove an app
///
/// With everything that was recorded for it. Cannot be undone.
#[utoipa::path(
    delete,
    path = "/v1/admin/apps/{key}",
    tag = "apps",
    params(("key" = String, Path, description = "Key of the app"), Named),
    responses((status = 204, description = "It is gone"), NotAdmin, NoApp, NoSetting),
    security(("admin" = []))
)]
pub(crate) async fn remove(
    State(state): State<AppState>,
    admin: Admin,
    Path(key): Path<String>,
    Parameters(named): Parameters<Named>,
) -> Result<StatusCode, Problem> {
    let app = super::find(&state, &key).await?;
    super::remove(&state, &app, &named.name, &admin.name).await?;
    Ok(StatusCode::NO_CONTENT)
}
