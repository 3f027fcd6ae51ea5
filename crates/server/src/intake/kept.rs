//! What of a batch its app allows to be kept. Nothing reaches the store in another way.

use sidetone_engine::{ids::AppKey, issue::Tuned};
use sidetone_store::record::App;
use sidetone_wire::{
    address::{self, Hidden},
    batch::Batch,
    codec,
};

/// A batch with nothing in it that its app may not keep.
#[derive(Debug)]
pub struct KeptBatch {
    pub(crate) app: AppKey,
    /// The rules that judge the app's calls.
    pub(crate) rules: Tuned,
    pub(crate) batch: Batch,
    /// The reports in the report codec's form; empty when there are none.
    pub(crate) encoded: Vec<u8>,
    /// What had to be hidden.
    pub(crate) hidden: Hidden,
}

impl KeptBatch {
    /// Takes out of `batch` what `app` may not keep. `encoded` are its reports in the report codec's form, if they are at hand.
    #[must_use]
    pub fn new(app: &App, mut batch: Batch, encoded: Option<Vec<u8>>) -> Self {
        let hidden = if app.settings.keep_addresses { Hidden::default() } else { address::hide_in(&mut batch) };
        let encoded = match encoded.filter(|_| !hidden.reports) {
            Some(encoded) => encoded,
            None if batch.reports.is_empty() => Vec::new(),
            None => codec::encode(&batch.reports),
        };
        Self { app: app.key, rules: app.settings.rules.clone(), batch, encoded, hidden }
    }
}
