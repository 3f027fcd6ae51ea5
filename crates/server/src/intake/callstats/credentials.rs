//! The `code` of an authentication: a JSON Web Token made with the app's secret, or one that the customer's server signed.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};
use sidetone_engine::ids::UserId;
use sidetone_store::record::{App, CallstatsSettings, TokenAlgorithm};
use sidetone_wire::callstats::escape;

use super::authenticate::Refusal;
use crate::{
    auth::jwt::{BASE64URL, Jwt},
    problem::Problem,
    state::AppState,
};

/// Longest code that is looked at: a user id of 4 KiB may stand in it, escaped.
const CODE_BYTES_MAX: usize = 32 * 1024;

/// Who authenticates.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) app: Arc<App>,
    pub(super) callstats: CallstatsSettings,
    pub(super) user_id: UserId,
    /// Whether it asks for TURN credentials to be used in calls (`callstats.getTurnCredentials`).
    pub(super) wants_turn: bool,
}

/// The app and user that `client_id` names, once `code` proves it.
pub(super) async fn verify(state: &AppState, client_id: &str, code: &str) -> Result<Identity, Refusal> {
    let wrong = |reason: &'static str, description: String| Refusal::for_good(reason, description);
    let (user, app_id) = client_id
        .rsplit_once('@')
        .ok_or_else(|| wrong("Malformed client id", "client_id is not the user id, `@` and the AppID".to_owned()))?;
    let number: Option<u64> = app_id.parse().ok();
    let known = match number {
        Some(number) => {
            state.apps.by_callstats_id(number).await.map_err(|error| Problem::store(error, state.config.limits.retry_after.get()))?
        }
        None => None,
    };
    let (app, callstats) = known.and_then(|app| Some((Arc::clone(&app), app.settings.callstats.clone()?))).ok_or_else(|| {
        let given: String = app_id.chars().take(40).collect();
        wrong("Unknown application", format!("no app has the AppID {given:?}; `sidetone app list` shows those there are"))
    })?;

    let jwt: Jwt<'_, Map<String, Value>> =
        Jwt::read(code, CODE_BYTES_MAX).map_err(|error| wrong("Malformed token", format!("`code` is no JSON Web Token: {error}")))?;
    let claims = &jwt.claims;

    check_signature(&app, &callstats, &jwt)?;
    check_claims(claims, user, client_id, number)?;
    check_times(state, claims)?;
    let user_id = UserId::new(user).map_err(|error| wrong("Malformed client id", error.to_string()))?;
    let wants_turn = claims.get("generateTurnCredentials") == Some(&Value::Bool(true));
    Ok(Identity { app, callstats, user_id, wants_turn })
}

