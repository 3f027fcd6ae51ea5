//! Builders for reports, by hand.

use std::collections::BTreeMap;

use sidetone_engine::{
    report::{MemberName, Report, Stats, Text, Value},
    units::Timestamp,
};

/// A report of `time` with nothing in it yet.
#[must_use]
pub fn report(time: Timestamp) -> ReportBuilder {
    ReportBuilder { report: Report { time, stats: BTreeMap::new() }, at: None }
}

/// Builds one report: [`object`](Self::object) opens an object, the others add members to the one opened last.
#[derive(Clone, Debug)]
pub struct ReportBuilder {
    report: Report,
    at: Option<Text>,
}

impl ReportBuilder {
    /// Opens the object `id`, with the time of the report as its `timestamp`.
    #[must_use]
    pub fn object(mut self, id: &str, stats_type: &str) -> Self {
        let id = Text::from(id);
        self.report.stats.insert(id.clone(), Stats { stats_type: stats_type.into(), members: BTreeMap::new() });
        self.at = Some(id);
        let time = self.report.time.as_millis_f64();
        self.number("timestamp", time)
    }

    /// Adds a number.
    #[must_use]
    pub fn number(self, name: &str, value: impl Into<f64>) -> Self {
        self.member(MemberName::plain(name), Value::Number(value.into()))
    }

    /// Adds a string.
    #[must_use]
    pub fn text(self, name: &str, value: &str) -> Self {
        self.member(MemberName::plain(name), Value::Text(value.into()))
    }

    /// Adds a boolean.
    #[must_use]
    pub fn bool(self, name: &str, value: bool) -> Self {
        self.member(MemberName::plain(name), Value::Bool(value))
    }

    /// Adds one entry of a record of numbers.
    #[must_use]
    pub fn entry(self, name: &str, key: &str, value: f64) -> Self {
        self.member(MemberName::entry(name, key), Value::Number(value))
    }

    /// Adds any member.
    ///
    /// # Panics
    /// Before the first object.
    #[must_use]
    pub fn member(mut self, name: MemberName, value: Value) -> Self {
        let id = self.at.as_ref().expect("open an object first");
        if let Some(stats) = self.report.stats.get_mut(id) {
            stats.members.insert(name, value);
        }
        self
    }

    /// The report.
    #[must_use]
    pub fn build(self) -> Report {
        self.report
    }
}
