//! Certificates of browsers: DER of one shape, of which only the fields are written; and fingerprints.

use sha2::{Digest, Sha256};

/// What stands between the fields: from the tag of the version to the length of the serial number, ...
const BEFORE_SERIAL: &[u8] = b"\xa0\x03\x02\x01\x02\x02";
const SIGNED_WITH: &[u8] = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
const NAME: &[u8] = b"\x30\x11\x31\x0f\x30\x0d\x06\x03\x55\x04\x03\x0c\x06WebRTC";
const VALIDITY: &[u8] = b"\x30\x1e\x17\x0d";
const BETWEEN_TIMES: &[u8] = b"Z\x17\x0d";
const KEY: &[u8] = b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04";

const TIME_BYTES: usize = 12;
const POINT_BYTES: usize = 64;

/// The fields of a certificate that Chromium makes for a peer connection: ECDSA on P-256, valid for a month, of `WebRTC` for `WebRTC`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    /// As in DER: without leading zeros, but one that says it is positive.
    pub(super) serial: Vec<u8>,
    /// `YYMMDDhhmmss` as number.
    pub(super) from: u64,
    pub(super) until: u64,
    /// The public key.
    pub(super) point: Vec<u8>,
    /// The two numbers of the signature, as in DER.
    pub(super) signature: [Vec<u8>; 2],
}

/// Most bytes of a number: 32 and one that says it is positive.
pub(super) const NUMBER_BYTES_MAX: usize = 63;

fn skip<'a>(bytes: &'a [u8], what: &[u8]) -> Option<&'a [u8]> {
    bytes.strip_prefix(what)
}

/// A number with its length before it.
fn number(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (&length, rest) = bytes.split_first()?;
    let (number, rest) = rest.split_at_checked(usize::from(length))?;
    (number.len() <= NUMBER_BYTES_MAX).then(|| (number.to_vec(), rest))
}

fn time(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (digits, rest) = bytes.split_at_checked(TIME_BYTES)?;
    let number = digits.iter().try_fold(0, |number, &digit| digit.is_ascii_digit().then(|| number * 10 + u64::from(digit - b'0')))?;
    Some((number, rest))
}

/// Bytes that a tag and the length of so many bytes take.
const fn head_of(length: usize) -> usize {
    match length {
        0..=127 => 2,
        128..=255 => 3,
        _ => 4,
    }
}

/// Appends a tag and the length of what it holds.
fn tag(der: &mut Vec<u8>, tag: u8, length: usize) {
    let [.., high, low] = length.to_be_bytes();
    der.push(tag);
    match length {
        0..=127 => {}
        128..=255 => der.push(0x81),
        _ => der.extend([0x82, high]),
    }
    der.push(low);
}

impl Fields {
    /// The fields of a certificate of this shape; of no other.
    pub(super) fn of(der: &[u8]) -> Option<Self> {
        // The lengths before the version follow from the rest.
        let begin = der.windows(BEFORE_SERIAL.len()).take(12).position(|window| window == BEFORE_SERIAL)?;
        let rest = skip(&der[begin..], BEFORE_SERIAL)?;
        let (serial, rest) = number(rest)?;
        let rest = skip(skip(skip(rest, SIGNED_WITH)?, NAME)?, VALIDITY)?;
        let (from, rest) = time(rest)?;
        let (until, rest) = time(skip(rest, BETWEEN_TIMES)?)?;
        let rest = skip(skip(skip(rest, b"Z")?, NAME)?, KEY)?;
        let (point, rest) = rest.split_at_checked(POINT_BYTES)?;
        let rest = skip(rest, SIGNED_WITH)?;
        // A bit string of no unused bits, in it a sequence of two numbers.
        let (_, rest) = rest.split_at_checked(5)?;
        let (r, rest) = number(skip(rest, b"\x02")?)?;
        let (s, _) = number(skip(rest, b"\x02")?)?;
        let fields = Self { serial, from, until, point: point.to_vec(), signature: [r, s] };
        (fields.der() == der).then_some(fields)
    }

    /// The certificate.
    pub(super) fn der(&self) -> Vec<u8> {
        let [r, s] = &self.signature;
        let numbers = 4 + r.len() + s.len();
        let signature = 1 + head_of(numbers) + numbers;
        let names = NAME.len() + VALIDITY.len() + TIME_BYTES + BETWEEN_TIMES.len() + TIME_BYTES + 1 + NAME.len();
        let to_sign = BEFORE_SERIAL.len() + 1 + self.serial.len() + SIGNED_WITH.len() + names + KEY.len() + POINT_BYTES;
        let all = head_of(to_sign) + to_sign + SIGNED_WITH.len() + head_of(signature) + signature;
        let mut der = Vec::with_capacity(4 + all);
        tag(&mut der, 0x30, all);
        tag(&mut der, 0x30, to_sign);
        der.extend_from_slice(&BEFORE_SERIAL[..BEFORE_SERIAL.len() - 1]);
        tag(&mut der, 2, self.serial.len());
        der.extend_from_slice(&self.serial);
        der.extend_from_slice(SIGNED_WITH);
        der.extend_from_slice(NAME);
        der.extend_from_slice(VALIDITY);
        push_time(&mut der, self.from);
        der.extend_from_slice(BETWEEN_TIMES);
        push_time(&mut der, self.until);
        der.push(b'Z');
        der.extend_from_slice(NAME);
        der.extend_from_slice(KEY);
        der.extend_from_slice(&self.point);
        der.extend_from_slice(SIGNED_WITH);
        tag(&mut der, 3, signature);
        der.push(0);
        tag(&mut der, 0x30, numbers);
        for number in [r, s] {
            tag(&mut der, 2, number.len());
            der.extend_from_slice(number);
        }
        der
    }
}

/// Appends the twelve lowest digits of a time.
fn push_time(der: &mut Vec<u8>, mut time: u64) {
    let begin = der.len();
    der.extend([b'0'; TIME_BYTES]);
    for digit in der[begin..].iter_mut().rev() {
        *digit += (time % 10) as u8;
        time /= 10;
    }
}

/// The SHA-256 of a certificate as `getStats` writes it: `AB:CD:…`.
pub(super) fn fingerprint(der: &[u8]) -> String {
    written(&Sha256::digest(der))
}

/// Bytes as upper-case hexadecimal digits with colons between.
pub(super) fn written(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut text = String::with_capacity(bytes.len() * 3);
    for &byte in bytes {
        if !text.is_empty() {
            text.push(':');
        }
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}
