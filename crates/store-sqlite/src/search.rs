//! Searching conferences.

use rusqlite::{Connection, Row, ToSql, types::Value};
use sidetone_engine::{
    ids::{AppKey, ConferenceId, ConferenceKey},
    units::Timestamp,
};
use sidetone_store::{
    error::StoreError,
    query::{ConferencePage, ConferenceQuery, Cursor, PAGE_ROWS_MAX, TextMatch},
    record::{Conference, ConferenceState},
    summary::{ConferenceScore, IssueCount, Scores},
};

use crate::{
    error::failed,
    record::{IssueCountJson, severity_number},
    row::{after_prefix, fold},
};

/// The columns that [`conference`] reads, of a conference `c`.
pub(crate) const CONFERENCE_COLUMNS: &str =
    "c.key, c.conference_id, c.start, c.end, c.state, c.revision, c.mos_lq, c.mos_cq, c.mos_v, c.issues,
    (SELECT count(*) FROM participants p WHERE p.conference = c.id), (SELECT count(*) FROM peer_connections k WHERE k.conference = c.id)";

/// Conditions with their parameters, joined by AND.
#[derive(Default)]
struct Conditions {
    sql: Vec<String>,
    parameters: Vec<Value>,
}

impl Conditions {
    /// Adds a condition; each `?` in it takes one of `parameters`.
    fn add(&mut self, sql: impl Into<String>, parameters: impl IntoIterator<Item = Value>) {
        self.sql.push(sql.into());
        self.parameters.extend(parameters);
    }

    fn add_text(&mut self, column: &str, folded: &str, text: &TextMatch) {
        match text {
            TextMatch::Exact(text) => {
                self.add(format!("{folded} = ? AND {column} = ?"), [Value::from(fold(text)), Value::from(text.clone())]);
            }
            TextMatch::Prefix(prefix) => {
                let prefix = fold(prefix);
                match after_prefix(&prefix) {
                    Some(end) => self.add(format!("{folded} >= ? AND {folded} < ?"), [Value::from(prefix), Value::from(end)]),
                    None => self.add(format!("{folded} >= ?"), [Value::from(prefix)]),
                }
            }
        }
    }
}

/// Conferences that match, newest first.
pub(crate) fn search(db: &Connection, app: AppKey, query: &ConferenceQuery) -> Result<ConferencePage, StoreError> {
    let limit = match query.limit {
        0 => 50,
        limit => limit.min(PAGE_ROWS_MAX),
    };
    let app_value = || Value::from(app.to_bytes().to_vec());
    let mut all = Conditions::default();
    all.add("c.app = ?", [app_value()]);
    if let Some(from) = query.from {
        all.add("c.end >= ?", [Value::from(from.as_micros())]);
    }
    if let Some(until) = query.until {
        all.add("c.start < ?", [Value::from(until.as_micros())]);
    }
    if let Some(text) = &query.conference_id {
        all.add_text("c.conference_id", "c.conference_fold", text);
    }
    if let Some(participant) = participant(app, query) {
        all.add(
            format!("c.id IN (SELECT p.conference FROM participants p WHERE {})", participant.sql.join(" AND ")),
            participant.parameters,
        );
    }
    let severity = query.severity.map_or(0, severity_number);
    match (&query.issue, query.severity) {
        (Some(rule), _) => all.add(
            "c.id IN (SELECT i.conference FROM conference_issues i WHERE i.app = ? AND i.rule = ? AND i.severity >= ?)",
            [app_value(), Value::from(rule.clone()), Value::from(i64::from(severity))],
        ),
        (None, Some(_)) => all.add(
            "EXISTS (SELECT 1 FROM conference_issues i WHERE i.conference = c.id AND i.severity >= ?)",
            [Value::from(i64::from(severity))],
        ),
        (None, None) => {}
    }
    if let Some(least) = query.mos_min {
        all.add("c.mos >= ?", [Value::from(least)]);
    }
    if let Some(most) = query.mos_max {
        all.add("c.mos <= ?", [Value::from(most)]);
    }
    if let Some(state) = query.state {
        all.add("c.state = ?", [Value::from(state_number(state))]);
    }
    if let Some(Cursor { start, key }) = query.after {
        all.add("(c.start, c.key) < (?, ?)", [Value::from(start.as_micros()), Value::from(key.to_bytes().to_vec())]);
    }
    let sql = format!(
        "SELECT {CONFERENCE_COLUMNS} FROM conferences c WHERE {} ORDER BY c.start DESC, c.key DESC LIMIT {}",
        all.sql.join(" AND "),
        limit + 1
    );
    let parameters = all.parameters.iter().map(|value| value as &dyn ToSql).collect::<Vec<_>>();
    let mut select = db.prepare_cached(&sql).map_err(failed)?;
    let rows = select.query_map(&*parameters, |row| Ok(conference(row))).map_err(failed)?;
    let mut rows = rows.map(|row| row.map_err(failed)?).collect::<Result<Vec<_>, StoreError>>()?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|last| Cursor { start: last.start, key: last.key });
    Ok(ConferencePage { rows, next })
}

/// The conditions on one participant, if there are any.
fn participant(app: AppKey, query: &ConferenceQuery) -> Option<Conditions> {
    let mut conditions = Conditions::default();
    if let Some(text) = &query.user_id {
        conditions.add_text("p.user_id", "p.user_fold", text);
    }
    if let Some(browser) = &query.browser {
        conditions.add("p.browser_fold = ? AND p.browser_fold <> ''", [Value::from(fold(browser))]);
    }
    if let Some(site) = &query.site {
        conditions.add("p.site = ? AND p.site <> ''", [Value::from(site.clone())]);
    }
    if let Some((name, value)) = &query.additional_id {
        let named = if name.is_some() { " AND a.name = ?" } else { "" };
        let parameters = [Some(Value::from(app.to_bytes().to_vec())), Some(Value::from(value.clone())), name.clone().map(Value::from)];
        conditions.add(
            format!("p.id IN (SELECT a.participant FROM additional_ids a WHERE a.app = ? AND a.value = ?{named})"),
            parameters.into_iter().flatten(),
        );
    }
    if conditions.sql.is_empty() {
        return None;
    }
    conditions.sql.insert(0, "p.app = ?".into());
    conditions.parameters.insert(0, Value::from(app.to_bytes().to_vec()));
    Some(conditions)
}

fn state_number(state: ConferenceState) -> i64 {
    match state {
        ConferenceState::Running => 0,
        ConferenceState::Ended => 1,
        ConferenceState::Finalised => 2,
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
    let time = |column| row.get(column).map(Timestamp::from_micros).map_err(failed);
    let scores = Scores { mos_lq: row.get(6).map_err(failed)?, mos_cq: row.get(7).map_err(failed)?, mos_v: row.get(8).map_err(failed)? };
    Ok(Conference {
        key,
        conference_id: ConferenceId::new(id).map_err(|error| corrupt(error.to_string()))?,
        start: time(2)?,
        end: time(3)?,
        state,
        participant_count: row.get(10).map_err(failed)?,
        peer_connection_count: row.get(11).map_err(failed)?,
        revision: row.get::<_, i64>(5).map_err(failed)?.unsigned_abs(),
        score: issues.map(|issues| ConferenceScore { scores, issues }),
    })
}
