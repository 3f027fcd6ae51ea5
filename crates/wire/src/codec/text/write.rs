//! The writer of strings.

use super::{
    AGAIN_BYTES_MIN, CHAR_BYTES, FINGERPRINT_BYTES, Found, PART_BYTES, PART_BYTES_MAX, TEXT_BYTES, UUID_CHARS, UUID_DASHES, bits_of,
    context, decimal, part,
};
use crate::codec::{
    base64::letter_value,
    budget::Budget,
    certificate::{self, AGE_BITS, Certificates, Fields},
    dictionary::Dictionary,
    numbering::Numbering,
    rans::Encoder,
};

const FINGERPRINT_CHARS: usize = 95;

/// Writes strings.
#[derive(Debug)]
pub(in crate::codec) struct Writer<'a> {
    dictionary: &'a Dictionary,
    /// When the first report was taken, in seconds since 1970.
    now_s: i64,
    certificates: &'a mut Certificates,
    /// Parts that may come again, with their numbers.
    parts: Numbering<'a>,
    #[cfg(feature = "train")]
    pub(in crate::codec) tally: Vec<(usize, usize)>,
}

impl<'a> Writer<'a> {
    pub(in crate::codec) fn new(dictionary: &'a Dictionary, now_s: i64, certificates: &'a mut Certificates) -> Self {
        Self {
            dictionary,
            now_s,
            certificates,
            parts: Numbering::default(),
            #[cfg(feature = "train")]
            tally: Vec::new(),
        }
    }

    /// A string. An id may come with the certificate whose fingerprint it has.
    pub(in crate::codec) fn text(&mut self, encoder: &mut Encoder, budget: &mut Budget, text: &'a str, id: Option<Option<&str>>) -> Found {
        let mut found = Found::default();
        let mut before = None;
        let mut parts = 0;
        let mut rest = text;
        let _ = budget.charge(CHAR_BYTES * text.len() + TEXT_BYTES);
        while !rest.is_empty() {
            let _ = budget.charge(PART_BYTES);
            let (kind, length) =
                self.next(encoder, rest, rest.len() == text.len(), (context(id.is_some(), before), id.flatten()), &mut found);
            before = Some(kind);
            parts += 1;
            rest = &rest[length..];
            if let Some(certificate) = &found.certificate {
                let _ = budget.charge(if kind == part::CERTIFICATE { 4 * certificate.len() } else { 0 });
            }
        }
        self.kind(encoder, context(id.is_some(), before), part::END);
        if id.is_none() && parts > 1 {
            self.keep(text);
        }
        found
    }

    /// Writes a text that came before as a part; `false` when it did not.
    fn again(&mut self, encoder: &mut Encoder, context: usize, text: &str) -> bool {
        let Some(number) = self.parts.find(text) else { return false };
        self.kind(encoder, context, part::AGAIN);
        encoder.raw(bits_of(self.parts.len()), number as u64);
        true
    }

    /// Numbers a text that may come again.
    #[cfg_attr(target_family = "wasm", inline(never))]
    fn keep(&mut self, text: &'a str) {
        if (AGAIN_BYTES_MIN..=PART_BYTES_MAX).contains(&text.len()) {
            self.parts.of(text);
        }
    }

    #[cfg_attr(target_family = "wasm", inline(never))]
    fn kind(&mut self, encoder: &mut Encoder, context: usize, kind: usize) {
        #[cfg(feature = "train")]
        self.tally.push((context, kind));
        encoder.symbol(&self.dictionary.parts[context], kind);
    }

    #[cfg_attr(target_family = "wasm", inline(never))]
    fn next(
        &mut self,
        encoder: &mut Encoder,
        rest: &'a str,
        is_whole: bool,
        (context, certificate): (usize, Option<&str>),
        found: &mut Found,
    ) -> (usize, usize) {
        if let Some(word) = self.dictionary.word(rest) {
            self.kind(encoder, context, part::WORD);
            encoder.raw(bits_of(self.dictionary.words.len()), word as u64);
            return (part::WORD, rest.len());
        }
        if is_whole && self.again(encoder, context, rest) {
            return (part::AGAIN, rest.len());
        }
        if let Some(address) = rest.parse::<core::net::Ipv4Addr>().ok().filter(|_| is_whole) {
            self.kind(encoder, context, part::ADDRESS);
            encoder.raw(32, u64::from(address.to_bits()));
            self.keep(rest);
            return (part::ADDRESS, rest.len());
        }
        let (kind, length) = next_part(rest);
        let text = &rest[..length];
        if kind == part::FINGERPRINT
            && let Some(base64) = certificate
            && let Some(der) = self.certificates.of(text, base64)
        {
            self.kind(encoder, context, part::CERTIFICATE);
            write_certificate(encoder, &der, self.now_s);
            found.certificate = Some(base64.to_owned());
            return (part::CERTIFICATE, length);
        }
        let number = matches!(kind, part::NUMBER | part::SHORT_NUMBER).then(|| decimal(text)).flatten();
        found.number = found.number.or(number);
        if kind != part::ASCII {
            if self.again(encoder, context, text) {
                return (part::AGAIN, length);
            }
            self.keep(text);
        }
        self.kind(encoder, context, kind);
        match kind {
            part::NUMBER => encoder.raw(32, number.unwrap_or(0).into()),
            part::SHORT_NUMBER => encoder.raw(16, number.unwrap_or(0).into()),
            part::FINGERPRINT => encoder.raw_bytes(&fingerprint_bytes(text.as_bytes()).unwrap_or_default()),
            part::EIGHT | part::FOUR | part::UUID | part::EIGHT_DIGITS => write_characters(encoder, kind, text),
            _ => {
                encoder.raw(8, length as u64);
                write_characters(encoder, kind, text);
            }
        }
        (kind, length)
    }
}

