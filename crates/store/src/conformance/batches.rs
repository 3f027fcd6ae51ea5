//! Cases on keeping batches.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::{app, at, batch, event, reports, stored};
use crate::{
    Store,
    chunks::ReportExtent,
    error::StoreError,
    query::{ConferenceQuery, EventQuery, TextMatch},
    record::{Appended, ParticipantFacts},
};
use sidetone_engine::ids::{ConferenceId, UserId};

/// A repeated batch changes nothing and tells where the first one is.
pub async fn a_batch_is_stored_once(store: &dyn Store) {
    let mut first = batch("c", "u", 0, 0, 10);
    first.reports = Some(reports(0, 10));
    first.events = vec![event(1, "muted", "{}")];
    let place = stored(store, first.clone()).await;
    assert_eq!(store.append(first).await.unwrap(), Appended::Duplicate(place));
    let detail = store.conference(app(1), place.conference).await.unwrap().unwrap();
    assert_eq!(detail.peer_connections[0].report_count, 11);
    assert_eq!(store.chunks(app(1), place.peer_connection.unwrap()).await.unwrap().count(), 1);
    assert_eq!(store.events(app(1), place.conference, &EventQuery::default()).await.unwrap().rows.len(), 1);
    let key = place.peer_connection.unwrap();
    assert_eq!((store.place(app(1), key).await.unwrap(), store.place(app(2), key).await.unwrap()), (Some(place), None));
}

/// A retry that overtakes makes no difference.
pub async fn batches_of_both_orders_end_up_the_same(store: &dyn Store) {
    for (conference, order) in [("in order", [0, 1, 2]), ("late", [2, 0, 1])] {
        let mut place = None;
        for seq in order {
            let from = i64::from(seq) * 10;
            let mut next = batch(conference, conference, seq, from, from + 9);
            next.reports = Some(reports(from, from + 9));
            place = Some(stored(store, next).await);
        }
        let place = place.unwrap();
        let detail = store.conference(app(1), place.conference).await.unwrap().unwrap();
        assert_eq!((detail.conference.start, detail.conference.end), (at(0), at(29)));
        assert_eq!((detail.participants[0].joined, detail.participants[0].last_seen), (at(0), at(29)));
        assert_eq!((detail.peer_connections[0].start, detail.peer_connections[0].report_count), (at(0), 30));
        let chunks = store.chunks(app(1), place.peer_connection.unwrap()).await.unwrap();
        let starts: Vec<_> = chunks.map(|chunk| chunk.unwrap().reports.span.0).collect();
        assert_eq!(starts, [at(0), at(10), at(20)]);
    }
}

/// A client cannot put reports into somebody else's stay.
pub async fn a_participant_is_of_one_user(store: &dyn Store) {
    stored(store, batch("c", "u", 0, 0, 10)).await;
    let mut foreign = batch("c", "u", 1, 0, 10);
    foreign.user_id = UserId::new("somebody else").unwrap();
    let error = store.append(foreign).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { .. }), "{error}");
    // The refusal left nothing behind: the same number is still free.
    stored(store, batch("c", "u", 1, 0, 10)).await;
}

/// Opaque, case-sensitive, never normalised.
pub async fn ids_are_exact_and_found_again(store: &dyn Store) {
    let long = "ü".repeat(2048);
    let ids = ["", " ", "インターネット", "ອິນເຕີເນັດ", "Straße", "STRASSE", "é", "e\u{301}", "a%_'\"\\", &long];
    for (number, id) in ids.iter().enumerate() {
        let mut new = batch(id, &format!("u{number}"), 0, 0, 10);
        new.user_id = UserId::new(*id).unwrap();
        stored(store, new).await;
    }
    for id in ids {
        for query in [
            ConferenceQuery { conference_id: Some(TextMatch::from(ConferenceId::new(id).unwrap())), ..ConferenceQuery::default() },
            ConferenceQuery { user_id: Some(TextMatch::Exact(id.into())), ..ConferenceQuery::default() },
        ] {
            let rows = super::found(store, query).await;
            assert_eq!(rows.iter().map(|row| row.conference_id.as_str()).collect::<Vec<_>>(), [id]);
        }
    }
}

