//! What can be said of an app, checked: for the API, the dashboard's forms and the command line alike.

use serde::{Deserialize, Deserializer, Serialize};
use sidetone_engine::issue::{Preset, Tuned};
use sidetone_store::record::{App, AppSettings, CallstatsSettings, Secret, TokenAlgorithm, TokenKey};
use utoipa::ToSchema;

use crate::{
    auth::{INTAKE_SECRET_PREFIX, NAMES_SECRET_PREFIX, QUERY_SECRET_PREFIX, public_key},
    secret::{self, NewSecret},
};

/// Most characters of an app's name.
pub const NAME_CHARS_MAX: usize = 80;
/// Longest time that conferences are kept for a number of days: a hundred years.
pub const RETENTION_DAYS_MAX: u32 = 36_500;
/// Shortest shared secret for HS256 (RFC 7518, section 3.2).
const HS256_BYTES_MIN: usize = 32;
/// What an AppSecret of ours begins with.
pub const CALLSTATS_SECRET_PREFIX: &str = "stc_";
/// The largest number that JavaScript holds exactly.
const CALLSTATS_ID_MAX: u64 = 1 << 53;

/// What was said of an app and cannot be so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Wrong {
    /// Stable name, for programs.
    pub code: &'static str,
    /// What was given, what is allowed and how to mend it.
    pub detail: String,
}

fn wrong(code: &'static str, detail: impl Into<String>) -> Wrong {
    Wrong { code, detail: detail.into() }
}

/// The name of an app: without blanks around it.
///
/// # Errors
/// When it is none.
pub fn name(text: &str) -> Result<String, Wrong> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        return Err(wrong("app_name_invalid", format!("an app's name has 1 to {NAME_CHARS_MAX} characters, and no control characters")));
    }
    Ok(name.to_owned())
}

/// What is to be otherwise; what is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = AppChange)]
pub struct Change {
    /// Origins whose pages may send; none: pages of any may.
    #[serde(deserialize_with = "given")]
    #[schema(example = json!(["https://shop.example"]))]
    pub origins: Option<Vec<String>>,
    /// Days after their end that conferences are kept, at most 36500; 0 keeps them for ever, `null`: as the server says.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<u32>, example = 30)]
    pub retention_days: Option<Option<u32>>,
    /// Whether network addresses and SDP are kept. If not, they are hidden before anything is stored.
    #[serde(deserialize_with = "given")]
    pub keep_addresses: Option<bool>,
    /// The rules that judge its calls: `sidetone`, `plivo`, `plivo-shipped`, `twilio` or `voximplant`.
    #[serde(deserialize_with = "given")]
    #[schema(example = "sidetone")]
    pub preset: Option<String>,
    /// All thresholds in place of the preset's, separated by blanks; an empty text gives them up.
    #[serde(deserialize_with = "given")]
    #[schema(example = "high_rtt.minor=off high_rtt.major=600")]
    pub thresholds: Option<String>,
    /// Ids of the Facebook pages whose call metrics are taken; none: those of any.
    #[serde(deserialize_with = "given")]
    pub messenger_pages: Option<Vec<String>>,
}

/// Tells `null` from absent.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl Change {
    /// Makes it so.
    ///
    /// # Errors
    /// When it cannot be; then the settings are half changed and to be thrown away.
    pub fn apply(self, settings: &mut AppSettings) -> Result<(), Wrong> {
        if let Some(origins) = self.origins {
            let origin = |text: &String| secret::origin(text).map_err(|error| wrong("origin_invalid", format!("{text:?}: {error}")));
            settings.origins = origins.iter().map(origin).collect::<Result<_, _>>()?;
        }
        if let Some(days) = self.retention_days {
            if let Some(days) = days.filter(|days| *days > RETENTION_DAYS_MAX) {
                let detail = format!("{days} days are too many; give up to {RETENTION_DAYS_MAX}, or 0 to keep conferences for ever");
                return Err(wrong("retention_invalid", detail));
            }
            settings.retention_days = days;
        }
        settings.keep_addresses = self.keep_addresses.unwrap_or(settings.keep_addresses);
        if self.preset.is_some() || self.thresholds.is_some() {
            let preset = self.preset.as_deref().map(preset).transpose()?.unwrap_or(settings.rules.preset());
            let thresholds = self.thresholds.unwrap_or_else(|| settings.rules.thresholds());
            settings.rules = Tuned::read(preset, &thresholds).map_err(|detail| wrong("thresholds_invalid", detail))?;
        }
        if let Some(pages) = self.messenger_pages {
            if let Some(page) = pages.iter().find(|page| page.is_empty() || !page.bytes().all(|byte| byte.is_ascii_digit())) {
                let detail = format!("{page:?}: the id of a page is its number, such as 1234567890");
                return Err(wrong("messenger_page_invalid", detail));
            }
            settings.messenger_pages = pages;
        }
        Ok(())
    }
}

