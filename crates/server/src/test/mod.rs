//! Tests through the router, with the real store in a folder of their own and a clock that stands still.

mod administration;
mod auth;
mod bad_input;
mod callstats;
mod conference_page;
mod dashboard;
mod diagnosis;
mod document;
mod finaliser;
mod intake;
mod live;
mod live_why;
mod messenger;
mod mute;
mod names;
mod privacy;
mod query;
mod session;
mod sip;
mod socket;
mod turn;
mod unjudged;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::Value;
use sidetone_engine::{ids::AppKey, units::Timestamp};
use sidetone_store::{
    Store,
    clock::Clock,
    record::{App, AppSettings, NewApp},
};
use sidetone_store_sqlite::{Role, SqliteConfig, SqliteStore};
use sidetone_testkit::{
    call::{Call, Who},
    clock::{FakeClock, FakeEntropy},
};
use sidetone_wire::batch::{self, Batch, MEDIA_TYPE};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::{config::ServerConfig, job::Sweeper, route, state::AppState};

pub(crate) const INTAKE: &str = "sti_first-app-secret-that-may-send";
pub(crate) const QUERY: &str = "stq_first-app-secret-that-may-read";
pub(crate) const NAMES: &str = "stn_first-app-secret-that-reads-names";
pub(crate) const OTHER_INTAKE: &str = "sti_other-app-secret-that-may-send";
pub(crate) const OTHER_QUERY: &str = "stq_other-app-secret-that-may-read";

/// Two apps, one store, no sockets.
pub(crate) struct TestServer {
    pub(crate) state: AppState,
    pub(crate) router: Router,
    pub(crate) clock: FakeClock,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) app: App,
    pub(crate) folder: Arc<TempDir>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

fn open_store(folder: &TempDir) -> Arc<dyn Store> {
    Arc::new(SqliteStore::open(folder.path(), SqliteConfig::new(Role::Server, 1)).unwrap())
}

fn digest(secret: &str) -> [u8; 32] {
    ring::digest::digest(&ring::digest::SHA256, secret.as_bytes()).as_ref().try_into().unwrap()
}

impl TestServer {
    pub(crate) async fn new() -> Self {
        Self::with(|_, _| {}).await
    }

    /// With another configuration, or other settings of the first app.
    pub(crate) async fn with(change: impl FnOnce(&mut ServerConfig, &mut AppSettings)) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let clock = FakeClock::default();
        let store = open_store(&folder);
        let mut config = ServerConfig::default();
        let mut settings = AppSettings {
            intake_secrets: vec![digest(INTAKE)],
            query_secrets: vec![digest(QUERY)],
            names_secrets: vec![digest(NAMES)],
            ..AppSettings::default()
        };
        change(&mut config, &mut settings);
        config.validate().unwrap();
        let new = |name: &str, random, settings| NewApp {
            key: AppKey::mint(clock.now(), random),
            name: name.into(),
            created: clock.now(),
            settings,
        };
        let app = store.create_app(new("first", 1, settings)).await.unwrap();
        let other =
            AppSettings { intake_secrets: vec![digest(OTHER_INTAKE)], query_secrets: vec![digest(OTHER_QUERY)], ..AppSettings::default() };
        store.create_app(new("other", 2, other)).await.unwrap();
        Self::around(config, store, clock, app, folder)
    }

    fn around(config: ServerConfig, store: Arc<dyn Store>, clock: FakeClock, app: App, folder: Arc<TempDir>) -> Self {
        let state = AppState::new(config, Arc::clone(&store), Arc::new(clock.clone()), Arc::new(FakeEntropy::default()));
        Self { router: route::router(state.clone()), state, clock, store, app, folder }
    }

    /// The same data folder in a new process, as far as anybody can tell.
    pub(crate) async fn restart(self) -> Self {
        let Self { state, router, clock, store, app, folder } = self;
        let config = state.config.clone();
        let held = Arc::downgrade(&store);
        drop((state, router, store));
        // What is being read is read to its end.
        while held.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
        let store = open_store(&folder);
        Self::around(config, store, clock, app, folder)
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer { status: parts.status, headers: parts.headers, body: body.collect().await.unwrap().to_bytes().to_vec() }
    }

    /// Posts a body as a batch.
    pub(crate) async fn post(&self, credentials: &str, content_type: &str, body: impl Into<Body>) -> Answer {
        let request = Request::post("/v1/batches")
            .header(header::AUTHORIZATION, format!("Bearer {credentials}"))
            .header(header::CONTENT_TYPE, content_type);
        self.send(request.body(body.into()).unwrap()).await
    }

    /// Sends a batch of the first app in binary form.
    pub(crate) async fn batch(&self, batch: &Batch) -> Answer {
        self.post(INTAKE, MEDIA_TYPE, batch::encode(batch)).await
    }

    /// Sends a call as its client would, as time goes by; the clock stands at its end afterwards.
    pub(crate) async fn call(&self, call: &Call, who: Who<'_>) -> Value {
        let mut last = Value::Null;
        for batch in call.batches(who) {
            self.clock.set(batch.sent.max(self.clock.now()));
            last = self.batch(&batch).await.ok();
        }
        last
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, credentials: &str) -> Answer {
        let request = Request::builder().method(method).uri(path).header(header::AUTHORIZATION, format!("Bearer {credentials}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, QUERY).await
    }

    /// One run of the presence job.
    pub(crate) async fn sweep(&self) {
        Sweeper::default().sweep(&self.state).await;
    }

    /// The value of a metric line, 0 when it is not there.
    pub(crate) async fn metric(&self, line: &str) -> f64 {
        let text = String::from_utf8(self.get("/metrics").await.body).unwrap();
        let found = text.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' '));
        found.map_or(0.0, |value| value.parse().unwrap())
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }

    /// Asserts a refusal, and gives its detail.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> String {
        let body = self.json();
        assert_eq!((self.status.as_u16(), body["code"].as_str()), (status, Some(code)), "{body}");
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(body["status"], status);
        body["detail"].as_str().unwrap().to_owned()
    }
}

/// The first batch of a call of a minute.
pub(crate) fn a_batch() -> Batch {
    batches(60).remove(0)
}

/// A call of so many seconds, ten reports a batch.
pub(crate) fn batches(seconds: u32) -> Vec<Batch> {
    Call::of_seconds(seconds).batches(ADA)
}

pub(crate) const ADA: Who<'static> = Who { conference: "standup", user: "ada", participant: "stay-ada", peer_connection: "pc" };
pub(crate) const BOB: Who<'static> = Who { conference: "standup", user: "bob", participant: "stay-bob", peer_connection: "pc" };

pub(crate) fn start() -> Timestamp {
    FakeClock::default().now()
}
