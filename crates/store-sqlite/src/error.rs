//! SQLite's errors by what a caller can do about them.

use rusqlite::ErrorCode;
use sidetone_store::error::StoreError;

/// Sorts an error of SQLite.
pub(crate) fn failed(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => {
            StoreError::Unwritable(format!("the disk is full ({error}); free some room, without which old data cannot be removed either"))
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen | ErrorCode::SystemIoFailure) => {
            StoreError::Unwritable(format!("{error}; check the data folder, its owner and its file system"))
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            StoreError::Unwritable(format!("another process holds the data folder ({error}); end it, or wait until it is done"))
        }
        _ => StoreError::Backend(Box::new(error)),
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn a_store_that_another_process_holds_is_told_as_one_that_cannot_be_written_now() {
        let folder = tempfile::tempdir().unwrap();
        let [holder, writer] = [(); 2].map(|()| Connection::open(folder.path().join("held")).unwrap());
        writer.busy_timeout(std::time::Duration::ZERO).unwrap();
        holder.execute_batch("BEGIN IMMEDIATE").unwrap();
        let error = failed(writer.execute_batch("BEGIN IMMEDIATE").unwrap_err());
        assert!(matches!(&error, StoreError::Unwritable(reason) if reason.contains("another process holds")), "{error}");
        holder.execute_batch("COMMIT").unwrap();
        writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    }
}
