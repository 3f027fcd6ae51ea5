//! Certificates of browsers: DER of one shape, of which only the fields are written; and fingerprints.

use sha2::{Digest, Sha256};

use super::base64::{from_base64, to_base64};

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

/// For how long Chromium's certificates are valid, and how long before they were made that begins.
const VALID_S: i64 = 31 * DAY_S;
const BEFORE_S: i64 = DAY_S;
const DAY_S: i64 = 86_400;
/// Certificates up to this age are told by it.
pub(super) const AGE_BITS: u32 = 16;

/// Seconds since 1970 of a time; not for all that are no dates, or before 2000.
fn seconds(time: u64) -> i64 {
    let two = |place: u32| (time / 100_u64.pow(place) % 100).cast_signed();
    let (year, month) = (2000 + two(5), two(4));
    // Years from March on, so that the leap day is the last.
    let (years, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = years * 365 + years / 4 - years / 100 + years / 400 + (153 * months + 2) / 5 + two(3) - 1 - 719_468;
    ((days * 24 + two(2)) * 60 + two(1)) * 60 + two(0)
}

/// The time of seconds since 1970.
fn time_of(seconds: i64) -> u64 {
    let (days, clock) = (seconds.div_euclid(DAY_S) + 719_468, seconds.rem_euclid(DAY_S));
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months = (5 * day + 2) / 153;
    let month = if months < 10 { months + 3 } else { months - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let date = (year.rem_euclid(100) * 100 + month) * 100 + day - (153 * months + 2) / 5 + 1;
    (date * 1_000_000 + clock / 3600 * 10_000 + clock / 60 % 60 * 100 + clock % 60).unsigned_abs()
}

/// The times from and until which a certificate is valid that was made so many seconds before `now_s`.
pub(super) fn validity(now_s: i64, age_s: u64) -> (u64, u64) {
    let from = now_s.wrapping_sub(age_s.cast_signed()).wrapping_sub(BEFORE_S).clamp(0, i64::from(u32::MAX));
    (time_of(from), time_of(from + VALID_S))
}

/// How many seconds before `now_s` a certificate was made, if its times follow from that.
pub(super) fn age_s(fields: &Fields, now_s: i64) -> Option<u64> {
    let age = now_s.wrapping_sub(seconds(fields.from)).wrapping_sub(BEFORE_S);
    let age = u64::try_from(age).ok().filter(|age| age >> AGE_BITS == 0)?;
    (validity(now_s, age) == (fields.from, fields.until)).then_some(age)
}

/// Most bytes of a number: 32 and one that says it is positive.
pub(super) const NUMBER_BYTES_MAX: usize = 63;

#[cfg_attr(target_family = "wasm", inline(never))]
fn skip<'a>(bytes: &'a [u8], what: &[u8]) -> Option<&'a [u8]> {
    bytes.strip_prefix(what)
}

/// A number with its length before it.
#[cfg_attr(target_family = "wasm", inline(never))]
fn number(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (&length, rest) = bytes.split_first()?;
    let (number, rest) = rest.split_at_checked(usize::from(length))?;
    (number.len() <= NUMBER_BYTES_MAX).then(|| (number.to_vec(), rest))
}

#[cfg_attr(target_family = "wasm", inline(never))]
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
    #[cfg_attr(target_family = "wasm", inline(never))]
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
#[cfg_attr(target_family = "wasm", inline(never))]
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

/// Certificates and their fingerprints: a connection has a few, and tells them in every chunk.
#[derive(Debug, Default)]
pub(super) struct Certificates(Vec<(String, String, Vec<u8>)>);

impl Certificates {
    /// Most that are remembered.
    const MAX: usize = 8;

    /// The certificate that has this fingerprint, from its base64; `None` where they do not belong together.
    pub(super) fn of(&mut self, fingerprint: &str, base64: &str) -> Option<Vec<u8>> {
        let place = self.0.iter().position(|(known, text, _)| known == fingerprint && text == base64);
        let place = match place {
            Some(place) => place,
            None => {
                let der = from_base64(base64);
                if self::fingerprint(&der) != fingerprint || to_base64(&der) != base64 {
                    return None;
                }
                self.0.truncate(Self::MAX - 1);
                self.0.push((fingerprint.to_owned(), base64.to_owned(), der));
                self.0.len() - 1
            }
        };
        Some(self.0[place].2.clone())
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_follow_from_seconds() {
        for (seconds_since, time) in [(1_709_164_800, 240_229_000_000), (1_795_229_822, 261_121_025_702), (4_102_444_799, 991_231_235_959)]
        {
            assert_eq!((time_of(seconds_since), seconds(time)), (time, seconds_since));
        }
    }
}
