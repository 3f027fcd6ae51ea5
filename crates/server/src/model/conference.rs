//! Conferences, as a list shows them and whole.

use serde::{Deserialize, Serialize};
use sidetone_engine::metric::Metric;
use sidetone_store::{
    record::{Conference, ConferenceDetail, ConferenceKind, ConferenceState},
    summary::{ConferenceScore, ScoreMoment},
};
use utoipa::ToSchema;

use super::{
    Millis, ScoresBody,
    diagnosis::DiagnosisBody,
    issue::IssueCountBody,
    participant::{ParticipantBody, called},
    peer_connection::PeerConnectionBody,
};

/// What a conference is: a call, or something that belongs to none and is kept like one.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ConferenceKindName {
    Call,
    PreCallTest,
    Bridge,
    Device,
}

impl From<ConferenceKind> for ConferenceKindName {
    fn from(kind: ConferenceKind) -> Self {
        match kind {
            ConferenceKind::Call => Self::Call,
            ConferenceKind::PreCallTest => Self::PreCallTest,
            ConferenceKind::Bridge => Self::Bridge,
            ConferenceKind::Device => Self::Device,
        }
    }
}

impl From<ConferenceKindName> for ConferenceKind {
    fn from(kind: ConferenceKindName) -> Self {
        match kind {
            ConferenceKindName::Call => Self::Call,
            ConferenceKindName::PreCallTest => Self::PreCallTest,
            ConferenceKindName::Bridge => Self::Bridge,
            ConferenceKindName::Device => Self::Device,
        }
    }
}

/// Where a conference stands.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StateName {
    /// Somebody is in it.
    Running,
    /// It has ended, its summary is being made.
    Ended,
    /// Its summary is there.
    Finalised,
}

/// One conference as a list shows it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConferenceBody {
    /// Key of this occurrence.
    #[schema(example = "01JD3V9Q4Z3X5Y7A8B9C0D1E2F")]
    key: String,
    /// The app's name for it, to the byte.
    #[schema(example = "インターネット")]
    conference_id: String,
    /// First instant.
    start_ms: Millis,
    /// Last instant so far.
    end_ms: Millis,
    /// What it is.
    kind: ConferenceKindName,
    /// Where it stands.
    state: StateName,
    /// Number of participants.
    participant_count: u32,
    /// Number of peer connections.
    peer_connection_count: u32,
    /// The worst of its peer connections' means; `null` until finalised.
    scores: Option<ScoresBody>,
    /// Rules that fired; `null` until finalised.
    issues: Option<Vec<IssueCountBody>>,
    /// Version of the engine's model that judged it; `null` until finalised, and where it was not recorded yet.
    model: Option<u32>,
    /// The rules that judged it: the name of a preset, and what the app changed of it; `null` until finalised, and where it was not recorded yet.
    #[schema(example = "sidetone")]
    rules: Option<String>,
}

impl From<Conference> for ConferenceBody {
    fn from(conference: Conference) -> Self {
        let (scores, issues) = match conference.score {
            Some(ConferenceScore { scores, issues }) => (Some(scores.into()), Some(issues)),
            None => (None, None),
        };
        Self {
            key: conference.key.to_string(),
            conference_id: conference.conference_id.as_str().to_owned(),
            start_ms: Millis(conference.start),
            end_ms: Millis(conference.end),
            kind: conference.kind.into(),
            state: match conference.state {
                ConferenceState::Running => StateName::Running,
                ConferenceState::Ended => StateName::Ended,
                ConferenceState::Finalised => StateName::Finalised,
            },
            participant_count: conference.participant_count,
            peer_connection_count: conference.peer_connection_count,
            model: conference.model,
            rules: conference.rules,
            scores,
            issues: issues.map(|issues| issues.into_iter().map(Into::into).collect()),
        }
    }
}

/// A conference with everything in it but events and reports.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConferenceDetailBody {
    /// The conference.
    #[serde(flatten)]
    conference: ConferenceBody,
    /// Its participants by time of joining.
    participants: Vec<ParticipantBody>,
    /// Its peer connections by start.
    peer_connections: Vec<PeerConnectionBody>,
    /// Why it was poor where it was, in order of time; what kept a call from coming to be comes first. Empty until finalised.
    diagnoses: Vec<DiagnosisBody>,
    /// The stretches that pulled the participants' scores down the most, the dearest first. Empty until finalised.
    moments: Vec<MomentBody>,
}

/// A stretch that pulled the score of a participant down.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MomentBody {
    /// Key of the participant.
    participant: String,
    /// Key of the peer connection.
    peer_connection: String,
    /// The score that it is about: `mos_cq`, or `mos_v` where there is no sound.
    metric: &'static str,
    /// Its begin.
    from_ms: Millis,
    /// Its end.
    until_ms: Millis,
    /// The score of the stretch alone, 1 to 5.
    score: f64,
    /// What the peer connection would score without it.
    score_without: f64,
}

impl From<&ScoreMoment> for MomentBody {
    fn from(held: &ScoreMoment) -> Self {
        Self {
            participant: held.participant.to_string(),
            peer_connection: held.peer_connection.to_string(),
            metric: if held.is_video { Metric::MosV } else { Metric::MosCq }.name(),
            from_ms: Millis(held.moment.from),
            until_ms: Millis(held.moment.until),
            score: held.moment.score,
            score_without: held.moment.without,
        }
    }
}

impl From<ConferenceDetail> for ConferenceDetailBody {
    fn from(detail: ConferenceDetail) -> Self {
        let name = |key| {
            let participant = detail.participants.iter().find(|participant| participant.key == key);
            participant.map_or_else(|| "somebody".to_owned(), |participant| called(participant).to_owned())
        };
        Self {
            diagnoses: detail.diagnoses.iter().map(|diagnosis| DiagnosisBody::new(diagnosis, &name)).collect(),
            moments: detail.moments.iter().map(Into::into).collect(),
            conference: detail.conference.into(),
            participants: detail.participants.into_iter().map(Into::into).collect(),
            peer_connections: detail.peer_connections.iter().map(Into::into).collect(),
        }
    }
}
