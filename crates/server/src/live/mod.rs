//! The live view: what runs at present, analysed as it comes in.
//!
//! Batches arrive here after they are durable. Each conference belongs to one shard, each shard to one task, so what a client sees of a
//! conference is in order. Everything is bounded: batches in the queue, analysers, messages that wait for a slow client. What is left out
//! here is counted, and is stored all the same.

pub(crate) mod channel;
pub(crate) mod conference_stream;
pub(crate) mod message;
pub(crate) mod shard;
pub(crate) mod sse;
pub(crate) mod stream;
mod why;

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sidetone_engine::{
    diagnosis::Diagnosis,
    ids::{AppKey, ConferenceId, ConferenceKey, ParticipantId, PeerConnectionId, PeerConnectionKey, UserId},
    issue::{Issue, Tuned},
    report::Reports,
    units::Timestamp,
};
use sidetone_store::{
    Store,
    record::{Append, Place},
};
use sidetone_wire::{batch::Event, mute, notice};
use tokio::sync::mpsc;

use crate::{account::Accounts, config::live::LiveConfig, limit::Reserved, task};
use channel::Channels;
use message::{LiveConferenceBody, LiveState};
use shard::Shard;

/// Batches that may wait for one shard.
const QUEUE_BATCHES: usize = 256;

/// What the live view needs of a batch.
pub(crate) struct LiveBatch {
    app: AppKey,
    rules: Tuned,
    conference_id: ConferenceId,
    user_id: UserId,
    participant_id: ParticipantId,
    peer_connection_id: PeerConnectionId,
    received: Timestamp,
    /// First and last instant that the batch speaks of.
    span: (Timestamp, Timestamp),
    left: Option<Timestamp>,
    closed: bool,
    /// Whether it only tells what may be told when the call is over.
    is_afterthought: bool,
    shift_us: i64,
    reports: Reports,
    /// Events that tell the engine something, in order of time.
    events: Vec<Event>,
    /// Memory stays accounted for while the batch waits.
    _reserved: Vec<Reserved>,
}

impl LiveBatch {
    pub(crate) fn new(append: &Append, rules: Tuned, reports: Reports, reserved: Vec<Reserved>) -> Self {
        Self {
            app: append.app,
            rules,
            conference_id: append.conference_id.clone(),
            user_id: append.user_id.clone(),
            participant_id: append.participant_id.clone(),
            peer_connection_id: append.peer_connection_id.clone(),
            received: append.received,
            span: append.span,
            left: append.left,
            closed: append.closed.is_some(),
            is_afterthought: append.is_afterthought(),
            shift_us: append.reports.as_ref().map_or(0, |reports| reports.shift_us),
            reports,
            events: told(&append.events),
            _reserved: reserved,
        }
    }
}

fn told(events: &[Event]) -> Vec<Event> {
    let is_told = |event: &&Event| mute::KINDS.contains(&&*event.kind) || notice::KINDS.contains(&&*event.kind);
    let mut told: Vec<Event> = events.iter().filter(is_told).cloned().collect();
    told.sort_by_key(|event| event.time);
    told
}

struct Worker {
    queue: mpsc::Sender<(Place, LiveBatch)>,
    shard: Arc<Mutex<Shard>>,
}

pub(crate) struct Live {
    workers: Vec<Worker>,
    hasher: BuildHasherDefault<DefaultHasher>,
    accounts: Arc<Accounts>,
    channels: Arc<Channels>,
}

impl Live {
    /// Starts a task per shard; they end when this is dropped.
    pub(crate) fn start(config: &LiveConfig, store: &Arc<dyn Store>, accounts: &Arc<Accounts>) -> Self {
        let shards = std::thread::available_parallelism().map_or(1, usize::from);
        let channels = Arc::new(Channels::new(config.backlog_max, config.clients_max, accounts.live_clients.clone()));
        let start_one = |_| {
            let (queue, mut batches) = mpsc::channel::<(Place, LiveBatch)>(QUEUE_BATCHES);
            let (ask, questions) = mpsc::channel(why::WAITING_MAX);
            let shard = Shard::new(config.analyzers_max.div_ceil(shards), Arc::clone(&channels), accounts.live_analyzers.clone(), ask);
            let shard = Arc::new(Mutex::new(shard));
            let (store, asked) = (Arc::downgrade(store), Arc::downgrade(&shard));
            task::spawn("live diagnosis", Arc::clone(accounts), async move { why::answer(store, asked, questions).await });
            let of_task = Arc::clone(&shard);
            let skipped = accounts.live_skipped.clone();
            task::spawn("live", Arc::clone(accounts), async move {
                while let Some((place, batch)) = batches.recv().await {
                    if !lock(&of_task).take(place, batch) {
                        skipped.inc();
                    }
                    // A long queue must not keep this thread from answering requests.
                    tokio::task::yield_now().await;
                }
            });
            Worker { queue, shard }
        };
        Self {
            workers: (0..shards).map(start_one).collect(),
            hasher: BuildHasherDefault::default(),
            accounts: Arc::clone(accounts),
            channels,
        }
    }

    /// Takes a stored batch in, or counts it as skipped when the queue is full.
    pub(crate) fn offer(&self, place: Place, batch: LiveBatch) {
        if self.worker(place.conference).queue.try_send((place, batch)).is_err() {
            self.accounts.live_skipped.inc();
        }
    }

    /// Forgets participants that were silent since before `silent_since`, and tells so.
    pub(crate) fn sweep(&self, silent_since: Timestamp) {
        for worker in &self.workers {
            lock(&worker.shard).sweep(silent_since);
        }
    }

    /// The issues of a running conference of an app, by peer connection; of those who left, too.
    pub(crate) fn issues(&self, app: AppKey, conference: ConferenceKey) -> BTreeMap<PeerConnectionKey, Vec<Issue>> {
        lock(&self.worker(conference).shard).issues(app, conference)
    }

    /// Why a running conference of an app is poor at present.
    pub(crate) fn diagnoses(&self, app: AppKey, conference: ConferenceKey) -> Vec<Diagnosis> {
        lock(&self.worker(conference).shard).diagnoses(app, conference)
    }

    /// Messages of an app, or of one of its conferences.
    pub(crate) fn channels(&self) -> &Arc<Channels> {
        &self.channels
    }

    /// What is known of a running conference.
    pub(crate) fn conference(&self, app: AppKey, conference: ConferenceKey) -> Option<LiveConferenceBody> {
        lock(&self.worker(conference).shard).conference(app, conference)
    }

    /// The running conferences of an app.
    pub(crate) fn app(&self, app: AppKey) -> LiveState {
        let mut conferences: Vec<_> = self.workers.iter().flat_map(|worker| lock(&worker.shard).conferences(app)).collect();
        conferences.sort_by(|a, b| a.key.cmp(&b.key));
        LiveState { conferences }
    }

    fn worker(&self, conference: ConferenceKey) -> &Worker {
        let hash = usize::try_from(self.hasher.hash_one(conference) >> 32).unwrap_or_default();
        &self.workers[hash % self.workers.len()]
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
