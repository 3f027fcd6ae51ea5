//! The accounts: what became of every batch, report and event, and everything else that `/metrics` tells.
//!
//! This file is the manual of the metrics. Names carry base units; counters end in `_total`.

mod sip_figures;
mod store_figures;

use std::{
    fmt::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::http::Method;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};
use sidetone_store::health::StoreHealth;
use sidetone_wire::address::Hidden;

use sip_figures::SipFigures;
use store_figures::StoreFigures;

/// What became of an item that a client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Durable.
    Stored,
    /// Was durable before.
    Duplicate,
    /// Refused for what it is; the reason is the problem's code.
    Invalid(&'static str),
    /// Refused for its sender; the reason is the problem's code.
    Unauthorized(&'static str),
    /// Refused for the app's rate.
    Limited(&'static str),
    /// Refused because the server or the store is busy or cannot write.
    Busy(&'static str),
    /// The client went away before the answer: it may be stored or not, the client will send it again.
    Abandoned,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ItemLabels {
    kind: &'static str,
    outcome: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DiagnosticLabel {
    event_type: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

/// Its name. Those that nothing here answers share one: whoever makes methods up must not make figures without end.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabel {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TaskLabel {
    task: &'static str,
}

/// The process's accounts.
#[derive(Debug)]
pub(crate) struct Accounts {
    registry: Registry,
    items: Family<ItemLabels, Counter>,
    client_dropped: Family<KindLabel, Counter>,
    addresses_hidden: Family<KindLabel, Counter>,
    callstats_diagnostics: Family<DiagnosticLabel, Counter>,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<RouteLabel, Histogram>,
    append_seconds: Histogram,
    task_failures: Family<TaskLabel, Counter>,
    store: StoreFigures,
    /// Phones.
    pub(crate) sip: SipFigures,
    /// Batches handed to the store whose commit is awaited.
    pub(crate) appends_waiting: Gauge,
    /// Bytes of request bodies in memory.
    pub(crate) in_flight_bytes: Gauge,
    /// Open connections.
    pub(crate) connections: Gauge,
    /// Peer connections analysed while they run.
    pub(crate) live_analyzers: Gauge,
    /// Clients of live streams.
    pub(crate) live_clients: Gauge,
    /// Batches left out of the live view because it lagged behind; they are stored all the same.
    pub(crate) live_skipped: Counter,
    /// Conferences whose summary was written.
    pub(crate) finalised: Counter,
    /// Conferences removed by age.
    pub(crate) expired: Counter,
}

fn latency() -> Histogram {
    Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 5.0, 15.0])
}

impl Accounts {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("sidetone");
        let accounts = Self {
            items: Family::default(),
            client_dropped: Family::default(),
            addresses_hidden: Family::default(),
            callstats_diagnostics: Family::default(),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(latency as fn() -> Histogram),
            append_seconds: latency(),
            task_failures: Family::default(),
            store: StoreFigures::default(),
            sip: SipFigures::default(),
            appends_waiting: Gauge::default(),
            in_flight_bytes: Gauge::default(),
            connections: Gauge::default(),
            live_analyzers: Gauge::default(),
            live_clients: Gauge::default(),
            live_skipped: Counter::default(),
            finalised: Counter::default(),
            expired: Counter::default(),
            registry: Registry::default(),
        };
        registry.register("build", "Version of this server", Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]));
        registry.register(
            "items",
            "Batches, reports and events that clients sent, by what became of them (reports and events of a batch that could not be read are not countable)",
            accounts.items.clone(),
        );
        registry.register("client_dropped", "Reports and events that clients say they threw away", accounts.client_dropped.clone());
        registry.register(
            "addresses_hidden",
            "Batches in whose reports, and events in which, addresses or SDP were hidden because the app does not keep them",
            accounts.addresses_hidden.clone(),
        );
        registry.register(
            "callstats_diagnostics",
            "What callstats clients say of themselves; `restResponseError` is a report of theirs that they believe failed",
            accounts.callstats_diagnostics.clone(),
        );
        registry.register("http_requests", "Requests by route and status", accounts.requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "From the head of the request to the head of the answer",
            Unit::Seconds,
            accounts.request_seconds.clone(),
        );
        registry.register_with_unit("store_append_duration", "From append to durable", Unit::Seconds, accounts.append_seconds.clone());
        registry.register("store_appends_waiting", "Batches handed to the store whose commit is awaited", accounts.appends_waiting.clone());
        accounts.store.register(&mut registry);
        registry.register_with_unit("in_flight", "Request bodies in memory", Unit::Bytes, accounts.in_flight_bytes.clone());
        registry.register("connections", "Open connections", accounts.connections.clone());
        registry.register("live_analyzers", "Peer connections analysed while they run", accounts.live_analyzers.clone());
        registry.register("live_clients", "Clients of live streams", accounts.live_clients.clone());
        registry.register(
            "live_skipped_batches",
            "Batches left out of the live view because it lagged behind",
            accounts.live_skipped.clone(),
        );
        registry.register("conferences_finalised", "Conferences whose summary was written", accounts.finalised.clone());
        registry.register("conferences_expired", "Conferences removed by age", accounts.expired.clone());
        accounts.sip.register(&mut registry);
        registry.register("task_failures", "Failed runs of background tasks", accounts.task_failures.clone());
        Self { registry, ..accounts }
    }

    /// Counts `count` items of `kind` (`batch`, `report`, `event`).
    pub(crate) fn item(&self, kind: &'static str, outcome: Outcome, count: u64) {
        let (outcome, reason) = match outcome {
            Outcome::Stored => ("stored", ""),
            Outcome::Duplicate => ("duplicate", ""),
            Outcome::Invalid(reason) => ("invalid", reason),
            Outcome::Unauthorized(reason) => ("unauthorized", reason),
            Outcome::Limited(reason) => ("limited", reason),
            Outcome::Busy(reason) => ("busy", reason),
            Outcome::Abandoned => ("abandoned", ""),
        };
        if count > 0 {
            self.items.get_or_create(&ItemLabels { kind, outcome, reason }).inc_by(count);
        }
    }

    pub(crate) fn client_dropped(&self, kind: &'static str, count: u64) {
        if count > 0 {
            self.client_dropped.get_or_create(&KindLabel { kind }).inc_by(count);
        }
    }

    pub(crate) fn addresses_hidden(&self, hidden: Hidden) {
        for (kind, count) in [("batch", u64::from(hidden.reports)), ("event", hidden.events as u64)] {
            if count > 0 {
                self.addresses_hidden.get_or_create(&KindLabel { kind }).inc_by(count);
            }
        }
    }

    pub(crate) fn callstats_diagnostic(&self, event_type: &'static str) {
        self.callstats_diagnostics.get_or_create(&DiagnosticLabel { event_type }).inc();
    }

    pub(crate) fn request(&self, method: &Method, route: &str, status: u16, took: Duration) {
        self.requests.get_or_create(&RequestLabels { method: known(method), route: route.to_owned(), status }).inc();
        self.request_seconds.get_or_create(&RouteLabel { route: route.to_owned() }).observe(took.as_secs_f64());
    }

    pub(crate) fn appended(&self, began: Instant) {
        self.append_seconds.observe(began.elapsed().as_secs_f64());
    }

    pub(crate) fn task_failed(&self, task: &'static str) {
        self.task_failures.get_or_create(&TaskLabel { task }).inc();
    }

    /// Takes over the store's own figures.
    pub(crate) fn store_is(&self, health: &StoreHealth) {
        self.store.set(health);
    }

    /// The Prometheus text form.
    pub(crate) fn render(&self) -> String {
        let mut text = String::new();
        if encode(&mut text, &self.registry).is_err() {
            let _ = write!(text, "# the accounts could not be written\n# EOF\n");
        }
        text
    }
}

