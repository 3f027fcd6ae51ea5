//! The schema: migrations that only go forward, each run once, in order.

use rusqlite::Connection;
use sidetone_store::error::StoreError;

use crate::error::failed;

/// `MIGRATIONS[n]` takes a store from version n to n + 1.
const MIGRATIONS: &[&str] = &[include_str!("schema/0001_first.sql"), include_str!("schema/0002_length.sql")];

/// The version that this code writes.
#[must_use]
pub fn version() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

/// Brings a store up to [`version`].
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    if found > version() {
        return Err(StoreError::Newer { found, known: version() });
    }
    for (target, migration) in (1_u32..).zip(MIGRATIONS).filter(|(target, _)| *target > found) {
        let transaction = connection.transaction().map_err(failed)?;
        transaction.execute_batch(migration).map_err(failed)?;
        transaction.pragma_update(None, "user_version", target).map_err(failed)?;
        transaction.commit().map_err(failed)?;
    }
    Ok(())
}
