//! Access tokens: JSON Web Tokens that the browser client reads, and that only we can make.
//!
//! The client decodes the claims as plain base64, in which `-` and `_` do not occur, compares `appID` and `userID`, and sends only such
//! gated events as `ingestedEvents` lists. The key is derived from the app's secret: tokens outlive a restart, and end with the secret.

use std::sync::{Arc, atomic::Ordering};

use axum::http::HeaderMap;
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use ring::hmac;
use serde::{Deserialize, Serialize};
use sidetone_engine::ids::UserId;
use sidetone_store::{local_user::Role, record::App};
use sidetone_wire::callstats::escape;

use super::{answer::Refusal, credentials::Identity};
use crate::{
    auth::{self, Principal, Scope},
    problem::Problem,
    state::AppState,
};

/// Every event that clients send only when it is asked for.
const INGESTED_EVENTS: [&str; 13] = [
    "userFeedback",
    "connectedDeviceList",
    "activeDeviceList",
    "dominantSpeaker",
    "applicationErrorLog",
    "sdpSubmissionEvent",
    "mediaPlaybackStart",
    "mediaPlaybackSuspended",
    "oneWayMediaStart",
    "oneWayMediaStop",
    "circuitBreaker",
    "precallTestResultsManual",
    "precallTestResultsAutomatic",
];

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Issued<'a> {
    #[serde(rename = "appID")]
    app_id: u64,
    #[serde(rename = "userID")]
    user_id: String,
    expiry: String,
    submission_interval: u64,
    #[serde(rename = "collectSDP")]
    collect_sdp: bool,
    taas_enabled: bool,
    ml_pipeline_enabled: bool,
    ingested_events: &'a [&'a str],
    exp: i64,
    sid: String,
}

#[derive(Deserialize)]
struct Held {
    #[serde(rename = "appID")]
    app_id: u64,
    #[serde(rename = "userID")]
    user_id: String,
    exp: i64,
    sid: String,
}

/// Who reports.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    pub(super) app: Arc<App>,
    pub(super) user_id: UserId,
    /// One authentication of one page.
    pub(super) session: String,
}

/// A token for who was authenticated.
pub(super) fn issue(state: &AppState, identity: &Identity) -> Result<String, Problem> {
    let config = &state.config.callstats;
    let now = state.clock.now();
    let has_turn = !state.config.turn.urls.is_empty();
    let until = now.plus_micros(config.token_lifetime.as_micros());
    let claims = Issued {
        app_id: identity.callstats.app_id,
        user_id: escape::encode_uri_component(identity.user_id.as_str()),
        expiry: until.to_iso(),
        submission_interval: config.submission_interval.as_micros().unsigned_abs() / 1000,
        // The client's pre-call test wants it too; what then comes is hidden like any other address.
        collect_sdp: identity.app.settings.keep_addresses || has_turn,
        taas_enabled: has_turn,
        ml_pipeline_enabled: false,
        ingested_events: &INGESTED_EVENTS,
        exp: until.as_millis().div_euclid(1000),
        sid: format!("{:x}-{:x}", now.as_micros(), state.callstats.tokens.fetch_add(1, Ordering::Relaxed)),
    };
    let claims = serde_json::to_vec(&claims).map_err(Problem::internal)?;
    let signed = format!("{}.{}", STANDARD_NO_PAD.encode(HEADER), STANDARD_NO_PAD.encode(claims));
    let secret = identity.callstats.secrets.last().map(|secret| secret.0.as_slice()).unwrap_or_default();
    let signature = hmac::sign(&key(secret), signed.as_bytes());
    Ok(format!("{signed}.{}", STANDARD_NO_PAD.encode(signature)))
}

/// Who sends a request about the app of this AppID.
pub(super) async fn verify(state: &AppState, headers: &HeaderMap, app_id: u64) -> Result<Visitor, Refusal> {
    let token = auth::bearer(headers)?
        .ok_or_else(|| Problem::unauthorized("credentials_missing", "the header `Authorization: Bearer <access token>` is missing"))?;
    let claims = claims(token).ok_or_else(malformed)?;
    if claims.app_id != app_id {
        return Err(Problem::forbidden(
            "token_app_mismatch",
            format!("the access token is for the app {}, the path names {app_id}", claims.app_id),
        )
        .into());
    }
    let visitor = visitor(state, token, claims).await?;
    auth::check_origin(&visitor.app, headers)?;
    Ok(visitor)
}

/// Who sends a native batch with an access token, as our own script for pages of callstats.js does; `None` when it is another kind of token.
pub(crate) async fn principal(state: &AppState, token: &str) -> Result<Option<Principal>, Problem> {
    let Some(claims) = claims(token) else { return Ok(None) };
    match visitor(state, token, claims).await {
        Ok(Visitor { app, user_id, .. }) => {
            let credentials = format!("token of {user_id}");
            Ok(Some(Principal { app, scope: Scope::Intake, role: Role::Engineer, user: Some(user_id), credentials }))
        }
        Err(Refusal::TokenExpired) => {
            Err(Problem::unauthorized("token_expired", "the access token has expired, or its AppSecret is gone; authenticate again"))
        }
        Err(Refusal::Problem(problem)) => Err(problem),
    }
}

fn malformed() -> Problem {
    Problem::unauthorized("token_malformed", "the access token is not one of ours; /authenticate gives them out")
}

fn claims(token: &str) -> Option<Held> {
    let claims = token.split('.').nth(1)?;
    serde_json::from_slice(&STANDARD_NO_PAD.decode(claims).ok()?).ok()
}

async fn visitor(state: &AppState, token: &str, claims: Held) -> Result<Visitor, Refusal> {
    let app_id = claims.app_id;
    let (signed, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
    let signature = STANDARD_NO_PAD.decode(signature).map_err(|_| malformed())?;
    let app = state.apps.by_callstats_id(app_id).await.map_err(|error| Problem::store(error, state.config.limits.retry_after.get()))?;
    let (app, callstats) = app
        .and_then(|app| Some((Arc::clone(&app), app.settings.callstats.clone()?)))
        .ok_or_else(|| Problem::not_found("app_unknown", format!("no app has the AppID {app_id} any more")))?;
    let holds = callstats.secrets.iter().any(|secret| hmac::verify(&key(&secret.0), signed.as_bytes(), &signature).is_ok());
    let now = state.clock.now().as_millis().div_euclid(1000);
    if !holds || claims.exp <= now {
        return Err(Refusal::TokenExpired);
    }
    let user_id = escape::decode(&claims.user_id).and_then(|user| UserId::new(user).ok()).ok_or_else(malformed)?;
    Ok(Visitor { app, user_id, session: claims.sid })
}

fn key(secret: &[u8]) -> hmac::Key {
    let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), b"sidetone: access token of callstats clients");
    hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref())
}
