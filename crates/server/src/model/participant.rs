//! Who took part.

use std::collections::BTreeMap;

use serde::Serialize;
use sidetone_store::record::Participant;
use utoipa::ToSchema;

use super::{Millis, ScoresBody};

/// One stay of one endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParticipantBody {
    /// Key of this stay.
    key: String,
    /// The app's name for the user.
    user_id: String,
    /// The client's name for the stay.
    participant_id: String,
    /// First instant.
    joined_ms: Millis,
    /// Last instant heard of.
    last_seen_ms: Millis,
    /// When it ended; `null` while it lasts.
    ended_ms: Option<Millis>,
    /// Whether it ended by silence.
    timed_out: bool,
    /// Real name; empty when not told, as all that follow.
    user_name: String,
    /// Alias for those who may not see names.
    alias_name: String,
    /// The app's name for a place or customer.
    site: String,
    /// Version of the app.
    app_version: String,
    /// `User-Agent` as given.
    user_agent: String,
    /// Browser.
    #[schema(example = "Firefox")]
    browser: String,
    /// Its version.
    browser_version: String,
    /// Operating system.
    os: String,
    /// Reporting SDK and version.
    sdk: String,
    /// Searchable ids of the app.
    additional_ids: BTreeMap<String, String>,
    /// Scores; `null` until finalised.
    scores: Option<ScoresBody>,
}

impl From<Participant> for ParticipantBody {
    fn from(participant: Participant) -> Self {
        let facts = participant.facts;
        Self {
            key: participant.key.to_string(),
            user_id: participant.user_id.as_str().to_owned(),
            participant_id: participant.participant_id.as_str().to_owned(),
            joined_ms: Millis(participant.joined),
            last_seen_ms: Millis(participant.last_seen),
            ended_ms: participant.ended.map(Millis),
            timed_out: participant.timed_out,
            user_name: facts.user_name,
            alias_name: facts.alias_name,
            site: facts.site,
            app_version: facts.app_version,
            user_agent: facts.user_agent,
            browser: facts.browser,
            browser_version: facts.browser_version,
            os: facts.os,
            sdk: facts.sdk,
            additional_ids: facts.additional_ids,
            scores: participant.scores.map(Into::into),
        }
    }
}

/// What a participant is called: by name where the reader was given it, else by alias, else by the app's id.
pub(crate) fn called(participant: &Participant) -> &str {
    let names = [participant.facts.user_name.as_str(), &participant.facts.alias_name];
    names.into_iter().find(|name| !name.is_empty()).unwrap_or(participant.user_id.as_str())
}
