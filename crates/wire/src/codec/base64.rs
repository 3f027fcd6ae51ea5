//! Base64: the letters that many ids are made of, and certificates as `getStats` tells them. That of the library is 5 kB of every page's download.

/// The letters by their values.
pub(super) const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The value of a letter; of any other byte some value.
pub(super) fn letter_value(byte: u8) -> u64 {
    u64::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        _ => 63,
    })
}

/// The bytes that base64 stands for; any others for a text that is no base64.
#[expect(clippy::cast_possible_truncation, reason = "the lowest eight bits are taken")]
pub(super) fn from_base64(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0, 0);
    for byte in text.bytes().filter(|&byte| byte != b'=') {
        bits = bits << 6 | letter_value(byte);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

/// Bytes in base64.
pub(super) fn to_base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0, |bits, &byte| bits << 8 | usize::from(byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let letter = if place > three.len() { b'=' } else { LETTERS[bits >> (18 - 6 * place) & 63] };
            text.push(char::from(letter));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};

    use super::*;

    #[test]
    fn it_is_the_base64_of_the_library() {
        let bytes: Vec<u8> = (0..=u8::MAX).chain(0..=u8::MAX).map(|byte| byte.wrapping_mul(167)).collect();
        for end in [0, 1, 2, 3, 4, 255, 512] {
            let text = STANDARD.encode(&bytes[..end]);
            assert_eq!((to_base64(&bytes[..end]), from_base64(&text)), (text, bytes[..end].to_vec()));
        }
    }
}
