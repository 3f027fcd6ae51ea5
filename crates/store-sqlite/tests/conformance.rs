//! The suite that every store must pass, on SQLite.
#![expect(clippy::unwrap_used, reason = "tests")]

use sidetone_store::conformance_tests;
use sidetone_store_sqlite::{Role, SqliteConfig, SqliteStore};
use tempfile::TempDir;

async fn store() -> (SqliteStore, TempDir) {
    let folder = TempDir::new().unwrap();
    (SqliteStore::open(folder.path(), SqliteConfig::new(Role::Server, 1)).unwrap(), folder)
}

conformance_tests!(store);
