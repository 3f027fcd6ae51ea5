//! `/v1/apps/{AppID}/…`: who sends it, and where it goes. The path is read raw, since an escaped slash belongs to a conference id.

use std::time::Instant;

use axum::{
    Json,
    extract::{Request, State},
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::json;
use sidetone_wire::callstats::{
    Body, escape,
    route::{self, Target},
};
use tokio::time::sleep;

use super::{
    PATIENCE,
    access_token::{self, Visitor},
    answer::Refusal,
    apart, join, report,
};
use crate::{
    account::{BatchAccount, Outcome},
    intake::body::{self, Received},
    limit::Rated,
    problem::Problem,
    state::AppState,
};

/// Bodies larger than this are read on a thread of their own, so that they hold up nobody.
pub(super) const INLINE_BYTES_MAX: usize = 64 * 1024;

/// What became of a request: its answer, and of the batch that was made of it, if one was.
pub(super) type Answered = (Response, Option<Outcome>);

pub(super) async fn handler(State(state): State<AppState>, request: Request) -> Response {
    let mut account = BatchAccount::open(&state.accounts);
    match answer(&state, request, &mut account).await {
        Ok((response, Some(outcome))) => {
            account.settle(outcome);
            response
        }
        Ok((response, None)) => {
            account.withdraw();
            response
        }
        Err(refusal) => {
            let code = refusal.code();
            account.settle(match refusal.status() {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Outcome::Unauthorized(code),
                StatusCode::TOO_MANY_REQUESTS => Outcome::Limited(code),
                status if status.is_server_error() => Outcome::Busy(code),
                _ => Outcome::Invalid(code),
            });
            refusal.into_response()
        }
    }
}

async fn answer(state: &AppState, request: Request, account: &mut BatchAccount) -> Result<Answered, Refusal> {
    let path = request.uri().path();
    let route = route::route(path.strip_prefix("/v1/apps/").unwrap_or(path))
        .map_err(|error| Problem::not_found("path_unknown", error.to_string()))?;
    let is_configurations = route.target == Target::Configurations;
    if request.method() != Method::POST && !(is_configurations && request.method() == Method::GET) {
        let detail = format!("{} is not possible here; reports are posted, configurations are also read", request.method());
        return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail).into());
    }
    let visitor = access_token::verify(state, request.headers(), route.app_id).await?;
    await_rate(state, &visitor).await?;
    match route.target {
        // An app recommends nothing to its pages.
        Target::Configurations if request.method() == Method::GET => Ok((Json(json!({})).into_response(), None)),
        Target::Configurations => apart::keep(state, &visitor, apart::SENDER, request, account)
            .await
            .map(|(_, outcome)| (Json(json!({})).into_response(), outcome)),
        Target::Join { conference_id } => join::keep(state, &visitor, conference_id, request, account).await,
        Target::InConference { conference_id, uc_id, topic } => {
            report::keep(state, &visitor, report::Place { conference_id, uc_id, topic }, request, account).await
        }
        Target::Apart { topic } => apart::keep(state, &visitor, &topic, request, account).await,
    }
}

/// Waits for its turn within the app's request rate.
async fn await_rate(state: &AppState, visitor: &Visitor) -> Result<(), Refusal> {
    let until = Instant::now() + PATIENCE;
    loop {
        let now = Instant::now();
        match state.rates.take(visitor.app.key, Rated::Requests, 1, now) {
            Ok(()) => return Ok(()),
            Err(wait) if now + wait <= until => sleep(wait).await,
            Err(wait) => {
                let rate = state.rates.rate(Rated::Requests);
                return Err(
                    Problem::too_many("app_requests_limited", format!("the app made more than {rate} requests per second"), wait).into()
                );
            }
        }
    }
}

/// The body of a request, and itself as text for those who must recognise it.
pub(super) async fn read(state: &AppState, request: Request, is_report: bool) -> Result<(Body, Received), Refusal> {
    let encoding = body::encoding(request.headers())?;
    let mut received = body::read_up_to(state, request.into_body(), state.config.limits.inflated_size_max).await?;
    if encoding == body::Encoding::Gzip {
        received = body::inflate(state, received)?;
    }
    let parse = if is_report { Body::report } else { Body::event };
    let bytes = received.bytes.clone();
    let parsed = if bytes.len() <= INLINE_BYTES_MAX {
        parse(&bytes)
    } else {
        tokio::task::spawn_blocking(move || parse(&bytes)).await.map_err(Problem::internal)?
    };
    let parsed = parsed
        .map_err(|error| Problem::bad_request("body_malformed", format!("the body is not what a callstats client sends: {error}")))?;
    Ok((parsed, received))
}

/// A token speaks for its own user only. The Java SDK escapes the id in its reports.
pub(super) fn check_user(visitor: &Visitor, body: &Body) -> Result<(), Refusal> {
    let local = body.text("localID");
    let user = visitor.user_id.as_str();
    if local.is_empty() || local == user || escape::decode(&local).as_deref() == Some(user) {
        return Ok(());
    }
    Err(Problem::forbidden("token_subject_mismatch", format!("the report's localID is {local:?}, its access token is for {user:?}")).into())
}
