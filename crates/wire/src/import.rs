//! Dump importers: files that other tools made of a call, recognised by their content and read into reports and events.
//!
//! | content | format |
//! | --- | --- |
//! | first bytes `1f 8b` | gzip of one of the others |
//! | UTF-16, or a byte order mark | one of the others, as Windows saved it |
//! | `RTCStatsDump` in the first line | [`Format::Rtcstats`]: rtcstats file format 3, or Chrome's own "rtcstats dump" |
//! | one JSON object with `PeerConnections` | [`Format::WebrtcInternals`], of today and of older Chromes |
//! | lines of JSON arrays, each with the time since the line before | [`Format::Rtcstats`]: what rtcstats-js sent over its socket |
//! | lines of JSON arrays, each with its time since 1970, or one JSON object with `peerConnections` | [`Format::RtcstatsLegacy`]: the scheme of 2016, Jitsi's too |
//! | lines of JSON objects with `statsSessionId` | [`Format::RtcstatsLegacy`]: what Jitsi's client sends while the call runs |
//! | JSON objects with a list `peerConnections` and a `clientId` | [`Format::ObserveRtc`]: samples of ObserveRTC's client |
//! | JSON objects with `conference_id` | [`Format::Batches`]: our own batches, one or many |
//!
//! A file is read whole or not at all: the first thing wrong is named with its place ([`ImportError`]).
//! What is harmless but unknown is left out and listed ([`Skipped`]).
//!
//! Memory: what is held stays below about 30 bytes for each byte of (inflated) text plus 24 bytes for each value that reports hold,
//! and both are bounded by [`Limits`].

mod batches;
mod event;
mod facts;
mod gzip;
mod internals;
mod observertc;
mod runs;
mod stream;
pub(crate) mod time;
mod utf8;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use sidetone_engine::report::Reports;

pub use event::KINDS;
pub use facts::Facts;
pub use utf8::utf8;

use crate::{
    batch::{Batch, Event},
    json,
};

/// Longest place or message of an error, in bytes.
const MESSAGE_BYTES_MAX: usize = 400;

/// How much one file may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of text, after inflating.
    pub text_bytes_max: usize,
    /// Values in all reports together. An hour of a two-party video call at one report a second is 1.5 million.
    pub values_max: usize,
}

impl Default for Limits {
    /// 256 MiB of text, 100 million values.
    fn default() -> Self {
        Self { text_bytes_max: 256 << 20, values_max: 100_000_000 }
    }
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// `chrome://webrtc-internals`, "Create a WebRTC-Internals dump".
    WebrtcInternals,
    /// rtcstats file format 3.
    Rtcstats,
    /// rtcstats of 2016 to 2024.
    RtcstatsLegacy,
    /// `ClientSample`s of ObserveRTC.
    ObserveRtc,
    /// Sidetone's own batches as JSON.
    Batches,
}

impl Format {
    /// Its name, such as `webrtc-internals`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::WebrtcInternals => "webrtc-internals",
            Self::Rtcstats => "rtcstats",
            Self::RtcstatsLegacy => "rtcstats-legacy",
            Self::ObserveRtc => "observertc",
            Self::Batches => "batches",
        }
    }
}

/// One file, understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// What it was.
    pub format: Format,
    /// What it held.
    pub content: Content,
    /// What was left out.
    pub skipped: Vec<Skipped>,
}

/// What a file held.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// What one browser saw.
    Dump(Box<Dump>),
    /// Batches with their own names, in the order of the file.
    Batches(Vec<Batch>),
}

/// What one browser saw.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dump {
    /// Digest of the content (inflated, in UTF-8): the same file again has the same one.
    pub digest: u128,
    /// What the file says of the browser and the call.
    pub facts: Facts,
    /// Events that belong to no peer connection, such as `get_user_media`.
    pub events: Vec<Event>,
    /// Peer connections in order of appearance.
    pub connections: Vec<ImportedConnection>,
}

