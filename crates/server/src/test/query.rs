//! Questions and answers.

use serde_json::json;
use sidetone_engine::{
    ids::{ConferenceId, ParticipantId},
    metric::Metric,
};
use sidetone_wire::batch::{Event, kind};

use super::*;

#[tokio::test]
async fn every_conference_is_on_exactly_one_page() {
    let server = TestServer::new().await;
    let mut keys = Vec::new();
    for index in 0..23 {
        let mut batch = a_batch();
        batch.conference_id = ConferenceId::new(format!("conference {index}")).unwrap();
        batch.participant_id = ParticipantId::new(format!("stay {index}")).unwrap();
        // Some begin at the same instant.
        batch.reports.shift(i64::from(index / 4) * 1_000_000);
        keys.push(server.batch(&batch).await.ok()["conference"].as_str().unwrap().to_owned());
    }
    for limit in [1, 2, 7, 22, 23, 24, 500] {
        let (mut found, mut starts, mut after) = (Vec::new(), Vec::new(), String::new());
        loop {
            let page = server.get(&format!("/v1/conferences?limit={limit}{after}")).await.ok();
            let rows = page["conferences"].as_array().unwrap();
            assert!(rows.len() <= limit && (!rows.is_empty() || found.len() == keys.len()));
            found.extend(rows.iter().map(|row| row["key"].as_str().unwrap().to_owned()));
            starts.extend(rows.iter().map(|row| row["start_ms"].as_f64().unwrap()));
            let Some(next) = page["next"].as_str() else { break };
            after = format!("&after={next}");
        }
        assert!(starts.is_sorted_by(|a, b| a >= b), "newest first");
        found.sort();
        keys.sort();
        assert_eq!(found, keys, "pages of {limit}");
    }
}

#[tokio::test]
async fn conferences_are_found_by_what_is_known_of_them() {
    let server = TestServer::new().await;
    let mut batch = a_batch();
    let payload = json!({"browser": "Firefox", "site": "Berlin", "additional_ids": {"ticket": "T-42"}}).to_string();
    batch.events = vec![Event { time: batch.sent, kind: kind::JOINED.into(), payload }];
    let stored = server.batch(&batch).await.ok();
    let mut other = a_batch();
    other.conference_id = ConferenceId::new("retro").unwrap();
    other.participant_id = ParticipantId::new("stay 2").unwrap();
    server.batch(&other).await.ok();
    let start = start().as_millis();
    for query in [
        "conference_id=standup".to_owned(),
        "conference_id_prefix=STAND".to_owned(),
        "browser=firefox".to_owned(),
        "site=Berlin".to_owned(),
        "additional_id=T-42".to_owned(),
        "additional_id=T-42&additional_id_name=ticket".to_owned(),
        format!("conference_id=standup&user_id=ada&state=running&from_ms={start}&until_ms={}", start + 1),
    ] {
        let found = server.get(&format!("/v1/conferences?{query}")).await.ok();
        let rows = found["conferences"].as_array().unwrap();
        assert_eq!(rows.iter().map(|row| &row["key"]).collect::<Vec<_>>(), [&stored["conference"]], "{query}");
    }
    for query in ["conference_id=STANDUP", "additional_id=T-42&additional_id_name=order", "state=finalised", "user_id=bob", "mos_max=3"] {
        assert_eq!(server.get(&format!("/v1/conferences?{query}")).await.ok()["conferences"], json!([]), "{query}");
    }
}

