//! `[sip]`: phones that register and call by SIP over WebSockets.

pub mod trunk;
pub mod users;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    InvalidSetting,
    messenger::Token,
    require,
    text::{ByteSize, HumanDuration},
};

/// Phones: registration and calls by SIP over WebSockets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SipConfig {
    /// Whether phones are served, at `/sip` (and at `/` for who asks for the subprotocol `sip`).
    pub enabled: bool,
    /// What stands behind the `@` in the addresses of our users.
    pub domain: String,
    /// Other domains that mean the same. `phone.plivo.com` is what Plivo's clients are bound to.
    pub aliases: Vec<String>,
    /// How passwords are asked for, the best first. JsSIP knows MD5 only, and looks at the last.
    pub digests: Vec<SipDigest>,
    /// Shortest registration; a shorter one is answered 423.
    pub expires_min: HumanDuration,
    /// Registration of who does not say how long.
    pub expires_default: HumanDuration,
    /// Longest registration.
    pub expires_max: HumanDuration,
    /// Longest life of an access token, from `nbf` to `exp`.
    pub token_lifetime_max: HumanDuration,
    /// The secret by which another SIP server, such as Kamailio, asks at `/v1/sip-admission` who may register and call there. Empty: nobody may ask.
    pub admission_secret: Token,
    /// How long a call may ring.
    pub ring_timeout: HumanDuration,
    /// A socket from which nothing was heard for this long is closed; it is pinged three times as often.
    pub idle_timeout: HumanDuration,
    /// Sockets that may be open at once.
    pub sockets_max: usize,
    /// Sockets that one network address, or one /64 of IPv6, may have open at once; 0: any number (where a proxy in front makes all look alike).
    pub sockets_per_address_max: usize,
    /// Whether a proxy in front tells the address of the client in `X-Forwarded-For`; without one anybody could claim any.
    pub behind_proxy: bool,
    /// Contacts (tabs, devices) that one user may register.
    pub contacts_per_user_max: usize,
    /// Contacts of all users.
    pub contacts_max: usize,
    /// Largest message.
    pub message_size_max: ByteSize,
    /// Bytes that may wait for a slow reader before its socket is closed.
    pub pending_bytes_max: ByteSize,
    /// Requests in progress, and calls, of all sockets.
    pub transactions_max: usize,
    /// Requests per second of one socket (averaged; bursts of ten seconds' worth are fine).
    pub requests_per_second: u32,
    /// Calls per minute of one user (averaged).
    pub calls_per_minute: u32,
    /// Wrong passwords and tokens per minute of one network address, or of one /64 of IPv6 (averaged).
    pub failures_per_minute: u32,
    /// Phone users, beside those that `sidetone phone` makes; of one name, these count. Each is a table `[[sip.users]]` with `name`, `app` (its name or key)
    /// and `password`.
    pub users: Vec<users::SipUser>,
    /// Another SIP server that calls go to and come from, such as a gateway to the telephone network.
    pub trunk: trunk::SipTrunkConfig,
}

/// Whoever has it is told the password hashes of all phone users.
const ADMISSION_SECRET_BYTES_MIN: usize = 16;

/// A hash function of digest authentication (RFC 8760).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SipDigest {
    /// MD5, which every client knows.
    #[serde(rename = "MD5")]
    Md5,
    /// SHA-256.
    #[serde(rename = "SHA-256")]
    Sha256,
}

impl Default for SipConfig {
    fn default() -> Self {
        Self {
            enabled: false,
            domain: "localhost".to_owned(),
            aliases: vec!["phone.plivo.com".to_owned()],
            digests: vec![SipDigest::Sha256, SipDigest::Md5],
            expires_min: HumanDuration::secs(60),
            expires_default: HumanDuration::secs(600),
            expires_max: HumanDuration::secs(86_400),
            token_lifetime_max: HumanDuration::secs(86_400),
            admission_secret: Token(String::new()),
            ring_timeout: HumanDuration::secs(180),
            idle_timeout: HumanDuration::secs(90),
            sockets_max: 10_000,
            sockets_per_address_max: 1_000,
            behind_proxy: false,
            contacts_per_user_max: 10,
            contacts_max: 100_000,
            message_size_max: ByteSize::kib(64),
            pending_bytes_max: ByteSize::mib(1),
            transactions_max: 20_000,
            requests_per_second: 20,
            calls_per_minute: 60,
            failures_per_minute: 30,
            users: Vec::new(),
            trunk: trunk::SipTrunkConfig::default(),
        }
    }
}

impl SipConfig {
    /// Whether the values make sense.
    ///
    /// # Errors
    /// The first that does not.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        let is_host =
            |name: &String| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte));
        require(is_host(&self.domain), "sip.domain", &self.domain, "a host name, such as phone.example.com")?;
        for alias in &self.aliases {
            require(is_host(alias), "sip.aliases", alias, "host names, such as phone.plivo.com")?;
        }
        require(!self.digests.is_empty(), "sip.digests", &"[]", "MD5, SHA-256 or both")?;
        let second = HumanDuration::secs(1);
        let ordered = self.expires_min >= second && self.expires_min <= self.expires_default && self.expires_default <= self.expires_max;
        require(ordered, "sip.expires_default", &self.expires_default, "between sip.expires_min (at least 1s) and sip.expires_max")?;
        let week = HumanDuration::secs(7 * 86_400);
        require(self.expires_max <= week, "sip.expires_max", &self.expires_max, "at most 7 days")?;
        let secret = &self.admission_secret.0;
        let is_long = secret.is_empty() || secret.len() >= ADMISSION_SECRET_BYTES_MIN;
        require(is_long, "sip.admission_secret", &format!("{} bytes", secret.len()), "at least 16 bytes that nobody can guess, or empty")?;
        require(self.ring_timeout >= HumanDuration::secs(10), "sip.ring_timeout", &self.ring_timeout, "at least 10s")?;
        require(self.idle_timeout >= HumanDuration::secs(3), "sip.idle_timeout", &self.idle_timeout, "at least 3s")?;
        let size = self.message_size_max;
        require(size >= ByteSize::kib(4), "sip.message_size_max", &size, "at least 4KiB: an offer has that size")?;
        require(self.pending_bytes_max >= size, "sip.pending_bytes_max", &self.pending_bytes_max, "at least sip.message_size_max")?;
        for (setting, value) in [
            ("sip.sockets_max", self.sockets_max),
            ("sip.contacts_per_user_max", self.contacts_per_user_max),
            ("sip.contacts_max", self.contacts_max),
            ("sip.transactions_max", self.transactions_max),
        ] {
            require(value > 0, setting, &value, "at least 1")?;
        }
        for (setting, value) in [
            ("sip.requests_per_second", self.requests_per_second),
            ("sip.calls_per_minute", self.calls_per_minute),
            ("sip.failures_per_minute", self.failures_per_minute),
        ] {
            require(value > 0, setting, &value, "at least 1")?;
        }
        users::validate(&self.users)?;
        self.trunk.validate()
    }
}
