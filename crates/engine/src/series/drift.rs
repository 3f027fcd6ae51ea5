//! How fast one clock runs away from another, from how late it is by the other at one time after another.
//!
//! A queue on the way makes packets late as well, but comes and goes. So of each ten seconds the least lateness counts, which met no queue (Moon,
//! Skelly and Towsley, Estimation and Removal of Clock Skew from Network Delay Measurements, INFOCOM 1999), and a drift is only what two minutes
//! that follow one another have both: the lesser of the two rates, and none where they disagree in sign.

use std::collections::VecDeque;

/// Length of a block, ms.
const BLOCK_MS: f64 = 10_000.0;
/// Blocks in each of the two minutes.
const MINUTE: usize = 6;
/// A reading that comes later than this after the one before is another beginning: the computer slept, or nobody asked.
const GAP_MS: f64 = 30_000.0;
/// So is one that differs by more: a clock was set, a track replaced.
const STEP_MS: f64 = 1_000.0;
/// Beyond this no clock goes: what counts has stopped. Parts per million.
const PPM_MAX: f64 = 50_000.0;

/// Readings of two clocks.
#[derive(Debug, Default)]
pub(super) struct Drift {
    /// Of each block its least lateness, and when: times of one clock, ms.
    blocks: VecDeque<(f64, f64)>,
    /// Begin of the last block.
    began: f64,
    last: Option<(f64, f64)>,
}

impl Drift {
    /// Forgets everything: what comes next is no continuation.
    pub(super) fn clear(&mut self) {
        self.blocks.clear();
        self.last = None;
    }

    /// Takes a reading: at `time_ms` by our clock the other one was so much behind it. Only the change of it matters.
    pub(super) fn read(&mut self, time_ms: f64, late_ms: f64) {
        if !self.last.is_none_or(|(time, late)| (0.0..=GAP_MS).contains(&(time_ms - time)) && (late_ms - late).abs() <= STEP_MS) {
            self.clear();
        }
        self.last = Some((time_ms, late_ms));
        match self.blocks.back_mut() {
            Some(block) if time_ms - self.began < BLOCK_MS => {
                if late_ms < block.1 {
                    *block = (time_ms, late_ms);
                }
            }
            _ => {
                self.began = time_ms;
                self.blocks.push_back((time_ms, late_ms));
                if self.blocks.len() > 2 * MINUTE + 2 {
                    self.blocks.pop_front();
                }
            }
        }
    }

    /// How far they run apart, in millionths, whichever is faster; absent before two minutes, and where they are no clocks.
    pub(super) fn ppm(&self) -> Option<f64> {
        // The last block is not complete.
        let at = |index: usize| self.blocks.get(index).filter(|_| self.blocks.len() > 2 * MINUTE + 1);
        let rate = |from, until| at(from).zip(at(until)).map(|(from, until)| 1e6 * (until.1 - from.1) / (until.0 - from.0));
        let (first, second) = rate(0, MINUTE).zip(rate(MINUTE, 2 * MINUTE))?;
        let both = if first * second > 0.0 { first.abs().min(second.abs()) } else { 0.0 };
        Some(both).filter(|ppm| *ppm <= PPM_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reading a second; `late_ms` by second.
    fn after(seconds: u32, late_ms: impl Fn(f64) -> f64) -> Option<f64> {
        let mut drift = Drift::default();
        for second in 0..seconds {
            let second = f64::from(second);
            drift.read(1e12 + 1000.0 * second, 7e8 + late_ms(second));
        }
        drift.ppm()
    }

    fn is_about(ppm: Option<f64>, expected: f64) -> bool {
        ppm.is_some_and(|ppm| (ppm - expected).abs() < 1e-3 * expected.max(1.0))
    }

    #[test]
    fn a_rate_is_what_one_clock_loses_in_a_second() {
        // One millisecond a second is a thousand millionths, by definition.
        assert!(is_about(after(200, |second| second), 1000.0));
        assert!(is_about(after(200, |second| -0.5 * second), 500.0), "faster or slower");
        assert!(is_about(after(200, |_| 0.0), 0.0));
        assert_eq!(after(120, |second| second), None, "two minutes, and the block after them");
    }

    #[test]
    fn a_queue_is_no_drift() {
        // It stands for a minute, is there in most readings, or grows once and stays.
        assert!(is_about(after(200, |second| if (60.0..120.0).contains(&second) { 800.0 } else { 0.0 }), 0.0));
        assert!(is_about(after(200, |second| if second % 10.0 == 3.0 { 0.0 } else { 60.0 * (second % 7.0) }), 0.0));
        assert!(is_about(after(200, |second| if second > 100.0 { 300.0 } else { 0.0 }), 0.0));
        // Nor does it hide one.
        assert!(is_about(after(200, |second| second + if second % 10.0 == 3.0 { 0.0 } else { 50.0 }), 1000.0));
    }

    #[test]
    fn a_step_a_sleep_and_a_clock_that_stands_are_none() {
        assert_eq!(after(200, |second| if second > 100.0 { 5000.0 } else { 0.0 }), None, "set in the middle");
        assert_eq!(after(300, |second| 900.0 * second), None, "it stands nearly still");
        let mut drift = Drift::default();
        for second in (0..100).chain(700..800) {
            drift.read(1000.0 * f64::from(second), f64::from(second));
        }
        assert_eq!(drift.ppm(), None, "asleep for ten minutes");
    }
}
