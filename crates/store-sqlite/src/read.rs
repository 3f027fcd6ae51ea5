//! Reading one conference: its parts, its events, the chunks of a peer connection.

use rusqlite::{Connection, OptionalExtension, params};
use sidetone_engine::{
    diagnosis::Diagnosis,
    ids::{AppKey, ConferenceKey, ParticipantId, ParticipantKey, PeerConnectionId, PeerConnectionKey, UserId},
    score::life::Scores,
    units::Timestamp,
};
use sidetone_store::{
    chunks::ReportExtent,
    error::StoreError,
    query::{EventCursor, EventPage, EventQuery, PAGE_ROWS_MAX},
    record::{Chunk, ConferenceDetail, EncodedReports, Participant, ParticipantFacts, PeerConnection, Place, StoredEvent},
    summary::ScoreMoment,
};
use sidetone_wire::batch::Event;

use crate::{
    diagnosis::DiagnosisJson,
    error::failed,
    moment::MomentJson,
    record::{AnalysisJson, StoredAnalysis},
    search::{CONFERENCE_COLUMNS, conference as conference_row},
};

/// The row of a conference, if it is the app's.
pub(crate) fn conference_id(db: &Connection, app: AppKey, conference: ConferenceKey) -> Result<Option<i64>, StoreError> {
    db.prepare_cached("SELECT id FROM conferences WHERE key = ?1 AND app = ?2")
        .and_then(|mut select| select.query_row(params![conference.to_bytes(), app.to_bytes()], |row| row.get(0)).optional())
        .map_err(failed)
}

/// The row of a peer connection, if it is the app's.
pub(crate) fn peer_connection_id(db: &Connection, app: AppKey, key: PeerConnectionKey) -> Result<Option<i64>, StoreError> {
    db.prepare_cached("SELECT id FROM peer_connections WHERE key = ?1 AND app = ?2")
        .and_then(|mut select| select.query_row(params![key.to_bytes(), app.to_bytes()], |row| row.get(0)).optional())
        .map_err(failed)
}

/// One conference with everything in it but events and reports.
pub(crate) fn conference(db: &Connection, app: AppKey, key: ConferenceKey) -> Result<Option<ConferenceDetail>, StoreError> {
    let Some(id) = conference_id(db, app, key)? else { return Ok(None) };
    let conference = db
        .prepare_cached(&format!("SELECT {CONFERENCE_COLUMNS} FROM conferences c WHERE c.id = ?1"))
        .and_then(|mut select| select.query_row([id], |row| Ok(conference_row(row))))
        .map_err(failed)??;
    Ok(Some(ConferenceDetail {
        participants: participants(db, id)?,
        peer_connections: peer_connections(db, id)?,
        diagnoses: diagnoses(db, id, conference.key)?,
        moments: moments(db, id, conference.key)?,
        conference,
    }))
}

fn diagnoses(db: &Connection, id: i64, key: ConferenceKey) -> Result<Vec<Diagnosis>, StoreError> {
    let json: Option<String> = db
        .prepare_cached("SELECT diagnoses FROM conferences WHERE id = ?1")
        .and_then(|mut select| select.query_row([id], |row| row.get(0)))
        .map_err(failed)?;
    let corrupt = |problem: String| StoreError::Corrupt { table: "conferences", row: key.to_string(), problem };
    let Some(json) = json else { return Ok(Vec::new()) };
    let json: Vec<DiagnosisJson> = serde_json::from_str(&json).map_err(|error| corrupt(error.to_string()))?;
    json.into_iter().filter_map(|json| json.into_diagnosis().transpose()).collect::<Result<_, _>>().map_err(corrupt)
}

fn moments(db: &Connection, id: i64, key: ConferenceKey) -> Result<Vec<ScoreMoment>, StoreError> {
    let json: Option<String> = db
        .prepare_cached("SELECT moments FROM conferences WHERE id = ?1")
        .and_then(|mut select| select.query_row([id], |row| row.get(0)))
        .map_err(failed)?;
    let json: Vec<MomentJson> = json
        .map_or_else(|| Ok(Vec::new()), |json| serde_json::from_str(&json))
        .map_err(|error| StoreError::Corrupt { table: "conferences", row: key.to_string(), problem: error.to_string() })?;
    Ok(json.into_iter().map(Into::into).collect())
}

