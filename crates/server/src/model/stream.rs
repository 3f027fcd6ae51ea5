//! The JSON of a stream: what it is, its summaries, and when it had no score.

use serde::Serialize;
use sidetone_engine::{
    analysis::{Stream, UnjudgedTime},
    report::Text,
};
use sidetone_store::record::StreamRecord;
use utoipa::ToSchema;

use super::{Millis, StreamIdentity, SummaryBody};

/// One RTP stream with its summaries.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StreamBody {
    /// Identity.
    #[serde(flatten)]
    id: StreamIdentity,
    /// Media section.
    mid: Option<String>,
    /// Simulcast layer.
    rid: Option<String>,
    /// Codec MIME type.
    #[schema(example = "audio/opus")]
    codec: Option<String>,
    /// Track identifier.
    track: Option<String>,
    /// First report that named it.
    first_ms: Millis,
    /// Last report that named it.
    last_ms: Millis,
    /// A summary for each metric that ever had a value.
    summaries: Vec<SummaryBody>,
    /// When it had no score: why, and for how long, the longest first.
    unjudged: Vec<UnjudgedBody>,
}

/// For how long a stream had no score for one reason.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnjudgedBody {
    /// `first_report`, `not_counted`, `no_rtcp`, `no_packets`, `dtx`, `first_second`, `muted`, `on_hold`, `silence` or `no_picture`.
    #[schema(example = "muted")]
    reason: &'static str,
    /// The same for a person.
    #[schema(example = "muted, and nothing was to be heard")]
    sentence: &'static str,
    /// How long in all, s; 0 for a first report, which ends no interval.
    seconds: f64,
}

impl From<&UnjudgedTime> for UnjudgedBody {
    fn from(&UnjudgedTime { reason, seconds }: &UnjudgedTime) -> Self {
        Self { reason: reason.name(), sentence: reason.sentence(), seconds }
    }
}

impl From<&StreamRecord> for StreamBody {
    fn from(StreamRecord { stream, summaries, unjudged }: &StreamRecord) -> Self {
        let Stream { id, mid, rid, codec, track, first, last, .. } = stream;
        let text = |text: &Option<Text>| text.as_ref().map(|text| text.to_string());
        Self {
            id: (*id).into(),
            mid: text(mid),
            rid: text(rid),
            codec: text(codec),
            track: text(track),
            first_ms: Millis(*first),
            last_ms: Millis(*last),
            summaries: summaries.iter().map(Into::into).collect(),
            unjudged: unjudged.iter().map(Into::into).collect(),
        }
    }
}
