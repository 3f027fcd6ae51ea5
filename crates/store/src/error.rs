//! What can go wrong in a store, by what the caller can do about it.

/// A store's failure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The queue is full: nothing was kept, the same call may be made later.
    #[error("the store is busy: {0} batches wait to be committed; try again later")]
    Busy(usize),
    /// The medium refuses writes (disk full, read-only folder …). What was acknowledged before is kept.
    #[error("the store cannot write: {0}")]
    Unwritable(String),
    /// The store was written by a newer version.
    #[error(
        "the store has schema version {found}, this version of sidetone knows up to {known}: run the newer version, or restore a backup"
    )]
    Newer {
        /// Version found.
        found: u32,
        /// Latest version known.
        known: u32,
    },
    /// The store was written by an older version, and was to be opened without a change.
    #[error("this folder was written by an older version (schema {found}, this version has {known}); `sidetone serve` will migrate it")]
    Older {
        /// Version found.
        found: u32,
        /// The version that would be written.
        known: u32,
    },
    /// A stored row makes no sense.
    #[error("{table}, row {row}: {problem}")]
    Corrupt {
        /// Table.
        table: &'static str,
        /// Row, as text.
        row: String,
        /// What is wrong.
        problem: String,
    },
    /// The batch belongs to a conference, participant or peer connection of another app or user.
    #[error("participant_id {participant_id:?} belongs to {held}, the batch says {given}")]
    Conflict {
        /// As the client gave it.
        participant_id: String,
        /// What the store holds.
        held: String,
        /// What the batch says.
        given: String,
    },
    /// The backend failed.
    #[error("the store failed: {0}")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
}
