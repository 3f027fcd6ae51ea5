//! Who is asking: an app by its secret or by a token, for one scope, from an allowed origin.

pub(crate) mod apps;
pub(crate) mod jwt;
pub(crate) mod public_key;
pub(crate) mod token;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use futures_util::{FutureExt, future::BoxFuture};
use sidetone_engine::ids::UserId;
use sidetone_store::{local_user::Role, record::App};
use utoipa::IntoResponses;

use crate::{
    administration::admin::USER_TOKEN_PREFIX,
    intake::callstats::access_token,
    limit::Rated,
    problem::{Problem, ProblemBody},
    state::AppState,
};

/// Prefix of secrets that may send.
pub const INTAKE_SECRET_PREFIX: &str = "sti_";
/// Prefix of secrets that may read.
pub const QUERY_SECRET_PREFIX: &str = "stq_";
/// Prefix of secrets that may read, real names of people included.
pub const NAMES_SECRET_PREFIX: &str = "stn_";

/// What credentials allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Send batches.
    Intake,
    /// Read, and erase.
    Query,
}

impl Scope {
    fn name(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Query => "query",
        }
    }
}

/// Asks again whether who listens still may. A store that cannot tell takes nobody's right away.
pub(crate) type StillGood = Box<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>;

/// Time between two questions whether who was let in still may be: as fresh as the apps that are remembered, within bounds.
pub(crate) fn asked_every(state: &AppState) -> Duration {
    state.config.auth.app_cache_ttl.get().clamp(Duration::from_secs(1), Duration::from_secs(5))
}

/// An app that proved who it is.
#[derive(Clone, Debug)]
pub(crate) struct Principal {
    pub(crate) app: Arc<App>,
    pub(crate) scope: Scope,
    /// As whom it reads.
    pub(crate) role: Role,
    /// The user that a token speaks for, if it names one.
    pub(crate) user: Option<UserId>,
    /// What tells these credentials from others of the app, without giving them away.
    pub(crate) credentials: String,
}

/// What every question may be answered that [`authorize`] judges.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers")]
pub(crate) enum NotAllowed {
    /// No, wrong or expired credentials
    #[response(status = 401, content_type = "application/problem+json")]
    Nobody(ProblemBody<'static>),
    /// Credentials of another scope, or a foreign origin
    #[response(status = 403, content_type = "application/problem+json")]
    Another(ProblemBody<'static>),
    /// The app asks too much; see Retry-After
    #[response(status = 429, content_type = "application/problem+json")]
    TooMuch(ProblemBody<'static>),
}

/// Checks credentials, scope, origin and the app's request rate, in that order.
///
/// `query_token` is the `access_token` of the URL, for callers that cannot set a header (`EventSource`).
pub(crate) async fn authorize(
    state: &AppState,
    headers: &HeaderMap,
    query_token: Option<&str>,
    scope: Scope,
) -> Result<Principal, Problem> {
    let principal = identify(state, given(headers, query_token)?, scope).await?;
    check_origin(&principal.app, headers)?;
    if let Err(wait) = state.rates.take(principal.app.key, Rated::Requests, 1, Instant::now()) {
        let rate = state.rates.rate(Rated::Requests);
        return Err(Problem::too_many(
            "app_requests_limited",
            format!("the app made more than {rate} requests per second; wait as long as Retry-After says, and send fewer, larger batches"),
            wait,
        ));
    }
    Ok(principal)
}

/// The credentials of a request.
fn given<'a>(headers: &'a HeaderMap, query_token: Option<&'a str>) -> Result<&'a str, Problem> {
    bearer(headers)?.or(query_token).ok_or_else(|| {
        Problem::unauthorized(
            "credentials_missing",
            "no credentials were given; send the header `Authorization: Bearer <app secret or token>`",
        )
    })
}

/// Whom credentials of this scope belong to.
async fn identify(state: &AppState, credentials: &str, scope: Scope) -> Result<Principal, Problem> {
    let principal = if [INTAKE_SECRET_PREFIX, QUERY_SECRET_PREFIX, NAMES_SECRET_PREFIX].iter().any(|prefix| credentials.starts_with(prefix))
    {
        by_secret(state, credentials).await?
    } else if credentials.starts_with(USER_TOKEN_PREFIX) {
        let detail =
            format!("the token of a user manages apps, and nothing else; send an app's secret or token of the scope {:?}", scope.name());
        return Err(Problem::forbidden("scope_insufficient", detail));
    } else if let Some(principal) = access_token::principal(state, credentials).await? {
        principal
    } else {
        token::verify(state, credentials).await?
    };
    if principal.scope == scope {
        return Ok(principal);
    }
    let (has, wants) = (principal.scope.name(), scope.name());
    Err(Problem::forbidden(
        "scope_insufficient",
        format!("these credentials have the scope {has:?}, this endpoint wants {wants:?}; use a secret or token of that scope"),
    ))
}

/// As [`authorize`], for an answer that goes on; with what says later whether the credentials are still good.
pub(crate) async fn authorize_stream(
    state: &AppState,
    headers: &HeaderMap,
    query_token: Option<&str>,
    scope: Scope,
) -> Result<(Principal, StillGood), Problem> {
    let principal = authorize(state, headers, query_token, scope).await?;
    let (state, credentials) = (state.clone(), given(headers, query_token)?.to_owned());
    let still_good = move || {
        let (state, credentials) = (state.clone(), credentials.clone());
        async move {
            let refusal = identify(&state, &credentials, scope).await.err();
            refusal.is_none_or(|problem| !matches!(problem.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN))
        }
        .boxed()
    };
    Ok((principal, Box::new(still_good)))
}

/// What follows `Bearer` in the one `Authorization` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, credentials)| Some(credentials.trim()))
        .ok_or_else(|| Problem::unauthorized("credentials_malformed", "the Authorization header must be `Bearer <app secret or token>`"))
}

async fn by_secret(state: &AppState, secret: &str) -> Result<Principal, Problem> {
    let digest = ring::digest::digest(&ring::digest::SHA256, secret.as_bytes());
    let found =
        state.apps.by_secret(digest.as_ref()).await.map_err(|error| Problem::store(error, state.config.limits.retry_after.get()))?;
    let (app, scope, role) = found.ok_or_else(|| {
        Problem::unauthorized(
            "secret_unknown",
            "no app in the data folder of this server has this secret; with the --data of the server `sidetone app list` shows the apps, `sidetone app rotate` makes a new secret",
        )
    })?;
    let credentials = digest.as_ref().iter().take(4).fold("secret ".to_owned(), |text, byte| text + &format!("{byte:02x}"));
    Ok(Principal { app, scope, role, user: None, credentials })
}

/// Whether pages of that origin may act for an app.
pub(crate) fn allows_origin(app: &App, origin: &HeaderValue) -> bool {
    let origins = &app.settings.origins;
    origins.is_empty() || origins.iter().any(|allowed| allowed.as_bytes().eq_ignore_ascii_case(origin.as_bytes()))
}

/// A page may act for an app only from an origin that the app allows. Requests without `Origin` do not come from a page.
pub(crate) fn check_origin(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(origin) = headers.get(header::ORIGIN).filter(|origin| !allows_origin(app, origin)) else { return Ok(()) };
    let given: String = String::from_utf8_lossy(origin.as_bytes()).chars().take(200).collect();
    Err(Problem::forbidden(
        "origin_not_allowed",
        format!("pages of {given:?} may not act for this app; add that origin to the app's origins, or send from one of them"),
    ))
}
