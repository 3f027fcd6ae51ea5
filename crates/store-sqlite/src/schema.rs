//! The schema: migrations that only go forward, each run once, in order.

use rusqlite::Connection;
use sidetone_store::error::StoreError;

use crate::error::failed;

/// `MIGRATIONS[n]` takes a store from version n to n + 1.
const MIGRATIONS: &[&str] = &[
    include_str!("schema/0001_first.sql"),
    include_str!("schema/0002_length.sql"),
    include_str!("schema/0003_append.sql"),
    include_str!("schema/0004_deliveries.sql"),
    include_str!("schema/0005_local_users.sql"),
    include_str!("schema/0006_name_views.sql"),
    include_str!("schema/0007_diagnoses.sql"),
    include_str!("schema/0008_phone_users.sql"),
    include_str!("schema/0009_conference_kind.sql"),
    include_str!("schema/0010_moments.sql"),
    include_str!("schema/0011_judged_by.sql"),
];

/// The version that this code writes.
#[must_use]
pub fn version() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

/// The version that wrote the store last.
fn found(connection: &Connection) -> Result<u32, StoreError> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    if found > version() { Err(StoreError::Newer { found, known: version() }) } else { Ok(found) }
}

/// Refuses a store that would have to be migrated.
pub(crate) fn expect_current(connection: &Connection) -> Result<(), StoreError> {
    let found = found(connection)?;
    if found < version() { Err(StoreError::Older { found, known: version() }) } else { Ok(()) }
}

/// Brings a store up to [`version`].
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let found = found(connection)?;
    for (target, migration) in (1_u32..).zip(MIGRATIONS).filter(|(target, _)| *target > found) {
        let transaction = connection.transaction().map_err(failed)?;
        transaction.execute_batch(migration).map_err(failed)?;
        transaction.pragma_update(None, "user_version", target).map_err(failed)?;
        transaction.commit().map_err(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_of_an_older_version_is_brought_up_with_its_rows() {
        let mut db = Connection::open_in_memory().unwrap();
        for migration in &MIGRATIONS[..2] {
            db.execute_batch(migration).unwrap();
        }
        db.pragma_update(None, "user_version", 2).unwrap();
        db.execute_batch(
            "INSERT INTO conferences (app, key, conference_id, conference_fold, start, end, state, revision)
             VALUES (x'01', x'02', 'c', 'c', 100, 500, 2, 1)",
        )
        .unwrap();
        migrate(&mut db).unwrap();
        assert_eq!(db.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0)).unwrap(), version());
        let length: i64 =
            db.query_row("SELECT reach - start FROM conferences INDEXED BY conferences_by_length", [], |row| row.get(0)).unwrap();
        assert_eq!(length, 400);
    }
}
