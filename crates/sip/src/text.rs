//! Scanning of header values: quoted strings, angle brackets, parameters.

/// Where `wanted` first stands outside quoted strings (with their escapes) and angle brackets.
pub(crate) fn find_outside(text: &str, wanted: char) -> Option<usize> {
    let (mut is_quoted, mut is_escaped, mut is_bracketed) = (false, false, false);
    for (at, letter) in text.char_indices() {
        if is_quoted {
            match letter {
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                '"' => is_quoted = false,
                _ => {}
            }
            continue;
        }
        if letter == wanted && !is_bracketed {
            return Some(at);
        }
        match letter {
            '"' => is_quoted = true,
            '<' => is_bracketed = true,
            '>' => is_bracketed = false,
            _ => {}
        }
    }
    None
}

/// The parts of a list in which `separator` divides, trimmed; empty parts are kept, so that a caller can refuse them.
pub(crate) fn split_outside(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        match find_outside(text, separator) {
            Some(at) => {
                rest = Some(&text[at + separator.len_utf8()..]);
                Some(text[..at].trim())
            }
            None => {
                rest = None;
                Some(text.trim())
            }
        }
    })
}

/// `name=value` parameters, in order, with names as given. A value in quotes comes without them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, Option<String>)>);

impl Params {
    /// Reads what stands behind the first `;`.
    pub(crate) fn parse(text: &str) -> Self {
        let parts = split_outside(text, ';').filter(|part| !part.is_empty());
        Self(
            parts
                .map(|part| split_pair(part).map_or_else(|| (part.to_owned(), None), |(name, value)| (name.to_owned(), Some(value))))
                .collect(),
        )
    }

    /// The value of a parameter; empty when it has none. Names are compared without regard to case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(held, _)| held.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_deref().unwrap_or_default())
    }
}

/// `name = value` or `name = "value"`.
pub(crate) fn split_pair(text: &str) -> Option<(&str, String)> {
    let (name, value) = text.split_once('=')?;
    Some((name.trim(), unquote(value.trim())))
}

/// The content of a quoted string; anything else as it is.
pub(crate) fn unquote(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else { return text.to_owned() };
    let mut plain = String::with_capacity(inner.len());
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        plain.push(if letter == '\\' { letters.next().unwrap_or('\\') } else { letter });
    }
    plain
}

/// Whether it is a token of RFC 3261 section 25.1.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_within_quotes_and_brackets_do_not_divide() {
        let list = r#""a, \"b\" <" <sip:x,y@z;p>;q=1, <sip:w>"#;
        assert_eq!(split_outside(list, ',').collect::<Vec<_>>(), [r#""a, \"b\" <" <sip:x,y@z;p>;q=1"#, "<sip:w>"]);
    }

    #[test]
    fn parameters_are_found_without_regard_to_case() {
        let params = Params::parse(r#"Tag = 7 ;lr;+sip.instance="<urn:uuid:a;b>";x="a\"b""#);
        assert_eq!((params.get("tag"), params.get("LR"), params.get("none")), (Some("7"), Some(""), None));
        assert_eq!((params.get("+sip.instance"), params.get("x")), (Some("<urn:uuid:a;b>"), Some("a\"b")));
    }
}
