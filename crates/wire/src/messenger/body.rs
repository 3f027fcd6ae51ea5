//! The body of a request as a map of properties: JSON, JSON with a trailing comma, or a form.

use serde_json::{Map, Value};

use super::{Notes, Refused, kind_of};
use crate::json;

/// How a body is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A JSON object.
    Json,
    /// `application/x-www-form-urlencoded`; a map is a member that holds JSON text.
    UrlEncoded,
}

/// The properties.
pub(super) fn members(bytes: &[u8], form: Form, notes: &mut Notes) -> Result<Map<String, Value>, Refused> {
    match form {
        Form::UrlEncoded => {
            Ok(form_urlencoded::parse(bytes).map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))).collect())
        }
        Form::Json => {
            let parse = |text: &[u8]| json::parse(text, |text| serde_json::from_slice::<Value>(text));
            let parsed = parse(bytes).or_else(|error| {
                // Meta's own printed example ends its last member with a comma.
                let mended = std::str::from_utf8(bytes).ok().and_then(without_trailing_commas);
                let value = mended.and_then(|text| parse(text.as_bytes()).ok()).ok_or_else(|| Refused::Malformed(error.to_string()))?;
                notes.add("lenient_json");
                Ok(value)
            })?;
            match parsed {
                Value::Object(members) => Ok(members),
                other => Err(Refused::Malformed(format!("it is {}", kind_of(&other)))),
            }
        }
    }
}

/// A property that is a map, or JSON text of one.
pub(super) fn map(members: &Map<String, Value>, property: &'static str) -> Result<Option<Map<String, Value>>, Refused> {
    let wrong = |given: &str| Refused::property(property, format!("must be a JSON object, not {given}"));
    match members.get(property) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(map)) => Ok(Some(map.clone())),
        Some(Value::String(text)) => match serde_json::from_str(text) {
            Ok(Value::Object(map)) => Ok(Some(map)),
            Ok(other) => Err(wrong(kind_of(&other))),
            Err(error) => Err(wrong(&format!("a text that is no JSON ({error})"))),
        },
        Some(other) => Err(wrong(kind_of(other))),
    }
}

/// The text without commas that stand before a closing bracket; `None` when there are none. Strings are left alone.
fn without_trailing_commas(text: &str) -> Option<String> {
    let mut kept = String::with_capacity(text.len());
    let mut comma = None;
    let (mut in_string, mut is_escaped, mut found) = (false, false, false);
    for letter in text.chars() {
        if in_string {
            in_string = is_escaped || letter != '"';
            is_escaped = !is_escaped && letter == '\\';
        } else if letter == ',' {
            comma = Some(kept.len());
        } else if matches!(letter, '}' | ']')
            && let Some(at) = comma.take()
        {
            kept.remove(at);
            found = true;
        } else if !letter.is_whitespace() {
            comma = None;
            in_string = letter == '"';
        }
        kept.push(letter);
    }
    found.then_some(kept)
}
