//! Who may register and call, as the edge found it out: phone users with their password hashes, and access tokens.

use sidetone_engine::{ids::AppKey, units::Timestamp};

use crate::digest::Ha1;

/// The header with the access token of a request; with its expiry in an answer.
pub const TOKEN: &str = "X-Plivo-Jwt";
/// The header with the number of a [`TokenError`].
pub const TOKEN_ERROR: &str = "X-Plivo-Jwt-Error-Code";
/// The refusal of a name that is a user's of another app.
pub const NAME_TAKEN: &str = "The Name Is Taken in Another App";
/// The refusal of a page whose origin the app does not allow.
pub const PAGE_REFUSED: &str = "Origin Not Allowed";

/// The `Warning` of [`PAGE_REFUSED`], by the server of that domain.
#[must_use]
pub fn page_warning(domain: &str) -> String {
    format!("399 {domain} \"pages of this origin may not act for this app; add it to the app's origins, or come from one of them\"")
}

/// A phone user: name and password hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Whose user it is.
    pub app: AppKey,
    /// The user part of its address.
    pub user: String,
    /// What is kept of its password.
    pub ha1: Ha1,
}

/// What a good access token allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The app whose key signed it.
    pub app: AppKey,
    /// The name of that key (`kid`).
    pub key: String,
    /// The users that it may register as.
    pub users: Vec<String>,
    /// Begin and end of the other names that it may register as, for tokens that name nobody.
    pub pattern: Option<(String, String)>,
    /// When it ends.
    pub expires: Timestamp,
    /// Whether calls reach its user.
    pub incoming: bool,
    /// Whether its user may call.
    pub outgoing: bool,
}

impl Grant {
    /// Whether it may register as that user.
    #[must_use]
    pub fn is_for(&self, user: &str) -> bool {
        self.users.iter().any(|held| held == user)
            || self.pattern.as_ref().is_some_and(|(begin, end)| user.starts_with(begin.as_str()) && user.ends_with(end.as_str()))
    }

    /// Whether it serves that user now.
    ///
    /// # Errors
    /// [`TokenError::Expired`] and [`TokenError::Subject`].
    pub fn serves(&self, user: &str, now: Timestamp) -> Result<(), TokenError> {
        if self.expires <= now {
            return Err(TokenError::Expired);
        }
        if self.is_for(user) { Ok(()) } else { Err(TokenError::Subject) }
    }

    /// Whether its user may send such a request to others.
    ///
    /// # Errors
    /// [`TokenError::Grants`].
    pub fn allows(&self, method: &str) -> Result<(), TokenError> {
        if self.outgoing || method != "INVITE" { Ok(()) } else { Err(TokenError::Grants) }
    }

    /// The value of [`TOKEN`] in the answer to a registration: when it ends, in seconds since 1970.
    #[must_use]
    pub fn told(&self) -> String {
        format!("exp={};", self.expires.as_millis().div_euclid(1000))
    }
}

/// Why an access token is refused. The numbers are those of the Plivo Browser SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// No token, or claims are missing.
    #[error("Invalid Access Token")]
    Malformed,
    /// Other algorithm, or no header.
    #[error("Invalid Access Token Header")]
    Header,
    /// No app has a key for it.
    #[error("Invalid Access Token Issuer")]
    Issuer,
    /// It is for somebody else.
    #[error("Invalid Access Token Subject")]
    Subject,
    /// Used before `nbf`.
    #[error("Access Token Not Valid Yet")]
    NotYet,
    /// Used after `exp`.
    #[error("Access Token Expired")]
    Expired,
    /// Signed with another key, or changed.
    #[error("Invalid Access Token Signature")]
    Signature,
    /// It does not allow what was tried.
    #[error("Invalid Access Token Grants")]
    Grants,
    /// Lasts too long.
    #[error("Expiration Exceeds Max Allowed Time")]
    Lifetime,
    /// The user has as many contacts as it may.
    #[error("Max Allowed Login Reached")]
    Logins,
}

impl TokenError {
    /// For `X-Plivo-Jwt-Error-Code`.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::Malformed => 10001,
            Self::Header => 10002,
            Self::Issuer => 10003,
            Self::Subject => 10004,
            Self::NotYet => 10005,
            Self::Expired => 10006,
            Self::Signature => 10007,
            Self::Grants => 10008,
            Self::Lifetime => 10009,
            Self::Logins => 10010,
        }
    }
}

/// What [`crate::Proxy::wants`] asked for.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The phone users that there are among those asked for.
    pub accounts: Vec<Account>,
    /// What became of the access token, if there was one.
    pub token: Option<Result<Grant, TokenError>>,
    /// The apps among them for which the page that asks may not act: they do not allow its origin.
    pub closed_to_page: Vec<AppKey>,
    /// Whether something could not be found out now.
    pub is_incomplete: bool,
}

impl Facts {
    pub(crate) fn account(&self, user: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.user == user)
    }
}

/// What must be known before a message can be received.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// Phone users by name.
    pub users: Vec<String>,
    /// An access token to be verified.
    pub token: Option<String>,
}
