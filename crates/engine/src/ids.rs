//! Identifiers. *Ids* are the app's: opaque UTF-8, case-sensitive, never trimmed or normalised.
//! *Keys* are ours: ULIDs, so that neighbours in time are neighbours on disk.

use std::{fmt, str::FromStr};

/// Longest identifier that an app may give, in bytes of UTF-8.
pub const ID_BYTES_MAX: usize = 4096;

/// An identifier given by an app is longer than [`ID_BYTES_MAX`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdTooLong {
    /// Which identifier: `conference_id`, `user_id` …
    pub what: &'static str,
    /// Its length in bytes.
    pub bytes: usize,
}

impl fmt::Display for IdTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {} bytes of UTF-8, at most {ID_BYTES_MAX} are allowed", self.what, self.bytes)
    }
}

impl std::error::Error for IdTooLong {}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Takes the text exactly as given; empty is allowed.
            ///
            /// # Errors
            /// When it is longer than [`ID_BYTES_MAX`].
            pub fn new(text: impl Into<String>) -> Result<Self, IdTooLong> {
                let text = text.into();
                if text.len() > ID_BYTES_MAX {
                    return Err(IdTooLong { what: $what, bytes: text.len() });
                }
                Ok(Self(text))
            }

            /// The text exactly as the app gave it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// The app's name for a conference; may be reused for a later one.
    ConferenceId "conference_id";
    /// The app's name for a user; may stand in one conference twice.
    UserId "user_id";
    /// The client's name for one stay of a user in a conference, unique per stay (a ULID in our SDK).
    ParticipantId "participant_id";
    /// The client's name for one `RTCPeerConnection`, unique within the participant; empty for what belongs to none.
    PeerConnectionId "peer_connection_id";
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(ulid::Ulid);

        impl $name {
            /// A new key for something that began at `at`; `random` makes it unique.
            #[must_use]
            pub fn mint(at: crate::units::Timestamp, random: u128) -> Self {
                Self(ulid::Ulid::from_parts(u64::try_from(at.as_millis()).unwrap_or(0), random))
            }

            /// The 16 bytes in storage order: sorts like the text form and like time.
            #[must_use]
            pub fn to_bytes(self) -> [u8; 16] {
                self.0.to_bytes()
            }

            /// From the bytes of [`Self::to_bytes`].
            #[must_use]
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(ulid::Ulid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAKey;

            fn from_str(text: &str) -> Result<Self, NotAKey> {
                ulid::Ulid::from_string(text).map(Self).map_err(|_| NotAKey(text.chars().take(40).collect()))
            }
        }
    )*};
}

keys! {
    /// One tenant.
    AppKey;
    /// One occurrence of a conference.
    ConferenceKey;
    /// One stay of one endpoint in a conference.
    ParticipantKey;
    /// One `RTCPeerConnection`.
    PeerConnectionKey;
}

/// A text is not one of our keys (26 characters of Crockford base 32).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAKey(String);

impl fmt::Display for NotAKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a key: expected the 26 characters of a ULID, such as 01JD3V9Q4Z3X5Y7A8B9C0D1E2F", self.0)
    }
}

impl std::error::Error for NotAKey {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Timestamp;

    #[test]
    fn ids_are_kept_to_the_byte() {
        for text in ["", " a ", "インターネット", "ອິນເຕີເນັດ", "e\u{301}"] {
            assert_eq!(ConferenceId::new(text).unwrap().as_str(), text);
        }
        assert!(ConferenceId::new("x".repeat(ID_BYTES_MAX)).is_ok());
        let error = UserId::new("x".repeat(ID_BYTES_MAX + 1)).unwrap_err();
        assert_eq!(error.to_string(), "user_id is 4097 bytes of UTF-8, at most 4096 are allowed");
    }

    #[test]
    fn keys_sort_by_time_and_read_back() {
        let early = ConferenceKey::mint(Timestamp::from_micros(1_000_000), u128::MAX);
        let late = ConferenceKey::mint(Timestamp::from_micros(2_000_000), 0);
        assert!(early < late && early.to_bytes() < late.to_bytes());
        assert_eq!(late.to_string().parse(), Ok(late));
        assert!("nonsense".parse::<AppKey>().unwrap_err().to_string().contains("26 characters"));
    }
}
