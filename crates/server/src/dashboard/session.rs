//! Who looks: the cookie of a session, the local user behind it, and the app that the URL names.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::FutureExt;
use sidetone_engine::ids::AppKey;
use sidetone_store::{
    local_user::{LocalUser, Role},
    record::App,
};
use subtle::ConstantTimeEq;
use tokio::sync::SemaphorePermit;

use super::refusal::Refusal;
use crate::{
    auth::StillGood,
    config::listen::TlsConfig,
    problem::Problem,
    query::{self, names::Reader},
    secret::sha256,
    state::AppState,
};

const COOKIE: &str = "sidetone_session";

/// Somebody who is logged in, with the app that the URL chooses.
#[derive(Debug)]
pub(crate) struct Visitor {
    pub(crate) user: LocalUser,
    /// Digest of the session's token.
    session: [u8; 32],
    /// What a form must carry to be believed.
    pub(crate) form_token: String,
    /// Every app, oldest first.
    pub(crate) apps: Vec<Arc<App>>,
    /// The app that `?app=` names, or the oldest.
    pub(crate) app: Option<Arc<App>>,
}

impl Visitor {
    pub(crate) fn is_admin(&self) -> bool {
        self.user.role == Role::Admin
    }

    /// Admins only.
    pub(crate) fn require_admin(&self) -> Result<(), Problem> {
        if self.is_admin() {
            return Ok(());
        }
        let role = self.user.role.name();
        let detail = format!("this page is for admins, and you are {role}; ask an admin to do it, or for that role");
        Err(Problem::forbidden("role_insufficient", detail))
    }

    /// The app looked at, where the page is of one.
    pub(crate) fn app(&self) -> Result<AppKey, Problem> {
        self.app
            .as_ref()
            .map(|app| app.key)
            .ok_or_else(|| Problem::not_found("app_not_found", "there is no app yet; an admin creates one at /apps"))
    }

    /// Who reads of that app.
    pub(crate) fn reader(&self, way: &'static str) -> Result<Reader, Problem> {
        Ok(Reader { app: self.app()?, role: self.user.role, viewer: format!("user {}", self.user.name), way })
    }

    /// `?app=…` for links, where there is a choice.
    pub(crate) fn link(&self, path: &str) -> String {
        match &self.app {
            Some(app) if self.apps.len() > 1 => {
                let separator = if path.contains('?') { '&' } else { '?' };
                format!("{path}{separator}app={}", app.key)
            }
            _ => path.to_owned(),
        }
    }

    /// Asks again whether the session lasts, for what is shown for longer than a moment.
    pub(crate) fn still_good(&self, state: &AppState) -> StillGood {
        let (state, session) = (state.clone(), self.session);
        Box::new(move || {
            let state = state.clone();
            async move { !matches!(state.store.session_user(session, state.clock.now()).await, Ok(None)) }.boxed()
        })
    }

    /// Whether a form was sent by this session's own page.
    pub(crate) fn check_form(&self, token: &str) -> Result<(), Problem> {
        if self.form_token.as_bytes().ct_eq(token.as_bytes()).into() {
            return Ok(());
        }
        Err(Problem::forbidden("form_token_wrong", "this form is not of your present session; load the page again and repeat what you did"))
    }
}

impl FromRequestParts<AppState> for Visitor {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Refusal> {
        let Some(token) = token(&parts.headers) else { return Err(Refusal::without_session(parts)) };
        let session = sha256(token.as_bytes());
        let user = state.store.session_user(session, state.clock.now()).await.map_err(query::store(state))?;
        let Some(user) = user else { return Err(Refusal::without_session(parts)) };
        let mut apps = state.apps.all().await.map_err(query::store(state))?;
        apps.sort_by_key(|app| app.key);
        let named = parts.uri.query().into_iter().flat_map(|query| query.split('&')).find_map(|pair| pair.strip_prefix("app="));
        let app = match named.filter(|named| !named.is_empty()) {
            None => apps.first().cloned(),
            Some(named) => {
                let found = named.parse::<AppKey>().ok().and_then(|key| apps.iter().find(|app| app.key == key));
                let none = || Problem::not_found("app_not_found", "the app in this address is not there (any more)");
                Some(found.cloned().ok_or_else(none)?)
            }
        };
        Ok(Self { user, session, form_token: form_token(token), apps, app })
    }
}

/// The token in the cookie.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    cookies.filter_map(|cookie| cookie.trim().split_once('=')).find_map(|(name, value)| (name == COOKIE).then_some(value))
}

/// A token that nobody can guess.
pub(crate) fn mint(state: &AppState) -> Result<String, Problem> {
    let mut bytes = [0; 32];
    state.entropy.fill(&mut bytes).map_err(Problem::internal)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// A place to hash a password in, held until it is dropped.
pub(super) async fn hashing_place(state: &AppState) -> Result<SemaphorePermit<'_>, Problem> {
    let busy =
        || Problem::busy("too many passwords are being checked at once; try again in a moment", state.config.limits.retry_after.get());
    state.gate.hashing_place().await.ok_or_else(busy)
}

/// Follows from the session's token, and does not tell it.
fn form_token(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha256(format!("form:{token}").as_bytes()))
}

/// The cookie that begins a session, or ends it (without a token).
pub(crate) fn cookie(state: &AppState, headers: &HeaderMap, token: Option<&str>) -> Result<HeaderValue, Problem> {
    let seconds = token.map_or(0, |_| state.config.auth.session_ttl.as_micros() / 1_000_000);
    let is_behind_tls = headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
    let secure = if state.config.listen.tls != TlsConfig::Off || is_behind_tls { "; Secure" } else { "" };
    let text = format!("{COOKIE}={}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}", token.unwrap_or_default());
    HeaderValue::from_str(&text).map_err(Problem::internal)
}
