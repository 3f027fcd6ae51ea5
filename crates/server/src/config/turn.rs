//! `[turn]`: TURN servers that clients may use, and the secret shared with them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{InvalidSetting, messenger::Token, require, text::HumanDuration};

/// TURN servers that clients may use, and the secret shared with them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TurnConfig {
    /// Addresses, such as `turn:turn.example.com:3478?transport=udp` and `turns:turn.example.com:5349`. None: no credentials are issued.
    pub urls: Vec<String>,
    /// The secret shared with the TURN server (`static-auth-secret` of coturn).
    pub secret: Token,
    /// How long credentials are good for.
    pub ttl: HumanDuration,
}

impl Default for TurnConfig {
    fn default() -> Self {
        Self { urls: Vec::new(), secret: Token(String::new()), ttl: HumanDuration::secs(86_400) }
    }
}

impl TurnConfig {
    /// Whether the values make sense.
    ///
    /// # Errors
    /// The first that does not.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        for url in &self.urls {
            let is_turn = url.strip_prefix("turn:").or_else(|| url.strip_prefix("turns:")).is_some_and(|host| !host.is_empty());
            require(is_turn, "turn.urls", url, "addresses that begin with turn: or turns: (RFC 7065)")?;
        }
        let has_secret = self.urls.is_empty() || !self.secret.0.is_empty();
        require(has_secret, "turn.secret", &"empty", "the `static-auth-secret` of the TURN server that turn.urls names")?;
        require(self.ttl >= HumanDuration::secs(60), "turn.ttl", &self.ttl, "at least 1m: a call must get time to begin")
    }
}
