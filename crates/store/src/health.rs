//! How a store is doing: what waits, what was committed, what room it takes.

use std::time::Duration;

/// Figures of a store since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreHealth {
    /// Batches that wait to be committed.
    pub waiting_batches: u64,
    /// Bytes of those batches.
    pub waiting_bytes: u64,
    /// Commits of batches.
    pub commits: u64,
    /// Time that those commits took, together.
    pub commit_time: Duration,
    /// Batches in those commits, duplicates not counted.
    pub committed_batches: u64,
    /// Bytes that the store takes on its medium, with what is free within.
    pub size_bytes: u64,
    /// Bytes within that are free: left by what was removed, to be used again or given back.
    pub free_bytes: u64,
}
