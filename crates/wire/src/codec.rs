//! The report codec: a run of reports in few bytes, and back exactly. `docs/report-codec.md` describes every byte.
//!
//! A chunk stands alone, is protected by a checksum, and may ask for no more memory than a multiple of its own size
//! ([`MEMORY_PER_BYTE`], [`MEMORY_BASE`]). It holds the columns of [`Reports`]: what never changes costs a few bits,
//! what changes is predicted from its past or from another column, and what is left is a symbol of known likelihood and plain bits.

mod base64;
mod budget;
mod certificate;
mod checksum;
mod columns;
mod dictionary;
mod fold;
mod number;
mod numbering;
mod object;
mod predict;
mod rans;
mod read;
mod residual;
mod rows;
mod template;
mod text;
#[cfg(feature = "train")]
pub mod train;
mod write;

pub use budget::{MEMORY_BASE, MEMORY_PER_BYTE};
pub(crate) use checksum::checksum;
pub use fold::{FOLDED_REPORTS_MAX, fold};

use sidetone_engine::report::Reports;

use budget::Budget;
use certificate::Certificates;
use dictionary::{DICTIONARY, Dictionary};
use rans::Decoder;
use read::Reading;
use template::Plan;
use write::Writing;

/// What every chunk begins with; the last byte is the version of the format.
const MAGIC: [u8; 3] = *b"SR\x01";
/// Memory of a row besides its columns.
const ROW_BYTES: usize = 64;
/// Bytes of the checksum at the end.
const CHECK_BYTES: usize = 4;

/// Why bytes are not a run of reports.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodecError {
    /// Other than this format.
    #[error("not a report chunk: it does not begin with the bytes `SR`")]
    NotAChunk,
    /// This format, but a version that is not known.
    #[error("report chunk of format version {0}, only version 1 is understood")]
    Version(u8),
    /// Too short to hold what it should.
    #[error("report chunk of {bytes} bytes is cut short")]
    Truncated {
        /// Bytes there are.
        bytes: usize,
    },
    /// Changed on the way, or cut short.
    #[error(
        "report chunk of {bytes} bytes does not match its checksum: {computed:08x} instead of {stated:08x}; it was changed or cut short"
    )]
    Checksum {
        /// Bytes there are.
        bytes: usize,
        /// The checksum in the chunk.
        stated: u32,
        /// The checksum of the chunk.
        computed: u32,
    },
    /// It asks for more memory than a chunk of its size may.
    #[error("report chunk asks for more than the {allowed} bytes of memory that its size allows")]
    TooLarge {
        /// Bytes of memory that are allowed.
        allowed: usize,
    },
    /// A string that is not UTF-8.
    #[error("report chunk holds a string that is not UTF-8")]
    NotUtf8,
    /// A value that no encoder writes.
    #[error("report chunk holds an impossible {0}")]
    Damaged(&'static str),
}

/// The form for the wire: every column by what the dictionary says is likely. Numbers have to be finite, as [`decode`] refuses others.
#[must_use]
pub fn encode(reports: &Reports) -> Vec<u8> {
    encode_by(&DICTIONARY, reports, false)
}

/// A chunk. In one that `learns`, every run of numbers has models of its own, which follow what they see.
fn encode_by(dictionary: &Dictionary, reports: &Reports, learns: bool) -> Vec<u8> {
    let certificates = &mut Certificates::default();
    if let Some(plan) = template::plan(dictionary, reports) {
        return write(dictionary, &plan, reports, learns, certificates).0;
    }
    // An object or member that stands there twice: what holds is said by the reports.
    let plain: Reports = reports.iter().collect();
    template::plan(dictionary, &plain).map_or_else(Vec::new, |plan| write(dictionary, &plan, &plain, learns, certificates).0)
}

/// Encodes the successive runs of one peer connection as [`encode`] does: what it found of one it remembers for the next.
#[derive(Debug)]
pub struct Encoder {
    dictionary: &'static Dictionary,
    plan: Plan,
    certificates: Certificates,
}

