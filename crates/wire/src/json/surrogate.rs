//! Halves of surrogate pairs. A page that cuts a text within an emoji holds half a pair, and its `JSON.stringify` writes that as an escape
//! (`\ud83d`) that stands for no character. Browsers put U+FFFD in its place wherever they write UTF-8; so do we.

use std::borrow::Cow;

/// What takes the place of a half; as long as its escape, so that the places of errors stay true.
const REPLACEMENT: &[u8; 6] = b"\\ufffd";

/// Parses the text; one that cannot be parsed and holds halves is parsed again without them.
pub(crate) fn parse<T, E>(text: &[u8], parse: impl Fn(&[u8]) -> Result<T, E>) -> Result<T, E> {
    parse(text).or_else(|error| match without_halves(text) {
        Some(text) => parse(&text),
        None => Err(error),
    })
}

/// The text, its halves replaced.
pub(crate) fn whole(text: &str) -> Cow<'_, str> {
    match without_halves(text.as_bytes()).map(String::from_utf8) {
        Some(Ok(whole)) => Cow::Owned(whole),
        _ => Cow::Borrowed(text),
    }
}

/// `None` when there are none.
fn without_halves(text: &[u8]) -> Option<Vec<u8>> {
    let mut whole: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(next) = text.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'\\')) {
        at += next;
        let first = unit(text, at);
        at += match first {
            None => 2,
            Some(0xd800..=0xdbff) if matches!(unit(text, at + 6), Some(0xdc00..=0xdfff)) => 12,
            Some(0xd800..=0xdfff) => {
                whole.get_or_insert_with(|| text.to_vec())[at..at + 6].copy_from_slice(REPLACEMENT);
                6
            }
            Some(_) => 6,
        };
    }
    whole
}

/// The code unit that is escaped here as `\uXXXX`.
fn unit(text: &[u8], at: usize) -> Option<u16> {
    let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
    let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_replaced_and_nothing_else() {
        // The right column is what `new TextDecoder().decode(new TextEncoder().encode(JSON.parse(text)))` gives.
        for (text, expected) in [
            (r#""a""#, "a"),
            (r#""\ud83d\ude00""#, "😀"),
            (r#""\uD83D\uDE00 \u00e9""#, "😀 é"),
            (r#""cut \ud83d""#, "cut \u{fffd}"),
            (r#""\ude00 cut""#, "\u{fffd} cut"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
            (r#""\ude00\ud83d""#, "\u{fffd}\u{fffd}"),
            (r#""\ud83d\n""#, "\u{fffd}\n"),
            (r#""\ud83d\\ude00""#, "\u{fffd}\\ude00"),
            (r#""C:\\ud83d""#, "C:\\ud83d"),
            (r#""\\\ud83d""#, "\\\u{fffd}"),
        ] {
            assert_eq!(serde_json::from_str::<String>(&whole(text)).unwrap(), expected, "{text}");
            assert_eq!(parse(text.as_bytes(), |text| serde_json::from_slice::<String>(text)).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_otherwise_stays_wrong() {
        for text in [r#""\ud83d" x"#, r#""\ud8"#, r#""\u+d83d""#, "\"\\", "\\"] {
            assert!(parse(text.as_bytes(), |text| serde_json::from_slice::<String>(text)).is_err(), "{text}");
        }
    }
}
