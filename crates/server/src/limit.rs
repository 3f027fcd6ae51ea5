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

/// A part of the [`Budget`], given back on drop.
#[derive(Debug)]
pub(crate) struct Reserved {
    _permit: OwnedSemaphorePermit,
    bytes: i64,
    gauge: Gauge,
}

impl Budget {
    pub(crate) fn new(bytes: u64, gauge: Gauge) -> Self {
        let kib = usize::try_from(bytes >> 10).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self { semaphore: Arc::new(Semaphore::new(kib)), gauge }
    }

    /// Sets `bytes` aside; `None` when they are not free.
    pub(crate) fn reserve(&self, bytes: u64) -> Option<Reserved> {
        let kib = u32::try_from(bytes.div_ceil(1024)).ok()?.max(1);
        let permit = Arc::clone(&self.semaphore).try_acquire_many_owned(kib).ok()?;
        let bytes = i64::from(kib) * 1024;
        self.gauge.inc_by(bytes);
        Some(Reserved { _permit: permit, bytes, gauge: self.gauge.clone() })
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.gauge.dec_by(self.bytes);
    }
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
        let budget = Budget::new(4096, Gauge::default());
        let first = budget.reserve(3000).unwrap();
        assert!(budget.reserve(2048).is_none());
        drop(first);
        assert!(budget.reserve(4096).is_some());
    }
}
