//! `json::batch_from_json`: what it understands comes back exactly through `batch_to_json`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sidetone_wire::json::{batch_from_json, batch_to_json};

fuzz_target!(|text: &[u8]| {
    if let Ok(batch) = batch_from_json(text) {
        assert_eq!(batch_from_json(&batch_to_json(&batch)).ok(), Some(batch));
    }
});
