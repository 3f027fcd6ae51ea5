//! Searching conferences.

use std::collections::{BTreeSet, HashSet};

use rusqlite::{Connection, OptionalExtension, Row, params_from_iter, types::Value};
use sidetone_engine::{
    ids::{AppKey, ConferenceId, ConferenceKey},
    score::life::Scores,
    units::Timestamp,
};
use sidetone_store::{
    error::StoreError,
    query::{ConferencePage, ConferenceQuery, Cursor, PAGE_ROWS_MAX, TextMatch},
    record::{Conference, ConferenceKind, ConferenceState},
    summary::{ConferenceScore, IssueCount},
};

use crate::{
    condition::{Clause, Lookup, Question, Times},
    error::failed,
    record::IssueCountJson,
};

/// The columns that [`conference`] reads, of a conference `c`.
pub(crate) const CONFERENCE_COLUMNS: &str =
    "c.key, c.conference_id, c.start, c.end, c.state, c.revision, c.mos_lq, c.mos_cq, c.mos_v, c.issues,
    (SELECT count(*) FROM participants p WHERE p.conference = c.id), (SELECT count(*) FROM peer_connections k WHERE k.conference = c.id), c.model, c.kind, c.rules";

/// From how many rows on a condition counts as common.
///
/// Three plans. A *lookup* takes all that an index finds and sorts them: about 13 µs a row. To *follow* an index that has the newest first is
/// to take from it until the page is full: about 5 µs a row. Where no condition has such an index, a *walk* goes from the newest conference to
/// the oldest until the page is full: about 8 µs a conference, of which it needs 50 divided by the share that matches. Among a million
/// conferences lookup and walk cost the same near 5000 rows. (Measured by `bench/src/bin/store.rs`.)
const COMMON_ROWS: i64 = 5000;

/// How many conferences a walk tries, where a lookup could answer instead: what is common need not be recent.
const WALK_CONFERENCES_MAX: u32 = 5000;

/// How far rows are counted to choose among common conditions.
const COUNTED_ROWS_MAX: i64 = 100_000;

/// Conferences that match, newest first. `db` is one snapshot.
pub(crate) fn search(db: &Connection, app: AppKey, query: &ConferenceQuery) -> Result<ConferencePage, StoreError> {
    let limit = match query.limit {
        0 => 50,
        limit => limit.min(PAGE_ROWS_MAX),
    };
    let question = Question::new(app, query, Times::new(query, length_max(db, app)?));
    let mut ids = matching(db, &question, query, limit + 1)?;
    let more = ids.len() > limit;
    ids.truncate(limit);
    let mut select = db.prepare_cached(&format!("SELECT {CONFERENCE_COLUMNS} FROM conferences c WHERE c.id = ?1")).map_err(failed)?;
    let rows = ids
        .into_iter()
        .map(|id| select.query_row([id], |row| Ok(conference(row))).map_err(failed)?)
        .collect::<Result<Vec<_>, StoreError>>()?;
    let next = rows.last().filter(|_| more).map(|last| Cursor { start: last.start, key: last.key });
    Ok(ConferencePage { rows, next })
}

/// No less than the length of the app's longest conference, in microseconds.
fn length_max(db: &Connection, app: AppKey) -> Result<i64, StoreError> {
    let sql = "SELECT reach - start FROM conferences INDEXED BY conferences_by_length WHERE app = ?1 ORDER BY reach - start DESC LIMIT 1";
    let longest = db.prepare_cached(sql).and_then(|mut select| select.query_row([app.to_bytes()], |row| row.get(0)).optional());
    Ok(longest.map_err(failed)?.unwrap_or(0))
}

/// The first rows of the first column.
fn numbers(db: &Connection, clause: &Clause) -> Result<Vec<i64>, StoreError> {
    let mut select = db.prepare_cached(&clause.sql).map_err(failed)?;
    let rows = select.query_map(params_from_iter(&clause.parameters), |row| row.get(0)).map_err(failed)?;
    rows.collect::<Result<_, _>>().map_err(failed)
}

