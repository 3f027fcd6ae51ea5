//! What belongs to no conference: pre-call tests, the state of a bridge or a device, a page's video sender.
//!
//! Each is kept as a participant of a conference of its own, so that it is found, and removed, like any other: a pre-call test in
//! `pre-call:{id of the test}`, the state of a bridge or device in `bridge:{user}:{day}` and `device:{user}:{day}`. The parameters of a video
//! sender go with the conference that the page joined last.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::extract::Request;
use sidetone_engine::{
    ids::{ConferenceId, IdTooLong, ParticipantId, PeerConnectionId},
    units::Timestamp,
};
use sidetone_wire::{
    batch::{Event, kind},
    callstats::Body,
};
use tokio::time::sleep;

use super::{
    PATIENCE,
    access_token::Visitor,
    answer::{self, Refusal},
    app::{self, Answered},
    keep::{self, Told},
    stay::{self, From, Stay},
};
use crate::{
    account::{BatchAccount, Outcome},
    problem::Problem,
    state::AppState,
};

/// Where the parameters of a video sender are posted.
pub(super) const SENDER: &str = "configurations";
/// Time between two looks whether the page has joined.
const PAUSE: Duration = Duration::from_millis(50);
/// A sign of life is written when nothing else was for so long.
const ALIVE_PAUSE_US: i64 = 15_000_000;

pub(super) async fn keep(
    state: &AppState,
    visitor: &Visitor,
    topic: &str,
    request: Request,
    account: &mut BatchAccount,
) -> Result<Answered, Refusal> {
    let (body, received) = app::read(state, request, false).await?;
    app::check_user(visitor, &body)?;
    let now = state.clock.now();
    let time = body.time().unwrap_or(now);
    let stay = match topic {
        SENDER => await_join(state, visitor).await?,
        _ => stay(state, visitor, topic, &body, now)?,
    };
    if topic == "stats/bridge/alive" && !stay.is_due(now, ALIVE_PAUSE_US) {
        return Ok((answer::kept(), None));
    }
    let Some(batch_seq) = stay.hear(&received.bytes, topic, now) else { return Ok((answer::kept(), Some(Outcome::Duplicate))) };
    let mut told = Told { batch_seq, sent: keep::sent(state, &body, now), reserved: received.reserved, ..Told::default() };
    match topic {
        "stats/bridge/alive" => {}
        "stats/bridge/status" | "stats/system" => {
            let name = if topic == "stats/system" { "system" } else { "bridge" };
            told.peer_connection_id = PeerConnectionId::new(name).map_err(id_too_long)?;
            told.report = Some(body.into_state(time, &format!("callstats-{name}")));
        }
        _ => {
            let is_test = topic.starts_with("events/precall");
            told.events = body.into_events(topic.strip_prefix("events/").unwrap_or(topic), time);
            // A test is over when its results are there.
            told.events.extend(is_test.then(|| Event { time, kind: kind::LEFT.to_owned(), payload: "{}".to_owned() }));
        }
    }
    if !stay.has_written() {
        told.events.extend(what_it_is(topic).map(|kind| Event { time, kind: kind.to_owned(), payload: "{}".to_owned() }));
    }
    match keep::keep(state, &visitor.app, &stay, told, account).await {
        Ok((_, outcome)) => Ok((answer::kept(), Some(outcome))),
        Err(refusal) => {
            stay.unhear();
            Err(refusal)
        }
    }
}

/// The event that tells what such a conference is, where none of its own does.
fn what_it_is(topic: &str) -> Option<&'static str> {
    match topic {
        "stats/bridge/alive" | "stats/bridge/status" => Some("bridge"),
        SENDER => None,
        _ if topic.starts_with("events/precall") => None,
        _ => Some("device"),
    }
}

/// The participant that it is kept as.
fn stay(state: &AppState, visitor: &Visitor, topic: &str, body: &Body, now: Timestamp) -> Result<Arc<Stay>, Refusal> {
    let user = visitor.user_id.as_str();
    let day = now.to_iso().chars().take(10).collect::<String>();
    let (conference_id, began) = match topic {
        "events/precall" | "events/precallnotification" => (format!("pre-call:{}", test_id(body)), now),
        "stats/bridge/alive" | "stats/bridge/status" => (format!("bridge:{user}:{day}"), midnight(now)),
        _ => (format!("device:{user}:{day}"), midnight(now)),
    };
    let device = body.text("deviceID");
    let from = From { visitor, conference_id: &conference_id, uc_id: "", device: &device, connection: None };
    if let Some(stay) = state.callstats.stays.find(&from) {
        return Ok(stay);
    }
    // Named by the day and not by the session: it is the same participant after a restart, and with the next token.
    let participant_id = ParticipantId::new(stay::participant_id(&device, &day, began)).map_err(id_too_long)?;
    let conference = ConferenceId::new(conference_id.as_str()).map_err(id_too_long)?;
    let stay = Arc::new(Stay::new(visitor.app.key, conference, visitor.user_id.clone(), participant_id, now));
    state.callstats.stays.learn(&from, &stay);
    Ok(stay)
}

/// The stay that the page joined last. Its join may still be on its way.
async fn await_join(state: &AppState, visitor: &Visitor) -> Result<Arc<Stay>, Refusal> {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(stay) = state.callstats.stays.latest(visitor) {
            return Ok(stay);
        }
        if Instant::now() >= until {
            return Err(Problem::unprocessable("not_joined", "the page has joined no conference that this could belong to").into());
        }
        sleep(PAUSE).await;
    }
}

fn test_id(body: &Body) -> String {
    let results = body.get("results").and_then(|results| results.get("id")).and_then(serde_json::Value::as_str);
    results.map_or_else(|| body.text("notificationID"), str::to_owned)
}

/// When the day of `now` began.
fn midnight(now: Timestamp) -> Timestamp {
    const DAY_US: i64 = 86_400_000_000;
    Timestamp::from_micros(now.as_micros().div_euclid(DAY_US) * DAY_US)
}

fn id_too_long(error: IdTooLong) -> Problem {
    Problem::unprocessable("id_too_long", error.to_string())
}
