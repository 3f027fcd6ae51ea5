//! `POST /v1/sip-admission`: another SIP server asks who may register and call there, and what to answer whom it refuses.
//!
//! It has our phone users and access tokens then, by the judgement that our own server has ([`sidetone_sip::account`]).

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue},
};
use serde::{Deserialize, Serialize};
use sidetone_engine::ids::AppKey;
use sidetone_sip::{
    account::{Account, Facts, Grant, NAME_TAKEN, PAGE_REFUSED, TOKEN, TOKEN_ERROR, TokenError, Wants, page_warning},
    digest::{Algorithm, REALM},
};
use subtle::ConstantTimeEq;
use utoipa::ToSchema;

use super::facts;
use crate::{auth, intake::body, problem::Problem, state::AppState};

/// Who wants to do what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdmissionRequest {
    /// The user part of the address: of `To` in a REGISTER, of `From` in any other request.
    #[schema(example = "ada")]
    user: String,
    /// The request.
    #[schema(example = "INVITE")]
    method: String,
    /// What the header `X-Plivo-Jwt` says, where there is one.
    #[serde(default)]
    token: Option<String>,
    /// The header `Origin` of the WebSocket's handshake, where there was one: the app may not allow its pages.
    #[serde(default)]
    #[schema(example = "https://shop.example")]
    origin: Option<String>,
    /// The key of the only app whose users are let in; without it, those of every app are.
    #[serde(default)]
    app: Option<String>,
}

/// What to answer the phone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Admission {
    /// 200: it may. 401 (for a REGISTER) and 407: once it proves its password. 403: it may not.
    #[schema(example = 403)]
    code: u16,
    /// For the status line.
    #[schema(example = "Access Token Expired")]
    reason: String,
    /// For the answer, each line with its end (CR LF): the number of an error of an access token, or until when the token is good.
    #[schema(example = "X-Plivo-Jwt-Error-Code: 10006\r\n")]
    headers: String,
    /// The app of the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<String>,
    /// With 200: seconds after which a registration must end, with its token.
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl_s: Option<u64>,
    /// With 200: whether calls of others may reach the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    incoming: Option<bool>,
    /// With 401 and 407: the realm of the digest. Never changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "sidetone")]
    realm: Option<&'static str>,
    /// With 401 and 407, of a user that there is: the hash HA1 that the digest is checked with, by MD5.
    #[serde(skip_serializing_if = "Option::is_none")]
    ha1_md5: Option<String>,
    /// The same by SHA-256 (RFC 8760).
    #[serde(skip_serializing_if = "Option::is_none")]
    ha1_sha256: Option<String>,
    /// With 401 and 407, where the app does not allow the origin: what to answer even to whoever proves the password. Told no earlier, so that nobody
    /// learns which users there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    proven: Option<Refusal>,
}

/// An answer that ends it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Refusal {
    #[schema(example = 403)]
    code: u16,
    #[schema(example = "Origin Not Allowed")]
    reason: String,
    /// For the answer, each line with its end (CR LF).
    headers: String,
}

impl Refusal {
    fn new(reason: &str, header: Option<(&str, String)>) -> Self {
        let headers = header.map_or_else(String::new, |(name, value)| format!("{name}: {value}\r\n"));
        Self { code: 403, reason: reason.to_owned(), headers }
    }

    fn page(state: &AppState) -> Self {
        Self::new(PAGE_REFUSED, Some(("Warning", page_warning(&state.config.sip.domain))))
    }
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        Self::new(&error.to_string(), Some((TOKEN_ERROR, error.code().to_string())))
    }
}

impl From<Refusal> for Admission {
    fn from(refusal: Refusal) -> Self {
        Self { headers: refusal.headers, ..answer(refusal.code, &refusal.reason) }
    }
}

