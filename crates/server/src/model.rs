//! The JSON of the API: mirrors of what store and engine know, with units in the names. Keys are strings; times are ms since 1970.

pub(crate) mod conference;
pub(crate) mod diagnosis;
pub(crate) mod issue;
pub(crate) mod participant;
mod peer_connection;
mod stream;

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use sidetone_engine::{
    analysis::{Direction, MediaKind, StreamId, Summary},
    metric::MetricValues,
    score::life::Scores,
    units::Timestamp,
};
use sidetone_store::record::StoredEvent;
use utoipa::{PartialSchema, ToSchema, openapi};

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
