//! CRC-32 as in gzip.

/// The checksum of some bytes.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    let mut check = flate2::Crc::new();
    check.update(bytes);
    check.sum()
}

#[cfg(target_family = "wasm")]
pub(crate) use small as checksum;

/// The same with a table that is made here: that of the library has 16 kB, which every page would download.
#[cfg(any(test, target_family = "wasm"))]
pub(crate) fn small(bytes: &[u8]) -> u32 {
    static TABLE: std::sync::LazyLock<[u32; 256]> = std::sync::LazyLock::new(|| {
        let mut place = 0;
        [0; 256].map(|_: u32| {
            place += 1;
            (0..8).fold(place - 1, |check: u32, _| check >> 1 ^ (0xEDB8_8320 * (check & 1)))
        })
    });
    let table = &*TABLE;
    !bytes.iter().fold(!0, |check, &byte| check >> 8 ^ table[(check as usize ^ usize::from(byte)) & 255])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_agree() {
        let bytes: Vec<u8> = (0..=u8::MAX).rev().collect();
        for end in [0, 1, 9, 256] {
            assert_eq!(small(&bytes[..end]), checksum(&bytes[..end]));
        }
        assert_eq!(small(b"123456789"), 0xCBF4_3926);
    }
}
