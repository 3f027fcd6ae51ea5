//! `[live]`: the live view.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{InvalidSetting, require, text::HumanDuration};

/// The live view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LiveConfig {
    /// Peer connections that are analysed while they run; beyond it the one silent for longest is dropped from the live view
    /// (its stored reports and its summary are not touched).
    pub analyzers_max: usize,
    /// Messages that wait for a slow client of a live stream before it loses some (it is told how many).
    pub backlog_max: usize,
    /// Clients of live streams at once; beyond it the answer is 503 with `Retry-After`.
    pub clients_max: usize,
    /// How often a silent live stream gets a comment, so that proxies keep it open.
    pub keep_alive: HumanDuration,
}

impl Default for LiveConfig {
    fn default() -> Self {
        Self { analyzers_max: 20_000, backlog_max: 1_024, clients_max: 1_000, keep_alive: HumanDuration::secs(15) }
    }
}

impl LiveConfig {
    /// Whether the values make sense.
    ///
    /// # Errors
    /// The first that does not.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        require(self.analyzers_max > 0, "live.analyzers_max", &self.analyzers_max, "at least 1")?;
        require(self.backlog_max > 0, "live.backlog_max", &self.backlog_max, "at least 1")?;
        require(self.keep_alive >= HumanDuration::secs(1), "live.keep_alive", &self.keep_alive, "at least 1s")
    }
}
