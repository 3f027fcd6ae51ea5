//! Copies of a store, consistent and durable, while everything goes on.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::Duration,
};

use sidetone_store::error::StoreError;

use crate::{FILE_NAME, error::failed, pool, private};

/// What a copy is called until it is complete.
const PARTIAL_NAME: &str = "sidetone.db.partial";

/// How long the copy waits for another process that holds the store.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Writes a copy of the store in `folder` into the folder `into`, whatever version wrote it and whether or not a server uses it. It is complete
/// once it bears the name of a store.
///
/// # Errors
/// When there is no store in `folder`, there is one in `into` already, or the copy cannot be written.
pub async fn back_up(folder: &Path, into: &Path) -> Result<(), StoreError> {
    let (file, into) = (folder.join(FILE_NAME), into.to_owned());
    let copied = tokio::task::spawn_blocking(move || copy(&file, &into));
    copied.await.map_err(|error| StoreError::Backend(Box::new(error)))?
}

fn copy(file: &Path, into: &Path) -> Result<(), StoreError> {
    let unwritable = |error: std::io::Error| StoreError::Unwritable(format!("backup folder {}: {error}", into.display()));
    private::folder(into).map_err(unwritable)?;
    let (partial, target): (PathBuf, PathBuf) = (into.join(PARTIAL_NAME), into.join(FILE_NAME));
    if fs::symlink_metadata(&target).is_ok() {
        return Err(StoreError::Unwritable(format!("{} is there already; name an empty folder", target.display())));
    }
    if partial.is_file() {
        fs::remove_file(&partial).map_err(unwritable)?;
    }
    let connection = pool::existing(file)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    // It may be the folder of somebody else, and a copy holds what the data folder holds. SQLite fills a file that is empty.
    private::file(&partial).map_err(unwritable)?;
    connection.execute("VACUUM INTO ?1", [partial.to_string_lossy()]).map_err(failed)?;
    File::open(&partial).and_then(|copy| copy.sync_all()).map_err(unwritable)?;
    fs::rename(&partial, &target).map_err(unwritable)?;
    File::open(into).and_then(|folder| folder.sync_all()).map_err(unwritable)
}