/// Ask who may register and call
///
/// For another SIP server, such as Kamailio, on behalf of a phone. Whoever proves by digest that they know the password (`ha1_md5`, `ha1_sha256`), or whose
/// access token is good, may. Keep the answer between the two servers: the hashes are as good as the password.
#[utoipa::path(
    post,
    path = "/v1/sip-admission",
    tag = "sip",
    request_body = AdmissionRequest,
    responses(
        (status = 200, body = Admission),
        (status = 401, body = crate::problem::ProblemBody, content_type = "application/problem+json", description = "No or another secret"),
        (status = 404, body = crate::problem::ProblemBody, content_type = "application/problem+json", description = "The server has no `sip.admission_secret`"),
        (status = 422, body = crate::problem::ProblemBody, content_type = "application/problem+json", description = "The question cannot be read"),
        (status = 503, body = crate::problem::ProblemBody, content_type = "application/problem+json", description = "Users cannot be looked up now"),
    ),
    security(("admission" = []))
)]
pub(crate) async fn handler(State(state): State<AppState>, headers: HeaderMap, request: Request) -> Result<Json<Admission>, Problem> {
    check_secret(&state, &headers)?;
    let received = body::read(&state, request.into_body()).await?;
    let asked: AdmissionRequest =
        serde_json::from_slice(&received.bytes).map_err(|error| Problem::unprocessable("question_malformed", error.to_string()))?;
    let wants = Wants { users: vec![asked.user.clone()], token: asked.token.clone() };
    let origin = asked.origin.as_deref().map(HeaderValue::from_str).transpose();
    let origin = origin.map_err(|_| {
        Problem::unprocessable("origin_malformed", "origin: it cannot stand in a header; send the header's value as it came")
    })?;
    let facts = facts::find(&state, wants, origin.as_ref()).await;
    if facts.is_incomplete {
        return Err(Problem::busy("users cannot be looked up now; the server's log says why", state.config.limits.retry_after.get()));
    }
    let only = asked.app.as_deref().map(str::parse::<AppKey>).transpose();
    let only = only.map_err(|error| Problem::unprocessable("app_malformed", format!("app: {error}")))?;
    Ok(Json(judge(&state, &asked, only, facts)))
}

fn check_secret(state: &AppState, headers: &HeaderMap) -> Result<(), Problem> {
    let secret = &state.config.sip.admission_secret.0;
    if secret.is_empty() {
        return Err(Problem::not_found(
            "admission_not_configured",
            "no other SIP server may ask this one; set sip.admission_secret in its configuration",
        ));
    }
    let given = auth::bearer(headers)?.unwrap_or_default();
    if given.as_bytes().ct_eq(secret.as_bytes()).into() {
        return Ok(());
    }
    Err(Problem::unauthorized("secret_unknown", "send the header `Authorization: Bearer <sip.admission_secret of the server>`"))
}

fn judge(state: &AppState, asked: &AdmissionRequest, only: Option<AppKey>, facts: Facts) -> Admission {
    let is_meant = |app: AppKey| only.is_none_or(|only| only == app);
    let account = facts.accounts.into_iter().next();
    let Some(token) = facts.token else {
        let account = account.filter(|account| is_meant(account.app));
        let proven = account.as_ref().filter(|account| facts.closed_to_page.contains(&account.app)).map(|_| Refusal::page(state));
        return Admission { proven, ..by_password(&asked.method, account) };
    };
    let judged = token.map_err(Refusal::from).and_then(|grant| {
        if !is_meant(grant.app) {
            return Err(TokenError::Issuer.into());
        }
        grant.serves(&asked.user, state.clock.now())?;
        if facts.closed_to_page.contains(&grant.app) {
            return Err(Refusal::page(state));
        }
        grant.allows(&asked.method)?;
        if account.is_some_and(|account| account.app != grant.app) {
            return Err(Refusal::new(NAME_TAKEN, None));
        }
        Ok(grant)
    });
    judged.map_or_else(Admission::from, |grant| by_token(state, &asked.method, &grant))
}

fn by_token(state: &AppState, method: &str, grant: &Grant) -> Admission {
    Admission {
        headers: if method == "REGISTER" { format!("{TOKEN}: {}\r\n", grant.told()) } else { String::new() },
        app: Some(grant.app.to_string()),
        ttl_s: Some(grant.expires.since(state.clock.now()).unwrap_or_default().as_secs()),
        incoming: Some(grant.incoming),
        ..answer(200, "OK")
    }
}

fn by_password(method: &str, account: Option<Account>) -> Admission {
    let asked = if method == "REGISTER" { answer(401, "Unauthorized") } else { answer(407, "Proxy Authentication Required") };
    let (app, ha1) = account.map(|account| (account.app.to_string(), account.ha1)).unzip();
    let hex = |algorithm| ha1.as_ref().map(|ha1| ha1.hex(algorithm));
    Admission { app, realm: Some(REALM), ha1_md5: hex(Algorithm::Md5), ha1_sha256: hex(Algorithm::Sha256), ..asked }
}

fn answer(code: u16, reason: &str) -> Admission {
    Admission {
        code,
        reason: reason.to_owned(),
        headers: String::new(),
        app: None,
        ttl_s: None,
        incoming: None,
        realm: None,
        ha1_md5: None,
        ha1_sha256: None,
        proven: None,
    }
}
