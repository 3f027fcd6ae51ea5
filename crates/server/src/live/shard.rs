//! The running conferences of one shard.

mod ask;

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    num::NonZeroUsize,
    sync::Arc,
};

use lru::LruCache;
use prometheus_client::metrics::gauge::Gauge;
use sidetone_engine::{
    analysis::{Analyzer, Output, Tick},
    diagnosis::{Connection, Diagnosis},
    ids::{AppKey, ConferenceId, ConferenceKey, ParticipantId, ParticipantKey, PeerConnectionId, PeerConnectionKey, UserId},
    issue::{Issue, Tuned},
    units::Timestamp,
};
use sidetone_store::record::Place;
use sidetone_wire::{
    batch::{Event, kind},
    mute::{Concerned, Silence},
    notice,
};

use tokio::sync::mpsc;

use super::{
    LiveBatch,
    channel::Channels,
    message::{ConferenceMessage, DiagnosisMessage, IssueMessage, ParticipantMessage, TICK, TickMessage},
    why::{Question, Why, is_recent},
};
use crate::model::{Millis, diagnosis::DiagnosisBody};

struct LiveConference {
    app: AppKey,
    conference_id: ConferenceId,
    start: Timestamp,
    participants: BTreeMap<ParticipantKey, LiveParticipant>,
    silence: Silence<ParticipantKey>,
    why: Why,
    /// The last issues of the connections that are over while the conference goes on.
    gone: VecDeque<(PeerConnectionKey, Issue)>,
}

impl LiveConference {
    /// Why it is poor, in words; participants are called by their user ids.
    fn said(&self) -> Vec<DiagnosisBody> {
        let name = |key: ParticipantKey| {
            let user_id = self.participants.get(&key).map(|participant| participant.user_id.as_str());
            user_id.filter(|user_id| !user_id.is_empty()).unwrap_or("somebody").to_owned()
        };
        self.why.diagnoses.iter().map(|diagnosis| DiagnosisBody::new(diagnosis, &name)).collect()
    }
}

struct LiveParticipant {
    user_id: UserId,
    participant_id: ParticipantId,
    joined: Timestamp,
    /// When the server last received something.
    heard: Timestamp,
    peer_connections: Vec<PeerConnectionKey>,
    /// When it left; kept until the time-out, so that a batch that was overtaken does not bring it back.
    left: Option<Timestamp>,
}

struct LivePeerConnection {
    peer_connection_id: PeerConnectionId,
    /// By which the analyzer judges.
    rules: Tuned,
    analyzer: Analyzer,
    latest: Option<Tick>,
    /// Those that last.
    issues: Vec<Issue>,
    /// The last of those that are over.
    over: VecDeque<Issue>,
}

/// Issues of one peer connection that are over and still told of.
const OVER_MAX: usize = 64;

/// Issues of connections that are over, for one running conference.
const GONE_MAX: usize = 512;

pub(crate) struct Shard {
    channels: Arc<Channels>,
    conferences: HashMap<ConferenceKey, LiveConference>,
    participants_max: usize,
    participant_count: usize,
    peer_connections: LruCache<PeerConnectionKey, LivePeerConnection>,
    gauge: Gauge,
    /// Where conferences are diagnosed.
    ask: mpsc::Sender<Question>,
}

impl Shard {
    pub(super) fn new(analyzers_max: usize, channels: Arc<Channels>, gauge: Gauge, ask: mpsc::Sender<Question>) -> Self {
        let peer_connections = LruCache::sparse(NonZeroUsize::new(analyzers_max).unwrap_or(NonZeroUsize::MIN));
        Self { channels, conferences: HashMap::new(), participants_max: analyzers_max, participant_count: 0, peer_connections, gauge, ask }
    }

