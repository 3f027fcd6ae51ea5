//! Flows: what one end sends to another; and their poor stretches.

use std::{cmp::Reverse, collections::BTreeSet, time::Duration};

use super::inquiry::Connection;
use crate::{
    analysis::{Direction, MediaKind, StreamId},
    issue::{Issue, Severity},
    metric::Metric,
    report::Text,
    units::Timestamp,
};

/// What one peer connection sends to another. At least one of the two is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Flow {
    /// Place of the sending connection.
    pub(super) from: Option<usize>,
    /// Place of the receiving connection.
    pub(super) to: Option<usize>,
    /// What; `None`: the line between the two, in both directions.
    pub(super) media: Option<MediaKind>,
}

/// A part of how a call begins, which can take long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Beginning {
    /// Candidates are gathered, at the end that the flow comes from.
    Gathering,
    /// That end has both descriptions, and no connection yet.
    Connecting,
    /// The connection stands, and nothing came to the end that the flow goes to.
    FirstMedia,
}

impl Beginning {
    /// The part that an issue of this metric is about.
    fn of(metric: Metric) -> Option<Self> {
        match metric {
            Metric::GatheringTime => Some(Self::Gathering),
            Metric::ConnectingTime => Some(Self::Connecting),
            Metric::FirstMediaTime => Some(Self::FirstMedia),
            _ => None,
        }
    }
}

/// A span in which a flow was poor.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    pub(super) flow: Flow,
    /// The part of a call's beginning that it is; `None`: the call stood.
    pub(super) beginning: Option<Beginning>,
    /// Whether the issue that it begins with says that nothing arrives.
    pub(super) begins_with_nothing: bool,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    pub(super) severity: Severity,
    pub(super) rules: BTreeSet<Text>,
    /// Where the worst issue was told, and of what it was: evidence in any case.
    pub(super) worst: (usize, Option<StreamId>, Metric),
}

impl Stretch {
    fn touches(&self, other: &Self) -> bool {
        let is_near = |one: Timestamp, other: Timestamp| one.since(other).is_none_or(|gap| gap <= GAP);
        self.beginning == other.beginning && is_near(other.from, self.until) && is_near(self.from, other.until)
    }
}

/// Issues that tell how a call goes its way, and not that it is poor.
const REMARKS: [&str; 5] = ["candidate_pair_change", "ice_restart", "network_change", "relayed_over_tcp", "speaking_while_muted"];

/// Whether an issue is one of them. Of two computers' clocks that run apart nobody can tell which is wrong; of a microphone's it can be told.
fn is_remark(issue: &Issue) -> bool {
    let is_sent = issue.stream.is_some_and(|id| id.direction == Direction::Outbound);
    REMARKS.contains(&&*issue.rule) || &*issue.rule == "clock_drift" && !is_sent
}

/// Stretches of a flow that are no further apart are one.
const GAP: Duration = Duration::from_secs(5);

/// Which peer connections are the two ends of one: what one sends under an SSRC, the other receives under the same; or, where a
/// server gave it another SSRC, under the same track.
pub(super) struct Ends<'a> {
    connections: &'a [Connection],
}

impl<'a> Ends<'a> {
    pub(super) fn new(connections: &'a [Connection]) -> Self {
        Self { connections }
    }

    /// The far end of a stream.
    pub(super) fn far(&self, place: usize, id: StreamId) -> Option<usize> {
        let own = &self.connections[place];
        let others = || self.connections.iter().enumerate().filter(move |(other, far)| *other != place && own.is_beside(far));
        let is_opposite = |far: StreamId| far.kind == id.kind && far.direction != id.direction;
        let has = |far: &Connection| far.streams.iter().any(|stream| stream.id.ssrc == id.ssrc && is_opposite(stream.id));
        if let Some((far, _)) = others().find(|(_, far)| has(far)) {
            return Some(far);
        }
        let track = own.streams.iter().find(|stream| stream.id == id)?.track.as_ref()?;
        let mut found = others().filter(|(_, far)| {
            far.participant != own.participant
                && far.streams.iter().any(|stream| is_opposite(stream.id) && stream.track.as_ref() == Some(track))
        });
        let (far, _) = found.next()?;
        found.next().is_none().then_some(far)
    }

    /// The far end of a whole connection.
    pub(super) fn far_of(&self, place: usize) -> Option<usize> {
        self.connections[place].streams.iter().find_map(|stream| self.far(place, stream.id))
    }

    /// The far end of a connection on which nothing came: the other end of its line, or the only other one there is.
    fn opposite(&self, place: usize) -> Option<usize> {
        let own = &self.connections[place];
        let is_other = |far: &Connection| far.participant != own.participant && own.is_beside(far);
        let mut others = (0..self.connections.len()).filter(|&far| is_other(&self.connections[far]));
        let only = others.next().filter(|_| others.next().is_none());
        self.far_of(place).filter(|&far| self.are_direct(place, far)).or(only)
    }

