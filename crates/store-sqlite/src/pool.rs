//! Reading connections: a few, each used by one query at a time on a blocking thread.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, mpsc},
};

use rusqlite::{Connection, OpenFlags};
use sidetone_store::error::StoreError;
use tokio::sync::Semaphore;

use crate::error::failed;

/// A connection to a database that is there.
pub(crate) fn existing(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags).map_err(failed)
}

/// Reading connections.
#[derive(Debug, Clone)]
pub(crate) struct Pool {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    places: Arc<Semaphore>,
    /// Apart from `places`: what goes through a long call holds nobody else up.
    streams: Arc<Semaphore>,
}

impl Pool {
    pub(crate) fn new(path: PathBuf, connections_max: usize) -> Self {
        Self {
            path,
            idle: Arc::default(),
            places: Arc::new(Semaphore::new(connections_max)),
            streams: Arc::new(Semaphore::new(connections_max)),
        }
    }

    /// Runs `read` when a connection is free.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let closed = |error| StoreError::Backend(Box::new(error));
        let place = self.places.clone().acquire_owned().await.map_err(|error| StoreError::Backend(Box::new(error)))?;
        let pool = self.clone();
        tokio::task::spawn_blocking(move || {
            let _place = place;
            pool.with(read)
        })
        .await
        .map_err(closed)?
    }

    /// Rows as `read` hands them to its sink, from one snapshot. It reads on while there is room for a row, and ends when the sink says that
    /// nobody wants more.
    pub(crate) async fn stream<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Connection, &mut dyn FnMut(T) -> bool) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<impl Iterator<Item = Result<T, StoreError>> + Send + 'static, StoreError> {
        let place = self.streams.clone().acquire_owned().await.map_err(|error| StoreError::Backend(Box::new(error)))?;
        let pool = self.clone();
        // `None` says that this was all: a reader that breaks off must not look like one at its end.
        let (sender, receiver) = mpsc::sync_channel::<Result<Option<T>, StoreError>>(1);
        tokio::task::spawn_blocking(move || {
            let _place = place;
            let read = pool.with(|connection| read(connection, &mut |row| sender.send(Ok(Some(row))).is_ok()));
            // Whoever does not listen any more has had enough.
            let _ = sender.send(read.map(|()| None));
        });
        let mut receiver = Some(receiver);
        Ok(std::iter::from_fn(move || {
            let received = receiver.as_ref()?.recv().unwrap_or_else(|broken| Err(StoreError::Backend(Box::new(broken))));
            let row = received.transpose();
            if !matches!(row, Some(Ok(_))) {
                receiver = None;
            }
            row
        }))
    }

    fn with<T>(&self, read: impl FnOnce(&mut Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.open()?,
        };
        let result = read(&mut connection);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        result
    }

    fn open(&self) -> Result<Connection, StoreError> {
        let connection = existing(&self.path)?;
        connection
            .execute_batch("PRAGMA query_only = ON; PRAGMA busy_timeout = 10000; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;")
            .map_err(failed)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    }
}
