//! Keeping a batch: which conference, participant and peer connection it belongs to, and its rows.

use rusqlite::{Connection, OptionalExtension, ToSql, params};
use sidetone_engine::{
    ids::{ConferenceKey, ParticipantKey, PeerConnectionKey},
    units::Timestamp,
};
use sidetone_store::{
    error::StoreError,
    record::{Append, Appended, ParticipantFacts, Place},
};

use crate::{
    delivery,
    error::failed,
    row::{self, time},
    search::kind_number,
};

/// How much earlier than a running conference began (by clocks that may differ) a batch may end and still join it.
const JOIN_SLACK_US: i64 = 600_000_000;

/// A stay that batches go to.
struct Stay {
    id: i64,
    key: ParticipantKey,
    conference: i64,
    conference_key: ConferenceKey,
}

/// Keeps one batch within the transaction that is open. On [`StoreError::Conflict`] nothing was written.
pub(crate) fn append(db: &Connection, random: &mut fastrand::Rng, batch: &Append) -> Result<Appended, StoreError> {
    let known = find_stay(db, batch)?;
    let is_afterthought = known.is_some() && batch.is_afterthought();
    let stay = match known {
        Some(stay) => stay,
        None => create_stay(db, random, batch)?,
    };
    let peer_connection = match batch.peer_connection_id.as_str() {
        "" => None,
        _ => Some(peer_connection(db, random, batch, &stay)?),
    };
    let place = Place { conference: stay.conference_key, participant: stay.key, peer_connection: peer_connection.map(|(_, key)| key) };
    let peer_connection = peer_connection.map_or(0, |(id, _)| id);
    let is_new = db
        .prepare_cached("INSERT OR IGNORE INTO batches_seen (participant, peer_connection, batch_seq) VALUES (?1, ?2, ?3)")
        .and_then(|mut insert| insert.execute(params![stay.id, peer_connection, batch.batch_seq]))
        .map_err(failed)?
        == 1;
    if !is_new {
        return Ok(Appended::Duplicate(place));
    }
    insert_events(db, batch, &stay, peer_connection)?;
    if let Some(delivery) = &batch.delivery {
        delivery::insert(db, stay.id, delivery)?;
    }
    if peer_connection != 0 && !is_afterthought {
        insert_reports(db, batch, peer_connection)?;
    }
    update_facts(db, stay.id, batch)?;
    if is_afterthought {
        note_afterthought(db, batch, &stay)?;
    } else {
        update_presence(db, batch, &stay)?;
    }
    Ok(Appended::Stored(place))
}

/// The stay that the client names, if it is known.
fn find_stay(db: &Connection, batch: &Append) -> Result<Option<Stay>, StoreError> {
    let mut select = db
        .prepare_cached(
            "SELECT p.id, p.key, p.user_id, c.id, c.key FROM participants p JOIN conferences c ON c.id = p.conference
             WHERE p.app = ?1 AND p.participant_id = ?2 AND c.conference_id = ?3 ORDER BY p.joined DESC LIMIT 1",
        )
        .map_err(failed)?;
    let found = select
        .query_row(params![batch.app.to_bytes(), batch.participant_id.as_str(), batch.conference_id.as_str()], |row| {
            let user_id: String = row.get(2)?;
            Ok((
                Stay {
                    id: row.get(0)?,
                    key: ParticipantKey::from_bytes(row.get(1)?),
                    conference: row.get(3)?,
                    conference_key: ConferenceKey::from_bytes(row.get(4)?),
                },
                user_id,
            ))
        })
        .optional()
        .map_err(failed)?;
    match found {
        Some((_, held)) if held != batch.user_id.as_str() => Err(StoreError::Conflict {
            participant_id: batch.participant_id.as_str().to_owned(),
            held: format!("user_id {held:?}"),
            given: format!("user_id {:?}", batch.user_id.as_str()),
        }),
        found => Ok(found.map(|(stay, _)| stay)),
    }
}