/// One batch on its way: settled once with what became of it; dropped unsettled, it counts as abandoned.
#[derive(Debug)]
pub(crate) struct BatchAccount {
    accounts: Arc<Accounts>,
    reports: u64,
    events: u64,
    open: bool,
}

impl BatchAccount {
    pub(crate) fn open(accounts: &Arc<Accounts>) -> Self {
        Self { accounts: Arc::clone(accounts), reports: 0, events: 0, open: true }
    }

    /// Tells what the batch holds, once that is known.
    pub(crate) fn holds(&mut self, reports: usize, events: usize) {
        self.reports = reports as u64;
        self.events = events as u64;
    }

    pub(crate) fn settle(mut self, outcome: Outcome) {
        self.close(outcome);
    }

    /// There was no batch after all.
    pub(crate) fn withdraw(mut self) {
        self.open = false;
    }

    fn close(&mut self, outcome: Outcome) {
        self.open = false;
        self.accounts.item("batch", outcome, 1);
        self.accounts.item("report", outcome, self.reports);
        self.accounts.item("event", outcome, self.events);
    }
}

impl Drop for BatchAccount {
    fn drop(&mut self) {
        if self.open {
            self.close(Outcome::Abandoned);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_batch_is_counted_once() {
        let accounts = Arc::new(Accounts::new());
        let mut batch = BatchAccount::open(&accounts);
        batch.holds(10, 2);
        batch.settle(Outcome::Stored);
        drop(BatchAccount::open(&accounts));
        BatchAccount::open(&accounts).settle(Outcome::Invalid("batch_damaged"));
        let text = accounts.render();
        for line in [
            r#"sidetone_items_total{kind="batch",outcome="stored",reason=""} 1"#,
            r#"sidetone_items_total{kind="report",outcome="stored",reason=""} 10"#,
            r#"sidetone_items_total{kind="event",outcome="stored",reason=""} 2"#,
            r#"sidetone_items_total{kind="batch",outcome="abandoned",reason=""} 1"#,
            r#"sidetone_items_total{kind="batch",outcome="invalid",reason="batch_damaged"} 1"#,
            r#"sidetone_build_info{version="0.1.0"} 1"#,
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }
}
