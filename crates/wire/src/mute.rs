//! What events say of silence that is meant, in the words of the engine.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use sidetone_engine::{
    analysis::{MuteChange, Muted},
    report::Text,
};

use crate::batch::{Event, kind};

/// The kinds of events that tell of silence.
pub const KINDS: [&str; 7] = [kind::MUTED, kind::UNMUTED, kind::HELD, kind::RESUMED, "add_track", "replace_track", "remove_track"];

/// What an event says of its own participant; `None` when it says nothing of sound.
fn change(event: &Event) -> Option<MuteChange> {
    if matches!(event.kind.as_str(), "add_track" | "replace_track" | "remove_track") {
        return track_change(event);
    }
    let (is_muted, is_call) = match event.kind.as_str() {
        kind::MUTED => (true, false),
        kind::UNMUTED => (false, false),
        kind::HELD => (true, true),
        kind::RESUMED => (false, true),
        _ => return None,
    };
    let payload: Map<String, Value> = serde_json::from_str(&event.payload).unwrap_or_default();
    let text = |name: &str| payload.get(name).and_then(Value::as_str);
    let of = match (text("kind"), text("direction")) {
        _ if is_call => Muted::Call,
        (Some(kind), _) if kind != "audio" => return None,
        (_, Some("inbound")) => Muted::FarEnd,
        _ => Muted::Microphone { track: text("id").map(Into::into) },
    };
    Some(MuteChange { time: event.time, of, is_muted })
}

/// What a track of a microphone says that comes or goes: whether it is enabled when it comes; without one nothing is sent.
fn track_change(event: &Event) -> Option<MuteChange> {
    let payload: Map<String, Value> = serde_json::from_str(&event.payload).ok()?;
    let text = |name: &str| payload.get(name).and_then(Value::as_str);
    let flag = |name: &str| payload.get(name).and_then(Value::as_bool);
    let is_microphone = (text("kind"), text("direction")) == (Some("audio"), Some("outbound"));
    let track: Text = text("id").filter(|_| is_microphone)?.into();
    let (of, is_muted) = if event.kind == "remove_track" {
        (Muted::Microphone { track: Some(track) }, true)
    } else {
        let is_enabled = flag("enabled")?;
        // Enabled, and nothing comes from the device: what becomes of it other events tell.
        if is_enabled && flag("muted") == Some(true) {
            return None;
        }
        (Muted::Added { track }, !is_enabled)
    };
    Some(MuteChange { time: event.time, of, is_muted })
}

/// Most things of one participant that are muted each by itself; more are not listened to.
const THINGS_MAX: usize = 64;

/// Whom a change concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concerned<K> {
    /// This participant.
    One(K),
    /// Every participant but this one.
    AllBut(K),
}

/// Who is silent on purpose in a conference. `K` tells participants apart.
#[derive(Clone, Debug)]
pub struct Silence<K> {
    /// The latest change of each thing.
    known: BTreeMap<K, Vec<MuteChange>>,
}

impl<K> Default for Silence<K> {
    fn default() -> Self {
        Self { known: BTreeMap::new() }
    }
}

impl<K: Ord + Copy> Silence<K> {
    /// Takes the next event of a participant, in order of time, and gives what it changes.
    pub fn hear(&mut self, whose: K, event: &Event) -> Vec<(Concerned<K>, MuteChange)> {
        let own = change(event);
        let before = self.silent();
        let mut told: Vec<(Concerned<K>, MuteChange)> = Vec::new();
        match &own {
            Some(change) => {
                let track = track_of(change);
                let is_same = |held: &MuteChange| held.is_muted && track.is_some() && track_of(held) == track;
                let was_muted = self.known.get(&whose).is_some_and(|known| known.iter().any(is_same));
                // That an open microphone comes is no news to others.
                let is_news = change.is_muted || was_muted || !matches!(change.of, Muted::Added { .. });
                self.remember(whose, change.clone());
                told.push((Concerned::One(whose), change.clone()));
                told.extend(track.filter(|_| is_news).map(|of| (Concerned::AllBut(whose), MuteChange { of, ..*change })));
            }
            None if event.kind == kind::LEFT => {
                let known = self.known.remove(&whose).unwrap_or_default();
                let over = |of| (Concerned::AllBut(whose), MuteChange { time: event.time, of, is_muted: false });
                told.extend(known.iter().filter(|change| change.is_muted).filter_map(track_of).map(over));
            }
            None => return Vec::new(),
        }
        let after = self.silent();
        let concerned = match (before.as_slice(), after.as_slice()) {
            (before, after) if before == after => None,
            ([], _) | (_, []) => Some(Concerned::AllBut(whose)),
            ([only], _) | (_, [only]) => Some(Concerned::One(*only)),
            _ => None,
        };
        let of = Muted::Others { track: None };
        let others = MuteChange { time: event.time, of, is_muted: after.len() > before.len() };
        told.extend(concerned.map(|concerned| (concerned, others)));
        told
    }

