//! `[auth]`: how apps and people prove who they are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{InvalidSetting, require, text::HumanDuration};

/// How apps and people prove who they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AuthConfig {
    /// How long the settings of apps are remembered: a secret that was removed works this much longer.
    pub app_cache_ttl: HumanDuration,
    /// How far the clock of whoever issues tokens may differ from ours.
    pub token_leeway: HumanDuration,
    /// How long somebody stays logged in to the dashboard.
    pub session_ttl: HumanDuration,
}

impl Default for AuthConfig {
    fn default() -> Self {
        Self { app_cache_ttl: HumanDuration::secs(5), token_leeway: HumanDuration::secs(30), session_ttl: HumanDuration::days(7) }
    }
}

impl AuthConfig {
    /// Whether the values make sense.
    ///
    /// # Errors
    /// The first that does not.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let ttl = self.app_cache_ttl;
        require(ttl <= HumanDuration::secs(3600), "auth.app_cache_ttl", &ttl, "at most 1h, or removed secrets live on")?;
        let leeway = self.token_leeway;
        require(leeway <= HumanDuration::secs(600), "auth.token_leeway", &leeway, "at most 10m, or expiry means little")?;
        let session = self.session_ttl;
        let fits = session >= HumanDuration::secs(60) && session <= HumanDuration::days(365);
        require(fits, "auth.session_ttl", &session, "1m to 365d")
    }
}
