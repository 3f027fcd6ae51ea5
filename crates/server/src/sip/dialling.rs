//! Whether a caller waited longer after dialling than a network should let them wait, or than is usual for the callers of an app.
//!
//! The limit is that of ITU-T E.721 for the post-selection delay of a local call, kept by 95 of 100. What is usual, an app's own last calls say:
//! one that all its calls are far from the limit of learns of the call that is not like them.

use std::{collections::VecDeque, num::NonZeroUsize, time::Duration};

use lru::LruCache;
use serde_json::{Value, json};
use sidetone_engine::ids::AppKey;

/// Of a local call, 95 of 100 (ITU-T E.721).
const LIMIT: Duration = Duration::from_secs(6);
/// The last calls of an app that are remembered …
const CALLS_MAX: usize = 200;
/// … and as many as say what is usual.
const CALLS_MIN: usize = 20;
/// Five of a hundred are beyond the 95th percentile by what it is: half again as long, and so much longer, is slow.
const TIMES: f64 = 1.5;
const MORE: Duration = Duration::from_millis(500);
/// Most apps whose calls are remembered.
const APPS_MAX: NonZeroUsize = NonZeroUsize::new(1000).unwrap();

/// What callers waited lately, by app. It is learned anew when the server starts.
#[derive(Debug)]
pub(super) struct Dialling {
    apps: LruCache<AppKey, VecDeque<Duration>>,
}

/// A wait that was too long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Slow {
    delay: Duration,
    /// The 95th percentile of the calls before, where there were enough.
    usual: Option<Duration>,
}

impl Slow {
    /// The payload of its event.
    pub(super) fn payload(self) -> Value {
        let millis = |span: Duration| span.as_secs_f64() * 1000.0;
        json!({"post_dial_delay_ms": millis(self.delay), "limit_ms": millis(LIMIT), "usual_ms": self.usual.map(millis)})
    }
}

impl Dialling {
    pub(super) fn new() -> Self {
        Self { apps: LruCache::new(APPS_MAX) }
    }

    /// Takes the wait of a call, from INVITE to the first sign of ringing; tells if it was too long.
    pub(super) fn hear(&mut self, app: AppKey, delay: Duration) -> Option<Slow> {
        let calls = self.apps.get_or_insert_mut(app, VecDeque::new);
        let usual = usual(calls);
        let is_unusual = usual.is_some_and(|usual| delay > usual.mul_f64(TIMES).max(usual + MORE));
        calls.push_back(delay);
        if calls.len() > CALLS_MAX {
            calls.pop_front();
        }
        (delay > LIMIT || is_unusual).then_some(Slow { delay, usual })
    }
}

/// The 95th percentile, by nearest rank.
fn usual(calls: &VecDeque<Duration>) -> Option<Duration> {
    let mut sorted: Vec<Duration> = calls.iter().copied().collect();
    sorted.sort_unstable();
    let rank = (sorted.len() * 95).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied().filter(|_| sorted.len() >= CALLS_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn app(number: u8) -> AppKey {
        AppKey::from_bytes([number; 16])
    }

    #[test]
    fn the_limit_holds_from_the_first_call_on() {
        let mut dialling = Dialling::new();
        assert_eq!(dialling.hear(app(1), ms(6000)), None);
        let slow = dialling.hear(app(1), ms(6001)).map(Slow::payload);
        assert_eq!(slow, Some(json!({"post_dial_delay_ms": 6001.0, "limit_ms": 6000.0, "usual_ms": null})));
    }

    #[test]
    fn a_call_is_slow_beside_those_of_its_own_app() {
        let mut dialling = Dialling::new();
        // 1 to 100 ms: the 95th of a hundred is 95 ms.
        for wait in 1..=100 {
            assert_eq!(dialling.hear(app(1), ms(wait)), None);
        }
        assert_eq!(dialling.hear(app(1), ms(595)), None, "half a second more is noticed by nobody");
        assert_eq!(dialling.hear(app(1), ms(3000)).and_then(|slow| slow.usual), Some(ms(96)));
        assert_eq!(dialling.hear(app(2), ms(3000)), None, "of another app nothing is known");
        // Where 3 s are usual, 4 s are too.
        for _ in 0..50 {
            dialling.hear(app(2), ms(3000));
        }
        assert_eq!(dialling.hear(app(2), ms(4000)), None);
        assert!(dialling.hear(app(2), ms(4501)).is_some());
    }

    #[test]
    fn what_was_usual_long_ago_is_forgotten() {
        let mut dialling = Dialling::new();
        for _ in 0..CALLS_MAX {
            dialling.hear(app(1), ms(100));
        }
        let told = (0..CALLS_MAX).filter(|_| dialling.hear(app(1), ms(2000)).is_some()).count();
        assert!((1..=CALLS_MAX / 20 + 1).contains(&told), "{told}: from when five of a hundred wait as long, it is usual");
    }
}