    /// What is known for the analyzer of a peer connection that `participant` opens now.
    pub fn state(&self, participant: K) -> Vec<MuteChange> {
        let mut state = self.known.get(&participant).cloned().unwrap_or_default();
        let others: Vec<_> = self.known.iter().filter(|(whose, _)| **whose != participant).flat_map(|(_, known)| known).collect();
        let silent = others.iter().filter(|change| silences(change)).map(|change| change.time).max();
        let of = Muted::Others { track: None };
        state.extend(silent.map(|time| MuteChange { time, of, is_muted: true }));
        let muted = others.into_iter().filter(|change| change.is_muted);
        state.extend(muted.filter_map(|change| track_of(change).map(|of| MuteChange { of, ..*change })));
        state
    }

    fn silent(&self) -> Vec<K> {
        self.known.iter().filter(|(_, known)| known.iter().any(silences)).map(|(whose, _)| *whose).collect()
    }

    fn remember(&mut self, whose: K, change: MuteChange) {
        let known = self.known.entry(whose).or_default();
        let track = track_of(&change);
        if let Some(held) = known.iter_mut().find(|held| held.of == change.of || track.is_some() && track_of(held) == track) {
            *held = change;
        } else if known.len() < THINGS_MAX {
            known.push(change);
        }
    }
}

/// Whether others do not hear a participant who said so, whatever it sends.
fn silences(change: &MuteChange) -> bool {
    change.is_muted && matches!(change.of, Muted::Microphone { track: None } | Muted::Call)
}

/// The one track that others do not hear, or hear again.
fn track_of(change: &MuteChange) -> Option<Muted> {
    match &change.of {
        Muted::Microphone { track: Some(track) } | Muted::Added { track } => Some(Muted::Others { track: Some(track.clone()) }),
        _ => None,
    }
}

/// What the events of a whole conference say to the analyzers of one participant. Each event comes with whose it is; their order does not
/// matter.
pub fn changes<'a, K: Ord + Copy>(events: impl IntoIterator<Item = (K, &'a Event)>, participant: K) -> Vec<MuteChange> {
    let mut events: Vec<_> = events.into_iter().collect();
    events.sort_by_key(|(_, event)| event.time);
    let mut silence = Silence::default();
    let heard = events.into_iter().flat_map(|(whose, event)| silence.hear(whose, event));
    let concerns = |concerned: &Concerned<K>| match concerned {
        Concerned::One(one) => *one == participant,
        Concerned::AllBut(one) => *one != participant,
    };
    heard.filter(|(concerned, _)| concerns(concerned)).map(|(_, change)| change).collect()
}

#[cfg(test)]
mod tests {
    use sidetone_engine::units::Timestamp;

    use super::*;

    const OTHERS: Muted = Muted::Others { track: None };

    fn event(second: i64, kind: &str, payload: &str) -> Event {
        Event { time: Timestamp::from_micros(second * 1_000_000), kind: kind.into(), payload: payload.into() }
    }

    fn told(events: &[(&str, Event)], participant: &str) -> Vec<(i64, Muted, bool)> {
        let changes = changes(events.iter().map(|(whose, event)| (*whose, event)), participant);
        changes.into_iter().map(|change| (change.time.as_micros() / 1_000_000, change.of, change.is_muted)).collect()
    }

