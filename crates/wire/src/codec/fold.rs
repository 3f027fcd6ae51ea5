//! Folding: the many small chunks of a connection as few large ones, which compress better.

use sidetone_engine::report::{Report, Reports};

use super::{CodecError, decode, dictionary::DICTIONARY, encode_by};

/// Most reports that a folded chunk holds: ten minutes at one a second.
pub const FOLDED_REPORTS_MAX: usize = 600;

/// The reports of `chunks` in order of time, in chunks of at most [`FOLDED_REPORTS_MAX`].
///
/// A report that is there twice, equal to the bit, is kept once; different reports of one instant are all kept, in the order given.
/// Times and members keep their values: where chunks carry a clock correction beside them, fold those of equal correction together.
///
/// # Errors
/// When one of the chunks is damaged; nothing is folded then.
pub fn fold<B: AsRef<[u8]>>(chunks: &[B]) -> Result<Vec<Vec<u8>>, CodecError> {
    let mut reports: Vec<Report> = Vec::new();
    for chunk in chunks {
        reports.extend(decode(chunk.as_ref())?.iter());
    }
    reports.sort_by_key(|report| report.time);
    let mut kept: Vec<Report> = Vec::with_capacity(reports.len());
    for report in reports {
        let twice = kept.iter().rev().take_while(|earlier| earlier.time == report.time).any(|earlier| *earlier == report);
        if !twice {
            kept.push(report);
        }
    }
    Ok(kept
        .chunks(FOLDED_REPORTS_MAX)
        .map(|reports| encode_by(&DICTIONARY, &reports.iter().cloned().collect::<Reports>(), true).0)
        .collect())
}