/// Ids of matching conferences, newest first.
fn matching(db: &Connection, question: &Question<'_>, query: &ConferenceQuery, limit: usize) -> Result<Vec<i64>, StoreError> {
    // The index by conference id gives the newest first, however many there are.
    let lookups = match query.conference_id {
        Some(TextMatch::Exact(_)) => Vec::new(),
        _ => question.lookups(),
    };
    let Some((count, lookup)) = rarest(db, &lookups, COMMON_ROWS)? else { return numbers(db, &question.walk(None, limit)) };
    if count < COMMON_ROWS {
        return numbers(db, &question.look_up(lookup, limit));
    }
    let by_time: Vec<&Lookup> = lookups.iter().filter(|lookup| lookup.newest.is_some()).collect();
    let chosen = match by_time[..] {
        [only] => Some(only),
        _ => rarest(db, by_time, COUNTED_ROWS_MAX)?.map(|(_, lookup)| lookup),
    };
    if let Some(lookup) = chosen {
        return follow(db, question, lookup, limit);
    }
    let oldest = numbers(db, &question.nth_start(WALK_CONFERENCES_MAX))?.first().copied();
    let ids = numbers(db, &question.walk(oldest, limit))?;
    if ids.len() >= limit || oldest.is_none() {
        return Ok(ids);
    }
    match rarest(db, &lookups, COUNTED_ROWS_MAX)? {
        Some((_, lookup)) => numbers(db, &question.look_up(lookup, limit)),
        None => Ok(ids),
    }
}

/// Ids of matching conferences by an index that has the newest first.
///
/// A row's time is no earlier than the start of its conference. So the page is settled once a row comes that is earlier than all starts on it.
fn follow(db: &Connection, question: &Question<'_>, lookup: &Lookup, limit: usize) -> Result<Vec<i64>, StoreError> {
    let Some(Clause { sql, parameters }) = &lookup.newest else { return Ok(Vec::new()) };
    let mut select = db.prepare_cached(sql).map_err(failed)?;
    let mut rows = select.query(params_from_iter(parameters)).map_err(failed)?;
    let Clause { sql, mut parameters } = question.one(lookup);
    let mut one = db.prepare_cached(&sql).map_err(failed)?;
    let mut tried = HashSet::new();
    let mut page: BTreeSet<(i64, [u8; 16], i64)> = BTreeSet::new();
    while let Some(row) = rows.next().map_err(failed)? {
        let (id, time): (i64, i64) = (row.get(0).map_err(failed)?, row.get(1).map_err(failed)?);
        if page.len() >= limit && page.first().is_some_and(|(start, ..)| time < *start) {
            break;
        }
        if !tried.insert(id) {
            continue;
        }
        parameters[0] = Value::from(id);
        let found = one.query_row(params_from_iter(&parameters), |row| Ok((row.get(0)?, row.get(1)?))).optional().map_err(failed)?;
        page.extend(found.map(|(start, key)| (start, key, id)));
        if page.len() > limit {
            page.pop_first();
        }
    }
    Ok(page.into_iter().rev().map(|(.., id)| id).collect())
}

/// The lookup with the fewest rows, counted up to `most`, and their count.
fn rarest<'a>(db: &Connection, lookups: impl IntoIterator<Item = &'a Lookup>, most: i64) -> Result<Option<(i64, &'a Lookup)>, StoreError> {
    let mut rarest: Option<(i64, &Lookup)> = None;
    for lookup in lookups {
        let sql = format!("SELECT count(*) FROM ({} LIMIT {most})", lookup.rows.sql);
        let count = numbers(db, &Clause { sql, parameters: lookup.rows.parameters.clone() })?.first().copied().unwrap_or(0);
        if rarest.as_ref().is_none_or(|(least, _)| count < *least) {
            rarest = Some((count, lookup));
        }
    }
    Ok(rarest)
}

pub(crate) fn state_number(state: ConferenceState) -> i64 {
    match state {
        ConferenceState::Running => 0,
        ConferenceState::Ended => 1,
        ConferenceState::Finalised => 2,
    }
}

pub(crate) fn kind_number(kind: ConferenceKind) -> i64 {
    match kind {
        ConferenceKind::Call => 0,
        ConferenceKind::PreCallTest => 1,
        ConferenceKind::Bridge => 2,
        ConferenceKind::Device => 3,
    }
}

