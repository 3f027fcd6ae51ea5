//! `/v1/admin/apps`: which apps there are, and another one.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use sidetone_store::record::AppSettings;
use utoipa::ToSchema;

use super::{
    AppBody, NoSetting, NotAdmin,
    admin::{Admin, Body},
    settings::Change,
};
use crate::{problem::Problem, state::AppState};

/// Every app.
#[derive(Serialize, ToSchema)]
#[schema(as = Apps)]
pub(crate) struct AppsBody {
    /// Oldest first.
    apps: Vec<AppBody>,
}

/// List apps
///
/// With their settings; of secrets and keys only that they are there.
#[utoipa::path(get, path = "/v1/admin/apps", tag = "apps", responses((status = 200, body = AppsBody), NotAdmin), security(("admin" = [])))]
pub(crate) async fn list(State(state): State<AppState>, _: Admin) -> Result<Json<AppsBody>, Problem> {
    let apps = super::all(&state).await?;
    Ok(Json(AppsBody { apps: apps.iter().map(AppBody::from).collect() }))
}

/// An app to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewApp)]
pub(crate) struct NewAppBody {
    /// Its name, for people: 1 to 80 characters.
    #[schema(example = "shop")]
    name: String,
    #[serde(flatten)]
    settings: Change,
}

/// An app just made.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedApp)]
pub(crate) struct CreatedAppBody {
    app: AppBody,
    /// May send. Shown this once; only its digest is kept.
    #[schema(example = "sti_…")]
    intake_secret: String,
    /// May read. Shown this once.
    #[schema(example = "stq_…")]
    query_secret: String,
}

/// Make an app
///
/// With the settings that are given; the others are as for an app of `sidetone app create`. Its secrets are in the answer, and nowhere else.
#[utoipa::path(
    post,
    path = "/v1/admin/apps",
    tag = "apps",
    request_body = NewAppBody,
    responses((status = 201, body = CreatedAppBody, headers(("location" = String, description = "The path of the app"))), NotAdmin, NoSetting),
    security(("admin" = []))
)]
pub(crate) async fn create(State(state): State<AppState>, admin: Admin, Body(given): Body<NewAppBody>) -> Result<Response, Problem> {
    let mut initial = AppSettings::default();
    given.settings.apply(&mut initial)?;
    let (app, intake, query) = super::create(&state, &given.name, initial, &admin.name).await?;
    let body = CreatedAppBody { app: AppBody::from(&app), intake_secret: intake.text, query_secret: query.text };
    let location = HeaderValue::from_str(&format!("/v1/admin/apps/{}", app.key)).map_err(Problem::internal)?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(body)).into_response())
}
