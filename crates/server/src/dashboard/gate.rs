//! The gate: slows down who guesses passwords, and holds the token that the first local user is made with.

use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use ring::digest::{SHA256, digest};
use subtle::ConstantTimeEq;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Tries at a name before one has to wait.
const TRIES: f64 = 10.0;
/// One more try at a name after this long.
const PAUSE: Duration = Duration::from_secs(30);
/// Names that are remembered; beyond it, all are slowed down together.
const NAMES_MAX: usize = 10_000;
/// Passwords hashed at a time: each takes 19 MiB.
const HASHES_MAX: usize = 4;
/// Passwords that may wait for that: nobody has to be logged in to send one.
const HASHES_WAITING_MAX: usize = 100;

#[derive(Debug)]
pub(crate) struct Gate {
    /// Tries left by the digest of the name, and when that was.
    tries: Mutex<HashMap<[u8; 32], (f64, Instant)>>,
    setup_token: OnceLock<String>,
    hashing: Semaphore,
    waiting: Semaphore,
}

impl Default for Gate {
    fn default() -> Self {
        let [hashing, waiting] = [HASHES_MAX, HASHES_WAITING_MAX].map(Semaphore::new);
        Self { tries: Mutex::default(), setup_token: OnceLock::new(), hashing, waiting }
    }
}

impl Gate {
    /// Takes a try at a name.
    ///
    /// # Errors
    /// When there have been too many: how long to wait.
    pub(crate) fn try_name(&self, name: &str, now: Instant) -> Result<(), Duration> {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let refilled =
            |(left, at): (f64, Instant)| (left + now.saturating_duration_since(at).as_secs_f64() / PAUSE.as_secs_f64()).min(TRIES);
        if tries.len() >= NAMES_MAX {
            tries.retain(|_, held| refilled(*held) < TRIES);
        }
        let mut key = key(name);
        if tries.len() >= NAMES_MAX && !tries.contains_key(&key) {
            key = [0; 32];
        }
        let left = tries.get(&key).map_or(TRIES, |held| refilled(*held));
        if left < 1.0 {
            return Err(PAUSE.mul_f64(1.0 - left));
        }
        tries.insert(key, (left - 1.0, now));
        Ok(())
    }

    /// A place to hash a password in; `None` when too many wait for one already.
    pub(crate) async fn hashing_place(&self) -> Option<SemaphorePermit<'_>> {
        let _waiting = self.waiting.try_acquire().ok()?;
        self.hashing.acquire().await.ok()
    }

    /// Who got in has not been guessing.
    pub(crate) fn forgive(&self, name: &str) {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner).remove(&key(name));
    }

    /// The token, made by `mint` when there is none yet.
    pub(crate) fn setup_token(&self, mint: impl FnOnce() -> String) -> &str {
        self.setup_token.get_or_init(mint)
    }

    /// Whether the first local user may be made with this token.
    pub(crate) fn is_setup_token(&self, given: &str) -> bool {
        self.setup_token.get().is_some_and(|held| held.as_bytes().ct_eq(given.as_bytes()).into())
    }
}

fn key(name: &str) -> [u8; 32] {
    let mut key = [0; 32];
    key.copy_from_slice(digest(&SHA256, name.as_bytes()).as_ref());
    key
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn who_guesses_has_to_wait_and_nobody_else() {
        let (gate, start) = (Gate::default(), Instant::now());
        for _ in 0..10 {
            gate.try_name("ada", start).unwrap();
        }
        assert_eq!(gate.try_name("ada", start).unwrap_err(), PAUSE);
        assert!(gate.try_name("bob", start).is_ok());
        assert!(gate.try_name("ada", start + PAUSE).is_ok());
        assert!(gate.try_name("ada", start + PAUSE).is_err());
        gate.forgive("ada");
        assert!(gate.try_name("ada", start + PAUSE).is_ok());
    }

    #[tokio::test]
    async fn passwords_wait_in_a_line_that_ends() {
        let gate = Gate::default();
        let mut hashed = Vec::new();
        for _ in 0..HASHES_MAX {
            hashed.push(gate.hashing_place().await.unwrap());
        }
        let mut line: Vec<_> = (0..HASHES_WAITING_MAX).map(|_| Box::pin(gate.hashing_place())).collect();
        assert!(line.iter_mut().all(|waits| waits.now_or_never().is_none()));
        assert!(matches!(gate.hashing_place().now_or_never(), Some(None)), "who comes now is sent away");
        hashed.pop();
        assert!(line.remove(0).await.is_some());
        assert!(gate.hashing_place().now_or_never().is_none(), "there is room at the end of the line");
    }

    #[test]
    fn no_token_is_right_before_there_is_one() {
        let gate = Gate::default();
        assert!(!gate.is_setup_token(""));
        assert_eq!(gate.setup_token(|| "one".into()), "one");
        assert_eq!(gate.setup_token(|| "two".into()), "one");
        assert!(gate.is_setup_token("one") && !gate.is_setup_token("two"));
    }
}
