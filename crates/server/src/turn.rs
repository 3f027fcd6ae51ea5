//! `GET /v1/turn-credentials`: time-limited credentials for TURN servers that share a secret with us.
//!
//! The scheme is that of coturn's `use-auth-secret` (draft-uberti-behave-turn-rest): the user name is the time at which it expires, in
//! seconds since 1970, and a name; the password is the base64 of its HMAC-SHA-1 under the shared secret. Nothing is kept of what was issued.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use sidetone_engine::units::Timestamp;
use utoipa::{IntoParams, ToSchema};

use crate::{
    auth::{self, NotAllowed, Scope},
    config::turn::TurnConfig,
    problem::Problem,
    query::{NoParameter, Parameters},
    state::AppState,
};

/// Longest name within a user name: TURN allows 508 bytes for the whole (RFC 8489).
const NAME_CHARS_MAX: usize = 256;

/// For whom.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TurnParameters {
    /// Stands in the TURN server's log; without it the token's user, else the app's key.
    user_id: Option<String>,
    /// Who can do without is answered 204 and not 404 where no TURN server is configured.
    if_any: bool,
}

/// An entry for `iceServers` of an `RTCPeerConnection`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct TurnCredentials {
    /// The servers.
    #[schema(example = json!(["turn:turn.example.com:3478?transport=udp"]))]
    urls: Vec<String>,
    /// Good until the time that it begins with, in seconds since 1970.
    #[schema(example = "1795314958:ada")]
    username: String,
    /// The password.
    #[schema(example = "fDjzq/9hNCzyL0UfUhbJ0zDmdFo=")]
    credential: String,
    /// Seconds for which they are good.
    #[schema(example = 86400)]
    ttl_s: u64,
}

/// Get TURN credentials
///
/// For `iceServers`, as it is. Ask anew for each call.
#[utoipa::path(
    get,
    path = "/v1/turn-credentials",
    tag = "intake",
    params(TurnParameters),
    responses(
        (status = 200, body = TurnCredentials),
        (status = 204, description = "No TURN server is configured, and `if_any` was asked for"),
        NoParameter,
        NotAllowed,
        (status = 404, body = crate::problem::ProblemBody, content_type = "application/problem+json", description = "No TURN server is configured"),
    ),
    security(("intake" = []))
)]
pub(crate) async fn handler(
    State(state): State<AppState>,
    Parameters(parameters): Parameters<TurnParameters>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let principal = auth::authorize(&state, &headers, None, Scope::Intake).await?;
    let name = match (&principal.user, parameters.user_id) {
        (Some(user), _) => user.as_str().to_owned(),
        (None, Some(user)) => user,
        (None, None) => principal.app.key.to_string(),
    };
    match issue(&state.config.turn, &name, state.clock.now()) {
        Some(issued) => Ok(Json(issued).into_response()),
        None if parameters.if_any => Ok(StatusCode::NO_CONTENT.into_response()),
        None => Err(Problem::not_found(
            "turn_not_configured",
            "this server knows no TURN server; set turn.urls and turn.secret in its configuration",
        )),
    }
}

/// Credentials that `name` may use from `now` on; `None` when no server is configured.
pub(crate) fn issue(config: &TurnConfig, name: &str, now: Timestamp) -> Option<TurnCredentials> {
    if config.urls.is_empty() {
        return None;
    }
    let ttl_s = u64::try_from(config.ttl.as_micros() / 1_000_000).unwrap_or_default();
    let expires_s = now.as_millis() / 1000 + i64::try_from(ttl_s).unwrap_or_default();
    // coturn refuses who has a blank, a quote or a letter beyond ASCII in the name; a colon ends the time.
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '@');
    let name: String = name.chars().take(NAME_CHARS_MAX).map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
    let username = format!("{expires_s}:{name}");
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, config.secret.0.as_bytes());
    let credential = STANDARD.encode(ring::hmac::sign(&key, username.as_bytes()));
    Some(TurnCredentials { urls: config.urls.clone(), username, credential, ttl_s })
}
