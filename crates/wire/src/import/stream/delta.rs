//! Reports from the differences between them.

use std::collections::HashSet;

use serde::de::DeserializeSeed;
use serde_json::{Map, Value as Json};
use sidetone_engine::{
    report::{MemberName, Report, Stats, Text, Value},
    units::Timestamp,
};

use super::{
    super::{ImportError, time::instant},
    codes,
};
use crate::json::{AnyValue, Read, Reader, remove_member, set_member};

/// A report's own time is believed when it is this near to the time of its line.
const TIME_TOLERANCE_US: u64 = 60_000_000;

/// The latest report of a peer connection, to which the next one is a difference.
#[derive(Default)]
pub(super) struct Base {
    report: Report,
    /// Objects whose time is their own and not the common one.
    own_times: HashSet<Text>,
}

/// The time of an object, as one difference gives it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Time {
    /// Its own.
    Own,
    /// Said to be the common one.
    Common,
    /// Nothing is said.
    Unsaid,
}

impl Base {
    /// The latest report.
    pub(super) fn report(&self) -> &Report {
        &self.report
    }

    /// Moves on by one difference, or to a complete report: that is one without a common time whose objects have ids.
    ///
    /// The common time stands at `t` or `timestamp`. It is the time of every object, except those that have one of their own. What the
    /// other end said keeps its own time until a new one is given: unlike other objects it is only in a difference when it changed.
    pub(super) fn apply(
        &mut self,
        line: usize,
        line_time: Timestamp,
        stats: Map<String, Json>,
        reader: &Reader,
    ) -> Result<(), ImportError> {
        let common = ["t", "timestamp"].into_iter().find_map(|name| instant(stats.get(name)?)).map(Timestamp::as_millis_f64);
        let common_exact = ["t", "timestamp"].into_iter().find_map(|name| stats.get(name)?.as_f64()).or(common);
        if common.is_none() && stats.values().any(|object| object.get("id").is_some()) {
            self.report.stats.clear();
            self.own_times.clear();
        }
        for (key, object) in stats {
            match object {
                Json::Null => {
                    self.report.stats.remove(&*key);
                    self.own_times.remove(&*key);
                }
                Json::Object(members) => {
                    let id = Text::from(key);
                    let object = self.report.stats.entry(id.clone()).or_default();
                    match merge(object, &id, members, reader) {
                        Time::Own => drop(self.own_times.insert(id)),
                        Time::Unsaid if object.stats_type.starts_with("remote-") => {}
                        Time::Common | Time::Unsaid => drop(self.own_times.remove(&id)),
                    }
                    if is_callback_type(&object.stats_type) {
                        let stats_type = object.stats_type.to_string();
                        return Err(ImportError::CallbackStatistics { position: format!("line {line}"), stats_type });
                    }
                }
                // The common time, or something that is no object of stats.
                _ => {}
            }
        }
        if let Some(common) = common_exact {
            for (_, object) in self.report.stats.iter_mut().filter(|(id, _)| !self.own_times.contains(*id)) {
                object.members.insert(MemberName::plain("timestamp"), Value::Number(common));
            }
        }
        let own = common_exact.or_else(|| latest(&self.report)).and_then(Timestamp::from_millis_f64);
        self.report.time = own.filter(|own| own.as_micros().abs_diff(line_time.as_micros()) <= TIME_TOLERANCE_US).unwrap_or(line_time);
        Ok(())
    }
}

/// The time of the objects that are taken when `getStats` is called; what the other end said is older.
fn latest(report: &Report) -> Option<f64> {
    let name = MemberName::plain("timestamp");
    let own = report.stats.values().filter(|stats| !stats.stats_type.starts_with("remote-"));
    own.filter_map(|stats| match stats.members.get(&name) {
        Some(Value::Number(time)) => Some(*time),
        _ => None,
    })
    .reduce(f64::max)
}

/// Types that only the callback form of getStats had.
pub(in crate::import) fn is_callback_type(stats_type: &str) -> bool {
    stats_type.starts_with("goog") || matches!(stats_type, "ssrc" | "VideoBwe")
}

/// Merges the members that changed.
fn merge(object: &mut Stats, id: &Text, members: Map<String, Json>, reader: &Reader) -> Time {
    let mut own_time = Time::Unsaid;
    for (key, value) in members {
        let name = property_name(&key);
        // Rates that Chrome's page computed: ours are computed from the counters.
        if name.starts_with('[') {
            continue;
        }
        let value = match (name, value) {
            ("type", Json::Number(code)) => match code.as_u64().and_then(codes::stats_type) {
                Some(stats_type) => Json::String(stats_type.to_owned()),
                None => Json::Number(code),
            },
            // 0 stands for the common time.
            ("timestamp", Json::Number(time)) if time.as_f64() == Some(0.0) => {
                own_time = Time::Common;
                continue;
            }
            ("timestamp", Json::String(text)) => match instant(&Json::String(text.clone())) {
                Some(time) => Json::from(time.as_millis_f64()),
                None => Json::String(text),
            },
            (_, value) => value,
        };
        if name == "timestamp" {
            own_time = Time::Own;
        }
        let name = Text::from(name);
        if value.is_null() {
            remove_member(object, &MemberName::plain(name));
            continue;
        }
        match AnyValue(reader).deserialize(value) {
            // The entries of a record change one by one.
            Ok(Read::Record(entries)) => {
                object.members.remove(&MemberName::plain(name.clone()));
                for (key, value) in entries {
                    object.members.insert(MemberName::entry(name.clone(), key), value);
                }
            }
            Ok(value) => set_member(object, id, name, value),
            Err(_) => {}
        }
    }
    own_time
}

fn property_name(key: &str) -> &str {
    match key {
        "t" => "timestamp",
        _ => key.parse().ok().and_then(codes::property).unwrap_or(key),
    }
}
