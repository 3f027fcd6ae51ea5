//! The conditions of a search as SQL: on a conference, on a participant, and as sets that one index finds.

use rusqlite::types::Value;
use sidetone_engine::{ids::AppKey, issue::Severity, units::Timestamp};
use sidetone_store::query::{ConferenceQuery, Cursor, TextMatch};

use crate::{
    record::severity_number,
    row::{after_prefix, fold},
    search::{kind_number, state_number},
};

/// Conditions with their parameters, joined by AND.
#[derive(Clone, Default)]
pub(crate) struct Conditions {
    sql: Vec<String>,
    parameters: Vec<Value>,
}

impl Conditions {
    /// Adds a condition; each `?` in it takes one of `parameters`.
    fn add(&mut self, sql: impl Into<String>, parameters: impl IntoIterator<Item = Value>) {
        self.sql.push(sql.into());
        self.parameters.extend(parameters);
    }

    fn add_all(&mut self, others: Self) {
        self.sql.extend(others.sql);
        self.parameters.extend(others.parameters);
    }

    /// Adds a condition that begins with other SQL: `EXISTS (…` or `c.id IN (…`.
    fn add_within(&mut self, before: &str, clause: Clause) {
        self.add(format!("{before} ({})", clause.sql), clause.parameters);
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

    /// `head` with these conditions as its WHERE.
    fn of(self, head: &str) -> Clause {
        Clause { sql: format!("{head} WHERE {}", self.sql.join(" AND ")), parameters: self.parameters }
    }
}

/// SQL with its parameters.
#[derive(Clone)]
pub(crate) struct Clause {
    pub(crate) sql: String,
    pub(crate) parameters: Vec<Value>,
}

/// When the conferences that are looked for began, in microseconds; and how long the app's longest one is.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    from: Option<i64>,
    until: Option<i64>,
    length_max: i64,
}

impl Times {
    pub(crate) fn new(query: &ConferenceQuery, length_max: i64) -> Self {
        let after = query.after.map(|cursor| cursor.start.as_micros().saturating_add(1));
        Self {
            from: query.from.map(|from| from.as_micros().saturating_sub(length_max)),
            until: query.until.map(Timestamp::as_micros).into_iter().chain(after).min(),
            length_max,
        }
    }

    /// Of the start of a conference.
    fn starting(self, conditions: &mut Conditions, column: &str) {
        self.add(conditions, column, self.until);
    }

    /// Of an instant within a conference.
    fn within(self, conditions: &mut Conditions, column: &str) {
        self.add(conditions, column, self.until.map(|until| until.saturating_add(self.length_max)));
    }

    fn add(self, conditions: &mut Conditions, column: &str, until: Option<i64>) {
        if let Some(from) = self.from {
            conditions.add(format!("{column} >= ?"), [Value::from(from)]);
        }
        if let Some(until) = until {
            conditions.add(format!("{column} < ?"), [Value::from(until)]);
        }
    }
}

/// What a lookup checks already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Conference,
    Participant,
    Issue,
}

/// A set of conferences that one index finds.
pub(crate) struct Lookup {
    part: Part,
    /// The rows that the index finds by its own condition, to be counted.
    pub(crate) rows: Clause,
    /// Ids of conferences.
    ids: Clause,
    /// Where the index has the newest first: the ids in that order, each with a time no earlier than the conference's start.
    pub(crate) newest: Option<Clause>,
}

/// A query in SQL's terms.
pub(crate) struct Question<'a> {
    app: AppKey,
    query: &'a ConferenceQuery,
    times: Times,
}

impl<'a> Question<'a> {
    pub(crate) fn new(app: AppKey, query: &'a ConferenceQuery, times: Times) -> Self {
        Self { app, query, times }
    }

    fn app(&self) -> Value {
        Value::from(self.app.to_bytes().to_vec())
    }

