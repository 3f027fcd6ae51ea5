//! Access tokens of phones: JSON Web Tokens as Plivo's client takes them, signed with a token key of an app.
//!
//! Plivo's tokens name no key: their issuer (`iss`, the Auth ID) does. So the key is the app's token key whose `kid` is the token's `kid`, or
//! else its `iss`. Claims: `exp`; `nbf`, `iss`, `sub`, `app` (the app's key) where told; grants under `per` or `grants`.
//! A token is for the user `SUB_ISS`; for any `puser…jt_ISS` when it has no `sub`; for `SUB` when it has no `iss`.

use std::sync::Arc;

use serde::Deserialize;
use sidetone_engine::{ids::AppKey, units::Timestamp};
use sidetone_sip::account::{Grant, TokenError};
use sidetone_store::{
    error::StoreError,
    record::{App, TokenKey},
};

use crate::{
    auth::jwt::{Jwt, NotAToken},
    state::AppState,
};

/// Longest token that is looked at.
const TOKEN_BYTES_MAX: usize = 8 * 1024;

#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    sub: Option<String>,
    app: Option<String>,
    nbf: Option<f64>,
    exp: Option<f64>,
    #[serde(alias = "grants")]
    per: Option<Permissions>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Permissions {
    voice: Voice,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct Voice {
    incoming_allow: bool,
    outgoing_allow: bool,
}

/// What the token allows, or why it is refused. An error of the store is neither.
pub(super) async fn verify(state: &AppState, token: &str) -> Result<Result<Grant, TokenError>, StoreError> {
    let jwt: Jwt<'_, Claims> = match Jwt::read(token.trim(), TOKEN_BYTES_MAX) {
        Ok(jwt) => jwt,
        Err(NotAToken::Header | NotAToken::Critical) => return Ok(Err(TokenError::Header)),
        Err(NotAToken::Signature) => return Ok(Err(TokenError::Signature)),
        Err(NotAToken::Length { .. } | NotAToken::Parts | NotAToken::Claims) => return Ok(Err(TokenError::Malformed)),
    };
    let Some(kid) = jwt.header.kid.clone().or(jwt.claims.iss.clone()) else { return Ok(Err(TokenError::Issuer)) };
    let apps = state.apps.by_token_key(&kid).await?;
    Ok(signer(&apps, &kid, &jwt).and_then(|app| judge(state, (app, kid), jwt.claims)))
}

/// The app whose key of that name signed the token.
fn signer(apps: &[Arc<App>], kid: &str, jwt: &Jwt<'_, Claims>) -> Result<AppKey, TokenError> {
    let algorithm = jwt.algorithm().ok_or(TokenError::Header)?;
    let named: Option<AppKey> = jwt.claims.app.as_deref().and_then(|app| app.parse().ok());
    let is_meant = |app: &&Arc<App>| named.is_none_or(|named| named == app.key);
    let keys = apps.iter().filter(is_meant).flat_map(|app| app.settings.token_keys.iter().map(|key| (app.key, key)));
    let keys: Vec<(AppKey, &TokenKey)> = keys.filter(|(_, key)| key.kid == kid).collect();
    if keys.is_empty() {
        return Err(TokenError::Issuer);
    }
    let mut fitting = keys.into_iter().filter(|(_, key)| key.algorithm == algorithm).peekable();
    fitting.peek().ok_or(TokenError::Header)?;
    fitting.find(|(_, key)| jwt.is_signed_by(key)).map(|(app, _)| app).ok_or(TokenError::Signature)
}

/// Whether the claims hold now, and for whom; `signer`: the app and its key.
fn judge(state: &AppState, (app, key): (AppKey, String), claims: Claims) -> Result<Grant, TokenError> {
    let now = state.clock.now().as_millis_f64() / 1000.0;
    let leeway = state.config.auth.token_leeway.get().as_secs_f64();
    let exp = claims.exp.ok_or(TokenError::Malformed)?;
    if claims.nbf.is_some_and(|nbf| now < nbf - leeway) {
        return Err(TokenError::NotYet);
    }
    if now >= exp {
        return Err(TokenError::Expired);
    }
    if exp - claims.nbf.unwrap_or(now) > state.config.sip.token_lifetime_max.get().as_secs_f64() {
        return Err(TokenError::Lifetime);
    }
    let expires = Timestamp::from_millis_f64(exp * 1000.0).ok_or(TokenError::Malformed)?;
    let (users, pattern) = match (claims.sub, claims.iss) {
        (Some(sub), _) if sub.is_empty() => return Err(TokenError::Subject),
        (Some(sub), Some(iss)) => (vec![format!("{sub}_{iss}")], None),
        (Some(sub), None) => (vec![sub], None),
        (None, Some(iss)) => (Vec::new(), Some(("puser".to_owned(), format!("jt_{iss}")))),
        (None, None) => return Err(TokenError::Subject),
    };
    let voice = claims.per.unwrap_or_default().voice;
    Ok(Grant { app, key, users, pattern, expires, incoming: voice.incoming_allow, outgoing: voice.outgoing_allow })
}
