//! `GET /v1/app`: what a client has to know of the app for which it sends.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use sidetone_store::record::AppSettings;
use utoipa::ToSchema;

use crate::{
    auth::{self, NotAllowed, Scope},
    problem::Problem,
    state::AppState,
};

/// What the app allows its clients to send, and how it judges.
#[derive(Serialize, ToSchema)]
pub(crate) struct AppPolicy {
    /// Whether IP addresses are kept. If not, a client does not send them; those that come are hidden before anything is stored.
    keep_addresses: bool,
    /// Whether session descriptions (SDP) are kept. They hold addresses, so this follows `keep_addresses`.
    keep_sdp: bool,
    /// By which rules its calls are judged: a preset, then the thresholds that are changed of it, separated by blanks. A page that judges by
    /// them is told of the same issues.
    #[schema(example = "sidetone high_rtt.minor=off high_rtt.major=600")]
    rules: String,
}

impl AppPolicy {
    pub(super) fn new(&AppSettings { keep_addresses, ref rules, .. }: &AppSettings) -> Self {
        Self { keep_addresses, keep_sdp: keep_addresses, rules: rules.to_string() }
    }
}

/// Ask what may be sent, and by which rules it is judged
///
/// What a page or native app has to know before it collects: data that the app does not keep is better never sent.
#[utoipa::path(
    get,
    path = "/v1/app",
    tag = "intake",
    responses(
        (status = 200, body = AppPolicy),
        NotAllowed,
    ),
    security(("intake" = []))
)]
pub(crate) async fn handler(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    let principal = auth::authorize(&state, &headers, None, Scope::Intake).await?;
    // A change of the setting shall reach the next page that opens.
    let never_cached = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((never_cached, Json(AppPolicy::new(&principal.app.settings))).into_response())
}
