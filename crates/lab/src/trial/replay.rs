//! A trial as the engine sees it: the issues of every connection and the diagnoses of the call.

use std::collections::BTreeMap;

use sidetone_engine::{
    analysis::{Analyzer, Direction, MediaKind, Output, Tick},
    diagnosis::{Connection, Diagnosis, Inquiry},
    ids::{ParticipantId, ParticipantKey, PeerConnectionKey},
    issue::{Issue, RuleSet},
    metric::Metric,
    units::Timestamp,
};
use sidetone_wire::{batch::Batch, happening, mute, notice, portable::PortableConference};

/// An issue and at whose end it was told.
#[derive(Clone, Debug)]
pub struct Told {
    /// `a`, `b` or `c`.
    pub whose: String,
    /// What.
    pub issue: Issue,
}

/// A diagnosis and whom it names.
#[derive(Clone, Debug)]
pub struct Explained {
    /// On whose side it lies, if on one's.
    pub culprit: Option<String>,
    /// What.
    pub diagnosis: Diagnosis,
}

/// All that is told of a call.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    /// Issues of all ends.
    pub told: Vec<Told>,
    /// Diagnoses.
    pub explained: Vec<Explained>,
    /// For how many milliseconds an end held sound back in its jitter buffer, and when: every second of every end, once rules judge it.
    pub held_back: Vec<(Timestamp, f64)>,
}

/// Gives a recording to the engine, as a server gets it: every event, and the reports of each connection in order.
#[must_use]
pub fn replay(conference: &PortableConference, rules: &RuleSet) -> Replay {
    let mut participants: BTreeMap<&ParticipantId, ParticipantKey> = BTreeMap::new();
    for batch in &conference.batches {
        let next = ParticipantKey::mint(Timestamp::default(), participants.len() as u128);
        participants.entry(&batch.participant_id).or_insert(next);
    }
    let with_reports: Vec<&Batch> = conference.batches.iter().filter(|batch| !batch.reports.is_empty()).collect();
    let keyed =
        || with_reports.iter().enumerate().map(|(index, batch)| (PeerConnectionKey::mint(Timestamp::default(), index as u128), *batch));
    let events = || conference.batches.iter().flat_map(|batch| batch.events.iter().map(|event| (&batch.participant_id, event)));
    let mut replay = Replay::default();
    let mut connections = Vec::new();
    for (key, batch) in keyed() {
        let mut analyzer = Analyzer::new(rules);
        mute::changes(events(), &batch.participant_id).into_iter().for_each(|change| analyzer.set_mute(change));
        let own = conference.batches.iter().filter(|other| other.participant_id == batch.participant_id);
        let own = own.filter(|other| other.peer_connection_id == batch.peer_connection_id || other.peer_connection_id.as_str().is_empty());
        own.flat_map(|batch| &batch.events).filter_map(notice::read).for_each(|notice| analyzer.notice(notice));
        let mut began = None;
        analyzer.push(&batch.reports, &mut |output| {
            let Output::Tick(tick) = output else { return };
            let began = *began.get_or_insert(tick.time);
            if tick.time.since(began).is_some_and(|age| age >= rules.settle) {
                replay.held_back.extend(held_back(tick).map(|ms| (tick.time, ms)));
            }
        });
        let analysis = analyzer.finish();
        let whose = batch.participant_id.as_str();
        replay.told.extend(analysis.issues.iter().map(|issue| Told { whose: whose.to_owned(), issue: issue.clone() }));
        connections.extend(Connection::new(key, participants[&batch.participant_id], &analysis));
    }
    let happenings = conference.batches.iter().flat_map(|batch| {
        let of = keyed()
            .find(|(_, other)| (&other.participant_id, &other.peer_connection_id) == (&batch.participant_id, &batch.peer_connection_id));
        let participant = participants[&batch.participant_id];
        batch.events.iter().filter_map(move |event| happening::read(participant, of.map(|(key, _)| key), event))
    });
    let mut inquiry = Inquiry::new(connections, happenings.collect());
    let no_rules = RuleSet { rules: Vec::new(), ..RuleSet::default() };
    for (key, batch) in keyed() {
        if inquiry.wanted(key).is_some() {
            Analyzer::live(&no_rules).push(&batch.reports, &mut |output| {
                if let Output::Tick(tick) = output {
                    inquiry.read(key, tick);
                }
            });
        }
    }
    let name = |key: ParticipantKey| participants.iter().find(|(_, held)| **held == key).map(|(id, _)| id.as_str().to_owned());
    let explained = |diagnosis: Diagnosis| Explained { culprit: diagnosis.culprit().and_then(name), diagnosis };
    replay.explained = inquiry.finish().into_iter().map(explained).collect();
    replay
}

/// The most that any received sound waits in its jitter buffer.
fn held_back(tick: &Tick) -> Option<f64> {
    let heard = tick.streams.iter().filter(|tick| tick.stream.direction == Direction::Inbound && tick.stream.kind == MediaKind::Audio);
    heard.filter_map(|tick| tick.values.get(Metric::JitterBufferDelay)).reduce(f64::max)
}