    #[test]
    fn events_tell_what_is_muted() {
        let microphone = |track: Option<&str>| Muted::Microphone { track: track.map(Into::into) };
        let added = || Muted::Added { track: "t".into() };
        let cases = [
            (kind::MUTED, "{}", Some((microphone(None), true))),
            (kind::UNMUTED, r#"{"kind":"audio"}"#, Some((microphone(None), false))),
            (kind::MUTED, r#"{"kind":"audio","id":"t"}"#, Some((microphone(Some("t")), true))),
            (kind::MUTED, r#"{"kind":"audio","direction":"inbound"}"#, Some((Muted::FarEnd, true))),
            (kind::MUTED, r#"{"kind":"video"}"#, None),
            (kind::HELD, "{}", Some((Muted::Call, true))),
            (kind::RESUMED, "{}", Some((Muted::Call, false))),
            ("device_changed", "{}", None),
            ("add_track", r#"{"kind":"audio","direction":"outbound","id":"t","enabled":true,"muted":false}"#, Some((added(), false))),
            ("replace_track", r#"{"kind":"audio","direction":"outbound","id":"t","enabled":false,"muted":false}"#, Some((added(), true))),
            ("remove_track", r#"{"kind":"audio","direction":"outbound","id":"t"}"#, Some((microphone(Some("t")), true))),
            // A device that gives nothing, a client that does not say, a camera, and what is received.
            ("add_track", r#"{"kind":"audio","direction":"outbound","id":"t","enabled":true,"muted":true}"#, None),
            ("add_track", r#"{"kind":"audio","direction":"outbound","id":"t"}"#, None),
            ("add_track", r#"{"kind":"video","direction":"outbound","id":"t","enabled":true,"muted":false}"#, None),
            ("remove_track", r#"{"kind":"audio","direction":"inbound","id":"t"}"#, None),
        ];
        for (kind, payload, expected) in cases {
            let given = told(&[("ada", event(7, kind, payload))], "ada");
            assert_eq!(given, Vec::from_iter(expected.map(|(of, is_muted)| (7, of, is_muted))), "{kind} {payload}");
        }
    }

    #[test]
    fn others_are_silent_from_the_first_mute_to_the_last() {
        let events = [
            ("bob", event(20, kind::UNMUTED, "{}")),
            ("bob", event(10, kind::MUTED, "{}")),
            ("eve", event(15, kind::HELD, "{}")),
            ("eve", event(30, kind::LEFT, "{}")),
            ("bob", event(40, kind::MUTED, r#"{"direction":"inbound"}"#)),
        ];
        assert_eq!(told(&events, "ada"), [(10, OTHERS, true), (30, OTHERS, false)]);
        assert_eq!(told(&events, "eve"), [(10, OTHERS, true), (15, Muted::Call, true), (20, OTHERS, false)]);
        assert_eq!(told(&events, "bob")[..2], [(10, Muted::Microphone { track: None }, true), (15, OTHERS, true)]);
    }

    #[test]
    fn of_a_group_the_muted_track_is_named() {
        let track = r#"{"kind":"audio","id":"t"}"#;
        let events = [("bob", event(10, kind::MUTED, track)), ("eve", event(20, kind::MUTED, "{}")), ("bob", event(30, kind::LEFT, "{}"))];
        let of_bob = |is_muted| (Muted::Others { track: Some("t".into()) }, is_muted);
        let told_of_track: Vec<_> = told(&events, "ada").into_iter().map(|(_, of, is_muted)| (of, is_muted)).collect();
        assert_eq!(told_of_track, [of_bob(true), (OTHERS, true), of_bob(false)]);
        let mut silence = Silence::default();
        silence.hear("bob", &event(10, kind::MUTED, track));
        assert_eq!(silence.state("ada")[0].of, Muted::Others { track: Some("t".into()) });
    }

    #[test]
    fn a_track_that_is_taken_away_is_silent_until_one_is_there_again() {
        let about = |more: &str| format!(r#"{{"kind":"audio","direction":"outbound","id":"t"{more}}}"#);
        let open = about(r#","enabled":true,"muted":false"#);
        let events = [
            ("bob", event(10, "add_track", &open)),
            ("bob", event(20, "remove_track", &about(""))),
            ("bob", event(30, "replace_track", &open)),
        ];
        let others = |second, is_muted| (second, Muted::Others { track: Some("t".into()) }, is_muted);
        assert_eq!(told(&events, "ada"), [others(20, true), others(30, false)], "that it came open is no news");
        let mut silence = Silence::default();
        events.iter().for_each(|(whose, event)| drop(silence.hear(*whose, event)));
        assert_eq!(silence.state("ada"), []);
        assert_eq!(silence.state("bob").len(), 1);
    }

    #[test]
    fn who_comes_later_learns_what_is_known() {
        let mut silence = Silence::default();
        silence.hear("bob", &event(10, kind::MUTED, "{}"));
        let state = |silence: &Silence<&'static str>, of| silence.state(of).into_iter().map(|change| change.of).collect::<Vec<_>>();
        assert_eq!(state(&silence, "ada"), [OTHERS]);
        assert_eq!(state(&silence, "bob"), [Muted::Microphone { track: None }]);
        silence.hear("bob", &event(20, kind::LEFT, "{}"));
        assert_eq!(state(&silence, "ada"), []);
    }
}
