//! What events tell of a connection and getStats does not: how it comes to be, which received tracks are meant to be there.

use std::{collections::VecDeque, time::Duration};

use super::MediaKind;
use crate::{
    metric::{Draft, Metric},
    order::queue,
    report::Text,
    units::Timestamp,
};

/// Something that an event told of a peer connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// When it was.
    pub time: Timestamp,
    /// What it was.
    pub what: Noticed,
}

/// What an event can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Noticed {
    /// ICE began to gather candidates.
    Gathering,
    /// It has them all.
    Gathered,
    /// Both descriptions are known: nobody is waited for any more.
    Described,
    /// ICE and DTLS stand.
    Connected,
    /// The first packet of media came in.
    FirstMedia,
    /// The state of ICE (`iceConnectionState`), for browsers whose reports do not have it.
    Ice(Text),
    /// DTLS failed.
    DtlsFailed,
    /// The kind of network that the browser uses now (`navigator.connection.type`).
    Network(Text),
    /// A received track is to carry media from now on, or no more.
    Track {
        /// `MediaStreamTrack.id`.
        track: Text,
        /// Whether it is.
        is_live: bool,
    },
    /// A received track was agreed upon, and belongs to a stream: somebody means to send it.
    Agreed {
        /// `MediaStreamTrack.id`.
        track: Text,
        /// Sound or pictures.
        kind: MediaKind,
    },
    /// The far end rings: with media agreed upon, and until it answers free to send none.
    Ringing,
    /// It has answered.
    Answered,
}

/// Most notices that wait for their time; beyond that the first is taken as come.
const COMING_MAX: usize = 10_000;
/// Most received tracks that are known; beyond that the first is forgotten.
const TRACKS_MAX: usize = 512;

/// What was agreed upon is missed from the interval on that ends so long after the connection stands. Rules wait for two seconds of such: it is
/// told after five, from where on late media is critical.
const DUE: Duration = Duration::from_secs(4);

/// How long something takes: told while it lasts, and once when it is over.
#[derive(Debug, Default)]
struct Span {
    began: Option<Timestamp>,
    took: Option<Duration>,
}

impl Span {
    fn end(&mut self, time: Timestamp) {
        // What ended already stays as it was: sound and picture each have a first packet.
        if let Some(began) = self.began.take() {
            self.took = Some(time.since(began).unwrap_or_default());
        }
    }

    fn told_ms(&mut self, now: Timestamp) -> Option<f64> {
        let span = self.took.take().or_else(|| now.since(self.began?));
        span.map(|span| span.as_secs_f64() * 1000.0)
    }
}

/// What is known by the notices up to now, whatever order they came in.
#[derive(Debug, Default)]
pub(super) struct Notices {
    /// By time.
    coming: VecDeque<Notice>,
    gathering: Span,
    connecting: Span,
    first_media: Span,
    /// Since when media can come: the connection stands, and the far end has answered.
    connected: Option<Timestamp>,
    is_ringing: bool,
    has_media: bool,
    ice: Option<Text>,
    has_dtls_failed: bool,
    network: Option<Text>,
    network_changes: f64,
    /// Received tracks that are to carry media.
    live: Vec<Text>,
    /// Those that were agreed upon, of which nothing has come, and since when.
    agreed: Vec<(Text, MediaKind, Timestamp)>,
}

impl Notices {
    pub(super) fn add(&mut self, notice: Notice) {
        queue(&mut self.coming, notice, |a, b| a.time < b.time);
        if self.coming.len() > COMING_MAX {
            self.take_first();
        }
    }

    /// Lets time pass up to `time`, and sets what is to be said of it; what the report itself says counts more.
    pub(super) fn values(&mut self, time: Timestamp, values: &mut Draft) {
        while self.coming.front().is_some_and(|notice| notice.time <= time) {
            self.take_first();
        }
        values.set(Metric::GatheringTime, self.gathering.told_ms(time));
        values.set(Metric::ConnectingTime, self.connecting.told_ms(time));
        // Nothing need ever be received: only what came is late.
        let first_media_ms = self.first_media.took.and_then(|_| self.first_media.told_ms(time));
        values.set(Metric::FirstMediaTime, first_media_ms);
        let flag = |is: bool| f64::from(u8::from(is));
        if let Some(ice) = self.ice.as_deref().filter(|_| values.get(Metric::IceDisconnected).is_none()) {
            values.set(Metric::IceDisconnected, Some(flag(matches!(ice, "disconnected" | "failed"))));
            values.set(Metric::IceFailed, Some(flag(ice == "failed")));
        }
        if self.has_dtls_failed && values.get(Metric::DtlsFailed).is_none() {
            values.set(Metric::DtlsFailed, Some(1.0));
        }
        let changes = std::mem::take(&mut self.network_changes);
        let seen = values.get(Metric::NetworkChanges);
        if changes > 0.0 {
            values.set(Metric::NetworkChanges, Some(seen.unwrap_or_default().max(changes)));
        }
    }

