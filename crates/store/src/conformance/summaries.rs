//! Cases on finalising and folding.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use super::{app, at, batch, leaving, reports, stored};
use crate::{
    Store,
    record::{ConferenceState, Ended, Place},
    summary::{ConferenceScore, ConferenceSummary, IssueCount, Judge, PeerConnectionSummary, ScoreMoment},
};
use sidetone_engine::{
    analysis::{Analysis, Direction, MediaKind, Stream, StreamAnalysis, StreamId, Summary, UnjudgedTime},
    diagnosis::{Cause, Diagnosis, Evidence as Witness, Hop, Side},
    ids::PeerConnectionKey,
    issue::{Evidence, Issue, Severity},
    metric::Metric,
    score::life::Scores,
    score::{moments::Moment, unjudged::Unjudged},
};

fn analysis() -> Analysis {
    let id = StreamId { direction: Direction::Inbound, kind: MediaKind::Audio, ssrc: u32::MAX };
    let summary = |metric| Summary { metric, count: 9, mean: 0.1 + 0.2, min: 0.0, max: 1e9, p5: 0.5, p50: 1.0, p95: 2.5 };
    let issue = |stream, cleared| Issue {
        rule: "high_rtt".into(),
        severity: Severity::Critical,
        stream,
        onset: at(3),
        raised: at(5),
        cleared,
        evidence: Evidence { metric: Metric::Rtt, threshold: 400.0, window: vec![(at(3), Some(401.5)), (at(4), None)] },
    };
    Analysis {
        report_count: 10,
        span: Some((at(0), at(9))),
        connection: vec![summary(Metric::Rtt)],
        streams: vec![StreamAnalysis {
            stream: Stream {
                id,
                mid: Some("0".into()),
                rid: None,
                codec: Some("audio/opus".into()),
                track: Some("{da5c558f}".into()),
                first: at(0),
                last: at(9),
            },
            summaries: vec![summary(Metric::MosLq)],
            unjudged: vec![
                UnjudgedTime { reason: Unjudged::Muted, seconds: 12.5 },
                UnjudgedTime { reason: Unjudged::NoInterval, seconds: 0.0 },
            ],
        }],
        issues: vec![issue(None, Some(at(8))), issue(Some(id), None)],
        ..Analysis::default()
    }
}

/// One diagnosis with all that it can have, and one with as little as it can.
fn diagnoses(place: Place) -> Vec<Diagnosis> {
    let connection = place.peer_connection.unwrap_or(PeerConnectionKey::from_bytes([7; 16]));
    let stream = StreamId { direction: Direction::Outbound, kind: MediaKind::Video, ssrc: u32::MAX };
    let least = Diagnosis {
        cause: Cause::Unknown,
        side: Side::Unknown,
        hop: None,
        confidence: 0.0,
        severity: Severity::Minor,
        sender: None,
        receiver: None,
        media: None,
        connection: None,
        from: at(1),
        until: at(2),
        rules: std::collections::BTreeSet::new(),
        evidence: Vec::new(),
    };
    let most = Diagnosis {
        cause: Cause::PacketLoss,
        side: Side::Sender,
        hop: Some(Hop::Uplink),
        confidence: 0.1 + 0.2,
        severity: Severity::Critical,
        sender: Some(place.participant),
        receiver: Some(place.participant),
        media: Some(MediaKind::Video),
        connection: Some(connection),
        rules: ["high_loss".into(), "low_mos".into()].into(),
        evidence: vec![
            Witness::Series { connection, stream: Some(stream), metric: Metric::LossRatio, value: 0.08, before: None },
            Witness::Series { connection, stream: None, metric: Metric::Rtt, value: 90.5, before: Some(40.0) },
            Witness::Event { participant: place.participant, connection: Some(connection), time: at(1), kind: "offline".into() },
            Witness::Network { connection, network: "wifi".into() },
        ],
        ..least.clone()
    };
    vec![most, least]
}

/// All of a summary comes back; a second one replaces it.
pub async fn summaries_are_written_once_true(store: &dyn Store) {
    let place = stored(store, leaving(batch("c", "u", 0, 0, 9))).await;
    let analysis = analysis();
    let scores = Scores { mos_lq: Some(4.1), mos_cq: Some(3.9), mos_v: None };
    let score = ConferenceScore { scores, issues: vec![IssueCount { rule: "high_rtt".into(), severity: Severity::Critical, count: 2 }] };
    let mut summary = ConferenceSummary {
        revision: 1,
        score: score.clone(),
        model: 7,
        rules: "sidetone".into(),
        diagnoses: diagnoses(place),
        moments: vec![ScoreMoment {
            participant: place.participant,
            peer_connection: place.peer_connection.unwrap(),
            is_video: false,
            moment: Moment { from: at(20), until: at(30), score: 1.625, without: 4.25 },
        }],
        participants: vec![(place.participant, scores)],
        peer_connections: vec![PeerConnectionSummary { key: place.peer_connection.unwrap(), scores, analysis: analysis.clone() }],
    };
    for _ in 0..2 {
        assert!(store.finalise(app(1), place.conference, summary.clone()).await.unwrap());
        let detail = store.conference(app(1), place.conference).await.unwrap().unwrap();
        assert_eq!(detail.conference.state, ConferenceState::Finalised);
        assert_eq!(detail.conference.score.as_ref(), Some(&summary.score));
        assert_eq!((detail.conference.model, &detail.diagnoses), (Some(summary.model), &summary.diagnoses));
        assert_eq!(detail.conference.rules.as_ref(), Some(&summary.rules));
        assert_eq!(detail.moments, summary.moments);
        assert_eq!(detail.participants[0].scores, Some(scores));
        let peer_connection = &detail.peer_connections[0];
        assert_eq!((peer_connection.scores, &peer_connection.summaries), (Some(scores), &analysis.connection));
        assert_eq!(peer_connection.streams[0].stream, analysis.streams[0].stream);
        assert_eq!(peer_connection.streams[0].summaries, analysis.streams[0].summaries);
        assert_eq!(peer_connection.streams[0].unjudged, analysis.streams[0].unjudged);
        assert_eq!(peer_connection.issues, analysis.issues);
        summary.score.issues.clear();
        summary.diagnoses.clear();
        summary.moments.clear();
        summary.model = 8;
        summary.rules = "plivo".into();
    }
    assert!(store.end_silent(at(1000)).await.unwrap().is_empty());
    summary.revision = 2;
    assert!(!store.finalise(app(1), place.conference, summary).await.unwrap(), "of a revision that is not there");
}

