//! Live streams: told as it happens, bounded, never across apps.

use std::collections::BTreeSet;

use axum::{body::Body, http::Request};
use serde_json::{Value, json};
use sidetone_engine::{
    ids::{ConferenceId, ParticipantId, PeerConnectionId},
    report::Reports,
};
use sidetone_store::local_user::Role as UserRole;
use sidetone_wire::batch::Event;
use tokio::time::{Duration, timeout};

use super::*;

/// A client of a live stream.
pub(super) struct Listening {
    body: Body,
    text: String,
}

pub(super) async fn listen(server: &TestServer, path: &str) -> Listening {
    let joiner = if path.contains('?') { '&' } else { '?' };
    let request = Request::get(format!("{path}{joiner}access_token={QUERY}")).body(Body::empty()).unwrap();
    let response = server.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    Listening { body: response.into_body(), text: String::new() }
}

impl Listening {
    /// The next event; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned));
                let found = field("event").zip(field("data"));
                self.text = rest.to_owned();
                match found {
                    Some((name, data)) => return Some((name, serde_json::from_str(&data).unwrap())),
                    None => continue,
                }
            }
            let frame = timeout(Duration::from_secs(20), self.body.frame()).await.expect("an event within 20 s")?;
            self.text += std::str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap();
        }
    }

    /// The next event of that name; those before are skipped.
    pub(super) async fn until(&mut self, name: &str) -> Value {
        loop {
            let (found, data) = self.next().await.unwrap_or_else(|| panic!("the stream ended before {name}"));
            if found == name {
                return data;
            }
        }
    }
}

/// Waits until the live view has caught up.
async fn analyzers(server: &TestServer, count: f64) {
    let caught_up = async {
        while server.metric("sidetone_live_analyzers").await < count {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), caught_up).await.expect("the live view within 20 s");
}

#[tokio::test]
async fn an_issue_of_a_bad_call_is_told_while_it_runs() {
    let server = TestServer::new().await;
    let call = Call::of_seconds(120).during(20..60, |conditions| {
        conditions.loss_in = 0.4;
        conditions.rtt_ms = 1200.0;
    });
    let mut batches = call.batches(ADA);
    let first = server.batch(&batches.remove(0)).await.ok();
    analyzers(&server, 1.0).await;
    let conference = first["conference"].as_str().unwrap();
    let mut listening = listen(&server, &format!("/v1/conferences/{conference}/live")).await;
    let mut of_app = listen(&server, "/v1/live").await;
    let (name, state) = listening.next().await.unwrap();
    assert_eq!((name.as_str(), &state["running"]), ("state", &json!(true)));
    let (name, state) = of_app.next().await.unwrap();
    assert_eq!((name.as_str(), &state["conferences"][0]["key"]), ("state", &first["conference"]));
    for batch in &batches {
        server.clock.set(batch.sent);
        server.batch(batch).await.ok();
    }
    let tick = listening.until("tick").await;
    assert_eq!(tick["peer_connection"], first["peer_connection"]);
    assert!(tick["connection"]["rtt_ms"].is_number(), "{tick}");
    assert!(tick["streams"].as_array().unwrap().iter().any(|stream| stream["values"]["bitrate_bps"].is_number()));
    let raised = listening.until("issue_raised").await;
    assert_eq!(raised["participant"], first["participant"]);
    assert!(!raised["issue"]["evidence"]["window"].as_array().unwrap().is_empty());
    assert!(raised["issue"]["raised_ms"].as_f64().unwrap() < (start().as_millis() + 40_000) as f64);
    let cleared = listening.until("issue_cleared").await;
    assert!(cleared["issue"]["cleared_ms"].is_number());
    assert_eq!(listening.until("participant_left").await["user_id"], "ada");
    assert_eq!(listening.until("conference_ended").await["conference"], first["conference"]);
    // The app's stream tells the same without ticks.
    let (name, _) = of_app.next().await.unwrap();
    assert_ne!(name, "tick");
    assert_eq!(of_app.until("conference_ended").await["conference_id"], "standup");
    server.sweep().await;
    assert_eq!(server.metric("sidetone_live_analyzers").await, 0.0);
}