/// One peer connection of a dump.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportedConnection {
    /// Its name in the file, such as `8-1` or `PC_0`.
    pub id: String,
    /// Its events, oldest first.
    pub events: Vec<Event>,
    /// Its reports, oldest first, in runs of at most 600.
    pub runs: Vec<Reports>,
}

impl ImportedConnection {
    /// Number of reports.
    #[must_use]
    pub fn report_count(&self) -> usize {
        self.runs.iter().map(Reports::len).sum()
    }

    /// All reports as one run.
    #[must_use]
    pub fn reports(&self) -> Reports {
        let mut all = Reports::default();
        for run in &self.runs {
            all.extend(run);
        }
        all
    }
}

/// Something that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Where: `line 7` or a path.
    pub position: String,
    /// Why.
    pub reason: String,
}

/// Why a file was not imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// None of the formats.
    #[error(
        "the file begins with {begins:?} and is no call dump: allowed are webrtc-internals dumps (JSON), rtcstats dumps \
         (RTCStatsDump, or lines of JSON arrays), Jitsi's and ObserveRTC's streams and Sidetone batches (JSON), each also as .gz"
    )]
    Unrecognised {
        /// How it begins.
        begins: String,
    },
    /// The gzip frame is damaged.
    #[error("gzip is damaged after {bytes} bytes of text: {message}")]
    Gzip {
        /// Bytes that could be inflated.
        bytes: usize,
        /// What is wrong.
        message: String,
    },
    /// More than [`Limits`] allow.
    #[error("{what} is over the limit of {limit}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How much is allowed.
        limit: usize,
    },
    /// Something is wrong; says where.
    #[error("{position}: {message}")]
    Broken {
        /// Where: `line 7`, `line 1 column 20`, `byte 700`, or a path within the document.
        position: String,
        /// What was found and what is allowed.
        message: String,
    },
    /// Statistics from before the standard.
    #[error(
        "{position}: this dump holds Chrome's callback statistics ({stats_type:?} with goog… members), which only Chrome before 2023 had and \
             which are not supported; dumps with standard getStats are"
    )]
    CallbackStatistics {
        /// Where.
        position: String,
        /// The type that gave it away.
        stats_type: String,
    },
    /// Nothing to import.
    #[error("the file is a valid {} dump without any peer connection or event", .0.name())]
    Empty(Format),
}

impl ImportError {
    fn broken(position: impl Into<String>, message: impl ToString) -> Self {
        Self::Broken { position: shortened(position.into()), message: shortened(message.to_string()) }
    }

    fn line(line: usize, message: impl ToString) -> Self {
        Self::broken(format!("line {line}"), message)
    }

    /// For an error within a text that starts before line `first` (from 0) of the file.
    fn json(first: usize, error: &serde_json::Error) -> Self {
        let message = error.to_string();
        let message = message.rsplit_once(" at line ").map_or(&*message, |(message, _)| message);
        Self::broken(format!("line {} column {}", first + error.line(), error.column()), message)
    }
}

/// What a message says of a file may quote it, which can be megabytes: the middle goes.
fn shortened(text: String) -> String {
    if text.len() <= MESSAGE_BYTES_MAX {
        return text;
    }
    let half = MESSAGE_BYTES_MAX / 2;
    format!("{} … {}", &text[..text.floor_char_boundary(half)], &text[text.ceil_char_boundary(text.len() - half)..])
}