    /// Whether a received track is known to be one that is to carry media.
    pub(super) fn is_live(&self, track: &Text) -> bool {
        self.live.contains(track)
    }

    /// Whether anything is known of received tracks.
    pub(super) fn knows_tracks(&self) -> bool {
        !self.live.is_empty()
    }

    /// Whether sound or pictures are due of which nothing has come. Of several tracks nobody can tell: a media server agrees upon more than it
    /// forwards.
    pub(super) fn awaits(&self, kind: MediaKind, now: Timestamp) -> bool {
        let mut agreed = self.agreed.iter().filter(|(_, held, _)| *held == kind);
        let (Some((.., since)), None, false) = (agreed.next(), agreed.next(), self.is_ringing) else { return false };
        let due = self.connected.and_then(|connected| now.since(connected.max(*since)));
        due.is_some_and(|due| due >= DUE)
    }

    fn take_first(&mut self) {
        let Some(Notice { time, what }) = self.coming.pop_front() else { return };
        match what {
            Noticed::Gathering => self.gathering = Span { began: Some(time), took: None },
            Noticed::Gathered => self.gathering.end(time),
            Noticed::Described => {
                if self.connected.is_none() && self.connecting.began.is_none() {
                    self.connecting.began = Some(time);
                }
            }
            Noticed::Connected => {
                if self.connected.is_none() {
                    self.connected = Some(time);
                    self.connecting.end(time);
                    if !self.has_media {
                        self.first_media.began = Some(time);
                    }
                }
            }
            Noticed::FirstMedia => {
                self.has_media = true;
                self.first_media.end(time);
            }
            Noticed::Ice(state) => self.ice = Some(state),
            Noticed::DtlsFailed => self.has_dtls_failed = true,
            Noticed::Network(network) => {
                if self.network.as_ref().is_some_and(|held| *held != network) {
                    self.network_changes += 1.0;
                }
                self.network = Some(network);
            }
            Noticed::Track { track, is_live } => {
                self.live.retain(|held| *held != track);
                self.agreed.retain(|(held, ..)| *held != track);
                if is_live {
                    if self.live.len() == TRACKS_MAX {
                        self.live.remove(0);
                    }
                    self.live.push(track);
                }
            }
            Noticed::Agreed { track, kind } => {
                self.agreed.retain(|(held, ..)| *held != track);
                if self.agreed.len() < TRACKS_MAX && !self.is_live(&track) {
                    self.agreed.push((track, kind, time));
                }
            }
            Noticed::Ringing => self.is_ringing = true,
            Noticed::Answered => {
                self.is_ringing = false;
                self.connected = self.connected.map(|connected| connected.max(time));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_micros(millis * 1000)
    }

    fn told(notices: &mut Notices, millis: i64, metric: Metric) -> Option<f64> {
        let mut values = Draft::new();
        notices.values(at(millis), &mut values);
        values.get(metric)
    }

    #[test]
    fn what_lasts_is_told_as_it_lasts_and_once_more_when_it_is_over() {
        let mut notices = Notices::default();
        notices.add(Notice { time: at(4200), what: Noticed::Gathered });
        notices.add(Notice { time: at(500), what: Noticed::Gathering });
        let spans = [0, 1000, 4000, 5000, 6000].map(|millis| told(&mut notices, millis, Metric::GatheringTime));
        assert_eq!(spans, [None, Some(500.0), Some(3500.0), Some(3700.0), None]);
    }

    #[test]
    fn a_connection_connects_once_and_its_first_media_is_told_when_it_came() {
        let mut notices = Notices::default();
        for (millis, what) in [
            (100, Noticed::Described),
            (900, Noticed::Connected),
            (2900, Noticed::FirstMedia),
            (2950, Noticed::FirstMedia),
            (5000, Noticed::Described),
            (5100, Noticed::Connected),
        ] {
            notices.add(Notice { time: at(millis), what });
        }
        assert_eq!(told(&mut notices, 500, Metric::ConnectingTime), Some(400.0));
        assert_eq!(told(&mut notices, 1000, Metric::ConnectingTime), Some(800.0));
        assert_eq!(told(&mut notices, 2000, Metric::FirstMediaTime), None, "it need never come");
        assert_eq!(told(&mut notices, 3000, Metric::FirstMediaTime), Some(2000.0));
        assert_eq!(told(&mut notices, 6000, Metric::ConnectingTime), None, "a renegotiation is no setup");
    }

    #[test]
    fn memory_is_bounded() {
        let mut notices = Notices::default();
        for millis in 0..20_000 {
            notices.add(Notice { time: at(millis), what: Noticed::Track { track: millis.to_string().into(), is_live: true } });
        }
        told(&mut notices, 20_000, Metric::GatheringTime);
        assert!(notices.coming.len() <= COMING_MAX && notices.live.len() <= TRACKS_MAX);
    }
}
