//! `[retention]`: how long conferences are kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{InvalidSetting, require, text::HumanDuration};
use crate::administration::settings::RETENTION_DAYS_MAX;

/// How long conferences are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetentionConfig {
    /// Days after their end that conferences are kept, where an app sets no other number: at most 36500. 0 keeps them for ever.
    pub days: u32,
    /// Days that it is kept who was shown real names, at most 36500. 0 keeps it for ever.
    pub name_views_days: u32,
    /// How often expired conferences are looked for.
    pub sweep_interval: HumanDuration,
    /// Conferences removed in one step; between steps other work goes on.
    pub batch: usize,
}

impl Default for RetentionConfig {
    fn default() -> Self {
        Self { days: 90, name_views_days: 365, sweep_interval: HumanDuration::secs(3600), batch: 100 }
    }
}

impl RetentionConfig {
    /// Whether the values make sense.
    ///
    /// # Errors
    /// The first that does not.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let is_span = |days: u32| days <= RETENTION_DAYS_MAX;
        let days = "at most 36500 days; 0 keeps for ever";
        require(is_span(self.days), "retention.days", &self.days, days)?;
        require(is_span(self.name_views_days), "retention.name_views_days", &self.name_views_days, days)?;
        let sweep = self.sweep_interval;
        require(sweep >= HumanDuration::secs(1), "retention.sweep_interval", &sweep, "at least 1s")?;
        require(self.batch > 0, "retention.batch", &self.batch, "at least 1")
    }
}
