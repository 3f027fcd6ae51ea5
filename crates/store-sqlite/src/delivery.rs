//! What waits to be sent on.

use rusqlite::{Connection, params};
use sidetone_engine::{ids::AppKey, units::Timestamp};
use sidetone_store::{
    error::StoreError,
    record::{Delivery, NewDelivery},
};

use crate::{error::failed, row::time};

pub(crate) fn insert(db: &Connection, participant: i64, delivery: &NewDelivery) -> Result<(), StoreError> {
    db.prepare_cached("INSERT INTO deliveries (participant, kind, due, content) VALUES (?1, ?2, ?3, ?4)")
        .and_then(|mut insert| insert.execute(params![participant, delivery.kind, time(delivery.due), delivery.content]))
        .map(drop)
        .map_err(failed)
}

pub(crate) fn due(db: &Connection, now: Timestamp, limit: usize) -> Result<Vec<Delivery>, StoreError> {
    db.prepare_cached(
        "SELECT d.id, p.app, d.kind, d.due, d.attempts, d.content FROM deliveries d JOIN participants p ON p.id = d.participant
         WHERE d.due <= ?1 ORDER BY d.due, d.id LIMIT ?2",
    )
    .and_then(|mut select| {
        let rows = select.query_map(params![time(now), i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
            Ok(Delivery {
                id: row.get(0)?,
                app: AppKey::from_bytes(row.get(1)?),
                kind: row.get(2)?,
                due: Timestamp::from_micros(row.get(3)?),
                attempts: row.get(4)?,
                content: row.get(5)?,
            })
        })?;
        rows.collect()
    })
    .map_err(failed)
}

pub(crate) fn postpone(db: &Connection, id: i64, due: Timestamp) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE deliveries SET attempts = attempts + 1, due = ?2 WHERE id = ?1")
        .and_then(|mut update| update.execute(params![id, time(due)]))
        .map(drop)
        .map_err(failed)
}

pub(crate) fn remove(db: &Connection, id: i64) -> Result<(), StoreError> {
    db.prepare_cached("DELETE FROM deliveries WHERE id = ?1").and_then(|mut delete| delete.execute([id])).map(drop).map_err(failed)
}
