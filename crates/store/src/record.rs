//! What is stored: apps, conferences, participants, peer connections, streams, events, chunks.

use std::collections::BTreeMap;

use sidetone_engine::{
    analysis::{Stream, Summary, UnjudgedTime},
    diagnosis::Diagnosis,
    ids::{AppKey, ConferenceId, ConferenceKey, ParticipantId, ParticipantKey, PeerConnectionId, PeerConnectionKey, UserId},
    issue::{Issue, Tuned},
    score::life::Scores,
    units::Timestamp,
};
use sidetone_wire::batch::{Event, kind};

use crate::summary::{ConferenceScore, ScoreMoment};

/// A verification key for tokens of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenKey {
    /// `kid`; unique within the app.
    pub kid: String,
    /// `HS256`, `ES256` or `RS256`.
    pub algorithm: TokenAlgorithm,
    /// HS256: the shared secret. ES256, RS256: the public key in PEM.
    pub material: Secret,
}

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenAlgorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// ECDSA on P-256.
    Es256,
    /// RSA PKCS #1 with SHA-256.
    Rs256,
}

/// Bytes that never show in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub Vec<u8>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// An app about to be created.
#[derive(Clone, Debug)]
pub struct NewApp {
    /// Key, minted by the caller.
    pub key: AppKey,
    /// Name for people.
    pub name: String,
    /// When.
    pub created: Timestamp,
    /// Everything that can change later.
    pub settings: AppSettings,
}

/// One tenant.
#[derive(Clone, Debug, PartialEq)]
pub struct App {
    /// Key.
    pub key: AppKey,
    /// Name for people.
    pub name: String,
    /// When it was created.
    pub created: Timestamp,
    /// Everything that can change later.
    pub settings: AppSettings,
}

/// What the clients of callstats.io know of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallstatsSettings {
    /// The AppID: a number of at most 2^53, unique among the apps.
    pub app_id: u64,
    /// The AppSecrets, oldest first. They sign, so they are kept as they are; `base64keyid:secret` is what callstats.io gave out.
    pub secrets: Vec<Secret>,
}

/// What can change of an app.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AppSettings {
    /// SHA-256 of each secret that may send (the secrets themselves are shown once and not kept).
    pub intake_secrets: Vec<[u8; 32]>,
    /// SHA-256 of each secret that may read.
    pub query_secrets: Vec<[u8; 32]>,
    /// SHA-256 of each secret that may read, real names of people included.
    pub names_secrets: Vec<[u8; 32]>,
    /// Keys for JWT.
    pub token_keys: Vec<TokenKey>,
    /// Origins whose pages may send, such as `https://app.example`; empty: any.
    pub origins: Vec<String>,
    /// How long conferences are kept, in days; `None`: the server's default.
    pub retention_days: Option<u32>,
    /// Whether network addresses and SDP are kept; if not, they are hidden before anything is stored.
    pub keep_addresses: bool,
    /// The rules that judge its calls.
    pub rules: Tuned,
    /// Ids of the Facebook pages whose call metrics it takes; empty: of any.
    pub messenger_pages: Vec<String>,
    /// What callstats clients know of it; `None`: none may report.
    pub callstats: Option<CallstatsSettings>,
}

/// What a conference is: a call, or something that belongs to none and is kept like one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConferenceKind {
    /// People who talk.
    #[default]
    Call,
    /// A test of the network before a call.
    PreCallTest,
    /// What a bridge told of itself in a day.
    Bridge,
    /// What a device told of itself in a day.
    Device,
}

impl ConferenceKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Call, Self::PreCallTest, Self::Bridge, Self::Device];

    /// Its name in API and pages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::PreCallTest => "pre_call_test",
            Self::Bridge => "bridge",
            Self::Device => "device",
        }
    }
}

