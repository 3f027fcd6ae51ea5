//! The inquiry: what is known of the connections of a conference, stretch by stretch.

use std::cmp::Reverse;

use super::{
    Cause, Diagnosis, Evidence, Happening, Hop, Side, What, beginning, device,
    flow::{Beginning, Ends, Flow, Stretch},
    network, setup,
    values::{Part, Values},
};
use crate::{
    analysis::{Analysis, Direction, MediaKind, Stream, StreamId, Tick},
    ids::{ParticipantKey, PeerConnectionKey},
    issue::Issue,
    metric::{Better, Metric},
    report::Text,
    units::Timestamp,
};

/// Most poor stretches of a conference that are looked into: the worst and longest.
pub const STRETCHES_MAX: usize = 64;

/// Of conferences up to this size every connection is a witness of every stretch; of larger ones, those of the two participants.
const WITNESSES_MAX: usize = 16;

/// A suspicion that is less sure than this is none.
const SURE: f64 = 0.5;

/// A stream with less than this carries nothing, bit/s: silence of Opus takes more, at a packet every 0.4 s.
pub(super) const NOTHING_BPS: f64 = 500.0;

/// What another suspicion that is nearly as sure leaves of a confidence.
const DOUBT: f64 = 0.85;

/// A peer connection as the diagnosis sees it.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Key.
    pub key: PeerConnectionKey,
    /// Whose.
    pub participant: ParticipantKey,
    /// First and last report.
    pub span: (Timestamp, Timestamp),
    /// Its streams.
    pub streams: Vec<Stream>,
    /// Its issues.
    pub issues: Vec<Issue>,
    /// The kind of network that it used last.
    pub network: Option<Text>,
}

impl Connection {
    /// Of an analysed peer connection; `None` when it had no report.
    #[must_use]
    pub fn new(key: PeerConnectionKey, participant: ParticipantKey, analysis: &Analysis) -> Option<Self> {
        Some(Self {
            key,
            participant,
            span: analysis.span?,
            streams: analysis.streams.iter().map(|stream| stream.stream.clone()).collect(),
            issues: analysis.issues.clone(),
            network: analysis.network.clone(),
        })
    }

    /// Whether the two were there at the same time.
    pub(super) fn is_beside(&self, other: &Self) -> bool {
        self.span.0 <= other.span.1 && other.span.0 <= self.span.1
    }
}

/// Looks into the poor stretches of a conference.
///
/// Ask [`Inquiry::wanted`] which spans of which connections matter, [`Inquiry::read`] the ticks of these again, and [`Inquiry::finish`].
#[derive(Debug)]
pub struct Inquiry {
    connections: Vec<Connection>,
    happenings: Vec<Happening>,
    stretches: Vec<(Stretch, Values)>,
}

impl Inquiry {
    /// An inquiry into these connections; `happenings` in any order.
    #[must_use]
    pub fn new(connections: Vec<Connection>, mut happenings: Vec<Happening>) -> Self {
        happenings.sort_by_key(|happening| happening.time);
        let mut stretches = Ends::new(&connections).stretches();
        stretches.sort_by_key(|stretch| Reverse((stretch.severity, stretch.until.since(stretch.from))));
        stretches.truncate(STRETCHES_MAX);
        stretches.sort_by_key(|stretch| (stretch.from, stretch.flow));
        let with_values = |stretch: Stretch| {
            let values = Values::of(stretch.from, stretch.until, stretch.beginning.is_some());
            (stretch, values)
        };
        Self { connections, happenings, stretches: stretches.into_iter().map(with_values).collect() }
    }

    fn is_witness(&self, stretch: &Stretch, place: usize) -> bool {
        let own = &self.connections[place];
        self.connections.len() <= WITNESSES_MAX
            || [stretch.flow.from, stretch.flow.to].into_iter().flatten().any(|end| self.connections[end].participant == own.participant)
    }

    /// The span of a connection whose ticks are wanted; `None`: none of them.
    #[must_use]
    pub fn wanted(&self, connection: PeerConnectionKey) -> Option<(Timestamp, Timestamp)> {
        let place = self.connections.iter().position(|held| held.key == connection)?;
        let spans = self.stretches.iter().filter(|(stretch, _)| self.is_witness(stretch, place)).map(|(_, values)| values.span());
        spans.reduce(|all, span| (all.0.min(span.0), all.1.max(span.1)))
    }