/// Fewer chunks, the same reports; twice is once.
pub async fn folding_keeps_every_report(store: &dyn Store) {
    let mut place = None;
    for seq in 0..30 {
        let from = i64::from(seq) * 10;
        let mut next = batch("c", "u", seq, from, from + 9);
        let mut reports = reports(from, from + 9);
        // Half of the call by a clock that is an hour slow.
        if seq >= 15 {
            reports.shift_us = i64::try_from(Duration::from_secs(3600).as_micros()).unwrap();
        }
        next.reports = Some(reports);
        place = Some(stored(store, next).await);
    }
    let peer_connection = place.unwrap().peer_connection.unwrap();
    let all = async || {
        let mut all = Vec::new();
        for chunk in store.chunks(app(1), peer_connection).await.unwrap().map(Result::unwrap) {
            let mut run = sidetone_wire::codec::decode(&chunk.reports.bytes).unwrap();
            assert_eq!(run.len(), chunk.reports.count as usize);
            run.shift(chunk.reports.shift_us);
            all.extend(run.iter());
        }
        all.sort_by_key(|report| report.time);
        all
    };
    let before = all().await;
    assert_eq!(before.len(), 300);
    for _ in 0..2 {
        store.fold(app(1), peer_connection).await.unwrap();
        assert_eq!(all().await, before);
        assert!(store.chunks(app(1), peer_connection).await.unwrap().count() < 10);
    }
}

/// A peer connection of which only events came has nothing to fold, which is no failure.
pub async fn folding_nothing_is_no_failure(store: &dyn Store) {
    let place = stored(store, leaving(batch("c", "u", 0, 0, 9))).await;
    store.fold(app(1), place.peer_connection.unwrap()).await.unwrap();
    let detail = store.conference(app(1), place.conference).await.unwrap().unwrap();
    assert_eq!((detail.peer_connections[0].report_count, detail.peer_connections[0].report_bytes), (0, 0));
}

/// What another model or other rules judged is named, oldest first, page by page; what runs, what is another app's and what this one judged is
/// not. In a new round all of it is, until it is judged again.
pub async fn what_another_judged_is_named(store: &dyn Store) {
    let judge = |model, rules: &str| Judge { model, rules: rules.into() };
    let finalise = async |ended: Ended, Judge { model, rules }| {
        let summary = ConferenceSummary { revision: 1, model, rules, ..ConferenceSummary::default() };
        assert!(store.finalise(ended.app, ended.conference, summary).await.unwrap());
    };
    let mut ended = Vec::new();
    for (index, (model, rules)) in [(3, "sidetone"), (4, "sidetone"), (4, "plivo"), (3, "plivo")].into_iter().enumerate() {
        let place = stored(store, leaving(batch(&format!("c{index}"), "u", 0, 0, 9))).await;
        ended.push(Ended { app: app(1), conference: place.conference });
        finalise(ended[index], judge(model, rules)).await;
    }
    stored(store, batch("running", "u", 0, 0, 9)).await;
    let now = judge(4, "sidetone");
    let mut others = vec![ended[0], ended[2], ended[3]];
    others.sort_by_key(|ended| ended.conference);
    let named = store.judged_otherwise(app(1), &now, None, 100).await.unwrap();
    assert_eq!((&named, store.judged_otherwise_count(app(1), &now).await.unwrap()), (&others, 3));
    let first = store.judged_otherwise(app(1), &now, None, 2).await.unwrap();
    let rest = store.judged_otherwise(app(1), &now, Some(first[1].conference), 2).await.unwrap();
    assert_eq!([first, rest].concat(), named);
    assert_eq!(store.judged_otherwise_count(app(2), &now).await.unwrap(), 0);

    assert!(!store.begin_round().await.unwrap(), "a new one");
    assert_eq!(store.judged_otherwise_count(app(1), &now).await.unwrap(), 4);
    finalise(ended[1], now.clone()).await;
    assert!(store.begin_round().await.unwrap(), "the same one goes on");
    assert_eq!(store.judged_otherwise_count(app(1), &now).await.unwrap(), 3);
    for ended in others {
        finalise(ended, now.clone()).await;
    }
    store.end_round().await.unwrap();
    assert_eq!(store.judged_otherwise_count(app(1), &now).await.unwrap(), 0);
    assert!(!store.begin_round().await.unwrap());
    store.end_round().await.unwrap();
}