    /// Whether the two are ends of one line, with no server in between that has SSRCs of its own.
    pub(super) fn are_direct(&self, one: usize, other: usize) -> bool {
        let ids = |place: usize| self.connections[place].streams.iter().map(|stream| stream.id);
        ids(one).any(|id| ids(other).any(|far| far.ssrc == id.ssrc && far.kind == id.kind && far.direction != id.direction))
    }

    /// The flow that an issue is about.
    fn flow(&self, place: usize, issue: &Issue) -> Flow {
        let (direction, media) = match issue.stream {
            Some(id) => (id.direction, id.kind),
            None if issue.evidence.metric == Metric::AudioReceiveBitrate => (Direction::Inbound, MediaKind::Audio),
            None if matches!(issue.evidence.metric, Metric::AvSkew | Metric::VideoReceiveBitrate) => (Direction::Inbound, MediaKind::Video),
            None if let Some(part) = Beginning::of(issue.evidence.metric) => {
                let far = self.opposite(place);
                return match part {
                    Beginning::Gathering | Beginning::Connecting => Flow { from: Some(place), to: far, media: None },
                    Beginning::FirstMedia => Flow { from: far, to: Some(place), media: None },
                };
            }
            None => {
                let far = self.far_of(place);
                let (from, to) = far.map_or((place, None), |far| (place.min(far), Some(place.max(far))));
                return Flow { from: Some(from), to, media: None };
            }
        };
        let streams = self.connections[place].streams.iter().map(|stream| stream.id);
        let alike = || streams.clone().filter(|id| id.direction == direction && id.kind == media);
        let far = match issue.stream {
            Some(id) => self.far(place, id),
            None => alike().find_map(|id| self.far(place, id)).or_else(|| self.opposite(place)),
        };
        match direction {
            Direction::Inbound => Flow { from: far, to: Some(place), media: Some(media) },
            Direction::Outbound => Flow { from: Some(place), to: far, media: Some(media) },
        }
    }

    /// The poor stretches, in order of time.
    pub(super) fn stretches(&self) -> Vec<Stretch> {
        let mut stretches = Vec::new();
        for (place, connection) in self.connections.iter().enumerate() {
            for issue in connection.issues.iter().filter(|issue| !is_remark(issue)) {
                let beginning = Beginning::of(issue.evidence.metric);
                // Late media is told once it is there.
                let lasts = issue.cleared.unwrap_or(connection.span.1).max(issue.raised);
                let until = if beginning == Some(Beginning::FirstMedia) { issue.raised } else { lasts };
                stretches.push(Stretch {
                    flow: self.flow(place, issue),
                    beginning,
                    begins_with_nothing: matches!(issue.evidence.metric, Metric::AudioReceiveBitrate | Metric::VideoReceiveBitrate),
                    from: began(issue),
                    until,
                    severity: issue.severity,
                    rules: BTreeSet::from([issue.rule.clone()]),
                    worst: (place, issue.stream, issue.evidence.metric),
                });
            }
        }
        self.belong_to_beginnings(&mut stretches);
        // The worst first: what is less bad joins them, and does not bridge two of them.
        stretches.sort_by_key(|stretch| (stretch.flow, Reverse(stretch.severity), stretch.from));
        let mut merged: Vec<Stretch> = Vec::new();
        for stretch in stretches {
            let same = merged.iter_mut().rev().take_while(|last| last.flow == stretch.flow).find(|last| last.touches(&stretch));
            match same {
                Some(last) => {
                    if last.severity == stretch.severity {
                        last.begins_with_nothing |= stretch.begins_with_nothing && stretch.from <= last.from;
                        last.from = last.from.min(stretch.from);
                        last.until = last.until.max(stretch.until);
                    }
                    last.rules.extend(stretch.rules);
                }
                None => merged.push(stretch),
            }
        }
        merged.sort_by_key(|stretch| (stretch.from, stretch.flow));
        merged
    }

    /// A way that is not found yet is no connection that broke: ICE gives up and tries again while both wait.
    fn belong_to_beginnings(&self, stretches: &mut [Stretch]) {
        let connecting: Vec<Stretch> =
            stretches.iter().filter(|stretch| stretch.beginning == Some(Beginning::Connecting)).cloned().collect();
        for stretch in stretches.iter_mut().filter(|stretch| matches!(stretch.worst.2, Metric::IceDisconnected | Metric::IceFailed)) {
            let place = stretch.worst.0;
            if let Some(held) = connecting.iter().find(|held| held.worst.0 == place && (held.from..=held.until).contains(&stretch.from)) {
                (stretch.flow, stretch.beginning) = (held.flow, held.beginning);
            }
        }
    }
}

/// When it began: of what is told by how long it took, that long before.
fn began(issue: &Issue) -> Timestamp {
    let told = issue.evidence.window.last().filter(|_| Beginning::of(issue.evidence.metric).is_some());
    let began = told.and_then(|(time, took_ms)| {
        let took = Duration::try_from_secs_f64((*took_ms)? / 1000.0).ok()?;
        Some(time.plus_micros(-i64::try_from(took.as_micros()).ok()?))
    });
    began.unwrap_or(issue.onset)
}