fn participants(db: &Connection, conference: i64) -> Result<Vec<Participant>, StoreError> {
    let mut select = db
        .prepare_cached(
            "SELECT id, key, user_id, participant_id, joined, last_seen, ended, timed_out, user_name, alias_name, site, app_version,
               user_agent, browser, browser_version, os, sdk, mos_lq, mos_cq, mos_v, scored
             FROM participants WHERE conference = ?1 ORDER BY joined, id",
        )
        .map_err(failed)?;
    let mut additional_ids = db.prepare_cached("SELECT name, value FROM additional_ids WHERE participant = ?1").map_err(failed)?;
    let mut rows = select.query([conference]).map_err(failed)?;
    let mut participants = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        let read = || -> rusqlite::Result<_> {
            let id: i64 = row.get(0)?;
            let facts = ParticipantFacts {
                user_name: row.get(8)?,
                alias_name: row.get(9)?,
                site: row.get(10)?,
                app_version: row.get(11)?,
                user_agent: row.get(12)?,
                browser: row.get(13)?,
                browser_version: row.get(14)?,
                os: row.get(15)?,
                sdk: row.get(16)?,
                additional_ids: std::collections::BTreeMap::new(),
            };
            let scores = Scores { mos_lq: row.get(17)?, mos_cq: row.get(18)?, mos_v: row.get(19)? };
            let scored: bool = row.get(20)?;
            let names: (String, String) = (row.get(2)?, row.get(3)?);
            Ok((
                id,
                names,
                Participant {
                    key: ParticipantKey::from_bytes(row.get(1)?),
                    user_id: UserId::default(),
                    participant_id: ParticipantId::default(),
                    joined: Timestamp::from_micros(row.get(4)?),
                    last_seen: Timestamp::from_micros(row.get(5)?),
                    ended: row.get::<_, Option<i64>>(6)?.map(Timestamp::from_micros),
                    timed_out: row.get(7)?,
                    facts,
                    scores: scored.then_some(scores),
                },
            ))
        };
        let (id, (user_id, participant_id), mut participant) = read().map_err(failed)?;
        let corrupt = |problem: String| StoreError::Corrupt { table: "participants", row: participant.key.to_string(), problem };
        participant.user_id = UserId::new(user_id).map_err(|error| corrupt(error.to_string()))?;
        participant.participant_id = ParticipantId::new(participant_id).map_err(|error| corrupt(error.to_string()))?;
        let ids = additional_ids.query_map([id], |row| Ok((row.get(0)?, row.get(1)?))).map_err(failed)?;
        participant.facts.additional_ids = ids.collect::<Result<_, _>>().map_err(failed)?;
        participants.push(participant);
    }
    Ok(participants)
}

fn peer_connections(db: &Connection, conference: i64) -> Result<Vec<PeerConnection>, StoreError> {
    let mut select = db
        .prepare_cached(
            "SELECT k.key, p.key, k.peer_connection_id, k.start, k.end, k.report_count, k.report_bytes, k.analysis
             FROM peer_connections k JOIN participants p ON p.id = k.participant WHERE k.conference = ?1 ORDER BY k.start, k.id",
        )
        .map_err(failed)?;
    let rows = select
        .query_map([conference], |row| {
            Ok((
                PeerConnectionKey::from_bytes(row.get(0)?),
                ParticipantKey::from_bytes(row.get(1)?),
                row.get::<_, String>(2)?,
                (Timestamp::from_micros(row.get(3)?), Timestamp::from_micros(row.get(4)?)),
                (row.get::<_, i64>(5)?.unsigned_abs(), row.get::<_, i64>(6)?.unsigned_abs()),
                row.get::<_, Option<String>>(7)?,
            ))
        })
        .map_err(failed)?;
    let mut peer_connections = Vec::new();
    for row in rows {
        let (key, participant, id, (start, end), (report_count, report_bytes), analysis) = row.map_err(failed)?;
        let corrupt = |problem: String| StoreError::Corrupt { table: "peer_connections", row: key.to_string(), problem };
        let analysis = match analysis {
            None => StoredAnalysis::default(),
            Some(json) => {
                let json: AnalysisJson = serde_json::from_str(&json).map_err(|error| corrupt(error.to_string()))?;
                StoredAnalysis::try_from(json).map_err(corrupt)?
            }
        };
        peer_connections.push(PeerConnection {
            key,
            participant,
            peer_connection_id: PeerConnectionId::new(id).map_err(|error| corrupt(error.to_string()))?,
            start,
            end,
            report_count,
            report_bytes,
            scores: analysis.scores,
            summaries: analysis.summaries,
            streams: analysis.streams,
            issues: analysis.issues,
        });
    }
    Ok(peer_connections)
}

