//! JSON Web Tokens (RFC 7519, RFC 7515): HS256, ES256 and RS256 by the keys of the app that the token names.
//!
//! Claims: `app` (the app's key) and `exp` are required; `nbf`, `sub` (the user id) and `scope` (`intake`, the default, or `query`) and, of the latter,
//! `role` (`engineer`, the default, `support` or `admin`: the last two are shown real names) are optional.
//! The algorithm is what the app's key says, never what the token says: a token that says otherwise is refused.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{hmac, signature};
use serde::{Deserialize, de::DeserializeOwned};
use sidetone_engine::ids::{AppKey, UserId};
use sidetone_store::{
    local_user::Role,
    record::{TokenAlgorithm, TokenKey},
};

use super::{Principal, Scope, public_key};
use crate::{problem::Problem, state::AppState};

/// Longest token that is looked at.
const TOKEN_BYTES_MAX: usize = 8 * 1024;

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood: we understand none (RFC 7515 section 4.1.11).
    crit: Option<serde_json::Value>,
}

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
    let malformed = |what: &str| {
        Problem::unauthorized(
            "token_malformed",
            format!("the credentials are neither an app secret (sti_…, stq_…) nor a JSON Web Token: {what}"),
        )
    };
    if token.len() > TOKEN_BYTES_MAX {
        return Err(malformed(&format!("{} bytes long, at most {TOKEN_BYTES_MAX} are read", token.len())));
    }
    let (signed, signature) = token.rsplit_once('.').ok_or_else(|| malformed("expected header.claims.signature"))?;
    let (header, claims) = signed.split_once('.').ok_or_else(|| malformed("expected header.claims.signature"))?;
    let header: Header = part(header).ok_or_else(|| malformed("the header is not base64url of a JSON object with `alg`"))?;
    let claims: Claims = part(claims).ok_or_else(|| malformed("the claims are not base64url of a JSON object"))?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| malformed("the signature is not base64url"))?;

    let Some(algorithm) = algorithm(&header.alg) else {
        let given: String = header.alg.chars().take(20).collect();
        return Err(Problem::unauthorized(
            "token_algorithm_refused",
            format!("the token is signed with {given:?}; HS256, ES256 and RS256 are accepted, unsigned tokens never"),
        ));
    };
    if header.crit.is_some() {
        return Err(malformed("the header names critical extensions (`crit`), none is known"));
    }

    let named = claims.app.as_deref().ok_or_else(|| claim_missing("app", "the key of the app"))?;
    let key: AppKey = named.parse().map_err(|error| Problem::unauthorized("token_app_unknown", format!("the claim `app`: {error}")))?;
    let app = state.apps.by_key(key).await.map_err(|error| Problem::store(error, state.config.limits.retry_after.get()))?;
    let app = app.ok_or_else(|| {
        Problem::unauthorized(
            "token_app_unknown",
            format!("the token's claim `app` names {key}, there is no such app; `sidetone app list` shows them"),
        )
    })?;

    let kid = header.kid.as_deref().unwrap_or_default();
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
            format!("the token says {}, the app's key of that kid is for {}", header.alg, name(token_key.algorithm)),
        ));
    }
    if !signature_holds(token_key, signed.as_bytes(), &signature) {
        return Err(Problem::unauthorized("token_signature_invalid", "the token's signature does not match the app's key of that kid"));
    }

    check_times(&claims, state.clock.now().as_millis_f64() / 1000.0, state.config.auth.token_leeway.get().as_secs_f64())?;
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
    let role = match claims.role.filter(|_| scope == Scope::Query) {
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
        .map(UserId::new)
        .transpose()
        .map_err(|error| Problem::unauthorized("token_malformed", format!("the claim `sub`: {error}")))?;
    let credentials = match &user {
        Some(user) => format!("token of {user}"),
        None => format!("token by key {kid}"),
    };
    Ok(Principal { app, scope, role, user, credentials })
}

fn part<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

pub(crate) fn algorithm(name: &str) -> Option<TokenAlgorithm> {
    match name {
        "HS256" => Some(TokenAlgorithm::Hs256),
        "ES256" => Some(TokenAlgorithm::Es256),
        "RS256" => Some(TokenAlgorithm::Rs256),
        _ => None,
    }
}

fn name(algorithm: TokenAlgorithm) -> &'static str {
    match algorithm {
        TokenAlgorithm::Hs256 => "HS256",
        TokenAlgorithm::Es256 => "ES256",
        TokenAlgorithm::Rs256 => "RS256",
    }
}

/// Whether `signature` is that of the key over `signed`.
pub(crate) fn signature_holds(key: &TokenKey, signed: &[u8], signature: &[u8]) -> bool {
    let by_public_key = |algorithm: &'static dyn signature::VerificationAlgorithm| {
        public_key::from_pem(&key.material.0)
            .is_some_and(|public| signature::UnparsedPublicKey::new(algorithm, public).verify(signed, signature).is_ok())
    };
    match key.algorithm {
        TokenAlgorithm::Hs256 => {
            !key.material.0.is_empty() && hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &key.material.0), signed, signature).is_ok()
        }
        TokenAlgorithm::Es256 => by_public_key(&signature::ECDSA_P256_SHA256_FIXED),
        TokenAlgorithm::Rs256 => by_public_key(&signature::RSA_PKCS1_2048_8192_SHA256),
    }
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
