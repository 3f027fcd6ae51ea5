//! The JSON of the API: mirrors of what store and engine know, with units in the names. Keys are strings; times are ms since 1970.

pub(crate) mod diagnosis;
mod stream;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};
use sidetone_engine::{
    analysis::{Direction, MediaKind, StreamId, Summary},
    issue::{Issue, Severity},
    metric::{Metric, MetricValues},
    units::Timestamp,
};
use sidetone_store::{
    record::{Conference, ConferenceDetail, ConferenceKind, ConferenceState, Participant, PeerConnection, StoredEvent},
    summary::{ConferenceScore, ScoreMoment, Scores},
};
use utoipa::{PartialSchema, ToSchema, openapi};

use diagnosis::DiagnosisBody;
use stream::StreamBody;

/// An instant: milliseconds since 1970, with microseconds as fraction where there are any.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Millis(pub(crate) Timestamp);

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.as_micros() % 1000 == 0 {
            serializer.serialize_i64(self.0.as_millis())
        } else {
            serializer.serialize_f64(self.0.as_millis_f64())
        }
    }
}

impl PartialSchema for Millis {
    fn schema() -> openapi::RefOr<openapi::Schema> {
        openapi::ObjectBuilder::new()
            .schema_type(openapi::schema::Type::Number)
            .description(Some("Milliseconds since 1970, UTC"))
            .examples([serde_json::json!(1_795_228_558_136.681)])
            .into()
    }
}

impl ToSchema for Millis {}

/// What identifies an RTP stream within its peer connection.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct StreamIdentity {
    /// `inbound` or `outbound`, from the participant's side.
    direction: DirectionName,
    /// `audio` or `video`.
    kind: KindName,
    /// RTP synchronisation source.
    ssrc: u32,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DirectionName {
    Inbound,
    Outbound,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KindName {
    Audio,
    Video,
}

impl From<StreamId> for StreamIdentity {
    fn from(id: StreamId) -> Self {
        Self {
            direction: match id.direction {
                Direction::Inbound => DirectionName::Inbound,
                Direction::Outbound => DirectionName::Outbound,
            },
            kind: id.kind.into(),
            ssrc: id.ssrc,
        }
    }
}

impl From<MediaKind> for KindName {
    fn from(kind: MediaKind) -> Self {
        match kind {
            MediaKind::Audio => Self::Audio,
            MediaKind::Video => Self::Video,
        }
    }
}

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

/// How bad an issue is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SeverityName {
    Minor,
    Major,
    Critical,
}

impl From<Severity> for SeverityName {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Minor => Self::Minor,
            Severity::Major => Self::Major,
            Severity::Critical => Self::Critical,
        }
    }
}

/// A detected problem with the values that fired its rule.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IssueBody {
    /// The rule that fired.
    #[schema(example = "high_rtt")]
    rule: String,
    /// The worst severity reached.
    severity: SeverityName,
    /// The stream concerned; `null` for the connection.
    stream: Option<StreamIdentity>,
    /// First interval that was bad.
    onset_ms: Millis,
    /// When the rule fired.
    raised_ms: Millis,
    /// When the condition was gone; `null` while it lasts, or when it lasted to the end.
    cleared_ms: Option<Millis>,
    /// The values that fired the rule.
    evidence: EvidenceBody,
}

/// The values that fired a rule.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EvidenceBody {
    /// The metric judged; its name tells the unit of the values.
    #[schema(example = "rtt_ms")]
    metric: &'static str,
    /// The threshold passed.
    threshold: f64,
    /// The window judged, oldest first.
    window: Vec<EvidencePoint>,
}

/// One value of the window judged.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EvidencePoint {
    /// End of the interval.
    time_ms: Millis,
    /// Its value; `null` where there was none.
    value: Option<f64>,
}

impl From<&Issue> for IssueBody {
    fn from(issue: &Issue) -> Self {
        Self {
            rule: issue.rule.to_string(),
            severity: issue.severity.into(),
            stream: issue.stream.map(Into::into),
            onset_ms: Millis(issue.onset),
            raised_ms: Millis(issue.raised),
            cleared_ms: issue.cleared.map(Millis),
            evidence: EvidenceBody {
                metric: issue.evidence.metric.name(),
                threshold: issue.evidence.threshold,
                window: issue.evidence.window.iter().map(|&(time, value)| EvidencePoint { time_ms: Millis(time), value }).collect(),
            },
        }
    }
}

/// Values by metric; what is not in it is absent, not 0.
pub(crate) type Values = BTreeMap<&'static str, f64>;

pub(crate) fn values(values: &MetricValues) -> Values {
    values.iter().map(|(metric, value)| (metric.name(), value)).collect()
}

/// A metric over the whole of its stream or connection.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SummaryBody {
    /// Which metric; its name tells the unit of the values.
    #[schema(example = "rtt_ms")]
    metric: &'static str,
    /// Intervals that had a value.
    count: u64,
    /// Mean, weighted by interval length.
    mean: f64,
    /// Least value.
    min: f64,
    /// Greatest value.
    max: f64,
    /// 5th percentile.
    p5: f64,
    /// Median.
    p50: f64,
    /// 95th percentile.
    p95: f64,
}

impl From<&Summary> for SummaryBody {
    fn from(summary: &Summary) -> Self {
        let Summary { metric, count, mean, min, max, p5, p50, p95 } = *summary;
        Self { metric: metric.name(), count, mean, min, max, p5, p50, p95 }
    }
}

/// Scores, 1 to 5; `null` where nothing could be judged.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScoresBody {
    /// Listening quality.
    mos_lq: Option<f64>,
    /// Conversational quality: delay counts.
    mos_cq: Option<f64>,
    /// Video quality.
    mos_v: Option<f64>,
}

