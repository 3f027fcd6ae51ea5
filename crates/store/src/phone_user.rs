//! Who may register by SIP with a password: the phone users of an app.

use sidetone_engine::{ids::AppKey, units::Timestamp};

/// A phone user. What is kept of the password stands for it (RFC 3261 section 22.4), so it is as secret.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneUser {
    /// The user part of the SIP address; unique over all apps.
    pub name: String,
    /// Whose user it is.
    pub app: AppKey,
    /// MD5 of `name:realm:password`.
    pub ha1_md5: [u8; 16],
    /// SHA-256 of the same.
    pub ha1_sha256: [u8; 32],
    /// When it was added.
    pub created: Timestamp,
}

impl std::fmt::Debug for PhoneUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, app, created, ha1_md5: _, ha1_sha256: _ } = self;
        f.debug_struct("PhoneUser").field("name", name).field("app", app).field("created", created).finish_non_exhaustive()
    }
}
