//! `json::report_from_json`: what it understands comes back exactly through `report_to_json`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sidetone_engine::units::Timestamp;
use sidetone_wire::json::{report_from_json, report_from_value, report_to_json};

fuzz_target!(|text: &[u8]| {
    let time = Timestamp::from_micros(0);
    if let Ok(report) = report_from_json(time, text) {
        assert_eq!(report_from_value(time, &report_to_json(&report)).ok(), Some(report));
    }
});
