//! `POST …/conferences/{id}/{ucID}/…`: what a participant tells, an event or a statistics report.

use std::sync::Arc;

use axum::extract::Request;
use sidetone_engine::{
    ids::{ConferenceId, IdTooLong, ParticipantId, PeerConnectionId},
    units::Timestamp,
};

use super::{
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

/// Where the statistics reports of a conference go.
const STATISTICS: &str = "stats";
/// Where signs of life go.
const ALIVE: &str = "events/user/alive";
/// A sign of life is written when nothing else was for so long: often enough for everybody's `presence.participant_timeout`.
const ALIVE_PAUSE_US: i64 = 15_000_000;

/// What the path says.
pub(super) struct Place {
    pub(super) conference_id: String,
    pub(super) uc_id: String,
    pub(super) topic: String,
}

pub(super) async fn keep(
    state: &AppState,
    visitor: &Visitor,
    place: Place,
    request: Request,
    account: &mut BatchAccount,
) -> Result<Answered, Refusal> {
    let Place { conference_id, uc_id, topic } = place;
    let (body, received) = app::read(state, request, topic == STATISTICS).await?;
    app::check_user(visitor, &body)?;
    let now = state.clock.now();
    let (device, connection) = (body.text("deviceID"), body.connection_id());
    let from = From { visitor, conference_id: &conference_id, uc_id: &uc_id, device: &device, connection: connection.as_deref() };
    let stay = match state.callstats.stays.find(&from) {
        Some(stay) => stay,
        None => recover(state, &from, now).await?,
    };
    if topic == ALIVE && !stay.is_due(now, ALIVE_PAUSE_US) {
        return Ok((answer::kept(), None));
    }
    let Some(batch_seq) = stay.hear(&received.bytes, &topic, now) else { return Ok((answer::kept(), Some(Outcome::Duplicate))) };
    let time = body.time().unwrap_or(now);
    let mut told = Told {
        batch_seq,
        sent: keep::sent(state, &body, now),
        peer_connection_id: PeerConnectionId::new(connection.unwrap_or_default()).map_err(id_too_long)?,
        user_name: if topic == "events/userdetails" { body.text("userName") } else { String::new() },
        is_large: received.bytes.len() > app::INLINE_BYTES_MAX,
        reserved: received.reserved,
        ..Told::default()
    };
    if topic == STATISTICS {
        let missing =
            || Problem::unprocessable("stats_missing", "the report has no member `stats`; it is the array of the browser's stats objects");
        told.report = Some(body.into_report(time).ok_or_else(missing)?);
    } else {
        told.events = body.into_events(&topic, time);
    }
    match keep::keep(state, &visitor.app, &stay, told, account).await {
        Ok((_, outcome)) => Ok((answer::kept(), Some(outcome))),
        Err(refusal) => {
            stay.unhear();
            Err(refusal)
        }
    }
}

/// A stay that this process has not heard of: the store knows it from before a restart, or its join was lost and it begins here.
async fn recover(state: &AppState, from: &From<'_>, now: Timestamp) -> Result<Arc<Stay>, Refusal> {
    let app = from.visitor.app.key;
    let stored = match stay::key(from.uc_id) {
        Some(key) => {
            state.store.conference(app, key).await.map_err(|error| Problem::store(error, state.config.limits.retry_after.get()))?
        }
        None => None,
    };
    let found = stored
        .filter(|detail| detail.conference.conference_id.as_str() == from.conference_id)
        .and_then(|detail| stay::among(&detail, from));
    let participant_id = match found {
        Some(found) => found,
        None => ParticipantId::new(stay::participant_id(from.device, &from.visitor.session, now)).map_err(id_too_long)?,
    };
    let conference_id = ConferenceId::new(from.conference_id).map_err(id_too_long)?;
    let stay = Arc::new(Stay::of_the_past(app, conference_id, from.visitor.user_id.clone(), participant_id, now));
    state.callstats.stays.learn(from, &stay);
    Ok(stay)
}

fn id_too_long(error: IdTooLong) -> Problem {
    Problem::unprocessable("id_too_long", error.to_string())
}