#[tokio::test]
async fn an_issue_that_lasts_ends_with_its_participant_for_who_counts_along() {
    let server = TestServer::new().await;
    let batches = Call::of_seconds(60).throughout(|conditions| conditions.rtt_ms = 1200.0).batches(ADA);
    let first = server.batch(&batches[0]).await.ok();
    analyzers(&server, 1.0).await;
    let path = format!("/v1/conferences/{}/live?ticks=false", first["conference"].as_str().unwrap());
    let mut listening = listen(&server, &path).await;
    for batch in &batches[1..] {
        server.clock.set(batch.sent);
        server.batch(batch).await.ok();
    }
    let state = listening.until("state").await;
    let name = |issue: &Value| format!("{} of {}", issue["rule"], issue["stream"]);
    let told = state["participants"][0]["peer_connections"][0]["issues"].as_array().unwrap();
    let mut open: BTreeSet<String> = told.iter().map(name).collect();
    let mut all = open.clone();
    loop {
        let (event, message) = listening.next().await.unwrap();
        match event.as_str() {
            "issue_raised" => {
                open.insert(name(&message["issue"]));
                all.insert(name(&message["issue"]));
            }
            "issue_cleared" => {
                assert!(message["issue"]["cleared_ms"].is_number(), "{message}");
                open.remove(&name(&message["issue"]));
            }
            "participant_left" => break,
            _ => {}
        }
    }
    assert!(all.iter().any(|name| name.contains("high_rtt")), "{all:?}");
    assert!(open.is_empty(), "nobody is there to have {open:?}");
}

#[tokio::test]
async fn rules_that_change_judge_a_running_call_from_then_on() {
    let server = TestServer::new().await;
    let mut batches = Call::of_seconds(60).throughout(|conditions| conditions.rtt_ms = 1200.0).batches(ADA);
    batches.pop();
    let later = batches.split_off(3);
    let mut stored = Value::Null;
    for batch in &batches {
        stored = server.batch(batch).await.ok();
    }
    assert_eq!(stored["rules"], "sidetone");
    analyzers(&server, 1.0).await;
    let mut listening = listen(&server, &format!("/v1/conferences/{}/live", stored["conference"].as_str().unwrap())).await;
    let state = listening.until("state").await;
    assert_eq!(state["participants"][0]["peer_connections"][0]["rules"], "sidetone");
    let rules = "high_rtt.minor=off high_rtt.major=off high_rtt.critical=off";
    let admin = server.program("ada", UserRole::Admin).await;
    let path = format!("/v1/admin/apps/{}", server.app.key);
    admin.does(Method::PATCH, &path, json!({"thresholds": rules})).await.ok();
    for batch in &later {
        assert_eq!(server.batch(batch).await.ok()["rules"], format!("sidetone {rules}"), "the page is told");
    }
    let cleared = listening.until("issue_cleared").await;
    assert_eq!(cleared["issue"]["rule"], "high_rtt");
    let last = batches.last().unwrap().reports.times().last().unwrap().as_millis();
    assert_eq!(cleared["issue"]["cleared_ms"], json!(last), "with the last report that the rules before judged");
    let mut of_stream = listen(&server, &format!("/v1/conferences/{}/live", stored["conference"].as_str().unwrap())).await;
    let connection = &of_stream.until("state").await["participants"][0]["peer_connections"][0];
    assert_eq!(connection["rules"], format!("sidetone {rules}"));
    assert!(connection["issues"].as_array().unwrap().iter().all(|issue| issue["rule"] != "high_rtt"), "{connection}");
}