/// A conference from [`CONFERENCE_COLUMNS`].
pub(crate) fn conference(row: &Row<'_>) -> Result<Conference, StoreError> {
    let key = ConferenceKey::from_bytes(row.get(0).map_err(failed)?);
    let corrupt = |problem: String| StoreError::Corrupt { table: "conferences", row: key.to_string(), problem };
    let id: String = row.get(1).map_err(failed)?;
    let issues: Option<String> = row.get(9).map_err(failed)?;
    let issues = issues
        .map(|json| {
            let counts: Vec<IssueCountJson> = serde_json::from_str(&json).map_err(|error| corrupt(error.to_string()))?;
            counts.into_iter().map(IssueCount::try_from).collect::<Result<Vec<_>, _>>().map_err(corrupt)
        })
        .transpose()?;
    let state = match row.get(4).map_err(failed)? {
        0 => ConferenceState::Running,
        1 => ConferenceState::Ended,
        2 => ConferenceState::Finalised,
        other => return Err(corrupt(format!("{other} is no state"))),
    };
    let kind: i64 = row.get(13).map_err(failed)?;
    let is_it = |known: &ConferenceKind| kind_number(*known) == kind;
    let kind = ConferenceKind::ALL.into_iter().find(is_it).ok_or_else(|| corrupt(format!("{kind} is no kind of conference")))?;
    let time = |column| row.get(column).map(Timestamp::from_micros).map_err(failed);
    let scores = Scores { mos_lq: row.get(6).map_err(failed)?, mos_cq: row.get(7).map_err(failed)?, mos_v: row.get(8).map_err(failed)? };
    Ok(Conference {
        key,
        conference_id: ConferenceId::new(id).map_err(|error| corrupt(error.to_string()))?,
        start: time(2)?,
        end: time(3)?,
        kind,
        state,
        participant_count: row.get(10).map_err(failed)?,
        peer_connection_count: row.get(11).map_err(failed)?,
        revision: row.get::<_, i64>(5).map_err(failed)?.unsigned_abs(),
        score: issues.map(|issues| ConferenceScore { scores, issues }),
        model: row.get(12).map_err(failed)?,
        rules: row.get(14).map_err(failed)?,
    })
}

#[cfg(test)]
mod tests {
    use rusqlite::params;
    use sidetone_engine::issue::Severity;
    use sidetone_store::query::ConferenceQuery;

    use super::*;

    fn app() -> AppKey {
        AppKey::mint(Timestamp::from_micros(0), 1)
    }

    /// An empty store, and one of 30 000 conferences a second apart, of which every one is of "many", every 1000th of "few", and the
    /// oldest 12 000 of "once"; every 7th has an issue, of all severities in turn.
    fn store(conferences: i64) -> Connection {
        let mut db = Connection::open_in_memory().unwrap();
        crate::schema::migrate(&mut db).unwrap();
        let transaction = db.transaction().unwrap();
        for n in 0..conferences {
            let key = ConferenceKey::mint(Timestamp::from_micros(n * 1_000_000), 1).to_bytes();
            let start = n * 1_000_000;
            transaction
                .prepare_cached(
                    "INSERT INTO conferences (app, key, conference_id, conference_fold, start, end, reach, state, revision, mos)
                     VALUES (?1, ?2, 'c', 'c', ?3, ?4, ?4, 2, 1, ?5)",
                )
                .unwrap()
                .execute(params![app().to_bytes(), key, start, start + 500_000, f64::from(u8::try_from(n % 40).unwrap()) / 10.0])
                .unwrap();
            let id = transaction.last_insert_rowid();
            if n % 7 == 0 {
                transaction
                    .prepare_cached(
                        "INSERT INTO conference_issues (app, rule, start, conference, severity) VALUES (?1, 'rule', ?2, ?3, ?4)",
                    )
                    .unwrap()
                    .execute(params![app().to_bytes(), start, id, 1 + n % 3])
                    .unwrap();
            }
            for (user, is_there) in [("many", true), ("few", n % 1000 == 0), ("once", n < 12_000)] {
                if is_there {
                    transaction
                        .prepare_cached(
                            "INSERT INTO participants (app, conference, key, user_id, user_fold, participant_id, joined, last_seen, received)
                             VALUES (?1, ?2, randomblob(16), ?3, ?3, ?4, ?5, ?5, ?5)",
                        )
                        .unwrap()
                        .execute(params![app().to_bytes(), id, user, format!("{user} {n}"), start])
                        .unwrap();
                }
            }
        }
        transaction.commit().unwrap();
        db
    }