fn claim(claims: &Map<String, Value>, name: &str) -> Option<String> {
    match claims.iter().find(|(held, _)| held.eq_ignore_ascii_case(name))?.1 {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A key of the app by the name in the token, else one of its secrets. The algorithm is what the key says.
fn check_signature(app: &App, callstats: &CallstatsSettings, jwt: &Jwt<'_, Map<String, Value>>) -> Result<(), Refusal> {
    let wrong = |reason: &'static str, description: String| Err(Refusal::for_good(reason, description));
    let Some(algorithm) = jwt.algorithm() else {
        let given: String = jwt.header.alg.chars().take(20).collect();
        return wrong("Unsupported algorithm", format!("the token is signed with {given:?}; HS256, ES256 and RS256 are accepted"));
    };
    let key_id = claim(&jwt.claims, "keyID").or_else(|| jwt.header.kid.clone());
    let keys = &app.settings.token_keys;
    if let Some(key) = key_id.as_ref().and_then(|key_id| keys.iter().find(|key| key.kid == *key_id)) {
        if key.algorithm != algorithm {
            return wrong("Unsupported algorithm", format!("the token says {}, the app's key of that name is for another", jwt.header.alg));
        }
        if !jwt.is_signed_by(key) {
            return wrong("Invalid signature", "the token's signature does not match the app's key of that name".to_owned());
        }
        return Ok(());
    }
    if algorithm != TokenAlgorithm::Hs256 {
        return wrong("Unknown key id", "the app has no token key of that keyID; `sidetone app set --token-key` adds one".to_owned());
    }
    let mut secrets =
        callstats.secrets.iter().filter_map(|secret| Hs256::of(&secret.0)).filter(|secret| secret.answers_to(key_id.as_deref())).peekable();
    if secrets.peek().is_none() {
        return wrong("Unknown key id", "the app has neither a token key nor a secret of that keyID".to_owned());
    }
    if secrets.any(|secret| jwt.is_signed_with(secret.key)) {
        return Ok(());
    }
    wrong(
        "Invalid signature",
        "the token is not signed with the app's secret; `sidetone app list` shows the AppID, `sidetone app callstats` makes a new secret"
            .to_owned(),
    )
}

/// An AppSecret as the clients use it: of `base64keyid:secret` the key is what stands after the first colon, up to the next.
struct Hs256<'a> {
    key_id: Option<String>,
    key: &'a [u8],
}

impl<'a> Hs256<'a> {
    fn of(secret: &'a [u8]) -> Option<Self> {
        let mut parts = secret.split(|&byte| byte == b':');
        let first = parts.next().filter(|key| !key.is_empty())?;
        Some(match parts.next() {
            None => Self { key_id: None, key: first },
            Some(key) => {
                let id = STANDARD.decode(first).or_else(|_| BASE64URL.decode(first)).ok()?;
                Self { key_id: Some(id.iter().map(|byte| format!("{byte:02x}")).collect()), key }
            }
        })
        .filter(|secret| !secret.key.is_empty())
    }

    fn answers_to(&self, key_id: Option<&str>) -> bool {
        match (&self.key_id, key_id) {
            (Some(held), Some(given)) => held.eq_ignore_ascii_case(given),
            (_, None) => true,
            (None, Some(_)) => false,
        }
    }
}

/// The token must speak of the same app and user as `client_id`.
fn check_claims(claims: &Map<String, Value>, user: &str, client_id: &str, app_id: Option<u64>) -> Result<(), Refusal> {
    let app = claim(claims, "appID");
    if app.as_ref().and_then(|app| app.parse().ok()) != app_id {
        let given: String = app.unwrap_or_default().chars().take(40).collect();
        return Err(Refusal::for_good("Application mismatch", format!("the token's claim appID is {given:?}, client_id says otherwise")));
    }
    let Some(named) = claim(claims, "userID") else {
        return Err(Refusal::for_good("Malformed token", "the token has no claim userID".to_owned()));
    };
    // The token may hold the id as the client escapes it in its reports.
    if named == user || escape::decode(&named).as_deref() == Some(user) {
        return Ok(());
    }
    let client_id: String = client_id.chars().take(200).collect();
    Err(Refusal::for_good("USERID_MISMATCH", format!("the token's claim userID is not the user of client_id {client_id:?}")))
}

/// Times are optional: tokens that a page makes with the secret have none.
fn check_times(state: &AppState, claims: &Map<String, Value>) -> Result<(), Refusal> {
    let now = state.clock.now().as_millis_f64() / 1000.0;
    let leeway = state.config.auth.token_leeway.get().as_secs_f64();
    let time = |name: &str| claims.get(name).and_then(Value::as_f64);
    if time("exp").is_some_and(|expires| expires + leeway <= now) {
        return Err(Refusal::NewToken { reason: "Token has expired", description: "the token's claim exp lies in the past".to_owned() });
    }
    if time("nbf").is_some_and(|from| from - leeway > now) {
        return Err(Refusal::NewToken {
            reason: "Token is not valid yet",
            description: "the token's claim nbf lies in the future".to_owned(),
        });
    }
    Ok(())
}
