//! Presence and the finaliser: conferences end, and their summaries are written, also by another process.

use serde_json::json;
use sidetone_engine::issue::{Preset, Tuned};

use super::*;
use crate::job;

fn bad_call() -> Call {
    Call::of_seconds(60).during(10..50, |conditions| {
        conditions.loss_in = 0.3;
        conditions.rtt_ms = 900.0;
    })
}

async fn detail(server: &TestServer, stored: &serde_json::Value) -> serde_json::Value {
    server.get(&format!("/v1/conferences/{}", stored["conference"].as_str().unwrap())).await.ok()
}

fn assert_finalised(detail: &serde_json::Value) {
    assert_eq!(detail["state"], "finalised");
    let score = detail["scores"]["mos_lq"].as_f64().unwrap();
    assert!((1.0..=5.0).contains(&score), "{score}");
    assert_eq!(detail["participants"][0]["scores"]["mos_lq"], detail["scores"]["mos_lq"]);
    let peer_connection = &detail["peer_connections"][0];
    assert_eq!(peer_connection["report_count"], 61);
    assert!(
        peer_connection["streams"].as_array().unwrap().iter().any(|stream| stream["kind"] == "audio" && stream["direction"] == "inbound")
    );
    assert!(
        peer_connection["summaries"]
            .as_array()
            .unwrap()
            .iter()
            .any(|summary| summary["metric"] == "rtt_ms" && summary["p95"].as_f64() > Some(800.0))
    );
    assert!(!peer_connection["issues"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_conference_ends_with_its_last_participant_and_is_summed_up() {
    let server = TestServer::new().await;
    let ada = server.call(&bad_call(), ADA).await;
    server.sweep().await;
    let detail = detail(&server, &ada).await;
    assert_finalised(&detail);
    assert_eq!(detail["participants"][0]["timed_out"], false);
    let rule = detail["issues"][0]["rule"].as_str().unwrap();
    for query in [format!("issue={rule}"), "state=finalised".to_owned(), format!("mos_max={}", detail["scores"]["mos_cq"])] {
        let found = server.get(&format!("/v1/conferences?{query}")).await.ok();
        assert_eq!(found["conferences"][0]["key"], ada["conference"], "{query}");
    }
    assert_eq!(server.metric("sidetone_conferences_finalised_total").await, 1.0);
    server.sweep().await;
    assert_eq!(server.metric("sidetone_conferences_finalised_total").await, 1.0, "once is enough");
}

#[tokio::test]
async fn the_thresholds_of_an_app_judge_its_calls() {
    let rules = "high_loss.critical=0.9 high_rtt.minor=off high_rtt.major=off high_rtt.critical=off";
    let server = TestServer::with(|_, settings| settings.rules = Tuned::read(Preset::Sidetone, rules).unwrap()).await;
    let ada = server.call(&bad_call(), ADA).await;
    server.sweep().await;
    let detail = detail(&server, &ada).await;
    assert_eq!(detail["rules"], format!("sidetone {rules}"));
    let severity = |rule: &str| {
        let found = detail["issues"].as_array().unwrap().iter().find(|issue| issue["rule"] == rule);
        found.map(|issue| issue["severity"].as_str().unwrap().to_owned())
    };
    assert_eq!((severity("high_rtt"), severity("high_loss").as_deref()), (None, Some("major")));
}

#[tokio::test]
async fn a_conference_goes_on_while_somebody_is_in_it() {
    let server = TestServer::new().await;
    let mut bob = Call::of_seconds(60).batches(BOB);
    let stored = server.batch(&bob.remove(0)).await.ok();
    let mut carol = Call::of_seconds(60).batches(Who { user: "carol", participant: "stay-carol", ..BOB });
    let joined = server.batch(&carol.remove(0)).await.ok();
    assert_eq!(joined["conference"], stored["conference"]);
    server.clock.advance_ms(61_000);
    let mut alive = bob.remove(0);
    alive.sent = server.clock.now();
    server.batch(&alive).await.ok();
    server.sweep().await;
    let detail = detail(&server, &joined).await;
    assert_eq!(detail["state"], "running");
    let of =
        |user: &str| detail["participants"].as_array().unwrap().iter().find(|participant| participant["user_id"] == user).unwrap().clone();
    assert_eq!((&of("carol")["timed_out"], of("carol")["ended_ms"].is_null()), (&json!(true), false));
    assert!(of("bob")["ended_ms"].is_null());
}

#[tokio::test]
async fn silence_ends_a_participant() {
    let server = TestServer::new().await;
    let mut batches = bad_call().batches(ADA);
    batches.pop();
    let mut stored = serde_json::Value::Null;
    for batch in &batches {
        server.clock.set(batch.sent);
        stored = server.batch(batch).await.ok();
    }
    server.clock.advance_ms(59_000);
    server.sweep().await;
    assert_eq!(detail(&server, &stored).await["state"], "running");
    server.clock.advance_ms(2_000);
    server.sweep().await;
    let detail = detail(&server, &stored).await;
    assert_eq!((&detail["state"], &detail["participants"][0]["timed_out"]), (&json!("finalised"), &json!(true)));
}

#[tokio::test]
async fn a_conference_that_ended_before_a_restart_is_finalised_after_it() {
    let server = TestServer::new().await;
    let ada = server.call(&bad_call(), ADA).await;
    let server = server.restart().await;
    server.sweep().await;
    assert_finalised(&detail(&server, &ada).await);
}

#[tokio::test]
async fn who_was_silent_over_a_restart_has_left() {
    let server = TestServer::new().await;
    let stored = server.batch(&a_batch()).await.ok();
    let server = server.restart().await;
    server.sweep().await;
    assert_eq!(detail(&server, &stored).await["state"], "running");
    server.clock.advance_ms(61_000);
    server.sweep().await;
    assert_eq!(detail(&server, &stored).await["state"], "finalised");
}

#[tokio::test]
async fn the_same_id_later_is_another_conference() {
    let server = TestServer::new().await;
    let first = server.call(&Call::of_seconds(20), ADA).await;
    server.sweep().await;
    server.clock.advance_ms(3_600_000);
    let again = Call::of_seconds(20).starting(server.clock.now());
    let second = server.call(&again, Who { participant: "stay-ada-2", ..ADA }).await;
    assert_ne!(first["conference"], second["conference"]);
    let found = server.get("/v1/conferences?conference_id=standup").await.ok();
    let keys: Vec<_> = found["conferences"].as_array().unwrap().iter().map(|row| &row["key"]).collect();
    assert_eq!(keys, [&second["conference"], &first["conference"]], "newest first");
}

fn rtt_count(detail: &serde_json::Value) -> u64 {
    let summaries = detail["peer_connections"][0]["summaries"].as_array().unwrap();
    summaries.iter().find(|summary| summary["metric"] == "rtt_ms").unwrap()["count"].as_u64().unwrap()
}

#[tokio::test]
async fn a_late_batch_is_summed_up_too() {
    let server = TestServer::new().await;
    let mut batches = bad_call().batches(ADA);
    let late = batches.remove(3);
    let mut stored = serde_json::Value::Null;
    for batch in &batches {
        server.clock.set(batch.sent);
        stored = server.batch(batch).await.ok();
    }
    server.sweep().await;
    let before = detail(&server, &stored).await;
    assert_eq!((&before["state"], &before["peer_connections"][0]["report_count"]), (&json!("finalised"), &json!(51)));
    server.clock.advance_ms(5_000);
    assert_eq!(server.batch(&late).await.ok()["conference"], stored["conference"]);
    server.clock.advance_ms(61_000);
    server.sweep().await;
    let detail = detail(&server, &stored).await;
    assert_finalised(&detail);
    assert!(rtt_count(&detail) >= rtt_count(&before) + 10, "{detail}");
}

#[tokio::test]
async fn conferences_go_by_age_app_by_app() {
    let server = TestServer::with(|config, settings| {
        config.retention.days = 90;
        settings.retention_days = Some(7);
    })
    .await;
    server.call(&Call::of_seconds(20), ADA).await;
    for batch in Call::of_seconds(20).batches(ADA) {
        server.post(OTHER_INTAKE, sidetone_wire::batch::MEDIA_TYPE, sidetone_wire::batch::encode(&batch)).await.ok();
    }
    server.sweep().await;
    server.clock.advance_ms(8 * 86_400_000);
    job::expire(&server.state).await.unwrap();
    assert_eq!(server.get("/v1/conferences").await.ok()["conferences"], json!([]));
    assert_eq!(server.ask(Method::GET, "/v1/conferences", OTHER_QUERY).await.ok()["conferences"].as_array().unwrap().len(), 1);
    assert_eq!(server.metric("sidetone_conferences_expired_total").await, 1.0);
}

/// No setting takes so many days any more; one that is stored must not wrap around to a day in the future, before which everything is.
#[tokio::test]
async fn more_days_than_there_are_remove_nothing() {
    let server = TestServer::with(|_, settings| settings.retention_days = Some(999_999_999)).await;
    server.call(&Call::of_seconds(20), ADA).await;
    server.sweep().await;
    server.clock.advance_ms(8 * 86_400_000);
    job::expire(&server.state).await.unwrap();
    assert_eq!(server.get("/v1/conferences").await.ok()["conferences"].as_array().unwrap().len(), 1);
}