    /// Where the `nth` conference of the time range began, newest first.
    pub(crate) fn nth_start(&self, nth: u32) -> Clause {
        let mut conditions = Conditions::default();
        conditions.add("c.app = ?", [self.app()]);
        self.times.starting(&mut conditions, "c.start");
        let mut clause = conditions.of("SELECT c.start FROM conferences c INDEXED BY conferences_by_start");
        clause.sql.push_str(&format!(" ORDER BY c.start DESC, c.key DESC LIMIT 1 OFFSET {nth}"));
        clause
    }

    /// Ids of matching conferences by going from the newest to the oldest, down to `oldest`.
    pub(crate) fn walk(&self, oldest: Option<i64>, limit: usize) -> Clause {
        let mut conditions = self.conference(None);
        if let Some(oldest) = oldest {
            conditions.add("c.start >= ?", [Value::from(oldest)]);
        }
        let index = match self.query.conference_id {
            Some(TextMatch::Exact(_)) => "conferences_by_id",
            _ => "conferences_by_start",
        };
        newest(conditions.of(&format!("SELECT c.id FROM conferences c INDEXED BY {index}")), limit)
    }

    /// Start and key of one conference, if it matches; its id is the first parameter. What the lookup checks already is left out.
    pub(crate) fn one(&self, lookup: &Lookup) -> Clause {
        let mut conditions = Conditions::default();
        conditions.add("c.id = ?", [Value::Null]);
        conditions.add_all(self.conference(Some(lookup.part)));
        conditions.of("SELECT c.start, c.key FROM conferences c NOT INDEXED")
    }

    /// Ids of matching conferences among those that the lookup finds.
    pub(crate) fn look_up(&self, lookup: &Lookup, limit: usize) -> Clause {
        let mut conditions = Conditions::default();
        conditions.add_within("c.id IN", lookup.ids.clone());
        conditions.add_all(self.conference(Some(lookup.part)));
        newest(conditions.of("SELECT c.id FROM conferences c NOT INDEXED"), limit)
    }

    /// Everything that must hold of a conference `c`, but for the part that is known to hold.
    fn conference(&self, known: Option<Part>) -> Conditions {
        let query = self.query;
        let mut conditions = Conditions::default();
        conditions.add("c.app = ?", [self.app()]);
        self.times.starting(&mut conditions, "c.start");
        if let Some(from) = query.from {
            conditions.add("c.end >= ?", [Value::from(from.as_micros())]);
        }
        if let Some(text) = &query.conference_id {
            conditions.add_text("c.conference_id", "c.conference_fold", text);
        }
        if let Some(least) = query.mos_min {
            conditions.add("c.mos >= ?", [Value::from(least)]);
        }
        if let Some(most) = query.mos_max {
            conditions.add("c.mos <= ?", [Value::from(most)]);
        }
        if let Some(state) = query.state {
            conditions.add(format!("c.state = {}", state_number(state)), []);
        }
        if let Some(kind) = query.kind {
            conditions.add(format!("c.kind = {}", kind_number(kind)), []);
        }
        if let Some(Cursor { start, key }) = query.after {
            conditions.add("(c.start, c.key) < (?, ?)", [Value::from(start.as_micros()), Value::from(key.to_bytes().to_vec())]);
        }
        if known != Some(Part::Participant) && self.asks_for_participant() {
            let mut participant = Conditions::default();
            participant.add("p.conference = c.id", []);
            participant.add_all(self.participant());
            participant.add_all(self.additional_id());
            conditions.add_within("EXISTS", participant.of("SELECT 1 FROM participants p INDEXED BY participants_by_conference"));
        }
        if known != Some(Part::Issue) && (query.issue.is_some() || query.severity.is_some()) {
            let mut issue = Conditions::default();
            issue.add("i.conference = c.id", []);
            issue.add_all(self.issue());
            conditions.add_within("EXISTS", issue.of("SELECT 1 FROM conference_issues i INDEXED BY conference_issues_by_conference"));
        }
        conditions
    }

    fn asks_for_participant(&self) -> bool {
        let query = self.query;
        query.user_id.is_some() || query.browser.is_some() || query.site.is_some() || query.additional_id.is_some()
    }

