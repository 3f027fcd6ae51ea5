//! Randomness of the system, and the secrets made of it.

use anyhow::{Result, anyhow};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest;
use sidetone_store::clock::Entropy;

/// A secret about to be shown once, and the digest that is kept of it.
pub(crate) struct NewSecret {
    pub(crate) text: String,
    pub(crate) digest: [u8; 32],
}

impl NewSecret {
    /// 192 random bits behind a prefix that tells what the secret is for.
    pub(crate) fn mint(prefix: &str) -> Result<Self> {
        let mut bytes = [0; 24];
        fill(&mut bytes)?;
        let text = format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes));
        Ok(Self { digest: sha256(text.as_bytes()), text })
    }
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

/// A random number, for keys.
pub(crate) fn random() -> Result<u128> {
    let mut bytes = [0; 16];
    fill(&mut bytes)?;
    Ok(u128::from_le_bytes(bytes))
}

/// The system's random bytes, for the server.
#[derive(Debug)]
pub(crate) struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), String> {
        getrandom::fill(bytes).map_err(|error| error.to_string())
    }
}

fn fill(bytes: &mut [u8]) -> Result<()> {
    getrandom::fill(bytes).map_err(|error| anyhow!("the system gives no random bytes: {error}"))
}
