//! Silence that is meant: who is muted or on hold, from when on.

use std::collections::VecDeque;

use super::Direction;
use crate::{order::queue, report::Text, score::unjudged::Unjudged, units::Timestamp};

/// What can be silent on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Muted {
    /// The participant's own microphone; with `track`, only the streams of that track.
    Microphone {
        /// `MediaStreamTrack.id`.
        track: Option<Text>,
    },
    /// The track of the participant's own microphone as it was when it came: not enabled, or enabled and not muted since. What is told of it later
    /// counts more.
    Added {
        /// `MediaStreamTrack.id`.
        track: Text,
    },
    /// What comes from the far end: muted there, or played by a muted element here.
    FarEnd,
    /// Some other participant of the conference; with `track`, only what that one sends of it. That it ends does not mean that the far end can
    /// be heard.
    Others {
        /// `MediaStreamTrack.id` as the sender has it. A media server may give it another name on the way.
        track: Option<Text>,
    },
    /// The whole call: on hold.
    Call,
}

/// What an app knows and getStats does not say: a mute begins or ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MuteChange {
    /// From when on.
    pub time: Timestamp,
    /// What.
    pub of: Muted,
    /// Whether it is muted from then on.
    pub is_muted: bool,
}

/// What is known of one stream at one instant; `None` is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mute {
    pub(super) microphone: Option<bool>,
    /// Whether its microphone was open when it came, and nothing was told since.
    pub(super) began_open: bool,
    pub(super) far_end: Option<bool>,
    pub(super) is_held: bool,
}

impl Mute {
    /// Why a stream of that direction may be silent on purpose.
    pub(super) fn meant(self, direction: Direction) -> Option<Unjudged> {
        let of = match direction {
            Direction::Inbound => self.far_end,
            Direction::Outbound => self.microphone,
        };
        if self.is_held { Some(Unjudged::Held) } else { of.filter(|is_muted| *is_muted).map(|_| Unjudged::Muted) }
    }
}

/// Most changes that wait for their time; beyond that the first is taken as come.
const COMING_MAX: usize = 10_000;
/// Most things that are muted each by itself; beyond that the first is forgotten.
const KNOWN_MAX: usize = 256;

/// Every change, in order of time, whatever order they came in.
#[derive(Debug, Default)]
pub(super) struct Mutes {
    /// By time.
    coming: VecDeque<MuteChange>,
    /// The latest of each thing.
    known: Vec<MuteChange>,
    /// Whether the call was on hold when time last began to pass: an interval in which a hold ends is one of it.
    was_held: bool,
}

impl Mutes {
    pub(super) fn add(&mut self, change: MuteChange) {
        queue(&mut self.coming, change, |a, b| a.time < b.time);
        if self.coming.len() > COMING_MAX {
            self.take_first();
        }
    }

    /// Lets time pass up to `time`.
    pub(super) fn advance(&mut self, time: Timestamp) {
        self.was_held = self.state(&Muted::Call) == Some(true);
        while self.coming.front().is_some_and(|change| change.time <= time) {
            self.take_first();
        }
    }

    fn take_first(&mut self) {
        let Some(change) = self.coming.pop_front() else { return };
        match self.known.iter_mut().find(|held| held.of == change.of) {
            Some(held) if held.time <= change.time => *held = change,
            // Told late: what is known is newer.
            Some(_) => {}
            None => {
                if self.known.len() == KNOWN_MAX {
                    self.known.remove(0);
                }
                self.known.push(change);
            }
        }
    }

    fn told(&self, of: &Muted) -> Option<&MuteChange> {
        self.known.iter().find(|held| held.of == *of)
    }

    fn state(&self, of: &Muted) -> Option<bool> {
        self.told(of).map(|held| held.is_muted)
    }

    /// Whether a track of somebody else is muted: then it matters which tracks are received.
    pub(super) fn names_others(&self) -> bool {
        self.known.iter().any(|held| held.is_muted && matches!(held.of, Muted::Others { track: Some(_) }))
    }

    /// Whether the far end of `track` may be silent because another participant is. A muted track whose name is not among those `received` has
    /// another name here, and may be any of them.
    fn others(&self, track: Option<&Text>, received: &[Text]) -> bool {
        self.known.iter().filter(|held| held.is_muted).any(|held| match &held.of {
            Muted::Others { track: None } => true,
            Muted::Others { track: Some(muted) } => track == Some(muted) || !received.contains(muted),
            _ => false,
        })
    }

