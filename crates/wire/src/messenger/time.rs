//! Times as businesses write them: seconds, milliseconds, ISO 8601.

use serde_json::{Map, Value};
use sidetone_engine::units::Timestamp;

use super::{Refused, kind_of};
use crate::import::time::iso;

/// Numbers above this are milliseconds: as seconds they lie in the year 5138.
const SECONDS_MAX: f64 = 1e11;

/// 2020-01-01: no Messenger call that this endpoint is for ended before.
const EARLIEST_US: i64 = 1_577_836_800_000_000;

/// How far ahead of ours a clock may be, µs.
const AHEAD_MAX_US: i64 = 3_600_000_000;

/// A required time; `None` for 0, which sample code sends for "never".
pub(super) fn required(members: &Map<String, Value>, property: &'static str) -> Result<Option<Timestamp>, Refused> {
    match members.get(property) {
        None | Some(Value::Null) => Err(Refused::property(property, "is missing; send a Unix timestamp in seconds")),
        Some(value) => read(property, value),
    }
}

/// A time that may be missing.
pub(super) fn optional(members: &Map<String, Value>, property: &'static str) -> Result<Option<Timestamp>, Refused> {
    match members.get(property) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => read(property, value),
    }
}

/// A time of any accepted form; `None` for 0.
pub(super) fn read(property: &str, value: &Value) -> Result<Option<Timestamp>, Refused> {
    let wrong = |given: String| {
        Refused::property(
            property,
            format!("{given} is no time; send a Unix timestamp in seconds, or ISO 8601 such as \"2026-11-21T02:44:36Z\""),
        )
    };
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.trim().parse::<f64>() {
            Ok(number) => Some(number),
            Err(_) => return iso(text.trim()).map(Some).ok_or_else(|| wrong(format!("{:?}", super::shortened(text)))),
        },
        other => return Err(wrong(kind_of(other).to_owned())),
    };
    let number = number.filter(|number| number.is_finite() && *number >= 0.0).ok_or_else(|| wrong(value.to_string()))?;
    if number == 0.0 {
        return Ok(None);
    }
    let millis = if number > SECONDS_MAX { number } else { number * 1000.0 };
    Timestamp::from_millis_f64(millis).map(Some).ok_or_else(|| wrong(value.to_string()))
}

/// Whether a call can have been going on then.
pub(super) fn is_plausible(time: Timestamp, received: Timestamp) -> bool {
    (EARLIEST_US..=received.as_micros() + AHEAD_MAX_US).contains(&time.as_micros())
}
