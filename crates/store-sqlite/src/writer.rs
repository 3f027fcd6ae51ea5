//! The one thread that writes: takes what waits, commits it together, then answers.
//!
//! A group is whatever came while the group before was being committed, so a lone client waits for no window
//! and a thousand clients share one `fsync`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rusqlite::Connection;
use sidetone_store::{
    error::StoreError,
    health::StoreHealth,
    record::{Append, Appended},
};
use tokio::sync::{mpsc, oneshot};

use crate::{append::append, error::failed};

/// Most batches in one commit.
const GROUP_BATCHES_MAX: usize = 1024;

/// What waits to be written.
enum Job {
    Append(Box<Append>, oneshot::Sender<Result<Appended, StoreError>>),
    Run(Box<dyn FnOnce(&mut Connection) + Send>),
}

/// What the writer has done so far.
#[derive(Debug, Default)]
pub(crate) struct WriterCounts {
    /// Commits of batches.
    commits: AtomicU64,
    /// Batches stored, duplicates not counted.
    batches: AtomicU64,
    /// Time that commits took, in microseconds.
    commit_us: AtomicU64,
    /// Bytes of batches that wait.
    waiting_bytes: AtomicUsize,
}

/// The way to the thread. The thread ends when the last handle is dropped, after what waits is written.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    jobs: mpsc::Sender<Job>,
    counts: Arc<WriterCounts>,
    /// Whether the write-ahead log may hold removed bytes.
    log_is_stale: Arc<AtomicBool>,
    waiting_bytes_max: usize,
}

impl Writer {
    pub(crate) fn start(
        connection: Connection,
        queue_max: usize,
        waiting_bytes_max: usize,
        seed: u64,
    ) -> Result<(Self, thread::JoinHandle<()>), StoreError> {
        let (jobs, receiver) = mpsc::channel(queue_max);
        let counts = Arc::new(WriterCounts::default());
        // What ran before may have ended before it emptied the log.
        let log_is_stale = Arc::new(AtomicBool::new(true));
        let thread = thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn({
                let (counts, log_is_stale) = (counts.clone(), log_is_stale.clone());
                move || run(connection, receiver, &counts, &log_is_stale, seed)
            })
            .map_err(|error| StoreError::Backend(Box::new(error)))?;
        Ok((Self { jobs, counts, log_is_stale, waiting_bytes_max }, thread))
    }

    /// What waits and what was done; room is not known here.
    pub(crate) fn health(&self) -> StoreHealth {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        StoreHealth {
            waiting_batches: (self.jobs.max_capacity() - self.jobs.capacity()) as u64,
            waiting_bytes: self.counts.waiting_bytes.load(Ordering::Relaxed) as u64,
            commits: count(&self.counts.commits),
            commit_time: Duration::from_micros(count(&self.counts.commit_us)),
            committed_batches: count(&self.counts.batches),
            ..StoreHealth::default()
        }
    }

    /// Keeps a batch; answers after the commit.
    pub(crate) async fn append(&self, batch: Append) -> Result<Appended, StoreError> {
        let bytes = size(&batch);
        let busy = || StoreError::Busy(self.jobs.max_capacity() - self.jobs.capacity());
        if self.counts.waiting_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > self.waiting_bytes_max {
            self.counts.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(busy());
        }
        let (reply, answer) = oneshot::channel();
        if let Err(error) = self.jobs.try_send(Job::Append(Box::new(batch), reply)) {
            self.counts.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(if matches!(error, mpsc::error::TrySendError::Full(_)) { busy() } else { stopped() });
        }
        answer.await.map_err(|_| stopped())?
    }

    /// Runs `write` on the writing connection, between commits of batches.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        write: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = Job::Run(Box::new(move |connection| drop(reply.send(write(connection)))));
        self.jobs.send(job).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// Runs `remove`, then makes sure that what it removed is in no file: `secure_delete` zeroes pages, the log still holds their old content
    /// until it is emptied. While somebody reads from the log it cannot be: the writer then tries again whenever it has nothing else to do.
    pub(crate) async fn erase<T: Send + 'static>(
        &self,
        remove: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let log_is_stale = self.log_is_stale.clone();
        self.run(move |db| {
            let removed = remove(db)?;
            log_is_stale.store(true, Ordering::Relaxed);
            log_is_stale.store(!empty_log(db)?, Ordering::Relaxed);
            Ok(removed)
        })
        .await
    }
}

