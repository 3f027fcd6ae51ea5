//! What must not get in, and what must be told to whoever sent it.

use std::{
    io::Write,
    sync::atomic::{AtomicUsize, Ordering},
    task::Poll,
    time::Duration,
};

use axum::{
    body::Body,
    http::{Request, header},
};
use flate2::{Compression, write::GzEncoder};
use futures_util::StreamExt;
use serde_json::json;
use sidetone_engine::{
    ids::{ConferenceId, ID_BYTES_MAX, ParticipantId, PeerConnectionId},
    report::Reports,
};
use sidetone_testkit::report::report;
use sidetone_wire::{
    batch::{self, MEDIA_TYPE},
    json as wire_json,
};

use super::*;
use crate::config::text::ByteSize;

const HOUR_MS: i64 = 3_600_000;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn encoded(content_type: &str, encoding: &str, body: Vec<u8>) -> Request<Body> {
    Request::post("/v1/batches")
        .header(header::AUTHORIZATION, format!("Bearer {INTAKE}"))
        .header(header::CONTENT_TYPE, content_type)
        .header(header::CONTENT_ENCODING, encoding)
        .body(body.into())
        .unwrap()
}

async fn nothing_is_stored(server: &TestServer) {
    assert_eq!(server.get("/v1/conferences").await.ok()["conferences"], json!([]));
}