    fn plan(db: &Connection, clause: &Clause) -> String {
        let mut explain = db.prepare(&format!("EXPLAIN QUERY PLAN {}", clause.sql)).unwrap();
        let steps = explain.query_map(params_from_iter(&clause.parameters), |row| row.get::<_, String>(3)).unwrap();
        steps.map(Result::unwrap).collect::<Vec<_>>().join("; ")
    }

    fn every_condition() -> ConferenceQuery {
        ConferenceQuery {
            from: Some(Timestamp::from_micros(5)),
            until: Some(Timestamp::from_micros(9)),
            user_id: Some(TextMatch::Prefix("u".into())),
            browser: Some("b".into()),
            site: Some("s".into()),
            additional_id: Some((Some("n".into()), "v".into())),
            conference_id: Some(TextMatch::Prefix("c".into())),
            issue: Some("rule".into()),
            severity: Some(Severity::Major),
            mos_min: Some(1.0),
            mos_max: Some(2.0),
            kind: Some(ConferenceKind::PreCallTest),
            state: Some(ConferenceState::Running),
            after: Some(Cursor { start: Timestamp::from_micros(8), key: ConferenceKey::mint(Timestamp::from_micros(8), 1) }),
            limit: 10,
        }
    }

    #[test]
    fn a_walk_goes_by_start_and_sorts_nothing() {
        let db = store(0);
        for query in [every_condition(), ConferenceQuery::default()] {
            let plan = plan(&db, &Question::new(app(), &query, Times::new(&query, 1)).walk(Some(1), 10));
            assert!(plan.starts_with("SEARCH c USING") && plan.contains("INDEX conferences_by_start (app=? AND start>?"), "{plan}");
            assert!(!plan.contains("TEMP B-TREE") && !plan.contains("SCAN"), "{plan}");
        }
        let query = ConferenceQuery { conference_id: Some(TextMatch::Exact("c".into())), ..ConferenceQuery::default() };
        let plan = plan(&db, &Question::new(app(), &query, Times::new(&query, 1)).walk(None, 10));
        assert!(plan.starts_with("SEARCH c USING INDEX conferences_by_id (app=? AND conference_fold=?)"), "{plan}");
    }

    #[test]
    fn a_lookup_begins_with_its_index() {
        let db = store(0);
        let query = every_condition();
        let question = Question::new(app(), &query, Times::new(&query, 1));
        let lookups = question.lookups();
        for (lookup, index) in lookups.iter().zip([
            "participants_by_user (app=? AND user_fold>? AND user_fold<?)",
            "participants_by_browser (app=? AND browser_fold=? AND joined>? AND joined<?)",
            "participants_by_site (app=? AND site=? AND joined>? AND joined<?)",
            "additional_ids_by_value (app=? AND value=? AND name=?)",
            "PRIMARY KEY (app=? AND rule=? AND start>? AND start<?)",
            "conferences_by_id (app=? AND conference_fold>? AND conference_fold<?)",
            "conferences_by_mos (app=? AND mos>? AND mos<?)",
            "conferences_unfinished (state=?)",
            "conferences_apart (app=? AND kind=? AND start>? AND start<?)",
        ]) {
            let count = plan(&db, &lookup.rows);
            assert!(count.contains(index), "{index}: {count}");
            let plan = plan(&db, &question.look_up(lookup, 10));
            assert!(plan.starts_with("SEARCH c USING INTEGER PRIMARY KEY (rowid=?)"), "{index}: {plan}");
            assert!(plan.contains(index) && !plan.contains("SCAN"), "{index}: {plan}");
        }
        assert_eq!(lookups.len(), 9);
    }

