//! The log never holds secrets, tokens, names, user ids or addresses; neither does the data folder hold addresses that are not to be kept.

use std::{
    fmt::{Debug, Write},
    sync::Mutex,
};

use sidetone_testkit::traces;
use sidetone_wire::{
    batch::{Event, MEDIA_TYPE, kind},
    json as wire_json,
};
use tracing::{
    Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use super::*;

/// Keeps every word that is logged, of every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0.lock().unwrap(), " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        attributes.record(&mut self.clone());
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[tokio::test]
async fn the_log_tells_nothing_of_people() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    tell_of_people().await;
    // A message that another test's thread was just about to register when the log began may be taken to interest nobody: now all are known.
    tracing::callsite::rebuild_interest_cache();
    tell_of_people().await;
    let log = log.0.lock().unwrap().clone();
    assert!(log.contains("conference finalised") && log.contains("erased a user") && log.contains("secret_unknown"), "{log}");
    for private in [INTAKE, QUERY, "wrong-secret", "eyJ", "Lovelace", "countess", "ada", "stay-ada", "198.51.100.7", "standup"] {
        assert!(!log.contains(private), "{private:?} stands in the log: {log}");
    }
}

/// Everything that could make somebody's name or secret stand in the log.
async fn tell_of_people() {
    let server = TestServer::new().await;
    let mut batch = a_batch();
    batch.sent = server.clock.now();
    let payload = r#"{"user_name": "Ada Lovelace", "alias_name": "countess", "site": "198.51.100.7"}"#;
    batch.events = vec![
        Event { time: batch.sent, kind: kind::JOINED.into(), payload: payload.into() },
        Event { time: batch.sent, kind: kind::LEFT.into(), payload: "{}".into() },
    ];
    let stored = server.batch(&batch).await.ok();
    server.post("sti_wrong-secret", MEDIA_TYPE, "x").await.refused(401, "secret_unknown");
    server.post("eyJhbGciOiJub25lIn0.e30.", MEDIA_TYPE, "x").await.refused(401, "token_algorithm_refused");
    server.post(INTAKE, "application/json", r#"{"conference_id": "Ada Lovelace's call"}"#).await.refused(400, "batch_malformed");
    server.sweep().await;
    server.get(&format!("/v1/conferences/{}", stored["conference"].as_str().unwrap())).await.ok();
    server.ask(Method::DELETE, "/v1/users/ada", QUERY).await.ok();
}

/// A real call with everything in it that a browser may tell of addresses.
fn telling_batch() -> Batch {
    let mut batch = a_batch();
    batch.reports = traces::load("lite/av-pc0").reports;
    batch.sent = *batch.reports.times().last().unwrap();
    let event = |kind: &str, payload: Value| Event { time: batch.sent, kind: kind.into(), payload: payload.to_string() };
    batch.events = vec![
        event("ice_candidate", serde_json::json!({"candidate": "candidate:1 1 udp 2122 192.0.2.2 9 typ host", "sdpMid": "0"})),
        event("set_local_description", serde_json::json!({"type": "offer", "sdp": "v=0\r\no=- 1 2 IN IP4 192.0.2.2\r\n"})),
        event("muted", serde_json::json!({"kind": "audio"})),
    ];
    batch
}

/// Whether the file of the database, or its log, holds these bytes. Reports are compressed: they are judged by what the API gives.
fn is_on_disk(server: &TestServer, bytes: &[u8]) -> bool {
    let files = std::fs::read_dir(server.folder.path()).unwrap();
    files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).any(|file| file.windows(bytes.len()).any(|window| window == bytes))
}

#[tokio::test]
async fn addresses_are_kept_only_by_an_app_that_says_so() {
    for kept in [false, true] {
        let server = TestServer::with(|_, settings| settings.keep_addresses = kept).await;
        let policy = server.ask(Method::GET, "/v1/app", INTAKE).await;
        assert_eq!(policy.headers["cache-control"], "no-store");
        assert_eq!(policy.ok(), serde_json::json!({"keep_addresses": kept, "keep_sdp": kept, "rules": "sidetone"}));
        server.get("/v1/app").await.refused(403, "scope_insufficient");

        let mut batch = telling_batch();
        server.clock.set(batch.sent);
        for (form, participant) in [("binary", "stay-1"), ("json", "stay-2")] {
            batch.participant_id = sidetone_engine::ids::ParticipantId::new(participant).unwrap();
            let stored = match form {
                "binary" => server.batch(&batch).await.ok(),
                _ => server.post(INTAKE, "application/json", wire_json::batch_to_json(&batch)).await.ok(),
            };
            let path = format!("/v1/peer-connections/{}/reports?limit=500", stored["peer_connection"].as_str().unwrap());
            let reports = server.get(&path).await.ok();
            assert_eq!(reports["reports"].as_array().unwrap().len(), batch.reports.len());
            let events = server.get(&format!("/v1/conferences/{}/events", stored["conference"].as_str().unwrap())).await.ok();
            assert!(events.to_string().contains("muted"), "{events}");
            for answer in [reports, events] {
                let text = answer.to_string();
                assert_eq!(text.contains("192.0.2.2"), kept, "{form}: {}", &text[..text.len().min(2000)]);
                assert_eq!(text.contains("ipv4-public"), !kept);
            }
        }
        assert_eq!(is_on_disk(&server, b"192.0.2.2"), kept);
        assert_eq!(server.metric(r#"sidetone_addresses_hidden_total{kind="batch"}"#).await, if kept { 0.0 } else { 2.0 });
        assert_eq!(server.metric(r#"sidetone_addresses_hidden_total{kind="event"}"#).await, if kept { 0.0 } else { 4.0 });
    }
}
