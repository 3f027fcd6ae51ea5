//! Strings, as parts: words that both sides know, numbers, random digits at their worth, certificates, parts that came before.

use super::{
    CodecError,
    base64::{LETTERS, letter_value, to_base64},
    budget::Budget,
    certificate::{self, AGE_BITS, Certificates, Fields},
    dictionary::Dictionary,
    numbering::Numbering,
    object::integer,
    rans::{Decoder, Encoder},
};

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
const FINGERPRINT_CHARS: usize = 95;
const UUID_CHARS: usize = 36;
/// Where a UUID has dashes.
const UUID_DASHES: [usize; 4] = [8, 13, 18, 23];

const DIGITS: &[u8; 16] = b"0123456789abcdef";

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/'
}

fn is_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn digit_value(byte: u8) -> u8 {
    if byte.is_ascii_digit() { byte - b'0' } else { byte.to_ascii_lowercase() - b'a' + 10 }
}

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

/// Writes strings.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    dictionary: &'a Dictionary,
    /// When the first report was taken, in seconds since 1970.
    now_s: i64,
    certificates: &'a mut Certificates,
    /// Parts that may come again, with their numbers.
    parts: Numbering<'a>,
    #[cfg(feature = "train")]
    pub(super) tally: Vec<(usize, usize)>,
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

