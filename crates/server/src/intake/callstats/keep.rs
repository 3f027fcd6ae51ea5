//! From what a stay tells to the store and the live view.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::http::StatusCode;
use futures_util::{StreamExt, stream};
use serde_json::json;
use sidetone_engine::{
    ids::PeerConnectionId,
    report::{Report, Reports},
    units::Timestamp,
};
use sidetone_store::{
    error::StoreError,
    record::{App, Append, Appended, Place},
};
use sidetone_wire::{
    batch::{Batch, EVENTS_MAX, Event, PAYLOAD_BYTES_MAX, kind},
    callstats::Body,
};
use tokio::time::sleep;

use super::{PATIENCE, answer::Refusal, stay::Stay};
use crate::{
    account::{BatchAccount, Outcome},
    intake::{
        kept::KeptBatch,
        prepare::{self, TimePolicy},
    },
    limit::{Rated, Reserved},
    live::LiveBatch,
    problem::Problem,
    state::AppState,
};

/// Time between two attempts to write to a busy store.
const PAUSE: Duration = Duration::from_millis(50);

/// Stays whose end is written at once: they share commits.
const ENDED_AT_ONCE: usize = 256;

/// What one request tells.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) batch_seq: u32,
    /// The client's clock, see [`sent`].
    pub(super) sent: Timestamp,
    pub(super) peer_connection_id: PeerConnectionId,
    pub(super) events: Vec<Event>,
    pub(super) report: Option<Report>,
    /// The user's name, where it is told after the join.
    pub(super) user_name: String,
    pub(super) reserved: Vec<Reserved>,
    /// Whether encoding it would hold others up.
    pub(super) is_large: bool,
}

/// What the client's clock showed when it sent `body`. Browsers set theirs by ours and may have held a report back for long, so a time in the
/// past is true, and one in the future is not. Other clients send at once, by a clock of their own.
pub(super) fn sent(state: &AppState, body: &Body, received: Timestamp) -> Timestamp {
    let skew = state.config.intake.clock_skew_max.as_micros();
    match body.time() {
        Some(time) if !body.has_our_clock() || time > received.plus_micros(skew) => time,
        _ => received,
    }
}

/// Keeps it, durably.
pub(super) async fn keep(
    state: &AppState,
    app: &Arc<App>,
    stay: &Stay,
    told: Told,
    account: &mut BatchAccount,
) -> Result<(Place, Outcome), Refusal> {
    let Told { batch_seq, sent, peer_connection_id, events, report, user_name, reserved, is_large } = told;
    account.holds(usize::from(report.is_some()), events.len());
    check_size(&events)?;
    if report.is_some()
        && let Err(wait) = state.rates.take(app.key, Rated::Reports, 1, Instant::now())
    {
        let rate = state.rates.rate(Rated::Reports);
        return Err(Problem::too_many("app_reports_limited", format!("the app sent more than {rate} reports per second"), wait).into());
    }
    let reports: Reports = report.into_iter().collect();
    let batch = Batch {
        conference_id: stay.conference_id.clone(),
        user_id: stay.user_id.clone(),
        participant_id: stay.participant_id.clone(),
        peer_connection_id,
        batch_seq,
        sent,
        events,
        reports,
    };
    let mut kept = if is_large {
        let app = Arc::clone(app);
        tokio::task::spawn_blocking(move || KeptBatch::new(&app, batch, None)).await.map_err(Problem::internal)?
    } else {
        KeptBatch::new(app, batch, None)
    };
    let received = state.clock.now();
    let mut append = prepare::prepare(&mut kept, received, TimePolicy::Live(&state.config.intake))
        .map_err(|refused| Problem::unprocessable(refused.code(), refused.to_string()))?;
    append.facts.user_name = if user_name.is_empty() { append.facts.user_name } else { user_name };
    let live = LiveBatch::new(&append, kept.rules, kept.batch.reports, reserved);

    let began = Instant::now();
    state.accounts.appends_waiting.inc();
    let appended = append_patiently(state, append).await;
    state.accounts.appends_waiting.dec();
    let appended = appended.map_err(|error| Problem::store(error, state.config.limits.retry_after.get()))?;
    state.accounts.appended(began);
    stay.wrote(received);
    Ok(match appended {
        Appended::Stored(place) => {
            state.accounts.addresses_hidden(kept.hidden);
            state.live.offer(place, live);
            (place, Outcome::Stored)
        }
        Appended::Duplicate(place) => (place, Outcome::Duplicate),
    })
}

/// The limits of a native batch hold here too, so that what is exported can be imported.
fn check_size(events: &[Event]) -> Result<(), Problem> {
    let too_large = |detail: String| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "event_too_large", detail);
    if events.len() > EVENTS_MAX {
        return Err(too_large(format!("the list has {} entries, at most {EVENTS_MAX} are kept", events.len())));
    }
    match events.iter().map(|event| event.payload.len()).max() {
        Some(bytes) if bytes > PAYLOAD_BYTES_MAX => {
            Err(too_large(format!("the event takes {bytes} bytes with its body, at most {PAYLOAD_BYTES_MAX} are kept")))
        }
        _ => Ok(()),
    }
}

/// A store that is busy is asked again for a while.
async fn append_patiently(state: &AppState, append: Append) -> Result<Appended, StoreError> {
    let until = Instant::now() + PATIENCE;
    loop {
        match state.store.append(append.clone()).await {
            Err(StoreError::Busy(_)) if Instant::now() < until => sleep(PAUSE).await,
            other => return other,
        }
    }
}

/// Ends who has not been heard for longer than `callstats.participant_timeout`, at the time when they last were.
pub(crate) async fn end_silent(state: &AppState) {
    let now = state.clock.now();
    let silent_since = now.plus_micros(-state.config.callstats.participant_timeout.as_micros());
    let silent = stream::iter(state.callstats.stays.silent(silent_since));
    silent.for_each_concurrent(ENDED_AT_ONCE, |(stay, at)| async move { end(state, &stay, at).await }).await;
}

/// Says that a stay ended when it was last heard, unless it was heard again.
async fn end(state: &AppState, stay: &Stay, at: Timestamp) {
    let Ok(Some(app)) = state.apps.by_key(stay.app).await else { return };
    let Some(batch_seq) = stay.end(at) else { return };
    let left = Event { time: at, kind: kind::LEFT.to_owned(), payload: json!({"reason": "silence"}).to_string() };
    let told = Told { batch_seq, sent: state.clock.now(), events: vec![left], ..Told::default() };
    let mut account = BatchAccount::open(&state.accounts);
    match keep(state, &app, stay, told, &mut account).await {
        Ok((_, outcome)) => account.settle(outcome),
        // Presence ends the participant later, as it does everybody.
        Err(refusal) => account.settle(Outcome::Busy(refusal.code())),
    }
}
