//! A clock that stands still until it is moved, and chance that repeats.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use sidetone_engine::units::Timestamp;
use sidetone_store::clock::{Clock, Entropy};

/// A clock that stands still until it is moved. Clones are the same clock.
#[derive(Clone, Debug)]
pub struct FakeClock(Arc<AtomicI64>);

impl FakeClock {
    /// Stands at `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(now.as_micros())))
    }

    /// Stands at `now` from here on, also when that is earlier than before.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_micros(), Ordering::SeqCst);
    }

    /// Moves forward.
    pub fn advance_ms(&self, millis: i64) {
        self.0.fetch_add(millis * 1000, Ordering::SeqCst);
    }
}

impl Default for FakeClock {
    /// Stands at 2026-11-21T02:00:00Z, just before the recorded calls.
    fn default() -> Self {
        Self::at(Timestamp::from_micros(1_795_226_400_000_000))
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// "Random" bytes that are the same in every run, and different at every call. Clones go on where the other stopped.
#[derive(Clone, Debug, Default)]
pub struct FakeEntropy(Arc<AtomicI64>);

impl Entropy for FakeEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), String> {
        for chunk in bytes.chunks_mut(8) {
            let number = self.0.fetch_add(1, Ordering::SeqCst).wrapping_add(1).wrapping_mul(0x5851_f42d_4c95_7f2d);
            chunk.copy_from_slice(&number.to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}
