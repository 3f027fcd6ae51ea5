//! `import::import`: any file is imported or refused, within the limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sidetone_wire::import::{Limits, import};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { text_bytes_max: 1 << 20, values_max: 100_000 };
    let _ = import(bytes, &limits);
});
