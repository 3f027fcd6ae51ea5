//! A conference as a portable file: what `sidetone export` writes and `sidetone import` reads back.
//!
//! The file is text, one JSON object a line (usually gzipped as a whole, which is up to the caller):
//!
//! ```json
//! {"format":"sidetone-conference","version":1,"conference_id":"weekly","batch_count":2,"report_count":62,"event_count":5}
//! {"batch":"<base64 of a native batch in its binary form>"}
//! {"batch":"…"}
//! ```
//!
//! The batches hold every event and every report, at the server's clock (a client's clock that was off has been corrected);
//! names and facts of participants stand in their `joined` events. Keys of a store are not in it: they belong to that store. The same
//! conference always gives the same bytes.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use sidetone_engine::ids::{ConferenceId, IdTooLong};

use crate::batch::{self, Batch, BatchError};

const FORMAT: &str = "sidetone-conference";
const VERSION: u32 = 1;

/// One occurrence of a conference with all that was recorded of it.
#[derive(Clone, Debug, PartialEq)]
pub struct PortableConference {
    /// The app's name for it.
    pub conference_id: ConferenceId,
    /// Everything else; each batch is of this conference.
    pub batches: Vec<Batch>,
}

/// Why a text is not a portable conference.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct PortableError {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: PortableProblem,
}

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PortableProblem {
    /// Not JSON, or not of this shape.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// Another format.
    #[error("the format is {0:?}, expected \"sidetone-conference\"")]
    Format(String),
    /// Written by a newer version.
    #[error("the format has version {0}, this version of sidetone reads version 1: run the newer one")]
    Version(u32),
    /// The conference id is too long.
    #[error("{0}")]
    Id(#[from] IdTooLong),
    /// Not base64.
    #[error("batch is not base64: {0}")]
    Base64(#[from] base64::DecodeError),
    /// The batch within is damaged.
    #[error("batch: {0}")]
    Batch(#[from] BatchError),
    /// The batch belongs to another conference.
    #[error("the batch is of conference {found:?}, the file is of {expected:?}")]
    Foreign {
        /// As the batch says.
        found: String,
        /// As the header says.
        expected: String,
    },
    /// The file is cut off, or lines were added.
    #[error("the header promises {promised} {what}, the file holds {found}")]
    Count {
        /// Of what.
        what: &'static str,
        /// By the header.
        promised: usize,
        /// In the lines.
        found: usize,
    },
    /// No line at all.
    #[error("the file is empty")]
    Empty,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
    version: u32,
    conference_id: String,
    batch_count: usize,
    report_count: usize,
    event_count: usize,
}

/// Enough of a header to tell the version of a file that is newer than this reader.
#[derive(Deserialize)]
struct AnyHeader {
    format: String,
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    batch: String,
}

/// Whether a text begins like a portable conference.
#[must_use]
pub fn is_portable(text: &[u8]) -> bool {
    let first = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    serde_json::from_slice::<AnyHeader>(first).is_ok_and(|header| header.format == FORMAT)
}

/// The text of a portable conference.
#[must_use]
pub fn write(conference: &PortableConference) -> Vec<u8> {
    let counts = Counts::of(&conference.batches);
    let header = Header {
        format: FORMAT.to_owned(),
        version: VERSION,
        conference_id: conference.conference_id.as_str().to_owned(),
        batch_count: counts.batches,
        report_count: counts.reports,
        event_count: counts.events,
    };
    let mut text = serde_json::to_vec(&header).unwrap_or_default();
    for batch in &conference.batches {
        text.extend_from_slice(b"\n{\"batch\":\"");
        text.extend_from_slice(STANDARD.encode(batch::encode(batch)).as_bytes());
        text.extend_from_slice(b"\"}");
    }
    text.push(b'\n');
    text
}

/// The conference that [`write()`] was given.
///
/// # Errors
/// When the text is anything else; names the line.
pub fn read(text: &[u8]) -> Result<PortableConference, PortableError> {
    let mut lines =
        text.split(|&byte| byte == b'\n').enumerate().map(|(index, line)| (index + 1, line)).filter(|(_, line)| !line.is_empty());
    let at = |line: usize| move |problem: PortableProblem| PortableError { line, problem };
    let (number, first) = lines.next().ok_or_else(|| at(1)(PortableProblem::Empty))?;
    let (header, conference_id) = read_header(first).map_err(at(number))?;
    let mut batches = Vec::new();
    let mut last = number;
    for (number, line) in lines {
        let batch = read_line(line).map_err(at(number))?;
        if batch.conference_id != conference_id {
            let (found, expected) = (batch.conference_id.to_string(), header.conference_id.clone());
            return Err(at(number)(PortableProblem::Foreign { found, expected }));
        }
        batches.push(batch);
        last = number;
    }
    let found = Counts::of(&batches);
    for (what, promised, found) in [
        ("batches", header.batch_count, found.batches),
        ("reports", header.report_count, found.reports),
        ("events", header.event_count, found.events),
    ] {
        if promised != found {
            return Err(at(last)(PortableProblem::Count { what, promised, found }));
        }
    }
    Ok(PortableConference { conference_id, batches })
}

fn read_header(line: &[u8]) -> Result<(Header, ConferenceId), PortableProblem> {
    let any: AnyHeader = serde_json::from_slice(line)?;
    if any.format != FORMAT {
        return Err(PortableProblem::Format(any.format));
    }
    if any.version != VERSION {
        return Err(PortableProblem::Version(any.version));
    }
    let header: Header = serde_json::from_slice(line)?;
    let conference_id = ConferenceId::new(header.conference_id.clone())?;
    Ok((header, conference_id))
}

fn read_line(line: &[u8]) -> Result<Batch, PortableProblem> {
    let line: Line = serde_json::from_slice(line)?;
    Ok(batch::decode(&STANDARD.decode(line.batch)?)?)
}

struct Counts {
    batches: usize,
    reports: usize,
    events: usize,
}

impl Counts {
    fn of(batches: &[Batch]) -> Self {
        Self {
            batches: batches.len(),
            reports: batches.iter().map(|batch| batch.reports.len()).sum(),
            events: batches.iter().map(|batch| batch.events.len()).sum(),
        }
    }
}
