//! What calls tell, into the store: a conference for each call, named by its `X-CallUUID`, with a participant for each end.
//!
//! What happens within [`GATHERING`] is written at once: a batch for each participant, and all of them in as few commits as the store can.

use std::{collections::HashMap, time::Duration};

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use sidetone_engine::{
    ids::{AppKey, ConferenceId, ParticipantId, PeerConnectionId, UserId},
    report::Reports,
    units::Timestamp,
};
use sidetone_sip::{CallEvent, Passed, What};
use sidetone_store::record::{Append, Appended};
use sidetone_wire::batch::{Batch, Event, kind};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{dialling::Dialling, lock};
use crate::{
    account::{BatchAccount, Outcome},
    intake::{
        kept::KeptBatch,
        prepare::{self, TimePolicy},
    },
    live::LiveBatch,
    state::AppState,
};

/// How long the first event of many waits for those that follow.
const GATHERING: Duration = Duration::from_millis(100);
/// Events that are taken at once.
const TAKEN_AT_ONCE: usize = 16_384;
/// Batches that are written at once: they share commits.
const WRITTEN_AT_ONCE: usize = 1024;

/// A message of a call, told of its caller.
pub(crate) const MESSAGE: &str = "sip_message";

/// A caller waited too long after dialling, told of the caller.
const SLOW_SETUP: &str = "sip_slow_setup";

/// Names a participant.
type Stay = (AppKey, String, String);

/// What participants told, each with its events in their order.
#[derive(Debug, Default)]
struct Gathered {
    places: HashMap<Stay, usize>,
    told: Vec<Told>,
}

#[derive(Debug)]
struct Told {
    stay: Stay,
    user: String,
    events: Vec<Event>,
}

impl Gathered {
    fn add(&mut self, stay: &Stay, user: &str, events: impl IntoIterator<Item = Event>) {
        let place = *self.places.entry(stay.clone()).or_insert(self.told.len());
        match self.told.get_mut(place) {
            Some(told) => told.events.extend(events),
            None => self.told.push(Told { stay: stay.clone(), user: user.to_owned(), events: events.into_iter().collect() }),
        }
    }
}

/// One end of a call that is there.
#[derive(Clone)]
struct Present {
    user: String,
    written: Timestamp,
}

/// Writes what calls tell, and signs of life of those that go on.
pub(crate) async fn run(state: &AppState) {
    let Some(sip) = &state.sip else { return };
    let Some(mut events) = lock(&sip.waiting).take() else { return };
    let mut present: HashMap<Stay, Present> = HashMap::new();
    let mut dialling = Dialling::new();
    let pause = state.config.presence.participant_timeout.get() / 3;
    let mut beats = interval(pause / 2);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut batch_seq = slot(state.clock.now());
    loop {
        let mut taken = Vec::new();
        let mut is_stopping = tokio::select! {
            _ = events.recv_many(&mut taken, TAKEN_AT_ONCE) => false,
            _ = beats.tick() => false,
            () = state.stopped() => true,
        };
        if !is_stopping && (1..TAKEN_AT_ONCE).contains(&taken.len()) {
            is_stopping = timeout(GATHERING, state.stopped()).await.is_ok();
        }
        let most = if is_stopping { usize::MAX } else { TAKEN_AT_ONCE };
        while taken.len() < most
            && let Ok(event) = events.try_recv()
        {
            taken.push(event);
        }
        let now = state.clock.now();
        let mut gathered = Gathered::default();
        for event in taken {
            let stay = (event.app, event.call_uuid.clone(), event.party.participant_id.clone());
            let slow = waited(&event).and_then(|delay| dialling.hear(event.app, delay));
            let slow = slow.map(|slow| Event { time: event.at, kind: SLOW_SETUP.to_owned(), payload: slow.payload().to_string() });
            gathered.add(&stay, &event.party.user, [as_event(&event)].into_iter().chain(slow));
            match event.what {
                What::Left => drop(present.remove(&stay)),
                // The last messages of a call pass when its ends have left.
                What::Passed(_) => {}
                _ => drop(present.insert(stay, Present { user: event.party.user, written: now })),
            }
        }
        let silent_since = now.plus_micros(-i64::try_from(pause.as_micros()).unwrap_or(i64::MAX));
        for (stay, end) in present.iter_mut().filter(|(_, end)| end.written < silent_since) {
            end.written = now;
            gathered.add(stay, &end.user, []);
        }
        batch_seq = next(batch_seq, now);
        let seq = batch_seq;
        stream::iter(gathered.told).for_each_concurrent(WRITTEN_AT_ONCE, |told| async move { keep(state, told, seq, now).await }).await;
        if is_stopping {
            return;
        }
    }
}

/// Tenths of a millisecond: the number of a batch, so that it is another one after a restart too, and none that a client gives the same
/// participant. It comes round after five days.
fn slot(now: Timestamp) -> u32 {
    u32::try_from((now.as_micros() / 100).rem_euclid(1 << 32)).unwrap_or_default()
}

/// The number after `last`.
fn next(last: u32, now: Timestamp) -> u32 {
    let (now, next) = (slot(now), last.wrapping_add(1));
    if now.wrapping_sub(next) <= u32::MAX / 2 { now } else { next }
}