/// How long a statement waits for another process (a tool) that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Empties the write-ahead log; `false` when somebody reads from it. Never waits.
fn empty_log(db: &Connection) -> Result<bool, StoreError> {
    db.busy_timeout(Duration::ZERO).map_err(failed)?;
    let is_busy = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
    db.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    is_busy.map(|is_busy: bool| !is_busy).map_err(failed)
}

fn stopped() -> StoreError {
    StoreError::Unwritable("the writer has stopped; restart the server".into())
}

/// Bytes that a waiting batch holds, roughly.
fn size(batch: &Append) -> usize {
    let events: usize = batch.events.iter().map(|event| event.kind.len() + event.payload.len() + 64).sum();
    512 + events + batch.reports.as_ref().map_or(0, |reports| reports.bytes.len())
}

fn run(mut connection: Connection, mut jobs: mpsc::Receiver<Job>, counts: &WriterCounts, log_is_stale: &AtomicBool, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    while let Some(mut job) = jobs.blocking_recv() {
        loop {
            match job {
                Job::Run(write) => {
                    write(&mut connection);
                    break;
                }
                Job::Append(batch, reply) => {
                    let mut group = vec![(batch, reply)];
                    let mut next = None;
                    while group.len() < GROUP_BATCHES_MAX {
                        match jobs.try_recv() {
                            Ok(Job::Append(batch, reply)) => group.push((batch, reply)),
                            Ok(other) => {
                                next = Some(other);
                                break;
                            }
                            Err(_) => break,
                        }
                    }
                    commit(&mut connection, &mut random, counts, group);
                    match next {
                        Some(next) => job = next,
                        None => break,
                    }
                }
            }
        }
        if jobs.is_empty() && log_is_stale.load(Ordering::Relaxed) {
            // An error here is nobody's answer: the log stays to be emptied, and what the next write meets is told to it.
            log_is_stale.store(!empty_log(&connection).unwrap_or(false), Ordering::Relaxed);
        }
    }
}

type Waiting = (Box<Append>, oneshot::Sender<Result<Appended, StoreError>>);

/// Writes a group in one transaction. When a batch of it fails nothing of it is kept: then each is written by itself, so that only
/// the culprit is refused.
fn commit(connection: &mut Connection, random: &mut fastrand::Rng, counts: &WriterCounts, group: Vec<Waiting>) {
    let bytes: usize = group.iter().map(|(batch, _)| size(batch)).sum();
    counts.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
    let began = Instant::now();
    match write(connection, random, &group) {
        Ok(results) => {
            counts.commits.fetch_add(1, Ordering::Relaxed);
            counts.commit_us.fetch_add(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
            for ((_, reply), result) in group.into_iter().zip(results) {
                if matches!(result, Ok(Appended::Stored(_))) {
                    counts.batches.fetch_add(1, Ordering::Relaxed);
                }
                drop(reply.send(result));
            }
        }
        // Where nothing can be written, no batch of the group fares better by itself.
        Err(error) if group.len() > 1 && !matches!(error, StoreError::Unwritable(_)) => {
            for waiting in group {
                counts.waiting_bytes.fetch_add(size(&waiting.0), Ordering::Relaxed);
                commit(connection, random, counts, vec![waiting]);
            }
        }
        Err(error) => {
            let text = error.to_string();
            for (_, reply) in group {
                let error = match &error {
                    StoreError::Unwritable(reason) => StoreError::Unwritable(reason.clone()),
                    _ => StoreError::Backend(text.clone().into()),
                };
                drop(reply.send(Err(error)));
            }
        }
    }
}

fn write(
    connection: &mut Connection,
    random: &mut fastrand::Rng,
    group: &[Waiting],
) -> Result<Vec<Result<Appended, StoreError>>, StoreError> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(failed)?;
    let mut results = Vec::with_capacity(group.len());
    for (batch, _) in group {
        match append(&transaction, random, batch) {
            Err(error @ StoreError::Conflict { .. }) => results.push(Err(error)),
            result => results.push(Ok(result?)),
        }
    }
    transaction.commit().map_err(failed)?;
    Ok(results)
}
