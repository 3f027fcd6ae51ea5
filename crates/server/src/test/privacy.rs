//! The log never holds secrets, tokens, names, user ids or addresses.

use std::{
    fmt::{Debug, Write},
    sync::Mutex,
};

use sidetone_wire::batch::{Event, MEDIA_TYPE, kind};
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
    let log = log.0.lock().unwrap().clone();
    assert!(log.contains("conference finalised") && log.contains("erased a user") && log.contains("secret_unknown"), "{log}");
    for private in [INTAKE, QUERY, "wrong-secret", "eyJ", "Lovelace", "countess", "ada", "stay-ada", "198.51.100.7", "standup"] {
        assert!(!log.contains(private), "{private:?} stands in the log: {log}");
    }
}
