//! Issues: rules as data over series, raised and cleared with their evidence.
//!
//! `rule` says what a rule is, `preset` holds the rules that come with Sidetone, `tuned` what an app changes of them, `judge` evaluates any of
//! them.

mod judge;
mod preset;
mod rule;
mod tuned;

pub(crate) use judge::{Admission, Judge, Sample, Verdict};
pub use preset::Preset;
pub use rule::{Bound, Condition, Rule, RuleSet, Statistic, Thresholds};
pub use tuned::Tuned;

use crate::{
    analysis::StreamId,
    metric::{Better, Metric},
    report::Text,
    units::Timestamp,
};

/// How bad an issue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Noticeable.
    Minor,
    /// Disturbing.
    Major,
    /// The call can hardly go on.
    Critical,
}

impl Severity {
    /// Every severity, least first.
    pub const ALL: [Self; 3] = [Self::Minor, Self::Major, Self::Critical];

    /// `minor`, `major` or `critical`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }
}

/// The values that fired a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// The metric judged.
    pub metric: Metric,
    /// The threshold passed, in the unit of the rule's [`Statistic`].
    pub threshold: f64,
    /// The window judged: time of each interval's end and its value (`None` where absent), oldest first.
    pub window: Vec<(Timestamp, Option<f64>)>,
}

impl Evidence {
    /// The value of the window that pleases least.
    #[must_use]
    pub fn worst(&self) -> Option<f64> {
        let values = self.window.iter().filter_map(|(_, value)| *value);
        match self.metric.better() {
            Better::Higher => values.reduce(f64::min),
            Better::Lower | Better::Neither => values.reduce(f64::max),
        }
    }
}

/// A detected problem with start, end, severity and evidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Issue {
    /// The rule that fired, by its name in the rule set (`high_rtt` …).
    pub rule: Text,
    /// The worst severity reached.
    pub severity: Severity,
    /// The stream concerned; `None` for the connection.
    pub stream: Option<StreamId>,
    /// First interval of the window that was bad.
    pub onset: Timestamp,
    /// When the rule fired.
    pub raised: Timestamp,
    /// When the condition was gone; `None` while it lasts.
    pub cleared: Option<Timestamp>,
    /// The values that fired the rule, at the worst severity.
    pub evidence: Evidence,
}
