//! The rules that come with Sidetone: a file for each preset, each rule with its published numbers and where they stand.
//!
//! All count in intervals of the client's reports, a second unless told otherwise: a product that samples every five seconds is matched in its
//! thresholds and its share of bad samples, and faster than it was.

mod plivo;
mod sidetone;
mod twilio;
mod voximplant;

use std::time::Duration;

use super::{Bound, Condition, Rule, RuleSet, Statistic, Thresholds};
use crate::metric::{Metric, Scope};

/// A set of rules that comes with Sidetone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Preset {
    /// Ours.
    #[default]
    Sidetone,
    /// The warnings of Plivo's browser SDK as its documentation has them: 3 of 5 samples.
    Plivo,
    /// The same as its code has them: 2 of 3.
    PlivoShipped,
    /// The warnings of Twilio's voice SDK.
    Twilio,
    /// The quality issues of Voximplant's web SDK.
    Voximplant,
}

impl Preset {
    /// Every preset, the default first.
    pub const ALL: [Self; 5] = [Self::Sidetone, Self::Plivo, Self::PlivoShipped, Self::Twilio, Self::Voximplant];

    /// `sidetone`, `plivo`, `plivo-shipped` …
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sidetone => "sidetone",
            Self::Plivo => "plivo",
            Self::PlivoShipped => "plivo-shipped",
            Self::Twilio => "twilio",
            Self::Voximplant => "voximplant",
        }
    }

    /// The preset of that [`Preset::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|preset| preset.name() == name)
    }

    /// Its rules.
    #[must_use]
    pub fn rules(self) -> RuleSet {
        let rules = match self {
            Self::Sidetone => sidetone::RULES,
            Self::Plivo => plivo::DOCUMENTED,
            Self::PlivoShipped => plivo::SHIPPED,
            Self::Twilio => twilio::RULES,
            Self::Voximplant => voximplant::RULES,
        };
        RuleSet { name: self.name(), rules: rules.to_vec(), settle: SETTLE }
    }
}

/// How long jitter buffers and rates settle.
const SETTLE: Duration = seconds(5);

/// The rule that most hosted products use: three of the last five one-second intervals.
const THREE_OF_FIVE: Statistic = sustained(3, 5);
/// An issue lasts at least this long, so that it does not flicker.
const CLEAR_AFTER: Duration = Duration::from_secs(5);

/// One interval is enough: a state, not a measurement.
const AT_ONCE: Statistic = sustained(1, 1);
/// A state that lasts longer than a glimpse.
const BOTH: Statistic = sustained(2, 2);

const CONNECTION: &[Scope] = &[Scope::Connection];
const STREAMS: &[Scope] = &[Scope::InboundAudio, Scope::InboundVideo, Scope::OutboundAudio, Scope::OutboundVideo];
const AUDIO: &[Scope] = &[Scope::InboundAudio, Scope::OutboundAudio];
const INBOUND_AUDIO: &[Scope] = &[Scope::InboundAudio];
const INBOUND_VIDEO: &[Scope] = &[Scope::InboundVideo];
const OUTBOUND_AUDIO: &[Scope] = &[Scope::OutboundAudio];
const OUTBOUND_VIDEO: &[Scope] = &[Scope::OutboundVideo];
const INBOUND: &[Scope] = &[Scope::InboundAudio, Scope::InboundVideo];

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn sustained(needed: usize, of: usize) -> Statistic {
    Statistic::Sustained { needed, worse: needed, of }
}

const fn thresholds(minor: f64, major: f64, critical: f64) -> Thresholds {
    Thresholds { minor: Some(minor), major: Some(major), critical: Some(critical) }
}

const fn minor_major(minor: f64, major: f64) -> Thresholds {
    Thresholds { minor: Some(minor), major: Some(major), critical: None }
}

const fn only_minor(minor: f64) -> Thresholds {
    Thresholds { minor: Some(minor), major: None, critical: None }
}

const fn only_major(major: f64) -> Thresholds {
    Thresholds { minor: None, major: Some(major), critical: None }
}

const fn only_critical(critical: f64) -> Thresholds {
    Thresholds { minor: None, major: None, critical: Some(critical) }
}

const fn rule(
    name: &'static str,
    metric: Metric,
    scopes: &'static [Scope],
    statistic: Statistic,
    bound: Bound,
    thresholds: Thresholds,
) -> Rule {
    Rule {
        name,
        metric,
        scopes,
        condition: Condition::Always,
        from_start: false,
        statistic,
        bound,
        thresholds,
        clear_at: None,
        clear_after: CLEAR_AFTER,
    }
}

/// A state or a span of the connection that counts from its first moment on.
const fn at_once(name: &'static str, metric: Metric, thresholds: Thresholds) -> Rule {
    Rule { from_start: true, ..rule(name, metric, CONNECTION, AT_ONCE, Bound::AtLeast, thresholds) }
}

/// What every preset needs, whatever its vendor calls it: a connection that is down.
const fn ice_disconnected() -> Rule {
    rule("ice_disconnected", Metric::IceDisconnected, CONNECTION, BOTH, Bound::AtLeast, only_major(1.0))
}
