//! `[intake]`: what is accepted of a batch.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{InvalidSetting, require, text::HumanDuration};

/// What is accepted of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IntakeConfig {
    /// How far a client's clock may differ from ours before its times are moved by the difference.
    pub clock_skew_max: HumanDuration,
    /// How old an event or report may be (after that correction).
    pub age_max: HumanDuration,
    /// How far in the future an event or report may lie (after that correction).
    pub future_max: HumanDuration,
}

impl Default for IntakeConfig {
    fn default() -> Self {
        Self { clock_skew_max: HumanDuration::secs(60), age_max: HumanDuration::days(30), future_max: HumanDuration::secs(3600) }
    }
}

impl IntakeConfig {
    /// Whether the values make sense.
    ///
    /// # Errors
    /// The first that does not.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let skew = self.clock_skew_max;
        require(skew >= HumanDuration::secs(1), "intake.clock_skew_max", &skew, "at least 1s: the network alone takes that long")?;
        require(skew <= self.future_max, "intake.clock_skew_max", &skew, "at most intake.future_max")?;
        require(self.age_max > skew, "intake.age_max", &self.age_max, "more than intake.clock_skew_max")
    }
}
