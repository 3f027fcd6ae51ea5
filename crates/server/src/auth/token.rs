//! JSON Web Tokens (RFC 7519, RFC 7515): HS256, ES256 and RS256 by the keys of the app that the token names.
//!
//! Claims: `app` (the app's key) and `exp` are required; `nbf`, `sub` (the user id) and `scope` (`intake`, the default, or `query`) and, of the latter,
//! `role` (`engineer`, the default, `support` or `admin`: the last two are shown real names) are optional.
//! The algorithm is what the app's key says, never what the token says: a token that says otherwise is refused.

use serde::Deserialize;
use sidetone_engine::ids::{AppKey, UserId};
use sidetone_store::local_user::Role;

use super::{
    Principal, Scope,
    jwt::{self, Jwt},
};
use crate::{problem::Problem, state::AppState};

/// Longest token that is looked at.
const TOKEN_BYTES_MAX: usize = 8 * 1024;

#[derive(Deserialize)]
struct Claims {
    app: Option<String>,
    sub: Option<String>,
    exp: Option<f64>,
    nbf: Option<f64>,
    scope: Option<String>,
    role: Option<serde_json::Value>,
}

/// The app (and user) that the token speaks for.
pub(crate) async fn verify(state: &AppState, token: &str) -> Result<Principal, Problem> {
    let jwt: Jwt<'_, Claims> = Jwt::read(token, TOKEN_BYTES_MAX).map_err(|error| {
        Problem::unauthorized(
            "token_malformed",
            format!("the credentials are neither an app secret (sti_…, stq_…) nor a JSON Web Token: {error}"),
        )
    })?;
    let Some(algorithm) = jwt.algorithm() else {
        let given: String = jwt.header.alg.chars().take(20).collect();
        return Err(Problem::unauthorized(
            "token_algorithm_refused",
            format!("the token is signed with {given:?}; HS256, ES256 and RS256 are accepted, unsigned tokens never"),
        ));
    };

    let named = jwt.claims.app.as_deref().ok_or_else(|| claim_missing("app", "the key of the app"))?;
    let key: AppKey = named.parse().map_err(|error| Problem::unauthorized("token_app_unknown", format!("the claim `app`: {error}")))?;
    let app = state.apps.by_key(key).await.map_err(|error| Problem::store(error, state.config.limits.retry_after.get()))?;
    let app = app.ok_or_else(|| {
        Problem::unauthorized(
            "token_app_unknown",
            format!("the token's claim `app` names {key}, there is no such app; `sidetone app list` shows them"),
        )
    })?;

    let kid = jwt.header.kid.as_deref().unwrap_or_default();
    let token_key = app.settings.token_keys.iter().find(|held| held.kid == kid).ok_or_else(|| {
        let given: String = kid.chars().take(100).collect();
        Problem::unauthorized(
            "token_key_unknown",
            format!("the app has no token key with kid {given:?}; register the public key or correct the token's header"),
        )
    })?;
    if token_key.algorithm != algorithm {
        return Err(Problem::unauthorized(
            "token_algorithm_refused",
            format!("the token says {}, the app's key of that kid is for {}", jwt.header.alg, jwt::name(token_key.algorithm)),
        ));
    }
    if !jwt.is_signed_by(token_key) {
        return Err(Problem::unauthorized("token_signature_invalid", "the token's signature does not match the app's key of that kid"));
    }

    let claims = &jwt.claims;
    check_times(claims, state.clock.now().as_millis_f64() / 1000.0, state.config.auth.token_leeway.get().as_secs_f64())?;
    let scope = match claims.scope.as_deref() {
        None | Some("intake") => Scope::Intake,
        Some("query") => Scope::Query,
        Some(other) => {
            let given: String = other.chars().take(40).collect();
            return Err(Problem::unauthorized(
                "token_scope_unknown",
                format!("the token's claim `scope` is {given:?}, allowed are \"intake\" and \"query\""),
            ));
        }
    };
    let role = match claims.role.as_ref().filter(|_| scope == Scope::Query) {
        None => Role::Engineer,
        Some(given) => given.as_str().and_then(Role::from_name).ok_or_else(|| {
            let given: String = given.to_string().chars().take(40).collect();
            Problem::unauthorized(
                "token_role_unknown",
                format!("the token's claim `role` is {given}, allowed are \"engineer\", \"support\" and \"admin\""),
            )
        })?,
    };
    let user = claims
        .sub
        .clone()
        .map(UserId::new)
        .transpose()
        .map_err(|error| Problem::unauthorized("token_malformed", format!("the claim `sub`: {error}")))?;
    let credentials = match &user {
        Some(user) => format!("token of {user}"),
        None => format!("token by key {kid}"),
    };
    Ok(Principal { app, scope, role, user, credentials })
}

fn claim_missing(claim: &str, meaning: &str) -> Problem {
    Problem::unauthorized("token_claim_missing", format!("the token lacks the claim `{claim}` ({meaning})"))
}

fn check_times(claims: &Claims, now: f64, leeway: f64) -> Result<(), Problem> {
    let exp = claims.exp.ok_or_else(|| claim_missing("exp", "when it expires, in seconds since 1970"))?;
    if now >= exp + leeway {
        return Err(Problem::unauthorized("token_expired", format!("the token expired {:.0} s ago; fetch a new one", now - exp)));
    }
    match claims.nbf {
        Some(nbf) if now < nbf - leeway => Err(Problem::unauthorized(
            "token_not_yet_valid",
            format!("the token is valid in {:.0} s only; check the clock of whoever issued it", nbf - now),
        )),
        _ => Ok(()),
    }
}