    /// Takes in one stored batch; `false` when there is no room for its participant.
    pub(crate) fn take(&mut self, place: Place, mut batch: LiveBatch) -> bool {
        if batch.is_afterthought {
            self.hear(place, batch.received);
            return true;
        }
        if self.participant_count >= self.participants_max && !self.knows(place) {
            return false;
        }
        let Some(participant) = self.meet(place, &batch) else { return true };
        participant.heard = batch.received;
        self.listen(place.conference, place.participant, &batch.events);
        let participants = self.conferences.get_mut(&place.conference).map(|conference| &mut conference.participants);
        let Some(participant) = participants.and_then(|participants| participants.get_mut(&place.participant)) else { return true };
        if let Some(key) = place.peer_connection.filter(|key| !participant.peer_connections.contains(key)) {
            participant.peer_connections.push(key);
        }
        let concerned = place.peer_connection.map_or_else(|| participant.peer_connections.clone(), |key| vec![key]);
        if let Some(key) = place.peer_connection {
            self.follow(place, key, &batch);
        }
        self.notice(&concerned, &batch.events);
        if let Some(key) = place.peer_connection {
            if !batch.reports.is_empty() {
                batch.reports.shift(batch.shift_us);
                self.analyze(place, key, &batch);
            }
            if batch.closed {
                self.part_with(place, key);
                let conference = self.conferences.get_mut(&place.conference);
                if let Some(participant) = conference.and_then(|conference| conference.participants.get_mut(&place.participant)) {
                    participant.peer_connections.retain(|held| *held != key);
                }
            }
        }
        self.ask_why(place.conference, batch.received);
        if let Some(left) = batch.left {
            self.end(place.conference, place.participant, left, false);
        }
        true
    }

    /// Notes that something was heard of a participant who is there.
    fn hear(&mut self, place: Place, received: Timestamp) {
        let participants = self.conferences.get_mut(&place.conference).map(|conference| &mut conference.participants);
        let participant = participants.and_then(|participants| participants.get_mut(&place.participant));
        if let Some(participant) = participant.filter(|participant| participant.left.is_none()) {
            participant.heard = received;
        }
    }

    fn knows(&self, place: Place) -> bool {
        self.conferences.get(&place.conference).is_some_and(|conference| conference.participants.contains_key(&place.participant))
    }

    /// The participant of the batch, made known if it is new. `None` when the batch is a straggler of one who left.
    fn meet(&mut self, place: Place, batch: &LiveBatch) -> Option<&mut LiveParticipant> {
        let channels = &self.channels;
        let (app, key) = (batch.app, place.conference);
        let conference = self.conferences.entry(key).or_insert_with(|| {
            channels.publish(app, key, "conference_started", || conference_message(key, &batch.conference_id, batch.span.0));
            LiveConference {
                app,
                conference_id: batch.conference_id.clone(),
                start: batch.span.0,
                participants: BTreeMap::new(),
                silence: Silence::default(),
                why: Why::default(),
                gone: VecDeque::new(),
            }
        });
        let participant_count = &mut self.participant_count;
        let participant = conference.participants.entry(place.participant).or_insert_with(|| {
            *participant_count += 1;
            let participant = LiveParticipant {
                user_id: batch.user_id.clone(),
                participant_id: batch.participant_id.clone(),
                joined: batch.span.0,
                heard: batch.received,
                peer_connections: Vec::new(),
                left: None,
            };
            channels.publish(app, key, "participant_joined", || participant_message(place, &participant, batch.span.0, false));
            participant
        });
        match participant.left {
            Some(left) if batch.span.1 <= left => None,
            Some(_) => {
                participant.left = None;
                channels.publish(app, key, "participant_joined", || participant_message(place, participant, batch.span.0, false));
                Some(participant)
            }
            None => Some(participant),
        }
    }

    /// Makes room for a peer connection that is new.
    fn follow(&mut self, place: Place, key: PeerConnectionKey, batch: &LiveBatch) {
        if !self.peer_connections.contains(&key) {
            let mut analyzer = Analyzer::live(&batch.rules.rules());
            let silence = self.conferences.get(&place.conference).map(|conference| conference.silence.state(place.participant));
            silence.unwrap_or_default().into_iter().for_each(|change| analyzer.set_mute(change));
            let peer_connection = LivePeerConnection {
                peer_connection_id: batch.peer_connection_id.clone(),
                rules: batch.rules.clone(),
                analyzer,
                latest: None,
                issues: Vec::new(),
                over: VecDeque::new(),
            };
            if self.peer_connections.push(key, peer_connection).is_none() {
                self.gauge.inc();
            }
        }
    }

    /// Tells the analyzers of these connections what events say of them.
    fn notice(&mut self, keys: &[PeerConnectionKey], events: &[Event]) {
        for key in keys {
            let Some(held) = self.peer_connections.peek_mut(key) else { continue };
            events.iter().filter_map(notice::read).for_each(|notice| held.analyzer.notice(notice));
        }
    }

