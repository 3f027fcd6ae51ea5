//! The inquiry into the poor stretches of a conference: which there are, what has to be read again for them, and what is found.

use std::cmp::Reverse;

use super::{
    Cause, Diagnosis, Happening, Side,
    case::Case,
    flow::{Beginning, Ends, Stretch},
    setup,
    values::Values,
};
use crate::{
    analysis::{Analysis, Stream, Tick},
    ids::{ParticipantKey, PeerConnectionKey},
    issue::Issue,
    report::Text,
    units::Timestamp,
};

/// Most poor stretches of a conference that are looked into: the worst and longest.
pub const STRETCHES_MAX: usize = 64;

/// Of conferences up to this size every connection is a witness of every stretch; of larger ones, those of the two participants.
const WITNESSES_MAX: usize = 16;

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
            let case = Case::whole(&self.connections, &self.happenings, (stretch, values));
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
