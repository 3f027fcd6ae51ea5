//! SQLite's errors by what a caller can do about them.

use rusqlite::ErrorCode;
use sidetone_store::error::StoreError;

/// Sorts an error of SQLite.
pub(crate) fn failed(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Unwritable(format!("the disk is full ({error}); free room, or shorten the retention")),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen | ErrorCode::SystemIoFailure) => {
            StoreError::Unwritable(format!("{error}; check the data folder, its owner and its file system"))
        }
        _ => StoreError::Backend(Box::new(error)),
    }
}
