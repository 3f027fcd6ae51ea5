//! What a rule is: a metric, a statistic over its last values, thresholds by severity, and when it clears.

use std::time::Duration;

use super::{Preset, Severity};
use crate::metric::{Metric, Scope};

/// On which side of a threshold values are bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Greater is bad.
    Above,
    /// Equal or greater is bad.
    AtLeast,
    /// Less is bad.
    Below,
}

impl Bound {
    /// Whether `value` passes `threshold` to the bad side.
    #[must_use]
    pub fn is_passed(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Above => value > threshold,
            Self::AtLeast => value >= threshold,
            Self::Below => value < threshold,
        }
    }
}

/// What is computed from the last values of a metric and compared with the thresholds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    /// The value that at least `needed` of the last `of` intervals pass. Unit of the metric.
    Sustained {
        /// Bad intervals needed …
        needed: usize,
        /// … or, of those that pass the threshold of the next worse severity too, so many: what is far off is no accident.
        worse: usize,
        /// Intervals looked at.
        of: usize,
    },
    /// The mean over a full window, weighted by interval length. Unit of the metric.
    Mean(Duration),
    /// The time that a ratio stands for, over the length of the window: what is not yet there counts as good. A ratio.
    Share(Duration),
    /// For how many seconds on end the metric has been at most this. Seconds.
    Lasting(f64),
    /// The greatest value of a full window of which at least a third has one. Unit of the metric.
    Peak(Duration),
    /// The standard deviation over a full window without absent values. Unit of the metric.
    Deviation(Duration),
}

/// A threshold for each severity that the rule can reach.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Thresholds {
    /// For [`Severity::Minor`].
    pub minor: Option<f64>,
    /// For [`Severity::Major`].
    pub major: Option<f64>,
    /// For [`Severity::Critical`].
    pub critical: Option<f64>,
}

impl Thresholds {
    /// The threshold of a severity.
    #[must_use]
    pub fn of(&self, severity: Severity) -> Option<f64> {
        match severity {
            Severity::Minor => self.minor,
            Severity::Major => self.major,
            Severity::Critical => self.critical,
        }
    }

    /// The same, to be changed.
    pub fn of_mut(&mut self, severity: Severity) -> &mut Option<f64> {
        match severity {
            Severity::Minor => &mut self.minor,
            Severity::Major => &mut self.major,
            Severity::Critical => &mut self.critical,
        }
    }

    /// The threshold of the least severity.
    #[must_use]
    pub fn least(&self) -> Option<f64> {
        Severity::ALL.iter().find_map(|&severity| self.of(severity))
    }
}

/// When a value may be judged at all; where not, it counts as absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Always.
    Always,
    /// While the call is not on hold.
    OffHold,
    /// While the call is not on hold. What is made up after the last packet is counted, but raises nothing until the next one comes: of a stream
    /// that ended other rules tell.
    Arriving,
    /// While something was lost or concealed: what a codec costs by itself (narrow band scores 3.2 at its best) is no fault of the call, and what
    /// is stretched while a jitter buffer empties is the end of one.
    Impaired,
    /// While the stream is no shared screen, which may stand still, and the call is not on hold.
    Camera,
    /// While the stream is a shared screen, and the call is not on hold.
    Screen,
    /// While the call is not on hold and the microphone is not muted.
    OnAir,
    /// Of PCMU (G.711) only where it is above 20 %, for it bears more loss than Opus.
    LossOfCodec,
    /// While more than a twentieth of the pictures is dropped, or the processor limits what is sent for more than half of the time.
    Struggling,
    /// Unless congestion control thinks that far more could be sent than is: an encoder that goes up step by step says `bandwidth` on the way.
    LineFull,
    /// While the microphone is not muted and its level is below −40 dB of full scale. An exact 0 is judged only if the app says that it is not, or if
    /// its track was enabled when it came and was never heard: a disabled track gives the same, and a virtual microphone between words.
    MicrophoneOpen,
    /// While the microphone is not muted and somebody can be heard: above −50 dB of full scale, for a quiet room has less, and 15 dB above the
    /// quietest second of late, for a loud one has more but does not change.
    MicrophoneSpeaks,
    /// While media arrives and the far end is not muted. An exact 0 is judged only if the stream was ever heard, or the app says that the
    /// far end is not muted: a muted or volume-0 media element gives the same.
    FarEndOpen,
}

/// One rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// Its name, unique in the set: `high_rtt`.
    pub name: &'static str,
    /// The metric judged.
    pub metric: Metric,
    /// Where: connection or kinds of streams, each judged by itself.
    pub scopes: &'static [Scope],
    /// When.
    pub condition: Condition,
    /// Whether it is judged in the first seconds too, as what happens at the beginning must be.
    pub from_start: bool,
    /// What is compared with the thresholds.
    pub statistic: Statistic,
    /// Which side is bad.
    pub bound: Bound,
    /// Thresholds by severity.
    pub thresholds: Thresholds,
    /// Cleared when the statistic no longer passes this (the least threshold where `None`), with [`Statistic::Sustained`] in no interval of the window …
    pub clear_at: Option<f64>,
    /// … and this long after it was raised at the earliest.
    pub clear_after: Duration,
}

/// Rules with their thresholds and windows: data, not code.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSet {
    /// The name of the preset.
    pub name: &'static str,
    /// The rules, each with its own name, in the order in which simultaneous issues are told.
    pub rules: Vec<Rule>,
    /// A stream or connection is not judged for this long after its first report, but by rules [`Rule::from_start`]: jitter buffers and rates settle.
    pub settle: Duration,
}

impl RuleSet {
    /// The default preset.
    #[must_use]
    pub fn sidetone() -> Self {
        Preset::Sidetone.rules()
    }
}

impl Default for RuleSet {
    fn default() -> Self {
        Self::sidetone()
    }
}
