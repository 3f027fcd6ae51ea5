//! Looking for damage.

use std::path::Path;

use rusqlite::Connection;
use sidetone_store::error::StoreError;
use sidetone_wire::codec;

use crate::error::failed;

/// Each finding is a sentence for the operator.
pub(crate) fn check(db: &Connection, file: &Path) -> Result<Vec<String>, StoreError> {
    let mut findings = Vec::new();
    let mut integrity = db.prepare("PRAGMA integrity_check").map_err(failed)?;
    for line in integrity.query_map([], |row| row.get::<_, String>(0)).map_err(failed)? {
        match line.map_err(failed)?.as_str() {
            "ok" => {}
            line => findings.push(format!("{}: {line}; restore a backup", file.display())),
        }
    }
    let mut chunks = db.prepare("SELECT id, peer_connection, count, bytes FROM chunks").map_err(failed)?;
    let mut rows = chunks.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let read = || {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, u32>(2)? as usize,
                row.get_ref(3)?.as_blob().map(codec::decode)?,
            ))
        };
        let (id, peer_connection, count, reports) = read().map_err(failed)?;
        match reports {
            Err(error) => findings.push(format!("chunk {id} of peer connection {peer_connection}: {error}")),
            Ok(reports) if reports.len() != count => {
                findings
                    .push(format!("chunk {id} of peer connection {peer_connection}: has {} reports, its row says {count}", reports.len()));
            }
            Ok(_) => {}
        }
    }
    for (what, sql) in [
        ("participants without a conference", "SELECT count(*) FROM participants WHERE conference NOT IN (SELECT id FROM conferences)"),
        (
            "peer connections without a participant",
            "SELECT count(*) FROM peer_connections WHERE participant NOT IN (SELECT id FROM participants)",
        ),
        ("chunks without a peer connection", "SELECT count(*) FROM chunks WHERE peer_connection NOT IN (SELECT id FROM peer_connections)"),
    ] {
        let count: i64 = db.query_row(sql, [], |row| row.get(0)).map_err(failed)?;
        if count > 0 {
            findings.push(format!("{count} {what}"));
        }
    }
    Ok(findings)
}
