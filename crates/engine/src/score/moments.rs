//! The minutes that counted: the stretches that pulled a score down the most, and what it would have been without them.
//!
//! An [`Overall`](super::overall::Overall) is a mean over time, so each second has its part in it. Seconds below the mean that follow one
//! another are a stretch; what it costs is what the score would be without it, less the score.

use libm::exp;

use super::overall::logarithm;
use crate::units::Timestamp;

/// Most stretches that are told of a score.
pub const MOMENTS_MAX: usize = 3;
/// A stretch that costs less than this is no news.
const WORTH: f64 = 0.05;
/// Two stretches that are no further apart than this are one.
const GAP_US: i64 = 5_000_000;
/// Most slots of time that are remembered: beyond that, each two become one, and later ones are as long. 3 hours of one second, a day of 8 s.
const SLOTS_MAX: usize = 10_800;

/// A stretch that pulled a score down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// Its begin.
    pub from: Timestamp,
    /// Its end.
    pub until: Timestamp,
    /// The score of the stretch alone.
    pub score: f64,
    /// The score of everything but it.
    pub without: f64,
}

/// A short time and what it scored.
#[derive(Clone, Copy, Debug)]
struct Slot {
    from: Timestamp,
    until: Timestamp,
    intervals: u32,
    seconds: f64,
    logarithms: f64,
}

impl Slot {
    fn join(&mut self, other: Self) {
        self.until = other.until;
        self.intervals += other.intervals;
        self.seconds += other.seconds;
        self.logarithms += other.logarithms;
    }

    fn mean(&self) -> f64 {
        self.logarithms / self.seconds
    }
}

/// A score over time, remembered by slots.
#[derive(Clone, Debug, Default)]
pub struct Moments {
    slots: Vec<Slot>,
    /// A slot has two to the power of this many intervals.
    doublings: u32,
}

impl Moments {
    /// Adds the interval of `seconds` that ended at `until` and scored `score`.
    pub fn add(&mut self, until: Timestamp, score: f64, seconds: f64) {
        let Some(logarithm) = logarithm(score, seconds) else { return };
        #[expect(clippy::cast_possible_truncation, reason = "an interval is no longer than some minutes")]
        let from = until.plus_micros(-((seconds * 1e6) as i64));
        let slot = Slot { from, until, intervals: 1, seconds, logarithms: seconds * logarithm };
        match self.slots.last_mut() {
            Some(last) if last.intervals < 1 << self.doublings => last.join(slot),
            _ => self.slots.push(slot),
        }
        if self.slots.len() > SLOTS_MAX {
            self.doublings += 1;
            let pairs = self.slots.chunks(2).map(|pair| {
                let mut slot = pair[0];
                pair[1..].iter().for_each(|other| slot.join(*other));
                slot
            });
            self.slots = pairs.collect();
        }
    }

    /// The stretches that cost the most, the dearest first.
    #[must_use]
    pub fn moments(&self) -> Vec<Moment> {
        let mut slots = self.slots.iter().copied();
        let Some(mut whole) = slots.next() else { return Vec::new() };
        slots.for_each(|slot| whole.join(slot));
        let score = |seconds: f64, logarithms: f64| (1.0 + exp(logarithms / seconds)).clamp(1.0, 5.0);
        let of_all = score(whole.seconds, whole.logarithms);
        let mut stretches: Vec<Slot> = Vec::new();
        for slot in self.slots.iter().filter(|slot| slot.mean() < whole.mean()) {
            match stretches.last_mut() {
                Some(last) if slot.from.as_micros() - last.until.as_micros() <= GAP_US => last.join(*slot),
                _ => stretches.push(*slot),
            }
        }
        let moments = stretches.iter().filter(|stretch| stretch.seconds < whole.seconds).map(|stretch| Moment {
            from: stretch.from,
            until: stretch.until,
            score: score(stretch.seconds, stretch.logarithms),
            without: score(whole.seconds - stretch.seconds, whole.logarithms - stretch.logarithms),
        });
        let mut moments: Vec<Moment> = moments.filter(|moment| moment.without - of_all >= WORTH).collect();
        moments.sort_by(|a, b| b.without.total_cmp(&a.without));
        moments.truncate(MOMENTS_MAX);
        moments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: usize) -> Timestamp {
        Timestamp::from_micros(i64::try_from(second).unwrap() * 1_000_000)
    }

    fn moments(scores: &[f64]) -> Vec<Moment> {
        let mut moments = Moments::default();
        scores.iter().enumerate().for_each(|(second, score)| moments.add(at(second + 1), *score, 1.0));
        moments.moments()
    }

    #[test]
    fn the_bad_minute_of_a_good_call_is_found_with_what_it_cost() {
        let mut call = vec![4.3; 600];
        call[200..240].fill(1.5);
        call[230] = 4.3;
        call[500..504].fill(3.0);
        let found = moments(&call);
        assert_eq!(found.iter().map(|moment| (moment.from, moment.until)).collect::<Vec<_>>(), [(at(200), at(240))]);
        assert!((found[0].score - 1.5).abs() < 0.1 && (found[0].without - 4.29).abs() < 0.02, "{found:?}");
    }

    #[test]
    fn a_call_that_is_the_same_throughout_has_no_such_minute() {
        assert_eq!(moments(&[2.1; 300]), []);
        assert_eq!(moments(&[]), []);
        assert_eq!(moments(&[f64::NAN, 4.0]), []);
    }

    #[test]
    fn a_long_call_is_remembered_in_bounded_memory() {
        let mut all = Moments::default();
        for second in 0..100_000 {
            all.add(at(second + 1), if (40_000..46_000).contains(&second) { 1.4 } else { 4.2 }, 1.0);
        }
        assert!(all.slots.len() <= SLOTS_MAX);
        let found = all.moments();
        let lasted = found[0].until.as_micros() - found[0].from.as_micros();
        assert!((lasted - 6_000_000_000).abs() < 32_000_000, "{found:?}");
    }
}