/// The next part of `rest`: its kind and length in bytes.
#[cfg_attr(target_family = "wasm", inline(never))]
fn next_part(rest: &str) -> (usize, usize) {
    let bytes = rest.as_bytes();
    if is_uuid(bytes) {
        return (part::UUID, UUID_CHARS);
    }
    if fingerprint_bytes(bytes).is_some() {
        return (part::FINGERPRINT, FINGERPRINT_CHARS);
    }
    let letters = bytes.iter().take_while(|&&byte| is_letter(byte)).count();
    if letters > 0 {
        let run = &rest[..letters];
        return match (decimal(run), letters) {
            (Some(0..=0xFFFF), _) => (part::SHORT_NUMBER, letters),
            (Some(_), _) => (part::NUMBER, letters),
            (None, 3..) if run.bytes().all(is_digit) => {
                (if letters == 8 { part::EIGHT_DIGITS } else { part::DIGITS }, letters.min(PART_BYTES_MAX))
            }
            (None, 8) => (part::EIGHT, 8),
            (None, 4) => (part::FOUR, 4),
            _ => (part::LETTERS, letters.min(PART_BYTES_MAX)),
        };
    }
    let ascii = bytes.iter().take(PART_BYTES_MAX).take_while(|byte| byte.is_ascii() && !is_letter(**byte)).count();
    if ascii > 0 {
        return (part::ASCII, ascii);
    }
    let others = bytes.iter().take(PART_BYTES_MAX).take_while(|byte| !byte.is_ascii()).count();
    (part::BYTES, (0..=others).rev().find(|&length| rest.is_char_boundary(length)).unwrap_or(0))
}

fn is_uuid(bytes: &[u8]) -> bool {
    let is_right = |(at, &byte): (usize, &u8)| if UUID_DASHES.contains(&at) { byte == b'-' } else { is_digit(byte) };
    bytes.get(8) == Some(&b'-') && bytes.len() >= UUID_CHARS && bytes[..UUID_CHARS].iter().enumerate().all(is_right)
}

/// The bytes of a fingerprint that a text begins with.
#[cfg_attr(target_family = "wasm", inline(never))]
fn fingerprint_bytes(text: &[u8]) -> Option<[u8; FINGERPRINT_BYTES]> {
    let text = text.get(..FINGERPRINT_CHARS).filter(|text| text[2] == b':')?;
    let mut bytes = [0; FINGERPRINT_BYTES];
    for (at, &char) in text.iter().enumerate() {
        match (at % 3, char) {
            (2, b':') => {}
            (place @ 0..=1, b'0'..=b'9' | b'A'..=b'F') => bytes[at / 3] |= digit_value(char) << (4 - 4 * place),
            _ => return None,
        }
    }
    Some(bytes)
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/'
}

fn is_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn digit_value(byte: u8) -> u8 {
    if byte.is_ascii_digit() { byte - b'0' } else { byte.to_ascii_lowercase() - b'a' + 10 }
}

fn write_characters(encoder: &mut Encoder, kind: usize, text: &str) {
    for byte in text.bytes() {
        match kind {
            part::EIGHT | part::FOUR | part::LETTERS => encoder.raw(6, letter_value(byte)),
            part::UUID if byte == b'-' => {}
            part::UUID | part::EIGHT_DIGITS | part::DIGITS => encoder.raw(4, digit_value(byte).into()),
            part::ASCII => encoder.raw(7, byte.into()),
            _ => encoder.raw(8, byte.into()),
        }
    }
}

#[cfg_attr(target_family = "wasm", inline(never))]
fn write_certificate(encoder: &mut Encoder, der: &[u8], now_s: i64) {
    let Some(fields) = Fields::of(der) else {
        encoder.raw(1, 0);
        encoder.raw(16, der.len() as u64);
        return encoder.raw_bytes(der);
    };
    encoder.raw(1, 1);
    for number in [&fields.serial, &fields.signature[0], &fields.signature[1]] {
        encoder.raw(6, number.len() as u64);
        encoder.raw_bytes(number);
    }
    let age_s = certificate::age_s(&fields, now_s);
    encoder.raw(1, u64::from(age_s.is_some()));
    match age_s {
        Some(age_s) => encoder.raw(AGE_BITS, age_s),
        None => {
            encoder.raw(40, fields.from);
            encoder.raw(40, fields.until);
        }
    }
    encoder.raw_bytes(&fields.point);
}
