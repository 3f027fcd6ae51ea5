//! What is asked of a shard.

use std::collections::BTreeMap;

use sidetone_engine::{
    diagnosis::Diagnosis,
    ids::{AppKey, ConferenceKey, PeerConnectionKey},
    issue::Issue,
};

use super::Shard;
use crate::{
    live::message::{LiveConferenceBody, LiveConferenceHead, LiveParticipantBody, LivePeerConnectionBody},
    model::Millis,
};

impl Shard {
    /// The issues of a running conference of an app, by peer connection: the last that are over, and those that last.
    pub(crate) fn issues(&self, app: AppKey, key: ConferenceKey) -> BTreeMap<PeerConnectionKey, Vec<Issue>> {
        let mut issues: BTreeMap<PeerConnectionKey, Vec<Issue>> = BTreeMap::new();
        let Some(conference) = self.conferences.get(&key).filter(|conference| conference.app == app) else { return issues };
        for (key, issue) in &conference.gone {
            issues.entry(*key).or_default().push(issue.clone());
        }
        for key in conference.participants.values().flat_map(|participant| &participant.peer_connections) {
            if let Some(held) = self.peer_connections.peek(key) {
                issues.entry(*key).or_default().extend(held.over.iter().chain(&held.issues).cloned());
            }
        }
        issues
    }

    /// Why a conference of an app is poor at present.
    pub(crate) fn diagnoses(&self, app: AppKey, key: ConferenceKey) -> Vec<Diagnosis> {
        let conference = self.conferences.get(&key).filter(|conference| conference.app == app);
        conference.map(|conference| conference.why.diagnoses.clone()).unwrap_or_default()
    }

    /// The running conferences of an app.
    pub(crate) fn conferences(&self, app: AppKey) -> Vec<LiveConferenceHead> {
        let running = self.conferences.iter().filter(|(_, conference)| conference.app == app);
        running
            .filter_map(|(key, conference)| {
                let present: Vec<_> = conference.participants.values().filter(|participant| participant.left.is_none()).collect();
                let issues = present.iter().flat_map(|participant| &participant.peer_connections);
                (!present.is_empty()).then(|| LiveConferenceHead {
                    key: key.to_string(),
                    conference_id: conference.conference_id.as_str().to_owned(),
                    start_ms: Millis(conference.start),
                    participant_count: present.len(),
                    why: conference.said().into_iter().next().map(|diagnosis| diagnosis.sentence),
                    open_issue_count: issues.filter_map(|key| self.peer_connections.peek(key)).map(|held| held.issues.len()).sum(),
                })
            })
            .collect()
    }

    /// What is known of one conference of an app.
    pub(crate) fn conference(&self, app: AppKey, key: ConferenceKey) -> Option<LiveConferenceBody> {
        let conference = self.conferences.get(&key).filter(|conference| conference.app == app)?;
        let present = conference.participants.iter().filter(|(_, participant)| participant.left.is_none());
        let participants: Vec<_> = present
            .map(|(key, participant)| LiveParticipantBody {
                key: key.to_string(),
                user_id: participant.user_id.as_str().to_owned(),
                participant_id: participant.participant_id.as_str().to_owned(),
                joined_ms: Millis(participant.joined),
                peer_connections: participant.peer_connections.iter().filter_map(|key| self.peer_connection(*key)).collect(),
            })
            .collect();
        Some(LiveConferenceBody { running: !participants.is_empty(), participants, diagnoses: conference.said() })
    }

    fn peer_connection(&self, key: PeerConnectionKey) -> Option<LivePeerConnectionBody> {
        let held = self.peer_connections.peek(&key)?;
        Some(LivePeerConnectionBody {
            key: key.to_string(),
            peer_connection_id: held.peer_connection_id.as_str().to_owned(),
            rules: held.rules.to_string(),
            latest: held.latest.as_ref().map(Into::into),
            issues: held.issues.iter().map(Into::into).collect(),
        })
    }
}
