//! Folding: the many small chunks of a connection as few large ones, which compress better.

use sidetone_engine::report::{Report, Reports};

use super::{dictionary::DICTIONARY, encode_by};

/// Most reports that a folded chunk holds: ten minutes at one a second.
pub const FOLDED_REPORTS_MAX: usize = 600;

/// The reports of `runs` in order of time, in chunks of at most [`FOLDED_REPORTS_MAX`].
///
/// A report that is there twice, equal to the bit, is kept once; different reports of one instant are all kept, in the order given.
/// Times and members keep their values: where chunks carry a clock correction beside them, fold those of equal correction together.
#[must_use]
pub fn fold(runs: &[Reports]) -> Vec<Vec<u8>> {
    let encode = |reports: &Reports| encode_by(&DICTIONARY, reports, true);
    // Mostly each run goes on where the one before ended.
    let times = || runs.iter().flat_map(|run| run.times());
    let is_in_order = times().zip(times().skip(1)).all(|(earlier, later)| earlier < later);
    if is_in_order && times().count() <= FOLDED_REPORTS_MAX {
        let mut whole = Reports::default();
        runs.iter().for_each(|run| whole.extend(run));
        return if whole.is_empty() { Vec::new() } else { vec![encode(&whole)] };
    }
    let mut reports: Vec<Report> = runs.iter().flat_map(Reports::iter).collect();
    reports.sort_by_key(|report| report.time);
    let mut kept: Vec<Report> = Vec::with_capacity(reports.len());
    for report in reports {
        let twice = kept.iter().rev().take_while(|earlier| earlier.time == report.time).any(|earlier| *earlier == report);
        if !twice {
            kept.push(report);
        }
    }
    kept.chunks(FOLDED_REPORTS_MAX).map(|reports| encode(&reports.iter().cloned().collect())).collect()
}
