//! Strings, as parts: words that both sides know, numbers, random digits at their worth, certificates, parts that came before.

mod read;
mod write;

pub(super) use self::{read::Reader, write::Writer};
use super::object::integer;

/// The kinds of parts.
pub(super) mod part {
    pub(in super::super) const END: usize = 0;
    /// A word of the dictionary.
    pub(in super::super) const WORD: usize = 1;
    /// A decimal number of 32 bits, of 16 bits.
    pub(in super::super) const NUMBER: usize = 2;
    pub(in super::super) const SHORT_NUMBER: usize = 3;
    /// A part that came before.
    pub(in super::super) const AGAIN: usize = 4;
    /// Characters of base64: 8, 4, any number.
    pub(in super::super) const EIGHT: usize = 5;
    pub(in super::super) const FOUR: usize = 6;
    pub(in super::super) const LETTERS: usize = 7;
    /// A UUID in lower case.
    pub(in super::super) const UUID: usize = 8;
    /// Lower-case hexadecimal digits: 8, any number.
    pub(in super::super) const EIGHT_DIGITS: usize = 9;
    pub(in super::super) const DIGITS: usize = 10;
    /// Any ASCII, any bytes.
    pub(in super::super) const ASCII: usize = 11;
    pub(in super::super) const BYTES: usize = 12;
    /// A certificate, of which the string holds the fingerprint.
    pub(in super::super) const CERTIFICATE: usize = 13;
    /// 32 bytes as upper-case hexadecimal digits with colons.
    pub(in super::super) const FINGERPRINT: usize = 14;
    /// An IPv4 address.
    pub(in super::super) const ADDRESS: usize = 15;
}

/// Most bytes of a part that says its length.
const PART_BYTES_MAX: usize = 255;
/// Shortest part that may come again.
const AGAIN_BYTES_MIN: usize = 4;
const FINGERPRINT_BYTES: usize = 32;
const UUID_CHARS: usize = 36;
/// Where a UUID has dashes.
const UUID_DASHES: [usize; 4] = [8, 13, 18, 23];

/// Memory of a string for each byte and besides; of a part of it.
pub(super) const CHAR_BYTES: usize = 12;
const TEXT_BYTES: usize = 128;
const PART_BYTES: usize = 64;

/// What the last text of a walk had besides its characters.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// The first number in it.
    pub(super) number: Option<u32>,
    /// The certificate whose fingerprint it has, as base64.
    pub(super) certificate: Option<String>,
}

/// The decimal number that a text is, of at most 32 bits and without leading zeros.
fn decimal(text: &str) -> Option<u32> {
    u32::try_from(integer(text)?).ok()
}

/// Bits that number `count` things.
pub(super) fn bits_of(count: usize) -> u32 {
    usize::BITS - count.saturating_sub(1).leading_zeros()
}

/// The model of the next part: by the part before in the string, at first by whether the string is an id.
fn context(is_id: bool, before: Option<usize>) -> usize {
    before.map_or(usize::from(is_id), |before| 2 + before)
}
