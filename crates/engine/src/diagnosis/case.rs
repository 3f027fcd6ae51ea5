//! The case of one poor stretch: all that is known of it, and the suspicion that explains it best.

use super::{
    Cause, Diagnosis, Evidence, Happening, Hop, Side, What, beginning, device,
    flow::{Beginning, Ends, Flow, Stretch},
    inquiry::Connection,
    network,
    values::{Part, Values},
};
use crate::{
    analysis::{Direction, MediaKind, StreamId},
    metric::{Better, Metric},
    units::Timestamp,
};

/// A suspicion that is less sure than this is none.
const SURE: f64 = 0.5;

/// A stream with less than this carries nothing, bit/s: silence of Opus takes more, at a packet every 0.4 s.
pub(super) const NOTHING_BPS: f64 = 500.0;

/// What another suspicion that is nearly as sure leaves of a confidence.
const DOUBT: f64 = 0.85;

/// Something that may be the cause, and how sure that is.
#[derive(Debug)]
pub(super) struct Suspicion {
    pub(super) cause: Cause,
    pub(super) side: Side,
    pub(super) hop: Option<Hop>,
    pub(super) confidence: f64,
    pub(super) evidence: Vec<Evidence>,
}

/// A value at a place, over a stretch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) connection: usize,
    pub(super) stream: Option<StreamId>,
    pub(super) metric: Metric,
    pub(super) value: f64,
    pub(super) before: Option<f64>,
}

/// One stretch with all that is known of it.
pub(super) struct Case<'a> {
    pub(super) connections: &'a [Connection],
    happenings: &'a [Happening],
    stretch: &'a Stretch,
    values: &'a Values,
    flow: Flow,
    part: Part,
}

impl<'a> Case<'a> {
    /// The whole of a stretch.
    pub(super) fn whole(connections: &'a [Connection], happenings: &'a [Happening], (stretch, values): (&'a Stretch, &'a Values)) -> Self {
        Self { connections, happenings, stretch, values, flow: stretch.flow, part: Part::Whole }
    }

    pub(super) fn flow(&self) -> Flow {
        self.flow
    }

    /// The same of what goes the other way.
    pub(super) fn reversed(&self) -> Self {
        let Flow { from, to, media } = self.flow;
        Self { flow: Flow { from: to, to: from, media }, ..*self }
    }

    /// The same of other media.
    pub(super) fn of(&self, media: MediaKind) -> Self {
        Self { flow: Flow { media: Some(media), ..self.flow }, ..*self }
    }

    /// The same over another part of the stretch.
    pub(super) fn over(&self, part: Part) -> Self {
        Self { part, ..*self }
    }

    /// Whether it is about the line between the two, in both directions.
    pub(super) fn is_line(&self) -> bool {
        self.flow.media.is_none()
    }

    /// The connections at the ends of the flow that are known.
    pub(super) fn ends(&self) -> impl Iterator<Item = usize> + use<> {
        let Flow { from, to, .. } = self.flow;
        [from, to].into_iter().flatten()
    }

    pub(super) fn carries(&self, media: MediaKind) -> bool {
        self.flow.media == Some(media)
    }

    /// Whether it begins with an issue that says that nothing of the flow arrives.
    pub(super) fn begins_with_nothing(&self) -> bool {
        self.stretch.begins_with_nothing
    }

    pub(super) fn fired(&self, rules: &[&str]) -> bool {
        self.stretch.rules.iter().any(|rule| rules.contains(&&**rule))
    }

    /// A value of a connection as a whole.
    pub(super) fn line(&self, end: Option<usize>, metric: Metric) -> Option<Reading> {
        self.reading(end?, None, metric)
    }

    fn reading(&self, connection: usize, stream: Option<StreamId>, metric: Metric) -> Option<Reading> {
        let value = self.values.during(self.part, connection, stream, metric)?;
        Some(Reading { connection, stream, metric, value, before: self.values.before(connection, stream, metric) })
    }

