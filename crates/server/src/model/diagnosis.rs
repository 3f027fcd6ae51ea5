//! The JSON of a diagnosis.

use serde::Serialize;
use sidetone_engine::{
    diagnosis::{Diagnosis, Evidence},
    ids::ParticipantKey,
};
use utoipa::ToSchema;

use super::{KindName, Millis, StreamIdentity, issue::SeverityName};

/// Why a stretch of a conference was poor: whose side, which hop, how sure that is, and what speaks for it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DiagnosisBody {
    /// What it was: `packet_loss`, `dead_microphone`, `ice_failed` …
    #[schema(example = "packet_loss")]
    cause: &'static str,
    /// `sender`, `receiver`, `path`, `server` or `unknown`.
    #[schema(example = "sender")]
    side: &'static str,
    /// `capture_device`, `encoder`, `uplink`, `relay`, `downlink` or `playout`; `null` where that cannot be told.
    #[schema(example = "uplink")]
    hop: Option<&'static str>,
    /// How sure that is, 0 to 1; 0 where the cause is `unknown`.
    confidence: f64,
    /// The worst of the issues that it explains.
    severity: SeverityName,
    /// Key of the participant who sent what was poor, where that is known.
    sender: Option<String>,
    /// Key of the participant who received it.
    receiver: Option<String>,
    /// What was poor; `null`: everything between the two.
    media: Option<KindName>,
    /// Key of the peer connection where it shows best; `null` where there never was one.
    peer_connection: Option<String>,
    /// Begin of the stretch.
    from_ms: Millis,
    /// Its end.
    until_ms: Millis,
    /// Rules that fired in it.
    rules: Vec<String>,
    /// In plain words.
    pub(crate) sentence: String,
    /// What to try.
    advice: &'static str,
    /// What speaks for it, the strongest first.
    evidence: Vec<WitnessBody>,
}

/// Something that a person can look at.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum WitnessBody {
    /// A series during the stretch.
    Series {
        /// Key of the peer connection.
        peer_connection: String,
        /// The stream; `null` for the connection.
        stream: Option<StreamIdentity>,
        /// Which series; its name tells the unit.
        metric: &'static str,
        /// What is typical of the stretch: the mean of a ratio, the median of anything else.
        value: f64,
        /// The same of the half minute before; `null` where there was none.
        before: Option<f64>,
    },
    /// An event.
    Event {
        /// Key of the participant.
        participant: String,
        /// Key of the peer connection; `null` when it belongs to none.
        peer_connection: Option<String>,
        /// When.
        time_ms: Millis,
        /// Its kind.
        kind: String,
    },
    /// The kind of network that an end used.
    Network {
        /// Key of the peer connection.
        peer_connection: String,
        /// `wifi`, `cellular`, `ethernet`, `vpn` …
        network: String,
    },
}

impl DiagnosisBody {
    /// `name` says what a participant is called.
    pub(crate) fn new(diagnosis: &Diagnosis, name: &dyn Fn(ParticipantKey) -> String) -> Self {
        Self {
            cause: diagnosis.cause.name(),
            side: diagnosis.side.name(),
            hop: diagnosis.hop.map(sidetone_engine::diagnosis::Hop::name),
            confidence: diagnosis.confidence,
            severity: diagnosis.severity.into(),
            sender: diagnosis.sender.map(|key| key.to_string()),
            receiver: diagnosis.receiver.map(|key| key.to_string()),
            media: diagnosis.media.map(Into::into),
            peer_connection: diagnosis.connection.map(|key| key.to_string()),
            from_ms: Millis(diagnosis.from),
            until_ms: Millis(diagnosis.until),
            rules: diagnosis.rules.iter().map(ToString::to_string).collect(),
            sentence: diagnosis.sentence(name),
            advice: diagnosis.advice(),
            evidence: diagnosis.evidence.iter().map(Into::into).collect(),
        }
    }
}

impl From<&Evidence> for WitnessBody {
    fn from(evidence: &Evidence) -> Self {
        match evidence {
            Evidence::Series { connection, stream, metric, value, before } => Self::Series {
                peer_connection: connection.to_string(),
                stream: stream.map(Into::into),
                metric: metric.name(),
                value: *value,
                before: *before,
            },
            Evidence::Event { participant, connection, time, kind } => Self::Event {
                participant: participant.to_string(),
                peer_connection: connection.map(|key| key.to_string()),
                time_ms: Millis(*time),
                kind: kind.to_string(),
            },
            Evidence::Network { connection, network } => {
                Self::Network { peer_connection: connection.to_string(), network: network.to_string() }
            }
        }
    }
}
