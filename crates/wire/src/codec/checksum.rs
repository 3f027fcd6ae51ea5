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

/// The same with a table of 64 bytes where that of the library has 16 kB, which every page would download.
#[cfg(any(test, target_family = "wasm"))]
pub(crate) fn small(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 16] = {
        let mut table = [0; 16];
        let mut place = 0;
        while place < 16 {
            #[expect(clippy::cast_possible_truncation, reason = "there are 16")]
            let mut check = place as u32;
            let mut bit = 0;
            while bit < 4 {
                check = check >> 1 ^ (0xEDB8_8320 * (check & 1));
                bit += 1;
            }
            table[place] = check;
            place += 1;
        }
        table
    };
    let step = |check: u32, nibble: u8| check >> 4 ^ TABLE[(check as usize ^ usize::from(nibble)) & 15];
    !bytes.iter().fold(!0, |check, &byte| step(step(check, byte), byte >> 4))
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
