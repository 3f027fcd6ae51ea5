//! Messenger's `call_metrics` over HTTP: the answers that Meta's callers rely on, and the call's page afterwards.

use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::{Value, json};
use sidetone_testkit::call::{Call, Who};

use super::{Answer, INTAKE, QUERY, TestServer};
use crate::{
    config::messenger::{KnownCalls, Token},
    intake::messenger::relay::Relay,
};

/// A body of a call that ended ten seconds ago.
fn body(server: &TestServer, call_id: &str) -> Value {
    let now_s = server.state.clock.now().as_millis_f64() / 1000.0;
    json!({
        "platform": "messenger", "call_id": call_id, "end_call_reason": "Hangup_Call", "end_call_subreason": "done",
        "call_ended_time": now_s - 10.0, "first_audio_packet_received_time": now_s - 30.0,
        "audio_stats": {
            "jitter_sec": 0.004, "packets_lost": 7, "packets_received": 1000, "round_trip_time_sec": 0.003,
            "jitter_buffer_delay_sec": 29_020.8, "concealed_samples": 4800, "silent_concealed_samples": 960, "total_samples_duration_sec": 20.03
        }
    })
}

fn request(path: &str) -> axum::http::request::Builder {
    Request::post(path).header(header::CONTENT_TYPE, "application/json")
}

