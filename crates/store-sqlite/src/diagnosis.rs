//! The JSON in which diagnoses are stored. Members that are added later must have a default.

use serde::{Deserialize, Serialize};
use sidetone_engine::{
    analysis::MediaKind,
    diagnosis::{Cause, Diagnosis, Evidence, Hop, Side},
    ids::{ParticipantKey, PeerConnectionKey},
    metric::Metric,
    units::Timestamp,
};

use crate::record::{StreamIdJson, severity, severity_number};

type Key = [u8; 16];

#[derive(Serialize, Deserialize)]
pub(crate) struct DiagnosisJson {
    cause: String,
    side: String,
    hop: Option<String>,
    confidence: f64,
    severity: u8,
    sender: Option<Key>,
    receiver: Option<Key>,
    is_video: Option<bool>,
    connection: Option<Key>,
    from: i64,
    until: i64,
    rules: Vec<String>,
    evidence: Vec<EvidenceJson>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum EvidenceJson {
    Series { connection: Key, stream: Option<StreamIdJson>, metric: String, value: f64, before: Option<f64> },
    Event { participant: Key, connection: Option<Key>, time: i64, kind: String },
    Network { connection: Key, network: String },
}

impl From<&Diagnosis> for DiagnosisJson {
    fn from(diagnosis: &Diagnosis) -> Self {
        Self {
            cause: diagnosis.cause.name().into(),
            side: diagnosis.side.name().into(),
            hop: diagnosis.hop.map(|hop| hop.name().into()),
            confidence: diagnosis.confidence,
            severity: severity_number(diagnosis.severity),
            sender: diagnosis.sender.map(ParticipantKey::to_bytes),
            receiver: diagnosis.receiver.map(ParticipantKey::to_bytes),
            is_video: diagnosis.media.map(|media| media == MediaKind::Video),
            connection: diagnosis.connection.map(PeerConnectionKey::to_bytes),
            from: diagnosis.from.as_micros(),
            until: diagnosis.until.as_micros(),
            rules: diagnosis.rules.iter().map(ToString::to_string).collect(),
            evidence: diagnosis.evidence.iter().map(Into::into).collect(),
        }
    }
}

impl From<&Evidence> for EvidenceJson {
    fn from(evidence: &Evidence) -> Self {
        match evidence {
            Evidence::Series { connection, stream, metric, value, before } => Self::Series {
                connection: connection.to_bytes(),
                stream: stream.map(Into::into),
                metric: metric.name().into(),
                value: *value,
                before: *before,
            },
            Evidence::Event { participant, connection, time, kind } => Self::Event {
                participant: participant.to_bytes(),
                connection: connection.map(PeerConnectionKey::to_bytes),
                time: time.as_micros(),
                kind: kind.to_string(),
            },
            Evidence::Network { connection, network } => Self::Network { connection: connection.to_bytes(), network: network.to_string() },
        }
    }
}

impl DiagnosisJson {
    /// `None` for a cause, side or hop that this version no longer has; re-scoring brings its successor.
    pub(crate) fn into_diagnosis(self) -> Result<Option<Diagnosis>, String> {
        let severity = severity(self.severity)?;
        let (Some(cause), Some(side)) = (Cause::from_name(&self.cause), Side::from_name(&self.side)) else { return Ok(None) };
        Ok(Some(Diagnosis {
            cause,
            side,
            hop: self.hop.as_deref().and_then(Hop::from_name),
            confidence: self.confidence,
            severity,
            sender: self.sender.map(ParticipantKey::from_bytes),
            receiver: self.receiver.map(ParticipantKey::from_bytes),
            media: self.is_video.map(|is_video| if is_video { MediaKind::Video } else { MediaKind::Audio }),
            connection: self.connection.map(PeerConnectionKey::from_bytes),
            from: Timestamp::from_micros(self.from),
            until: Timestamp::from_micros(self.until),
            rules: self.rules.into_iter().map(Into::into).collect(),
            evidence: self.evidence.into_iter().filter_map(EvidenceJson::into_evidence).collect(),
        }))
    }
}

impl EvidenceJson {
    /// `None` for a metric that this version no longer has.
    fn into_evidence(self) -> Option<Evidence> {
        Some(match self {
            Self::Series { connection, stream, metric, value, before } => Evidence::Series {
                connection: PeerConnectionKey::from_bytes(connection),
                stream: stream.map(Into::into),
                metric: Metric::from_name(&metric)?,
                value,
                before,
            },
            Self::Event { participant, connection, time, kind } => Evidence::Event {
                participant: ParticipantKey::from_bytes(participant),
                connection: connection.map(PeerConnectionKey::from_bytes),
                time: Timestamp::from_micros(time),
                kind: kind.into(),
            },
            Self::Network { connection, network } => {
                Evidence::Network { connection: PeerConnectionKey::from_bytes(connection), network: network.into() }
            }
        })
    }
}
