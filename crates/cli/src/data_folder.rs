//! The data folder: where it is, and opening the store in it with errors that say what to do.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use clap::Args;
use sidetone_store::Store;
use sidetone_store_sqlite::{FILE_NAME, Role, SqliteConfig, SqliteStore};

use crate::{config, secret};

/// Which data folder.
#[derive(Args)]
pub(crate) struct DataArgs {
    /// The data folder. Unset: `sidetone` in the user's folder for data (~/.local/share)
    #[arg(long, value_name = "FOLDER", env = "SIDETONE_DATA", global = true)]
    data: Option<PathBuf>,
}

impl DataArgs {
    /// The folder named, or the default.
    pub(crate) fn folder(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(config::default_data_folder)
    }
}

/// Opens the store of a folder that must be there, beside a server that may use it as well.
pub(crate) async fn open(folder: &Path) -> Result<Arc<dyn Store>> {
    open_or_create(existing(folder)?, Role::Tool).await
}

/// Opens the store of a folder that must be there, to read it as it is.
pub(crate) async fn open_to_read(folder: &Path) -> Result<Arc<dyn Store>> {
    let folder = existing(folder)?.to_owned();
    let store = tokio::task::spawn_blocking(move || SqliteStore::open_to_read(&folder).with_context(|| folder.display().to_string()));
    Ok(Arc::new(store.await.context("store")??))
}

/// The folder, if there is a store in it.
pub(crate) fn existing(folder: &Path) -> Result<&Path> {
    if !folder.join(FILE_NAME).is_file() {
        bail!("{}: there is no data folder here; name one with --data, or make one with `sidetone app create`", folder.display());
    }
    Ok(folder)
}

/// Opens the store of a folder, and makes both when they are not there.
pub(crate) async fn open_or_create(folder: &Path, role: Role) -> Result<Arc<dyn Store>> {
    let folder = folder.to_owned();
    let mut seed = [0; 8];
    seed.copy_from_slice(&secret::random()?.to_le_bytes()[..8]);
    let config = SqliteConfig::new(role, u64::from_le_bytes(seed));
    let store = tokio::task::spawn_blocking(move || SqliteStore::open(&folder, config).with_context(|| folder.display().to_string()));
    Ok(Arc::new(store.await.context("store")??))
}
