//! Why a server cannot start.

use std::{net::SocketAddr, path::PathBuf};

use crate::config::InvalidSetting;

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// A setting makes no sense.
    #[error(transparent)]
    Setting(#[from] InvalidSetting),
    /// Somebody else listens there.
    #[error("{0} is taken by another process: stop it, or set listen.address to another port")]
    AddressInUse(SocketAddr),
    /// The address cannot be listened at.
    #[error("cannot listen at {address}: {source}; set listen.address to an address of this machine and a port that this user may open")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The trunk's port cannot be listened at.
    #[error(
        "cannot listen for the trunk at {address}: {source}; set sip.trunk.listen to an address of this machine and a port that is free"
    )]
    ListenTrunk {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The certificates that vouch for the trunk cannot be used.
    #[error("sip.trunk.ca_file: {path}: {problem}")]
    TrunkCertificates {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A file of the TLS settings cannot be used.
    #[error("listen.tls: {path}: {problem}")]
    TlsFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Certificate and key do not make a server.
    #[error("listen.tls: {0}")]
    Tls(String),
}
