//! Rates per app and bytes in memory: the answer is "later" before memory grows.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use prometheus_client::metrics::gauge::Gauge;
use sidetone_engine::ids::AppKey;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Seconds' worth of its rate that an app may use at once.
const BURST_SECONDS: f64 = 10.0;

/// What a rate counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Rated {
    /// HTTP requests.
    Requests,
    /// Reports within batches.
    Reports,
}

#[derive(Debug)]
struct Bucket {
    /// May be negative: a batch is taken whole and paid for by waiting.
    tokens: f64,
    at: Instant,
}

/// A token bucket per app and kind. Only apps that proved who they are have one, so their number is bounded.
#[derive(Debug)]
pub(crate) struct Rates {
    requests_per_second: f64,
    reports_per_second: f64,
    buckets: Mutex<HashMap<(AppKey, Rated), Bucket>>,
}

impl Rates {
    pub(crate) fn new(requests_per_second: u32, reports_per_second: u32) -> Self {
        Self { requests_per_second: requests_per_second.into(), reports_per_second: reports_per_second.into(), buckets: Mutex::default() }
    }

    /// Takes `count` from the app's bucket.
    ///
    /// # Errors
    /// When it is empty: how long until it is not.
    pub(crate) fn take(&self, app: AppKey, rated: Rated, count: u32, now: Instant) -> Result<(), Duration> {
        let rate = self.rate(rated);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry((app, rated)).or_insert_with(|| Bucket { tokens: rate * BURST_SECONDS, at: now });
        bucket.tokens = (bucket.tokens + rate * now.saturating_duration_since(bucket.at).as_secs_f64()).min(rate * BURST_SECONDS);
        bucket.at = now;
        // `1.0` so that the wait announced is long enough for a whole request.
        if bucket.tokens < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - bucket.tokens) / rate));
        }
        bucket.tokens -= f64::from(count);
        Ok(())
    }

    pub(crate) fn rate(&self, rated: Rated) -> f64 {
        match rated {
            Rated::Requests => self.requests_per_second,
            Rated::Reports => self.reports_per_second,
        }
    }
}

/// Bytes of request bodies that may be in memory at once, in KiB.
#[derive(Debug)]
pub(crate) struct Budget {
    semaphore: Arc<Semaphore>,
    gauge: Gauge,
}

/// A part of the [`Budget`]: grows with what it holds, and is given back on drop.
#[derive(Debug)]
pub(crate) struct Reserved {
    semaphore: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
    bytes: u64,
    gauge: Gauge,
}

impl Budget {
    pub(crate) fn new(bytes: u64, gauge: Gauge) -> Self {
        let kib = usize::try_from(bytes >> 10).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self { semaphore: Arc::new(Semaphore::new(kib)), gauge }
    }

    /// A part that holds nothing yet.
    pub(crate) fn part(&self) -> Reserved {
        Reserved { semaphore: Arc::clone(&self.semaphore), permit: None, bytes: 0, gauge: self.gauge.clone() }
    }
}

impl Reserved {
    /// Sets `bytes` more aside; `false` when they are not free.
    pub(crate) fn grow(&mut self, bytes: u64) -> bool {
        let more = (self.bytes + bytes).div_ceil(1024) - self.bytes.div_ceil(1024);
        let permit = u32::try_from(more).ok().and_then(|more| Arc::clone(&self.semaphore).try_acquire_many_owned(more).ok());
        let Some(permit) = permit else { return false };
        match &mut self.permit {
            Some(held) => held.merge(permit),
            None => self.permit = Some(permit),
        }
        self.gauge.inc_by(gauged(more));
        self.bytes += bytes;
        true
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.gauge.dec_by(gauged(self.bytes.div_ceil(1024)));
    }
}

fn gauged(kib: u64) -> i64 {
    i64::try_from(kib * 1024).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use sidetone_engine::units::Timestamp;

    use super::*;

    #[test]
    fn an_app_gets_its_rate_and_a_burst() {
        let rates = Rates::new(2, 100);
        let app = AppKey::mint(Timestamp::from_micros(1), 1);
        let start = Instant::now();
        let taken = (0..100).take_while(|_| rates.take(app, Rated::Requests, 1, start).is_ok()).count();
        assert_eq!(taken, 20);
        let wait = rates.take(app, Rated::Requests, 1, start).unwrap_err();
        assert_eq!(wait, Duration::from_millis(500));
        assert!(rates.take(app, Rated::Requests, 1, start + wait).is_ok());
        assert!(rates.take(app, Rated::Requests, 1, start + wait).is_err());
    }

    #[test]
    fn a_large_batch_is_taken_whole_and_paid_for_by_waiting() {
        let rates = Rates::new(1, 100);
        let app = AppKey::mint(Timestamp::from_micros(1), 1);
        let start = Instant::now();
        rates.take(app, Rated::Reports, 1500, start).unwrap();
        let wait = rates.take(app, Rated::Reports, 1, start).unwrap_err();
        assert_eq!(wait, Duration::from_secs_f64(5.01));
    }

    #[test]
    fn what_is_reserved_is_given_back() {
        let gauge = Gauge::default();
        let budget = Budget::new(4096, gauge.clone());
        let (mut first, mut second) = (budget.part(), budget.part());
        assert!(first.grow(1500) && first.grow(1500));
        assert_eq!(gauge.get(), 3072);
        assert!(!second.grow(2048) && second.grow(1024) && !second.grow(1));
        drop(first);
        assert!(second.grow(3072) && !second.grow(1));
        drop(second);
        assert_eq!(gauge.get(), 0);
    }
}
