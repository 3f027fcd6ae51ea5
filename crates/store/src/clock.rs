//! Time and randomness as things that are passed in, so that tests can hold them still.

use sidetone_engine::units::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync + std::fmt::Debug + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the system clock")]
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }
}

/// Gives random bytes that nobody can foresee.
pub trait Entropy: Send + Sync + std::fmt::Debug + 'static {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// When the system has none to give; why, in its words.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), String>;
}
