//! Why the calls of a file were poor: their diagnoses, as text and as JSON.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sidetone_engine::{
    analysis::{Analyzer, Output},
    diagnosis::{Connection, Diagnosis, Evidence, Hop, Inquiry},
    ids::{ConferenceId, ParticipantId, ParticipantKey, PeerConnectionKey},
    issue::RuleSet,
    units::Timestamp,
};
use sidetone_server::{calendar, import::CallFile};
use sidetone_wire::happening;

use crate::{
    call_file::ScoredConnection,
    score::{direction, kind},
};

/// The diagnoses of one conference of a file, with the names of those who were in it.
pub(crate) struct Diagnosed {
    pub(crate) conference: ConferenceId,
    diagnoses: Vec<Diagnosis>,
    participants: BTreeMap<ParticipantKey, String>,
    connections: BTreeMap<PeerConnectionKey, String>,
}

/// The diagnoses of every conference of a file; `scored` is what its connections were found to be.
pub(crate) fn diagnose(file: &CallFile, scored: &[ScoredConnection<'_>]) -> Vec<Diagnosed> {
    let mut conferences: Vec<&ConferenceId> = file.batches.iter().map(|batch| &batch.conference_id).collect();
    conferences.sort();
    conferences.dedup();
    conferences.into_iter().map(|conference| diagnose_one(file, scored, conference)).collect()
}

fn diagnose_one(file: &CallFile, scored: &[ScoredConnection<'_>], conference: &ConferenceId) -> Diagnosed {
    let batches = || file.batches.iter().filter(|batch| batch.conference_id == *conference);
    let mut keys: BTreeMap<&ParticipantId, ParticipantKey> = BTreeMap::new();
    let mut participants = BTreeMap::new();
    for batch in batches() {
        let next = ParticipantKey::mint(Timestamp::default(), keys.len() as u128);
        let key = *keys.entry(&batch.participant_id).or_insert(next);
        let id = [batch.user_id.as_str(), batch.participant_id.as_str()].into_iter().find(|id| !id.is_empty()).unwrap_or("somebody");
        participants.entry(key).or_insert_with(|| id.to_owned());
    }
    let of_conference = || scored.iter().enumerate().filter(|(_, scored)| scored.first.conference_id == *conference);
    let key_of = |index: usize| PeerConnectionKey::mint(Timestamp::default(), index as u128);
    let connections = of_conference().filter_map(|(index, scored)| {
        let analysis = &scored.analysis;
        Some(Connection {
            key: key_of(index),
            participant: *keys.get(&scored.first.participant_id)?,
            span: analysis.span?,
            streams: analysis.streams.iter().map(|stream| stream.stream.clone()).collect(),
            issues: analysis.issues.clone(),
            network: analysis.network.clone(),
        })
    });
    let names: BTreeMap<_, _> =
        of_conference().map(|(index, scored)| (key_of(index), scored.first.peer_connection_id.to_string())).collect();
    let happenings = batches().flat_map(|batch| {
        let participant = keys[&batch.participant_id];
        let connection = of_conference().find(|(_, scored)| {
            scored.first.participant_id == batch.participant_id && scored.first.peer_connection_id == batch.peer_connection_id
        });
        let connection = connection.map(|(index, _)| key_of(index));
        batch.events.iter().filter_map(move |event| happening::read(participant, connection, event))
    });
    let mut inquiry = Inquiry::new(connections.collect(), happenings.collect());
    let no_rules = RuleSet { rules: Vec::new(), ..RuleSet::default() };
    for (index, scored) in of_conference() {
        let key = key_of(index);
        if inquiry.wanted(key).is_none() {
            continue;
        }
        let mut analyzer = Analyzer::live(&no_rules);
        let id = |batch: &sidetone_wire::batch::Batch| (batch.participant_id.clone(), batch.peer_connection_id.clone());
        let mut own: Vec<_> = batches().filter(|batch| id(batch) == id(scored.first)).collect();
        own.sort_by_key(|batch| batch.batch_seq);
        for batch in own {
            analyzer.push(&batch.reports, &mut |output| {
                if let Output::Tick(tick) = output {
                    inquiry.read(key, tick);
                }
            });
        }
    }
    Diagnosed { conference: conference.clone(), diagnoses: inquiry.finish(), participants, connections: names }
}

impl Diagnosed {
    fn name(&self, key: ParticipantKey) -> String {
        self.participants.get(&key).cloned().unwrap_or_else(|| "somebody".to_owned())
    }

    fn connection(&self, key: PeerConnectionKey) -> &str {
        self.connections.get(&key).map_or("", String::as_str)
    }

    pub(crate) fn as_text(&self) -> String {
        let mut text = String::new();
        for diagnosis in &self.diagnoses {
            let seconds = diagnosis.until.since(diagnosis.from).unwrap_or_default().as_secs_f64();
            let place = diagnosis.hop.map_or_else(String::new, |hop| format!(", {}", hop.name()));
            let confidence =
                if diagnosis.confidence > 0.0 { format!(", {:.0} % sure", diagnosis.confidence * 100.0) } else { String::new() };
            text += &format!(
                "\nwhy, {} UTC, for {seconds:.0} s: {}\n  cause: {} ({}{place}{confidence})\n  try:   {}\n",
                calendar::show(diagnosis.from),
                diagnosis.sentence(&|key| self.name(key)),
                diagnosis.cause.name(),
                diagnosis.side.name(),
                diagnosis.advice(),
            );
            for evidence in &diagnosis.evidence {
                text += &format!("  seen:  {}\n", self.witness(evidence));
            }
        }
        text
    }

    fn witness(&self, evidence: &Evidence) -> String {
        match evidence {
            Evidence::Series { connection, stream, metric, value, before } => {
                let stream = stream.map_or_else(String::new, |id| format!(" {} {} {}", direction(id.direction), kind(id.kind), id.ssrc));
                let before = before.map_or_else(String::new, |before| format!(", {before:.3} before"));
                format!("{}{stream} {} {value:.3}{before}", self.connection(*connection), metric.name())
            }
            Evidence::Event { participant, time, kind, .. } => format!("{} {kind} at {}", self.name(*participant), calendar::show(*time)),
            Evidence::Network { connection, network } => format!("{} used {network}", self.connection(*connection)),
        }
    }

    pub(crate) fn as_json(&self) -> Vec<Value> {
        self.diagnoses.iter().map(|diagnosis| self.one_as_json(diagnosis)).collect()
    }

    fn one_as_json(&self, diagnosis: &Diagnosis) -> Value {
        json!({
            "conference_id": self.conference.as_str(),
            "cause": diagnosis.cause.name(),
            "side": diagnosis.side.name(),
            "hop": diagnosis.hop.map(Hop::name),
            "confidence": diagnosis.confidence,
            "severity": diagnosis.severity.name(),
            "sender": diagnosis.sender.map(|key| self.name(key)),
            "receiver": diagnosis.receiver.map(|key| self.name(key)),
            "media": diagnosis.media.map(kind),
            "peer_connection_id": diagnosis.connection.map(|key| self.connection(key)),
            "from_ms": diagnosis.from.as_millis_f64(),
            "until_ms": diagnosis.until.as_millis_f64(),
            "rules": diagnosis.rules.iter().map(|rule| &**rule).collect::<Vec<_>>(),
            "sentence": diagnosis.sentence(&|key| self.name(key)),
            "advice": diagnosis.advice(),
            "evidence": diagnosis.evidence.iter().map(|evidence| self.witness_as_json(evidence)).collect::<Vec<_>>(),
        })
    }

    fn witness_as_json(&self, evidence: &Evidence) -> Value {
        match evidence {
            Evidence::Series { connection, stream, metric, value, before } => json!({
                "type": "series",
                "peer_connection_id": self.connection(*connection),
                "stream": stream.map(|id| json!({"direction": direction(id.direction), "kind": kind(id.kind), "ssrc": id.ssrc})),
                "metric": metric.name(),
                "value": value,
                "before": before,
            }),
            Evidence::Event { participant, connection, time, kind } => json!({
                "type": "event",
                "participant": self.name(*participant),
                "peer_connection_id": connection.map(|key| self.connection(key)),
                "time_ms": time.as_millis_f64(),
                "kind": &**kind,
            }),
            Evidence::Network { connection, network } => {
                json!({"type": "network", "peer_connection_id": self.connection(*connection), "network": &**network})
            }
        }
    }
}
