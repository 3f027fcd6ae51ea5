//! Participants of one name, told apart: by their user ids, and who came again by a number.

use std::collections::HashMap;

use sidetone_store::record::Participant;

use super::person_text;

/// Gives participants that are called alike names that differ, in all that the page says of them.
pub(super) fn tell_apart(participants: &mut [Participant]) {
    let mut users: HashMap<String, Vec<String>> = HashMap::new();
    for participant in &*participants {
        let ids = users.entry(person_text(participant).to_owned()).or_default();
        let id = participant.user_id.as_str();
        if !ids.iter().any(|held| held == id) {
            ids.push(id.to_owned());
        }
    }
    let mut seen: HashMap<String, usize> = HashMap::new();
    for participant in participants {
        let called = person_text(participant).to_owned();
        let id = participant.user_id.as_str();
        let is_shared = users.get(&called).is_some_and(|ids| ids.len() > 1) && !id.is_empty() && id != called;
        let mut name = if is_shared { format!("{called} ({id})") } else { called.clone() };
        let nth = seen.entry(name.clone()).or_default();
        *nth += 1;
        if *nth > 1 {
            let who = if name.is_empty() { "no id" } else { &name };
            name = format!("{who} #{nth}");
        }
        if name != called {
            participant.facts.user_name = name;
        }
    }
}