#[tokio::test]
async fn events_are_told_in_order_and_in_pages() {
    let server = TestServer::new().await;
    let mut batch = a_batch();
    let times: Vec<_> = (0..25).map(|second| start().plus_micros(second * 100_000)).collect();
    batch.events =
        times.iter().map(|&time| Event { time, kind: "ice_connection_state".into(), payload: r#"{"state":"checking"}"#.into() }).collect();
    let stored = server.batch(&batch).await.ok();
    let base = format!("/v1/conferences/{}/events?limit=10", stored["conference"].as_str().unwrap());
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("{base}{after}")).await.ok();
        found.extend(page["events"].as_array().unwrap().iter().map(|event| event["time_ms"].as_i64().unwrap()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(found, times.iter().map(|time| time.as_millis()).collect::<Vec<_>>());
    assert_eq!(server.get(&format!("{base}&kinds=joined,left")).await.ok()["events"], json!([]));
    let one = &server.get(&format!("{base}&kinds=ice_connection_state")).await.ok()["events"][0];
    assert_eq!((&one["payload"], &one["participant"]), (&json!({"state": "checking"}), &stored["participant"]));
}

#[tokio::test]
async fn reports_come_back_in_pages_without_a_gap() {
    let server = TestServer::new().await;
    let call = Call::of_seconds(60).with_video();
    let stored = server.call(&call, ADA).await;
    let base = format!("/v1/peer-connections/{}/reports", stored["peer_connection"].as_str().unwrap());
    let sent: Vec<_> = call.reports().times().iter().map(|time| time.as_millis()).collect();
    for limit in [1, 7, 10, 61, 500] {
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let page = server.get(&format!("{base}?limit={limit}{after}")).await.ok();
            found.extend(page["reports"].as_array().unwrap().iter().map(|report| report["time_ms"].as_i64().unwrap()));
            let Some(next) = page["next"].as_str() else { break };
            after = format!("&after={next}");
        }
        assert_eq!(found, sent, "pages of {limit}");
    }
    let some = server.get(&format!("{base}?from_ms={}&until_ms={}", sent[15], sent[25])).await.ok();
    assert_eq!(some["reports"].as_array().unwrap().len(), 10);
    assert_eq!(some["reports"][0]["time_ms"], sent[15]);
}

#[tokio::test]
async fn series_are_gathered_into_slots_and_gaps_stay_gaps() {
    let server = TestServer::new().await;
    // Nothing is reported from second 20 to 39: the tab was asleep.
    let mut stored = serde_json::Value::Null;
    for batch in Call::of_seconds(60).batches(ADA) {
        server.clock.set(batch.sent.max(server.clock.now()));
        if !(2..4).contains(&batch.batch_seq) {
            stored = server.batch(&batch).await.ok();
        }
    }
    let base = format!("/v1/peer-connections/{}/series?metrics=bitrate_bps", stored["peer_connection"].as_str().unwrap());
    let fine = server.get(&format!("{base}&resolution=1s")).await.ok();
    let slots = fine["slot_count"].as_u64().unwrap();
    assert!((59..=61).contains(&slots), "{slots}");
    let audio = fine["series"].as_array().unwrap().iter().find(|series| series["stream"]["direction"] == "inbound").unwrap();
    let mean = audio["mean"].as_array().unwrap();
    assert_eq!(mean.len() as u64, slots);
    assert!(mean[5].as_f64().unwrap() > 1000.0, "{}", mean[5]);
    assert!(mean[25].is_null() && mean[35].is_null(), "a gap is null, not 0");
    let coarse = server.get(&format!("{base}&resolution=10s")).await.ok();
    assert!((6..=7).contains(&coarse["slot_count"].as_u64().unwrap()));
    assert_eq!(coarse["start_ms"].as_i64().unwrap() % 10_000, 0);
    let detail = server.get(&format!("{base},loudness")).await.refused(400, "parameter_invalid");
    assert!(detail.contains("loudness"), "{detail}");
    server.get(&format!("{base}&resolution=1ms")).await.refused(400, "parameter_invalid");
}

#[tokio::test]
async fn the_catalogue_lists_every_metric_with_its_unit() {
    let server = TestServer::new().await;
    let catalogue = server.get("/v1/metrics-catalogue").await.ok();
    let metrics = catalogue["metrics"].as_array().unwrap();
    assert_eq!(metrics.len(), Metric::ALL.len());
    assert!(metrics.iter().any(|metric| metric["name"] == "bitrate_bps" && metric["unit"] == "bit/s"));
}

#[tokio::test]
async fn a_user_is_erased_and_others_stay() {
    let server = TestServer::new().await;
    server.call(&Call::of_seconds(20), ADA).await;
    let bob = server.call(&Call::of_seconds(20), BOB).await;
    let erased = server.ask(Method::DELETE, "/v1/users/ada", QUERY).await.ok();
    assert_eq!((&erased["participant_count"], &erased["report_count"]), (&json!(1), &json!(21)));
    assert_eq!(server.get("/v1/conferences?user_id=ada").await.ok()["conferences"], json!([]));
    let detail = server.get(&format!("/v1/conferences/{}", bob["conference"].as_str().unwrap())).await.ok();
    assert_eq!(detail["participants"].as_array().unwrap().len(), 1);
    server.ask(Method::DELETE, "/v1/users/ada", INTAKE).await.refused(403, "scope_insufficient");
}
