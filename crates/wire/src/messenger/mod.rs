//! Messenger's `call_metrics`: the summary that a business sends of one call after it has ended.
//!
//! [`read`] takes the body of the request, [`CallMetrics::payload`] gives the canonical record as the payload of an event.
//! Where Meta's page, its sample code and its parameter specification disagree, every way is accepted and a *note* says which was taken;
//! notes are for the owner of the data, never for the caller.
//! Sources: Messenger Platform "Metrics" page and Graph API parameter specification (names, types, the 22 reasons);
//! W3C webrtc-stats (which of the counters are sums).

mod audio;
mod body;
mod reason;
mod time;

use serde_json::{Map, Value, json};
use sidetone_engine::units::Timestamp;

pub use self::{
    audio::AudioStats,
    body::Form,
    reason::{EndCategory, EndReason},
};

/// The kind of the event that such a record becomes.
pub const EVENT_KIND: &str = "call_metrics";

/// After this span from the end of its call a record is refused.
pub const WINDOW_HOURS: i64 = 24;

/// Why a body is no record. The variants are the ones that callers can tell apart by subcode.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Neither a JSON object nor a form.
    #[error("the body is not a JSON object: {0}")]
    Malformed(String),
    /// A property is missing or of a wrong type.
    #[error("(#100) {property}: {reason}")]
    Property {
        /// Its name.
        property: String,
        /// What was given and what is allowed.
        reason: String,
    },
    /// `end_call_reason` or `platform` is none that is known.
    #[error("(#100) {property} must be one of {allowed}; {given:?} is none of them")]
    Unknown {
        /// Its name.
        property: &'static str,
        /// What was given.
        given: String,
        /// All that is allowed.
        allowed: String,
    },
    /// `call_id` cannot be the id of a call.
    #[error("(#100) invalid call_id: {0}")]
    CallId(&'static str),
    /// The page named in the body is not that of the path.
    #[error("(#100) invalid page id: the body says {given:?}, the path {path:?}")]
    PageId {
        /// In the body.
        given: String,
        /// In the path.
        path: String,
    },
}

impl Refused {
    fn property(property: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Property { property: property.into(), reason: reason.into() }
    }
}

/// How a body is to be read.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// JSON or a form.
    pub form: Form,
    /// The page of the path.
    pub page_id: &'a str,
    /// Whether a missing member of `audio_stats` is an error instead of a note.
    pub strict: bool,
    /// When the body arrived.
    pub received: Timestamp,
}

/// One submitted record.
#[derive(Clone, Debug, PartialEq)]
pub struct CallMetrics {
    /// The page, from the path.
    pub page_id: String,
    /// The call.
    pub call_id: String,
    /// Why it ended.
    pub reason: EndReason,
    /// As it was written.
    pub reason_text: String,
    /// What the business adds to the reason.
    pub subreason: Option<String>,
    /// When it ended, as told.
    pub ended: Option<Timestamp>,
    /// When the first audio packet came from the consumer, as told; `None` when none ever came.
    pub first_audio: Option<Timestamp>,
    /// When the first video packet came, as told.
    pub first_video: Option<Timestamp>,
    /// The audio counters.
    pub audio: AudioStats,
    /// The video counters as they came: Meta documents none.
    pub video: Option<Value>,
    /// What had to be decided on the way in, such as `unit_ms` or `cumulative_rtt`, each once.
    pub notes: Vec<String>,
    /// The body as it came, credentials taken out.
    pub raw: Value,
}

/// The record in a body.
///
/// # Errors
/// The first thing that makes it unacceptable.
pub fn read(bytes: &[u8], reading: Reading<'_>) -> Result<CallMetrics, Refused> {
    let mut notes = Notes::default();
    let mut members = body::members(bytes, reading.form, &mut notes)?;
    members.remove("access_token");
    check_page(&members, reading.page_id)?;
    check_platform(&members)?;
    let call_id = required_text(&members, "call_id")?;
    check_call_id(&call_id)?;
    let reason_text = required_text(&members, "end_call_reason")?;
    let reason = EndReason::parse(&reason_text).ok_or_else(|| Refused::Unknown {
        property: "end_call_reason",
        given: shortened(&reason_text),
        allowed: EndReason::ALL.map(EndReason::documented).join(", "),
    })?;
    if !reason.is_spelled(&reason_text) {
        notes.add("reason_alias");
    }
    let subreason = match members.get("end_call_subreason") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()).filter(|text| !text.is_empty()),
        Some(other) => return Err(Refused::property("end_call_subreason", format!("must be a string, not {}", kind_of(other)))),
    };
    let ended = time::required(&members, "call_ended_time")?;
    let first_audio = time::required(&members, "first_audio_packet_received_time")?;
    if first_audio.is_none() {
        notes.add("no_audio");
    }
    let first_video = time::optional(&members, "first_video_packet_received_time")?;
    let mut plausible = |time: Option<Timestamp>| {
        if time.is_some_and(|time| !time::is_plausible(time, reading.received)) {
            notes.add("time_implausible");
        }
    };
    plausible(ended);
    plausible(first_audio);
    plausible(first_video);
    if let (Some(first), Some(ended)) = (first_audio, ended)
        && first > ended
    {
        notes.add("time_implausible");
    }
    let stats = body::map(&members, "audio_stats")?
        .ok_or_else(|| Refused::property("audio_stats", "is missing; send the dictionary of audio counters"))?;
    let audio = audio::read(&stats, ended, reading.strict, &mut notes)?;
    let video = body::map(&members, "video_stats")?.map(Value::Object);
    Ok(CallMetrics {
        page_id: reading.page_id.to_owned(),
        call_id,
        reason,
        reason_text,
        subreason,
        ended,
        first_audio,
        first_video,
        audio,
        video,
        notes: notes.0,
        raw: Value::Object(members),
    })
}