impl Default for Encoder {
    /// Reads the tables, if nobody did: in a page that takes long enough not to be left to the first chunk.
    fn default() -> Self {
        Self { dictionary: &DICTIONARY, plan: Plan::default(), certificates: Certificates::default() }
    }
}

impl Encoder {
    /// The chunk of a run; `None` when an object or a member stands there twice.
    pub fn encode(&mut self, reports: &Reports) -> Option<Vec<u8>> {
        if !self.plan.suits(reports) {
            self.plan = template::plan(self.dictionary, reports)?.keep(reports);
        }
        Some(write(self.dictionary, &self.plan, reports, false, &mut self.certificates).0)
    }
}

/// A chunk, and what wrote it.
fn write<'a>(
    dictionary: &'a Dictionary,
    plan: &Plan,
    reports: &'a Reports,
    learns: bool,
    certificates: &'a mut Certificates,
) -> (Vec<u8>, Writing<'a>) {
    let mut writing = Writing::new(dictionary, reports, learns, certificates);
    writing.reports(plan, reports);
    let mut bytes = MAGIC.to_vec();
    push_varint(&mut bytes, (reports.len() as u64) << 1 | u64::from(learns));
    let _ = writing.budget.charge(reports.len().saturating_mul(ROW_BYTES));
    let least = writing.budget.chunk_size().saturating_sub(CHECK_BYTES);
    std::mem::take(&mut writing.encoder).write(&mut bytes, least);
    let check = checksum(&bytes);
    bytes.extend_from_slice(&check.to_le_bytes());
    (bytes, writing)
}

/// The run that [`encode`] was given.
///
/// # Errors
/// When the bytes are not what `encode` writes.
pub fn decode(bytes: &[u8]) -> Result<Reports, CodecError> {
    let truncated = || CodecError::Truncated { bytes: bytes.len() };
    let found = bytes.get(..MAGIC.len()).ok_or_else(truncated)?;
    if found[..2] != MAGIC[..2] {
        return Err(CodecError::NotAChunk);
    }
    if found[2] != MAGIC[2] {
        return Err(CodecError::Version(found[2]));
    }
    let (body, stated) = bytes.split_last_chunk::<CHECK_BYTES>().ok_or_else(truncated)?;
    let (stated, computed) = (u32::from_le_bytes(*stated), checksum(body));
    if stated != computed {
        return Err(CodecError::Checksum { bytes: bytes.len(), stated, computed });
    }
    decode_by(&DICTIONARY, bytes.len(), body.get(MAGIC.len()..).ok_or_else(truncated)?)
}

fn decode_by(dictionary: &Dictionary, size: usize, mut rest: &[u8]) -> Result<Reports, CodecError> {
    let head = take_varint(&mut rest).ok_or(CodecError::Damaged("number of reports"))?;
    let rows = usize::try_from(head >> 1).map_err(|_| CodecError::Damaged("number of reports"))?;
    let mut budget = Budget::of(size);
    budget.charge(rows.saturating_mul(ROW_BYTES))?;
    let mut decoder = Decoder::new(rest).ok_or(CodecError::Truncated { bytes: size })?;
    let reports = Reading::new(dictionary, (rows, head & 1 == 1), &mut decoder, &mut budget).reports()?;
    if decoder.is_done() { Ok(reports) } else { Err(CodecError::Damaged("end")) }
}

/// Appends a number, seven bits a byte, lowest first.
#[expect(clippy::cast_possible_truncation, reason = "seven bits are taken at a time")]
pub(crate) fn push_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Takes a number of [`push_varint`] off the front; `None` when there is none or it exceeds 64 bits.
pub(crate) fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for place in 0..10 {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        if place == 9 && byte > 1 {
            return None;
        }
        number |= u64::from(byte & 0x7F) << (7 * place);
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}
