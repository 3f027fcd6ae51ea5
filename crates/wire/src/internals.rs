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
    first: Timestamp,
    last: Timestamp,
    values: Vec<Value>,
}

/// The dump of a connection with its reports, oldest first.
#[must_use]
pub fn write(connection: Connection<'_>, reports: impl IntoIterator<Item = Report>) -> String {
    let mut series: BTreeMap<String, Series> = BTreeMap::new();
    for report in reports {
        let Value::Object(objects) = report_to_json(&report) else { continue };
        for (id, object) in objects {
            let Value::Object(members) = object else { continue };
            let stats_type = members.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
            for (member, value) in members.into_iter().filter(|(name, _)| name != "id" && name != "type") {
                let one = series.entry(format!("{id}-{member}")).or_insert_with(|| Series {
                    stats_type: stats_type.clone(),
                    first: report.time,
                    last: report.time,
                    values: Vec::new(),
                });
                one.last = report.time;
                one.values.push(value);
            }
        }
    }
    let stats: Map<String, Value> = series.into_iter().map(|(name, series)| (name, series.into())).collect();
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
