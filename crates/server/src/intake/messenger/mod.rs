//! `POST /{page_id}/call_metrics`: the summary of one Messenger call, as a business sends it to Meta's Graph API.
//!
//! The record becomes a participant of its own in the conference whose id is the call's id: the call's page shows it beside what the SDK
//! saw of the same call, or alone when nothing else was reported.

mod error;
pub(crate) mod relay;
mod submission;

use axum::{
    Json,
    body::Body,
    extract::{Path, Query, Request, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use sidetone_engine::ids::AppKey;
use sidetone_store::{
    query::{ConferenceQuery, TextMatch},
    record::{Appended, Conference, ConferenceState},
};
use sidetone_wire::messenger::{self, CallMetrics, Form, Reading};
use utoipa::ToSchema;

use self::{error::GraphError, submission::Submission};
use super::{
    body::{self, Encoding},
    kept::KeptBatch,
    prepare::{self, TimePolicy},
};
use crate::{
    account::{BatchAccount, Outcome},
    auth::{self, Scope},
    config::messenger::KnownCalls,
    live::LiveBatch,
    problem::Problem,
    state::AppState,
};

/// The record is durable.
#[derive(Serialize, ToSchema)]
pub(crate) struct CallMetricsStored {
    /// Always `true`.
    success: bool,
}

#[derive(Deserialize)]
pub(crate) struct TokenQuery {
    access_token: Option<String>,
}

/// Send the summary of a Messenger call
///
/// Takes what a business sends to Meta's `POST /{page_id}/call_metrics`, JSON or form, with the app's intake secret or token as the page access token.
/// One submission per call, within 24 hours of its end. The same body with the same `Idempotency-Key` may be repeated within 10 minutes.
#[utoipa::path(
    post,
    path = "/{page_id}/call_metrics",
    tag = "intake",
    params(
        ("page_id" = String, Path, description = "The Facebook page, a number", example = "1234567890"),
        ("access_token" = Option<String>, Query, description = "The token, for callers that set no header")
    ),
    request_body(
        description = "The properties that Meta documents; `application/x-www-form-urlencoded` is accepted too, with maps as JSON text",
        content((serde_json::Value = "application/json"))
    ),
    responses(
        (status = 200, body = CallMetricsStored, description = "The record is durable"),
        (status = 400, body = error::GraphErrorBody, description = "Wrong, too late, or there already: see `error_subcode`"),
        (status = 401, body = error::GraphErrorBody, description = "No, wrong or expired token"),
        (status = 403, body = error::GraphErrorBody, description = "A token of another scope, or a foreign origin"),
        (status = 404, body = error::GraphErrorBody, description = "No page id, or a page that is not the app's"),
        (status = 429, body = error::GraphErrorBody, description = "The app sends too much; see Retry-After"),
        (status = 503, body = error::GraphErrorBody, description = "The server is busy; see Retry-After"),
    ),
    security(("intake" = []))
)]
pub(crate) async fn handler(
    State(state): State<AppState>,
    Path(page_id): Path<String>,
    query: Query<TokenQuery>,
    request: Request,
) -> Response {
    answer(&state, &page_id, query.0.access_token, request).await
}

/// The same below a version of the Graph API, such as `/v23.0/1234567890/call_metrics`.
pub(crate) async fn versioned(
    State(state): State<AppState>,
    Path((version, page_id)): Path<(String, String)>,
    query: Query<TokenQuery>,
    request: Request,
) -> Response {
    let is_version = version.strip_prefix('v').is_some_and(|number| number.parse::<f32>().is_ok());
    if !is_version {
        let detail =
            format!("{version:?} is no version of the Graph API; send to /{{page_id}}/call_metrics or /v23.0/{{page_id}}/call_metrics");
        return Problem::not_found("path_unknown", detail).into_response();
    }
    answer(&state, &page_id, query.0.access_token, request).await
}

async fn answer(state: &AppState, page_id: &str, query_token: Option<String>, request: Request) -> Response {
    let mut account = BatchAccount::open(&state.accounts);
    let (parts, body) = request.into_parts();
    match receive(state, page_id, query_token, &parts, body, &mut account).await {
        Ok(outcome) => {
            account.settle(outcome);
            Json(CallMetricsStored { success: true }).into_response()
        }
        Err(error) => {
            account.settle(match error.status() {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Outcome::Unauthorized(error.name()),
                StatusCode::TOO_MANY_REQUESTS => Outcome::Limited(error.name()),
                status if status.is_server_error() => Outcome::Busy(error.name()),
                _ => Outcome::Invalid(error.name()),
            });
            error.into_response()
        }
    }
}