    /// Every stream of a connection in one direction, of the media of the flow (or any), that has a value.
    pub(super) fn streams(&self, connection: usize, direction: Direction, metric: Metric) -> impl Iterator<Item = Reading> + '_ {
        let media = self.flow.media;
        let wanted = move |id: &StreamId| id.direction == direction && media.is_none_or(|media| id.kind == media);
        self.values.streams(connection).filter(wanted).filter_map(move |stream| self.reading(connection, Some(stream), metric))
    }

    /// The worst value of any stream of a connection.
    pub(super) fn any(&self, end: Option<usize>, metric: Metric) -> Option<Reading> {
        let connection = end?;
        self.values.streams(connection).filter_map(|stream| self.reading(connection, Some(stream), metric)).reduce(worse)
    }

    /// The worst value of the streams that the sender sends in this flow.
    pub(super) fn sent(&self, metric: Metric) -> Option<Reading> {
        let Flow { from, to, .. } = self.flow;
        let readings = self.streams(from?, Direction::Outbound, metric).filter(|reading| self.is_towards(reading, to));
        readings.reduce(worse)
    }

    /// The worst value of the streams that the receiver receives in this flow.
    pub(super) fn received(&self, metric: Metric) -> Option<Reading> {
        let Flow { from, to, .. } = self.flow;
        let only = if from.is_none() { self.stretch.worst.1 } else { None };
        let readings = self.streams(to?, Direction::Inbound, metric).filter(|reading| self.is_towards(reading, from));
        readings.filter(|reading| only.is_none() || reading.stream == only).reduce(worse)
    }

    /// Whether a stream has the far end that it should have, where that is known.
    fn is_towards(&self, reading: &Reading, far: Option<usize>) -> bool {
        let found = reading.stream.and_then(|stream| Ends::new(self.connections).far(reading.connection, stream));
        far.is_none() || found.is_none() || found == far
    }

    /// The far end of a stream.
    pub(super) fn far(&self, reading: &Reading) -> Option<usize> {
        Ends::new(self.connections).far(reading.connection, reading.stream?)
    }

    /// Whether there is a media server: somebody else is there, and the ends do not talk directly.
    pub(super) fn has_server(&self) -> bool {
        match self.flow {
            Flow { from: Some(from), to: Some(to), .. } => !Ends::new(self.connections).are_direct(from, to),
            Flow { from, to, .. } => {
                let Some(own) = from.or(to) else { return false };
                let others =
                    self.connections.iter().enumerate().filter(|(_, other)| {
                        other.participant != self.connections[own].participant && other.is_beside(&self.connections[own])
                    });
                let ends = Ends::new(self.connections);
                let mut others = others.peekable();
                others.peek().is_some() && others.all(|(other, _)| !ends.are_direct(own, other))
            }
        }
    }

    /// Whether an end told anything during the stretch.
    pub(super) fn is_seen(&self, end: Option<usize>) -> bool {
        end.is_some_and(|end| self.values.has(self.part, end))
    }

    /// The other connections that tell of this stretch.
    pub(super) fn witnesses(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.connections.len()).filter(|&place| self.ends().all(|end| end != place) && self.values.has(self.part, place))
    }

    /// What happened to a participant from some seconds before the stretch up to its end.
    pub(super) fn happened(&self, end: Option<usize>, before_s: i64, is_it: impl Fn(&What) -> bool) -> Option<&Happening> {
        let connection = &self.connections[end?];
        let from = self.stretch.from.plus_micros(-before_s * 1_000_000);
        let is_theirs = |happening: &&Happening| {
            happening.participant == connection.participant && happening.connection.is_none_or(|key| key == connection.key)
        };
        let in_time = |happening: &&Happening| happening.time >= from && happening.time <= self.stretch.until;
        self.happenings.iter().filter(is_theirs).filter(in_time).find(|happening| is_it(&happening.what))
    }

    /// What a participant's events say in order of time, up to the end of the stretch.
    pub(super) fn history(&self, end: usize) -> impl Iterator<Item = &Happening> {
        let participant = self.connections[end].participant;
        self.happenings.iter().filter(move |happening| happening.participant == participant && happening.time <= self.stretch.until)
    }

    /// All that happened to a connection.
    pub(super) fn begun(&self, end: usize) -> impl Iterator<Item = &Happening> {
        let key = self.connections[end].key;
        self.happenings.iter().filter(move |happening| happening.connection == Some(key))
    }

    pub(super) fn beginning(&self) -> Option<Beginning> {
        self.stretch.beginning
    }

    pub(super) fn onset(&self) -> Timestamp {
        self.stretch.from
    }

    pub(super) fn until(&self) -> Timestamp {
        self.stretch.until
    }

    pub(super) fn evidence(&self, reading: &Reading) -> Evidence {
        let Reading { connection, stream, metric, value, before } = *reading;
        Evidence::Series { connection: self.connections[connection].key, stream, metric, value, before }
    }

    pub(super) fn event(happening: &Happening) -> Evidence {
        let Happening { participant, connection, time, kind, .. } = happening;
        Evidence::Event { participant: *participant, connection: *connection, time: *time, kind: kind.clone() }
    }

    /// What it comes to.
    pub(super) fn diagnose(&self) -> Diagnosis {
        let mut suspicions: Vec<Suspicion> = match self.stretch.beginning {
            Some(beginning) => beginning::suspect(self, beginning).into_iter().collect(),
            None => device::SUSPECT.iter().chain(network::SUSPECT).filter_map(|suspect| suspect(self)).collect(),
        };
        suspicions.retain(|suspicion| suspicion.confidence >= SURE);
        suspicions.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        let mut suspicions = suspicions.into_iter();
        let Suspicion { cause, side, hop, mut confidence, mut evidence } = suspicions.next().unwrap_or(Suspicion {
            cause: Cause::Unknown,
            side: Side::Unknown,
            hop: None,
            confidence: 0.0,
            evidence: Vec::new(),
        });
        if suspicions.next().is_some_and(|second| (second.side, second.hop) != (side, hop) && second.confidence > 0.9 * confidence) {
            confidence *= DOUBT;
        }
        let (connection, stream, metric) = self.stretch.worst;
        if let Some(worst) = self.reading(connection, stream, metric).map(|reading| self.evidence(&reading))
            && !evidence.contains(&worst)
        {
            evidence.push(worst);
        }
        if matches!(hop, Some(Hop::Uplink | Hop::Downlink)) || side == Side::Path {
            evidence.extend(self.ends().filter_map(|end| self.network(end)));
        }
        let Flow { from, to, media } = self.flow;
        let whose = |end: Option<usize>| end.map(|end| self.connections[end].participant);
        let (sender, receiver) = (whose(from), whose(to));
        Diagnosis {
            cause,
            side,
            hop,
            confidence,
            severity: self.stretch.severity,
            sender,
            receiver,
            media,
            connection: Some(self.connections[connection].key),
            from: self.stretch.from,
            until: self.stretch.until,
            rules: self.stretch.rules.clone(),
            evidence,
        }
    }

    fn network(&self, end: usize) -> Option<Evidence> {
        let Connection { key, network, .. } = &self.connections[end];
        Some(Evidence::Network { connection: *key, network: network.clone()? })
    }
}

/// The worse of two readings of one metric.
fn worse(a: Reading, b: Reading) -> Reading {
    let is_worse = match a.metric.better() {
        Better::Higher => b.value < a.value,
        Better::Lower | Better::Neither => b.value > a.value,
    };
    if is_worse { b } else { a }
}