async fn submit(server: &TestServer, body: &Value) -> Answer {
    let request = request("/1234567890/call_metrics").header(header::AUTHORIZATION, format!("Bearer {INTAKE}"));
    server.send(request.body(Body::from(body.to_string())).unwrap()).await
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: u64, subcode: Option<u64>) -> String {
    let body = answer.json();
    let error = &body["error"];
    assert_eq!((answer.status.as_u16(), error["code"].as_u64(), error["error_subcode"].as_u64()), (status, Some(code), subcode), "{body}");
    assert!(!error["fbtrace_id"].as_str().unwrap().is_empty());
    assert_eq!(body.as_object().unwrap().len(), 1, "nothing stands beside the error: {body}");
    error["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_record_gets_a_page_with_its_summary_and_score() {
    let server = TestServer::new().await;
    assert_eq!(submit(&server, &body(&server, "c_1")).await.ok(), json!({"success": true}));
    server.sweep().await;
    let list = server.get("/v1/conferences?conference_id=c_1").await.ok();
    let conference = &list["conferences"][0];
    assert_eq!((&conference["participant_count"], &conference["peer_connection_count"]), (&json!(1), &json!(0)), "{list}");
    let mos = conference["scores"]["mos_lq"].as_f64().unwrap();
    assert!((1.0..=5.0).contains(&mos), "{list}");
    let events = server.get(&format!("/v1/conferences/{}/events?kinds=call_metrics", conference["key"].as_str().unwrap())).await.ok();
    let payload = &events["events"][0]["payload"];
    assert_eq!(payload["end_reason"], "HANGUP_CALL", "{events}");
    assert_eq!(payload["audio"]["packets_lost"], 7.0);
    assert_eq!(payload["notes"], json!(["cumulative_rtt"]));
}

#[tokio::test]
async fn every_way_to_send_it_is_accepted() {
    let server = TestServer::new().await;
    let json = |call_id: &str| body(&server, call_id).to_string();
    let bearer = format!("Bearer {INTAKE}");
    let versioned = request("/v23.0/1234567890/call_metrics").header(header::AUTHORIZATION, &bearer).body(Body::from(json("c_1"))).unwrap();
    let in_url = request(&format!("/1234567890/call_metrics?access_token={INTAKE}")).body(Body::from(json("c_2"))).unwrap();
    let mut with_token = body(&server, "c_3");
    with_token["access_token"] = json!(INTAKE);
    let in_body = request("/1234567890/call_metrics").body(Body::from(with_token.to_string())).unwrap();
    let form: Vec<String> = body(&server, "c_4")
        .as_object()
        .unwrap()
        .iter()
        .chain([(&"access_token".to_owned(), &json!(INTAKE))])
        .map(|(name, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            format!("{name}={}", text.replace('"', "%22").replace(' ', "+").replace('{', "%7B").replace('}', "%7D"))
        })
        .collect();
    let in_form = Request::post("/1234567890/call_metrics")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8")
        .body(Body::from(form.join("&")))
        .unwrap();
    for (call_id, request) in [("c_1", versioned), ("c_2", in_url), ("c_3", in_body), ("c_4", in_form)] {
        assert_eq!(server.send(request).await.ok(), json!({"success": true}), "{call_id}");
        let list = server.get(&format!("/v1/conferences?conference_id={call_id}")).await.ok();
        assert_eq!(list["conferences"].as_array().unwrap().len(), 1, "{call_id}");
    }
}

#[tokio::test]
async fn the_record_joins_the_call_that_the_sdk_reported() {
    let server = TestServer::new().await;
    let who = Who { conference: "c_1", user: "agent", participant: "stay", peer_connection: "pc" };
    let mut batches = Call::of_seconds(60).batches(who);
    let last = batches.pop().unwrap();
    for batch in batches {
        server.clock.set(batch.sent);
        server.batch(&batch).await.ok();
    }
    let message = refused(&submit(&server, &body(&server, "c_1")).await, 400, 100, Some(1012));
    assert!(message.contains("still in progress"), "{message}");
    server.clock.set(last.sent);
    server.batch(&last).await.ok();
    server.clock.advance_ms(5_000);
    submit(&server, &body(&server, "c_1")).await.ok();
    server.sweep().await;
    let list = server.get("/v1/conferences?conference_id=c_1").await.ok();
    assert_eq!(list["conferences"].as_array().unwrap().len(), 1, "one call, one page: {list}");
    assert_eq!(list["conferences"][0]["participant_count"], 2);
}

#[tokio::test]
async fn a_call_takes_one_submission_but_a_lost_answer_may_be_asked_again() {
    let server = TestServer::new().await;
    let body = body(&server, "c_1");
    let keyed = |key: &str, body: &Value| {
        let request =
            request("/1234567890/call_metrics").header(header::AUTHORIZATION, format!("Bearer {INTAKE}")).header("idempotency-key", key);
        server.send(request.body(Body::from(body.to_string())).unwrap())
    };
    keyed("k1", &body).await.ok();
    assert_eq!(keyed("k1", &body).await.ok(), json!({"success": true}));
    refused(&keyed("k2", &body).await, 400, 100, Some(1013));
    refused(&submit(&server, &body).await, 400, 100, Some(1013));
    let mut other = body.clone();
    other["end_call_subreason"] = json!("another");
    refused(&keyed("k1", &other).await, 400, 100, Some(1013));
    server.clock.advance_ms(601_000);
    refused(&keyed("k1", &body).await, 400, 100, Some(1013));
    server.sweep().await;
    let list = server.get("/v1/conferences?conference_id=c_1").await.ok();
    assert_eq!(list["conferences"][0]["participant_count"], 1);
}

#[tokio::test]
async fn every_documented_refusal_has_its_envelope() {
    let server = TestServer::new().await;
    let good = body(&server, "c_1");
    let bearer = format!("Bearer {INTAKE}");
    let send = |path: &str, credentials: &str, text: String| {
        server.send(request(path).header(header::AUTHORIZATION, credentials).body(Body::from(text)).unwrap())
    };
    let path = "/1234567890/call_metrics";
    refused(&send(path, &bearer, "not json".into()).await, 400, 100, Some(1001));
    let mut missing = good.clone();
    missing.as_object_mut().unwrap().remove("audio_stats");
    assert!(refused(&send(path, &bearer, missing.to_string()).await, 400, 100, Some(1002)).contains("audio_stats"));
    let mut bored = good.clone();
    bored["end_call_reason"] = json!("Bored");
    assert!(refused(&send(path, &bearer, bored.to_string()).await, 400, 100, Some(1003)).contains("Connection_Dropped"));
    refused(&send("/my-page/call_metrics", &bearer, good.to_string()).await, 404, 100, Some(1011));
    let mut late = good.clone();
    late["call_ended_time"] = json!(good["call_ended_time"].as_f64().unwrap() - 90_000.0);
    refused(&send(path, &bearer, late.to_string()).await, 400, 100, Some(1014));
    refused(&send(path, "Bearer sti_wrong", good.to_string()).await, 401, 190, None);
    refused(&send(path, &format!("Bearer {QUERY}"), good.to_string()).await, 403, 10, None);
    let anonymous = server.send(request(path).body(Body::from(good.to_string())).unwrap()).await;
    refused(&anonymous, 401, 190, None);
    assert_eq!(server.metric("sidetone_items_total{kind=\"batch\",outcome=\"stored\",reason=\"\"}").await, 0.0);
}

#[tokio::test]
async fn an_app_with_pages_takes_no_others() {
    let server = TestServer::with(|_, settings| settings.messenger_pages = vec!["1234567890".into()]).await;
    submit(&server, &body(&server, "call-1")).await.ok();
    let foreign = request("/999/call_metrics").header(header::AUTHORIZATION, format!("Bearer {INTAKE}"));
    let answer = server.send(foreign.body(body(&server, "call-2").to_string().into()).unwrap()).await;
    let message = refused(&answer, 404, 100, Some(1011));
    assert!(message.contains("--messenger-page 999"), "{message}");
}

#[tokio::test]
async fn unknown_calls_are_refused_where_calls_must_be_known() {
    let server = TestServer::with(|config, _| config.messenger.calls = KnownCalls::Reported).await;
    let message = refused(&submit(&server, &body(&server, "c_1")).await, 400, 100, Some(1010));
    assert!(message.contains("c_1"), "{message}");
}

#[tokio::test]
async fn too_many_and_too_large_are_told_in_the_same_envelope() {
    let server = TestServer::with(|config, _| config.limits.app_requests_per_second = 1).await;
    let mut answers = Vec::new();
    for call in 0..30 {
        answers.push(submit(&server, &body(&server, &format!("c_{call}"))).await);
    }
    let limited = answers.iter().find(|answer| answer.status == 429).unwrap();
    refused(limited, 429, 4, None);
    assert!(limited.headers.contains_key(header::RETRY_AFTER));
}

/// A peer for the relay that answers with the next of `answers` and tells what it was asked.
async fn upstream(answers: Vec<(u16, &'static str)>) -> (String, tokio::sync::mpsc::UnboundedReceiver<(String, String, Value)>) {
    use axum::{Router, extract::Request, http::StatusCode};
    let (told, asked) = tokio::sync::mpsc::unbounded_channel();
    let answers = std::sync::Arc::new(std::sync::Mutex::new(answers.into_iter()));
    let router = Router::new().fallback(move |request: Request| {
        let (told, answers) = (told.clone(), answers.clone());
        async move {
            let path = request.uri().path().to_owned();
            let token = request.headers()[header::AUTHORIZATION].to_str().unwrap().to_owned();
            let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
            told.send((path, token, serde_json::from_slice(&body).unwrap())).unwrap();
            let (status, text) = answers.lock().unwrap().next().unwrap();
            (StatusCode::from_u16(status).unwrap(), text)
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}/v23.0"), asked)
}

async fn relaying(url: String) -> TestServer {
    TestServer::with(|config, _| {
        config.messenger.relay.url = url;
        config.messenger.relay.tokens.insert("1234567890".into(), Token("page-token".into()));
    })
    .await
}

async fn relayed(server: &TestServer) -> Value {
    let list = server.get("/v1/conferences?conference_id=c_1").await.ok();
    let key = list["conferences"][0]["key"].as_str().unwrap().to_owned();
    assert_ne!(list["conferences"][0]["state"], "running", "telling how it went brings nobody back");
    server.get(&format!("/v1/conferences/{key}/events?kinds=call_metrics_relayed")).await.ok()["events"].clone()
}

#[tokio::test]
async fn an_accepted_record_is_sent_on_until_it_arrives() {
    let busy = r#"{"error": {"message": "try later", "code": 2, "is_transient": true}}"#;
    let (url, mut asked) = upstream(vec![(500, busy), (200, r#"{"success": true}"#)]).await;
    let server = relaying(url).await;
    let mut body = body(&server, "c_1");
    body["audio_stats"]["jitter_buffer_emitted_count"] = json!(958_080);
    submit(&server, &body).await.ok();
    let server = server.restart().await;
    let relay = Relay::new().unwrap();
    relay.round(&server.state).await.unwrap();
    relay.round(&server.state).await.unwrap();
    assert_eq!(relayed(&server).await, json!([]), "the second try has to wait");
    server.clock.advance_ms(5_000);
    relay.round(&server.state).await.unwrap();
    relay.round(&server.state).await.unwrap();
    body["audio_stats"].as_object_mut().unwrap().remove("jitter_buffer_emitted_count");
    for _ in 0..2 {
        let (path, token, sent) = asked.try_recv().unwrap();
        assert_eq!((path.as_str(), token.as_str()), ("/v23.0/1234567890/call_metrics", "Bearer page-token"));
        assert_eq!(sent, body, "as it came, without what Meta does not document");
    }
    assert!(asked.try_recv().is_err(), "what has arrived is not sent again");
    let events = relayed(&server).await;
    assert_eq!((&events[0]["payload"]["delivered"], &events[0]["payload"]["attempts"]), (&json!(true), &json!(2)), "{events}");
}

#[tokio::test]
async fn what_the_peer_refuses_is_told_and_not_repeated() {
    let refusal = r#"{"error": {"message": "already submitted", "code": 100}}"#;
    let (url, mut asked) = upstream(vec![(400, refusal)]).await;
    let server = relaying(url).await;
    submit(&server, &body(&server, "c_1")).await.ok();
    let relay = Relay::new().unwrap();
    relay.round(&server.state).await.unwrap();
    server.clock.advance_ms(3_600_000);
    relay.round(&server.state).await.unwrap();
    asked.try_recv().unwrap();
    assert!(asked.try_recv().is_err());
    let payload = relayed(&server).await[0]["payload"].clone();
    assert_eq!((&payload["delivered"], &payload["status"]), (&json!(false), &json!(400)));
    assert!(payload["reason"].as_str().unwrap().contains("already submitted"), "{payload}");
}

#[tokio::test]
async fn a_peer_that_is_away_is_given_up_when_the_window_has_passed() {
    let server = relaying("http://127.0.0.1:9/v23.0".into()).await;
    submit(&server, &body(&server, "c_1")).await.ok();
    let relay = Relay::new().unwrap();
    for _ in 0..60 {
        relay.round(&server.state).await.unwrap();
        server.clock.advance_ms(1_800_000);
    }
    let payload = relayed(&server).await[0]["payload"].clone();
    assert_eq!(payload["delivered"], false, "{payload}");
    assert!(payload["reason"].as_str().unwrap().contains("24 hours"), "{payload}");
    assert!(payload["attempts"].as_u64().unwrap() > 40, "{payload}");
}

#[tokio::test]
async fn pages_without_a_token_are_kept_but_not_sent_on() {
    let server = relaying("http://127.0.0.1:9/v23.0".into()).await;
    let request = request("/99/call_metrics").header(header::AUTHORIZATION, format!("Bearer {INTAKE}"));
    server.send(request.body(Body::from(body(&server, "c_1").to_string())).unwrap()).await.ok();
    assert!(server.store.deliveries(server.state.clock.now(), 10).await.unwrap().is_empty());
}