/// Bytes, counts, spans and clock corrections.
pub async fn chunks_come_back_as_given(store: &dyn Store) {
    let mut given = reports(0, 10);
    given.shift_us = -7_200_000_001;
    let mut new = batch("c", "u", 0, 0, 10);
    new.reports = Some(given.clone());
    let place = stored(store, new).await;
    let key = place.peer_connection.unwrap();
    let chunks = store.chunks(app(1), key).await.unwrap();
    assert_eq!(chunks.map(|chunk| chunk.unwrap().reports).collect::<Vec<_>>(), [given.clone()]);
    assert!(store.chunks(app(2), key).await.unwrap().next().is_none());
    let extent = ReportExtent { span: given.span, count: given.count.into() };
    assert_eq!((store.report_extent(app(1), key).await.unwrap(), store.report_extent(app(2), key).await.unwrap()), (Some(extent), None));
    let (first, last) = given.span;
    let between = async |from, until| store.chunks_between(app(1), key, (from, until)).await.unwrap().count();
    assert_eq!((between(last, last).await, between(first.plus_micros(-9), first).await), (1, 1));
    assert_eq!(
        (between(last.plus_micros(1), last.plus_micros(9)).await, between(first.plus_micros(-9), first.plus_micros(-1)).await),
        (0, 0)
    );
}

/// By time, then as they came; facts of a `joined` event stand with the participant, and what is told again replaces.
pub async fn events_come_back_in_order(store: &dyn Store) {
    let mut first = batch("c", "u", 0, 0, 10);
    first.events = vec![event(5, "b", r#"{"n":1}"#), event(5, "c", "{}"), event(1, "a", "{}")];
    first.facts = ParticipantFacts {
        browser: "Chrome".into(),
        os: "Linux".into(),
        additional_ids: [("ticket".into(), "T-1".into())].into(),
        ..ParticipantFacts::default()
    };
    let place = stored(store, first).await;
    let mut second = batch("c", "u", 1, 10, 20);
    second.facts = ParticipantFacts { browser: "Firefox".into(), ..ParticipantFacts::default() };
    stored(store, second).await;
    let all = store.events(app(1), place.conference, &EventQuery::default()).await.unwrap();
    assert_eq!(all.rows.iter().map(|row| row.event.kind.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(all.rows[1].event, event(5, "b", r#"{"n":1}"#));
    assert_eq!((all.rows[1].participant, all.rows[1].peer_connection), (place.participant, place.peer_connection));
    let mut query = EventQuery { limit: 1, ..EventQuery::default() };
    let mut kinds = Vec::new();
    loop {
        let page = store.events(app(1), place.conference, &query).await.unwrap();
        kinds.extend(page.rows.into_iter().map(|row| row.event.kind));
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    assert_eq!(kinds, ["a", "b", "c"]);
    let some = EventQuery { kinds: vec!["a".into(), "c".into()], participant: Some(place.participant), ..EventQuery::default() };
    assert_eq!(store.events(app(1), place.conference, &some).await.unwrap().rows.len(), 2);
    let detail = store.conference(app(1), place.conference).await.unwrap().unwrap();
    let facts = &detail.participants[0].facts;
    assert_eq!((facts.browser.as_str(), facts.os.as_str(), facts.additional_ids.len()), ("Firefox", "Linux", 1));
}

/// What a participant says of itself stands, whether others spoke of it before or after; what only they know is kept.
pub async fn hearsay_stands_where_nothing_else_was_said(store: &dyn Store) {
    let told =
        |user_agent: &str, sdk: &str| ParticipantFacts { user_agent: user_agent.into(), sdk: sdk.into(), ..ParticipantFacts::default() };
    for (conference, order) in [("page first", [0, 1]), ("page last", [1, 0])] {
        let mut place = None;
        for seq in order {
            let mut next = batch(conference, conference, seq, 0, 10);
            next.is_hearsay = seq == 1;
            next.facts = match seq {
                0 => ParticipantFacts { additional_ids: [("ticket".into(), "T-1".into())].into(), ..told("Mozilla/5.0", "sidetone-js") },
                _ => ParticipantFacts {
                    site: "Bergen".into(),
                    additional_ids: [("ticket".into(), "T-2".into()), ("trunk".into(), "gw".into())].into(),
                    ..told("desk phone", "SIP")
                },
            };
            next.events = vec![event(i64::from(seq), "joined", &format!(r#"{{"user_agent":"{}"}}"#, next.facts.user_agent))];
            place = Some(stored(store, next).await);
        }
        let place = place.unwrap();
        let detail = store.conference(app(1), place.conference).await.unwrap().unwrap();
        let expected = ParticipantFacts {
            site: "Bergen".into(),
            additional_ids: [("ticket".into(), "T-1".into()), ("trunk".into(), "gw".into())].into(),
            ..told("Mozilla/5.0", "sidetone-js")
        };
        assert_eq!(detail.participants[0].facts, expected, "{conference}");
        let events = store.events(app(1), place.conference, &EventQuery::default()).await.unwrap().rows;
        let told: Vec<_> = events.iter().map(|row| row.event.payload.as_str()).collect();
        assert_eq!(told, [r#"{"user_agent":"Mozilla/5.0"}"#, r#"{"user_agent":"desk phone"}"#], "{conference}");
    }
}