fn create_stay(db: &Connection, random: &mut fastrand::Rng, batch: &Append) -> Result<Stay, StoreError> {
    let (conference, conference_key) = match find_conference(db, batch)? {
        Some(found) => found,
        None => create_conference(db, random, batch)?,
    };
    let key = ParticipantKey::mint(batch.span.0, random.u128(..));
    db.prepare_cached(
        "INSERT INTO participants (app, conference, key, user_id, user_fold, participant_id, joined, last_seen, received)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )
    .and_then(|mut insert| {
        insert.insert(params![
            batch.app.to_bytes(),
            conference,
            key.to_bytes(),
            batch.user_id.as_str(),
            row::fold(batch.user_id.as_str()),
            batch.participant_id.as_str(),
            batch.span.0.as_micros(),
            batch.span.1.as_micros(),
            batch.received.as_micros(),
        ])
    })
    .map(|id| Stay { id, key, conference, conference_key })
    .map_err(failed)
}

/// The occurrence that a new stay belongs to: the running one, else an ended one that the batch's time overlaps.
fn find_conference(db: &Connection, batch: &Append) -> Result<Option<(i64, ConferenceKey)>, StoreError> {
    db.prepare_cached(
        "SELECT id, key FROM conferences
         WHERE app = ?1 AND conference_fold = ?2 AND conference_id = ?3
           AND ((state = 0 AND start - ?6 <= ?5) OR (start < ?5 AND end > ?4))
         ORDER BY state = 0 DESC, start DESC LIMIT 1",
    )
    .and_then(|mut select| {
        select
            .query_row(
                params![
                    batch.app.to_bytes(),
                    row::fold(batch.conference_id.as_str()),
                    batch.conference_id.as_str(),
                    batch.span.0.as_micros(),
                    batch.span.1.as_micros(),
                    JOIN_SLACK_US,
                ],
                |row| Ok((row.get(0)?, ConferenceKey::from_bytes(row.get(1)?))),
            )
            .optional()
    })
    .map_err(failed)
}

fn create_conference(db: &Connection, random: &mut fastrand::Rng, batch: &Append) -> Result<(i64, ConferenceKey), StoreError> {
    let key = ConferenceKey::mint(batch.span.0, random.u128(..));
    db.prepare_cached(
        "INSERT INTO conferences (app, key, conference_id, conference_fold, start, end, reach, state, revision, kind)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6 + 600000000, 0, 0, ?7)",
    )
    .and_then(|mut insert| {
        insert.insert(params![
            batch.app.to_bytes(),
            key.to_bytes(),
            batch.conference_id.as_str(),
            row::fold(batch.conference_id.as_str()),
            batch.span.0.as_micros(),
            batch.span.1.as_micros(),
            kind_number(batch.conference_kind),
        ])
    })
    .map(|id| (id, key))
    .map_err(failed)
}

fn peer_connection(
    db: &Connection,
    random: &mut fastrand::Rng,
    batch: &Append,
    stay: &Stay,
) -> Result<(i64, PeerConnectionKey), StoreError> {
    let found = db
        .prepare_cached("SELECT id, key FROM peer_connections WHERE participant = ?1 AND peer_connection_id = ?2")
        .and_then(|mut select| {
            select
                .query_row(params![stay.id, batch.peer_connection_id.as_str()], |row| {
                    Ok((row.get(0)?, PeerConnectionKey::from_bytes(row.get(1)?)))
                })
                .optional()
        })
        .map_err(failed)?;
    if let Some(found) = found {
        return Ok(found);
    }
    let key = PeerConnectionKey::mint(batch.span.0, random.u128(..));
    db.prepare_cached(
        "INSERT INTO peer_connections (app, conference, participant, key, peer_connection_id, start, end)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .and_then(|mut insert| {
        insert.insert(params![
            batch.app.to_bytes(),
            stay.conference,
            stay.id,
            key.to_bytes(),
            batch.peer_connection_id.as_str(),
            batch.span.0.as_micros(),
            batch.span.1.as_micros(),
        ])
    })
    .map(|id| (id, key))
    .map_err(failed)
}