    #[test]
    fn a_severity_has_an_index_without_a_rule() {
        let query = ConferenceQuery { severity: Some(Severity::Critical), ..ConferenceQuery::default() };
        let question = Question::new(app(), &query, Times::new(&query, 1));
        let [lookup] = &question.lookups()[..] else { panic!("one index finds it") };
        let plan = plan(&store(0), &lookup.rows);
        assert!(plan.contains("conference_issues_by_severity (app=? AND severity>?)"), "{plan}");
    }

    #[test]
    fn what_is_followed_comes_sorted_from_its_index() {
        let db = store(0);
        let mut query = every_condition();
        query.user_id = Some(TextMatch::Exact("u".into()));
        for (issue, index, followed) in [(Some("rule"), "PRIMARY KEY (app=? AND rule=?", 4), (None, "by_severity (app=? AND severity=?", 4)]
        {
            query.issue = issue.map(str::to_owned);
            let question = Question::new(app(), &query, Times::new(&query, 1));
            let plans: Vec<_> = question.lookups().iter().filter_map(|lookup| Some(plan(&db, lookup.newest.as_ref()?))).collect();
            assert_eq!(plans.len(), followed);
            assert!(plans.iter().all(|plan| !plan.contains("TEMP B-TREE") && !plan.contains("SCAN")), "{plans:?}");
            assert!(plans.iter().any(|plan| plan.contains(index)), "{plans:?}");
        }
    }

    #[test]
    fn every_plan_finds_the_same() {
        let db = store(30_000);
        let all = |query: &ConferenceQuery| {
            let question = Question::new(app(), query, Times::new(query, length_max(&db, app()).unwrap()));
            let walked = numbers(&db, &question.walk(None, 40_000)).unwrap();
            for lookup in question.lookups() {
                assert_eq!(numbers(&db, &question.look_up(&lookup, 40_000)).unwrap(), walked);
                if lookup.newest.is_some() {
                    for limit in [1, 10, 40_000] {
                        assert_eq!(follow(&db, &question, &lookup, limit).unwrap(), walked[..limit.min(walked.len())]);
                    }
                }
            }
            let mut paged = Vec::new();
            let mut query = ConferenceQuery { limit: 500, ..query.clone() };
            loop {
                let page = search(&db, app(), &query).unwrap();
                paged.extend(page.rows.iter().map(|row| row.start.as_micros() / 1_000_000 + 1));
                if page.next.is_none() || paged.len() >= 3000 {
                    break;
                }
                query.after = page.next;
            }
            assert!(walked.starts_with(&paged) && (paged.len() == walked.len() || paged.len() == 3000));
            walked.len()
        };
        let user = |user: &str| ConferenceQuery { user_id: Some(TextMatch::Exact(user.into())), ..ConferenceQuery::default() };
        assert_eq!(all(&user("many")), 30_000);
        assert_eq!(all(&user("few")), 30);
        assert_eq!(all(&user("once")), 12_000);
        assert_eq!(all(&user("nobody")), 0);
        let second = |second: i64| Some(Timestamp::from_micros(second * 1_000_000));
        assert_eq!(all(&ConferenceQuery { mos_max: Some(0.95), ..user("once") }), 3000);
        let issue = |least| ConferenceQuery { severity: Some(least), ..ConferenceQuery::default() };
        assert_eq!(all(&issue(Severity::Critical)), 1428);
        assert_eq!(all(&issue(Severity::Major)), 2857);
        assert_eq!(all(&ConferenceQuery { issue: Some("rule".into()), ..issue(Severity::Minor) }), 4286);
        assert_eq!(all(&ConferenceQuery { user_id: Some(TextMatch::Exact("once".into())), ..issue(Severity::Major) }), 1143);
        // From half a second on: the conference that began before it is within.
        assert_eq!(all(&ConferenceQuery { from: Some(Timestamp::from_micros(100_500_000)), until: second(200), ..user("many") }), 100);
        assert_eq!(all(&ConferenceQuery { from: second(29_990), mos_min: Some(0.0), ..ConferenceQuery::default() }), 10);
    }
}
