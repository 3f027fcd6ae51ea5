//! `POST /v1/batches`: one batch in, durable before the answer.

use std::{sync::Arc, time::Instant};

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use sidetone_store::record::{App, Appended, Place};
use sidetone_wire::{
    batch::{self, BatchError, kind},
    json,
};
use utoipa::ToSchema;

use super::{
    app::AppPolicy,
    body::{self, Encoding, Received},
    kept::KeptBatch,
    prepare::{self, TimePolicy},
};
use crate::{
    account::{BatchAccount, Outcome},
    auth::{self, Scope},
    limit::{Rated, Reserved},
    live::LiveBatch,
    problem::Problem,
    state::AppState,
};

/// Bodies larger than this are decoded on a thread of their own, so that they hold up nobody.
const INLINE_BYTES_MAX: usize = 64 * 1024;

/// What became of the batch.
#[derive(Serialize, ToSchema)]
pub(crate) struct BatchStored {
    /// `stored`, or `duplicate` when this batch was stored before. Both mean: it is durable, forget it.
    status: Status,
    /// The conference's key.
    #[schema(example = "01JD3V9Q4Z3X5Y7A8B9C0D1E2F")]
    conference: String,
    /// The participant's key.
    #[schema(example = "01JD3V9Q4Z3X5Y7A8B9C0D1E2G")]
    participant: String,
    /// The peer connection's key; `null` when the batch names none.
    #[schema(example = "01JD3V9Q4Z3X5Y7A8B9C0D1E2H")]
    peer_connection: Option<String>,
    /// What `GET /v1/app` says now: a client goes over to it when it changes.
    #[serde(flatten)]
    app: AppPolicy,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Status {
    Stored,
    Duplicate,
}

#[derive(Clone, Copy)]
enum Form {
    Binary,
    Json,
}

/// Send a batch
///
/// A batch holds what one client saw on one peer connection during some seconds. The answer comes after the batch is durable. A batch is
/// known by (participant, peer connection, `batch_seq`): sending it again is safe and changes nothing.
/// On 429 and 503, and when no answer comes, send the same batch again after `Retry-After` (or with growing pauses).
#[utoipa::path(
    post,
    path = "/v1/batches",
    tag = "intake",
    request_body(
        description = "The JSON form, plain or with `Content-Encoding: gzip`, or the compact binary form of the SDK",
        content((super::form::BatchForm = "application/json"), (Vec<u8> = "application/vnd.sidetone.batch"))
    ),
    responses(
        (status = 200, body = BatchStored, description = "The batch is durable"),
        (status = 400, body = crate::problem::ProblemBody, content_type = "application/problem+json", description = "Not a batch: damaged, or not in the form that Content-Type says"),
        (status = 401, body = crate::problem::ProblemBody, content_type = "application/problem+json", description = "No, wrong or expired credentials"),
        (status = 403, body = crate::problem::ProblemBody, content_type = "application/problem+json", description = "Credentials of another scope or user, or a foreign origin"),
        (status = 408, body = crate::problem::ProblemBody, content_type = "application/problem+json", description = "The body took too long to arrive"),
        (status = 409, body = crate::problem::ProblemBody, content_type = "application/problem+json", description = "The participant id belongs to another user or conference"),
        (status = 413, body = crate::problem::ProblemBody, content_type = "application/problem+json", description = "Too large"),
        (status = 415, body = crate::problem::ProblemBody, content_type = "application/problem+json", description = "A form or an encoding that is not known here"),
        (status = 422, body = crate::problem::ProblemBody, content_type = "application/problem+json", description = "A batch that may not be kept: ids, times"),
        (status = 429, body = crate::problem::ProblemBody, content_type = "application/problem+json", description = "The app sends too much; see Retry-After"),
        (status = 503, body = crate::problem::ProblemBody, content_type = "application/problem+json", description = "The server is busy; see Retry-After"),
    ),
    security(("intake" = []))
)]
pub(crate) async fn handler(State(state): State<AppState>, request: Request) -> Response {
    let mut account = BatchAccount::open(&state.accounts);
    match receive(&state, request, &mut account).await {
        Ok((appended, app)) => {
            let (status, outcome, place) = match appended {
                Appended::Stored(place) => (Status::Stored, Outcome::Stored, place),
                Appended::Duplicate(place) => (Status::Duplicate, Outcome::Duplicate, place),
            };
            account.settle(outcome);
            let Place { conference, participant, peer_connection } = place;
            Json(BatchStored {
                status,
                conference: conference.to_string(),
                participant: participant.to_string(),
                peer_connection: peer_connection.map(|key| key.to_string()),
                app,
            })
            .into_response()
        }
        Err(problem) => {
            account.settle(outcome(&problem));
            problem.into_response()
        }
    }
}

fn outcome(problem: &Problem) -> Outcome {
    match problem.status() {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Outcome::Unauthorized(problem.code()),
        StatusCode::TOO_MANY_REQUESTS => Outcome::Limited(problem.code()),
        status if status.is_server_error() => Outcome::Busy(problem.code()),
        _ => Outcome::Invalid(problem.code()),
    }
}

