//! Instants as people and HTTP write them, in UTC.

use sidetone_engine::units::Timestamp;

/// An instant as UTC, `2026-11-21 02:41:09.553`.
#[must_use]
pub fn show(at: Timestamp) -> String {
    at.to_iso().replace('T', " ").replace('Z', "")
}

/// A text that is no instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no day or instant in UTC; write 2026-11-21 or 2026-11-21T14:30:00")]
pub struct NotAnInstant(String);

/// `2026-11-21`, `2026-11-21T14:30:00`, with or without `Z`; UTC.
///
/// # Errors
/// When it is anything else.
pub fn parse(text: &str) -> Result<Timestamp, NotAnInstant> {
    let wrong = || NotAnInstant(text.chars().take(40).collect());
    let (date, time) = text.trim_end_matches('Z').split_once(['T', ' ']).unwrap_or((text, "00:00:00"));
    let numbers = |text: &str, by: char| {
        text.split(by).map(|part| part.parse::<i64>().ok().filter(|number| *number >= 0)).collect::<Option<Vec<_>>>()
    };
    let (date, time) = (numbers(date, '-').ok_or_else(wrong)?, numbers(time, ':').ok_or_else(wrong)?);
    let ([year, month, day], [hour, minute, second]) = (&date[..], &time[..]) else { return Err(wrong()) };
    if !(1970..2200).contains(year) || !(1..=12).contains(month) || !(1..=31).contains(day) || *hour > 23 || *minute > 59 || *second > 60 {
        return Err(wrong());
    }
    let seconds = day_number(*year, *month, *day) * 86_400 + hour * 3600 + minute * 60 + second;
    Ok(Timestamp::from_micros(seconds * 1_000_000))
}

/// Days from 1970-01-01 to a civil date (proleptic Gregorian calendar, eras of 400 years from 0000-03-01).
fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The `Date` of an HTTP answer, such as `Sat, 21 Nov 2026 05:40:31 GMT` (RFC 9110, IMF-fixdate).
#[must_use]
pub fn parse_http_date(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut parts = text.split_once(", ")?.1.split(' ');
    let (day, month, year, time) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    parse(&format!("{year}-{month}-{day}T{time}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_shown_as_utc() {
        assert_eq!(show(Timestamp::from_micros(1_795_226_400_250_000)), "2026-11-21 02:00:00.250");
    }

    #[test]
    fn instants_are_read_as_utc() {
        // The right column is what `date -u +%s -d …` prints.
        for (text, seconds) in [
            ("1970-01-01", 0),
            ("2000-02-29", 951_782_400),
            ("2026-11-21T02:00:00Z", 1_795_226_400),
            ("2099-12-31 23:59:59", 4_102_444_799),
        ] {
            assert_eq!(parse(text).unwrap().as_micros(), seconds * 1_000_000, "{text}");
        }
        for text in ["", "yesterday", "2026-13-01", "2026-11-21T25:00:00", "2026-11", "-2026-01-01"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_date_of_an_answer_is_understood() {
        // The example of RFC 9110, section 5.6.7.
        assert_eq!(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Timestamp::from_micros(784_111_777_000_000)));
        assert_eq!(parse_http_date("yesterday"), None);
    }
}
