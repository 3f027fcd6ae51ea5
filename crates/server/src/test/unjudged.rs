//! Where there is no score the API and the pages say why: of a moment, of a stream, of a participant.

use sidetone_store::local_user::Role;
use sidetone_wire::batch::{Event, kind};

use super::*;

/// Ada hears nothing of Bob from second 20 to 80, in which he is muted; a fifth of it is lost.
async fn muted_call(server: &TestServer) -> serde_json::Value {
    let bob = Call::of_seconds(120).during(20..80, |line| line.mic_level = 0.0).batches(BOB);
    let ada = Call::of_seconds(120).during(20..80, |line| (line.heard_level, line.loss_in) = (0.0, 0.2)).batches(ADA);
    let mut batches: Vec<Batch> = bob.into_iter().chain(ada).collect();
    batches.sort_by_key(|batch| batch.sent);
    for (second, kind) in [(20, kind::MUTED), (80, kind::UNMUTED)] {
        let time = start().plus_micros(second * 1_000_000);
        let batch = batches.iter_mut().find(|batch| batch.user_id.as_str() == "bob" && batch.sent >= time).unwrap();
        batch.events.push(Event { time, kind: kind.into(), payload: r#"{"kind": "audio"}"#.into() });
    }
    let mut ada = serde_json::Value::Null;
    for batch in &batches {
        server.clock.set(batch.sent.max(server.clock.now()));
        let stored = server.batch(batch).await.ok();
        if batch.user_id.as_str() == "ada" {
            ada = stored;
        }
    }
    server.sweep().await;
    ada
}

fn inbound_audio(list: &serde_json::Value, stream: impl Fn(&serde_json::Value) -> &serde_json::Value) -> serde_json::Value {
    let is_it = |held: &&serde_json::Value| stream(held)["direction"] == "inbound" && stream(held)["kind"] == "audio";
    list.as_array().unwrap().iter().find(is_it).unwrap().clone()
}

#[tokio::test]
async fn a_muted_stretch_is_told_by_moment_and_by_stream() {
    let server = TestServer::new().await;
    let ada = muted_call(&server).await;
    let detail = server.get(&format!("/v1/conferences/{}", ada["conference"].as_str().unwrap())).await.ok();
    let connection = detail["peer_connections"].as_array().unwrap().iter().find(|held| held["key"] == ada["peer_connection"]).unwrap();
    let stream = inbound_audio(&connection["streams"], |held| held);
    let why = &stream["unjudged"][0];
    assert_eq!((&why["reason"], &why["sentence"]), (&"muted".into(), &"muted, and nothing was to be heard".into()), "{stream}");
    assert!((58.0..=60.0).contains(&why["seconds"].as_f64().unwrap()), "{why}");
    assert_eq!(detail["rules"], "sidetone");

    let path = format!("/v1/peer-connections/{}/series?metrics=mos_lq,rtt_ms", ada["peer_connection"].as_str().unwrap());
    let body = server.get(&path).await.ok();
    let of = |metric: &str| -> Vec<serde_json::Value> {
        body["series"].as_array().unwrap().iter().filter(|series| series["metric"] == metric).cloned().collect()
    };
    let heard = inbound_audio(&of("mos_lq").into(), |series| &series["stream"]);
    assert_eq!((&heard["unjudged"][0], &heard["unjudged"][1]), (&"first_report".into(), &"first_second".into()));
    assert!(heard["mean"][50].is_null() && heard["mean"][10].is_number());
    assert_eq!((&heard["unjudged"][50], &heard["unjudged"][10]), (&"muted".into(), &serde_json::Value::Null));
    assert!(of("rtt_ms").iter().all(|series| series.get("unjudged").is_none()), "it is no score");
    let coarse = server.get(&format!("{path}&resolution=30s")).await.ok();
    let heard = inbound_audio(
        &coarse["series"].as_array().unwrap().iter().filter(|series| series["metric"] == "mos_lq").cloned().collect(),
        |series| &series["stream"],
    );
    let reasons: Vec<&str> = heard["unjudged"].as_array().unwrap().iter().filter_map(serde_json::Value::as_str).collect();
    assert_eq!(reasons, ["muted"], "of a slot that has a value nothing is told");
}

#[tokio::test]
async fn the_page_says_why_somebody_has_no_score() {
    let server = TestServer::new().await;
    let browser = server.browser("ada", Role::Support).await;
    let ada = muted_call(&server).await;
    let page = browser
        .page(&format!("/conferences/{}?connection={}", ada["conference"].as_str().unwrap(), ada["peer_connection"].as_str().unwrap()))
        .await;
    assert!(page.contains("no score for 59 s: muted") || page.contains("no score for 1 min: muted"), "beneath the stream");
    assert!(page.contains("not scored: ") && page.contains("muted, and nothing was to be heard"));
    assert!(page.contains(&format!("judged by model {}, rules sidetone", sidetone_engine::MODEL)));

    let silent = Call::of_seconds(30).throughout(|line| line.blocked = true);
    let silent = silent.throughout(|line| line.sends_nothing = true);
    let stored = server.call(&silent, Who { conference: "nobody speaks", ..BOB }).await;
    server.sweep().await;
    let page = browser.page(&format!("/conferences/{}", stored["conference"].as_str().unwrap())).await;
    assert!(page.contains("There is nothing to judge") && page.contains("For most of the time: no packets: nobody sends."), "{page}");
    assert!(page.contains("No score: no packets: nobody sends."));
}
