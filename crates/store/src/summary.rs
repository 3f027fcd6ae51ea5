//! What the finaliser writes when a conference has ended.

use sidetone_engine::{
    analysis::Analysis,
    diagnosis::Diagnosis,
    ids::{ParticipantKey, PeerConnectionKey},
    issue::Severity,
    score::life::Scores,
    score::moments::Moment,
};

/// A conference's quality at a glance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConferenceScore {
    /// Scores.
    pub scores: Scores,
    /// Rules that fired, with the worst severity each and how often, sorted by rule.
    pub issues: Vec<IssueCount>,
}

/// How often a rule fired in a conference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueCount {
    /// The rule.
    pub rule: String,
    /// Worst severity.
    pub severity: Severity,
    /// How often.
    pub count: u64,
}

/// A stretch that pulled the score of a participant down: the one that lists show, `mos_cq`, or `mos_v` where there is no sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreMoment {
    /// Whose score.
    pub participant: ParticipantKey,
    /// The peer connection that has it.
    pub peer_connection: PeerConnectionKey,
    /// Whether it is the score of the pictures.
    pub is_video: bool,
    /// When, and what it cost.
    pub moment: Moment,
}

/// Who judges: what was judged by another is judged again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judge {
    /// [`sidetone_engine::MODEL`].
    pub model: u32,
    /// The rules as the app has chosen them: the name of a preset, and what the app changed of it.
    pub rules: String,
}

/// Everything that finalising writes.
#[derive(Clone, Debug, Default)]
pub struct ConferenceSummary {
    /// `Conference::revision` that was read before the analysis began.
    pub revision: u64,
    /// The conference's quality.
    pub score: ConferenceScore,
    /// [`sidetone_engine::MODEL`] of the engine that judged.
    pub model: u32,
    /// The rules that judged, see [`Judge::rules`].
    pub rules: String,
    /// Why it was poor where it was.
    pub diagnoses: Vec<Diagnosis>,
    /// The stretches that pulled the participants' scores down the most.
    pub moments: Vec<ScoreMoment>,
    /// Scores by participant.
    pub participants: Vec<(ParticipantKey, Scores)>,
    /// Each peer connection.
    pub peer_connections: Vec<PeerConnectionSummary>,
}

/// What finalising writes of a peer connection.
#[derive(Clone, Debug)]
pub struct PeerConnectionSummary {
    /// Which.
    pub key: PeerConnectionKey,
    /// Its scores.
    pub scores: Scores,
    /// Its analysis.
    pub analysis: Analysis,
}
