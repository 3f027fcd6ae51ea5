//! `/v1/admin/apps/{key}/callstats`: what the clients of callstats.io know of an app.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    NoApp, NoSetting, NotAdmin,
    admin::{Admin, Body},
    settings::{self, CALLSTATS_SECRET_PREFIX, CallstatsChange},
};
use crate::{problem::Problem, secret::NewSecret, state::AppState};

/// What pages give to `callstats.initialize`.
#[derive(Serialize, ToSchema)]
#[schema(as = Callstats)]
pub(crate) struct CallstatsBody {
    /// The AppID.
    #[schema(example = 123_456_789)]
    app_id: u64,
    /// The AppSecret, where it was made just now; `null` where it was given.
    #[schema(example = "stc_…")]
    app_secret: Option<String>,
}

/// Let callstats clients report
///
/// Gives the app an AppID and an AppSecret, or takes over those that its pages have. The earlier secrets are refused, unless they are kept.
#[utoipa::path(
    put,
    path = "/v1/admin/apps/{key}/callstats",
    tag = "apps",
    params(("key" = String, Path, description = "Key of the app")),
    request_body = CallstatsChange,
    responses(
        (status = 200, body = CallstatsBody),
        (status = 409, body = crate::problem::ProblemBody, content_type = "application/problem+json", description = "Another app has that AppID"),
        NotAdmin, NoApp, NoSetting
    ),
    security(("admin" = []))
)]
pub(crate) async fn put(
    State(state): State<AppState>,
    admin: Admin,
    Path(key): Path<String>,
    Body(given): Body<CallstatsChange>,
) -> Result<Json<CallstatsBody>, Problem> {
    let mut app = super::find(&state, &key).await?;
    let fresh = NewSecret::mint(CALLSTATS_SECRET_PREFIX, &*state.entropy).map_err(Problem::internal)?.text;
    let mut random = [0; 8];
    state.entropy.fill(&mut random).map_err(Problem::internal)?;
    let app_secret = given.app_secret.is_none().then(|| fresh.clone());
    let others = super::all(&state).await?;
    let app_id = settings::set_callstats(&mut app, &others, given, u64::from_le_bytes(random), &fresh)?;
    let app = super::update(&state, app).await?;
    tracing::info!(app.key = %app.key, user = admin.name, app_id, "lets callstats clients report");
    Ok(Json(CallstatsBody { app_id, app_secret }))
}

/// Refuse callstats clients
///
/// Takes AppID and AppSecrets away from the app.
#[utoipa::path(
    delete,
    path = "/v1/admin/apps/{key}/callstats",
    tag = "apps",
    params(("key" = String, Path, description = "Key of the app")),
    responses((status = 204, description = "They are refused from now on"), NotAdmin, NoApp),
    security(("admin" = []))
)]
pub(crate) async fn remove(State(state): State<AppState>, admin: Admin, Path(key): Path<String>) -> Result<StatusCode, Problem> {
    let mut app = super::find(&state, &key).await?;
    app.settings.callstats = None;
    let app = super::update(&state, app).await?;
    tracing::info!(app.key = %app.key, user = admin.name, "refuses callstats clients");
    Ok(StatusCode::NO_CONTENT)
}