/// Events of a conference, oldest first.
pub(crate) fn events(db: &Connection, app: AppKey, conference: ConferenceKey, query: &EventQuery) -> Result<EventPage, StoreError> {
    let Some(conference) = conference_id(db, app, conference)? else { return Ok(EventPage::default()) };
    let limit = match query.limit {
        0 => 50,
        limit => limit.min(PAGE_ROWS_MAX),
    };
    let after = query.after.map_or((i64::MIN, i64::MIN), |cursor| (cursor.time.as_micros(), cursor.row));
    let kinds = serde_json::to_string(&query.kinds).map_err(|error| StoreError::Backend(Box::new(error)))?;
    let mut select = db
        .prepare_cached(
            "SELECT e.id, p.key, k.key, e.time, e.kind, e.payload
             FROM events e JOIN participants p ON p.id = e.participant LEFT JOIN peer_connections k ON k.id = e.peer_connection
             WHERE e.conference = ?1 AND (e.time, e.id) > (?2, ?3) AND (?4 IS NULL OR p.key = ?4) AND (?5 IS NULL OR k.key = ?5)
               AND (?6 = '[]' OR e.kind IN (SELECT value FROM json_each(?6)))
             ORDER BY e.time, e.id LIMIT ?7",
        )
        .map_err(failed)?;
    let rows = select
        .query_map(
            params![
                conference,
                after.0,
                after.1,
                query.participant.map(ParticipantKey::to_bytes),
                query.peer_connection.map(PeerConnectionKey::to_bytes),
                kinds,
                i64::try_from(limit + 1).unwrap_or(i64::MAX),
            ],
            |row| {
                let event = Event { time: Timestamp::from_micros(row.get(3)?), kind: row.get(4)?, payload: row.get(5)? };
                let peer_connection: Option<[u8; 16]> = row.get(2)?;
                Ok((
                    row.get::<_, i64>(0)?,
                    StoredEvent {
                        participant: ParticipantKey::from_bytes(row.get(1)?),
                        peer_connection: peer_connection.map(PeerConnectionKey::from_bytes),
                        event,
                    },
                ))
            },
        )
        .map_err(failed)?;
    let mut rows = rows.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|(row, last)| EventCursor { time: last.event.time, row: *row });
    Ok(EventPage { rows: rows.into_iter().map(|(_, event)| event).collect(), next })
}

/// Where a peer connection belongs.
pub(crate) fn place(db: &Connection, app: AppKey, key: PeerConnectionKey) -> Result<Option<Place>, StoreError> {
    let mut select = db
        .prepare_cached(
            "SELECT c.key, p.key FROM peer_connections k JOIN conferences c ON c.id = k.conference JOIN participants p ON p.id = k.participant
             WHERE k.key = ?1 AND c.app = ?2",
        )
        .map_err(failed)?;
    let mut rows = select.query(params![key.to_bytes(), app.to_bytes()]).map_err(failed)?;
    let Some(row) = rows.next().map_err(failed)? else { return Ok(None) };
    Ok(Some(Place {
        conference: ConferenceKey::from_bytes(row.get(0).map_err(failed)?),
        participant: ParticipantKey::from_bytes(row.get(1).map_err(failed)?),
        peer_connection: Some(key),
    }))
}

/// Hands the encoded reports of a peer connection to `sink`, in order of time, then of arrival, until it wants no more; with a span, the chunks
/// that reach into it.
pub(crate) fn chunks(
    db: &Connection,
    app: AppKey,
    key: PeerConnectionKey,
    span: Option<(Timestamp, Timestamp)>,
    sink: &mut dyn FnMut(Chunk) -> bool,
) -> Result<(), StoreError> {
    let Some(id) = peer_connection_id(db, app, key)? else { return Ok(()) };
    let mut select = db
        .prepare_cached(
            "SELECT id, count, first, last, shift_us FROM chunks
             WHERE peer_connection = ?1 AND last >= ?2 AND first <= ?3 ORDER BY first, id",
        )
        .map_err(failed)?;
    let mut bytes = db.prepare_cached("SELECT bytes FROM chunks WHERE id = ?1").map_err(failed)?;
    let (from, until) = span.map_or((i64::MIN, i64::MAX), |(from, until)| (from.as_micros(), until.as_micros()));
    let mut rows = select.query([id, from, until]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let mut read = || -> rusqlite::Result<_> {
            Ok(EncodedReports {
                bytes: bytes.query_row([row.get::<_, i64>(0)?], |row| row.get(0))?,
                count: row.get(1)?,
                span: (Timestamp::from_micros(row.get(2)?), Timestamp::from_micros(row.get(3)?)),
                shift_us: row.get(4)?,
            })
        };
        if !sink(Chunk { reports: read().map_err(failed)? }) {
            break;
        }
    }
    Ok(())
}

/// How much there is of the reports of a peer connection.
pub(crate) fn report_extent(db: &Connection, app: AppKey, key: PeerConnectionKey) -> Result<Option<ReportExtent>, StoreError> {
    let Some(id) = peer_connection_id(db, app, key)? else { return Ok(None) };
    db.prepare_cached("SELECT min(first), max(last), sum(count) FROM chunks WHERE peer_connection = ?1")
        .and_then(|mut select| {
            select.query_row([id], |row| {
                let (Some(first), Some(last)) = (row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?) else { return Ok(None) };
                let span = (Timestamp::from_micros(first), Timestamp::from_micros(last));
                Ok(Some(ReportExtent { span, count: row.get::<_, i64>(2)?.unsigned_abs() }))
            })
        })
        .map_err(failed)
}