    /// What must hold of a participant `p`, but for its additional ids.
    fn participant(&self) -> Conditions {
        let mut conditions = Conditions::default();
        for (one, ..) in self.participant_indexes() {
            conditions.add_all(one);
        }
        conditions
    }

    /// The conditions on a participant `p`, each with the index that finds it, and whether that has those who find together by time.
    fn participant_indexes(&self) -> Vec<(Conditions, &'static str, bool)> {
        let mut indexes = Vec::new();
        if let Some(text) = &self.query.user_id {
            let mut conditions = Conditions::default();
            conditions.add_text("p.user_id", "p.user_fold", text);
            indexes.push((conditions, "participants_by_user", matches!(text, TextMatch::Exact(_))));
        }
        if let Some(browser) = &self.query.browser {
            let mut conditions = Conditions::default();
            conditions.add("p.browser_fold = ? AND p.browser_fold <> ''", [Value::from(fold(browser))]);
            indexes.push((conditions, "participants_by_browser", true));
        }
        if let Some(site) = &self.query.site {
            let mut conditions = Conditions::default();
            conditions.add("p.site = ? AND p.site <> ''", [Value::from(site.clone())]);
            indexes.push((conditions, "participants_by_site", true));
        }
        indexes
    }

    /// The condition on the additional ids of a participant `p`.
    fn additional_id(&self) -> Conditions {
        let mut conditions = Conditions::default();
        if let Some((name, value)) = &self.query.additional_id {
            let mut id = Conditions::default();
            id.add("a.participant = p.id AND a.value = ?", [Value::from(value.clone())]);
            if let Some(name) = name {
                id.add("a.name = ?", [Value::from(name.clone())]);
            }
            conditions.add_within("EXISTS", id.of("SELECT 1 FROM additional_ids a"));
        }
        conditions
    }

    /// What must hold of an issue `i` of a conference.
    fn issue(&self) -> Conditions {
        let mut conditions = Conditions::default();
        if let Some(rule) = &self.query.issue {
            conditions.add("i.rule = ?", [Value::from(rule.clone())]);
        }
        let severity = self.query.severity.map_or(0, severity_number);
        conditions.add("i.severity >= ?", [Value::from(i64::from(severity))]);
        conditions
    }

    /// Every index that could find the conferences.
    pub(crate) fn lookups(&self) -> Vec<Lookup> {
        let mut lookups = Vec::new();
        for (own, index, is_by_time) in self.participant_indexes() {
            let head = |columns: &str| format!("SELECT {columns} FROM participants p INDEXED BY {index}");
            let mut rows = Conditions::default();
            rows.add("p.app = ?", [self.app()]);
            self.times.within(&mut rows, "p.joined");
            let mut ids = rows.clone();
            rows.add_all(own);
            ids.add_all(self.participant());
            ids.add_all(self.additional_id());
            let newest = is_by_time.then(|| by_time(ids.clone().of(&head("p.conference, p.joined"))));
            lookups.push(Lookup { part: Part::Participant, rows: rows.of(&head("1")), ids: ids.of(&head("p.conference")), newest });
        }
        if let Some((name, value)) = &self.query.additional_id {
            let mut rows = Conditions::default();
            rows.add("a.app = ? AND a.value = ?", [self.app(), Value::from(value.clone())]);
            if let Some(name) = name {
                rows.add("a.name = ?", [Value::from(name.clone())]);
            }
            let mut ids = rows.clone();
            ids.add_all(self.participant());
            let by_value = "additional_ids a INDEXED BY additional_ids_by_value";
            lookups.push(Lookup {
                part: Part::Participant,
                rows: rows.of(&format!("SELECT 1 FROM {by_value}")),
                ids: ids.of(&format!("SELECT p.conference FROM {by_value} CROSS JOIN participants p ON p.id = a.participant")),
                newest: None,
            });
        }
        lookups.extend(self.issue_lookup());
        lookups.extend(self.conference_lookups());
        lookups
    }

