//! A run of reports as a table.

mod join;

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Column, Data, MemberName, Presence, Report, Stats, Text, Value};
use crate::units::Timestamp;

/// One stats object over time. Two objects of one id but different types are two objects.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its id: opaque, different in every browser.
    pub id: Text,
    /// Its `type`.
    pub stats_type: Text,
    /// In which rows it is there.
    pub presence: Presence,
    /// Its members, in order of first appearance.
    pub columns: Vec<Column>,
}

impl Object {
    /// The column of the plain member `name`.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.key.is_none() && &*column.name.name == name)
    }

    /// The members that have no column yet. Columns mostly stand in the order of the members, so that most are found where they are
    /// expected; the time stays proportional to the members also when there are very many.
    fn without_column<'a>(&self, stats: &'a Stats) -> Vec<(&'a MemberName, &'a Value)> {
        const SEARCHED_MAX: usize = 64;
        let mut index: Option<HashSet<&MemberName>> = None;
        let mut expected = 0;
        let mut is_new = |name: &MemberName| {
            if self.columns.get(expected).is_some_and(|column| column.name == *name) {
                expected += 1;
                return false;
            }
            if self.columns.len() > SEARCHED_MAX {
                let index = index.get_or_insert_with(|| self.columns.iter().map(|column| &column.name).collect());
                return !index.contains(name);
            }
            match self.columns.iter().position(|column| column.name == *name) {
                Some(position) => {
                    expected = position + 1;
                    false
                }
                None => true,
            }
        };
        stats.members.iter().filter(|(name, value)| is_new(name) && value.is_finite()).collect()
    }
}

/// What is wrong with a table of columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableError {
    /// A column has another number of rows than the run.
    Ragged {
        /// Which object.
        id: Text,
        /// Which member; `None` for the presence of the object itself.
        member: Option<Text>,
        /// Rows found there.
        rows: usize,
        /// Rows in the table.
        expected: usize,
    },
    /// A number is NaN or infinite, which no getStats report holds and no text of JSON can.
    NotFinite {
        /// Which object.
        id: Text,
        /// Which member.
        member: Text,
    },
}

impl std::fmt::Display for TableError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ragged { id, member: None, rows, expected } => write!(f, "{id} has {rows} rows, the run has {expected}"),
            Self::Ragged { id, member: Some(member), rows, expected } => write!(f, "{id}.{member} has {rows} rows, the run has {expected}"),
            Self::NotFinite { id, member } => write!(f, "{id}.{member} holds a number that is not finite"),
        }
    }
}

impl std::error::Error for TableError {}

/// A run of successive reports of one peer connection, by column.
#[derive(Clone, Debug, Default)]
pub struct Reports {
    times: Vec<Timestamp>,
    objects: Vec<Object>,
    /// The objects by id and type, once a report was appended.
    index: Option<HashMap<(Text, Text), usize>>,
}

impl PartialEq for Reports {
    /// Equal when every report is equal; how the columns are held does not matter.
    fn eq(&self, other: &Self) -> bool {
        self.times == other.times && (0..self.len()).all(|row| self.report(row) == other.report(row))
    }
}

impl Reports {
    /// From columns.
    ///
    /// # Errors
    /// When a column has another number of rows than `times`, or holds a number that is not finite.
    pub fn from_columns(times: Vec<Timestamp>, objects: Vec<Object>) -> Result<Self, TableError> {
        let expected = times.len();
        let check = |rows: usize, object: &Object, member: Option<&Column>| {
            let ragged =
                || TableError::Ragged { id: object.id.clone(), member: member.map(|column| column.name.name.clone()), rows, expected };
            if rows == expected { Ok(()) } else { Err(ragged()) }
        };
        for object in &objects {
            if let Presence::Rows(rows) = &object.presence {
                check(rows.len(), object, None)?;
            }
            for column in &object.columns {
                if let Presence::Rows(rows) = &column.presence {
                    check(rows.len(), object, Some(column))?;
                }
                match &column.data {
                    Data::Constant(_) => {}
                    Data::Numbers(numbers) => check(numbers.len(), object, Some(column))?,
                    Data::Values(values) => check(values.len(), object, Some(column))?,
                }
                if !column.is_finite() {
                    return Err(TableError::NotFinite { id: object.id.clone(), member: column.name.name.clone() });
                }
            }
        }
        Ok(Self { times, objects, index: None })
    }

    /// From columns of which is known that each has as many rows as there are times, and that their numbers are finite.
    #[must_use]
    pub fn from_sound_columns(times: Vec<Timestamp>, objects: Vec<Object>) -> Self {
        debug_assert!(Self::from_columns(times.clone(), objects.clone()).is_ok(), "the caller vouches for the columns");
        Self { times, objects, index: None }
    }

    /// Appends one report. A number that is not finite is left out: a member that has no value was not measured.
    pub fn push(&mut self, report: &Report) {
        let rows = self.times.len();
        self.times.push(report.time);
        let index = self.index.get_or_insert_with(|| {
            let places = self.objects.iter().enumerate();
            places.map(|(position, object)| ((object.id.clone(), object.stats_type.clone()), position)).collect()
        });
        for (id, stats) in &report.stats {
            let position = *index.entry((id.clone(), stats.stats_type.clone())).or_insert_with(|| {
                self.objects.push(Object {
                    id: id.clone(),
                    stats_type: stats.stats_type.clone(),
                    presence: Presence::nowhere(rows),
                    columns: Vec::new(),
                });
                self.objects.len() - 1
            });
            let object = &mut self.objects[position];
            let new = object.without_column(stats);
            object.columns.extend(new.into_iter().map(|(name, first)| Column {
                name: name.clone(),
                presence: Presence::nowhere(rows),
                data: Data::Constant(first.clone()),
            }));
        }
        for object in &mut self.objects {
            let stats = report.stats.get(&object.id).filter(|stats| stats.stats_type == object.stats_type);
            object.presence.push(rows, stats.is_some());
            for column in &mut object.columns {
                column.push(rows, stats.and_then(|stats| stats.members.get(&column.name)).filter(|value| value.is_finite()).cloned());
            }
        }
    }

