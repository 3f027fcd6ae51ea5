//! `POST /authenticate`: a code for an access token.
//!
//! The browser client asks again at once and for ever after any answer that is neither a token nor a list of what to do; and once it was told
//! what to do in its first authentication it stays as it is until the page is loaded again. So what is refused for good is refused with a list;
//! what may pass is refused by breaking the connection, after which it waits, longer each time. The Java SDK gives up after a broken
//! connection but waits after a 503: it is known by having no `Origin`.

use std::{io, time::Instant};

use axum::{
    Json,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{StatusCode, header, uri::Authority},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use serde::Serialize;
use serde_json::{Value, json};
use sidetone_wire::callstats::escape;

use super::{access_token, credentials};
use crate::{
    auth,
    config::listen::TlsConfig,
    intake::body,
    limit::Rated,
    problem::Problem,
    state::AppState,
    turn::{self, TurnCredentials},
};

/// How long a client waits before it comes with a new token of its own.
const NEW_TOKEN_PAUSE_MS: u32 = 30_000;

#[derive(Serialize)]
struct Grant {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    /// For pre-call tests; without them the client has none.
    #[serde(rename = "iceServers", skip_serializing_if = "Option::is_none")]
    ice_servers: Option<[TurnCredentials; 1]>,
    /// For calls, where the page asked for them.
    #[serde(rename = "turnServers", skip_serializing_if = "Option::is_none")]
    turn_servers: Option<[TurnCredentials; 1]>,
    metadata: Value,
}

/// Why nobody was authenticated.
#[derive(Debug)]
pub(super) enum Refusal {
    /// For good.
    Never { reason: &'static str, description: String },
    /// Another code may be good.
    NewToken { reason: &'static str, description: String },
    /// For now.
    Later(Problem),
}

impl Refusal {
    pub(super) fn for_good(reason: &'static str, description: String) -> Self {
        Self::Never { reason, description }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let status = problem.status();
        if status.is_server_error() || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT) {
            Self::Later(problem)
        } else {
            Self::Never { reason: "Refused", description: problem.into_detail() }
        }
    }
}

pub(super) async fn handler(State(state): State<AppState>, request: Request) -> Response {
    let is_page = request.headers().contains_key(header::ORIGIN);
    match authenticate(&state, request).await {
        Ok(grant) => Json(grant).into_response(),
        Err(Refusal::Never { reason, description }) => {
            refused(reason, &description, &[json!({"action": 2, "params": {"errorReason": reason}})])
        }
        Err(Refusal::NewToken { reason, description }) => refused(
            reason,
            &description,
            &[
                json!({"action": 2, "params": {"errorReason": reason}}),
                json!({"action": 1}),
                json!({"action": 0, "params": {"timeout": NEW_TOKEN_PAUSE_MS}}),
            ],
        ),
        Err(Refusal::Later(problem)) if is_page => {
            tracing::debug!(code = problem.code(), "a callstats client is sent away for a while");
            broken()
        }
        Err(Refusal::Later(problem)) => {
            let body = json!({"error": "temporarily_unavailable", "error_description": problem.into_detail()});
            (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
        }
    }
}

fn refused(reason: &str, description: &str, actions: &[Value]) -> Response {
    tracing::debug!(reason, "a callstats client was not authenticated");
    let body = json!({"error": "invalid_grant", "error_description": description, "urn:x-callstats:auth:errorActions": actions});
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

/// An answer that ends before it is complete: to the client a failure of the network.
fn broken() -> Response {
    let failure = Err::<Bytes, _>(io::Error::other("sent away for a while"));
    Response::new(Body::from_stream(stream::iter([failure])))
}

async fn authenticate(state: &AppState, request: Request) -> Result<Grant, Refusal> {
    let base = public_url(state, &request);
    let (parts, body) = request.into_parts();
    let received = body::read(state, body).await?;
    let field = |name: &str| {
        field(&received.bytes, name).ok_or_else(|| {
            Refusal::for_good("Malformed request", format!("the form has no field {name}; send client_id, code and grant_type"))
        })
    };
    let identity = credentials::verify(state, &field("client_id")?, &field("code")?).await?;
    auth::check_origin(&identity.app, &parts.headers)?;
    if state.rates.take(identity.app.key, Rated::Requests, 1, Instant::now()).is_err() {
        return Err(Refusal::Later(Problem::busy("the app makes too many requests", state.config.limits.retry_after.get())));
    }
    let apps = format!("{base}/v1/apps");
    let turn = turn::issue(&state.config.turn, identity.user_id.as_str(), state.clock.now()).map(|issued| [issued]);
    Ok(Grant {
        access_token: access_token::issue(state, &identity)?,
        token_type: "bearer",
        expires_in: state.config.callstats.token_lifetime.get().as_secs(),
        turn_servers: turn.clone().filter(|_| identity.wants_turn),
        ice_servers: turn,
        metadata: json!({"urls": {"events": apps, "stats": apps, "config": apps}}),
    })
}

/// A field of the form. A user id that a client did not escape is understood as far as it can be.
fn field(form: &[u8], name: &str) -> Option<String> {
    let form = std::str::from_utf8(form).ok()?;
    let value = form.split('&').find_map(|pair| pair.split_once('=').filter(|(held, _)| *held == name).map(|(_, value)| value))?;
    escape::decode(value)
}

/// Where clients are to report to: as configured, else where this request went.
fn public_url(state: &AppState, request: &Request) -> String {
    if let Some(url) = &state.config.callstats.public_url {
        return url.clone();
    }
    let headers = request.headers();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is_host = |host: &&str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte));
    let authority = request.uri().authority().map(Authority::as_str);
    let host = authority.or_else(|| text("host")).filter(is_host).unwrap_or("localhost");
    let is_secure = state.config.listen.tls != TlsConfig::Off || text("x-forwarded-proto") == Some("https");
    format!("{}://{host}", if is_secure { "https" } else { "http" })
}
