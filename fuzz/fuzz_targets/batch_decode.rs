//! `batch::decode`: what it understands comes back exactly through `encode`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sidetone_wire::batch::{decode, encode};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(batch) = decode(bytes) {
        assert_eq!(decode(&encode(&batch)).ok(), Some(batch));
    }
});