    /// Takes a tick of a connection.
    pub fn read(&mut self, connection: PeerConnectionKey, tick: &Tick) {
        let Some(place) = self.connections.iter().position(|held| held.key == connection) else { return };
        let mut stretches = std::mem::take(&mut self.stretches);
        for (stretch, values) in &mut stretches {
            if self.is_witness(stretch, place) {
                values.read(place, tick);
            }
        }
        self.stretches = stretches;
    }

    /// What it comes to: setup failures first, then each poor stretch in order of time; those of one cause that overlap are one.
    #[must_use]
    pub fn finish(&self) -> Vec<Diagnosis> {
        let mut diagnoses: Vec<Diagnosis> = setup::diagnose(&self.connections, &self.happenings);
        for (stretch, values) in &self.stretches {
            let case = Case {
                connections: &self.connections,
                happenings: &self.happenings,
                stretch,
                values,
                flow: stretch.flow,
                part: Part::Whole,
            };
            // What never came to be is told already.
            if diagnoses
                .iter()
                .any(|told| told.cause.is_setup_failure() && case.ends().any(|end| Some(case.connections[end].key) == told.connection))
            {
                continue;
            }
            let diagnosis = case.diagnose();
            // The call stood before, and nobody waited.
            if diagnosis.cause == Cause::Unknown && stretch.beginning == Some(Beginning::Gathering) {
                continue;
            }
            let same = diagnoses.iter_mut().find(|told| {
                let ends = |diagnosis: &Diagnosis| (diagnosis.sender, diagnosis.receiver);
                let whose = |diagnosis: &Diagnosis| (diagnosis.cause, diagnosis.side, diagnosis.hop);
                let is_both = told.media.is_none() || diagnosis.media.is_none();
                let is_turned = is_both && ends(told) == (diagnosis.receiver, diagnosis.sender) && told.side == Side::Path;
                whose(told) == whose(&diagnosis)
                    && (ends(told) == ends(&diagnosis) || is_turned)
                    && told.from <= diagnosis.until
                    && diagnosis.from <= told.until
            });
            match same {
                Some(told) => join(told, diagnosis),
                None => diagnoses.push(diagnosis),
            }
        }
        // What is only out of step may be late by what the other stream tells more of.
        explain_by_others(&mut diagnoses, Cause::OutOfStep);
        explain_by_others(&mut diagnoses, Cause::Unknown);
        diagnoses.sort_by_key(|diagnosis| (!diagnosis.cause.is_setup_failure(), diagnosis.from));
        diagnoses
    }
}

/// What is of this cause alone is explained by what another stream from the same sender to the same receiver suffers at the same time.
fn explain_by_others(diagnoses: &mut Vec<Diagnosis>, cause: Cause) {
    let (open, mut known): (Vec<_>, Vec<_>) =
        std::mem::take(diagnoses).into_iter().partition(|diagnosis| diagnosis.cause == cause && diagnosis.media.is_some());
    let mut unexplained = Vec::new();
    for stretch in open {
        let lasts = |from: Timestamp, until: Timestamp| until.since(from).unwrap_or_default();
        let explains = |told: &&mut Diagnosis| {
            (told.sender, told.receiver) == (stretch.sender, stretch.receiver)
                && told.cause.is_of_all_media()
                && 2 * lasts(told.from.max(stretch.from), told.until.min(stretch.until)) >= lasts(stretch.from, stretch.until)
        };
        let surer = |a: &&mut Diagnosis, b: &&mut Diagnosis| a.confidence.total_cmp(&b.confidence);
        match known.iter_mut().filter(explains).max_by(surer) {
            Some(told) => join(told, stretch),
            None => unexplained.push(stretch),
        }
    }
    diagnoses.append(&mut known);
    diagnoses.append(&mut unexplained);
}

/// Makes one of two that tell the same.
fn join(told: &mut Diagnosis, other: Diagnosis) {
    told.severity = told.severity.max(other.severity);
    told.confidence = told.confidence.max(other.confidence);
    told.from = told.from.min(other.from);
    told.until = told.until.max(other.until);
    told.rules.extend(other.rules);
    if told.media != other.media {
        told.media = None;
    }
    let new: Vec<_> = other.evidence.into_iter().filter(|evidence| !told.evidence.contains(evidence)).collect();
    told.evidence.extend(new);
}

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

impl Case<'_> {
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

    fn diagnose(&self) -> Diagnosis {
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
