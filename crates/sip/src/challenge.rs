//! Answers to the challenges of another server (RFC 3261 section 22.2, RFC 8760): the other side of [`crate::digest`].

use crate::{
    digest::{Algorithm, parameters},
    message::Message,
};

/// Who we are to the other server.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Login({}, …)", self.user)
    }
}

/// What a 401 or 407 asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    header: &'static str,
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    /// Whether it knows `qop=auth`; without, it is one of RFC 2069.
    has_qop: bool,
    /// Whether it was the nonce that did not please.
    pub(crate) is_stale: bool,
}

impl Challenge {
    /// The best of what a refusal asks for; `None` where we can answer nothing of it.
    #[must_use]
    pub fn of(refusal: &Message) -> Option<Self> {
        let (asked, header) = match refusal.code()? {
            401 => ("WWW-Authenticate", "Authorization"),
            407 => ("Proxy-Authenticate", "Proxy-Authorization"),
            _ => return None,
        };
        refusal.all(asked).filter_map(|value| Self::parse(value, header)).max_by_key(|challenge| challenge.algorithm)
    }

    fn parse(value: &str, header: &'static str) -> Option<Self> {
        let get = parameters(value)?;
        let algorithm = Algorithm::named(get("algorithm").as_deref())?;
        let qop = get("qop");
        let has_qop = qop.as_deref().is_some_and(|qop| qop.split(',').any(|one| one.trim().eq_ignore_ascii_case("auth")));
        if qop.is_some() && !has_qop {
            return None;
        }
        let is_stale = get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true"));
        let quotable = |text: &String| !text.contains(['"', '\\']);
        let (realm, nonce) = (get("realm").filter(quotable)?, get("nonce").filter(quotable)?);
        Some(Self { header, realm, nonce, opaque: get("opaque").filter(quotable), algorithm, has_qop, is_stale })
    }

    /// Where the answer goes: `Authorization` or `Proxy-Authorization`.
    #[must_use]
    pub const fn header(&self) -> &'static str {
        self.header
    }

    /// The value of [`Challenge::header`] for a request. `cnonce`: a text that nobody can foresee.
    #[must_use]
    pub fn answer(&self, login: &Login, method: &str, uri: &str, cnonce: &str) -> String {
        let Self { realm, nonce, algorithm, .. } = self;
        let Login { user, password } = login;
        let ha1 = algorithm.hex(&format!("{user}:{realm}:{password}"));
        let ha2 = algorithm.hex(&format!("{method}:{uri}"));
        let (response, qop) = if self.has_qop {
            let response = algorithm.hex(&format!("{ha1}:{nonce}:00000001:{cnonce}:auth:{ha2}"));
            (response, format!(r#", qop=auth, nc=00000001, cnonce="{cnonce}""#))
        } else {
            (algorithm.hex(&format!("{ha1}:{nonce}:{ha2}")), String::new())
        };
        let opaque = self.opaque.as_ref().map(|opaque| format!(r#", opaque="{opaque}""#)).unwrap_or_default();
        format!(
            r#"Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{response}", algorithm={}{qop}{opaque}"#,
            algorithm.name()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Start;

    fn refusal(challenges: &[&str]) -> Message {
        let mut refusal = Message::new(Start::Response { code: 401, reason: "Unauthorized".into() });
        for challenge in challenges {
            refusal.push("WWW-Authenticate", *challenge);
        }
        refusal
    }

    /// The example of RFC 7616 section 3.9.1.
    #[test]
    fn the_best_challenge_is_answered() {
        let parts = r#"realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#;
        let (md5, sha256) = (format!("Digest {parts}, algorithm=MD5"), format!("Digest {parts}, algorithm=SHA-256"));
        let login = Login { user: "Mufasa".into(), password: "Circle of Life".into() };
        for (challenges, algorithm) in [(vec![&*md5, &sha256], Algorithm::Sha256), (vec![&*md5], Algorithm::Md5)] {
            let challenge = Challenge::of(&refusal(&challenges)).unwrap();
            assert_eq!((challenge.header, challenge.algorithm), ("Authorization", algorithm));
            let answer = challenge.answer(&login, "GET", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ");
            let expected = match algorithm {
                Algorithm::Md5 => "8ca523f5e9506fed4657c9700eebdbec",
                Algorithm::Sha256 => "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
            };
            assert!(answer.contains(&format!("response=\"{expected}\"")), "{answer}");
            assert!(answer.contains("opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""), "{answer}");
        }
    }

    #[test]
    fn what_we_cannot_answer_is_no_challenge() {
        for challenge in [
            r#"Basic realm="x""#,
            r#"Digest realm="x", nonce="n", algorithm=SHA-512-256"#,
            r#"Digest realm="x", nonce="n", qop="auth-int""#,
        ] {
            assert_eq!(Challenge::of(&refusal(&[challenge])), None, "{challenge}");
        }
    }
}