    /// Number of reports.
    #[must_use]
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there is no report.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// When each report was taken.
    #[must_use]
    pub fn times(&self) -> &[Timestamp] {
        &self.times
    }

    /// The objects that appear in any of the reports.
    #[must_use]
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// Says that they were all taken at another time.
    pub fn set_time(&mut self, time: Timestamp) {
        self.times.fill(time);
    }

    /// Moves every report by `micros` (a client's clock that is wrong by that much). Members keep their values.
    pub fn shift(&mut self, micros: i64) {
        for time in &mut self.times {
            *time = time.plus_micros(micros);
        }
    }

    /// The report in `row`.
    ///
    /// # Panics
    /// When `row` is not below [`Reports::len`].
    #[must_use]
    pub fn report(&self, row: usize) -> Report {
        let mut report = Report { time: self.times[row], stats: BTreeMap::new() };
        for object in self.objects.iter().filter(|object| object.presence.contains(row)) {
            let stats = report.stats.entry(object.id.clone()).or_default();
            stats.stats_type = object.stats_type.clone();
            for column in &object.columns {
                if let Some(value) = column.value(row) {
                    stats.members.insert(column.name.clone(), value);
                }
            }
        }
        report
    }

    /// Every report in turn.
    pub fn iter(&self) -> impl Iterator<Item = Report> + '_ {
        (0..self.len()).map(|row| self.report(row))
    }
}

impl FromIterator<Report> for Reports {
    fn from_iter<I: IntoIterator<Item = Report>>(reports: I) -> Self {
        let mut run = Self::default();
        for report in reports {
            run.push(&report);
        }
        run
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Object<'a> = (&'a str, &'a str, &'a [(&'a str, Value)]);

    fn report(time: i64, stats: &[Object<'_>]) -> Report {
        Report {
            time: Timestamp::from_micros(time),
            stats: stats
                .iter()
                .map(|(id, stats_type, members)| {
                    let members = members.iter().map(|(name, value)| (MemberName::plain(*name), value.clone())).collect();
                    (Text::from(*id), Stats { stats_type: (*stats_type).into(), members })
                })
                .collect(),
        }
    }

    #[test]
    fn a_run_gives_back_each_report() {
        let reports = vec![
            report(1, &[("A", "codec", &[("x", Value::Number(1.0))])]),
            report(2, &[("A", "codec", &[("x", Value::Number(2.0)), ("y", Value::Bool(true))]), ("B", "t", &[])]),
            report(3, &[]),
            report(4, &[("A", "other", &[("x", Value::Text("2".into()))])]),
            report(5, &[("A", "codec", &[("x", Value::Text("2".into())), ("y", Value::Json("null".into()))])]),
            report(6, &[("A", "codec", &[("x", Value::Number(-0.0))])]),
        ];
        let run: Reports = reports.iter().cloned().collect();
        assert_eq!(run.iter().collect::<Vec<_>>(), reports);
        let rebuilt = Reports::from_columns(run.times().to_vec(), run.objects().to_vec()).unwrap();
        assert_eq!(rebuilt, run);
    }

    #[test]
    fn a_member_that_never_changes_is_held_once() {
        let run: Reports = (0..9).map(|t| report(t, &[("A", "codec", &[("x", Value::Number(7.0))])])).collect();
        assert!(matches!(run.objects()[0].columns[0].data, Data::Constant(Value::Number(7.0))));
    }

    #[test]
    fn an_object_of_very_many_members_is_quick_to_take() {
        // A search through all columns for each member would be 10^10 steps.
        let members = |prefix: &str| (0..100_000).map(|n| (MemberName::plain(format!("{prefix}{n}")), Value::Number(1.0))).collect();
        let report = |prefix: &str| Report {
            time: Timestamp::default(),
            stats: BTreeMap::from([(Text::from("A"), Stats { stats_type: "codec".into(), members: members(prefix) })]),
        };
        let reports = [report("a"), report("b"), report("a")];
        let run: Reports = reports.iter().cloned().collect();
        assert_eq!(run.iter().collect::<Vec<_>>(), reports);
    }

    #[test]
    fn a_number_that_is_not_finite_is_no_value() {
        for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let run: Reports =
                [1.0, wrong, 3.0].iter().map(|number| report(0, &[("A", "codec", &[("x", Value::Number(*number))])])).collect();
            let absent = report(0, &[("A", "codec", &[])]);
            assert_eq!((run.report(1), run.report(2)), (absent.clone(), report(0, &[("A", "codec", &[("x", Value::Number(3.0))])])));
            let first: Reports = [report(0, &[("A", "codec", &[("x", Value::Number(wrong))])])].into_iter().collect();
            assert_eq!(first.report(0), absent);
            let mut objects = run.objects().to_vec();
            objects[0].columns[0].data = Data::Constant(Value::Number(wrong));
            let error = Reports::from_columns(run.times().to_vec(), objects).unwrap_err();
            assert_eq!(error.to_string(), "A.x holds a number that is not finite");
        }
    }

    #[test]
    fn a_ragged_table_is_refused() {
        let run: Reports = (0..2).map(|t| report(t, &[("A", "codec", &[("x", Value::Number(t as f64))])])).collect();
        let error = Reports::from_columns(vec![Timestamp::default()], run.objects().to_vec()).unwrap_err();
        assert_eq!(error.to_string(), "A.x has 2 rows, the run has 1");
    }
}
