//! Texts that nobody can foresee: branches, nonces, tags, and the UUID of a call.

use ring::hmac;

use crate::digest::{hex, nonce};

/// What every branch of ours begins with (RFC 3261 section 8.1.1.7, and two letters of ours).
pub(super) const BRANCH_PREFIX: &str = "z9hG4bKst";

pub(super) struct Secrets {
    key: hmac::Key,
    count: u64,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(…)")
    }
}

impl Secrets {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, &seed), count: 0 }
    }

    fn of(&self, kind: &str, parts: &[&str]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(kind.as_bytes());
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        context.sign()
    }

    fn next(&mut self, kind: &str) -> hmac::Tag {
        self.count += 1;
        self.of(kind, &[&self.count.to_string()])
    }

    pub(super) fn nonce(&mut self) -> String {
        nonce(&self.next("nonce").as_ref()[..18])
    }

    /// Ends with the mark of the request, by which a loop is seen.
    pub(super) fn branch(&mut self, mark: &str) -> String {
        format!("{BRANCH_PREFIX}{}.{mark}", hex(&self.next("branch").as_ref()[..8]))
    }

    /// Of the parts of a request that decide where it goes (RFC 3261 section 16.6 step 8).
    pub(super) fn mark(&self, parts: &[&str]) -> String {
        hex(&self.of("mark", parts).as_ref()[..6])
    }

    pub(super) fn tag(&self, parts: &[&str]) -> String {
        hex(&self.of("tag", parts).as_ref()[..6])
    }

    /// The same for every attempt at a call, with and without credentials (RFC 9562, version 8).
    pub(super) fn call_uuid(&self, call_id: &str, tag: &str) -> String {
        let tag = self.of("call", &[call_id, tag]);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&tag.as_ref()[..16]);
        bytes[6] = bytes[6] & 0x0f | 0x80;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let text = hex(&bytes);
        format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
    }
}