/// A preset of that name.
///
/// # Errors
/// When there is none.
pub fn preset(name: &str) -> Result<Preset, Wrong> {
    let names = || Preset::ALL.map(Preset::name).join(", ");
    Preset::from_name(name).ok_or_else(|| wrong("preset_invalid", format!("there is no preset {name:?}, but {}", names())))
}

/// Puts a key that signs tokens in the place of that of the same name, or with the others. `key` is the shared secret (HS256), or the public
/// key as PEM.
///
/// # Errors
/// When the key is none for that algorithm.
pub fn set_token_key(settings: &mut AppSettings, kid: &str, algorithm: &str, key: Vec<u8>) -> Result<(), Wrong> {
    if kid.is_empty() {
        return Err(wrong("token_key_invalid", "a token key has a name: the `kid` in the header of the tokens that it signs"));
    }
    let refused = |detail: String| Err(wrong("token_key_invalid", detail));
    let Some(algorithm) = ALGORITHMS.into_iter().find(|known| algorithm_name(*known) == algorithm) else {
        return refused(format!("alg is {algorithm:?}, allowed are HS256, ES256 and RS256"));
    };
    if algorithm == TokenAlgorithm::Hs256 {
        if key.len() < HS256_BYTES_MIN {
            return refused(format!("the shared secret is {} bytes long, HS256 needs at least {HS256_BYTES_MIN} (RFC 7518)", key.len()));
        }
    } else if String::from_utf8_lossy(&key).contains("PRIVATE KEY") {
        return refused("this is a private key; give the public one (`openssl pkey -in FILE -pubout`)".to_owned());
    } else if public_key::from_pem(&key).is_none() {
        return refused("this is no public key in PEM (-----BEGIN PUBLIC KEY-----)".to_owned());
    }
    settings.token_keys.retain(|held| held.kid != kid);
    settings.token_keys.push(TokenKey { kid: kid.to_owned(), algorithm, material: Secret(key) });
    Ok(())
}

/// Takes a token key away.
///
/// # Errors
/// When there is none of that name.
pub fn remove_token_key(settings: &mut AppSettings, kid: &str) -> Result<(), Wrong> {
    let before = settings.token_keys.len();
    settings.token_keys.retain(|key| key.kid != kid);
    if settings.token_keys.len() < before {
        return Ok(());
    }
    let held: Vec<&str> = settings.token_keys.iter().map(|key| key.kid.as_str()).collect();
    let held = if held.is_empty() { "none".to_owned() } else { held.join(", ") };
    Err(wrong("token_key_not_found", format!("the app has no token key {kid:?}; it has {held}")))
}

const ALGORITHMS: [TokenAlgorithm; 3] = [TokenAlgorithm::Hs256, TokenAlgorithm::Es256, TokenAlgorithm::Rs256];

/// As the header of a token has it (RFC 7518, section 3.1).
#[must_use]
pub fn algorithm_name(algorithm: TokenAlgorithm) -> &'static str {
    match algorithm {
        TokenAlgorithm::Hs256 => "HS256",
        TokenAlgorithm::Es256 => "ES256",
        TokenAlgorithm::Rs256 => "RS256",
    }
}

/// What a secret of an app is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecretKind {
    /// May send: for the page or app that calls.
    Intake,
    /// May read: for your servers, never for a page.
    Query,
    /// May read real names of people too; every such reading is recorded.
    Names,
}

impl SecretKind {
    /// What such a secret begins with.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Intake => INTAKE_SECRET_PREFIX,
            Self::Query => QUERY_SECRET_PREFIX,
            Self::Names => NAMES_SECRET_PREFIX,
        }
    }
}

/// Gives an app another secret of a kind; the earlier ones are refused from then on, unless they are kept.
pub fn rotate(settings: &mut AppSettings, kind: SecretKind, new: &NewSecret, keeps_old: bool) {
    let held = secrets(settings, kind);
    if !keeps_old {
        held.clear();
    }
    held.push(new.digest);
}

/// Refuses all secrets of a kind but the newest from then on: the end of a rotation that kept the earlier ones.
pub fn keep_newest(settings: &mut AppSettings, kind: SecretKind) {
    let held = secrets(settings, kind);
    held.drain(..held.len().saturating_sub(1));
}

