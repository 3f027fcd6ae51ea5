//! Engine and wire for the browser: bindings only, no logic of their own.
//!
//! Reports and batches go in and come out as JSON text or as the bytes of the compact batch.
//! Every function is a plain Rust function too, so that a native program can be compared with the WebAssembly module.
//!
//! - [`encode_batch`], [`decode_batch`]: a batch between its JSON form and its compact form.
//! - [`digest_batch`]: a checksum of all that the engine says of a batch, to compare two builds of it.
//! - [`Analyzer`]: live series, scores and issues of one peer connection.

mod output;

use sidetone_engine::{
    analysis::{self, digest::digest},
    issue::RuleSet,
    report::Reports,
    units::Timestamp,
};
use sidetone_wire::{batch, json};
use wasm_bindgen::prelude::*;

/// The compact form of a batch given in its JSON form.
///
/// # Errors
/// When the text is no batch; the message says where and what.
#[wasm_bindgen(js_name = encodeBatch)]
pub fn encode_batch(text: &str) -> Result<Vec<u8>, JsError> {
    Ok(batch::encode(&json::batch_from_json(text.as_bytes())?))
}

/// The JSON form of a batch given in its compact form.
///
/// # Errors
/// When the bytes are no batch.
#[wasm_bindgen(js_name = decodeBatch)]
pub fn decode_batch(bytes: &[u8]) -> Result<String, JsError> {
    let text = json::batch_to_json(&batch::decode(bytes)?);
    Ok(String::from_utf8(text)?)
}

/// Everything that the engine says of the reports of a compact batch, as counts and a checksum over every bit.
///
/// # Errors
/// When the bytes are no batch.
#[wasm_bindgen(js_name = digestBatch)]
pub fn digest_batch(bytes: &[u8]) -> Result<String, JsError> {
    Ok(digest(&batch::decode(bytes)?.reports).to_string())
}

/// Turns the successive reports of one peer connection into series, scores and issues.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Analyzer(analysis::Analyzer);

#[wasm_bindgen]
impl Analyzer {
    /// An analyzer that judges by the default rules.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self(analysis::Analyzer::new(&RuleSet::sidetone()))
    }

    /// Takes the next report: its time in milliseconds since the epoch and its `stats` object as JSON text.
    ///
    /// Gives what it adds as JSON text: `{"ticks": […], "raised": […], "escalated": […], "cleared": […]}`.
    /// All are empty for a report that was there before or comes late.
    ///
    /// # Errors
    /// When the time is none, or the text is no `stats` object.
    pub fn push(&mut self, time_ms: f64, stats: &str) -> Result<String, JsError> {
        let time = Timestamp::from_millis_f64(time_ms)
            .ok_or_else(|| JsError::new(&format!("{time_ms} is no time: milliseconds since 1970 and before 2200 are")))?;
        let reports: Reports = std::iter::once(json::report_from_json(time, stats.as_bytes())?).collect();
        let mut collected = output::Collected::default();
        self.0.push(&reports, &mut |output| collected.add(output));
        Ok(collected.into_json())
    }
}

impl Default for Analyzer {
    fn default() -> Self {
        Self::new()
    }
}
