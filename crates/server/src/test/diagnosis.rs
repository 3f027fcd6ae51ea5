//! A call that was poor says whose fault it was, in the API and on the page.

use serde_json::{Value, json};
use sidetone_store::local_user::Role;
use sidetone_wire::batch::{Event, kind};

use super::*;

/// Both ends of a call whose second half is poor.
async fn call(server: &TestServer, ada: Call, bob: Call) -> Value {
    let mut batches: Vec<Batch> = ada.batches(ADA).into_iter().chain(bob.answering().batches(BOB)).collect();
    batches.sort_by_key(|batch| batch.sent);
    let mut conference = Value::Null;
    for batch in &batches {
        server.clock.set(batch.sent.max(server.clock.now()));
        conference = server.batch(batch).await.ok()["conference"].clone();
    }
    server.sweep().await;
    server.get(&format!("/v1/conferences/{}", conference.as_str().unwrap())).await.ok()
}

#[tokio::test]
async fn a_silent_call_is_the_fault_of_the_microphone() {
    let server = TestServer::new().await;
    let ada = Call::of_seconds(90).during(30..80, |line| line.mic_level = 0.0001);
    let bob = Call::of_seconds(90).during(30..80, |line| line.heard_level = 0.0001);
    let detail = call(&server, ada, bob).await;
    assert_eq!(detail["model"], sidetone_engine::MODEL);
    let diagnosis = &detail["diagnoses"][0];
    assert_eq!(
        (&diagnosis["cause"], &diagnosis["side"], &diagnosis["hop"]),
        (&json!("dead_microphone"), &json!("sender"), &json!("capture_device")),
        "{diagnosis:#}"
    );
    let of = |user: &str| {
        let participants = detail["participants"].as_array().unwrap();
        participants.iter().find(|participant| participant["user_id"] == user).unwrap()["key"].clone()
    };
    assert_eq!((&diagnosis["sender"], &diagnosis["receiver"]), (&of("ada"), &of("bob")));
    assert_eq!(diagnosis["sentence"], "ada's microphone gave no sound, so bob heard nothing.");
    assert!(diagnosis["confidence"].as_f64().unwrap() > 0.8);
    let series = &diagnosis["evidence"][0];
    assert_eq!((&series["type"], &series["metric"]), (&json!("series"), &json!("audio_rms")));
    assert!(series["before"].as_f64().unwrap() > 0.1 && series["value"].as_f64().unwrap() < 0.001);
    let times = ["from_ms", "until_ms"].map(|name| (diagnosis[name].as_f64().unwrap() - start().as_millis_f64()) / 1000.0);
    assert!((30.0..=45.0).contains(&times[0]) && (80.0..=95.0).contains(&times[1]), "{times:?}");
}

#[tokio::test]
async fn a_good_call_has_no_diagnosis() {
    let server = TestServer::new().await;
    let detail = call(&server, Call::of_seconds(60), Call::of_seconds(60)).await;
    assert_eq!((&detail["state"], &detail["diagnoses"]), (&json!("finalised"), &json!([])));
}

#[tokio::test]
async fn a_refused_microphone_is_told() {
    let server = TestServer::new().await;
    let mut batch = Call::of_seconds(9).batches(ADA).remove(0);
    batch.reports = sidetone_engine::report::Reports::default();
    let event = |kind: &str, payload: &str| Event { time: batch.sent, kind: kind.into(), payload: payload.into() };
    let events = [event("get_user_media_failed", r#"{"error":"NotAllowedError"}"#), event(kind::LEFT, "{}")];
    batch.events.retain(|event| event.kind == kind::JOINED);
    batch.events.extend(events);
    let stored = server.batch(&batch).await.ok();
    server.sweep().await;
    let detail = server.get(&format!("/v1/conferences/{}", stored["conference"].as_str().unwrap())).await.ok();
    let diagnosis = &detail["diagnoses"][0];
    assert_eq!((&diagnosis["cause"], &diagnosis["hop"]), (&json!("permission_denied"), &json!("capture_device")), "{detail:#}");
    assert_eq!(diagnosis["evidence"][0]["kind"], "get_user_media_failed");
}

#[tokio::test]
async fn the_page_says_why_and_leads_to_the_evidence() {
    let server = TestServer::new().await;
    let ada = Call::of_seconds(90).during(30..60, |line| line.loss_out = 0.08);
    let bob = Call::of_seconds(90).during(30..60, |line| line.loss_in = 0.08);
    let detail = call(&server, ada, bob).await;
    let browser = server.browser("support", Role::Support).await;
    let page = browser.page(&format!("/conferences/{}", detail["key"].as_str().unwrap())).await;
    assert!(page.contains("Packets of sound from ada to bob were lost on the way"), "{page}");
    let link = page.split('"').find(|part| part.contains("from_ms=")).unwrap().replace("&amp;", "&");
    let zoomed = browser.page(link.split('#').next().unwrap()).await;
    assert!(zoomed.contains("data-part-from-ms"), "the chart shows the stretch");
}
