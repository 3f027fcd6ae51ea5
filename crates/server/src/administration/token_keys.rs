//! `/v1/admin/apps/{key}/token-keys/{kid}`: a key that signs an app's tokens.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    AppBody, NoApp, NoSetting, NotAdmin,
    admin::{Admin, Body},
    settings,
};
use crate::{problem::Problem, state::AppState};

/// A key that signs tokens.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewTokenKey)]
pub(crate) struct NewTokenKey {
    /// What it signs with: `HS256`, `ES256` or `RS256`.
    #[schema(example = "ES256")]
    alg: String,
    /// The shared secret (HS256, at least 32 bytes), or the public key as PEM.
    #[schema(example = "-----BEGIN PUBLIC KEY-----\n…")]
    key: String,
}

/// Set a token key
///
/// In the place of the key of the same `kid`, or with the others.
#[utoipa::path(
    put,
    path = "/v1/admin/apps/{key}/token-keys/{kid}",
    tag = "apps",
    params(("key" = String, Path, description = "Key of the app"), ("kid" = String, Path, description = "The key's name in the header of tokens")),
    request_body = NewTokenKey,
    responses((status = 200, body = AppBody), NotAdmin, NoApp, NoSetting),
    security(("admin" = []))
)]
pub(crate) async fn put(
    State(state): State<AppState>,
    admin: Admin,
    Path((key, kid)): Path<(String, String)>,
    Body(given): Body<NewTokenKey>,
) -> Result<Json<AppBody>, Problem> {
    let mut app = super::find(&state, &key).await?;
    settings::set_token_key(&mut app.settings, &kid, &given.alg, given.key.into_bytes())?;
    let app = super::update(&state, app).await?;
    tracing::info!(app.key = %app.key, user = admin.name, kid, "set a token key");
    Ok(Json(AppBody::from(&app)))
}

/// Remove a token key
///
/// Tokens that it signed are refused from now on.
#[utoipa::path(
    delete,
    path = "/v1/admin/apps/{key}/token-keys/{kid}",
    tag = "apps",
    params(("key" = String, Path, description = "Key of the app"), ("kid" = String, Path, description = "The key's name in the header of tokens")),
    responses((status = 204, description = "Tokens that it signed are refused"), NotAdmin, NoApp),
    security(("admin" = []))
)]
pub(crate) async fn remove(
    State(state): State<AppState>,
    admin: Admin,
    Path((key, kid)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let mut app = super::find(&state, &key).await?;
    settings::remove_token_key(&mut app.settings, &kid)?;
    let app = super::update(&state, app).await?;
    tracing::info!(app.key = %app.key, user = admin.name, kid, "removed a token key");
    Ok(StatusCode::NO_CONTENT)
}