impl From<Scores> for ScoresBody {
    fn from(Scores { mos_lq, mos_cq, mos_v }: Scores) -> Self {
        Self { mos_lq, mos_cq, mos_v }
    }
}

/// How often a rule fired in a conference.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IssueCountBody {
    /// The rule.
    #[schema(example = "high_rtt")]
    rule: String,
    /// Worst severity.
    severity: SeverityName,
    /// How often it fired.
    count: u64,
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
            issues: issues.map(|issues| {
                let body = |issue: sidetone_store::summary::IssueCount| IssueCountBody {
                    rule: issue.rule,
                    severity: issue.severity.into(),
                    count: issue.count,
                };
                issues.into_iter().map(body).collect()
            }),
        }
    }
}

/// One stay of one endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParticipantBody {
    /// Key of this stay.
    key: String,
    /// The app's name for the user.
    user_id: String,
    /// The client's name for the stay.
    participant_id: String,
    /// First instant.
    joined_ms: Millis,
    /// Last instant heard of.
    last_seen_ms: Millis,
    /// When it ended; `null` while it lasts.
    ended_ms: Option<Millis>,
    /// Whether it ended by silence.
    timed_out: bool,
    /// Real name; empty when not told, as all that follow.
    user_name: String,
    /// Alias for those who may not see names.
    alias_name: String,
    /// The app's name for a place or customer.
    site: String,
    /// Version of the app.
    app_version: String,
    /// `User-Agent` as given.
    user_agent: String,
    /// Browser.
    #[schema(example = "Firefox")]
    browser: String,
    /// Its version.
    browser_version: String,
    /// Operating system.
    os: String,
    /// Reporting SDK and version.
    sdk: String,
    /// Searchable ids of the app.
    additional_ids: BTreeMap<String, String>,
    /// Scores; `null` until finalised.
    scores: Option<ScoresBody>,
}

impl From<Participant> for ParticipantBody {
    fn from(participant: Participant) -> Self {
        let facts = participant.facts;
        Self {
            key: participant.key.to_string(),
            user_id: participant.user_id.as_str().to_owned(),
            participant_id: participant.participant_id.as_str().to_owned(),
            joined_ms: Millis(participant.joined),
            last_seen_ms: Millis(participant.last_seen),
            ended_ms: participant.ended.map(Millis),
            timed_out: participant.timed_out,
            user_name: facts.user_name,
            alias_name: facts.alias_name,
            site: facts.site,
            app_version: facts.app_version,
            user_agent: facts.user_agent,
            browser: facts.browser,
            browser_version: facts.browser_version,
            os: facts.os,
            sdk: facts.sdk,
            additional_ids: facts.additional_ids,
            scores: participant.scores.map(Into::into),
        }
    }
}

/// One `RTCPeerConnection`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PeerConnectionBody {
    /// Key.
    key: String,
    /// Key of the participant whose it is.
    participant: String,
    /// The client's name for it.
    peer_connection_id: String,
    /// First instant.
    start_ms: Millis,
    /// Last instant so far.
    end_ms: Millis,
    /// Number of reports kept.
    report_count: u64,
    /// Bytes that they take.
    report_bytes: u64,
    /// Scores over its whole length, in which bad moments weigh more; `null` until finalised, or where a version before this judged.
    scores: Option<ScoresBody>,
    /// Summaries of the connection's own metrics; empty until finalised, as all that follow.
    summaries: Vec<SummaryBody>,
    /// Its streams.
    streams: Vec<StreamBody>,
    /// Its issues in order of onset.
    issues: Vec<IssueBody>,
}

impl From<&PeerConnection> for PeerConnectionBody {
    fn from(peer_connection: &PeerConnection) -> Self {
        Self {
            key: peer_connection.key.to_string(),
            participant: peer_connection.participant.to_string(),
            peer_connection_id: peer_connection.peer_connection_id.as_str().to_owned(),
            start_ms: Millis(peer_connection.start),
            end_ms: Millis(peer_connection.end),
            report_count: peer_connection.report_count,
            report_bytes: peer_connection.report_bytes,
            scores: peer_connection.scores.map(Into::into),
            summaries: peer_connection.summaries.iter().map(Into::into).collect(),
            streams: peer_connection.streams.iter().map(Into::into).collect(),
            issues: peer_connection.issues.iter().map(Into::into).collect(),
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

/// What a participant is called: by name where the reader was given it, else by alias, else by the app's id.
pub(crate) fn called(participant: &Participant) -> &str {
    let names = [participant.facts.user_name.as_str(), &participant.facts.alias_name];
    names.into_iter().find(|name| !name.is_empty()).unwrap_or(participant.user_id.as_str())
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventBody {
    /// When, by the server's clock.
    time_ms: Millis,
    /// What.
    #[schema(example = "joined")]
    kind: String,
    /// Key of the participant.
    participant: String,
    /// Key of the peer connection; `null` when it belongs to none.
    peer_connection: Option<String>,
    /// What the client told, as it told it.
    #[schema(value_type = Object)]
    payload: serde_json::Value,
}

impl From<StoredEvent> for EventBody {
    fn from(StoredEvent { participant, peer_connection, event }: StoredEvent) -> Self {
        Self {
            time_ms: Millis(event.time),
            kind: event.kind,
            participant: participant.to_string(),
            peer_connection: peer_connection.map(|key| key.to_string()),
            payload: serde_json::from_str(&event.payload).unwrap_or(serde_json::Value::String(event.payload)),
        }
    }
}
