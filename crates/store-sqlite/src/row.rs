//! Between rows and records: keys, times, folded text and the JSON of summaries.

use sidetone_engine::units::Timestamp;

/// A time as a column holds it.
pub(crate) fn time(time: Timestamp) -> i64 {
    time.as_micros()
}

/// The twin of an id for prefix search: letter case folded, nothing else changed.
pub(crate) fn fold(text: &str) -> String {
    text.to_lowercase()
}

/// The least text that is greater than every text with this prefix; `None` when there is none.
pub(crate) fn after_prefix(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        // Surrogates are no characters: step over them.
        let next = match last {
            '\u{d7ff}' => Some('\u{e000}'),
            last => char::from_u32(u32::from(last) + 1),
        };
        if let Some(next) = next {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_of_a_prefix_holds_all_its_texts_and_no_other() {
        for prefix in ["a", "インター", "z\u{10ffff}", "\u{d7ff}"] {
            let end = after_prefix(prefix).unwrap();
            for inside in [String::new(), "a".into(), "\u{10ffff}\u{10ffff}".into()] {
                let text = format!("{prefix}{inside}");
                assert!(*prefix <= *text && text < end, "{text:?}");
            }
            assert!(!end.starts_with(prefix));
        }
        assert_eq!(after_prefix("\u{10ffff}"), None);
        assert_eq!(after_prefix(""), None);
    }
}
