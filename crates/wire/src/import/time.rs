//! Times as dumps write them.

use serde_json::Value;
use sidetone_engine::units::Timestamp;

/// Milliseconds since 1970 from 2001 on; anything less is a span or a relative clock.
const ABSOLUTE_MS_MIN: f64 = 1e12;

/// Whether a number of milliseconds counts from 1970 (and not from the line before).
pub(super) fn is_absolute(millis: f64) -> bool {
    millis >= ABSOLUTE_MS_MIN
}

/// An instant from milliseconds or from ISO 8601 text.
pub(super) fn instant(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(number) => Timestamp::from_millis_f64(number.as_f64()?),
        Value::String(text) => iso(text),
        _ => None,
    }
}

/// `2026-11-21T02:44:36.513Z`, as `Date.prototype.toISOString` writes it; also with an offset, `+0100` or `+01:00`.
pub(crate) fn iso(text: &str) -> Option<Timestamp> {
    let (date, clock) = text.split_once('T')?;
    let (clock, offset_minutes) = offset(clock)?;
    let mut date = date.splitn(3, '-').map(number);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut clock = clock.splitn(3, ':').map(number);
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let valid = (1970..=2200).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !valid || hour > 23 || minute > 59 || second > 60 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Go and Java write nanoseconds, .NET tenths of microseconds.
    let micros = number(&format!("{fraction:0<6.6}"))?;
    // Days since 1970 of the civil date: years begin in March, so that leap days come last.
    let (shifted_year, shifted_month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days =
        shifted_year * 365 + shifted_year / 4 - shifted_year / 100 + shifted_year / 400 + (shifted_month * 153 + 2) / 5 + day - 1 - 719_468;
    Some(Timestamp::from_micros((((days * 24 + hour) * 60 + minute - offset_minutes) * 60 + second) * 1_000_000 + micros))
}

/// The time of day without its offset from UTC, and that offset in minutes.
fn offset(clock: &str) -> Option<(&str, i64)> {
    if let Some(clock) = clock.strip_suffix('Z') {
        return Some((clock, 0));
    }
    let at = clock.rfind(['+', '-'])?;
    let (clock, offset) = clock.split_at(at);
    let digits = offset[1..].replacen(':', "", 1);
    let (hours, minutes) = digits.split_at_checked(2)?;
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let span = hours * 60 + minutes;
    (digits.len() == 4 && hours < 24 && minutes < 60).then_some((clock, if offset.starts_with('-') { -span } else { span }))
}

fn number(digits: &str) -> Option<i64> {
    if digits.is_empty() || digits.len() > 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) { None } else { digits.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_times_are_read() {
        for (text, millis) in [
            ("1970-01-01T00:00:00.000Z", Some(0.0)),
            ("2026-11-21T02:44:36.513Z", Some(1_795_229_076_513.0)),
            ("2024-02-29T23:59:59Z", Some(1_709_251_199_000.0)),
            ("2026-11-21T02:44:36+0000", Some(1_795_229_076_000.0)),
            ("2026-11-21T03:44:36.5+01:00", Some(1_795_229_076_500.0)),
            ("2026-11-20T21:14:36-0530", Some(1_795_229_076_000.0)),
            ("2026-11-21T02:44:36.513000999Z", Some(1_795_229_076_513.0)),
            ("2026-11-21T03:44:36.5130009+01:00", Some(1_795_229_076_513.0)),
            ("2026-11-21T02:44:36.51x000Z", None),
            ("2026-11-21T02:44:36+1", None),
            ("2026-11-21T02:44:36", None),
            ("2026-13-21T02:44:36.513Z", None),
            ("2026-11-21 02:44:36", None),
            ("", None),
        ] {
            assert_eq!(iso(text), millis.and_then(Timestamp::from_millis_f64), "{text}");
        }
    }
}
