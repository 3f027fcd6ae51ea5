//! Telephone numbers as users of URIs, and the numbers of requests.

use crate::{header, message::Message};

/// Most characters of a number; E.164 has 15 digits, dialled ones have prefixes and codes.
const LENGTH_MAX: usize = 40;

/// Whether it can be called over a trunk: letters, digits and what is on a telephone.
pub(super) fn is_one(text: &str) -> bool {
    (1..=LENGTH_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+*#-._".contains(&byte))
}

/// Whether a pattern describes a number: `*` is any text, `?` any character.
pub(super) fn fits(pattern: &str, number: &str) -> bool {
    fn rest(pattern: &[u8], number: &[u8]) -> bool {
        match (pattern.split_first(), number.split_first()) {
            (None, first) => first.is_none(),
            (Some((b'*', pattern)), _) => (0..=number.len()).any(|at| rest(pattern, &number[at..])),
            (Some((wanted, pattern)), Some((given, number))) => (*wanted == b'?' || wanted == given) && rest(pattern, number),
            (Some(_), None) => false,
        }
    }
    rest(pattern.as_bytes(), number.as_bytes())
}

/// Raises the number of a request, and that which a PRACK answers (RFC 3262).
pub(super) fn shift(message: &mut Message, by: u32) {
    if let Some((number, method)) = message.header("CSeq").and_then(header::cseq) {
        let raised = format!("{} {method}", number.saturating_add(by));
        message.set("CSeq", raised);
    }
    let answered = message.header("RAck").and_then(|text| {
        let (response, request) = text.trim().split_once(|letter: char| letter.is_ascii_whitespace())?;
        let (number, method) = header::cseq(request)?;
        Some(format!("{response} {} {method}", number.saturating_add(by)))
    });
    if let Some(answered) = answered {
        message.set("RAck", answered);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_text_with_stars_and_question_marks() {
        for (pattern, number, expected) in [
            ("*", "alice", true),
            ("+*", "+4930123", true),
            ("+*", "4930123", false),
            ("00*", "0", false),
            ("1??", "112", true),
            ("1??", "1123", false),
            ("+49*99", "+49309999", true),
            ("", "1", false),
            ("*", "", true),
        ] {
            assert_eq!(fits(pattern, number), expected, "{pattern} {number}");
        }
    }

    #[test]
    fn numbers_are_users_of_uris() {
        for (number, is_good) in [("+49(30)", false), ("*21*5#", true), ("", false), ("a;b", false), (&"1".repeat(41), false)] {
            assert_eq!(is_one(number), is_good, "{number}");
        }
    }
}
