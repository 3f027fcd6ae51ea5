//! `[messenger]`: what is accepted of Messenger's `call_metrics`, and where it is sent on to.

use std::collections::BTreeMap;

use axum::http::Uri;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{InvalidSetting, require};

/// What is accepted of Messenger's `call_metrics`, and where it is sent on to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MessengerConfig {
    /// Whose metrics are accepted.
    pub calls: KnownCalls,
    /// Whether each of the nine values that Meta lists for `audio_stats` must be there. Otherwise what is missing is noted.
    pub strict: bool,
    /// Sending accepted records on, to Meta as a rule.
    pub relay: RelayConfig,
}

/// Which calls may have metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KnownCalls {
    /// Any: a call that nothing else was reported of gets a page with its summary alone.
    #[default]
    Any,
    /// Those that were reported under their call id as conference id; others are refused.
    Reported,
}

/// Sending accepted records on, to Meta as a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RelayConfig {
    /// Address before `/{page_id}/call_metrics`, such as `https://graph.facebook.com/v23.0`. Empty: nothing is sent on.
    pub url: String,
    /// Page access tokens by page id. Records of other pages are kept but not sent on.
    pub tokens: BTreeMap<String, Token>,
    /// Whether members of `audio_stats` that Meta does not document (such as `round_trip_time_measurements`) are sent on too.
    pub extensions: bool,
}

/// A credential; it does not show in logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Token(pub String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

impl MessengerConfig {
    /// Whether the values make sense.
    ///
    /// # Errors
    /// The first that does not.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let RelayConfig { url, tokens, .. } = &self.relay;
        let is_address = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some() && uri.query().is_none();
        let is_valid = url.is_empty() || url.parse().is_ok_and(|uri| is_address(&uri));
        require(is_valid, "messenger.relay.url", url, "an address such as https://graph.facebook.com/v23.0, or empty")?;
        let pages = tokens.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let are_pages = tokens.keys().all(|page| !page.is_empty() && page.bytes().all(|byte| byte.is_ascii_digit()));
        require(are_pages, "messenger.relay.tokens", &pages, "page ids, which are numbers")?;
        let has_tokens = url.is_empty() || !tokens.is_empty();
        require(has_tokens, "messenger.relay.tokens", &pages, "the access token of each page whose records are to be sent on")
    }
}