/// What became of the batch, and what its app allows.
async fn receive(state: &AppState, request: Request, account: &mut BatchAccount) -> Result<(Appended, AppPolicy), Problem> {
    let (parts, body) = request.into_parts();
    let principal = auth::authorize(state, &parts.headers, None, Scope::Intake).await?;
    let form = form(&parts.headers)?;
    let encoding = body::encoding(&parts.headers)?;
    let received = body::read(state, body).await?;
    let app = Arc::clone(&principal.app);
    let Decoded { mut kept, tells_clock, reserved } = if received.bytes.len() <= INLINE_BYTES_MAX && encoding == Encoding::Identity {
        decode(state, &app, received, form, encoding)?
    } else {
        let state = state.clone();
        tokio::task::spawn_blocking(move || decode(&state, &app, received, form, encoding)).await.map_err(Problem::internal)??
    };
    let batch = &kept.batch;
    account.holds(batch.reports.len(), batch.events.len());

    if let Some(user) = &principal.user
        && *user != batch.user_id
    {
        return Err(Problem::forbidden(
            "token_subject_mismatch",
            format!(
                "the token's claim `sub` is {:?}, the batch's user_id is {:?}; a token speaks for its own user only",
                user.as_str(),
                batch.user_id.as_str()
            ),
        ));
    }
    let count = u32::try_from(batch.reports.len()).unwrap_or(u32::MAX);
    if count > 0
        && let Err(wait) = state.rates.take(principal.app.key, Rated::Reports, count, Instant::now())
    {
        let rate = state.rates.rate(Rated::Reports);
        let detail =
            format!("the app sent more than {rate} reports per second; wait as long as Retry-After says, then send the same batch again");
        return Err(Problem::too_many("app_reports_limited", detail, wait));
    }

    let intake = &state.config.intake;
    let policy = if tells_clock { TimePolicy::Live(intake) } else { TimePolicy::LiveWithoutClock(intake) };
    let append = prepare::prepare(&mut kept, state.clock.now(), policy)
        .map_err(|refused| Problem::unprocessable(refused.code(), refused.to_string()))?;
    let dropped = client_dropped(&append.events);
    let live = LiveBatch::new(&append, kept.rules, kept.batch.reports, reserved);

    let began = Instant::now();
    state.accounts.appends_waiting.inc();
    let appended = state.store.append(append).await;
    state.accounts.appends_waiting.dec();
    let appended = appended.map_err(|error| Problem::store(error, state.config.limits.retry_after.get()))?;
    state.accounts.appended(began);
    if let Appended::Stored(place) = appended {
        for (kind, count) in dropped {
            state.accounts.client_dropped(kind, count);
        }
        state.accounts.addresses_hidden(kept.hidden);
        state.live.offer(place, live);
    }
    Ok((appended, AppPolicy::new(&principal.app.settings)))
}

fn form(headers: &HeaderMap) -> Result<Form, Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(batch::MEDIA_TYPE) {
        Ok(Form::Binary)
    } else if essence.eq_ignore_ascii_case("application/json") {
        Ok(Form::Json)
    } else {
        let given: String = given.chars().take(100).collect();
        Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "content_type_unsupported",
            format!("Content-Type {given:?} is not understood; send `application/json` or `{}`", batch::MEDIA_TYPE),
        ))
    }
}

struct Decoded {
    kept: KeptBatch,
    /// Whether the client says what its clock shows.
    tells_clock: bool,
    reserved: Vec<Reserved>,
}

fn decode(state: &AppState, app: &App, received: Received, form: Form, encoding: Encoding) -> Result<Decoded, Problem> {
    let received = match (form, encoding) {
        (_, Encoding::Identity) => received,
        (Form::Json, Encoding::Gzip) => body::inflate(state, received)?,
        (Form::Binary, Encoding::Gzip) => {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "content_encoding_unsupported",
                format!("`{}` is compact already; send it without Content-Encoding", batch::MEDIA_TYPE),
            ));
        }
    };
    let (kept, tells_clock) = match form {
        // The reports are stored as they were sent, unless something in them has to be hidden.
        Form::Binary => {
            let (batch, encoded) = batch::split(&received.bytes).map_err(malformed)?;
            (KeptBatch::new(app, batch, Some(encoded.to_vec())), true)
        }
        Form::Json => {
            let (batch, clock) = json::batch_and_clock_from_json(&received.bytes).map_err(malformed)?;
            (KeptBatch::new(app, batch, None), clock.is_some())
        }
    };
    Ok(Decoded { kept, tells_clock, reserved: received.reserved })
}

fn malformed(error: BatchError) -> Problem {
    Problem::bad_request("batch_malformed", format!("the body is not a batch: {error}"))
}

/// Clients tell what they had to throw away; that is part of the account.
fn client_dropped(events: &[batch::Event]) -> Vec<(&'static str, u64)> {
    let mut dropped = Vec::new();
    for event in events.iter().filter(|event| event.kind == kind::DROPPED) {
        let Ok(payload) = serde_json::from_str::<serde_json::Value>(&event.payload) else { continue };
        for (member, name) in [("reports", "report"), ("events", "event")] {
            // A client may say any number; one message counts for a day of reports at most.
            let count = payload.get(member).and_then(serde_json::Value::as_u64).unwrap_or_default();
            dropped.push((name, count.min(86_400)));
        }
    }
    dropped
}
