//! Reading connections: a few, each used by one query at a time on a blocking thread.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
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
}

impl Pool {
    pub(crate) fn new(path: PathBuf, connections_max: usize) -> Self {
        Self { path, idle: Arc::default(), places: Arc::new(Semaphore::new(connections_max)) }
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
            let idle = pool.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut connection = match idle {
                Some(connection) => connection,
                None => pool.open()?,
            };
            let result = read(&mut connection);
            pool.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            result
        })
        .await
        .map_err(closed)?
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
