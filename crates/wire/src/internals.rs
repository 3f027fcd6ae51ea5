//! A peer connection as `chrome://webrtc-internals` dumps it, for the tools that read such files.
//!
//! One series of values for each member of each stats object, as the page keeps them; [`import`](crate::import) reads it back.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use sidetone_engine::{report::Report, units::Timestamp};

use crate::{batch::Event, json::report_to_json};

/// What a dump is made of.
#[derive(Clone, Copy, Debug)]
pub struct Connection<'a> {
    /// What the file calls it.
    pub id: &'a str,
    /// `User-Agent` of the browser; may be empty.
    pub user_agent: &'a str,
    /// Its events, oldest first.
    pub events: &'a [Event],
}

/// One member of one object over time.
struct Series {
    stats_type: String,
    /// Which of the object's samples the first value is of.
    begins: usize,
    first: Timestamp,
    last: Timestamp,
    /// `null` where the object was there without the member.
    values: Vec<Value>,
}

/// One object over time.
#[derive(Default)]
struct Object {
    samples: usize,
    series: BTreeMap<String, Series>,
}

impl Object {
    fn add(&mut self, time: Timestamp, members: Map<String, Value>) {
        let stats_type = members.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        for (name, value) in members.into_iter().filter(|(name, _)| name != "id" && name != "type") {
            let begins = self.samples;
            let stats_type = stats_type.clone();
            let series =
                self.series.entry(name).or_insert_with(|| Series { stats_type, begins, first: time, last: time, values: Vec::new() });
            series.last = time;
            series.fill(self.samples);
            series.values.push(value);
        }
        self.samples += 1;
    }

    /// By key, all up to the last sample: readers align the shorter ones at the end.
    fn into_series(self, id: String) -> impl Iterator<Item = (String, Value)> {
        let samples = self.samples;
        self.series.into_iter().map(move |(name, mut series)| {
            series.fill(samples);
            (format!("{id}-{name}"), series.into())
        })
    }
}

impl Series {
    /// `null` for every sample before that one which has no value.
    fn fill(&mut self, sample: usize) {
        self.values.resize(sample - self.begins, Value::Null);
    }
}

/// The dump of a connection with its reports, oldest first.
#[must_use]
pub fn write(connection: Connection<'_>, reports: impl IntoIterator<Item = Report>) -> String {
    let mut objects: BTreeMap<String, Object> = BTreeMap::new();
    for report in reports {
        let Value::Object(held) = report_to_json(&report) else { continue };
        for (id, object) in held {
            let Value::Object(members) = object else { continue };
            objects.entry(id).or_default().add(report.time, members);
        }
    }
    let stats: Map<String, Value> = objects.into_iter().flat_map(|(id, object)| object.into_series(id)).collect();
    let log: Vec<Value> = connection
        .events
        .iter()
        .map(|event| json!({"type": event.kind, "value": event.payload, "timestamp": event.time.as_millis_f64()}))
        .collect();
    let dump = json!({
        "getUserMedia": [],
        "PeerConnections": {connection.id: {"pid": 0, "rid": 0, "url": "", "rtcConfiguration": {}, "stats": stats, "updateLog": log}},
        "UserAgent": connection.user_agent,
    });
    dump.to_string()
}

impl From<Series> for Value {
    fn from(series: Series) -> Self {
        json!({
            "startTime": series.first.to_iso(),
            "endTime": series.last.to_iso(),
            "statsType": series.stats_type,
            // The page keeps them as text.
            "values": Self::Array(series.values).to_string(),
        })
    }
}
