//! The report codec: a run of reports in few bytes, and back exactly.

use sidetone_engine::report::Reports;

/// Why bytes are not a run of reports.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodecError {
    /// Other than this format.
    #[error("not a report chunk")]
    NotAChunk,
}

/// The most compact form of a run. Never fails.
#[must_use]
pub fn encode(_reports: &Reports) -> Vec<u8> {
    Vec::new()
}

/// The run that [`encode`] was given.
///
/// # Errors
/// When the bytes are not what `encode` writes.
pub fn decode(_bytes: &[u8]) -> Result<Reports, CodecError> {
    Err(CodecError::NotAChunk)
}
