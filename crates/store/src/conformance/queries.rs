//! Cases on searching.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::{app, at, batch, found, leaving, stored};
use crate::{
    Store,
    query::{ConferenceQuery, TextMatch},
    record::{ConferenceKind, ConferenceState, ParticipantFacts},
    summary::{ConferenceScore, ConferenceSummary, IssueCount},
};
use sidetone_engine::{issue::Severity, score::life::Scores};

/// No query crosses apps.
pub async fn apps_do_not_see_each_other(store: &dyn Store) {
    let mut foreign = batch("c", "u", 0, 0, 10);
    foreign.app = app(2);
    let theirs = stored(store, foreign).await;
    let ours = stored(store, batch("c", "u", 0, 0, 10)).await;
    assert_ne!(ours.conference, theirs.conference);
    assert_eq!(found(store, ConferenceQuery::default()).await.len(), 1);
    assert!(store.conference(app(1), theirs.conference).await.unwrap().is_none());
    assert!(store.events(app(1), theirs.conference, &Default::default()).await.unwrap().rows.is_empty());
    let summary = ConferenceSummary { revision: 1, ..ConferenceSummary::default() };
    assert!(!store.finalise(app(1), theirs.conference, summary).await.unwrap());
    assert_eq!(store.erase_user(app(1), &theirs_user()).await.unwrap().participants, 1);
    assert!(store.conference(app(2), theirs.conference).await.unwrap().is_some());
}

fn theirs_user() -> sidetone_engine::ids::UserId {
    sidetone_engine::ids::UserId::new("u").unwrap()
}

/// Newest first, ties included.
pub async fn pages_hold_every_row_once(store: &dyn Store) {
    for number in 0..23 {
        stored(store, batch(&format!("c{number}"), "u", 0, number / 4, number / 4 + 1)).await;
    }
    let all = found(store, ConferenceQuery::default()).await;
    assert_eq!(all.len(), 23);
    assert!(all.is_sorted_by(|a, b| (a.start, a.key) > (b.start, b.key)));
    for limit in [1, 7, 22, 23, 24] {
        let mut query = ConferenceQuery { limit, ..ConferenceQuery::default() };
        let mut rows = Vec::new();
        loop {
            let page = store.search(app(1), &query).await.unwrap();
            assert!(page.rows.len() <= limit);
            rows.extend(page.rows);
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
        assert_eq!(rows, all, "pages of {limit}");
    }
}

/// Each condition alone, and two on one participant together.
pub async fn every_condition_selects(store: &dyn Store) {
    let facts = |browser: &str, site: &str, ticket: &str| ParticipantFacts {
        browser: browser.into(),
        site: site.into(),
        additional_ids: [("ticket".to_owned(), ticket.to_owned())].into(),
        ..ParticipantFacts::default()
    };
    let mut good = leaving(batch("Good call", "Ada", 0, 0, 100));
    good.facts = facts("Chrome", "Wien", "T-1");
    let good = stored(store, good).await;
    let mut bad = leaving(batch("good Night", "bob", 0, 1000, 1100));
    bad.facts = facts("Firefox", "Graz", "T-2");
    let bad = stored(store, bad).await;
    let mut other = leaving(batch("good Night", "eve", 0, 1000, 1100));
    other.facts = facts("Chrome", "Graz", "T-3");
    stored(store, other).await;
    for (place, mos, issues) in
        [(good, 4.3, vec![]), (bad, 2.1, vec![IssueCount { rule: "high_rtt".into(), severity: Severity::Major, count: 3 }])]
    {
        let revision = store.conference(app(1), place.conference).await.unwrap().unwrap().conference.revision;
        let score = ConferenceScore { scores: Scores { mos_cq: Some(mos), ..Scores::default() }, issues };
        let summary = ConferenceSummary { revision, score, ..ConferenceSummary::default() };
        assert!(store.finalise(app(1), place.conference, summary).await.unwrap());
    }
    let running = stored(store, batch("later", "ada", 0, 2000, 2100)).await;
    let mut test = leaving(batch("pre-call:1", "zoe", 0, 500, 600));
    test.conference_kind = ConferenceKind::PreCallTest;
    let test = stored(store, test).await;

    let any = ConferenceQuery::default;
    let prefix = |text: &str| Some(TextMatch::Prefix(text.into()));
    let exact = |text: &str| Some(TextMatch::Exact(text.into()));
    let cases = [
        ("from", ConferenceQuery { from: Some(at(101)), ..any() }, vec![running, bad, test]),
        ("until", ConferenceQuery { until: Some(at(1000)), ..any() }, vec![test, good]),
        ("id prefix", ConferenceQuery { conference_id: prefix("GOOD"), ..any() }, vec![bad, good]),
        ("id exact", ConferenceQuery { conference_id: exact("good night"), ..any() }, vec![]),
        ("user exact", ConferenceQuery { user_id: exact("Ada"), ..any() }, vec![good]),
        ("user prefix", ConferenceQuery { user_id: prefix("aD"), ..any() }, vec![running, good]),
        ("browser", ConferenceQuery { browser: Some("chrome".into()), ..any() }, vec![bad, good]),
        ("site", ConferenceQuery { site: Some("Graz".into()), ..any() }, vec![bad]),
        ("any additional id", ConferenceQuery { additional_id: Some((None, "T-2".into())), ..any() }, vec![bad]),
        ("additional id", ConferenceQuery { additional_id: Some((Some("ticket".into()), "T-1".into())), ..any() }, vec![good]),
        ("wrong name", ConferenceQuery { additional_id: Some((Some("order".into()), "T-1".into())), ..any() }, vec![]),
        ("issue", ConferenceQuery { issue: Some("high_rtt".into()), ..any() }, vec![bad]),
        ("severity", ConferenceQuery { severity: Some(Severity::Major), ..any() }, vec![bad]),
        ("severity of it", ConferenceQuery { issue: Some("high_rtt".into()), severity: Some(Severity::Critical), ..any() }, vec![]),
        ("at least", ConferenceQuery { mos_min: Some(4.0), ..any() }, vec![good]),
        ("at most", ConferenceQuery { mos_max: Some(3.0), ..any() }, vec![bad]),
        ("kind", ConferenceQuery { kind: Some(ConferenceKind::PreCallTest), ..any() }, vec![test]),
        ("no such kind", ConferenceQuery { kind: Some(ConferenceKind::Bridge), ..any() }, vec![]),
        ("calls", ConferenceQuery { kind: Some(ConferenceKind::Call), ..any() }, vec![running, bad, good]),
        ("running", ConferenceQuery { state: Some(ConferenceState::Running), ..any() }, vec![running]),
        // Graz and Firefox are one participant, Firefox and T-3 are two.
        ("one participant", ConferenceQuery { site: Some("Graz".into()), browser: Some("Firefox".into()), ..any() }, vec![bad]),
        ("two", ConferenceQuery { browser: Some("Firefox".into()), additional_id: Some((None, "T-3".into())), ..any() }, vec![]),
    ];
    for (name, query, expected) in cases {
        let keys: Vec<_> = found(store, query).await.iter().map(|row| row.key).collect();
        assert_eq!(keys, expected.iter().map(|place| place.conference).collect::<Vec<_>>(), "{name}");
    }
}
