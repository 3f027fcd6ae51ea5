//! `[listen]`: address and TLS.

use std::{net::SocketAddr, path::PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{InvalidSetting, require, text::read_address};

/// Where to listen, with or without TLS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ListenConfig {
    /// Address and port. Port 0 takes any free one. The default is reachable from this machine only; `0.0.0.0:8080` is every address of it.
    #[serde(deserialize_with = "read_address")]
    pub address: SocketAddr,
    /// How connections are encrypted. `off` is for a trial or behind a proxy that ends TLS.
    pub tls: TlsConfig,
}

/// How connections are encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum TlsConfig {
    /// Not at all.
    #[default]
    Off,
    /// With a certificate chain and private key, both PEM (TLS 1.2 and 1.3).
    Files {
        /// The certificate, followed by its intermediates.
        certificate: PathBuf,
        /// The private key (PKCS #8, PKCS #1 or SEC 1).
        key: PathBuf,
    },
    /// With a certificate made at start, which no browser trusts until told to: for a trial.
    SelfSigned {
        /// The host names and addresses that it is made for.
        names: Vec<String>,
    },
}

fn default_address() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8080))
}

impl Default for ListenConfig {
    fn default() -> Self {
        Self { address: default_address(), tls: TlsConfig::default() }
    }
}

impl ListenConfig {
    /// Whether the values make sense.
    ///
    /// # Errors
    /// The first that does not.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        if let TlsConfig::SelfSigned { names } = &self.tls {
            require(!names.is_empty(), "listen.tls.names", &"[]", "at least one host name or address, such as \"localhost\"")?;
        }
        Ok(())
    }
}