#[tokio::test]
async fn an_oversized_body_is_refused_with_the_limit() {
    let server = TestServer::with(|config, _| config.limits.body_size_max = ByteSize::kib(16)).await;
    let detail = server.post(INTAKE, MEDIA_TYPE, vec![0; 20_000]).await.refused(413, "body_too_large");
    assert!(detail.contains("20000 bytes") && detail.contains("16KiB"), "{detail}");
    // Without a length nobody knows before it was read.
    let pieces = futures_util::stream::iter((0..20).map(|_| Ok::<_, std::io::Error>(vec![0_u8; 1000])));
    server.post(INTAKE, MEDIA_TYPE, Body::from_stream(pieces)).await.refused(413, "body_too_large");
    assert_eq!(server.metric(r#"sidetone_items_total{kind="batch",outcome="invalid",reason="body_too_large"}"#).await, 2.0);
    nothing_is_stored(&server).await;
}

#[tokio::test]
async fn gzip_is_undone_for_json_and_a_bomb_is_not() {
    let server = TestServer::with(|config, _| config.limits.inflated_size_max = ByteSize::mib(2)).await;
    server.send(encoded("application/json", "gzip", gzip(&wire_json::batch_to_json(&a_batch())))).await.ok();
    let bomb = gzip(&vec![b' '; 200 << 20]);
    assert!(bomb.len() < 1 << 20);
    let detail = server.send(encoded("application/json", "gzip", bomb)).await.refused(413, "body_too_large");
    assert!(detail.contains("2MiB"), "{detail}");
    server.send(encoded("application/json", "gzip", b"not gzip".to_vec())).await.refused(400, "content_encoding_damaged");
    let mut cut = gzip(&wire_json::batch_to_json(&a_batch()));
    cut.truncate(cut.len() / 2);
    server.send(encoded("application/json", "gzip", cut)).await.refused(400, "content_encoding_damaged");
    server.send(encoded("application/json", "br", Vec::new())).await.refused(415, "content_encoding_unsupported");
    server.send(encoded(MEDIA_TYPE, "gzip", gzip(&batch::encode(&a_batch())))).await.refused(415, "content_encoding_unsupported");
}

#[tokio::test]
async fn another_content_type_is_refused() {
    let server = TestServer::new().await;
    let detail = server.post(INTAKE, "text/plain", "hello").await.refused(415, "content_type_unsupported");
    assert!(detail.contains("text/plain") && detail.contains(MEDIA_TYPE), "{detail}");
}

#[tokio::test]
async fn a_truncated_batch_is_refused_whatever_is_missing() {
    let server = TestServer::with(|config, _| config.limits.app_requests_per_second = 1_000_000).await;
    let whole = batch::encode(&a_batch());
    for length in 0..whole.len() {
        server.post(INTAKE, MEDIA_TYPE, whole[..length].to_vec()).await.refused(400, "batch_malformed");
    }
    nothing_is_stored(&server).await;
    server.post(INTAKE, MEDIA_TYPE, whole).await.ok();
}

#[tokio::test]
async fn a_bit_flip_anywhere_is_answered_and_harms_nobody() {
    let server = TestServer::with(|config, _| {
        config.limits.app_requests_per_second = 1_000_000;
        config.limits.app_reports_per_second = 100_000_000;
    })
    .await;
    let whole = batch::encode(&a_batch());
    for position in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[position] ^= 1 << (position % 8);
        let answer = server.post(INTAKE, MEDIA_TYPE, flipped).await;
        assert!(matches!(answer.status.as_u16(), 200 | 400 | 409 | 422), "byte {position}: {}", String::from_utf8_lossy(&answer.body));
    }
    let mut untouched = a_batch();
    untouched.participant_id = ParticipantId::new("somebody else").unwrap();
    server.batch(&untouched).await.ok();
}

#[tokio::test]
async fn hostile_bytes_are_refused() {
    let server = TestServer::new().await;
    let head = &batch::encode(&a_batch())[..4];
    for tail in [vec![0xff; 60_000], vec![0x80; 60_000], vec![0; 60_000], (0..=255).cycle().take(60_000).collect()] {
        server.post(INTAKE, MEDIA_TYPE, tail.clone()).await.refused(400, "batch_malformed");
        server.post(INTAKE, MEDIA_TYPE, [head, &tail].concat()).await.refused(400, "batch_malformed");
    }
    for text in ["", "{", "[]", "null", "{}", r#"{"conference_id": 7}"#, &"[".repeat(100_000)] {
        server.post(INTAKE, "application/json", text.to_owned()).await.refused(400, "batch_malformed");
    }
    nothing_is_stored(&server).await;
}

#[tokio::test]
async fn json_that_is_wrong_is_told_where() {
    let server = TestServer::new().await;
    let mut body: serde_json::Value = serde_json::from_slice(&wire_json::batch_to_json(&a_batch())).unwrap();
    body["reports"][3]["time_ms"] = json!("yesterday");
    let detail = server.post(INTAKE, "application/json", body.to_string()).await.refused(400, "batch_malformed");
    assert!(detail.contains("reports[3]"), "{detail}");
}

#[tokio::test]
async fn ids_that_are_not_text_are_refused() {
    let server = TestServer::new().await;
    let id = b"standup";
    for mut body in [batch::encode(&a_batch()), wire_json::batch_to_json(&a_batch())] {
        let content_type = if body.starts_with(b"{") { "application/json" } else { MEDIA_TYPE };
        let at = body.windows(id.len()).position(|window| window == id).expect("ids stand in the clear");
        body[at + 2] = 0xff;
        server.post(INTAKE, content_type, body).await.refused(400, "batch_malformed");
    }
    nothing_is_stored(&server).await;
}

#[tokio::test]
async fn ids_of_four_kib_are_kept_and_longer_ones_refused() {
    let server = TestServer::new().await;
    let longest = "ö".repeat(ID_BYTES_MAX / 2);
    let mut batch = a_batch();
    batch.conference_id = ConferenceId::new(longest.clone()).unwrap();
    server.batch(&batch).await.ok();
    assert_eq!(server.get("/v1/conferences").await.ok()["conferences"][0]["conference_id"], longest);
    let mut body: serde_json::Value = serde_json::from_slice(&wire_json::batch_to_json(&a_batch())).unwrap();
    body["conference_id"] = json!("x".repeat(ID_BYTES_MAX + 1));
    let detail = server.post(INTAKE, "application/json", body.to_string()).await.refused(400, "batch_malformed");
    assert!(detail.contains("4097") && detail.contains("4096"), "{detail}");
}

#[tokio::test]
async fn an_empty_conference_or_user_id_is_an_id_and_an_empty_participant_id_is_not() {
    let server = TestServer::new().await;
    let mut batch = a_batch();
    batch.conference_id = ConferenceId::default();
    batch.user_id = Default::default();
    let stored = server.batch(&batch).await.ok();
    let found = server.get("/v1/conferences?conference_id=").await.ok();
    assert_eq!(found["conferences"][0]["key"], stored["conference"]);
    batch.participant_id = ParticipantId::default();
    server.batch(&batch).await.refused(422, "participant_id_empty");
    let mut batch = a_batch();
    batch.peer_connection_id = PeerConnectionId::default();
    server.batch(&batch).await.refused(422, "peer_connection_id_empty");
}

#[tokio::test]
async fn conference_ids_of_any_script_are_found_again() {
    let server = TestServer::new().await;
    for (id, encoded) in [
        ("インターネット", "%E3%82%A4%E3%83%B3%E3%82%BF%E3%83%BC%E3%83%8D%E3%83%83%E3%83%88"),
        ("ອິນເຕີເນັດ", "%E0%BA%AD%E0%BA%B4%E0%BA%99%E0%BB%80%E0%BA%95%E0%BA%B5%E0%BB%80%E0%BA%99%E0%BA%B1%E0%BA%94"),
    ] {
        let mut batch = a_batch();
        batch.conference_id = ConferenceId::new(id).unwrap();
        batch.participant_id = ParticipantId::new(id).unwrap();
        let stored = server.batch(&batch).await.ok();
        for path in [format!("/v1/conferences?conference_id={encoded}"), format!("/v1/conferences?conference_id_prefix={}", &encoded[..18])]
        {
            let found = server.get(&path).await.ok();
            assert_eq!(found["conferences"].as_array().unwrap().len(), 1, "{path}");
            assert_eq!(found["conferences"][0]["key"], stored["conference"]);
            assert_eq!(found["conferences"][0]["conference_id"], id);
        }
    }
}

#[tokio::test]
async fn times_far_away_are_refused_and_a_wrong_clock_is_corrected() {
    let server = TestServer::new().await;
    for shift_ms in [-31 * 24 * HOUR_MS, 2 * HOUR_MS] {
        let mut batch = a_batch();
        batch.reports.shift(shift_ms * 1000);
        let detail = server.batch(&batch).await.refused(422, "time_out_of_range");
        let times = batch.reports.times();
        let outermost = if shift_ms < 0 { times[0] } else { *times.last().unwrap() };
        assert!(detail.contains(&outermost.as_millis().to_string()), "{detail}");
    }
    nothing_is_stored(&server).await;
    // The clock of this client is a year behind, and so is all that it tells.
    let behind = -365 * 24 * HOUR_MS;
    let mut batch = a_batch();
    batch.reports.shift(behind * 1000);
    for event in &mut batch.events {
        event.time = event.time.plus_micros(behind * 1000);
    }
    batch.sent = server.clock.now().plus_micros(behind * 1000);
    let stored = server.batch(&batch).await.ok();
    let reports = server.get(&format!("/v1/peer-connections/{}/reports", stored["peer_connection"].as_str().unwrap())).await.ok();
    assert_eq!(reports["reports"][0]["time_ms"], json!(a_batch().reports.times()[0].as_millis()));
    let events = server.get(&format!("/v1/conferences/{}/events", stored["conference"].as_str().unwrap())).await.ok();
    assert_eq!(events["events"][0]["time_ms"], json!(a_batch().events[0].time.as_millis()));
}

#[tokio::test]
async fn without_a_clock_the_times_of_a_batch_are_taken_as_they_are() {
    let server = TestServer::new().await;
    let post = |days: i64| {
        let mut batch = a_batch();
        batch.events.clear();
        batch.reports.shift(-days * 24 * HOUR_MS * 1000);
        let mut told: Value = serde_json::from_slice(&sidetone_wire::json::batch_to_json(&batch)).unwrap();
        told.as_object_mut().unwrap().remove("sent_ms");
        (batch.reports.times()[0].as_millis(), server.post(INTAKE, "application/json", told.to_string()))
    };
    let (time, answer) = post(31);
    let detail = answer.await.refused(422, "time_out_of_range");
    assert!(detail.contains(&time.to_string()) && detail.contains("sent_ms") && detail.contains("sidetone import"), "{detail}");
    nothing_is_stored(&server).await;
    let (time, answer) = post(20);
    let stored = answer.await.ok();
    let reports = server.get(&format!("/v1/peer-connections/{}/reports", stored["peer_connection"].as_str().unwrap())).await.ok();
    assert_eq!(reports["reports"][0]["time_ms"], json!(time), "not moved to now");
}

#[tokio::test]
async fn ten_thousand_streams_in_one_report_are_taken_and_harm_nobody() {
    let server = TestServer::with(|config, _| {
        config.limits.body_size_max = ByteSize::mib(8);
        config.limits.inflated_size_max = ByteSize::mib(16);
    })
    .await;
    let mut batch = a_batch();
    let builder = (0..10_000).fold(report(start()), |builder, index| {
        builder.object(&format!("IT{index}"), "inbound-rtp").text("kind", "audio").number("ssrc", index)
    });
    batch.reports = Reports::from_iter([builder.build()]);
    let stored = server.batch(&batch).await.ok();
    let path = format!("/v1/peer-connections/{}/reports", stored["peer_connection"].as_str().unwrap());
    let reports = server.get(&path).await.ok();
    assert_eq!(reports["reports"][0]["stats"].as_object().unwrap().len(), 10_000);
    assert_eq!(reports["reports"][0]["stats"]["IT9999"]["ssrc"], 9999);
    let mut other = a_batch();
    other.participant_id = ParticipantId::new("somebody else").unwrap();
    server.batch(&other).await.ok();
}

#[tokio::test]
async fn another_apps_data_is_not_there() {
    let server = TestServer::new().await;
    let stored = server.batch(&a_batch()).await.ok();
    let (conference, peer_connection) = (stored["conference"].as_str().unwrap(), stored["peer_connection"].as_str().unwrap());
    for (path, code) in [
        (format!("/v1/conferences/{conference}"), "conference_not_found"),
        (format!("/v1/conferences/{conference}/events"), "conference_not_found"),
        (format!("/v1/conferences/{conference}/live"), "conference_not_found"),
        (format!("/v1/peer-connections/{peer_connection}/reports"), "peer_connection_not_found"),
        (format!("/v1/peer-connections/{peer_connection}/series"), "peer_connection_not_found"),
    ] {
        server.ask(Method::GET, &path, OTHER_QUERY).await.refused(404, code);
    }
    assert_eq!(server.ask(Method::GET, "/v1/conferences", OTHER_QUERY).await.ok()["conferences"], json!([]));
    assert_eq!(server.ask(Method::DELETE, "/v1/users/ada", OTHER_QUERY).await.ok()["participant_count"], 0);
    // The same ids sent by another app are another conference: nothing crosses, nothing collides.
    let others = server.post(OTHER_INTAKE, MEDIA_TYPE, batch::encode(&a_batch())).await.ok();
    assert_ne!(others["conference"], stored["conference"]);
    assert_eq!(server.get("/v1/conferences").await.ok()["conferences"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_sent_too_fast_is_put_off() {
    let server = TestServer::with(|config, _| config.limits.app_requests_per_second = 1).await;
    // Ten at once, and one more for each second that they take.
    for _ in 0..10 {
        server.batch(&a_batch()).await.ok();
    }
    let mut answer = server.batch(&a_batch()).await;
    for _ in 0..1000 {
        if !answer.status.is_success() {
            break;
        }
        answer = server.batch(&a_batch()).await;
    }
    answer.refused(429, "app_requests_limited");
    assert_eq!(answer.headers[header::RETRY_AFTER], "1");
    // The other app is not touched.
    server.post(OTHER_INTAKE, MEDIA_TYPE, batch::encode(&a_batch())).await.ok();

    let server = TestServer::with(|config, _| config.limits.app_reports_per_second = 1).await;
    let batches = batches(60);
    server.batch(&batches[0]).await.ok();
    let answer = server.batch(&batches[1]).await;
    answer.refused(429, "app_reports_limited");
    assert_eq!(server.metric(r#"sidetone_items_total{kind="report",outcome="limited",reason="app_reports_limited"}"#).await, 10.0);
}

/// A body of which so much arrives, and then nothing more.
fn asleep_after(bytes: usize) -> Body {
    let began = futures_util::stream::iter([Ok::<_, std::io::Error>(vec![0_u8; bytes])]);
    Body::from_stream(began.chain(futures_util::stream::pending()))
}

/// Request bodies of 64 KiB in memory.
async fn server_with_64_kib() -> TestServer {
    TestServer::with(|config, _| {
        config.limits.body_size_max = ByteSize::kib(64);
        config.limits.inflated_size_max = ByteSize::kib(64);
        config.limits.in_flight_bytes_max = ByteSize::kib(64);
    })
    .await
}

#[tokio::test]
async fn memory_is_bounded_while_bodies_arrive() {
    let server = server_with_64_kib().await;
    let (router, slow) = (server.router.clone(), {
        let request = Request::post("/v1/batches").header(header::AUTHORIZATION, format!("Bearer {INTAKE}"));
        request.header(header::CONTENT_TYPE, MEDIA_TYPE).body(asleep_after(64 * 1024)).unwrap()
    });
    let sleeping = tokio::spawn(router.oneshot(slow));
    while server.metric("sidetone_in_flight_bytes").await == 0.0 {
        tokio::task::yield_now().await;
    }
    let answer = server.batch(&a_batch()).await;
    answer.refused(503, "busy");
    assert!(answer.headers.contains_key(header::RETRY_AFTER));
    sleeping.abort();
    let _ = sleeping.await;
    server.batch(&a_batch()).await.ok();
    assert_eq!(server.metric(r#"sidetone_items_total{kind="batch",outcome="abandoned",reason=""}"#).await, 1.0);
}

#[tokio::test]
async fn who_announces_much_and_sends_nothing_takes_nothing_from_others() {
    let server = server_with_64_kib().await;
    let polled = Arc::new(AtomicUsize::new(0));
    let silent = |path: &str| {
        let polled = Arc::clone(&polled);
        let body = futures_util::stream::poll_fn(move |_| {
            polled.fetch_add(1, Ordering::Relaxed);
            Poll::<Option<Result<Vec<u8>, std::io::Error>>>::Pending
        });
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json").header(header::CONTENT_LENGTH, 65_536);
        tokio::spawn(server.router.clone().oneshot(request.body(Body::from_stream(body)).unwrap()))
    };
    // These learn from the body who asks.
    let strangers = ["/1234567890/call_metrics", "/authenticate", "/generics"].map(silent);
    let waits = async {
        while polled.load(Ordering::Relaxed) < strangers.len() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waits).await.expect("their bodies are waited for");
    server.batch(&a_batch()).await.ok();
    strangers.iter().for_each(|stranger| stranger.abort());
}

#[tokio::test]
async fn a_body_with_gzip_takes_what_it_is_and_not_what_it_could_be() {
    let server = server_with_64_kib().await;
    let json = wire_json::batch_to_json(&a_batch());
    let zipped = gzip(&json);
    let mut others = server.state.budget.part();
    assert!(others.grow((64 * 1024 - json.len() - zipped.len() - 2048) as u64));
    server.send(encoded("application/json", "gzip", zipped)).await.ok();
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_given_up() {
    let server = TestServer::new().await;
    let detail = server.post(INTAKE, MEDIA_TYPE, asleep_after(0)).await.refused(408, "body_timeout");
    assert!(detail.contains("30s"), "{detail}");
}

#[tokio::test]
async fn unknown_paths_methods_and_parameters_are_told() {
    let server = TestServer::new().await;
    server.get("/v2/conferences").await.refused(404, "path_unknown");
    server.get("/v1/batches").await.refused(405, "method_not_allowed");
    for (query, part) in [
        ("limit=0", "1 to 500"),
        ("limit=501", "1 to 500"),
        ("limit=many", "invalid digit"),
        ("colour=red", "colour"),
        ("mos_min=6", "1 to 5"),
        ("severity=awful", "awful"),
        ("from_ms=-1", "from_ms"),
        ("from_ms=NaN", "from_ms"),
        ("conference_id=a&conference_id_prefix=b", "exclude"),
        ("additional_id_name=ticket", "additional_id"),
    ] {
        let detail = server.get(&format!("/v1/conferences?{query}")).await.refused(400, "parameter_invalid");
        assert!(detail.contains(part), "{query}: {detail}");
    }
    for path in ["/v1/live?ticks=maybe", "/v1/live?colour=red", "/v1/conferences/01KAVG0000000000000000000A/live?ticks=2"] {
        server.get(path).await.refused(400, "parameter_invalid");
    }
    server.ask(Method::GET, "/v1/turn-credentials?colour=red", INTAKE).await.refused(400, "parameter_invalid");
    server.get("/v1/conferences?after=nonsense").await.refused(400, "cursor_invalid");
    server.get("/v1/conferences/nonsense").await.refused(404, "conference_not_found");
    server.get("/v1/peer-connections/nonsense/series").await.refused(404, "peer_connection_not_found");
}

#[tokio::test]
async fn a_path_that_is_no_text_is_refused_like_everything_else() {
    let server = TestServer::new().await;
    for path in ["/v1/conferences/%ff", "/v1/users/%c3/conferences", "/v1/nowhere/%ff", "/handbook/%ff", "/conferences/%ff"] {
        let detail = server.get(path).await.refused(400, "path_invalid");
        assert!(detail.contains(path) && detail.contains("%C3%BC"), "{detail}");
    }
    for path in ["/conferences/%ff", "/users/%ff", "/handbook/%ff"] {
        let request = Request::get(path).header(header::ACCEPT, "text/html").body(Body::empty()).unwrap();
        let answer = server.send(request).await;
        assert_eq!(answer.status, 400, "{path}");
        let text = String::from_utf8(answer.body).unwrap();
        assert!(text.contains("<h1>That does not fit</h1>"), "{path}: {text}");
    }
}
