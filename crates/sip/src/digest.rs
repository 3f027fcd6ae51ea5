//! Digest authentication (RFC 3261 section 22, RFC 7616, RFC 8760): `qop=auth`, MD5 and SHA-256.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use md5::{Digest as _, Md5};
use ring::digest::{SHA256, digest};

use crate::text;

/// The realm that every password hash is made for. Part of the hash, so it never changes.
pub const REALM: &str = "sidetone";

/// A hash function of RFC 8760.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// What every client knows.
    Md5,
    /// What every client should know.
    Sha256,
}

impl Algorithm {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    /// By its name on the wire; without one it is MD5 (RFC 7616 section 3.3). `None`: one that we do not know.
    pub(crate) fn named(name: Option<&str>) -> Option<Self> {
        let Some(name) = name else { return Some(Self::Md5) };
        [Self::Md5, Self::Sha256].into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    pub(crate) fn hex(self, text: &str) -> String {
        match self {
            Self::Md5 => hex(&Md5::digest(text.as_bytes())),
            Self::Sha256 => hex(digest(&SHA256, text.as_bytes()).as_ref()),
        }
    }
}

/// What is kept of a password: `H(user:realm:password)` by both algorithms.
#[derive(Clone, PartialEq, Eq)]
pub struct Ha1 {
    /// By MD5.
    pub md5: [u8; 16],
    /// By SHA-256.
    pub sha256: [u8; 32],
}

impl std::fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ha1(…)")
    }
}

impl Ha1 {
    /// Of a user's password, in [`REALM`].
    #[must_use]
    pub fn new(user: &str, password: &str) -> Self {
        let text = format!("{user}:{REALM}:{password}");
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
        Self { md5: Md5::digest(text.as_bytes()).into(), sha256 }
    }

    /// In the form in which it goes into a response, for whoever checks those of our users: who has it can log in as the user.
    #[must_use]
    pub fn hex(&self, algorithm: Algorithm) -> String {
        match algorithm {
            Algorithm::Md5 => hex(&self.md5),
            Algorithm::Sha256 => hex(&self.sha256),
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What an `Authorization` or `Proxy-Authorization` header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) username: String,
    pub(crate) nonce: String,
    pub(crate) uri: String,
    pub(crate) algorithm: Algorithm,
    /// Number of this use of the nonce.
    pub(crate) count: u32,
    nonce_count: String,
    cnonce: String,
    response: String,
}

/// What looks up the parameters of a challenge or of credentials, by name; `None` for another scheme than Digest.
pub(crate) fn parameters(value: &str) -> Option<impl Fn(&str) -> Option<String>> {
    let (scheme, rest) = value.split_once(|letter: char| letter.is_ascii_whitespace())?;
    if !scheme.eq_ignore_ascii_case("Digest") {
        return None;
    }
    let pairs: Vec<(&str, String)> = text::split_outside(rest, ',').filter_map(text::split_pair).collect();
    Some(move |name: &str| pairs.iter().find(|(held, _)| held.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone()))
}

impl Credentials {
    /// Reads credentials of our realm; `None` for anybody else's, and for what lacks a part.
    pub(crate) fn parse(value: &str) -> Option<Self> {
        let get = parameters(value)?;
        let algorithm = Algorithm::named(get("algorithm").as_deref())?;
        let nonce_count = get("nc")?;
        if get("realm")? != REALM || !get("qop")?.eq_ignore_ascii_case("auth") || nonce_count.len() != 8 {
            return None;
        }
        Some(Self {
            username: get("username")?,
            nonce: get("nonce")?,
            uri: get("uri")?,
            algorithm,
            count: u32::from_str_radix(&nonce_count, 16).ok()?,
            nonce_count,
            cnonce: get("cnonce")?,
            response: get("response")?,
        })
    }

    /// Whether whoever wrote them knows the password.
    pub(crate) fn hold(&self, ha1: &Ha1, method: &str) -> bool {
        let Self { nonce, uri, algorithm, nonce_count, cnonce, response, .. } = self;
        let ha2 = algorithm.hex(&format!("{method}:{uri}"));
        let expected = algorithm.hex(&format!("{}:{nonce}:{nonce_count}:{cnonce}:auth:{ha2}", ha1.hex(*algorithm)));
        let given = response.to_ascii_lowercase();
        // Neither length nor time tells where a difference lies.
        given.len() == expected.len() && given.bytes().zip(expected.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
    }
}

/// A challenge, as the value of `WWW-Authenticate` or `Proxy-Authenticate`.
pub(crate) fn challenge(algorithm: Algorithm, nonce: &str, is_stale: bool) -> String {
    let stale = if is_stale { ", stale=true" } else { "" };
    format!(r#"Digest realm="{REALM}", nonce="{nonce}", qop="auth", algorithm={}{stale}"#, algorithm.name())
}

/// A nonce, or another text that nobody can foresee.
pub(crate) fn nonce(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hashes of the example in RFC 7616 section 3.9.1, which has a realm of its own.
    #[test]
    fn the_example_of_rfc_7616_is_computed() {
        for (algorithm, response) in [
            (Algorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec"),
            (Algorithm::Sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let text = "Mufasa:http-auth@example.org:Circle of Life";
            let mut sha256 = [0; 32];
            sha256.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
            let ha1 = Ha1 { md5: Md5::digest(text.as_bytes()).into(), sha256 };
            let credentials = Credentials {
                username: "Mufasa".into(),
                nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v".into(),
                uri: "/dir/index.html".into(),
                algorithm,
                count: 1,
                nonce_count: "00000001".into(),
                cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ".into(),
                response: response.into(),
            };
            assert!(credentials.hold(&ha1, "GET"));
            assert!(!credentials.hold(&ha1, "POST"));
            assert!(!credentials.hold(&Ha1::new("Mufasa", "Circle of Life"), "GET"), "another realm");
        }
    }

    #[test]
    fn credentials_of_others_are_none() {
        let good = r#"Digest username="a", realm="sidetone", nonce="n", uri="sip:x", qop=auth, nc=0000000a, cnonce="c", response="r", algorithm=SHA-256"#;
        let credentials = Credentials::parse(good).unwrap();
        assert_eq!((credentials.algorithm, credentials.count), (Algorithm::Sha256, 10));
        for (from, to) in [
            ("Digest", "Basic"),
            ("sidetone", "elsewhere"),
            ("qop=auth", "qop=auth-int"),
            ("qop=auth, ", ""),
            ("nc=0000000a", "nc=a"),
            ("SHA-256", "MD5-sess"),
        ] {
            assert_eq!(Credentials::parse(&good.replace(from, to)), None, "{to}");
        }
    }
}
