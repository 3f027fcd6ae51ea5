//! Issues, with the values that raised them.

use serde::Serialize;
use sidetone_engine::issue::{Issue, Severity};
use sidetone_store::summary::IssueCount;
use utoipa::ToSchema;

use super::{Millis, StreamIdentity};

/// How bad an issue is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SeverityName {
    Minor,
    Major,
    Critical,
}

impl From<Severity> for SeverityName {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Minor => Self::Minor,
            Severity::Major => Self::Major,
            Severity::Critical => Self::Critical,
        }
    }
}

/// A detected problem with the values that fired its rule.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IssueBody {
    /// The rule that fired.
    #[schema(example = "high_rtt")]
    rule: String,
    /// The worst severity reached.
    severity: SeverityName,
    /// The stream concerned; `null` for the connection.
    stream: Option<StreamIdentity>,
    /// First interval that was bad.
    onset_ms: Millis,
    /// When the rule fired.
    raised_ms: Millis,
    /// When the condition was gone; `null` while it lasts, or when it lasted to the end.
    cleared_ms: Option<Millis>,
    /// The values that fired the rule.
    evidence: EvidenceBody,
}

/// The values that fired a rule.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EvidenceBody {
    /// The metric judged; its name tells the unit of the values.
    #[schema(example = "rtt_ms")]
    metric: &'static str,
    /// The threshold passed.
    threshold: f64,
    /// The window judged, oldest first.
    window: Vec<EvidencePoint>,
}

/// One value of the window judged.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EvidencePoint {
    /// End of the interval.
    time_ms: Millis,
    /// Its value; `null` where there was none.
    value: Option<f64>,
}

impl From<&Issue> for IssueBody {
    fn from(issue: &Issue) -> Self {
        Self {
            rule: issue.rule.to_string(),
            severity: issue.severity.into(),
            stream: issue.stream.map(Into::into),
            onset_ms: Millis(issue.onset),
            raised_ms: Millis(issue.raised),
            cleared_ms: issue.cleared.map(Millis),
            evidence: EvidenceBody {
                metric: issue.evidence.metric.name(),
                threshold: issue.evidence.threshold,
                window: issue.evidence.window.iter().map(|&(time, value)| EvidencePoint { time_ms: Millis(time), value }).collect(),
            },
        }
    }
}

/// How often a rule fired in a conference.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IssueCountBody {
    /// The rule.
    #[schema(example = "high_rtt")]
    rule: String,
    /// Worst severity.
    severity: SeverityName,
    /// How often it fired.
    count: u64,
}

impl From<IssueCount> for IssueCountBody {
    fn from(IssueCount { rule, severity, count }: IssueCount) -> Self {
        Self { rule, severity: severity.into(), count }
    }
}
