//! One report from JSON and to JSON.

use serde::{Serialize, Serializer, de::DeserializeSeed, ser::SerializeMap};
use sidetone_engine::{
    report::{MemberName, Report, Stats, Text, Value},
    units::Timestamp,
};

use super::{
    JsonError,
    read::{Reader, StatsMap},
    surrogate,
};

/// The report of `time` from its `stats` object, `{id: {type, timestamp, …}, …}`.
///
/// # Errors
/// When the text is no such object; see [`crate::json`] for what is allowed.
pub fn report_from_json(time: Timestamp, text: &[u8]) -> Result<Report, JsonError> {
    surrogate::parse(text, |text| {
        let reader = Reader::default();
        let mut parser = serde_json::Deserializer::from_slice(text);
        let stats = StatsMap(&reader).deserialize(&mut parser).map_err(|error| JsonError::new(reader.place(), &error))?;
        parser.end().map_err(|error| JsonError::new(String::new(), &error))?;
        Ok(Report { time, stats })
    })
}

/// As [`report_from_json`], from a document that was parsed already.
///
/// # Errors
/// When the value is no object of objects.
pub fn report_from_value(time: Timestamp, value: &serde_json::Value) -> Result<Report, JsonError> {
    let reader = Reader::default();
    let stats = StatsMap(&reader).deserialize(value).map_err(|error| JsonError::new(reader.place(), &error))?;
    Ok(Report { time, stats })
}

/// The `stats` object of a report, as `Object.fromEntries(report)` gives it.
#[must_use]
pub fn report_to_json(report: &Report) -> serde_json::Value {
    serde_json::to_value(JsonReport(report)).unwrap_or_default()
}

/// Serialises as the `stats` object of a report, without a tree in between.
#[derive(Clone, Copy, Debug)]
pub struct JsonReport<'a>(pub &'a Report);

impl Serialize for JsonReport<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.stats.iter().map(|(id, stats)| (&**id, JsonStats(id, stats))))
    }
}

struct JsonStats<'a>(&'a Text, &'a Stats);

impl Serialize for JsonStats<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(id, stats) = self;
        let mut map = serializer.serialize_map(None)?;
        if !holds(stats, "id") {
            map.serialize_entry("id", &***id)?;
        }
        if !stats.stats_type.is_empty() && !holds(stats, "type") {
            map.serialize_entry("type", &*stats.stats_type)?;
        }
        let mut members = stats.members.iter().peekable();
        while let Some((member, value)) = members.next() {
            if member.key.is_none() {
                // A name cannot be a value and a record at once in JSON; the record would be read back.
                if members.peek().is_none_or(|(next, _)| next.name != member.name) {
                    map.serialize_entry(&*member.name, &JsonValue(value))?;
                }
                continue;
            }
            let mut entries = vec![(member, value)];
            while let Some(entry) = members.next_if(|(next, _)| next.name == member.name) {
                entries.push(entry);
            }
            map.serialize_entry(&*member.name, &Record(&entries))?;
        }
        map.end()
    }
}

/// Whether a member of this name stands among the members.
fn holds(stats: &Stats, name: &str) -> bool {
    stats.members.range(MemberName::plain(name)..).next().is_some_and(|(member, _)| &*member.name == name)
}

struct Record<'a>(&'a [(&'a MemberName, &'a Value)]);

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(member, value)| (member.key.as_deref().unwrap_or_default(), JsonValue(value))))
    }
}

struct JsonValue<'a>(&'a Value);

impl Serialize for JsonValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Number(number) => serialize_number(*number, serializer),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Text(text) => serializer.serialize_str(text),
            // Only a hand-made chunk can hold text that is no JSON; it is shown as text.
            Value::Json(text) => match serde_json::from_str::<serde_json::Value>(text) {
                Ok(value) => value.serialize(serializer),
                Err(_) => serializer.serialize_str(text),
            },
        }
    }
}

/// Whole numbers without a fraction, as JavaScript writes them.
pub(super) fn serialize_number<S: Serializer>(number: f64, serializer: S) -> Result<S::Ok, S::Error> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let negative_zero = number == 0.0 && number.is_sign_negative();
    if number.fract() == 0.0 && number.abs() <= EXACT && !negative_zero {
        #[expect(clippy::cast_possible_truncation, reason = "whole and at most 2^53")]
        return serializer.serialize_i64(number as i64);
    }
    serializer.serialize_f64(number)
}
