//! The stored reports of a peer connection as they are read: a chunk at a time, however long the call was.

use std::fmt;

use sidetone_engine::units::Timestamp;

use crate::{error::StoreError, record::Chunk};

/// Chunks in order of time (then of arrival), of one state of the store. A few are in memory at a time.
///
/// Each next one may be waited for: ask on a thread that may block. Whoever stops early drops it.
pub struct Chunks(Box<dyn Iterator<Item = Result<Chunk, StoreError>> + Send>);

impl Chunks {
    /// What a backend reads. After an error comes nothing more.
    pub fn new(read: impl Iterator<Item = Result<Chunk, StoreError>> + Send + 'static) -> Self {
        Self(Box::new(read))
    }
}

impl Iterator for Chunks {
    type Item = Result<Chunk, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl fmt::Debug for Chunks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Chunks")
    }
}

/// How much there is of the reports of a peer connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportExtent {
    /// Time of the first and last report, by the server's clock.
    pub span: (Timestamp, Timestamp),
    /// Number of reports.
    pub count: u64,
}
