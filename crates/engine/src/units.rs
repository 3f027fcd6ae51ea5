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

    /// This instant moved by `micros`, saturating.
    #[must_use]
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }
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
    fn impossible_instants_are_refused() {
        for millis in [f64::NAN, f64::INFINITY, -1.0, 1e300] {
            assert_eq!(Timestamp::from_millis_f64(millis), None);
        }
    }
}
