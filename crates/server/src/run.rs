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

#[cfg(test)]
mod tests {
    use sidetone_store::record::EncodedReports;

    use super::*;

    fn chunk(seconds: &[i64], shift_us: i64) -> Chunk {
        let time = |second: &i64| Timestamp::from_micros(second * 1_000_000);
        let run: Reports = seconds.iter().map(|second| Report { time: time(second), ..Report::default() }).collect();
        let span = (time(&seconds[0]).plus_micros(shift_us), time(seconds.last().unwrap()).plus_micros(shift_us));
        Chunk { reports: EncodedReports { bytes: codec::encode(&run), count: u32::try_from(run.len()).unwrap(), span, shift_us } }
    }

    #[test]
    fn overlapping_chunks_become_one_run_in_order() {
        let chunks = [chunk(&[1, 2, 7, 8], 0), chunk(&[103, 104], -100_000_000), chunk(&[5, 6], 0), chunk(&[9, 10], 0)];
        let runs: Vec<Vec<i64>> =
            in_order(&chunks).map(|run| run.unwrap().times().iter().map(|time| time.as_micros() / 1_000_000).collect()).collect();
        assert_eq!(runs, [vec![1, 2, 3, 4, 5, 6, 7, 8], vec![9, 10]]);
    }
}
