//! `[[sip.users]]`: phone users that the configuration declares, beside those of `sidetone phone`.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sidetone_sip::SERVICE_USER;

use crate::{
    config::{InvalidSetting, messenger::Token, require},
    password::PASSWORD_CHARS_MIN,
};

/// Longest name, in bytes.
pub const NAME_BYTES_MAX: usize = 128;

/// A phone user that the configuration declares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SipUser {
    /// The user part of the SIP address.
    pub name: String,
    /// Name or key of the app whose user it is.
    pub app: String,
    /// The password, of at least 10 characters.
    pub password: Token,
}

/// Whether phone users may be named so: by what can stand before the `@` without being escaped, so that every client writes it alike.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte));
    (1..=NAME_BYTES_MAX).contains(&name.len()) && is_plain && name != SERVICE_USER
}

pub(super) fn validate(users: &[SipUser]) -> Result<(), InvalidSetting> {
    let mut names = BTreeSet::new();
    for SipUser { name, app, password } in users {
        require(
            is_name(name),
            "sip.users.name",
            name,
            "1 to 128 letters, digits and - _ . +, and not `admin`, whom clients ask whether the server is there",
        )?;
        require(names.insert(name), "sip.users.name", name, "a name that no other user has")?;
        require(!app.is_empty(), "sip.users.app", &"empty", "name or key of an app")?;
        let chars = password.0.chars().count();
        require(chars >= PASSWORD_CHARS_MIN, "sip.users.password", &format!("{chars} characters"), "at least 10 characters")?;
    }
    Ok(())
}