/// Reads a file of any of the formats.
///
/// # Errors
/// When it is none of them, is broken, or holds more than `limits` allow. Then nothing is imported.
pub fn import(bytes: &[u8], limits: &Limits) -> Result<Import, ImportError> {
    let inflated;
    let bytes = if bytes.starts_with(&[0x1f, 0x8b]) {
        inflated = gzip::inflate(bytes, limits)?;
        &inflated
    } else if bytes.len() > limits.text_bytes_max {
        return Err(ImportError::TooLarge { what: "the file's size in bytes", limit: limits.text_bytes_max });
    } else {
        bytes
    };
    let bytes = &*utf8(bytes)?;
    let text = std::str::from_utf8(bytes).map_err(|error| {
        ImportError::broken(format!("byte {}", error.valid_up_to()), "this is neither UTF-8 nor UTF-16; save the file again as UTF-8")
    })?;
    let text = &*json::whole(text);
    let (format, mut dump, skipped) = match recognise(text)? {
        Shape::Batches => {
            let batches = batches::read(text)?;
            return Ok(Import { format: Format::Batches, content: Content::Batches(batches), skipped: Vec::new() });
        }
        Shape::WebrtcInternals => {
            let (dump, skipped) = internals::read(text, limits)?;
            (Format::WebrtcInternals, dump, skipped)
        }
        Shape::LegacyDocument => {
            let (dump, skipped) = stream::read_document(text, limits)?;
            (Format::RtcstatsLegacy, dump, skipped)
        }
        Shape::Envelopes => {
            let (dump, skipped) = stream::read_envelopes(text, limits)?;
            (Format::RtcstatsLegacy, dump, skipped)
        }
        Shape::ObserveRtc => {
            let (dump, skipped) = observertc::read(text, limits)?;
            (Format::ObserveRtc, dump, skipped)
        }
        Shape::Lines => stream::read(text, limits)?,
    };
    if dump.connections.is_empty() && dump.events.is_empty() {
        return Err(ImportError::Empty(format));
    }
    dump.digest = digest(bytes);
    Ok(Import { format, content: Content::Dump(Box::new(dump)), skipped })
}

enum Shape {
    WebrtcInternals,
    LegacyDocument,
    Envelopes,
    ObserveRtc,
    Lines,
    Batches,
}

fn recognise(text: &str) -> Result<Shape, ImportError> {
    let start = text.trim_start();
    if start.lines().next().is_some_and(|line| line.trim_end() == "RTCStatsDump") || start.starts_with('[') {
        return Ok(Shape::Lines);
    }
    let unrecognised = || ImportError::Unrecognised { begins: start.chars().take(30).collect() };
    if !start.starts_with('{') {
        return Err(unrecognised());
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Keys>();
    let Keys(keys) = values.next().ok_or_else(unrecognised)?.map_err(|error| ImportError::json(0, &error))?;
    let rest = text.get(values.byte_offset()..).unwrap_or_default().trim_start();
    let has = |name: &str| keys.iter().any(|key| key == name);
    if has("conference_id") || has("batch_seq") {
        Ok(Shape::Batches)
    } else if has("statsSessionId") {
        Ok(Shape::Envelopes)
    } else if has("peerConnections") && has("clientId") {
        Ok(Shape::ObserveRtc)
    } else if has("PeerConnections") {
        Ok(Shape::WebrtcInternals)
    } else if has("peerConnections") {
        Ok(Shape::LegacyDocument)
    } else if rest.starts_with('[') {
        Ok(Shape::Lines)
    } else {
        Err(unrecognised())
    }
}

/// The keys of an object, its values passed over.
struct Keys(Vec<String>);

impl<'de> serde::Deserialize<'de> for Keys {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeysVisitor;
        impl<'de> Visitor<'de> for KeysVisitor {
            type Value = Keys;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                let mut keys = Vec::new();
                while let Some((key, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
                    keys.push(key);
                }
                Ok(Keys(keys))
            }
        }
        deserializer.deserialize_map(KeysVisitor)
    }
}

/// FNV-1a in 128 bits: tells files apart; it is no protection against forgery and need not be.
fn digest(bytes: &[u8]) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    bytes.iter().fold(OFFSET, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_fnv_1a() {
        // From the test vectors of the FNV draft (draft-eastlake-fnv, FNV-1a 128).
        assert_eq!(digest(b""), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        assert_eq!(digest(b"a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
    }
}
