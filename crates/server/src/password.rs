//! Passwords of local users: hashed by Argon2id, compared without telling where they differ.

use std::sync::LazyLock;

use argon2::{
    Argon2,
    password_hash::{
        PasswordHasher, PasswordVerifier,
        phc::{self, PasswordHash},
    },
};
use sidetone_store::clock::Entropy;

/// Least number of characters (NIST SP 800-63B asks for 8, OWASP for 10 where there is no second factor).
pub const PASSWORD_CHARS_MIN: usize = 10;
/// Most bytes, so that nobody makes the server hash megabytes.
const PASSWORD_BYTES_MAX: usize = 1024;

/// Why a password cannot be taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// Too easily guessed.
    #[error("the password has {0} characters, at least {PASSWORD_CHARS_MIN} are needed")]
    Short(usize),
    /// Too much to hash.
    #[error("the password has {0} bytes, at most {PASSWORD_BYTES_MAX} are taken")]
    Long(usize),
    /// No salt.
    #[error("the system gives no random bytes: {0}")]
    Entropy(String),
    /// The library refuses.
    #[error("the password could not be hashed: {0}")]
    Hash(argon2::password_hash::Error),
}

/// The PHC string that is kept of a password. Takes some ten milliseconds and 19 MiB, on purpose.
///
/// # Errors
/// When the password is too short or too long, or there is no salt to be had.
pub fn hash(password: &str, entropy: &dyn Entropy) -> Result<String, PasswordError> {
    let chars = password.chars().count();
    if chars < PASSWORD_CHARS_MIN {
        return Err(PasswordError::Short(chars));
    }
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(PasswordError::Long(password.len()));
    }
    let mut salt = [0; 16];
    entropy.fill(&mut salt).map_err(PasswordError::Entropy)?;
    let hash: phc::PasswordHash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt).map_err(PasswordError::Hash)?;
    Ok(hash.to_string())
}

/// Whether this is the password of that hash. Takes as long where there is no hash, so that the time does not tell which names there are.
pub(crate) fn is_right(password: &str, hash: Option<&str>) -> bool {
    static OF_NOBODY: LazyLock<Option<String>> = LazyLock::new(|| {
        let hash: Result<phc::PasswordHash, _> = Argon2::default().hash_password_with_salt(b"nobody has this", &[0; 16]);
        hash.ok().map(|hash| hash.to_string())
    });
    let Some(held) = hash.or(OF_NOBODY.as_deref()) else { return false };
    let matches = password.len() <= PASSWORD_BYTES_MAX
        && PasswordHash::new(held).is_ok_and(|held| Argon2::default().verify_password(password.as_bytes(), &held).is_ok());
    matches && hash.is_some()
}

#[cfg(test)]
mod tests {
    use sidetone_testkit::clock::FakeEntropy;

    use super::*;

    #[test]
    fn a_password_is_known_again_and_another_is_not() {
        let entropy = FakeEntropy::default();
        let hash = |password| hash(password, &entropy);
        let held = hash("correct horse battery").unwrap();
        assert!(held.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{held}");
        assert!(is_right("correct horse battery", Some(&held)));
        assert!(!is_right("correct horse batterY", Some(&held)));
        assert!(!is_right("nobody has this", None));
        assert_ne!(hash("correct horse battery").unwrap(), held, "each has a salt of its own");
        assert_eq!(hash("short").unwrap_err().to_string(), "the password has 5 characters, at least 10 are needed");
        assert!(matches!(hash(&"x".repeat(1025)), Err(PasswordError::Long(1025))));
    }
}
