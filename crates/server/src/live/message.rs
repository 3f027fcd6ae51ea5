//! What a live stream tells, as JSON.

use serde::Serialize;
use sidetone_engine::{analysis::Tick, score::unjudged::Unjudged};
use utoipa::ToSchema;

use crate::model::{Millis, StreamIdentity, Values, diagnosis::DiagnosisBody, issue::IssueBody, values};

/// A message as it goes out: an SSE event of that name.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) name: &'static str,
    pub(crate) data: String,
}

impl Message {
    pub(crate) fn new(name: &'static str, body: &impl Serialize) -> Self {
        Self { name, data: serde_json::to_string(body).unwrap_or_default() }
    }
}

/// Name of the message of every report, the only frequent one.
pub(crate) const TICK: &str = "tick";

/// `conference_started`, `conference_ended`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConferenceMessage<'a> {
    pub(crate) conference: String,
    pub(crate) conference_id: &'a str,
    pub(crate) time_ms: Millis,
}

/// `participant_joined` (also: first heard of since the server started), `participant_left`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ParticipantMessage<'a> {
    pub(crate) conference: String,
    pub(crate) participant: String,
    pub(crate) user_id: &'a str,
    pub(crate) participant_id: &'a str,
    pub(crate) time_ms: Millis,
    /// Whether it left by silence.
    pub(crate) timed_out: bool,
}

/// `issue_raised`, `issue_cleared`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IssueMessage {
    pub(crate) conference: String,
    pub(crate) participant: String,
    pub(crate) peer_connection: String,
    pub(crate) issue: IssueBody,
}

/// `diagnosis`: why the conference is poor at present, where it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DiagnosisMessage {
    pub(crate) conference: String,
    pub(crate) time_ms: Millis,
    /// Of the last two minutes, the worst and surest first; empty when all is well again.
    pub(crate) diagnoses: Vec<DiagnosisBody>,
}

/// `tick`: the values that a report added.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TickMessage {
    pub(crate) conference: String,
    pub(crate) participant: String,
    pub(crate) peer_connection: String,
    #[serde(flatten)]
    pub(crate) tick: TickBody,
}

/// `lagged`: the client was too slow, so many messages are missing.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LaggedMessage {
    pub(crate) missed_count: u64,
}

/// The values of one interval.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TickBody {
    /// End of the interval.
    time_ms: Millis,
    /// Its length; 0 when no rate can be given.
    interval_ms: f64,
    /// Values of the connection by metric.
    connection: Values,
    /// Values by stream.
    streams: Vec<StreamTickBody>,
}

/// The values of one stream in one interval.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StreamTickBody {
    #[serde(flatten)]
    stream: StreamIdentity,
    /// Values by metric.
    values: Values,
    /// Why it has no score, such as `muted`; `null` when it has one.
    unjudged: Option<&'static str>,
}

impl From<&Tick> for TickBody {
    fn from(tick: &Tick) -> Self {
        Self {
            time_ms: Millis(tick.time),
            interval_ms: tick.interval.as_secs_f64() * 1000.0,
            connection: values(&tick.connection),
            streams: tick
                .streams
                .iter()
                .map(|stream| StreamTickBody {
                    stream: stream.stream.into(),
                    values: values(&stream.values),
                    unjudged: stream.unjudged.map(Unjudged::name),
                })
                .collect(),
        }
    }
}

/// `state` of `/v1/live`: the running conferences.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveState {
    pub(crate) conferences: Vec<LiveConferenceHead>,
}

/// A running conference in short.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveConferenceHead {
    pub(crate) key: String,
    pub(crate) conference_id: String,
    pub(crate) start_ms: Millis,
    pub(crate) participant_count: usize,
    pub(crate) open_issue_count: usize,
    /// Why it is poor at present, in a sentence; `null` where it is not, or nobody knows yet.
    pub(crate) why: Option<String>,
}

/// `state` of a conference's live stream.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct LiveConferenceBody {
    /// Whether somebody is in it.
    pub(crate) running: bool,
    pub(crate) participants: Vec<LiveParticipantBody>,
    /// Why it is poor at present, the worst and surest first.
    pub(crate) diagnoses: Vec<DiagnosisBody>,
}

/// A participant who is there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LiveParticipantBody {
    pub(crate) key: String,
    pub(crate) user_id: String,
    pub(crate) participant_id: String,
    pub(crate) joined_ms: Millis,
    pub(crate) peer_connections: Vec<LivePeerConnectionBody>,
}

/// A peer connection that is there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LivePeerConnectionBody {
    pub(crate) key: String,
    pub(crate) peer_connection_id: String,
    /// By which rules it is judged now: a preset, then the thresholds that are changed of it.
    pub(crate) rules: String,
    /// The latest values; `null` before the first report.
    pub(crate) latest: Option<TickBody>,
    /// Issues that last.
    pub(crate) issues: Vec<IssueBody>,
}
