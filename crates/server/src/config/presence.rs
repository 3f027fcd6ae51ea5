//! `[presence]`: when participants and conferences end.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{InvalidSetting, require, text::HumanDuration};

/// When participants and conferences end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PresenceConfig {
    /// A participant that is silent for so long has left. A conference ends with its last participant.
    pub participant_timeout: HumanDuration,
    /// How often silence is looked for.
    pub sweep_interval: HumanDuration,
}

impl Default for PresenceConfig {
    fn default() -> Self {
        Self { participant_timeout: HumanDuration::secs(60), sweep_interval: HumanDuration::secs(1) }
    }
}

impl PresenceConfig {
    /// Whether the values make sense.
    ///
    /// # Errors
    /// The first that does not.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let timeout = self.participant_timeout;
        require(
            timeout >= HumanDuration::secs(1),
            "presence.participant_timeout",
            &timeout,
            "at least 1s; three batch intervals are wise",
        )?;
        let sweep = self.sweep_interval;
        require(sweep >= HumanDuration::millis(50), "presence.sweep_interval", &sweep, "at least 50ms")?;
        require(sweep <= HumanDuration::secs(60), "presence.sweep_interval", &sweep, "at most 1m")
    }
}
