//! `POST …/conferences/{id}`: a participant joins, and learns the name of this occurrence.

use std::sync::Arc;

use axum::extract::Request;
use sidetone_engine::ids::{ConferenceId, ParticipantId, PeerConnectionId};

use super::{
    access_token::Visitor,
    answer::{self, Refusal},
    app::{self, Answered},
    keep::{self, Told},
    stay::{self, From, Stay},
};
use crate::{account::BatchAccount, problem::Problem, state::AppState};

pub(super) async fn keep(
    state: &AppState,
    visitor: &Visitor,
    conference_id: String,
    request: Request,
    account: &mut BatchAccount,
) -> Result<Answered, Refusal> {
    let (body, received) = app::read(state, request, false).await?;
    app::check_user(visitor, &body)?;
    let now = state.clock.now();
    let (time, sent, device) = (body.time().unwrap_or(now), keep::sent(state, &body, now), body.text("deviceID"));
    let id_too_long = |error: sidetone_engine::ids::IdTooLong| Problem::unprocessable("id_too_long", error.to_string());
    let participant_id = ParticipantId::new(stay::participant_id(&device, &visitor.session, time)).map_err(id_too_long)?;
    let conference = ConferenceId::new(conference_id.as_str()).map_err(id_too_long)?;
    let stay = Arc::new(Stay::new(visitor.app.key, conference, visitor.user_id.clone(), participant_id, now));
    let told = Told {
        batch_seq: 0,
        sent,
        peer_connection_id: PeerConnectionId::default(),
        events: body.into_events("", time),
        reserved: received.reserved,
        ..Told::default()
    };
    let (place, outcome) = keep::keep(state, &visitor.app, &stay, told, account).await?;
    let uc_id = place.conference.to_string();
    let from = From { visitor, conference_id: &conference_id, uc_id: &uc_id, device: &device, connection: None };
    state.callstats.stays.learn(&from, &stay);
    Ok((answer::joined(&uc_id), Some(outcome)))
}
