//! JSON Web Tokens (RFC 7519) in compact form (RFC 7515 section 3.1): their parts, and whether a key signed them.

use std::fmt;

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use ring::{hmac, signature};
use serde::{Deserialize, de::DeserializeOwned};
use sidetone_store::record::{TokenAlgorithm, TokenKey};

use super::public_key;

/// base64url with or without padding.
pub(crate) const BASE64URL: GeneralPurpose =
    GeneralPurpose::new(&URL_SAFE, GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent));

/// A token in its parts, none of them verified.
#[derive(Debug)]
pub(crate) struct Jwt<'a, Claims> {
    pub(crate) header: Header,
    pub(crate) claims: Claims,
    signed: &'a str,
    signature: Vec<u8>,
}

/// The header's members that we know. There is no extension that we understand, so `crit` must not be there (RFC 7515 section 4.1.11).
#[derive(Debug, Deserialize)]
pub(crate) struct Header {
    pub(crate) alg: String,
    pub(crate) kid: Option<String>,
    crit: Option<serde_json::Value>,
}

/// Why a text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotAToken {
    Length { bytes: usize, bytes_max: usize },
    Parts,
    Header,
    Claims,
    Signature,
    Critical,
}

impl fmt::Display for NotAToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length { bytes, bytes_max } => return write!(f, "{bytes} bytes long, at most {bytes_max} are read"),
            Self::Parts => "expected header.claims.signature",
            Self::Header => "the header is not base64url of a JSON object with `alg`",
            Self::Claims => "the claims are not base64url of a JSON object",
            Self::Signature => "the signature is not base64url",
            Self::Critical => "the header names critical extensions (`crit`), none is known",
        })
    }
}

impl<'a, Claims: DeserializeOwned> Jwt<'a, Claims> {
    /// # Errors
    /// When the text has no such parts, or is longer than `bytes_max`.
    pub(crate) fn read(text: &'a str, bytes_max: usize) -> Result<Self, NotAToken> {
        if text.len() > bytes_max {
            return Err(NotAToken::Length { bytes: text.len(), bytes_max });
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(NotAToken::Parts)?;
        let (header, claims) = signed.split_once('.').ok_or(NotAToken::Parts)?;
        let header: Header = json(header).ok_or(NotAToken::Header)?;
        let claims = json(claims).ok_or(NotAToken::Claims)?;
        let signature = bytes(signature).ok_or(NotAToken::Signature)?;
        if header.crit.is_some() {
            return Err(NotAToken::Critical);
        }
        Ok(Self { header, claims, signed, signature })
    }
}

impl<Claims> Jwt<'_, Claims> {
    /// How it says that it is signed; `None`: in a way that is not accepted.
    pub(crate) fn algorithm(&self) -> Option<TokenAlgorithm> {
        [TokenAlgorithm::Hs256, TokenAlgorithm::Es256, TokenAlgorithm::Rs256].into_iter().find(|&known| name(known) == self.header.alg)
    }

    /// Whether the key signed it. The algorithm is what the key says, never what the token says.
    pub(crate) fn is_signed_by(&self, key: &TokenKey) -> bool {
        let by_public_key = |algorithm: &'static dyn signature::VerificationAlgorithm| {
            public_key::from_pem(&key.material.0).is_some_and(|public| {
                signature::UnparsedPublicKey::new(algorithm, public).verify(self.signed.as_bytes(), &self.signature).is_ok()
            })
        };
        match key.algorithm {
            TokenAlgorithm::Hs256 => self.is_signed_with(&key.material.0),
            TokenAlgorithm::Es256 => by_public_key(&signature::ECDSA_P256_SHA256_FIXED),
            TokenAlgorithm::Rs256 => by_public_key(&signature::RSA_PKCS1_2048_8192_SHA256),
        }
    }

    /// Whether it is signed with the secret, by HS256.
    pub(crate) fn is_signed_with(&self, secret: &[u8]) -> bool {
        !secret.is_empty() && hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret), self.signed.as_bytes(), &self.signature).is_ok()
    }
}

/// The name of an algorithm in tokens (RFC 7518 section 3.1).
pub(crate) fn name(algorithm: TokenAlgorithm) -> &'static str {
    match algorithm {
        TokenAlgorithm::Hs256 => "HS256",
        TokenAlgorithm::Es256 => "ES256",
        TokenAlgorithm::Rs256 => "RS256",
    }
}

/// Some libraries write the other alphabet of base64; what is signed is the text as it stands, so that does no harm.
fn bytes(text: &str) -> Option<Vec<u8>> {
    BASE64URL.decode(text.replace('+', "-").replace('/', "_")).ok()
}

fn json<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&bytes(text)?).ok()
}
