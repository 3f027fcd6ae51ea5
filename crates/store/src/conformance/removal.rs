//! Cases on erasure, expiry and apps.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::{app, at, batch, event, found, leaving, reports, stored};
use crate::{
    Store,
    query::{ConferenceQuery, EventQuery},
    record::{AppSettings, CallstatsSettings, Erased, NewApp, Secret, TokenAlgorithm, TokenKey},
};
use sidetone_engine::{
    ids::UserId,
    issue::{Preset, Tuned},
};

/// The user goes, those who were there stay.
pub async fn a_user_is_erased(store: &dyn Store) {
    let mut theirs = leaving(batch("shared", "gone", 0, 0, 10));
    theirs.events = vec![event(1, "said", r#"{"secret":1}"#)];
    theirs.reports = Some(reports(0, 10));
    let theirs = stored(store, theirs).await;
    let mut other = leaving(batch("shared", "stays", 0, 0, 10));
    other.events = vec![event(2, "said", "{}")];
    stored(store, other).await;
    stored(store, leaving(batch("alone", "gone", 0, 100, 110))).await;
    let erased = store.erase_user(app(1), &UserId::new("gone").unwrap()).await.unwrap();
    assert_eq!(erased, Erased { participants: 2, peer_connections: 2, reports: 11, events: 1 });
    let rows = found(store, ConferenceQuery::default()).await;
    assert_eq!(rows.iter().map(|row| (row.conference_id.as_str(), row.participant_count)).collect::<Vec<_>>(), [("shared", 1)]);
    assert!(store.chunks(app(1), theirs.peer_connection.unwrap()).await.unwrap().next().is_none());
    assert_eq!(store.events(app(1), theirs.conference, &EventQuery::default()).await.unwrap().rows.len(), 1);
    assert_eq!(store.erase_user(app(1), &UserId::new("gone").unwrap()).await.unwrap(), Erased::default());
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
}

/// Oldest first, in small batches; what still runs stays.
pub async fn conferences_expire_by_age(store: &dyn Store) {
    for number in 0..5 {
        stored(store, leaving(batch(&format!("old {number}"), "u", 0, number, number + 1))).await;
    }
    stored(store, batch("still running", "u", 0, 0, 1)).await;
    stored(store, leaving(batch("young", "u", 0, 100, 110))).await;
    let mut removed = Vec::new();
    loop {
        let expired = store.expire(app(1), at(50), 2).await.unwrap().conferences;
        removed.push(expired);
        if expired == 0 {
            break;
        }
    }
    assert_eq!(removed, [2, 2, 1, 0]);
    let left: Vec<_> = found(store, ConferenceQuery::default()).await.iter().map(|row| row.conference_id.to_string()).collect();
    assert_eq!(left, ["young", "still running"]);
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
}

fn new_app(number: u128) -> NewApp {
    NewApp {
        key: app(number),
        name: "Kundendienst".into(),
        created: at(0),
        settings: AppSettings {
            intake_secrets: vec![[1; 32]],
            query_secrets: vec![[2; 32], [3; 32]],
            names_secrets: vec![[4; 32]],
            messenger_pages: vec!["1234567890".into()],
            token_keys: vec![TokenKey { kid: "k1".into(), algorithm: TokenAlgorithm::Es256, material: Secret(b"PEM".to_vec()) }],
            origins: vec!["https://app.example".into()],
            retention_days: Some(30),
            keep_addresses: true,
            rules: Tuned::read(Preset::Twilio, "high_rtt.major=500").unwrap(),
            callstats: Some(CallstatsSettings { app_id: 123_456_789, secrets: vec![Secret(b"a2V5:secret".to_vec())] }),
        },
    }
}

/// With an app goes all that belongs to it, and nothing else.
pub async fn an_app_goes_with_all_it_has(store: &dyn Store) {
    store.create_app(new_app(1)).await.unwrap();
    let mut other = batch("c", "u", 0, 0, 10);
    other.app = app(2);
    let other = stored(store, other).await;
    let place = stored(store, batch("c", "u", 0, 0, 10)).await;
    assert!(store.remove_app(app(1)).await.unwrap());
    assert!(!store.remove_app(app(1)).await.unwrap());
    assert!(store.conference(app(1), place.conference).await.unwrap().is_none());
    assert!(store.conference(app(2), other.conference).await.unwrap().is_some());
    assert!(store.apps().await.unwrap().is_empty());
}

/// Settings come back as given and can be changed.
pub async fn apps_are_kept(store: &dyn Store) {
    let mut created = store.create_app(new_app(1)).await.unwrap();
    let other = store.create_app(new_app(2)).await.unwrap();
    assert_eq!(store.apps().await.unwrap(), [created.clone(), other.clone()]);
    created.settings.intake_secrets.clear();
    created.name = "Other".into();
    assert_eq!(store.update_app(created.clone()).await.unwrap(), Some(created.clone()));
    assert_eq!(store.apps().await.unwrap(), [created, other.clone()]);
    store.remove_app(other.key).await.unwrap();
    assert_eq!(store.update_app(other).await.unwrap(), None);
}

/// What was committed is counted, and what was removed leaves room that is told.
pub async fn health_tells_what_was_done(store: &dyn Store) {
    let before = store.health().await.unwrap();
    for seq in 0..20 {
        let mut batch = batch("c", "u", seq, i64::from(seq), i64::from(seq) + 1);
        batch.events = vec![event(i64::from(seq), "note", &format!(r#"{{"text":"{}"}}"#, "x".repeat(10_000)))];
        stored(store, batch).await;
    }
    store.append(batch("c", "u", 0, 0, 1)).await.unwrap();
    let health = store.health().await.unwrap();
    assert_eq!((health.waiting_batches, health.waiting_bytes), (0, 0));
    assert_eq!(health.committed_batches - before.committed_batches, 20, "the duplicate is not counted");
    assert!((1..=21).contains(&(health.commits - before.commits)), "{health:?}");
    assert!(health.commit_time > before.commit_time, "{health:?}");
    assert!(health.size_bytes >= before.size_bytes + 200_000, "{health:?}");
    store.erase_user(app(1), &UserId::new("u").unwrap()).await.unwrap();
    let after = store.health().await.unwrap();
    assert!(after.free_bytes >= 200_000 || after.size_bytes <= health.size_bytes - 200_000, "{after:?}");
}