    fn issue_lookup(&self) -> Option<Lookup> {
        // WITHOUT ROWID: the table is the index by rule and start.
        let index = match (&self.query.issue, self.query.severity) {
            (Some(_), _) => "NOT INDEXED",
            (None, Some(_)) => "INDEXED BY conference_issues_by_severity",
            (None, None) => return None,
        };
        let head = |columns: &str| format!("SELECT {columns} FROM conference_issues i {index}");
        let mut issues = Conditions::default();
        issues.add("i.app = ?", [self.app()]);
        self.times.within(&mut issues, "i.start");
        let within = issues.clone();
        issues.add_all(self.issue());
        let newest = match self.query.severity.filter(|_| self.query.issue.is_none()) {
            None => issues.clone().of(&head("i.conference, i.start")),
            // By time within each severity only, so each is asked for by itself.
            Some(least) => {
                let of_one = |severity| {
                    let mut conditions = within.clone();
                    conditions.add("i.severity = ?", [Value::from(i64::from(severity_number(severity)))]);
                    conditions.of(&head("i.conference, i.start"))
                };
                union(Severity::ALL.into_iter().filter(|severity| *severity >= least).map(of_one))
            }
        };
        let (rows, ids) = (issues.clone().of(&head("1")), issues.of(&head("i.conference")));
        Some(Lookup { part: Part::Issue, rows, ids, newest: Some(by_time(newest)) })
    }

    fn conference_lookups(&self) -> Vec<Lookup> {
        let mut lookups = Vec::new();
        let mut add = |index: &str, own: Conditions| {
            let head = |column: &str| format!("SELECT {column} FROM conferences d INDEXED BY {index}");
            let mut rows = Conditions::default();
            rows.add("d.app = ?", [self.app()]);
            self.times.starting(&mut rows, "d.start");
            rows.add_all(own);
            lookups.push(Lookup { part: Part::Conference, rows: rows.clone().of(&head("1")), ids: rows.of(&head("d.id")), newest: None });
        };
        if let Some(text @ TextMatch::Prefix(_)) = &self.query.conference_id {
            let mut own = Conditions::default();
            own.add_text("d.conference_id", "d.conference_fold", text);
            add("conferences_by_id", own);
        }
        if self.query.mos_min.is_some() || self.query.mos_max.is_some() {
            let mut own = Conditions::default();
            own.add("d.mos IS NOT NULL", []);
            own.sql.extend(self.query.mos_min.map(|_| "d.mos >= ?".to_owned()));
            own.sql.extend(self.query.mos_max.map(|_| "d.mos <= ?".to_owned()));
            own.parameters.extend(self.query.mos_min.into_iter().chain(self.query.mos_max).map(Value::from));
            add("conferences_by_mos", own);
        }
        if let Some(state @ (0 | 1)) = self.query.state.map(state_number) {
            let mut own = Conditions::default();
            own.add(format!("d.state = {state} AND d.state < 2"), []);
            add("conferences_unfinished", own);
        }
        if let Some(kind @ 1..) = self.query.kind.map(kind_number) {
            let mut own = Conditions::default();
            own.add(format!("d.kind = {kind} AND d.kind > 0"), []);
            add("conferences_apart", own);
        }
        lookups
    }
}

/// By the time in the second column, latest first.
fn by_time(mut clause: Clause) -> Clause {
    clause.sql.push_str(" ORDER BY 2 DESC");
    clause
}

/// The rows of all clauses.
fn union(clauses: impl Iterator<Item = Clause>) -> Clause {
    let (sql, parameters): (Vec<_>, Vec<_>) = clauses.map(|clause| (clause.sql, clause.parameters)).unzip();
    Clause { sql: sql.join(" UNION ALL "), parameters: parameters.concat() }
}

/// The newest first, at most `limit`.
fn newest(mut clause: Clause, limit: usize) -> Clause {
    clause.sql.push_str(&format!(" ORDER BY c.start DESC, c.key DESC LIMIT {limit}"));
    clause
}