impl CallMetrics {
    /// The end of the call where it can be believed: `None` for times before such calls existed and in the future.
    #[must_use]
    pub fn believed_end(&self, received: Timestamp) -> Option<Timestamp> {
        self.ended.filter(|ended| time::is_plausible(*ended, received))
    }

    /// The first audio where it can be believed; never after the end.
    #[must_use]
    pub fn believed_start(&self, received: Timestamp) -> Option<Timestamp> {
        let end = self.believed_end(received)?;
        self.first_audio.filter(|first| time::is_plausible(*first, received) && *first <= end)
    }

    /// The body for whoever the record is sent on to: as it came, but for members of `audio_stats` that Meta does not document, unless
    /// `extensions` says so.
    #[must_use]
    pub fn outgoing(&self, extensions: bool) -> Value {
        let mut body = self.raw.clone();
        let stats = match &body["audio_stats"] {
            Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
            stats => stats.clone(),
        };
        if let Value::Object(mut stats) = stats {
            stats.retain(|name, _| extensions || audio::is_documented(name));
            body["audio_stats"] = Value::Object(stats);
        }
        body
    }

    /// The canonical record as the payload of an event.
    #[must_use]
    pub fn payload(&self) -> Value {
        let millis = |time: Option<Timestamp>| time.map(Timestamp::as_millis_f64);
        json!({
            "platform": "messenger",
            "page_id": self.page_id,
            "call_id": self.call_id,
            "end_reason": self.reason.canonical(),
            "end_reason_text": self.reason_text,
            "end_category": self.reason.category().name(),
            "end_subreason": self.subreason,
            "ended_at_ms": millis(self.ended),
            "first_audio_at_ms": millis(self.first_audio),
            "first_video_at_ms": millis(self.first_video),
            "audio": self.audio.payload(),
            "video": self.video,
            "notes": self.notes,
            "raw": self.raw,
        })
    }
}

/// What had to be decided, each once, in order.
#[derive(Debug, Default)]
struct Notes(Vec<String>);

impl Notes {
    fn add(&mut self, note: &str) {
        if !self.0.iter().any(|held| held == note) {
            self.0.push(note.to_owned());
        }
    }
}

fn required_text(members: &Map<String, Value>, property: &str) -> Result<String, Refused> {
    match members.get(property) {
        Some(Value::String(text)) => Ok(text.clone()),
        None | Some(Value::Null) => Err(Refused::property(property, "is missing; it is required")),
        Some(other) => Err(Refused::property(property, format!("must be a string, not {}", kind_of(other)))),
    }
}

fn check_page(members: &Map<String, Value>, path: &str) -> Result<(), Refused> {
    for name in ["page_id", "Page-ID"] {
        let given = match members.get(name) {
            None | Some(Value::Null) => continue,
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        if given != path {
            return Err(Refused::PageId { given: shortened(&given), path: shortened(path) });
        }
    }
    Ok(())
}

fn check_platform(members: &Map<String, Value>) -> Result<(), Refused> {
    let platform = required_text(members, "platform")?;
    if platform.eq_ignore_ascii_case("messenger") {
        Ok(())
    } else {
        Err(Refused::Unknown { property: "platform", given: shortened(&platform), allowed: "messenger".to_owned() })
    }
}

fn check_call_id(call_id: &str) -> Result<(), Refused> {
    if call_id.is_empty() {
        Err(Refused::CallId("it is empty; give the id that the call webhook named"))
    } else if call_id.len() > sidetone_engine::ids::ID_BYTES_MAX {
        Err(Refused::CallId("it is longer than 4096 bytes"))
    } else {
        Ok(())
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The beginning of a text that a stranger sent.
fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}

/// The token that a body carries as its member `access_token`; the Graph API takes it there too.
#[must_use]
pub fn access_token(bytes: &[u8], form: Form) -> Option<String> {
    let members = body::members(bytes, form, &mut Notes::default()).ok()?;
    members.get("access_token")?.as_str().map(str::to_owned)
}

/// `mos_lq` of a stored record, from the payload of its event.
#[must_use]
pub fn mos_lq(payload: &str) -> Option<f64> {
    let payload: Value = serde_json::from_str(payload).ok()?;
    payload["audio"]["mos_lq"].as_f64().filter(|mos| (1.0..=5.0).contains(mos))
}