#[tokio::test]
async fn who_listens_late_is_told_the_state() {
    let server = TestServer::new().await;
    let call = Call::of_seconds(60).throughout(|conditions| conditions.rtt_ms = 1200.0);
    let mut batches = call.batches(ADA);
    batches.pop();
    let mut stored = Value::Null;
    for batch in &batches {
        stored = server.batch(batch).await.ok();
    }
    let path = format!("/v1/conferences/{}/live", stored["conference"].as_str().unwrap());
    let state = timeout(Duration::from_secs(20), async {
        loop {
            let state = listen(&server, &path).await.next().await.unwrap().1;
            let latest = &state["participants"][0]["peer_connections"][0]["latest"]["time_ms"];
            if *latest == json!(batches.last().unwrap().reports.times().last().unwrap().as_millis()) {
                return state;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    let peer_connection = &state["participants"][0]["peer_connections"][0];
    assert_eq!(peer_connection["key"], stored["peer_connection"]);
    assert!(peer_connection["issues"].as_array().unwrap().iter().any(|issue| issue["rule"] == "high_rtt" && issue["cleared_ms"].is_null()));
}

#[tokio::test]
async fn silence_is_told_as_leaving() {
    let server = TestServer::new().await;
    let stored = server.batch(&a_batch()).await.ok();
    analyzers(&server, 1.0).await;
    let mut listening = listen(&server, &format!("/v1/conferences/{}/live", stored["conference"].as_str().unwrap())).await;
    listening.next().await.unwrap();
    server.clock.advance_ms(61_000);
    server.sweep().await;
    assert_eq!(listening.until("participant_left").await["timed_out"], true);
    listening.until("conference_ended").await;
}

#[tokio::test]
async fn what_is_said_of_a_call_afterwards_does_not_start_it_again() {
    let server = TestServer::new().await;
    let mut batch = a_batch();
    let conference = server.batch(&batch).await.ok()["conference"].as_str().unwrap().to_owned();
    analyzers(&server, 1.0).await;
    let mut listening = listen(&server, &format!("/v1/conferences/{conference}/live")).await;
    (batch.reports, batch.peer_connection_id) = (Reports::default(), PeerConnectionId::default());
    for (seq, second, kind) in [(0, 20, "left"), (1, 40, "feedback"), (2, 50, "page_visible")] {
        batch.sent = start().plus_micros(second * 1_000_000);
        batch.batch_seq = seq;
        batch.events = vec![Event { time: batch.sent, kind: kind.to_owned(), payload: "{}".to_owned() }];
        server.clock.set(batch.sent);
        assert_eq!(server.batch(&batch).await.ok()["conference"], conference);
    }
    listening.until("conference_ended").await;
    let again = listening.until("participant_joined").await;
    assert_eq!(again["time_ms"].as_f64(), Some(batch.sent.as_millis_f64()), "by what came last, not by the word before");
}

#[tokio::test]
async fn a_slow_client_is_told_how_much_it_missed() {
    let server = TestServer::with(|config, _| config.live.backlog_max = 4).await;
    let mut listening = listen(&server, "/v1/live?ticks=true").await;
    for index in 0..20 {
        let mut batch = a_batch();
        batch.conference_id = ConferenceId::new(format!("conference {index}")).unwrap();
        batch.participant_id = ParticipantId::new(format!("stay {index}")).unwrap();
        server.batch(&batch).await.ok();
    }
    analyzers(&server, 20.0).await;
    listening.next().await.unwrap();
    let lagged = listening.until("lagged").await;
    assert!(lagged["missed_count"].as_u64().unwrap() > 4, "{lagged}");
    listening.next().await.unwrap();
}

#[tokio::test]
async fn nobody_hears_of_another_app() {
    let server = TestServer::new().await;
    let mut listening = listen(&server, "/v1/live").await;
    listening.next().await.unwrap();
    let encoded = sidetone_wire::batch::encode(&a_batch());
    server.post(OTHER_INTAKE, sidetone_wire::batch::MEDIA_TYPE, encoded).await.ok();
    let ours = server.batch(&a_batch()).await.ok();
    assert_eq!(listening.next().await.unwrap().1["conference"], ours["conference"]);
}

#[tokio::test]
async fn the_number_of_clients_and_analyzers_is_bounded() {
    let server = TestServer::with(|config, _| {
        config.live.clients_max = 2;
        config.live.analyzers_max = 4;
    })
    .await;
    let one = listen(&server, "/v1/live").await;
    let _two = listen(&server, "/v1/live").await;
    let third = server.get("/v1/live").await;
    third.refused(503, "busy");
    assert_eq!(server.metric("sidetone_live_clients").await, 2.0);
    drop(one);
    listen(&server, "/v1/live").await.next().await.unwrap();
    for index in 0..50 {
        let mut batch = a_batch();
        batch.conference_id = ConferenceId::new(format!("conference {index}")).unwrap();
        batch.participant_id = ParticipantId::new(format!("stay {index}")).unwrap();
        server.batch(&batch).await.ok();
    }
    while server.metric("sidetone_live_skipped_batches_total").await < 40.0 {
        tokio::task::yield_now().await;
    }
    assert!(server.metric("sidetone_live_analyzers").await <= 4.0 + std::thread::available_parallelism().unwrap().get() as f64);
}

#[tokio::test]
async fn listening_wants_credentials() {
    let server = TestServer::new().await;
    let without = Request::get("/v1/live").body(Body::empty()).unwrap();
    server.send(without).await.refused(401, "credentials_missing");
    let wrong = Request::get(format!("/v1/live?access_token={INTAKE}")).body(Body::empty()).unwrap();
    server.send(wrong).await.refused(403, "scope_insufficient");
}

#[tokio::test]
async fn a_stream_ends_with_the_credentials_that_opened_it() {
    let server = TestServer::with(|config, _| config.auth.app_cache_ttl = "1s".parse().unwrap()).await;
    let admin = server.program("ann", UserRole::Admin).await;
    let stored = server.batch(&a_batch()).await.ok();
    let conference = format!("/v1/conferences/{}/live", stored["conference"].as_str().unwrap());
    let mut streams = vec![listen(&server, "/v1/live").await, listen(&server, &conference).await];
    for stream in &mut streams {
        stream.until("state").await;
    }
    let rotated = admin.does(Method::POST, &format!("/v1/admin/apps/{}/secrets", server.app.key), json!({"kinds": ["query"]})).await;
    assert_eq!(rotated.status, StatusCode::OK);
    let ended = async {
        for stream in &mut streams {
            while stream.next().await.is_some() {}
        }
    };
    timeout(Duration::from_secs(20), ended).await.expect("the streams end");
}
