//! The stored reports of a peer connection as runs in order of time, by the server's clock.
//!
//! A batch that came late may lie within a chunk that was folded before it came: chunks that overlap are merged, report by report.

use sidetone_engine::{
    report::{Report, Reports},
    units::Timestamp,
};
use sidetone_store::record::Chunk;
use sidetone_wire::codec::{self, CodecError};

/// The reports of `chunks` in order of time, a run for each chunk or group of overlapping chunks. One run is in memory at a time.
pub(crate) fn in_order(chunks: &[Chunk]) -> impl Iterator<Item = Result<Reports, CodecError>> {
    let mut rest = chunks;
    std::iter::from_fn(move || {
        let mut end: Timestamp = rest.first()?.reports.span.1;
        let mut count = 1;
        while let Some(next) = rest.get(count).filter(|next| next.reports.span.0 < end) {
            end = end.max(next.reports.span.1);
            count += 1;
        }
        let (group, after) = rest.split_at(count);
        rest = after;
        Some(merged(group))
    })
}

fn merged(group: &[Chunk]) -> Result<Reports, CodecError> {
    let decode = |chunk: &Chunk| {
        let mut run = codec::decode(&chunk.reports.bytes)?;
        run.shift(chunk.reports.shift_us);
        Ok(run)
    };
    if let [chunk] = group {
        return decode(chunk);
    }
    let mut reports: Vec<Report> = Vec::new();
    for chunk in group {
        reports.extend(decode(chunk)?.iter());
    }
    reports.sort_by_key(|report| report.time);
    Ok(reports.into_iter().collect())
}
