//! Secrets of apps: made here, shown once, kept as digests.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use sidetone_engine::{ids::AppKey, units::Timestamp};
use sidetone_store::{
    clock::Entropy,
    record::{AppSettings, NewApp},
};

use crate::auth::{INTAKE_SECRET_PREFIX, QUERY_SECRET_PREFIX};

/// A secret about to be shown once, and the digest that is kept of it.
#[derive(Debug)]
pub struct NewSecret {
    /// What the app is told.
    pub text: String,
    /// What the store is told.
    pub digest: [u8; 32],
}

impl NewSecret {
    /// 192 random bits behind a prefix that tells what the secret is for.
    ///
    /// # Errors
    /// When the system has no random bytes to give.
    pub fn mint(prefix: &str, entropy: &dyn Entropy) -> Result<Self, String> {
        let mut bytes = [0; 24];
        entropy.fill(&mut bytes)?;
        let text = format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes));
        Ok(Self { digest: sha256(text.as_bytes()), text })
    }
}

/// What is kept of a secret.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}

/// An app about to be stored, with the secrets that are shown once.
#[derive(Debug)]
pub struct FreshApp {
    /// The app.
    pub app: NewApp,
    /// May send.
    pub intake: NewSecret,
    /// May read.
    pub query: NewSecret,
}

/// An app with one secret of each kind.
///
/// # Errors
/// When the system has no random bytes to give.
pub fn fresh_app(name: &str, mut settings: AppSettings, now: Timestamp, entropy: &dyn Entropy) -> Result<FreshApp, String> {
    let (intake, query) = (NewSecret::mint(INTAKE_SECRET_PREFIX, entropy)?, NewSecret::mint(QUERY_SECRET_PREFIX, entropy)?);
    settings.intake_secrets.push(intake.digest);
    settings.query_secrets.push(query.digest);
    let mut random = [0; 16];
    entropy.fill(&mut random)?;
    let key = AppKey::mint(now, u128::from_le_bytes(random));
    Ok(FreshApp { app: NewApp { key, name: name.to_owned(), created: now, settings }, intake, query })
}

/// An origin in the form in which browsers send it.
///
/// # Errors
/// What an origin is, where the text is none.
pub fn origin(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(host) if !host.is_empty() && !host.contains(['/', '*', ' ']) => Ok(text.to_ascii_lowercase()),
        _ => Err("an origin is scheme, host and (where it is not the default) port, such as https://app.example:8443, without path or *"
            .to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_no_url() {
        assert_eq!(origin("https://App.example:8443"), Ok("https://app.example:8443".to_owned()));
        for wrong in ["app.example", "https://app.example/", "*", "https://*.example", "https://"] {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
    }
}
