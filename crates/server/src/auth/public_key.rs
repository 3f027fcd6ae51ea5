//! Public keys in PEM (`BEGIN PUBLIC KEY`, RFC 7468 section 13) to the bytes that signatures are verified with.

use rustls::pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};

/// The content of `subjectPublicKey` within a `SubjectPublicKeyInfo` (RFC 5280 section 4.1): the curve point of an EC key, the PKCS #1
/// `RSAPublicKey` of an RSA key. `None` when the text is not such a PEM.
pub(crate) fn from_pem(pem: &[u8]) -> Option<Vec<u8>> {
    let info = SubjectPublicKeyInfoDer::from_pem_slice(pem).ok()?;
    // SEQUENCE { SEQUENCE algorithm, BIT STRING subjectPublicKey }
    let (info, _) = element(info.as_ref(), 0x30)?;
    let (_, rest) = element(info, 0x30)?;
    let (bits, _) = element(rest, 0x03)?;
    // The first octet of a BIT STRING counts unused bits; keys are whole octets.
    let (unused, key) = bits.split_first()?;
    (*unused == 0).then(|| key.to_vec())
}

/// The content of the DER element of `tag` at the start of `input`, and what follows it.
fn element(input: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = input.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0x00..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (octets.iter().fold(0, |length, &octet| (length << 8) | usize::from(octet)), rest)
        }
        _ => return None,
    };
    (found == tag).then_some(())?;
    rest.split_at_checked(length)
}