    fn analyze(&mut self, place: Place, key: PeerConnectionKey, batch: &LiveBatch) {
        let Some(LivePeerConnection { rules, analyzer, latest, issues, over, .. }) = self.peer_connections.get_mut(&key) else { return };
        let channels = &self.channels;
        let mut has_changed = false;
        let mut tell = |output: Output<'_>| match output {
            Output::Tick(tick) => {
                channels.publish(batch.app, place.conference, TICK, || {
                    let (conference, participant, peer_connection) =
                        (place.conference.to_string(), place.participant.to_string(), key.to_string());
                    TickMessage { conference, participant, peer_connection, tick: tick.into() }
                });
                *latest = Some(tick.clone());
            }
            Output::Raised(issue) | Output::Escalated(issue) => {
                let name = if matches!(output, Output::Raised(_)) { "issue_raised" } else { "issue_escalated" };
                channels.publish(batch.app, place.conference, name, || issue_message(place, key, issue));
                issues.retain(|held| (&held.rule, held.stream) != (&issue.rule, issue.stream));
                issues.push(issue.clone());
                has_changed = true;
            }
            Output::Cleared(issue) => {
                channels.publish(batch.app, place.conference, "issue_cleared", || issue_message(place, key, issue));
                issues.retain(|held| (&held.rule, held.stream) != (&issue.rule, issue.stream));
                if over.len() == OVER_MAX {
                    over.pop_front();
                }
                over.push_back(issue.clone());
                has_changed = true;
            }
        };
        if *rules != batch.rules {
            analyzer.set_rules(&batch.rules.rules(), &mut tell);
            *rules = batch.rules.clone();
        }
        analyzer.push(&batch.reports, &mut tell);
        if let Some(conference) = self.conferences.get_mut(&place.conference).filter(|_| has_changed) {
            conference.why.is_stale = true;
        }
    }

    /// Asks why a conference is poor, if it is and the time has come.
    fn ask_why(&mut self, key: ConferenceKey, now: Timestamp) {
        let Some(conference) = self.conferences.get_mut(&key).filter(|conference| conference.why.is_due(now)) else { return };
        let mut connections = Vec::new();
        let mut is_poor = false;
        for (participant, held) in &conference.participants {
            for key in &held.peer_connections {
                let Some(held) = self.peer_connections.peek_mut(key) else { continue };
                let recent = held.over.iter().filter(|issue| issue.cleared.is_none_or(|cleared| is_recent(cleared, now)));
                let mut analysis = held.analyzer.analysis();
                analysis.issues.extend(recent.cloned());
                is_poor |= !analysis.issues.is_empty();
                connections.extend(Connection::new(*key, *participant, &analysis));
            }
        }
        let why = &mut conference.why;
        why.asked = Some(now);
        if !is_poor {
            why.is_stale = false;
            if !why.diagnoses.is_empty() {
                self.know(key, Some(Vec::new()), now);
            }
            return;
        }
        let question = Question { app: conference.app, conference: key, connections, now };
        why.is_asked = self.ask.try_send(question).is_ok();
        why.is_stale = !why.is_asked;
    }

    /// Takes an answer, and tells it when it says something else than the one before; `None` when there is none.
    pub(super) fn know(&mut self, key: ConferenceKey, answer: Option<Vec<Diagnosis>>, now: Timestamp) {
        let Some(conference) = self.conferences.get_mut(&key) else { return };
        conference.why.is_asked = false;
        let Some(diagnoses) = answer.filter(|answer| *answer != conference.why.diagnoses) else { return };
        conference.why.diagnoses = diagnoses;
        self.channels.publish(conference.app, key, "diagnosis", || DiagnosisMessage {
            conference: key.to_string(),
            time_ms: Millis(now),
            diagnoses: conference.said(),
        });
    }

    /// Tells the analyzers of a conference who is silent on purpose.
    fn listen(&mut self, key: ConferenceKey, participant: ParticipantKey, events: &[Event]) {
        let Some(LiveConference { participants, silence, .. }) = self.conferences.get_mut(&key) else { return };
        for (concerned, change) in events.iter().flat_map(|event| silence.hear(participant, event)) {
            let is_concerned = |key: &ParticipantKey| match concerned {
                Concerned::One(one) => *key == one,
                Concerned::AllBut(one) => *key != one,
            };
            for peer_connection in participants.iter().filter(|(key, _)| is_concerned(key)).flat_map(|(_, held)| &held.peer_connections) {
                if let Some(held) = self.peer_connections.peek_mut(peer_connection) {
                    held.analyzer.set_mute(change.clone());
                }
            }
        }
    }

    /// Ends one participant, and the conference with its last.
    fn end(&mut self, key: ConferenceKey, participant_key: ParticipantKey, at: Timestamp, timed_out: bool) {
        let Some(conference) = self.conferences.get_mut(&key) else { return };
        let Some(participant) = conference.participants.get_mut(&participant_key).filter(|participant| participant.left.is_none()) else {
            return;
        };
        participant.left = Some(at);
        let peer_connections = std::mem::take(&mut participant.peer_connections);
        let place = Place { conference: key, participant: participant_key, peer_connection: None };
        for peer_connection in peer_connections {
            self.part_with(place, peer_connection);
        }
        let Some(conference) = self.conferences.get(&key) else { return };
        let Some(participant) = conference.participants.get(&participant_key) else { return };
        self.channels.publish(conference.app, key, "participant_left", || participant_message(place, participant, at, timed_out));
        if conference.participants.values().all(|participant| participant.left.is_some()) {
            self.channels.publish(conference.app, key, "conference_ended", || conference_message(key, &conference.conference_id, at));
        }
        self.listen(key, participant_key, &[Event { time: at, kind: kind::LEFT.to_owned(), payload: "{}".to_owned() }]);
    }

    /// Forgets a connection that is over, but not its issues: those that lasted end with its last report, and that is told.
    fn part_with(&mut self, place: Place, key: PeerConnectionKey) {
        let Some(held) = self.peer_connections.pop(&key) else { return };
        self.gauge.dec();
        let Some(conference) = self.conferences.get_mut(&place.conference) else { return };
        let end = held.latest.map(|tick| tick.time);
        let lasting: Vec<_> = held.issues.into_iter().map(|issue| Issue { cleared: end, ..issue }).collect();
        for issue in &lasting {
            self.channels.publish(conference.app, place.conference, "issue_cleared", || issue_message(place, key, issue));
        }
        conference.gone.extend(held.over.into_iter().chain(lasting).map(|issue| (key, issue)));
        let excess = conference.gone.len().saturating_sub(GONE_MAX);
        conference.gone.drain(..excess);
    }

    /// Ends participants that were silent, and forgets those who left before.
    pub(crate) fn sweep(&mut self, silent_since: Timestamp) {
        let silent: Vec<_> = self
            .conferences
            .iter()
            .flat_map(|(key, conference)| {
                conference.participants.iter().map(move |(participant_key, participant)| (*key, *participant_key, participant))
            })
            .filter(|(_, _, participant)| participant.heard < silent_since)
            .map(|(key, participant_key, participant)| (key, participant_key, participant.heard))
            .collect();
        for &(key, participant_key, heard) in &silent {
            self.end(key, participant_key, heard, true);
        }
        for (key, participant_key, _) in silent {
            if let Some(conference) = self.conferences.get_mut(&key) {
                self.participant_count -= usize::from(conference.participants.remove(&participant_key).is_some());
                if conference.participants.is_empty() {
                    self.conferences.remove(&key);
                }
            }
        }
    }
}

fn conference_message(key: ConferenceKey, conference_id: &ConferenceId, time: Timestamp) -> ConferenceMessage<'_> {
    ConferenceMessage { conference: key.to_string(), conference_id: conference_id.as_str(), time_ms: Millis(time) }
}

fn issue_message(place: Place, key: PeerConnectionKey, issue: &Issue) -> IssueMessage {
    let (conference, participant, peer_connection) = (place.conference.to_string(), place.participant.to_string(), key.to_string());
    IssueMessage { conference, participant, peer_connection, issue: issue.into() }
}

fn participant_message(place: Place, participant: &LiveParticipant, time: Timestamp, timed_out: bool) -> ParticipantMessage<'_> {
    ParticipantMessage {
        conference: place.conference.to_string(),
        participant: place.participant.to_string(),
        user_id: participant.user_id.as_str(),
        participant_id: participant.participant_id.as_str(),
        time_ms: Millis(time),
        timed_out,
    }
}