fn secrets(settings: &mut AppSettings, kind: SecretKind) -> &mut Vec<[u8; 32]> {
    match kind {
        SecretKind::Intake => &mut settings.intake_secrets,
        SecretKind::Query => &mut settings.query_secrets,
        SecretKind::Names => &mut settings.names_secrets,
    }
}

/// What clients of callstats are to know of an app.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CallstatsChange {
    /// The AppID that pages have in them already; absent: the one it has, or a new one.
    #[schema(example = 123_456_789)]
    pub app_id: Option<u64>,
    /// The AppSecret that pages have in them already; absent: a new one is made.
    pub app_secret: Option<String>,
    /// Goes on to accept the earlier secrets, until the next time.
    pub keep_old: bool,
}

/// Lets clients of callstats report for an app; gives its AppID. A new AppID comes from a random number, a new AppSecret is `fresh`.
///
/// # Errors
/// When the AppID is none, or another app's, or the secret has nothing to sign with.
pub fn set_callstats(app: &mut App, others: &[App], change: CallstatsChange, random: u64, fresh: &str) -> Result<u64, Wrong> {
    let taken = |app_id: u64| {
        others.iter().find(|other| other.key != app.key && other.settings.callstats.as_ref().is_some_and(|held| held.app_id == app_id))
    };
    let held = app.settings.callstats.as_ref();
    let app_id = match change.app_id.or(held.map(|held| held.app_id)) {
        Some(app_id) => app_id,
        // Nine digits, as callstats.io gave out.
        None => {
            (0..).map(|next| 100_000_000 + (random % 900_000_000 + next) % 900_000_000).find(|&number| taken(number).is_none()).unwrap_or(0)
        }
    };
    if !(1..=CALLSTATS_ID_MAX).contains(&app_id) {
        return Err(wrong("callstats_id_invalid", format!("the AppID {app_id} is none; it is a number from 1 to {CALLSTATS_ID_MAX}")));
    }
    if let Some(other) = taken(app_id) {
        let detail = format!("the AppID {app_id} is that of the app {:?}; give each app one of its own", other.name);
        return Err(wrong("callstats_id_taken", detail));
    }
    let secret = change.app_secret.as_deref().unwrap_or(fresh);
    // What the client signs with stands behind the first colon, if there is one.
    if secret.split(':').nth(1).unwrap_or(secret).is_empty() {
        let detail = "this is no AppSecret; give it as callstats.io showed it, such as `base64keyid:secret`";
        return Err(wrong("callstats_secret_invalid", detail));
    }
    let secret = Secret(secret.as_bytes().to_vec());
    let mut secrets = held.filter(|_| change.keep_old).map(|held| held.secrets.clone()).unwrap_or_default();
    secrets.retain(|held| *held != secret);
    secrets.push(secret);
    app.settings.callstats = Some(CallstatsSettings { app_id, secrets });
    Ok(app_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(json: &str) -> Result<AppSettings, String> {
        let mut settings = AppSettings { retention_days: Some(7), origins: vec!["https://a.example".into()], ..AppSettings::default() };
        let change: Change = serde_json::from_str(json).map_err(|error| error.to_string())?;
        change.apply(&mut settings).map_err(|error| error.code.to_owned())?;
        Ok(settings)
    }

    #[test]
    fn what_is_absent_stays_and_null_is_no_number() {
        assert_eq!(change("{}").unwrap().retention_days, Some(7));
        let changed = change(r#"{"retention_days": null, "origins": [], "preset": "plivo"}"#).unwrap();
        assert_eq!((changed.retention_days, changed.origins, changed.rules.to_string().as_str()), (None, vec![], "plivo"));
        assert_eq!(change(r#"{"retention_days": 0, "keep_addresses": true}"#).map(|held| held.keep_addresses), Ok(true));
    }

    #[test]
    fn what_cannot_be_is_refused_by_its_name() {
        for (json, code) in [
            (r#"{"origins": ["https://a.example/path"]}"#, "origin_invalid"),
            (r#"{"retention_days": 36501}"#, "retention_invalid"),
            (r#"{"preset": "zoom"}"#, "preset_invalid"),
            (r#"{"thresholds": "high_rtt=1"}"#, "thresholds_invalid"),
            (r#"{"messenger_pages": ["page"]}"#, "messenger_page_invalid"),
        ] {
            assert_eq!(change(json).unwrap_err(), code, "{json}");
        }
        for (json, said) in [(r#"{"origin": []}"#, "unknown field `origin`, expected one of `origins`"), (r#"{"preset": null}"#, "null")] {
            assert!(change(json).unwrap_err().contains(said), "{json}");
        }
    }
}
