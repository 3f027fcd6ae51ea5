//! Who reads, and under which names people appear to them.
//!
//! Real names (`userName`) are for the roles admin and support; an engineer gets the alias. Everything that leaves the query layer with
//! participants or events in it passes here: names are hidden, or it is noted durably who is shown them before they are.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use serde_json::Value;
use sidetone_engine::{
    ids::{AppKey, ConferenceKey},
    units::Timestamp,
};
use sidetone_store::{
    local_user::Role,
    name_view::NameView,
    record::{Conference, Participant},
};

use crate::{problem::Problem, state::AppState};

/// Within this long, the same names shown to the same reader in the same way are noted once.
const ONE_VIEW_US: i64 = 60_000_000;
/// Views that are remembered for it.
const VIEWS_MAX: usize = 10_000;
/// Members of an event that hold a real name, in lower case without `_` and `-`.
const NAME_MEMBERS: [&str; 4] = ["username", "displayname", "fullname", "realname"];
/// Shorter names are hidden where they stand alone, not within other words.
const NAME_CHARS_MIN: usize = 3;

/// Somebody who reads of one app.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    pub(crate) app: AppKey,
    pub(crate) role: Role,
    /// Who it is, for the record of those who saw names.
    pub(crate) viewer: String,
    /// Where: `page`, `api`, `download`.
    pub(crate) way: &'static str,
}

/// Views noted of late: the reader and the conference, with the time.
#[derive(Debug, Default)]
pub(crate) struct RecentViews(Mutex<HashMap<(String, &'static str, ConferenceKey), Timestamp>>);

/// A clock that was set back makes no view recent that was not.
fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    (0..ONE_VIEW_US).contains(&(now.as_micros() - at.as_micros()))
}

impl RecentViews {
    fn has(&self, view: &(String, &'static str, ConferenceKey), now: Timestamp) -> bool {
        let recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recent.get(view).is_some_and(|at| is_recent(*at, now))
    }

    fn add(&self, view: (String, &'static str, ConferenceKey), now: Timestamp) {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() >= VIEWS_MAX {
            recent.retain(|_, at| is_recent(*at, now));
        }
        if recent.len() < VIEWS_MAX {
            recent.insert(view, now);
        }
    }
}

/// Whether a role is shown real names.
pub(crate) fn role_sees_names(role: Role) -> bool {
    match role {
        Role::Admin | Role::Support => true,
        Role::Engineer => false,
    }
}

impl Reader {
    pub(crate) fn sees_names(&self) -> bool {
        role_sees_names(self.role)
    }

    /// The participants as this reader may see them.
    ///
    /// # Errors
    /// When it cannot be noted that names are shown: then they are not.
    pub(crate) async fn admit(&self, state: &AppState, conference: &Conference, participants: &mut [Participant]) -> Result<(), Problem> {
        if self.sees_names() {
            return self.note(state, conference, participants).await;
        }
        for participant in participants {
            participant.facts.user_name.clear();
        }
        Ok(())
    }

    /// Notes that this reader is shown the names of these participants, if they have any.
    pub(crate) async fn note(&self, state: &AppState, conference: &Conference, participants: &[Participant]) -> Result<(), Problem> {
        let named = participants.iter().filter(|participant| !participant.facts.user_name.is_empty()).count();
        let (now, view) = (state.clock.now(), (self.viewer.clone(), self.way, conference.key));
        if named == 0 || state.recent_views.has(&view, now) {
            return Ok(());
        }
        let noted = NameView {
            at: now,
            app: self.app,
            viewer: self.viewer.clone(),
            role: self.role,
            conference: conference.key,
            conference_id: conference.conference_id.clone(),
            way: self.way.to_owned(),
            name_count: u32::try_from(named).unwrap_or(u32::MAX),
        };
        state.store.add_name_views(vec![noted]).await.map_err(super::store(state))?;
        state.recent_views.add(view, now);
        Ok(())
    }
}

/// Hides the real names of some people wherever they stand in an event.
#[derive(Debug)]
pub struct Mask {
    /// Name and what stands in its place, the longest name first.
    names: Vec<(String, String)>,
}

impl Mask {
    /// For those who were in a conference.
    #[must_use]
    pub fn of(participants: &[Participant]) -> Self {
        let mut names: Vec<(String, String)> = participants
            .iter()
            .filter(|participant| !participant.facts.user_name.is_empty())
            .map(|participant| (participant.facts.user_name.clone(), alias(participant).to_owned()))
            .collect();
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        Self { names }
    }

    /// The payload of an event without names: members that hold one are left out, and a name within any other text gives way to the alias.
    #[must_use]
    pub fn payload(&self, payload: &str) -> String {
        match serde_json::from_str::<Value>(payload) {
            Ok(mut value) => {
                self.value(&mut value);
                value.to_string()
            }
            Err(_) => self.text(payload),
        }
    }

    fn value(&self, value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.retain(|name, _| !is_name_member(name));
                members.values_mut().for_each(|member| self.value(member));
            }
            Value::Array(elements) => elements.iter_mut().for_each(|element| self.value(element)),
            Value::String(text) if text.starts_with(['{', '[']) => *text = self.payload(text),
            Value::String(text) => *text = self.text(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, alias) in &self.names {
            if text == *name || (name.chars().count() >= NAME_CHARS_MIN && text.contains(name.as_str())) {
                text = text.replace(name.as_str(), alias);
            }
        }
        text
    }
}

fn is_name_member(name: &str) -> bool {
    let plain: String = name.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect();
    NAME_MEMBERS.contains(&plain.as_str())
}

/// What a participant is called where names are not shown.
fn alias(participant: &Participant) -> &str {
    if participant.facts.alias_name.is_empty() { participant.user_id.as_str() } else { &participant.facts.alias_name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask() -> Mask {
        Mask { names: vec![("Ada Lovelace".into(), "A-17".into()), ("Bo".into(), "B-2".into())] }
    }

    #[test]
    fn a_name_is_hidden_wherever_it_stands() {
        for (payload, expected) in [
            (r#"{"user_name":"Ada Lovelace","alias_name":"A-17"}"#, r#"{"alias_name":"A-17"}"#),
            (r#"{"raw":{"userName":"Somebody else","User-Name":"x","deep":[{"displayName":"y","n":1}]}}"#, r#"{"raw":{"deep":[{"n":1}]}}"#),
            (r#"{"message":"Ada Lovelace's headset"}"#, r#"{"message":"A-17's headset"}"#),
            (r#"{"message":"\u0041da Lovelace"}"#, r#"{"message":"A-17"}"#),
            (r#"{"text":"{\"userName\":\"z\",\"by\":\"Ada Lovelace\"}"}"#, r#"{"text":"{\"by\":\"A-17\"}"}"#),
            (r#"{"who":"Bo","what":"Bored"}"#, r#"{"what":"Bored","who":"B-2"}"#),
        ] {
            assert_eq!(mask().payload(payload), expected);
        }
        assert_eq!(mask().payload("Ada Lovelace said"), "A-17 said");
    }
}
