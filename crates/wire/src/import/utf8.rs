//! The text of a file as UTF-8, whatever an editor or a shell made of it: Windows PowerShell's `>` writes UTF-16, other programs begin with a
//! byte order mark.

use std::borrow::Cow;

use super::ImportError;

/// The bytes in UTF-8 and without a byte order mark. What is neither marked nor looks like UTF-16 stays as it is.
///
/// # Errors
/// When it is UTF-16, and damaged.
pub fn utf8(bytes: &[u8]) -> Result<Cow<'_, [u8]>, ImportError> {
    // Every file that is known begins in ASCII, of which UTF-16 makes a zero and a byte.
    let (is_little, text) = match bytes {
        [0xef, 0xbb, 0xbf, text @ ..] => return Ok(Cow::Borrowed(text)),
        [0xff, 0xfe, text @ ..] => (true, text),
        [0xfe, 0xff, text @ ..] => (false, text),
        [1..=255, 0, ..] => (true, bytes),
        [0, 1..=255, ..] => (false, bytes),
        _ => return Ok(Cow::Borrowed(bytes)),
    };
    let read = if is_little { u16::from_le_bytes } else { u16::from_be_bytes };
    let mark = bytes.len() - text.len();
    let (pairs, rest) = text.as_chunks::<2>();
    let damaged = |at: usize| {
        let message = "this is damaged UTF-16: half of a character is missing; save the file again as UTF-8";
        ImportError::broken(format!("byte {}", mark + at), message)
    };
    let mut utf8 = String::with_capacity(pairs.len());
    let mut at = 0;
    for character in char::decode_utf16(pairs.iter().map(|pair| read(*pair))) {
        let character = character.map_err(|_| damaged(at))?;
        utf8.push(character);
        at += 2 * character.len_utf16();
    }
    if rest.is_empty() { Ok(Cow::Owned(utf8.into_bytes())) } else { Err(damaged(at)) }
}
