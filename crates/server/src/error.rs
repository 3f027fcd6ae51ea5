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
    #[error("{0} is taken by another process: stop it, or take another port (`--listen`, or listen.address)")]
    AddressInUse(SocketAddr),
    /// The address cannot be listened at.
    #[error(
        "cannot listen at {address}: {reason}; `--listen` or listen.address takes an address of this machine and a port that this user may open (below 1024: root, or who has CAP_NET_BIND_SERVICE)"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        reason: std::io::Error,
    },
    /// The trunk's port cannot be listened at.
    #[error(
        "cannot listen for the trunk at {address}: {reason}; set sip.trunk.listen to an address of this machine and a port that is free"
    )]
    ListenTrunk {
        /// The address.
        address: SocketAddr,
        /// Why.
        reason: std::io::Error,
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