fn insert_events(db: &Connection, batch: &Append, stay: &Stay, peer_connection: i64) -> Result<(), StoreError> {
    if batch.events.is_empty() {
        return Ok(());
    }
    let mut insert = db
        .prepare_cached(
            "INSERT INTO events (conference, participant, peer_connection, time, kind, payload) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .map_err(failed)?;
    for event in &batch.events {
        insert
            .execute(params![stay.conference, stay.id, peer_connection, event.time.as_micros(), event.kind, event.payload])
            .map_err(failed)?;
    }
    Ok(())
}

fn insert_reports(db: &Connection, batch: &Append, peer_connection: i64) -> Result<(), StoreError> {
    let (mut count, mut bytes) = (0, 0);
    if let Some(reports) = &batch.reports {
        (count, bytes) = (reports.count, reports.bytes.len());
        db.prepare_cached("INSERT INTO chunks (peer_connection, first, last, count, shift_us, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
            .and_then(|mut insert| {
                insert.execute(params![
                    peer_connection,
                    reports.span.0.as_micros(),
                    reports.span.1.as_micros(),
                    reports.count,
                    reports.shift_us,
                    reports.bytes,
                ])
            })
            .map_err(failed)?;
    }
    let closed = batch.closed.map_or(batch.span.1, |closed| closed.max(batch.span.1));
    update(
        db,
        [
            "UPDATE peer_connections SET end = max(end, ?3), report_count = report_count + ?4, report_bytes = report_bytes + ?5
             WHERE id = ?1 AND start <= ?2",
            "UPDATE peer_connections SET start = min(start, ?2), end = max(end, ?3), report_count = report_count + ?4,
               report_bytes = report_bytes + ?5 WHERE id = ?1",
        ],
        params![peer_connection, batch.span.0.as_micros(), closed.as_micros(), count, i64::try_from(bytes).unwrap_or(i64::MAX)],
    )
}

/// Runs the first of the statements that finds a row. The one before the last is for nearly every batch, one that goes on where the batch
/// before ended: it sets fewer columns, so that fewer indexes are written.
fn update(db: &Connection, statements: [&str; 2], values: &[&dyn ToSql]) -> Result<(), StoreError> {
    for sql in statements {
        if db.prepare_cached(sql).and_then(|mut update| update.execute(values)).map_err(failed)? > 0 {
            break;
        }
    }
    Ok(())
}

/// Later facts replace earlier ones; what is not told again stays.
const OWN_FACTS: &str = "UPDATE participants SET
   user_name = coalesce(nullif(?2, ''), user_name), alias_name = coalesce(nullif(?3, ''), alias_name),
   site = coalesce(nullif(?4, ''), site), app_version = coalesce(nullif(?5, ''), app_version),
   user_agent = coalesce(nullif(?6, ''), user_agent), browser = coalesce(nullif(?7, ''), browser),
   browser_fold = coalesce(nullif(?8, ''), browser_fold), browser_version = coalesce(nullif(?9, ''), browser_version),
   os = coalesce(nullif(?10, ''), os), sdk = coalesce(nullif(?11, ''), sdk)
 WHERE id = ?1";
const OWN_IDS: &str = "INSERT OR REPLACE INTO additional_ids (participant, app, name, value) VALUES (?1, ?2, ?3, ?4)";

/// What others say stands where nothing else was said.
const HEARSAY: &str = "UPDATE participants SET
   user_name = coalesce(nullif(user_name, ''), ?2), alias_name = coalesce(nullif(alias_name, ''), ?3),
   site = coalesce(nullif(site, ''), ?4), app_version = coalesce(nullif(app_version, ''), ?5),
   user_agent = coalesce(nullif(user_agent, ''), ?6), browser = coalesce(nullif(browser, ''), ?7),
   browser_fold = coalesce(nullif(browser_fold, ''), ?8), browser_version = coalesce(nullif(browser_version, ''), ?9),
   os = coalesce(nullif(os, ''), ?10), sdk = coalesce(nullif(sdk, ''), ?11)
 WHERE id = ?1";
const HEARSAY_IDS: &str = "INSERT OR IGNORE INTO additional_ids (participant, app, name, value) VALUES (?1, ?2, ?3, ?4)";

fn update_facts(db: &Connection, participant: i64, batch: &Append) -> Result<(), StoreError> {
    if batch.facts == ParticipantFacts::default() {
        return Ok(());
    }
    let facts = &batch.facts;
    let (facts_sql, ids_sql) = if batch.is_hearsay { (HEARSAY, HEARSAY_IDS) } else { (OWN_FACTS, OWN_IDS) };
    db.prepare_cached(facts_sql)
        .and_then(|mut update| {
            update.execute(params![
                participant,
                facts.user_name,
                facts.alias_name,
                facts.site,
                facts.app_version,
                facts.user_agent,
                facts.browser,
                row::fold(&facts.browser),
                facts.browser_version,
                facts.os,
                facts.sdk,
            ])
        })
        .map_err(failed)?;
    let mut insert = db.prepare_cached(ids_sql).map_err(failed)?;
    for (name, value) in &facts.additional_ids {
        insert.execute(params![participant, batch.app.to_bytes(), name, value]).map_err(failed)?;
    }
    Ok(())
}

/// Who is there is heard of; nothing becomes longer, and nobody comes back.
fn note_afterthought(db: &Connection, batch: &Append, stay: &Stay) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE participants SET received = max(received, ?2) WHERE id = ?1 AND ended IS NULL")
        .and_then(|mut update| update.execute(params![stay.id, batch.received.as_micros()]))
        .and_then(|_| db.prepare_cached("UPDATE conferences SET revision = revision + 1 WHERE id = ?1"))
        .and_then(|mut update| update.execute([stay.conference]))
        .map(drop)
        .map_err(failed)
}

/// Ends, keeps or revives the participant, and its conference with it.
fn update_presence(db: &Connection, batch: &Append, stay: &Stay) -> Result<(), StoreError> {
    let last = batch.left.map_or(batch.span.1, |left| left.max(batch.span.1));
    let (from, until) = (batch.span.0.as_micros(), last.as_micros());
    let state = if goes_on(db, batch, stay)? || !ends(db, batch, stay, last)? || is_anybody_there(db, stay.conference)? { 0 } else { 1 };
    update(
        db,
        [
            "UPDATE conferences SET end = max(end, ?3), revision = revision + 1
             WHERE id = ?1 AND start <= ?2 AND reach >= ?3 AND state = ?4",
            "UPDATE conferences SET start = min(start, ?2), end = max(end, ?3), revision = revision + 1, state = ?4,
               reach = max(reach, ?3 + 600000000) WHERE id = ?1",
        ],
        params![stay.conference, from, until, state],
    )
}

/// Whether the participant is there and stays; only then is it noted what was heard of it.
fn goes_on(db: &Connection, batch: &Append, stay: &Stay) -> Result<bool, StoreError> {
    if batch.left.is_some() {
        return Ok(false);
    }
    db.prepare_cached(
        "UPDATE participants SET last_seen = max(last_seen, ?3), received = max(received, ?4)
         WHERE id = ?1 AND joined <= ?2 AND ended IS NULL",
    )
    .and_then(|mut update| update.execute(params![stay.id, batch.span.0.as_micros(), batch.span.1.as_micros(), batch.received.as_micros()]))
    .map(|rows| rows == 1)
    .map_err(failed)
}

/// Notes what was heard of the participant last, and whether it ends by that.
fn ends(db: &Connection, batch: &Append, stay: &Stay, last: Timestamp) -> Result<bool, StoreError> {
    // A stay that timed out is there again when it is heard again; one that left stays away unless it speaks of a clearly later time: where a
    // client's clock is corrected, batches of one instant come out some milliseconds apart.
    let ended: Option<i64> = db
        .prepare_cached(
            "UPDATE participants SET joined = min(joined, ?2), last_seen = max(last_seen, ?3), received = max(received, ?4),
               ended = CASE WHEN ?5 IS NOT NULL THEN max(?5, coalesce(CASE WHEN timed_out THEN NULL ELSE ended END, ?5))
                            WHEN timed_out OR ended + 2000000 < ?3 THEN NULL ELSE ended END,
               timed_out = 0
             WHERE id = ?1 RETURNING ended",
        )
        .and_then(|mut update| {
            update.query_row(
                params![
                    stay.id,
                    batch.span.0.as_micros(),
                    last.as_micros(),
                    batch.received.as_micros(),
                    batch.left.map(Timestamp::as_micros),
                ],
                |row| row.get(0),
            )
        })
        .map_err(failed)?;
    Ok(ended.is_some())
}

fn is_anybody_there(db: &Connection, conference: i64) -> Result<bool, StoreError> {
    db.prepare_cached("SELECT EXISTS (SELECT 1 FROM participants WHERE conference = ?1 AND ended IS NULL)")
        .and_then(|mut select| select.query_row([conference], |row| row.get(0)))
        .map_err(failed)
}

/// Ends everybody not heard of since `silent_since`, at the last instant heard of, and conferences with nobody left.
pub(crate) fn end_silent(db: &Connection, silent_since: Timestamp) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE participants SET ended = last_seen, timed_out = 1 WHERE ended IS NULL AND received < ?1 RETURNING conference")
        .and_then(|mut update| {
            let conferences: Vec<i64> = update.query_map([time(silent_since)], |row| row.get(0))?.collect::<Result<_, _>>()?;
            let mut end = db.prepare_cached(
                "UPDATE conferences SET state = 1 WHERE id = ?1 AND state = 0
               AND NOT EXISTS (SELECT 1 FROM participants WHERE conference = ?1 AND ended IS NULL)",
            )?;
            for conference in conferences {
                end.execute([conference])?;
            }
            Ok(())
        })
        .map_err(failed)
}
