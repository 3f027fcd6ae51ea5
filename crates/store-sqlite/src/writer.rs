//! The one thread that writes: takes what waits, commits it together, then answers.
//!
//! A group is whatever came while the group before was being committed, so a lone client waits for no window
//! and a thousand clients share one `fsync`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
};

use rusqlite::Connection;
use sidetone_store::{
    error::StoreError,
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
pub struct WriterCounts {
    /// Commits of batches.
    pub commits: AtomicU64,
    /// Batches stored, duplicates not counted.
    pub batches: AtomicU64,
    /// Bytes of batches that wait.
    waiting_bytes: AtomicUsize,
}

/// The way to the thread. The thread ends when the last handle is dropped, after what waits is written.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    jobs: mpsc::Sender<Job>,
    counts: Arc<WriterCounts>,
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
        let thread = thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn({
                let counts = counts.clone();
                move || run(connection, receiver, &counts, seed)
            })
            .map_err(|error| StoreError::Backend(Box::new(error)))?;
        Ok((Self { jobs, counts, waiting_bytes_max }, thread))
    }

    pub(crate) fn counts(&self) -> &Arc<WriterCounts> {
        &self.counts
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
}

fn stopped() -> StoreError {
    StoreError::Unwritable("the writer has stopped; restart the server".into())
}

/// Bytes that a waiting batch holds, roughly.
fn size(batch: &Append) -> usize {
    let events: usize = batch.events.iter().map(|event| event.kind.len() + event.payload.len() + 64).sum();
    512 + events + batch.reports.as_ref().map_or(0, |reports| reports.bytes.len())
}

fn run(mut connection: Connection, mut jobs: mpsc::Receiver<Job>, counts: &WriterCounts, seed: u64) {
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
    }
}

type Waiting = (Box<Append>, oneshot::Sender<Result<Appended, StoreError>>);

/// Writes a group in one transaction. When the transaction fails nothing of it is kept and everyone is told.
fn commit(connection: &mut Connection, random: &mut fastrand::Rng, counts: &WriterCounts, group: Vec<Waiting>) {
    let bytes: usize = group.iter().map(|(batch, _)| size(batch)).sum();
    let outcome = write(connection, random, &group);
    counts.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
    match outcome {
        Ok(results) => {
            let stored = results.iter().filter(|result| matches!(result, Ok(Appended::Stored(_)))).count();
            counts.commits.fetch_add(1, Ordering::Relaxed);
            counts.batches.fetch_add(stored as u64, Ordering::Relaxed);
            for ((_, reply), result) in group.into_iter().zip(results) {
                drop(reply.send(result));
            }
        }
        Err(error) => {
            let unwritable = matches!(error, StoreError::Unwritable(_));
            let text = error.to_string();
            for (_, reply) in group {
                let error = match (unwritable, &error) {
                    (true, StoreError::Unwritable(reason)) => StoreError::Unwritable(reason.clone()),
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
