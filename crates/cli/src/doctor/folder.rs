//! Examines a data folder.

use std::{os::unix::fs::PermissionsExt, path::Path};

use sidetone_store::{
    Store,
    error::StoreError,
    query::{ConferenceQuery, PAGE_ROWS_MAX},
    record::ConferenceState,
};

use super::Findings;
use crate::{data_folder, output};

/// Less free space than this is worth a note: half a day of 1,000 concurrent audio and video peer connections.
const FREE_BYTES_NOTE: u64 = 5_000_000_000;

/// Less than this is wrong: minutes are left.
const FREE_BYTES_WRONG: u64 = 200_000_000;

pub(super) async fn examine(folder: &Path, findings: &mut Findings) {
    let name = folder.display();
    let Ok(metadata) = std::fs::metadata(folder) else {
        findings.wrong(format!("{name}: there is no data folder here; `sidetone serve` or `sidetone app create` makes one"));
        return;
    };
    if !metadata.is_dir() {
        findings.wrong(format!("{name}: is no folder"));
        return;
    }
    if metadata.permissions().mode() & 0o007 != 0 {
        findings.mind(format!(
            "{name}: every user of this machine may read it (mode {:o}); `chmod o-rwx` keeps it private",
            metadata.permissions().mode() & 0o777
        ));
    }
    match rustix::fs::access(folder, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK) {
        Ok(()) => findings.fine(format!("{name}: may be written")),
        Err(error) => findings.wrong(format!("{name}: may not be written by this user ({error})")),
    }
    match rustix::fs::statvfs(folder) {
        Ok(space) => {
            let free = space.f_bavail.saturating_mul(space.f_frsize);
            let text = format!("{:.1} GB are free", free as f64 / 1e9);
            match free {
                ..FREE_BYTES_WRONG => findings.wrong(format!("only {text}; intake will soon be refused")),
                FREE_BYTES_WRONG..FREE_BYTES_NOTE => findings.mind(text),
                FREE_BYTES_NOTE.. => findings.fine(text),
            }
        }
        Err(error) => findings.mind(format!("free space is unknown ({error})")),
    }
    match data_folder::open_to_read(folder).await {
        Ok(store) => {
            findings.fine("the store opens");
            if let Err(error) = examine_store(&*store, findings).await {
                findings.wrong(format!("the store cannot be read: {error}"));
            }
        }
        Err(error) => match error.downcast_ref() {
            Some(older @ StoreError::Older { .. }) => findings.mind(older.to_string()),
            _ => findings.wrong(format!("{error:#}")),
        },
    }
}

async fn examine_store(store: &dyn Store, findings: &mut Findings) -> Result<(), StoreError> {
    let damage = store.check().await?;
    if damage.is_empty() {
        findings.fine("the store is sound");
    }
    for damage in damage {
        findings.wrong(damage);
    }
    let apps = store.apps().await?;
    if apps.is_empty() {
        findings.mind("there is no app yet, so nobody can send; `sidetone app create NAME` makes one");
    } else {
        findings.fine(output::count(apps.len() as u64, "app"));
    }
    let (mut running, mut ended) = (0, 0);
    for app in apps {
        for refused in app.settings.rules.refused() {
            findings
                .mind(format!("app {}: a stored threshold is not applied: {refused}; `sidetone app set --thresholds` mends it", app.name));
        }
        for (state, count) in [(ConferenceState::Running, &mut running), (ConferenceState::Ended, &mut ended)] {
            let query = ConferenceQuery { state: Some(state), limit: PAGE_ROWS_MAX, ..ConferenceQuery::default() };
            *count += store.search(app.key, &query).await?.rows.len() as u64;
        }
    }
    if running > 0 {
        findings.fine(format!("{}, running now or when the server stopped", output::count(running, "conference")));
    }
    if ended > 0 {
        findings.mind(format!(
            "{}, ended and not finalised yet; a running server does it within seconds, else start it",
            output::count(ended, "conference")
        ));
    }
    Ok(())
}
