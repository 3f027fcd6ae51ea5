//! Why a running conference is poor: told on its stream while it is, by the reports of both ends.

use serde_json::{Value, json};

use super::{live::listen, *};

/// The state of a conference, once its first diagnosis is that sentence, or once there is none; `None` when it is not so within a second.
async fn said(server: &TestServer, path: &str, sentence: Option<&str>) -> Option<Value> {
    for _ in 0..20 {
        let (_, state) = listen(server, path).await.next().await?;
        if state["diagnoses"][0]["sentence"] == json!(sentence) {
            return Some(state);
        }
        tokio::time::sleep(tokio::time::Duration::from_millis(50)).await;
    }
    None
}

#[tokio::test]
async fn a_running_call_says_whose_microphone_is_dead_and_then_that_all_is_well() {
    let server = TestServer::new().await;
    let ada = Call::of_seconds(300).during(30..80, |line| line.mic_level = 0.0001);
    let bob = Call::of_seconds(300).during(30..80, |line| line.heard_level = 0.0001);
    let mut batches: Vec<Batch> = ada.batches(ADA).into_iter().chain(bob.answering().batches(BOB)).collect();
    batches.sort_by_key(|batch| batch.sent);
    // Nobody leaves.
    batches.truncate(batches.len() - 2);
    let first = server.batch(&batches.remove(0)).await.ok();
    let path = format!("/v1/conferences/{}/live?ticks=false", first["conference"].as_str().unwrap());
    let mut listening = listen(&server, &path).await;
    let mut of_app = listen(&server, "/v1/live").await;
    let send = async |batches: &[Batch]| {
        for batch in batches {
            server.clock.set(batch.sent.max(server.clock.now()));
            server.batch(batch).await.ok();
        }
    };
    let second = |batch: &Batch| batch.sent.since(start()).unwrap_or_default().as_secs();
    let bad = batches.partition_point(|batch| second(batch) < 50);
    send(&batches[..bad]).await;
    // What the first answer says hangs on who of the two was heard of; it is asked for again with what comes.
    let mut sent = bad;
    let told = loop {
        assert!(second(&batches[sent]) < 190, "nobody said why");
        send(&batches[sent..=sent]).await;
        sent += 1;
        if let Some(told) = said(&server, &path, Some("ada's microphone gave no sound, so bob heard nothing.")).await {
            break told;
        }
    };
    let diagnosis = &told["diagnoses"][0];
    assert_eq!((&diagnosis["side"], &diagnosis["hop"]), (&json!("sender"), &json!("capture_device")), "{diagnosis:#}");
    assert!(diagnosis["advice"].as_str().unwrap().contains("headset") && diagnosis["confidence"].as_f64().unwrap() > 0.8);
    assert_eq!(diagnosis["evidence"][0]["type"], "series");
    // Who listened was told, and who looks at the list is.
    while listening.until("diagnosis").await["diagnoses"][0]["sentence"] != diagnosis["sentence"] {}
    assert_eq!(of_app.until("diagnosis").await["conference"], first["conference"]);
    let (_, state) = listen(&server, "/v1/live").await.next().await.unwrap();
    assert_eq!(state["conferences"][0]["why"], diagnosis["sentence"]);
    // Two minutes after it was over it is no news any more.
    let mut over = sent;
    while second(&batches[over]) < 205 || said(&server, &path, None).await.is_none() {
        send(&batches[over..=over]).await;
        over += 1;
    }
    while listening.until("diagnosis").await["diagnoses"] != json!([]) {}
    let (_, state) = listen(&server, "/v1/live").await.next().await.unwrap();
    assert_eq!(state["conferences"][0]["why"], Value::Null);
}

#[tokio::test]
async fn the_minutes_that_counted_are_kept_with_the_score() {
    let server = TestServer::new().await;
    let mut conference = Value::Null;
    for batch in Call::of_seconds(300).during(120..160, |line| line.concealed = Some(0.2)).batches(ADA) {
        server.clock.set(batch.sent);
        conference = server.batch(&batch).await.ok()["conference"].clone();
    }
    server.sweep().await;
    let detail = server.get(&format!("/v1/conferences/{}", conference.as_str().unwrap())).await.ok();
    let moments = detail["moments"].as_array().unwrap();
    assert_eq!(moments.len(), 1, "{moments:?}");
    let moment = &moments[0];
    assert_eq!((&moment["metric"], &moment["participant"]), (&json!("mos_cq"), &detail["participants"][0]["key"]));
    let seconds = ["from_ms", "until_ms"].map(|name| (moment[name].as_f64().unwrap() - start().as_millis_f64()) / 1000.0);
    assert_eq!(seconds, [120.0, 160.0]);
    let score = detail["participants"][0]["scores"]["mos_cq"].as_f64().unwrap();
    let (alone, without) = (moment["score"].as_f64().unwrap(), moment["score_without"].as_f64().unwrap());
    assert!(alone < 2.0 && without > score + 0.3, "{alone} {score} {without}");
}
