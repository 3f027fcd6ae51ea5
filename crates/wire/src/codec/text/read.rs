//! The reader of strings.

use super::{
    AGAIN_BYTES_MIN, CHAR_BYTES, FINGERPRINT_BYTES, Found, PART_BYTES, PART_BYTES_MAX, TEXT_BYTES, UUID_CHARS, UUID_DASHES, bits_of,
    context, decimal, part,
};
use crate::codec::{
    CodecError,
    base64::{LETTERS, to_base64},
    budget::Budget,
    certificate::{self, AGE_BITS, Fields},
    dictionary::Dictionary,
    rans::Decoder,
};

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Reads strings.
#[derive(Debug)]
pub(in crate::codec) struct Reader<'d> {
    dictionary: &'d Dictionary,
    /// When the first report was taken, in seconds since 1970.
    pub(in crate::codec) now_s: i64,
    /// Parts that may come again: where they stand in `seen`.
    parts: Vec<(usize, usize)>,
    seen: String,
    pub(in crate::codec) text: String,
    bytes: Vec<u8>,
}

impl<'d> Reader<'d> {
    pub(in crate::codec) fn new(dictionary: &'d Dictionary) -> Self {
        Self { dictionary, now_s: 0, parts: Vec::new(), seen: String::new(), text: String::new(), bytes: Vec::new() }
    }

    /// Reads a string behind what `text` begins with.
    pub(in crate::codec) fn text(
        &mut self,
        decoder: &mut Decoder<'_>,
        budget: &mut Budget,
        prefix: &str,
        is_id: bool,
    ) -> Result<Found, CodecError> {
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
