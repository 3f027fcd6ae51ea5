//! TLS 1.2 and 1.3 by rustls: from files, or with a certificate made at start.

use std::{path::Path, sync::Arc};

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject},
};
use tokio_rustls::TlsAcceptor;

use crate::{config::listen::TlsConfig, error::ServeError};

/// What accepts handshakes; `None` when TLS is off.
pub(crate) fn acceptor(config: &TlsConfig) -> Result<Option<TlsAcceptor>, ServeError> {
    let (chain, key) = match config {
        TlsConfig::Off => return Ok(None),
        TlsConfig::Files { certificate, key } => (read_chain(certificate)?, read_key(key)?),
        TlsConfig::SelfSigned { names } => self_signed(names)?,
    };
    let mut server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| ServeError::Tls(format!("certificate and key do not fit: {error}")))?;
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(server))))
}

fn file_error(path: &Path, wanted: &str, error: &pem::Error) -> ServeError {
    let problem = match error {
        pem::Error::NoItemsFound => format!("holds no {wanted} in PEM"),
        error => format!("cannot be read as {wanted} in PEM: {error}"),
    };
    ServeError::TlsFile { path: path.to_owned(), problem }
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, ServeError> {
    let error = |error: pem::Error| file_error(path, "certificate", &error);
    let chain = CertificateDer::pem_file_iter(path).map_err(error)?.collect::<Result<Vec<_>, _>>().map_err(error)?;
    if chain.is_empty() { Err(error(pem::Error::NoItemsFound)) } else { Ok(chain) }
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, ServeError> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| file_error(path, "private key", &error))
}

fn self_signed(names: &[String]) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), ServeError> {
    let made = rcgen::generate_simple_self_signed(names)
        .map_err(|error| ServeError::Tls(format!("no certificate can be made for {names:?}: {error}")))?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).map_err(|error| ServeError::Tls(error.to_owned()))?;
    Ok((vec![made.cert.der().clone()], key))
}
