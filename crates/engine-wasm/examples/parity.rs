//! The native half of the parity test: for every golden trace what the engine says of it and its compact batch, as one JSON object.
//!
//! The reports come through the JSON door here. The other half, `crates/engine-wasm/tests/parity.ts`, gives the same reports as numbers to
//! the WebAssembly module that is shipped, and compares exactly.
#![expect(clippy::print_stdout, reason = "the result goes to the other half by way of standard output")]

use std::{error::Error, fmt::Write};

use serde_json::{Map, Value, json};
use sidetone_engine::{
    analysis::{Analyzer, Direction, MediaKind, Output, StreamId, Tick},
    issue::{Issue, RuleSet, Severity},
    metric::MetricValues,
    report::Reports,
    units::Timestamp,
};
use sidetone_testkit::traces;
use sidetone_wire::{batch, json};

fn main() -> Result<(), Box<dyn Error>> {
    let mut results = Map::new();
    for name in traces::NAMES {
        results.insert(name.to_owned(), result(name)?);
    }
    println!("{}", Value::Object(results));
    Ok(())
}

fn result(name: &str) -> Result<Value, Box<dyn Error>> {
    let mut analyzer = Analyzer::live(&RuleSet::sidetone());
    let mut outcomes = Vec::new();
    let mut reports = Vec::new();
    for line in traces::lines(name) {
        let time = line["t"].as_f64().and_then(Timestamp::from_millis_f64).ok_or("a line without time")?;
        let report: Reports = std::iter::once(json::report_from_value(time, &line["report"])?).collect();
        let mut outcome = Outcome::default();
        analyzer.push(&report, &mut |output| outcome.add(output));
        outcomes.push(outcome.into_json());
        reports.push(json!({"time_ms": line["t"], "stats": line["report"]}));
    }
    let text = json!({
        "conference_id": "parity", "participant_id": name, "peer_connection_id": "pc", "batch_seq": 7, "sent_ms": 1_795_228_491_553_u64,
        "events": [{"time_ms": 1_795_228_491_553_u64, "kind": "note", "payload": {"text": "¶"}}],
        "reports": reports,
    });
    let bytes = batch::encode(&json::batch_from_json(text.to_string().as_bytes())?);
    Ok(json!({"outcomes": outcomes, "batch": hex(&bytes)}))
}

/// Everything that one report led to. An absent value is an absent member.
#[derive(Debug, Default)]
struct Outcome {
    ticks: Vec<Value>,
    raised: Vec<Value>,
    escalated: Vec<Value>,
    cleared: Vec<Value>,
}

impl Outcome {
    fn add(&mut self, output: Output<'_>) {
        match output {
            Output::Tick(value) => self.ticks.push(tick(value)),
            Output::Raised(value) => self.raised.push(issue(value)),
            Output::Escalated(value) => self.escalated.push(issue(value)),
            Output::Cleared(value) => self.cleared.push(issue(value)),
        }
    }

    fn into_json(self) -> Value {
        json!({"ticks": self.ticks, "raised": self.raised, "escalated": self.escalated, "cleared": self.cleared})
    }
}

fn tick(tick: &Tick) -> Value {
    let streams: Vec<Value> = tick.streams.iter().map(|of| json!({"stream": stream(of.stream), "values": values(&of.values)})).collect();
    json!({
        "time_ms": millis(tick.time),
        "interval_ms": tick.interval.as_secs_f64() * 1000.0,
        "connection": values(&tick.connection),
        "streams": streams,
    })
}

fn issue(issue: &Issue) -> Value {
    let severity = match issue.severity {
        Severity::Minor => "minor",
        Severity::Major => "major",
        Severity::Critical => "critical",
    };
    let mut object = json!({
        "rule": &*issue.rule,
        "severity": severity,
        "onset_ms": millis(issue.onset),
        "raised_ms": millis(issue.raised),
        "metric": issue.evidence.metric.name(),
        "threshold": issue.evidence.threshold,
        "window": issue.evidence.window.iter().map(|(time, value)| json!([millis(*time), value])).collect::<Vec<_>>(),
    });
    if let Some(of) = issue.stream {
        object["stream"] = stream(of);
    }
    if let Some(cleared) = issue.cleared {
        object["cleared_ms"] = millis(cleared);
    }
    object
}

fn stream(id: StreamId) -> Value {
    let direction = match id.direction {
        Direction::Inbound => "inbound",
        Direction::Outbound => "outbound",
    };
    let kind = match id.kind {
        MediaKind::Audio => "audio",
        MediaKind::Video => "video",
    };
    json!({"direction": direction, "kind": kind, "ssrc": id.ssrc})
}

fn values(values: &MetricValues) -> Value {
    values.iter().map(|(metric, value)| (metric.name().to_owned(), Value::from(value))).collect::<Map<_, _>>().into()
}

fn millis(time: Timestamp) -> Value {
    time.as_millis_f64().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