async fn keep(state: &AppState, told: Told, batch_seq: u32, now: Timestamp) {
    let Told { stay: (app, call_uuid, participant_id), user, events } = told;
    let mut account = BatchAccount::open(&state.accounts);
    account.holds(0, events.len());
    let Ok(Some(app)) = state.apps.by_key(app).await else { return account.settle(Outcome::Unauthorized("app_unknown")) };
    let batch = Batch {
        conference_id: ConferenceId::new(call_uuid).unwrap_or_default(),
        user_id: UserId::new(user).unwrap_or_default(),
        participant_id: ParticipantId::new(participant_id).unwrap_or_default(),
        peer_connection_id: PeerConnectionId::default(),
        batch_seq,
        sent: now,
        events,
        reports: Reports::default(),
    };
    let mut kept = KeptBatch::new(&app, batch, None);
    let append = match prepare::prepare(&mut kept, now, TimePolicy::Recorded) {
        // A page that takes part tells more of itself.
        Ok(append) => Append { is_hearsay: true, ..append },
        Err(refused) => return account.settle(Outcome::Invalid(refused.code())),
    };
    let live = LiveBatch::new(&append, kept.rules, kept.batch.reports, Vec::new());
    match state.store.append(append).await {
        Ok(Appended::Stored(place)) => {
            state.accounts.addresses_hidden(kept.hidden);
            state.live.offer(place, live);
            account.settle(Outcome::Stored);
        }
        Ok(Appended::Duplicate(_)) => account.settle(Outcome::Duplicate),
        Err(error) => {
            tracing::error!(%error, "what a call told could not be kept");
            account.settle(Outcome::Busy("store_failed"));
        }
    }
}

/// How long a caller waited for the first sign of ringing, once a call.
fn waited(event: &CallEvent) -> Option<Duration> {
    match event.what {
        What::Ringing { post_dial_delay, .. } => post_dial_delay,
        // It did not ring before.
        What::Answered { post_dial_delay, ringing: Some(Duration::ZERO) } => post_dial_delay,
        _ => None,
    }
}

/// As the timeline shows it.
fn as_event(event: &CallEvent) -> Event {
    let millis = |span: &Option<Duration>| span.map(|span| span.as_secs_f64() * 1000.0);
    let (kind, payload): (&str, Value) = match &event.what {
        What::Joined { user_agent } => (kind::JOINED, json!({"sdk": "SIP", "user_agent": user_agent})),
        What::Invited { to } => ("sip_invite", json!({"to": to})),
        What::Ringing { code, post_dial_delay } => ("sip_ringing", json!({"code": code, "post_dial_delay_ms": millis(post_dial_delay)})),
        What::Answered { post_dial_delay, ringing } => {
            ("sip_answered", json!({"code": 200, "post_dial_delay_ms": millis(post_dial_delay), "ringing_ms": millis(ringing)}))
        }
        What::Refused { code, reason, ringing } => ("sip_refused", json!({"code": code, "reason": reason, "ringing_ms": millis(ringing)})),
        What::Redirected { code, to } => ("sip_redirected", json!({"code": code, "to": to})),
        What::HungUp { by, is_own, reason } => ("sip_hung_up", json!({"by": by, "own": is_own, "reason": reason})),
        What::Lost => ("sip_lost", json!({})),
        What::Left => (kind::LEFT, json!({})),
        What::Passed(passed) => (MESSAGE, message(passed)),
    };
    Event { time: event.at, kind: kind.to_owned(), payload: payload.to_string() }
}

/// Without what says nothing.
fn message(passed: &Passed) -> Value {
    let Passed { leg, user, participant_id, is_received, method, cseq, code, reason, is_in_dialog, media, left_out } = passed;
    let mut payload =
        json!({"leg": leg, "user": user, "direction": if *is_received { "received" } else { "sent" }, "method": method, "cseq": cseq});
    let mut add = |name: &str, value: Option<Value>| {
        if let (Value::Object(members), Some(value)) = (&mut payload, value) {
            members.insert(name.to_owned(), value);
        }
    };
    add("participant_id", (!participant_id.is_empty()).then(|| json!(participant_id)));
    add("code", code.map(|code| json!(code)));
    add("reason", (!reason.is_empty()).then(|| json!(reason)));
    add("in_dialog", is_in_dialog.then(|| json!(true)));
    add("media", media.map(|media| json!(media)));
    add("left_out", (*left_out > 0).then(|| json!(left_out)));
    payload
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_participant_has_one_batch_with_its_events_in_their_order() {
        let mut gathered = Gathered::default();
        let stay = |participant: &str| (AppKey::from_bytes([1; 16]), "call".to_owned(), participant.to_owned());
        let event = |kind: &str| Event { time: Timestamp::from_micros(1), kind: kind.to_owned(), payload: "{}".to_owned() };
        for (participant, kind) in [("a", "joined"), ("b", "joined"), ("a", "sip_invite"), ("b", "left"), ("a", "left")] {
            gathered.add(&stay(participant), "user", [event(kind)]);
        }
        gathered.add(&stay("c"), "user", []);
        let told: Vec<_> = gathered
            .told
            .iter()
            .map(|told| (told.stay.2.as_str(), told.events.iter().map(|event| event.kind.as_str()).collect()))
            .collect();
        let expected: [(&str, Vec<&str>); 3] = [("a", vec!["joined", "sip_invite", "left"]), ("b", vec!["joined", "left"]), ("c", vec![])];
        assert_eq!(told, expected);
    }
}