    /// What is known of the stream of `track`, on a connection that receives these tracks.
    pub(super) fn of(&self, track: Option<&Text>, received: &[Text]) -> Mute {
        if self.known.is_empty() {
            return Mute::default();
        }
        let is_held = self.was_held || self.state(&Muted::Call) == Some(true);
        let mut began_open = false;
        let by_track = match track {
            Some(track) => {
                let told = self.told(&Muted::Microphone { track: Some(track.clone()) });
                let added = self.told(&Muted::Added { track: track.clone() });
                let added = added.filter(|added| told.is_none_or(|told| told.time < added.time));
                began_open = added.is_some_and(|added| !added.is_muted);
                added.map_or(told.map(|told| told.is_muted), |added| added.is_muted.then_some(true))
            }
            // It may be any of them.
            None => self.known.iter().any(|held| matches!(held.of, Muted::Microphone { track: Some(_) }) && held.is_muted).then_some(true),
        };
        let microphone = by_track.or_else(|| self.state(&Muted::Microphone { track: None }));
        let others = self.others(track, received).then_some(true);
        let held = is_held.then_some(true);
        Mute { microphone: held.or(microphone), began_open, far_end: held.or(others).or_else(|| self.state(&Muted::FarEnd)), is_held }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(second: i64, of: Muted, is_muted: bool) -> MuteChange {
        MuteChange { time: Timestamp::from_micros(second * 1_000_000), of, is_muted }
    }

    fn microphone(track: Option<&str>) -> Muted {
        Muted::Microphone { track: track.map(Text::from) }
    }

    fn at(second: i64, mutes: &mut Mutes, track: Option<&str>) -> Mute {
        mutes.advance(Timestamp::from_micros(second * 1_000_000));
        mutes.of(track.map(Text::from).as_ref(), &["a".into(), "b".into()])
    }

    #[test]
    fn a_change_counts_from_its_time_on_whenever_it_is_told() {
        let mut mutes = Mutes::default();
        mutes.add(change(20, microphone(None), false));
        mutes.add(change(10, microphone(None), true));
        assert_eq!(at(9, &mut mutes, None).microphone, None);
        assert_eq!(at(10, &mut mutes, None).microphone, Some(true));
        assert_eq!(at(20, &mut mutes, Some("any")).microphone, Some(false));
        mutes.add(change(15, microphone(None), true));
        assert_eq!(at(21, &mut mutes, None).microphone, Some(false), "told late, and over");
    }

    #[test]
    fn a_track_is_muted_alone() {
        let mut mutes = Mutes::default();
        mutes.add(change(1, microphone(Some("a")), true));
        assert_eq!(at(1, &mut mutes, Some("a")).microphone, Some(true));
        assert_eq!(at(1, &mut mutes, Some("b")).microphone, None);
        assert_eq!(at(1, &mut mutes, None).microphone, Some(true), "a browser that does not tell the track");
    }

    #[test]
    fn how_a_track_came_counts_until_something_else_is_told() {
        let added = || Muted::Added { track: "a".into() };
        let told = |mute: Mute| (mute.microphone, mute.began_open);
        let mut mutes = Mutes::default();
        mutes.add(change(1, added(), false));
        mutes.add(change(2, microphone(Some("a")), true));
        mutes.add(change(3, microphone(Some("a")), false));
        mutes.add(change(4, added(), true));
        assert_eq!(told(at(1, &mut mutes, Some("b"))), (None, false));
        assert_eq!(told(at(1, &mut mutes, Some("a"))), (None, true));
        assert_eq!(told(at(2, &mut mutes, Some("a"))), (Some(true), false));
        assert_eq!(told(at(3, &mut mutes, Some("a"))), (Some(false), false));
        assert_eq!(told(at(4, &mut mutes, Some("a"))), (Some(true), false), "it comes again, and is not enabled");
    }

    #[test]
    fn a_held_call_is_silent_both_ways_and_others_do_not_prove_a_voice() {
        let mut mutes = Mutes::default();
        mutes.add(change(1, Muted::Others { track: None }, true));
        mutes.add(change(2, Muted::Others { track: None }, false));
        mutes.add(change(3, Muted::Call, true));
        mutes.add(change(4, Muted::Call, false));
        assert_eq!(at(1, &mut mutes, None).far_end, Some(true));
        assert_eq!(at(2, &mut mutes, None).far_end, None);
        assert_eq!(at(3, &mut mutes, None), Mute { microphone: Some(true), began_open: false, far_end: Some(true), is_held: true });
        assert!(at(4, &mut mutes, None).is_held, "it was, up to now");
        assert_eq!(at(5, &mut mutes, None), Mute::default());
    }

    #[test]
    fn of_a_group_only_the_muted_track_is_silent_where_its_name_came_through() {
        let others = |track: &str| Muted::Others { track: Some(track.into()) };
        let mut mutes = Mutes::default();
        mutes.add(change(1, others("a"), true));
        assert_eq!(at(1, &mut mutes, Some("a")).far_end, Some(true));
        assert_eq!(at(1, &mut mutes, Some("b")).far_end, None, "another one is to be heard");
        mutes.add(change(2, others("renamed on the way"), true));
        assert_eq!(at(2, &mut mutes, Some("b")).far_end, Some(true), "it may be this one");
        mutes.add(change(3, others("renamed on the way"), false));
        mutes.add(change(3, others("a"), false));
        assert_eq!(at(3, &mut mutes, Some("a")), Mute::default());
    }

    #[test]
    fn memory_is_bounded() {
        let mut mutes = Mutes::default();
        for second in 0..20_000 {
            mutes.add(change(second, microphone(Some(&second.to_string())), true));
        }
        assert!(mutes.coming.len() <= COMING_MAX && mutes.known.len() <= KNOWN_MAX);
        assert_eq!(at(20_000, &mut mutes, Some("19999")).microphone, Some(true));
    }
}
