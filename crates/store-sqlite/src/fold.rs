//! Folding the many chunks of a peer connection into few: read and encoded by a reader, swapped by the writer.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use sidetone_engine::{
    ids::{AppKey, PeerConnectionKey},
    units::Timestamp,
};
use sidetone_store::error::StoreError;
use sidetone_wire::codec::{self, FOLDED_REPORTS_MAX};

use crate::{error::failed, read::peer_connection_id};

/// Most bytes of chunks that are folded into one, so that what is decoded for it stays within bounds when reports are large.
const RUN_BYTES_MAX: usize = 4 << 20;

/// Bytes of folded chunks at which they are written before the next are made.
const FOLDED_BYTES: usize = 4 << 20;

/// A row of `chunks` without its bytes.
#[derive(Clone, Copy)]
pub(crate) struct ChunkRow {
    id: i64,
    count: u32,
    shift_us: i64,
    size: i64,
}

/// A chunk in place of several.
struct Swap {
    from: Vec<ChunkRow>,
    to: Vec<FoldedChunk>,
}

struct FoldedChunk {
    span: (Timestamp, Timestamp),
    count: u32,
    bytes: Vec<u8>,
}

/// Some folded chunks of one peer connection.
pub(crate) struct Folded {
    app: AppKey,
    key: PeerConnectionKey,
    swaps: Vec<Swap>,
}

/// Folds the first of `rows`, as many as make [`FOLDED_BYTES`], and gives back those that are left; `None` when there is nothing to fold.
///
/// At most [`FOLDED_REPORTS_MAX`] reports are decoded at a time. A chunk that cannot be decoded is left out, for a later version or a
/// person to read.
pub(crate) fn fold(
    db: &mut Connection,
    app: AppKey,
    key: PeerConnectionKey,
    mut rows: Vec<ChunkRow>,
) -> Result<(Option<Folded>, Vec<ChunkRow>), StoreError> {
    let db = db.transaction().map_err(failed)?;
    let Some(peer_connection) = peer_connection_id(&db, app, key)? else { return Ok((None, Vec::new())) };
    let mut swaps: Vec<Swap> = Vec::new();
    let (mut begin, mut bytes) = (0, 0);
    while let Some(first) = rows.get(begin).filter(|_| bytes < FOLDED_BYTES) {
        let (mut count, mut size) = (0, 0);
        let fits = |row: &&ChunkRow| {
            count += row.count as usize;
            size += usize::try_from(row.size).unwrap_or(usize::MAX);
            row.shift_us == first.shift_us && count <= FOLDED_REPORTS_MAX && size <= RUN_BYTES_MAX
        };
        // A chunk that is too large for the others stays alone.
        let len = rows[begin..].iter().take_while(fits).count().max(1);
        if let Some(swap) = fold_run(&db, peer_connection, &rows[begin..begin + len])? {
            bytes += swap.to.iter().map(|chunk| chunk.bytes.len()).sum::<usize>();
            swaps.push(swap);
        }
        begin += len;
    }
    rows.drain(..begin);
    Ok(((!swaps.is_empty()).then_some(Folded { app, key, swaps }), rows))
}

/// What the peer connection has by now: chunks of equal clock correction together, each in order of time.
pub(crate) fn rows(db: &Connection, app: AppKey, key: PeerConnectionKey) -> Result<Vec<ChunkRow>, StoreError> {
    let Some(peer_connection) = peer_connection_id(db, app, key)? else { return Ok(Vec::new()) };
    let mut select = db
        .prepare_cached("SELECT id, count, shift_us, length(bytes) FROM chunks WHERE peer_connection = ?1 ORDER BY shift_us, first, id")
        .map_err(failed)?;
    let rows = select
        .query_map([peer_connection], |row| Ok(ChunkRow { id: row.get(0)?, count: row.get(1)?, shift_us: row.get(2)?, size: row.get(3)? }))
        .map_err(failed)?;
    rows.collect::<Result<_, _>>().map_err(failed)
}

fn fold_run(db: &Connection, peer_connection: i64, rows: &[ChunkRow]) -> Result<Option<Swap>, StoreError> {
    if rows.len() < 2 {
        return Ok(None);
    }
    let (mut from, mut runs) = (Vec::new(), Vec::new());
    for row in rows {
        // It may be gone since the rows were listed.
        let bytes: Option<Vec<u8>> = db
            .prepare_cached("SELECT bytes FROM chunks WHERE id = ?1 AND peer_connection = ?2")
            .and_then(|mut select| select.query_row([row.id, peer_connection], |row| row.get(0)).optional())
            .map_err(failed)?;
        if let Some(Ok(run)) = bytes.map(|bytes| codec::decode(&bytes)) {
            from.push(*row);
            runs.push(run);
        }
    }
    if from.len() < 2 {
        return Ok(None);
    }
    let folded = codec::fold(&runs);
    let shift_us = rows[0].shift_us;
    let mut to = Vec::with_capacity(folded.len());
    for bytes in folded {
        // What is to replace the only copy is read back before.
        let Ok(reports) = codec::decode(&bytes) else { return Ok(None) };
        let (Some(first), Some(last)) = (reports.times().first(), reports.times().last()) else { return Ok(None) };
        let span = (first.plus_micros(shift_us), last.plus_micros(shift_us));
        to.push(FoldedChunk { span, count: u32::try_from(reports.len()).unwrap_or(u32::MAX), bytes });
    }
    Ok((to.len() < from.len()).then_some(Swap { from, to }))
}

/// Puts the folded chunks in place of those they were made of. Where one of those is gone meanwhile, nothing is changed.
pub(crate) fn swap(connection: &mut Connection, folded: &Folded) -> Result<(), StoreError> {
    let mut db = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let Some(peer_connection) = peer_connection_id(&db, folded.app, folded.key)? else { return Ok(()) };
    for swap in &folded.swaps {
        let step = db.savepoint().map_err(failed)?;
        if swap_one(&step, peer_connection, swap)? {
            step.commit().map_err(failed)?;
        }
    }
    db.execute(
        "UPDATE peer_connections SET (report_count, report_bytes) =
           (SELECT coalesce(sum(count), 0), coalesce(sum(length(bytes)), 0) FROM chunks WHERE peer_connection = ?1)
         WHERE id = ?1",
        [peer_connection],
    )
    .map_err(failed)?;
    db.commit().map_err(failed)
}

/// `false` when a chunk is not as it was read; the caller then rolls back.
fn swap_one(db: &Connection, peer_connection: i64, swap: &Swap) -> Result<bool, StoreError> {
    for row in &swap.from {
        // A row's number may be used again after an erasure: it must be the same chunk still.
        let removed = db
            .prepare_cached(
                "DELETE FROM chunks WHERE id = ?1 AND peer_connection = ?2 AND count = ?3 AND shift_us = ?4 AND length(bytes) = ?5
                 RETURNING id",
            )
            .and_then(|mut delete| {
                delete.query_row(params![row.id, peer_connection, row.count, row.shift_us, row.size], |row| row.get::<_, i64>(0)).optional()
            })
            .map_err(failed)?;
        if removed.is_none() {
            return Ok(false);
        }
    }
    let mut insert = db
        .prepare_cached("INSERT INTO chunks (peer_connection, first, last, count, shift_us, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        .map_err(failed)?;
    for chunk in &swap.to {
        let (first, last) = (chunk.span.0.as_micros(), chunk.span.1.as_micros());
        insert.execute(params![peer_connection, first, last, chunk.count, swap.from[0].shift_us, chunk.bytes]).map_err(failed)?;
    }
    Ok(true)
}
