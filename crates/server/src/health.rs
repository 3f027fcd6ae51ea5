//! `GET /healthz` and `GET /metrics`: for whoever watches the server.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{problem::Problem, state::AppState};

/// The server answers, and so does its store.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// Always `ok`; otherwise the answer is a problem.
    #[schema(example = "ok")]
    status: &'static str,
    /// Version of the server.
    #[schema(example = "0.1.0")]
    version: &'static str,
}

/// Check health
///
/// 200 while the server can read its store.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "operation",
    responses(
        (status = 200, body = Health),
        (status = 500, body = crate::problem::ProblemBody, content_type = "application/problem+json", description = "The store cannot be read"),
    )
)]
pub(crate) async fn health(State(state): State<AppState>) -> Result<Json<Health>, Problem> {
    state.store.apps().await.map_err(|error| Problem::store(error, state.config.limits.retry_after.get()))?;
    Ok(Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") }))
}

/// Read the metrics
///
/// The accounts of the process in OpenMetrics text, for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "operation", responses((status = 200, body = String, content_type = "application/openmetrics-text")))]
pub(crate) async fn metrics(State(state): State<AppState>) -> Response {
    // A store that cannot answer must not hide everything else; its figures then stay as they were.
    if let Ok(health) = state.store.health().await {
        state.accounts.store_is(&health);
    }
    let content_type = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    ([(header::CONTENT_TYPE, content_type)], state.accounts.render()).into_response()
}
