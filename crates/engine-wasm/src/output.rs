//! What the engine calls back with, as JSON. An absent value is an absent member.

use serde_json::{Map, Value, json};
use sidetone_engine::{
    analysis::{Direction, MediaKind, Output, StreamId, Tick},
    issue::{Issue, Severity},
    metric::MetricValues,
    units::Timestamp,
};

/// Everything that one report led to.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    ticks: Vec<Value>,
    raised: Vec<Value>,
    escalated: Vec<Value>,
    cleared: Vec<Value>,
}

impl Collected {
    pub(crate) fn add(&mut self, output: Output<'_>) {
        match output {
            Output::Tick(value) => self.ticks.push(tick(value)),
            Output::Raised(value) => self.raised.push(issue(value)),
            Output::Escalated(value) => self.escalated.push(issue(value)),
            Output::Cleared(value) => self.cleared.push(issue(value)),
        }
    }

    pub(crate) fn into_json(self) -> String {
        json!({"ticks": self.ticks, "raised": self.raised, "escalated": self.escalated, "cleared": self.cleared}).to_string()
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
