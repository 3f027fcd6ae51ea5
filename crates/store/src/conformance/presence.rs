//! Cases on who is there, and which conference a batch belongs to.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::{app, at, batch, event, leaving, stored};
use crate::{
    Store,
    query::{ConferenceQuery, EventQuery},
    record::{ConferenceState, Ended, Place},
    summary::ConferenceSummary,
};
use sidetone_engine::ids::{ParticipantId, PeerConnectionId};

async fn state(store: &dyn Store, place: Place) -> ConferenceState {
    store.conference(app(1), place.conference).await.unwrap().unwrap().conference.state
}

/// The conference ends with its last participant, and not before.
pub async fn a_leave_ends_the_conference(store: &dyn Store) {
    let one = stored(store, batch("c", "u", 0, 0, 10)).await;
    let other = stored(store, batch("c", "v", 0, 2, 10)).await;
    assert_eq!(one.conference, other.conference);
    stored(store, leaving(batch("c", "u", 1, 10, 12))).await;
    assert_eq!(state(store, one).await, ConferenceState::Running);
    stored(store, leaving(batch("c", "v", 1, 10, 15))).await;
    assert_eq!(state(store, one).await, ConferenceState::Ended);
    let detail = store.conference(app(1), one.conference).await.unwrap().unwrap();
    assert_eq!(
        detail.participants.iter().map(|p| (p.ended, p.timed_out)).collect::<Vec<_>>(),
        [(Some(at(12)), false), (Some(at(15)), false)]
    );
    let ended = Ended { app: app(1), conference: one.conference };
    assert_eq!(store.end_silent(at(0)).await.unwrap(), [ended]);
}

/// Silence ends a participant at the last instant heard of.
pub async fn silence_ends_the_conference(store: &dyn Store) {
    let place = stored(store, batch("c", "u", 0, 0, 10)).await;
    assert!(store.end_silent(at(10)).await.unwrap().is_empty());
    assert_eq!(store.end_silent(at(11)).await.unwrap().len(), 1);
    let detail = store.conference(app(1), place.conference).await.unwrap().unwrap();
    assert_eq!((detail.participants[0].ended, detail.participants[0].timed_out), (Some(at(10)), true));
    assert_eq!(detail.conference.state, ConferenceState::Ended);
    // Named again until it is finalised.
    assert_eq!(store.end_silent(at(11)).await.unwrap().len(), 1);
}

/// An offline queue that is sent after the call belongs to the call, which is then summed up anew.
pub async fn a_late_batch_reopens_its_conference(store: &dyn Store) {
    let place = stored(store, leaving(batch("c", "u", 5, 40, 60))).await;
    let detail = store.conference(app(1), place.conference).await.unwrap().unwrap();
    let summary = ConferenceSummary { revision: detail.conference.revision, ..ConferenceSummary::default() };
    assert!(store.finalise(app(1), place.conference, summary.clone()).await.unwrap());
    assert_eq!(state(store, place).await, ConferenceState::Finalised);
    let mut late = batch("c", "u", 2, 20, 30);
    late.received = at(500);
    assert_eq!(stored(store, late).await.conference, place.conference);
    assert_eq!(state(store, place).await, ConferenceState::Ended);
    assert!(!store.finalise(app(1), place.conference, summary).await.unwrap(), "a summary of before is not true any more");
    let detail = store.conference(app(1), place.conference).await.unwrap().unwrap();
    assert_eq!((detail.conference.start, detail.conference.end), (at(20), at(60)));
    // So does another stay that was there at the time.
    assert_eq!(stored(store, leaving(batch("c", "v", 0, 35, 45))).await.conference, place.conference);
}

/// A conference that ended is not continued by the next one of its name.
pub async fn an_id_used_again_is_another_conference(store: &dyn Store) {
    let first = stored(store, leaving(batch("standup", "u", 0, 0, 60))).await;
    let mut next = batch("standup", "u", 0, 61, 90);
    next.participant_id = ParticipantId::new("the next day").unwrap();
    let second = stored(store, next).await;
    assert_ne!(first.conference, second.conference);
    let rows = super::found(store, ConferenceQuery::default()).await;
    assert_eq!(rows.iter().map(|row| row.key).collect::<Vec<_>>(), [second.conference, first.conference]);
}

/// The same user twice is two participants.
pub async fn a_user_may_be_there_twice(store: &dyn Store) {
    let laptop = stored(store, batch("c", "u", 0, 0, 10)).await;
    let mut phone = batch("c", "u", 0, 3, 10);
    phone.participant_id = ParticipantId::new("phone").unwrap();
    let phone = stored(store, phone).await;
    assert_eq!(laptop.conference, phone.conference);
    assert_ne!(laptop.participant, phone.participant);
    let detail = store.conference(app(1), laptop.conference).await.unwrap().unwrap();
    assert_eq!((detail.conference.participant_count, detail.conference.peer_connection_count), (2, 2));
}

/// A word on a call that is over, or a line of its log, is kept with it; the call does not go on, and the next of its name is another.
pub async fn an_afterthought_does_not_go_on_with_the_call(store: &dyn Store) {
    let thought = |seq, second, kind: &str| {
        let mut batch = batch("c", "u", seq, second, second);
        batch.peer_connection_id = PeerConnectionId::default();
        batch.events = vec![event(second, kind, "{}")];
        batch
    };
    let place = stored(store, batch("c", "u", 0, 0, 10)).await;
    stored(store, thought(0, 20, "log")).await;
    assert_eq!(store.end_silent(at(15)).await.unwrap(), [], "who says something is there");
    stored(store, leaving(batch("c", "u", 1, 10, 12))).await;
    for (seq, second, kind) in [(1, 40, "feedback"), (2, 300, "log"), (3, 301, "dropped"), (4, 302, "custom")] {
        let thought = stored(store, thought(seq, second, kind)).await;
        assert_eq!((thought.conference, thought.participant), (place.conference, place.participant));
    }
    let detail = store.conference(app(1), place.conference).await.unwrap().unwrap();
    assert_eq!((detail.conference.state, detail.conference.end), (ConferenceState::Ended, at(12)));
    assert_eq!((detail.participants[0].ended, detail.participants[0].timed_out), (Some(at(12)), false));
    let events = store.events(app(1), place.conference, &EventQuery { limit: 10, ..EventQuery::default() }).await.unwrap();
    assert_eq!(events.rows.iter().map(|row| &*row.event.kind).collect::<Vec<_>>(), ["log", "feedback", "log", "dropped", "custom"]);
    let mut next = batch("c", "u", 0, 310, 320);
    next.participant_id = ParticipantId::new("the next call").unwrap();
    assert_ne!(stored(store, next).await.conference, place.conference);
}

/// A time-out was only a guess.
pub async fn who_returns_after_silence_is_there_again(store: &dyn Store) {
    let place = stored(store, batch("c", "u", 0, 0, 10)).await;
    store.end_silent(at(100)).await.unwrap();
    let again = stored(store, batch("c", "u", 1, 110, 120)).await;
    assert_eq!(again, place);
    let detail = store.conference(app(1), place.conference).await.unwrap().unwrap();
    assert_eq!(detail.conference.state, ConferenceState::Running);
    assert_eq!((detail.participants[0].ended, detail.participants[0].timed_out), (None, false));
}