/// A batch to be kept, with its reports already encoded.
#[derive(Clone, Debug)]
pub struct Append {
    /// Of which app.
    pub app: AppKey,
    /// The app's name for the conference.
    pub conference_id: ConferenceId,
    /// The app's name for the user.
    pub user_id: UserId,
    /// The client's name for this stay.
    pub participant_id: ParticipantId,
    /// The client's name for the peer connection; empty: none.
    pub peer_connection_id: PeerConnectionId,
    /// Number of the batch.
    pub batch_seq: u32,
    /// When the server received it.
    pub received: Timestamp,
    /// First and last instant that the batch speaks of, by the server's clock.
    pub span: (Timestamp, Timestamp),
    /// Events, by the server's clock.
    pub events: Vec<Event>,
    /// What the events say that the conference is; a call says nothing.
    pub conference_kind: ConferenceKind,
    /// What a `joined` event said of the participant.
    pub facts: ParticipantFacts,
    /// Whether the facts are somebody else's word, such as the SIP server's: whatever the participant itself said stands, said before or after.
    pub is_hearsay: bool,
    /// Whether the batch ends the participant (`left`), and when.
    pub left: Option<Timestamp>,
    /// Whether the batch ends the peer connection (`closed`), and when.
    pub closed: Option<Timestamp>,
    /// The reports, encoded by the report codec; `None` when there are none.
    pub reports: Option<EncodedReports>,
    /// What is to be sent on to somebody else once the batch is kept.
    pub delivery: Option<NewDelivery>,
}

impl Append {
    /// Whether it only tells what may be told when the call is over.
    #[must_use]
    pub fn is_afterthought(&self) -> bool {
        self.reports.is_none() && !self.events.is_empty() && self.events.iter().all(|event| kind::AFTERWARDS.contains(&&*event.kind))
    }
}

/// Something to be sent on, kept until it is delivered or given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDelivery {
    /// What it is, such as `call_metrics`; a name private to whoever delivers it.
    pub kind: String,
    /// When it is first tried.
    pub due: Timestamp,
    /// Everything that whoever delivers it needs; JSON text.
    pub content: String,
}

/// A [`NewDelivery`] that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// A number private to the store.
    pub id: i64,
    /// Of which app.
    pub app: AppKey,
    /// What it is.
    pub kind: String,
    /// When it is tried next.
    pub due: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// See [`NewDelivery::content`].
    pub content: String,
}

/// Encoded reports.
#[derive(Clone, Debug, PartialEq)]
pub struct EncodedReports {
    /// The codec's bytes.
    pub bytes: Vec<u8>,
    /// Number of reports.
    pub count: u32,
    /// Time of the first and last report, by the server's clock.
    pub span: (Timestamp, Timestamp),
    /// Microseconds to add to the times within `bytes` to reach the server's clock.
    pub shift_us: i64,
}

/// What became of an [`Append`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is durable.
    Stored(Place),
    /// It was there already.
    Duplicate(Place),
}

/// Where a batch belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The occurrence.
    pub conference: ConferenceKey,
    /// The stay.
    pub participant: ParticipantKey,
    /// The peer connection, if the batch names one.
    pub peer_connection: Option<PeerConnectionKey>,
}

/// What is known of a participant beyond ids. Empty means not told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParticipantFacts {
    /// Real name.
    pub user_name: String,
    /// Alias for those who may not see names.
    pub alias_name: String,
    /// The app's name for a place or customer.
    pub site: String,
    /// Version of the app.
    pub app_version: String,
    /// `User-Agent` as given.
    pub user_agent: String,
    /// `Chrome`, `Firefox`, `Safari` …
    pub browser: String,
    /// Its version.
    pub browser_version: String,
    /// Operating system.
    pub os: String,
    /// Reporting SDK and version.
    pub sdk: String,
    /// Searchable ids of the app.
    pub additional_ids: BTreeMap<String, String>,
}

/// Where a conference stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConferenceState {
    /// Somebody is in it.
    Running,
    /// It has ended and is to be finalised.
    Ended,
    /// Its summary is written.
    Finalised,
}

/// A conference that ended and is to be finalised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its app.
    pub app: AppKey,
    /// The occurrence.
    pub conference: ConferenceKey,
}

