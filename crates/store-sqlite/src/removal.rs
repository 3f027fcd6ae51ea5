//! Removing: by user, by age, by app.

use rusqlite::{Connection, TransactionBehavior, params};
use sidetone_engine::{
    ids::{AppKey, UserId},
    units::Timestamp,
};
use sidetone_store::{
    error::StoreError,
    record::{Erased, Expired},
};

use crate::{error::failed, row::fold};

fn count(db: &Connection, sql: &str, id: i64) -> Result<u64, StoreError> {
    db.prepare_cached(sql)
        .and_then(|mut select| select.query_row([id], |row| row.get::<_, Option<i64>>(0)))
        .map(|count| count.unwrap_or(0).unsigned_abs())
        .map_err(failed)
}

fn delete(db: &Connection, sql: &str, id: i64) -> Result<(), StoreError> {
    db.prepare_cached(sql).and_then(|mut delete| delete.execute([id])).map(drop).map_err(failed)
}

fn ids(db: &Connection, sql: &str, parameters: &[&dyn rusqlite::ToSql]) -> Result<Vec<i64>, StoreError> {
    let mut select = db.prepare_cached(sql).map_err(failed)?;
    let rows = select.query_map(parameters, |row| row.get(0)).map_err(failed)?;
    rows.collect::<Result<_, _>>().map_err(failed)
}

/// Removes one stay with everything that only it had.
fn remove_participant(db: &Connection, participant: i64) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM chunks WHERE peer_connection IN (SELECT id FROM peer_connections WHERE participant = ?1)",
        "DELETE FROM peer_connections WHERE participant = ?1",
        "DELETE FROM events WHERE conference = (SELECT conference FROM participants WHERE id = ?1) AND participant = ?1",
        "DELETE FROM batches_seen WHERE participant = ?1",
        "DELETE FROM additional_ids WHERE participant = ?1",
        "DELETE FROM participants WHERE id = ?1",
    ] {
        delete(db, sql, participant)?;
    }
    Ok(())
}

fn remove_conference(db: &Connection, conference: i64) -> Result<(), StoreError> {
    for participant in ids(db, "SELECT id FROM participants WHERE conference = ?1", &[&conference])? {
        remove_participant(db, participant)?;
    }
    delete(db, "DELETE FROM conference_issues WHERE conference = ?1", conference)?;
    delete(db, "DELETE FROM conferences WHERE id = ?1", conference)
}

/// Erases a user's stays. A conference in which others were stays, to be finalised anew.
pub(crate) fn erase_user(connection: &mut Connection, app: AppKey, user: &UserId) -> Result<Erased, StoreError> {
    let mut erased = Erased::default();
    let db = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let sql = "SELECT id FROM participants WHERE app = ?1 AND user_fold = ?2 AND user_id = ?3";
    for participant in ids(&db, sql, &[&app.to_bytes(), &fold(user.as_str()), &user.as_str()])? {
        erased.participants += 1;
        erased.peer_connections += count(&db, "SELECT count(*) FROM peer_connections WHERE participant = ?1", participant)?;
        erased.reports += count(&db, "SELECT sum(report_count) FROM peer_connections WHERE participant = ?1", participant)?;
        erased.events += count(
            &db,
            "SELECT count(*) FROM events WHERE conference = (SELECT conference FROM participants WHERE id = ?1) AND participant = ?1",
            participant,
        )?;
        let conference: i64 =
            db.query_row("SELECT conference FROM participants WHERE id = ?1", [participant], |row| row.get(0)).map_err(failed)?;
        remove_participant(&db, participant)?;
        if count(&db, "SELECT count(*) FROM participants WHERE conference = ?1", conference)? == 0 {
            remove_conference(&db, conference)?;
        } else {
            delete(
                &db,
                "UPDATE conferences SET revision = revision + 1,
                   state = NOT EXISTS (SELECT 1 FROM participants WHERE conference = ?1 AND ended IS NULL) WHERE id = ?1",
                conference,
            )?;
        }
    }
    db.commit().map_err(failed)?;
    give_back(connection, 0)?;
    Ok(erased)
}

/// Removes an app with all it has. `false` when there was none.
pub(crate) fn remove_app(connection: &mut Connection, app: AppKey) -> Result<bool, StoreError> {
    let key = app.to_bytes();
    let db = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let was_there = db.execute("DELETE FROM apps WHERE key = ?1", [&key]).map_err(failed)? == 1;
    for sql in [
        "DELETE FROM chunks WHERE peer_connection IN (SELECT id FROM peer_connections WHERE app = ?1)",
        "DELETE FROM peer_connections WHERE app = ?1",
        "DELETE FROM events WHERE conference IN (SELECT id FROM conferences WHERE app = ?1)",
        "DELETE FROM batches_seen WHERE participant IN (SELECT id FROM participants WHERE app = ?1)",
        "DELETE FROM additional_ids WHERE app = ?1",
        "DELETE FROM participants WHERE app = ?1",
        "DELETE FROM conference_issues WHERE app = ?1",
        "DELETE FROM conferences WHERE app = ?1",
        "DELETE FROM phone_users WHERE app = ?1",
    ] {
        db.execute(sql, [&key]).map_err(failed)?;
    }
    db.commit().map_err(failed)?;
    give_back(connection, 0)?;
    Ok(was_there)
}

/// Removes conferences that ended before `before`, oldest first, at most `batch`.
pub(crate) fn expire(connection: &mut Connection, app: AppKey, before: Timestamp, batch: usize) -> Result<Expired, StoreError> {
    let db = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let limit = i64::try_from(batch).unwrap_or(i64::MAX);
    let sql = "SELECT id FROM conferences WHERE app = ?1 AND end < ?2 AND state > 0 ORDER BY end LIMIT ?3";
    let expired = ids(&db, sql, params![app.to_bytes(), before.as_micros(), limit])?;
    for conference in &expired {
        remove_conference(&db, *conference)?;
    }
    db.commit().map_err(failed)?;
    Ok(Expired { conferences: expired.len() as u64 })
}

/// Gives free pages back to the file system, at most `most`; 0: all of them.
fn give_back(db: &Connection, most: u32) -> Result<(), StoreError> {
    // The pragma frees one page a step, so it is stepped to its end.
    let mut pragma = db.prepare(&format!("PRAGMA incremental_vacuum({most})")).map_err(failed)?;
    let mut pages = pragma.query([]).map_err(failed)?;
    while pages.next().map_err(failed)?.is_some() {}
    Ok(())
}

/// Most pages given back at a time, so that no batch waits long.
const PAGES_GIVEN_BACK: u32 = 1000;

/// Gives some free pages back. `true` while there are more.
pub(crate) fn shrink(db: &Connection) -> Result<bool, StoreError> {
    let free = || db.query_row("PRAGMA freelist_count", [], |row| row.get::<_, u32>(0)).map_err(failed);
    let before = free()?;
    give_back(db, PAGES_GIVEN_BACK)?;
    let after = free()?;
    Ok(after > 0 && after < before)
}
