//! What is sent over UDP again and again until it is answered (RFC 3261 section 17: timers A, E and G).
//!
//! When to stop waiting (timers B, F and H) is known to whoever waits; here things end after the same 64 × T1 without it.

use std::collections::{BTreeSet, HashMap};

use sidetone_engine::units::Timestamp;

use super::fork::PATIENCE_US;
use crate::flow::FlowId;

/// T1: what a way there and back takes, µs.
const T1_US: i64 = 500_000;
/// T2: the longest pause between two requests that are no INVITE, and two answers to one, µs.
const T2_US: i64 = 4_000_000;

#[derive(Debug)]
struct Repeat {
    flow: FlowId,
    bytes: Vec<u8>,
    pause_us: i64,
    pause_max_us: i64,
    next: Timestamp,
    ends: Timestamp,
}

/// What is sent again, by name.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    held: HashMap<String, Repeat>,
    due: BTreeSet<(Timestamp, String)>,
}

/// Names a request of ours.
pub(super) fn request(branch: &str, method: &str) -> String {
    format!("{branch}\n{method}")
}

impl Repeats {
    /// It was sent for the first time.
    pub(super) fn begin(&mut self, now: Timestamp, name: String, is_invite: bool, flow: FlowId, bytes: Vec<u8>) {
        self.end(&name);
        let pause_max_us = if is_invite { PATIENCE_US } else { T2_US };
        let next = now.plus_micros(T1_US);
        self.due.insert((next, name.clone()));
        self.held.insert(name, Repeat { flow, bytes, pause_us: T1_US, pause_max_us, next, ends: now.plus_micros(PATIENCE_US) });
    }

    /// It arrived, but is not answered for good: no INVITE is sent again, others seldom.
    pub(super) fn proceed(&mut self, name: &str, is_invite: bool) {
        if is_invite {
            self.end(name);
        } else if let Some(held) = self.held.get_mut(name) {
            held.pause_us = T2_US;
        }
    }

    /// It is not sent again.
    pub(super) fn end(&mut self, name: &str) {
        if let Some(held) = self.held.remove(name) {
            self.due.remove(&(held.next, name.to_owned()));
        }
    }

    /// What is to be sent now.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<(FlowId, Vec<u8>)> {
        let mut all = Vec::new();
        while self.due.first().is_some_and(|(at, _)| *at <= now) {
            let Some((_, name)) = self.due.pop_first() else { break };
            let Some(held) = self.held.get_mut(&name) else { continue };
            all.push((held.flow, held.bytes.clone()));
            held.pause_us = (held.pause_us * 2).min(held.pause_max_us);
            held.next = now.plus_micros(held.pause_us);
            if held.next < held.ends {
                self.due.insert((held.next, name));
            } else {
                self.held.remove(&name);
            }
        }
        all
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When something is sent again, in ms, until it is answered or given up.
    fn times(is_invite: bool, provisional_ms: Option<i64>) -> Vec<i64> {
        let at = |ms: i64| Timestamp::from_micros(ms * 1000);
        let mut repeats = Repeats::default();
        repeats.begin(at(0), "x".into(), is_invite, FlowId(1), vec![1]);
        let mut times = Vec::new();
        for ms in (0..60_000).step_by(100) {
            if Some(ms) == provisional_ms {
                repeats.proceed("x", is_invite);
            }
            times.extend(repeats.due(at(ms)).iter().map(|_| ms));
        }
        assert_eq!((repeats.len(), repeats.due.len()), (0, 0));
        times
    }

    /// RFC 3261 sections 17.1.1.2 and 17.1.2.2.
    #[test]
    fn pauses_are_those_of_the_rfc() {
        assert_eq!(times(true, None), [500, 1500, 3500, 7500, 15_500, 31_500]);
        assert_eq!(times(true, Some(2000)), [500, 1500]);
        assert_eq!(times(false, None), [500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
        assert_eq!(times(false, Some(1000)), [500, 1500, 5500, 9500, 13_500, 17_500, 21_500, 25_500, 29_500]);
    }
}
