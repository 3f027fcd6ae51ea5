//! `[callstats]`: what the clients of callstats.io are told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{InvalidSetting, require, text::HumanDuration};

/// What the clients of callstats.io are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CallstatsConfig {
    /// Where clients are to send their reports, such as `https://calls.example.net`. Unset: where they asked for their token.
    pub public_url: Option<String>,
    /// How long an access token is good for; clients renew it in time.
    pub token_lifetime: HumanDuration,
    /// Time between two statistics reports of a connection. Clients look every 5 s whether more than this has passed.
    pub submission_interval: HumanDuration,
    /// A participant that is silent for so long has left. Clients send a sign of life every 10 s.
    pub participant_timeout: HumanDuration,
}

impl Default for CallstatsConfig {
    fn default() -> Self {
        Self {
            public_url: None,
            token_lifetime: HumanDuration::secs(7200),
            submission_interval: HumanDuration::secs(9),
            participant_timeout: HumanDuration::secs(30),
        }
    }
}

impl CallstatsConfig {
    /// Whether the values make sense.
    ///
    /// # Errors
    /// The first that does not.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        if let Some(url) = &self.public_url {
            let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
            let is_origin = host.is_some_and(|host| !host.is_empty() && !host.ends_with('/') && !host.contains(char::is_whitespace));
            require(is_origin, "callstats.public_url", url, "an address such as https://calls.example.net, without a slash at its end")?;
        }
        let life = self.token_lifetime;
        require(life >= HumanDuration::secs(60), "callstats.token_lifetime", &life, "at least 1m")?;
        // Nine tenths of it are a timer of 31 bits of milliseconds in the client, which beyond fires at once, for ever.
        require(life <= HumanDuration::days(7), "callstats.token_lifetime", &life, "at most 7d")?;
        let interval = self.submission_interval;
        require(interval >= HumanDuration::secs(1), "callstats.submission_interval", &interval, "at least 1s; clients look every 5s")?;
        let timeout = self.participant_timeout;
        require(timeout >= HumanDuration::secs(20), "callstats.participant_timeout", &timeout, "at least 20s: signs of life come every 10s")
    }
}
