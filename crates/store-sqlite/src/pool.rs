//! Reading connections: a few, each used by one query at a time on a blocking thread.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, OpenFlags};
use sidetone_store::error::StoreError;
use tokio::sync::Semaphore;

use crate::error::failed;

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

    /// Writes a copy of the store to `target`, over a connection of its own: one that may write never serves queries.
    pub(crate) async fn copy(&self, target: PathBuf) -> Result<(), StoreError> {
        let pool = self.clone();
        tokio::task::spawn_blocking(move || {
            let connection = pool.open()?;
            // A copy is a write, though not to this store.
            connection.pragma_update(None, "query_only", false).map_err(failed)?;
            connection.execute("VACUUM INTO ?1", [target.to_string_lossy()]).map(drop).map_err(failed)
        })
        .await
        .map_err(|error| StoreError::Backend(Box::new(error)))?
    }

    fn open(&self) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags).map_err(failed)?;
        connection
            .execute_batch("PRAGMA query_only = ON; PRAGMA busy_timeout = 10000; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;")
            .map_err(failed)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    }
}
