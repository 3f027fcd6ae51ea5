//! What the training program sees of the encoder: how often it said what. `docs/report-codec.md` says how the tables are made.

use sidetone_engine::report::Reports;

use super::{certificate::Certificates, decode_by, dictionary::Dictionary, number, template, write};

/// A member of a template.
pub type MemberPlace = (usize, usize);

/// Everything that was said of some reports.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Template and the symbol of how many objects it had.
    pub objects: Vec<(usize, usize)>,
    /// Member (`None`: one that no template has) and mode.
    pub modes: Vec<(Option<MemberPlace>, usize)>,
    /// Member and whether its scale was exact.
    pub exact: Vec<(Option<MemberPlace>, bool)>,
    /// Class, context and symbol.
    pub residuals: Vec<(usize, usize, usize)>,
    /// What took how many bits: type and member, `(list)` of objects and times, `(ids)`.
    pub sizes: Vec<(String, f64)>,
    /// Context and kind of part of a string.
    pub parts: Vec<(usize, usize)>,
}

/// Tables in the form of `tables.txt`.
#[derive(Debug)]
pub struct Tables(Dictionary);

impl Tables {
    /// `None` when a line is not as it should be.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        Dictionary::read(text).map(Self)
    }

    /// The chunk of some reports, and what was said; `None` when it does not come back, or holds a member twice.
    #[must_use]
    pub fn tally(&self, reports: &Reports, learns: bool) -> Option<(usize, Tally)> {
        let mut certificates = Certificates::default();
        let (bytes, writing) = write(&self.0, &template::plan(&self.0, reports)?, reports, learns, &mut certificates);
        let mut tally = writing.tally;
        tally.parts = writing.texts.tally;
        let body = &bytes[super::MAGIC.len()..bytes.len() - super::CHECK_BYTES];
        (decode_by(&self.0, bytes.len(), body).as_ref() == Ok(reports)).then_some((bytes.len(), tally))
    }
}

/// The scale that suits some numbers: its number.
#[must_use]
pub fn scale(numbers: &[f64]) -> usize {
    number::scaled(numbers).scale
}
