//! Writing a conference's summary.

use rusqlite::{Connection, TransactionBehavior, params};
use sidetone_engine::ids::{AppKey, ConferenceKey};
use sidetone_store::{
    error::StoreError,
    record::Ended,
    summary::{ConferenceSummary, Judge},
};

use crate::{
    diagnosis::DiagnosisJson,
    error::failed,
    moment::MomentJson,
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

/// What [`judged_otherwise`] names: ?1 is the app, ?2 the model, ?3 the rules.
const OTHERWISE: &str = "FROM conferences WHERE state = 2 AND app = ?1
    AND (model IS NOT ?2 OR rules IS NOT ?3 OR round < (SELECT round FROM judging))";

/// Finalised conferences that another judged, oldest first.
pub(crate) fn judged_otherwise(
    db: &Connection,
    app: AppKey,
    judge: &Judge,
    after: Option<ConferenceKey>,
    limit: usize,
) -> Result<Vec<Ended>, StoreError> {
    let mut select = db.prepare_cached(&format!("SELECT key {OTHERWISE} AND key > ?4 ORDER BY key LIMIT ?5")).map_err(failed)?;
    let after = after.map_or(Vec::new(), |key| key.to_bytes().to_vec());
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = select
        .query_map(params![app.to_bytes(), judge.model, judge.rules, after, limit], |row| {
            Ok(Ended { app, conference: ConferenceKey::from_bytes(row.get(0)?) })
        })
        .map_err(failed)?;
    rows.collect::<Result<_, _>>().map_err(failed)
}

/// How many there are.
pub(crate) fn judged_otherwise_count(db: &Connection, app: AppKey, judge: &Judge) -> Result<u64, StoreError> {
    let count: i64 = db
        .prepare_cached(&format!("SELECT count(*) {OTHERWISE}"))
        .and_then(|mut select| select.query_row(params![app.to_bytes(), judge.model, judge.rules], |row| row.get(0)))
        .map_err(failed)?;
    Ok(count.unsigned_abs())
}

/// Begins a round, unless one is open; whether one was.
pub(crate) fn begin_round(db: &Connection) -> Result<bool, StoreError> {
    let begun = db.execute("UPDATE judging SET round = round + 1, is_open = 1 WHERE NOT is_open", []).map_err(failed)?;
    Ok(begun == 0)
}

/// Ends the round.
pub(crate) fn end_round(db: &Connection) -> Result<(), StoreError> {
    db.execute("UPDATE judging SET is_open = 0", []).map(drop).map_err(failed)
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
    let diagnoses: Vec<DiagnosisJson> = summary.diagnoses.iter().map(Into::into).collect();
    let diagnoses = serde_json::to_string(&diagnoses).map_err(json)?;
    let moments: Vec<MomentJson> = summary.moments.iter().map(Into::into).collect();
    let moments = serde_json::to_string(&moments).map_err(json)?;
    let found = db
        .prepare_cached(
            "UPDATE conferences SET state = 2, mos_lq = ?4, mos_cq = ?5, mos_v = ?6, mos = coalesce(?5, ?6), issues = ?7,
               model = ?8, diagnoses = ?9, moments = ?10, rules = ?11, round = (SELECT round FROM judging)
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
                summary.model,
                diagnoses,
                moments,
                summary.rules,
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
    for held in &summary.peer_connections {
        let analysis = serde_json::to_string(&AnalysisJson::from(held)).map_err(json)?;
        db.prepare_cached("UPDATE peer_connections SET analysis = ?3 WHERE key = ?1 AND conference = ?2")
            .and_then(|mut update| update.execute(params![held.key.to_bytes(), id, analysis]))
            .map_err(failed)?;
    }
    db.commit().map_err(failed)?;
    Ok(true)
}
