//! Who may log in to the dashboard: local users and their sessions. They belong to no app, and are no users of one.

use sidetone_engine::units::Timestamp;

/// What a local user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Looks at calls.
    Engineer,
    /// Looks at calls, for those who were in them.
    Support,
    /// Manages apps and local users as well.
    Admin,
}

impl Role {
    /// Every role, the least powerful first.
    pub const ALL: [Self; 3] = [Self::Engineer, Self::Support, Self::Admin];

    /// Its name in store, command line and pages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Engineer => "engineer",
            Self::Support => "support",
            Self::Admin => "admin",
        }
    }

    /// The role of that [`Role::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Somebody who may log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalUser {
    /// Unique.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// In the PHC string format; never the password itself.
    pub password_hash: String,
    /// When they were added.
    pub created: Timestamp,
}

/// Somebody who is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the token in the cookie.
    pub token_digest: [u8; 32],
    /// Name of the local user.
    pub user: String,
    /// When it began.
    pub created: Timestamp,
    /// From when on it is nothing any more.
    pub expires: Timestamp,
}
