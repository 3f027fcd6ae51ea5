//! The store's own figures among the metrics. They are the store's to count; here they are only repeated.

use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::{
    metrics::{counter::Counter, gauge::Gauge},
    registry::{Registry, Unit},
};
use sidetone_store::health::StoreHealth;

#[derive(Debug, Default)]
pub(super) struct StoreFigures {
    waiting_batches: Gauge<u64, AtomicU64>,
    waiting: Gauge<u64, AtomicU64>,
    commits: Counter,
    committed_batches: Counter,
    commit_seconds: Counter<f64, AtomicU64>,
    size: Gauge<u64, AtomicU64>,
    free: Gauge<u64, AtomicU64>,
}

impl StoreFigures {
    pub(super) fn register(&self, registry: &mut Registry) {
        let Self { waiting_batches, waiting, commits, committed_batches, commit_seconds, size, free } = self;
        registry.register("store_waiting_batches", "Batches that wait in the store to be committed", waiting_batches.clone());
        registry.register_with_unit("store_waiting", "What those batches hold", Unit::Bytes, waiting.clone());
        registry.register("store_commits", "Commits of batches, each of all that waited", commits.clone());
        registry.register("store_committed_batches", "Batches in those commits, duplicates not counted", committed_batches.clone());
        registry.register_with_unit("store_commit", "Time that those commits took, together", Unit::Seconds, commit_seconds.clone());
        registry.register_with_unit(
            "store_size",
            "What the store takes on its medium, free room within included",
            Unit::Bytes,
            size.clone(),
        );
        registry.register_with_unit("store_free", "Free room within the store, left by what was removed", Unit::Bytes, free.clone());
    }

    pub(super) fn set(&self, health: &StoreHealth) {
        self.waiting_batches.set(health.waiting_batches);
        self.waiting.set(health.waiting_bytes);
        self.commits.inner().store(health.commits, Ordering::Relaxed);
        self.committed_batches.inner().store(health.committed_batches, Ordering::Relaxed);
        self.commit_seconds.inner().store(health.commit_time.as_secs_f64().to_bits(), Ordering::Relaxed);
        self.size.set(health.size_bytes);
        self.free.set(health.free_bytes);
    }
}
