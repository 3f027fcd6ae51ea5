//! The stored reports of a peer connection as runs in order of time, by the server's clock.
//!
//! A batch that came late may lie within a chunk that was folded before it came: chunks that overlap are merged, report by report.

use std::{collections::VecDeque, iter::Peekable};

use sidetone_engine::report::{Report, Reports};
use sidetone_store::{error::StoreError, record::Chunk};
use sidetone_wire::codec::{self, CodecError, FOLDED_REPORTS_MAX};

/// Most reports of overlapping chunks that wait for their turn. Late batches need a few; where a client sends more, the first go on, and what
/// is earlier than they comes late.
const HELD_REPORTS_MAX: usize = 4 * FOLDED_REPORTS_MAX;

/// Most bytes, encoded, that they may have.
const HELD_BYTES_MAX: usize = 8 << 20;

/// Why stored reports cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// They are damaged.
    #[error(transparent)]
    Damaged(#[from] CodecError),
}

/// The reports of `chunks` in order of time, run by run. One chunk is in memory at a time, and what others that overlap it have.
pub(crate) fn in_order(chunks: impl Iterator<Item = Result<Chunk, StoreError>>) -> impl Iterator<Item = Result<Reports, ReadError>> {
    let mut runs = Runs { chunks: chunks.peekable(), held: VecDeque::new(), held_bytes: 0 };
    std::iter::from_fn(move || runs.next().transpose())
}

struct Runs<I: Iterator> {
    chunks: Peekable<I>,
    /// Reports of chunks that overlap, in order of time.
    held: VecDeque<Held>,
    held_bytes: usize,
}

struct Held {
    report: Report,
    /// Its part of the encoded chunk.
    bytes: usize,
}

impl<I: Iterator<Item = Result<Chunk, StoreError>>> Runs<I> {
    fn next(&mut self) -> Result<Option<Reports>, ReadError> {
        loop {
            let settled = self.settled();
            if settled > 0 {
                let held_bytes = &mut self.held_bytes;
                let settled = self.held.drain(..settled).map(|held| {
                    *held_bytes -= held.bytes;
                    held.report
                });
                return Ok(Some(settled.collect()));
            }
            let Some(chunk) = self.chunks.next().transpose()? else { return Ok(None) };
            let mut run = codec::decode(&chunk.reports.bytes)?;
            run.shift(chunk.reports.shift_us);
            let overlaps = matches!(self.chunks.peek(), Some(Ok(next)) if next.reports.span.0 < chunk.reports.span.1);
            if self.held.is_empty() && !overlaps {
                return Ok(Some(run));
            }
            let bytes = chunk.reports.bytes.len() / run.len().max(1);
            self.held_bytes += bytes * run.len();
            self.held.extend(run.iter().map(|report| Held { report, bytes }));
            self.held.make_contiguous().sort_by_key(|held| held.report.time);
        }
    }

    /// How many of those held come before everything that is not read yet.
    fn settled(&mut self) -> usize {
        let Some(Ok(next)) = self.chunks.peek() else { return self.held.len() };
        let settled = self.held.partition_point(|held| held.report.time <= next.reports.span.0);
        let (mut excess, mut bytes) = (self.held.len().saturating_sub(HELD_REPORTS_MAX), self.held_bytes);
        bytes -= self.held.range(..excess).map(|held| held.bytes).sum::<usize>();
        while bytes > HELD_BYTES_MAX {
            bytes -= self.held[excess].bytes;
            excess += 1;
        }
        settled.max(excess)
    }
}

#[cfg(test)]
mod tests {
    use sidetone_engine::{analysis::Analyzer, issue::RuleSet, units::Timestamp};
    use sidetone_store::record::EncodedReports;
    use sidetone_testkit::call::{Call, Who};

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
        assert_eq!(runs(chunks), [vec![1, 2], vec![3, 4], vec![5, 6, 7, 8], vec![9, 10]]);
    }

    fn runs(chunks: impl IntoIterator<Item = Chunk>) -> Vec<Vec<i64>> {
        let seconds = |run: Reports| run.times().iter().map(|time| time.as_micros() / 1_000_000).collect();
        in_order(chunks.into_iter().map(Ok)).map(|run| seconds(run.unwrap())).collect()
    }

    #[test]
    fn chunks_that_all_overlap_do_not_wait_for_each_other_without_bound() {
        let read = std::cell::Cell::new(0_usize);
        let chunks = (0..5_000).map(|_| {
            read.set(read.get() + 1);
            Ok(chunk(&[0, 1_000_000], 0))
        });
        let mut given = 0;
        for run in in_order(chunks) {
            given += run.unwrap().len();
            assert!(2 * read.get() - given <= HELD_REPORTS_MAX + 4, "{} reports wait", 2 * read.get() - given);
        }
        assert_eq!(given, 10_000);
    }

    #[test]
    fn a_store_that_fails_in_between_is_no_end() {
        let chunks = [Ok(chunk(&[1, 2], 0)), Err(StoreError::Busy(1))];
        let read: Vec<_> = in_order(chunks.into_iter()).map(|run| run.map(|run| run.len())).collect();
        assert!(matches!(read[..], [Ok(2), Err(ReadError::Store(StoreError::Busy(1)))]), "{read:?}");
    }

    /// Late batches within folded chunks, one of them over the whole call: judged as if all had come in time.
    #[test]
    fn a_call_in_overlapping_chunks_is_judged_as_the_whole_to_the_last_bit() {
        let call = Call::of_seconds(900).during(100..400, |conditions| conditions.loss_in = 0.2);
        let who = Who { conference: "c", user: "u", participant: "p", peer_connection: "pc" };
        let all: Vec<Report> = call.batches(who).iter().flat_map(|batch| batch.reports.iter().collect::<Vec<_>>()).collect();
        let part = |wanted: &dyn Fn(usize) -> bool| {
            let run: Reports = all.iter().enumerate().filter(|(row, _)| wanted(*row)).map(|(_, report)| report.clone()).collect();
            let span = (run.times()[0], *run.times().last().unwrap());
            Chunk { reports: EncodedReports { bytes: codec::encode(&run), count: u32::try_from(run.len()).unwrap(), span, shift_us: 0 } }
        };
        let mut chunks = vec![part(&|row| row % 100 == 7)];
        let tenth_of = |row: usize| (row / 90).min(9);
        for tenth in 0..10 {
            let is_late = move |row: usize| row % 9 == 4;
            chunks.push(part(&|row| tenth_of(row) == tenth && row % 100 != 7 && !is_late(row)));
            chunks.push(part(&|row| tenth_of(row) == tenth && row % 100 != 7 && is_late(row)));
        }
        chunks.sort_by_key(|chunk| chunk.reports.span.0);
        let judge = |runs: &mut dyn Iterator<Item = Reports>| {
            let mut analyzer = Analyzer::new(&RuleSet::default());
            let mut ticks = Vec::new();
            for run in runs {
                analyzer.push(&run, &mut |output| ticks.push(format!("{output:?}")));
            }
            (analyzer.finish(), ticks)
        };
        let streamed = judge(&mut in_order(chunks.into_iter().map(Ok)).map(Result::unwrap));
        let whole = judge(&mut std::iter::once(all.iter().cloned().collect()));
        assert!(!whole.0.issues.is_empty() && whole.1.len() > 800);
        assert!(streamed == whole);
    }
}
