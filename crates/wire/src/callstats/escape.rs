//! The escapes of URLs and forms, as the callstats clients write them.

/// As `encodeURIComponent`: letters, digits and `-_.!~*'()` stay, every other byte of UTF-8 becomes `%XX`.
#[must_use]
pub fn encode_uri_component(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Undoes `encodeURIComponent` and form encoding alike: `+` is a space (browsers write a plus as `%2B`), a `%` before anything but two
/// digits is itself (the Android client does not encode). `None` when the result is no UTF-8.
#[must_use]
pub fn decode(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%').then(|| Some(hex(*bytes.get(at + 1)?)? << 4 | hex(*bytes.get(at + 2)?)?)).flatten();
        decoded.push(escaped.unwrap_or(if byte == b'+' { b' ' } else { byte }));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8(decoded).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_encoded_as_the_browser_does() {
        // The right column is what Chromium's `encodeURIComponent` gives.
        for (text, encoded) in [
            ("super man", "super%20man"),
            ("a-b_c.d!e~f*g'h(i)j", "a-b_c.d!e~f*g'h(i)j"),
            ("room 1/ü?+x", "room%201%2F%C3%BC%3F%2Bx"),
            ("日本", "%E6%97%A5%E6%9C%AC"),
            ("%", "%25"),
        ] {
            assert_eq!(encode_uri_component(text), encoded);
            assert_eq!(decode(encoded).as_deref(), Some(text));
        }
    }

    #[test]
    fn other_clients_encode_otherwise() {
        assert_eq!(decode("room+1%2Fx").as_deref(), Some("room 1/x"));
        assert_eq!(decode("100%").as_deref(), Some("100%"));
        assert_eq!(decode("100%zz%4").as_deref(), Some("100%zz%4"));
        assert_eq!(decode("%FF"), None);
    }
}
