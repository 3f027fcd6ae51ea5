//! The server's configuration: a struct per section. The binary reads file, environment and flags; here are only types.

pub mod auth;
pub mod callstats;
pub mod intake;
pub mod limits;
pub mod listen;
pub mod live;
pub mod messenger;
pub mod presence;
pub mod retention;
pub mod sip;
pub mod text;
pub mod turn;

use serde::{Deserialize, Serialize};

/// Everything that can be set of the server. Every part has a default that is safe to expose to the internet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Where to listen, with or without TLS.
    pub listen: listen::ListenConfig,
    /// What keeps memory and processor within bounds, whatever comes.
    pub limits: limits::LimitsConfig,
    /// What is accepted of a batch.
    pub intake: intake::IntakeConfig,
    /// How apps and people prove who they are.
    pub auth: auth::AuthConfig,
    /// When participants and conferences end.
    pub presence: presence::PresenceConfig,
    /// How long conferences are kept.
    pub retention: retention::RetentionConfig,
    /// The live view.
    pub live: live::LiveConfig,
    /// What is accepted of Messenger's `call_metrics`, and where it is sent on to.
    pub messenger: messenger::MessengerConfig,
    /// TURN servers that clients may use, and the secret shared with them.
    pub turn: turn::TurnConfig,
    /// What the clients of callstats.io are told.
    pub callstats: callstats::CallstatsConfig,
    /// Phones: registration and calls by SIP over WebSockets.
    pub sip: sip::SipConfig,
}

impl ServerConfig {
    /// Whether the values make sense together.
    ///
    /// # Errors
    /// The first setting that does not, with what is allowed.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        self.listen.validate()?;
        self.limits.validate()?;
        self.intake.validate()?;
        self.auth.validate()?;
        self.presence.validate()?;
        self.retention.validate()?;
        self.live.validate()?;
        self.messenger.validate()?;
        self.turn.validate()?;
        self.callstats.validate()?;
        self.sip.validate()
    }
}

/// A setting that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting} = {given}: {allowed}")]
pub struct InvalidSetting {
    /// Section and name, such as `limits.body_size_max`.
    pub setting: &'static str,
    /// What was given.
    pub given: String,
    /// What is allowed.
    pub allowed: &'static str,
}

/// Refuses a setting unless `holds`.
fn require(holds: bool, setting: &'static str, given: &dyn std::fmt::Display, allowed: &'static str) -> Result<(), InvalidSetting> {
    if holds { Ok(()) } else { Err(InvalidSetting { setting, given: given.to_string(), allowed }) }
}

#[cfg(test)]
mod tests {
    use super::{text::ByteSize, *};

    #[test]
    fn the_defaults_are_valid_and_read_back() {
        let config = ServerConfig::default();
        config.validate().unwrap();
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<ServerConfig>(&text).unwrap(), config);
    }

    #[test]
    fn an_unknown_setting_is_refused_by_name() {
        let error = serde_json::from_str::<ServerConfig>(r#"{"limits": {"body_size": "1MiB"}}"#).unwrap_err();
        assert!(error.to_string().contains("unknown field `body_size`"), "{error}");
    }

    #[test]
    fn a_senseless_setting_is_refused_with_what_is_allowed() {
        let mut config = ServerConfig::default();
        config.limits.body_size_max = ByteSize::bytes(10);
        let error = config.validate().unwrap_err().to_string();
        assert_eq!(error, "limits.body_size_max = 10B: at least 16KiB, or no batch fits");
        let mut config = ServerConfig::default();
        config.retention.days = 999_999_999;
        assert_eq!(config.validate().unwrap_err().to_string(), "retention.days = 999999999: at most 36500 days; 0 keeps for ever");
    }
}
