//! Batches in: stored once, in both forms, accounted for.

use serde_json::json;
use sidetone_engine::ids::ParticipantId;
use sidetone_testkit::traces;
use sidetone_wire::{
    batch::{Event, kind},
    json as wire_json,
};

use super::*;

#[tokio::test]
async fn a_batch_is_stored_once() {
    let server = TestServer::new().await;
    let first = server.batch(&a_batch()).await.ok();
    assert_eq!(first["status"], "stored");
    let again = server.batch(&a_batch()).await.ok();
    assert_eq!(again["status"], "duplicate");
    for key in ["conference", "participant", "peer_connection"] {
        assert_eq!(first[key], again[key]);
        assert_eq!(first[key].as_str().unwrap().len(), 26);
    }
    let as_json = server.post(INTAKE, "application/json; charset=utf-8", wire_json::batch_to_json(&a_batch())).await.ok();
    assert_eq!(as_json["status"], "duplicate");
    let accounts = [
        ("batch", "stored", 1.0),
        ("batch", "duplicate", 2.0),
        ("report", "stored", 10.0),
        ("report", "duplicate", 20.0),
        ("event", "stored", 1.0),
    ];
    for (kind, outcome, count) in accounts {
        assert_eq!(
            server.metric(&format!(r#"sidetone_items_total{{kind="{kind}",outcome="{outcome}",reason=""}}"#)).await,
            count,
            "{kind} {outcome}"
        );
    }
}

#[tokio::test]
async fn both_forms_bring_every_report_of_a_real_call_in_without_loss() {
    for name in ["lite/av-pc0", "firefox/firefox-audio-pc1", "audio-pc0"] {
        let server = TestServer::with(|_, settings| settings.keep_addresses = true).await;
        let trace = traces::load(name);
        for (seq, form) in ["binary", "json"].into_iter().enumerate() {
            let mut batch = a_batch();
            batch.reports = trace.reports.clone();
            batch.events.clear();
            batch.participant_id = ParticipantId::new(form).unwrap();
            batch.sent = *trace.reports.times().last().unwrap();
            server.clock.set(batch.sent);
            let stored = match seq {
                0 => server.batch(&batch).await.ok(),
                _ => server.post(INTAKE, "application/json", wire_json::batch_to_json(&batch)).await.ok(),
            };
            let path = format!("/v1/peer-connections/{}/reports?limit=500", stored["peer_connection"].as_str().unwrap());
            let answer = server.get(&path).await.ok();
            let reports = answer["reports"].as_array().unwrap();
            assert_eq!(reports.len(), trace.reports.len());
            for (given, sent) in reports.iter().zip(trace.reports.iter()) {
                assert_eq!(given["stats"], wire_json::report_to_json(&sent), "{name} as {form}");
            }
        }
    }
}

#[tokio::test]
async fn what_clients_threw_away_is_counted_once() {
    let server = TestServer::new().await;
    let mut batch = a_batch();
    batch.events.push(Event {
        time: batch.sent,
        kind: kind::DROPPED.into(),
        payload: r#"{"reports": 7, "events": 2, "reason": "queue_full"}"#.into(),
    });
    server.batch(&batch).await.ok();
    server.batch(&batch).await.ok();
    assert_eq!(server.metric(r#"sidetone_client_dropped_total{kind="report"}"#).await, 7.0);
    assert_eq!(server.metric(r#"sidetone_client_dropped_total{kind="event"}"#).await, 2.0);
}

#[tokio::test]
async fn the_same_user_twice_is_two_participants() {
    let server = TestServer::new().await;
    let stored = server.batch(&a_batch()).await.ok();
    let mut second = a_batch();
    second.participant_id = ParticipantId::new("stay-ada-on-her-phone").unwrap();
    assert_eq!(server.batch(&second).await.ok()["conference"], stored["conference"]);
    let detail = server.get(&format!("/v1/conferences/{}", stored["conference"].as_str().unwrap())).await.ok();
    let participants = detail["participants"].as_array().unwrap();
    assert_eq!(participants.len(), 2);
    assert!(participants.iter().all(|participant| participant["user_id"] == "ada"));
}

#[tokio::test]
async fn a_participant_id_of_somebody_else_is_refused() {
    let server = TestServer::new().await;
    server.batch(&a_batch()).await.ok();
    let mut thief = batches(60).remove(1);
    thief.user_id = sidetone_engine::ids::UserId::new("mallory").unwrap();
    let detail = server.batch(&thief).await.refused(409, "participant_conflict");
    assert!(detail.contains("mallory"), "{detail}");
}

#[tokio::test]
async fn a_batch_without_reports_keeps_a_participant_there() {
    let server = TestServer::new().await;
    let stored = server.batch(&a_batch()).await.ok();
    for seq in 1..4 {
        server.clock.advance_ms(50_000);
        let mut heartbeat = a_batch();
        heartbeat.batch_seq = seq;
        heartbeat.sent = server.clock.now();
        heartbeat.reports = Default::default();
        heartbeat.events.clear();
        server.batch(&heartbeat).await.ok();
        server.sweep().await;
    }
    let detail = server.get(&format!("/v1/conferences/{}", stored["conference"].as_str().unwrap())).await.ok();
    assert_eq!((&detail["state"], &detail["participants"][0]["ended_ms"]), (&json!("running"), &json!(null)));
}