async fn receive(
    state: &AppState,
    page_id: &str,
    query_token: Option<String>,
    parts: &Parts,
    body: Body,
    account: &mut BatchAccount,
) -> Result<Outcome, GraphError> {
    let form = form(&parts.headers)?;
    let encoding = body::encoding(&parts.headers)?;
    let mut received = body::read(state, body).await?;
    if encoding == Encoding::Gzip {
        received = body::inflate(state, received)?;
    }
    let token = match query_token {
        None if !parts.headers.contains_key(header::AUTHORIZATION) => messenger::access_token(&received.bytes, form),
        token => token,
    };
    let principal = auth::authorize(state, &parts.headers, token.as_deref(), Scope::Intake).await?;
    if page_id.is_empty() || !page_id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(GraphError::page_unknown(page_id));
    }
    let pages = &principal.app.settings.messenger_pages;
    if !pages.is_empty() && !pages.iter().any(|page| page == page_id) {
        return Err(GraphError::page_foreign(page_id));
    }
    let now = state.clock.now();
    let reading = Reading { form, page_id, strict: state.config.messenger.strict, received: now };
    let metrics = messenger::read(&received.bytes, reading)?;
    check_call(state, principal.app.key, &metrics).await?;

    let submission = Submission::new(&metrics, &parts.headers, &received.bytes, now);
    let mut kept = KeptBatch::new(&principal.app, submission.batch(), None);
    account.holds(0, kept.batch.events.len());
    let delivery = relay::delivery(&state.config.messenger.relay, &metrics, &kept.batch, now);
    let mut append = prepare::prepare(&mut kept, now, TimePolicy::Live(&state.config.intake))
        .map_err(|refused| Problem::unprocessable(refused.code(), refused.to_string()))?;
    append.delivery = delivery;
    let live = LiveBatch::new(&append, kept.rules, kept.batch.reports, received.reserved);
    let appended = state.store.append(append).await.map_err(|error| store_failed(state, error))?;
    match appended {
        Appended::Stored(place) => {
            state.accounts.addresses_hidden(kept.hidden);
            state.live.offer(place, live);
            Ok(Outcome::Stored)
        }
        Appended::Duplicate(place) => {
            let is_repetition = submission.repeats(state, principal.app.key, place).await.map_err(|error| store_failed(state, error))?;
            if is_repetition { Ok(Outcome::Duplicate) } else { Err(GraphError::submitted()) }
        }
    }
}

/// Refuses metrics of a call that goes on, that is unknown where calls must be known, and that ended too long ago.
async fn check_call(state: &AppState, app: AppKey, metrics: &CallMetrics) -> Result<(), GraphError> {
    let now = state.clock.now();
    let query = ConferenceQuery { conference_id: Some(TextMatch::Exact(metrics.call_id.clone())), limit: 1, ..ConferenceQuery::default() };
    let found = state.store.search(app, &query).await.map_err(|error| store_failed(state, error))?.rows.into_iter().next();
    let earliest = now.plus_micros(-messenger::WINDOW_HOURS * 3_600_000_000);
    match found {
        Some(Conference { state: ConferenceState::Running, .. }) => return Err(GraphError::in_progress()),
        Some(conference) if conference.end < earliest => return Err(GraphError::too_late(conference.end)),
        None if state.config.messenger.calls == KnownCalls::Reported => return Err(GraphError::call_unknown(&metrics.call_id)),
        _ => {}
    }
    match metrics.believed_end(now) {
        Some(ended) if ended < earliest => Err(GraphError::too_late(ended)),
        _ => Ok(()),
    }
}

fn store_failed(state: &AppState, error: sidetone_store::error::StoreError) -> GraphError {
    Problem::store(error, state.config.limits.retry_after.get()).into()
}

/// Forms say that they are; everything else is tried as JSON.
fn form(headers: &HeaderMap) -> Result<Form, GraphError> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        Ok(Form::UrlEncoded)
    } else if essence.is_empty() || essence.eq_ignore_ascii_case("application/json") || essence.starts_with("text/") {
        Ok(Form::Json)
    } else {
        let given: String = given.chars().take(100).collect();
        let detail = format!("Content-Type {given:?} is not understood; send `application/json` or `application/x-www-form-urlencoded`");
        Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type_unsupported", detail).into())
    }
}
