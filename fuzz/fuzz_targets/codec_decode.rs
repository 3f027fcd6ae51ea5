//! `codec::decode`: what it understands comes back exactly through `encode`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sidetone_wire::codec::{decode, encode};

fuzz_target!(|bytes: &[u8]| {
    for bytes in [bytes.to_vec(), with_checksum(bytes)] {
        if let Ok(reports) = decode(&bytes) {
            assert_eq!(decode(&encode(&reports)), Ok(reports));
        }
    }
});

/// The bytes as a chunk whose beginning and checksum are right: without it nearly every input would be refused at once.
fn with_checksum(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = b"SR\x01".to_vec();
    chunk.extend_from_slice(bytes);
    let mut check = flate2::Crc::new();
    check.update(&chunk);
    chunk.extend_from_slice(&check.sum().to_le_bytes());
    chunk
}