impl<'a> Writer<'a> {
    pub(super) fn new(dictionary: &'a Dictionary, now_s: i64, certificates: &'a mut Certificates) -> Self {
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
    pub(super) fn text(&mut self, encoder: &mut Encoder, budget: &mut Budget, text: &'a str, id: Option<Option<&str>>) -> Found {
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

/// Memory of a string for each byte and besides; of a part of it.
pub(super) const CHAR_BYTES: usize = 12;
const TEXT_BYTES: usize = 128;
const PART_BYTES: usize = 64;

/// Reads strings.
#[derive(Debug)]
pub(super) struct Reader<'d> {
    dictionary: &'d Dictionary,
    /// When the first report was taken, in seconds since 1970.
    pub(super) now_s: i64,
    /// Parts that may come again: where they stand in `seen`.
    parts: Vec<(usize, usize)>,
    seen: String,
    pub(super) text: String,
    bytes: Vec<u8>,
}

impl<'d> Reader<'d> {
    pub(super) fn new(dictionary: &'d Dictionary) -> Self {
        Self { dictionary, now_s: 0, parts: Vec::new(), seen: String::new(), text: String::new(), bytes: Vec::new() }
    }

    /// Reads a string behind what `text` begins with.
    pub(super) fn text(&mut self, decoder: &mut Decoder<'_>, budget: &mut Budget, prefix: &str, is_id: bool) -> Result<Found, CodecError> {
        self.bytes.clear();
        self.bytes.extend_from_slice(prefix.as_bytes());
        let mut found = Found::default();
        let mut before = None;
        let mut parts = 0;
        loop {
            let kind = decoder.symbol(&self.dictionary.parts[context(is_id, before)]);
            if kind == part::END {
                break;
            }
            budget.charge(PART_BYTES)?;
            let begin = self.bytes.len();
            self.part(decoder, budget, kind, &mut found)?;
            budget.charge(CHAR_BYTES * (self.bytes.len() - begin))?;
            before = Some(kind);
            parts += 1;
        }
        budget.charge(TEXT_BYTES + CHAR_BYTES * prefix.len())?;
        self.text.clear();
        self.text.push_str(std::str::from_utf8(&self.bytes).map_err(|_| CodecError::NotUtf8)?);
        if !is_id && parts > 1 {
            self.keep(0)?;
        }
        Ok(found)
    }

    fn part(&mut self, decoder: &mut Decoder<'_>, budget: &mut Budget, kind: usize, found: &mut Found) -> Result<(), CodecError> {
        let begin = self.bytes.len();
        match kind {
            part::WORD => {
                let word = decoder.place(bits_of(self.dictionary.words.len()));
                let word = self.dictionary.words.get(word).ok_or(CodecError::Damaged("word"))?;
                self.bytes.extend_from_slice(word.as_bytes());
                return Ok(());
            }
            part::ADDRESS => {
                let address = core::net::Ipv4Addr::from_bits(decoder.word(32));
                self.bytes.extend_from_slice(address.to_string().as_bytes());
            }
            part::CERTIFICATE => {
                let der = read_certificate(decoder, budget, self.now_s)?;
                let base64 = to_base64(&der);
                budget.charge(4 * base64.len())?;
                self.bytes.extend_from_slice(certificate::fingerprint(&der).as_bytes());
                found.certificate = Some(base64);
                return Ok(());
            }
            part::AGAIN => {
                let number = decoder.place(bits_of(self.parts.len()));
                let &(from, to) = self.parts.get(number).ok_or(CodecError::Damaged("part"))?;
                self.bytes.extend_from_slice(&self.seen.as_bytes()[from..to]);
                if found.number.is_none() {
                    found.number = decimal(&self.seen[from..to]);
                }
                return Ok(());
            }
            part::NUMBER | part::SHORT_NUMBER => {
                let number = decoder.word(if kind == part::NUMBER { 32 } else { 16 });
                self.bytes.extend_from_slice(number.to_string().as_bytes());
                found.number = found.number.or(Some(number));
            }
            part::EIGHT => self.letters(decoder, 8),
            part::FOUR => self.letters(decoder, 4),
            part::UUID => {
                for at in 0..UUID_CHARS {
                    let byte = if UUID_DASHES.contains(&at) { b'-' } else { DIGITS[decoder.place(4)] };
                    self.bytes.push(byte);
                }
            }
            part::EIGHT_DIGITS => self.digits(decoder, 8),
            part::FINGERPRINT => {
                let mut bytes = [0; FINGERPRINT_BYTES];
                bytes.iter_mut().for_each(|byte| *byte = decoder.byte(8));
                self.bytes.extend_from_slice(certificate::written(&bytes).as_bytes());
            }
            part::LETTERS | part::DIGITS | part::ASCII | part::BYTES => {
                let length = decoder.place(8);
                match kind {
                    part::LETTERS => self.letters(decoder, length),
                    part::DIGITS => self.digits(decoder, length),
                    part::ASCII => self.bytes.extend((0..length).map(|_| decoder.byte(7))),
                    _ => self.bytes.extend((0..length).map(|_| decoder.byte(8))),
                }
                if length == 0 {
                    return Err(CodecError::Damaged("part"));
                }
            }
            _ => return Err(CodecError::Damaged("part")),
        }
        if decoder.is_short() {
            return Err(CodecError::Damaged("part"));
        }
        if kind == part::ASCII { Ok(()) } else { self.keep(begin) }
    }

    /// Numbers what was read from `begin` on, which may come again.
    fn keep(&mut self, begin: usize) -> Result<(), CodecError> {
        let part = &self.bytes[begin..];
        if (AGAIN_BYTES_MIN..=PART_BYTES_MAX).contains(&part.len()) {
            let from = self.seen.len();
            self.seen.push_str(std::str::from_utf8(part).map_err(|_| CodecError::NotUtf8)?);
            self.parts.push((from, self.seen.len()));
        }
        Ok(())
    }

    fn letters(&mut self, decoder: &mut Decoder<'_>, count: usize) {
        self.bytes.extend((0..count).map(|_| LETTERS[decoder.place(6)]));
    }

    fn digits(&mut self, decoder: &mut Decoder<'_>, count: usize) {
        self.bytes.extend((0..count).map(|_| DIGITS[decoder.place(4)]));
    }
}

fn read_certificate(decoder: &mut Decoder<'_>, budget: &mut Budget, now_s: i64) -> Result<Vec<u8>, CodecError> {
    let read = |decoder: &mut Decoder<'_>, count: usize| {
        let mut bytes = Vec::with_capacity(count);
        bytes.extend((0..count).map(|_| decoder.byte(8)));
        bytes
    };
    if decoder.raw(1) == 0 {
        let length = decoder.place(16);
        budget.charge(length)?;
        let der = read(decoder, length);
        return if decoder.is_short() { Err(CodecError::Damaged("certificate")) } else { Ok(der) };
    }
    let mut numbers = [Vec::new(), Vec::new(), Vec::new()];
    for number in &mut numbers {
        let length = decoder.place(6);
        *number = read(decoder, length);
    }
    let (from, until) = match decoder.raw(1) {
        1 => certificate::validity(now_s, decoder.raw(AGE_BITS)),
        _ => (decoder.raw(40), decoder.raw(40)),
    };
    let point = read(decoder, 64);
    let [serial, r, s] = numbers;
    let fields = Fields { serial, from, until, point, signature: [r, s] };
    Ok(fields.der())
}
