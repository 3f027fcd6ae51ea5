//! Writing a conference's summary, and folding the chunks of a peer connection.

use rusqlite::{Connection, TransactionBehavior, params};
use sidetone_engine::{
    ids::{AppKey, ConferenceKey, PeerConnectionKey},
    report::Reports,
    units::Timestamp,
};
use sidetone_store::{
    error::StoreError,
    record::{Chunk, Ended},
    summary::ConferenceSummary,
};
use sidetone_wire::codec;

use crate::{
    error::failed,
    read::{chunk_rows, peer_connection_id},
    record::{AnalysisJson, IssueCountJson, severity_number},
};

/// Conferences that ended and have no true summary, oldest first.
pub(crate) fn ended(db: &Connection) -> Result<Vec<Ended>, StoreError> {
    let mut select = db.prepare_cached("SELECT app, key FROM conferences WHERE state = 1 ORDER BY key").map_err(failed)?;
    let rows = select
        .query_map([], |row| Ok(Ended { app: AppKey::from_bytes(row.get(0)?), conference: ConferenceKey::from_bytes(row.get(1)?) }))
        .map_err(failed)?;
    rows.collect::<Result<_, _>>().map_err(failed)
}

/// Writes the summary, if it is of the conference as it is now.
pub(crate) fn finalise(
    connection: &mut Connection,
    app: AppKey,
    conference: ConferenceKey,
    summary: &ConferenceSummary,
) -> Result<bool, StoreError> {
    let json = |error| StoreError::Backend(Box::new(error));
    let db = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let scores = summary.score.scores;
    let issues: Vec<IssueCountJson> = summary.score.issues.iter().map(Into::into).collect();
    let found = db
        .prepare_cached(
            "UPDATE conferences SET state = 2, mos_lq = ?4, mos_cq = ?5, mos_v = ?6, mos = coalesce(?5, ?6), issues = ?7
             WHERE key = ?1 AND app = ?2 AND revision = ?3 AND state > 0 RETURNING id, start",
        )
        .and_then(|mut update| {
            let mut rows = update.query(params![
                conference.to_bytes(),
                app.to_bytes(),
                i64::try_from(summary.revision).unwrap_or(-1),
                scores.mos_lq,
                scores.mos_cq,
                scores.mos_v,
                serde_json::to_string(&issues).unwrap_or_default(),
            ])?;
            rows.next()?.map(|row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))).transpose()
        })
        .map_err(failed)?;
    let Some((id, start)) = found else { return Ok(false) };
    db.execute("DELETE FROM conference_issues WHERE conference = ?1", [id]).map_err(failed)?;
    for issue in &summary.score.issues {
        db.prepare_cached("INSERT INTO conference_issues (app, rule, start, conference, severity) VALUES (?1, ?2, ?3, ?4, ?5)")
            .and_then(|mut insert| insert.execute(params![app.to_bytes(), issue.rule, start, id, severity_number(issue.severity)]))
            .map_err(failed)?;
    }
    for (key, scores) in &summary.participants {
        db.prepare_cached("UPDATE participants SET mos_lq = ?3, mos_cq = ?4, mos_v = ?5, scored = 1 WHERE key = ?1 AND conference = ?2")
            .and_then(|mut update| update.execute(params![key.to_bytes(), id, scores.mos_lq, scores.mos_cq, scores.mos_v]))
            .map_err(failed)?;
    }
    for (key, analysis) in &summary.peer_connections {
        let analysis = serde_json::to_string(&AnalysisJson::from(analysis)).map_err(json)?;
        db.prepare_cached("UPDATE peer_connections SET analysis = ?3 WHERE key = ?1 AND conference = ?2")
            .and_then(|mut update| update.execute(params![key.to_bytes(), id, analysis]))
            .map_err(failed)?;
    }
    db.commit().map_err(failed)?;
    Ok(true)
}

/// Most reports in one folded chunk: five minutes at one a second compress about as well as an hour, and are read apart.
const FOLDED_REPORTS_MAX: usize = 300;

/// Replaces the chunks of a peer connection by fewer, better compressed ones. Chunks that arrive later stay beside them.
///
/// A chunk that cannot be decoded is left as it is, for a later version or a person to read.
pub(crate) fn fold(connection: &mut Connection, app: AppKey, key: PeerConnectionKey) -> Result<(), StoreError> {
    let db = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let Some(id) = peer_connection_id(&db, app, key)? else { return Ok(()) };
    let mut run = Run::default();
    for (row, Chunk { reports }) in chunk_rows(&db, id)? {
        let Ok(decoded) = codec::decode(&reports.bytes) else { continue };
        if run.shift_us != reports.shift_us || run.reports.len() + decoded.len() > FOLDED_REPORTS_MAX {
            run.write(&db, id)?;
            run = Run { shift_us: reports.shift_us, ..Run::default() };
        }
        run.reports.extend(&decoded);
        run.rows.push(row);
    }
    run.write(&db, id)?;
    db.execute(
        "UPDATE peer_connections SET report_bytes = (SELECT coalesce(sum(length(bytes)), 0) FROM chunks WHERE peer_connection = ?1) WHERE id = ?1",
        [id],
    )
    .map_err(failed)?;
    db.commit().map_err(failed)
}

/// Chunks that become one.
#[derive(Default)]
struct Run {
    rows: Vec<i64>,
    shift_us: i64,
    reports: Reports,
}

impl Run {
    /// Writes the one chunk in place of the many.
    fn write(&self, db: &Connection, peer_connection: i64) -> Result<(), StoreError> {
        if self.rows.len() < 2 {
            return Ok(());
        }
        let times = self.reports.times();
        let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else { return Ok(()) };
        let shifted = |time: Timestamp| time.plus_micros(self.shift_us).as_micros();
        for row in &self.rows {
            db.prepare_cached("DELETE FROM chunks WHERE id = ?1").and_then(|mut delete| delete.execute([row])).map_err(failed)?;
        }
        db.prepare_cached("INSERT INTO chunks (peer_connection, first, last, count, shift_us, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
            .and_then(|mut insert| {
                insert.execute(params![
                    peer_connection,
                    shifted(*first),
                    shifted(*last),
                    u32::try_from(times.len()).unwrap_or(u32::MAX),
                    self.shift_us,
                    codec::encode(&self.reports)
                ])
            })
            .map(drop)
            .map_err(failed)
    }
}
