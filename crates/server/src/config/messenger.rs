//! `[messenger]`: what is accepted of Messenger's `call_metrics`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is accepted of Messenger's `call_metrics`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MessengerConfig {
    /// Whose metrics are accepted.
    pub calls: KnownCalls,
    /// Whether each of the nine values that Meta lists for `audio_stats` must be there. Otherwise what is missing is noted.
    pub strict: bool,
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