/// One conference as a list shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Conference {
    /// The occurrence.
    pub key: ConferenceKey,
    /// The app's name for it.
    pub conference_id: ConferenceId,
    /// First instant.
    pub start: Timestamp,
    /// Last instant so far.
    pub end: Timestamp,
    /// What it is.
    pub kind: ConferenceKind,
    /// Where it stands.
    pub state: ConferenceState,
    /// Number of participants.
    pub participant_count: u32,
    /// Number of peer connections.
    pub peer_connection_count: u32,
    /// Counts appended batches: tells whether a summary is still true.
    pub revision: u64,
    /// Scores and issues, once finalised.
    pub score: Option<ConferenceScore>,
    /// [`sidetone_engine::MODEL`] of the engine that judged; `None` until finalised, and where it was not recorded yet.
    pub model: Option<u32>,
    /// The rules that judged: the name of a preset, and what the app changed of it; `None` until finalised, and where it was not recorded yet.
    pub rules: Option<String>,
}

/// A conference with everything in it but events and reports.
#[derive(Clone, Debug, PartialEq)]
pub struct ConferenceDetail {
    /// The conference.
    pub conference: Conference,
    /// Its participants by time of joining.
    pub participants: Vec<Participant>,
    /// Its peer connections by start.
    pub peer_connections: Vec<PeerConnection>,
    /// Why it was poor where it was, once finalised: in order of time, what kept a call from coming to be first.
    pub diagnoses: Vec<Diagnosis>,
    /// The stretches that pulled the participants' scores down the most, once finalised; the dearest first.
    pub moments: Vec<ScoreMoment>,
}

/// One stay of one endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Participant {
    /// Key.
    pub key: ParticipantKey,
    /// The app's name for the user.
    pub user_id: UserId,
    /// The client's name for the stay.
    pub participant_id: ParticipantId,
    /// First instant.
    pub joined: Timestamp,
    /// Last instant heard of.
    pub last_seen: Timestamp,
    /// When it ended; `None` while it lasts.
    pub ended: Option<Timestamp>,
    /// Whether it ended by silence.
    pub timed_out: bool,
    /// What it told of itself.
    pub facts: ParticipantFacts,
    /// Scores, once finalised.
    pub scores: Option<Scores>,
}

/// One peer connection.
#[derive(Clone, Debug, PartialEq)]
pub struct PeerConnection {
    /// Key.
    pub key: PeerConnectionKey,
    /// Whose.
    pub participant: ParticipantKey,
    /// The client's name for it.
    pub peer_connection_id: PeerConnectionId,
    /// First instant.
    pub start: Timestamp,
    /// Last instant so far.
    pub end: Timestamp,
    /// Number of reports kept.
    pub report_count: u64,
    /// Bytes that they take.
    pub report_bytes: u64,
    /// Scores, once finalised; absent of what was judged before they were kept.
    pub scores: Option<Scores>,
    /// Summaries of the connection's metrics, once finalised.
    pub summaries: Vec<Summary>,
    /// Its streams, once finalised.
    pub streams: Vec<StreamRecord>,
    /// Its issues, once finalised.
    pub issues: Vec<Issue>,
}

/// One RTP stream with its summaries.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamRecord {
    /// The stream.
    pub stream: Stream,
    /// Summaries of its metrics.
    pub summaries: Vec<Summary>,
    /// When it had no score: why, and for how long, the longest first.
    pub unjudged: Vec<UnjudgedTime>,
}

/// An event as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredEvent {
    /// Whose.
    pub participant: ParticipantKey,
    /// On which peer connection, if on one.
    pub peer_connection: Option<PeerConnectionKey>,
    /// The event.
    pub event: Event,
}

/// A run of reports as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    /// The reports; times within are the client's, see [`EncodedReports::shift_us`].
    pub reports: EncodedReports,
}

/// What an erasure removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Participants.
    pub participants: u64,
    /// Peer connections.
    pub peer_connections: u64,
    /// Reports.
    pub reports: u64,
    /// Events.
    pub events: u64,
}

/// What an expiry removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// Conferences.
    pub conferences: u64,
}
