//! Units as types: instants and spans that cannot be mistaken for one another.

use std::time::Duration;

/// An instant: microseconds since the Unix epoch, in the clock of whoever took it.
///
/// Signed, so that differences and hostile input need no special case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The last instant that the wire accepts: the year 2200.
    pub const MAX: Self = Self(7_258_118_400_000_000);

    /// From whole microseconds since the epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From (possibly fractional) milliseconds since the epoch, as `Date.now()` and `RTCStats.timestamp` give them.
    ///
    /// `None` when the value is not finite, negative or beyond [`Timestamp::MAX`].
    #[must_use]
    pub fn from_millis_f64(millis: f64) -> Option<Self> {
        let micros = (millis * 1000.0).round();
        #[expect(clippy::cast_possible_truncation, reason = "range checked here")]
        (micros.is_finite() && micros >= 0.0 && micros <= Self::MAX.0 as f64).then_some(Self(micros as i64))
    }

    /// Whole microseconds since the epoch.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the epoch, rounded down.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Milliseconds since the epoch. Until the year 2109 (2^42 ms) [`Timestamp::from_millis_f64`] gives back the same instant;
    /// later ones may move by a microsecond, which is all a double can hold.
    #[must_use]
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// The span since `earlier`; `None` when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Option<Duration> {
        u64::try_from(self.0.checked_sub(earlier.0)?).ok().map(Duration::from_micros)
    }

    /// `2026-11-21T02:44:36.513Z`, as `Date.prototype.toISOString` writes it.
    #[must_use]
    pub fn to_iso(self) -> String {
        let millis = self.as_millis();
        let (days, within) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (within / 3_600_000, within / 60_000 % 60, within / 1000 % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", within % 1000)
    }

    /// This instant moved by `micros`, saturating.
    #[must_use]
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }
}

/// The civil date of a day counted from 1970-01-01 (proleptic Gregorian calendar, eras of 400 years from 0000-03-01).
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractional_milliseconds_survive_the_round_trip() {
        let t = Timestamp::from_millis_f64(1_795_228_558_136.681).unwrap();
        assert_eq!(t.as_micros(), 1_795_228_558_136_681);
        assert_eq!(t.as_millis_f64(), 1_795_228_558_136.681);
    }

    #[test]
    fn instants_read_as_utc() {
        // The right column is what `date -u -d @…` prints.
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (1_795_226_400, "2026-11-21T02:00:00.000Z"),
            (4_102_444_799, "2099-12-31T23:59:59.000Z"),
            (-1, "1969-12-31T23:59:59.000Z"),
        ] {
            assert_eq!(Timestamp::from_micros(seconds * 1_000_000).to_iso(), text);
        }
    }

    #[test]
    fn impossible_instants_are_refused() {
        for millis in [f64::NAN, f64::INFINITY, -1.0, 1e300] {
            assert_eq!(Timestamp::from_millis_f64(millis), None);
        }
    }
}
