//! The sockets of the trunk: another SIP server, over UDP (`datagram`), TCP or TLS (`stream`).

mod datagram;
mod directory;
mod stream;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use sidetone_sip::{CallerId, Login, Transport, TrunkConfig};
use tokio::{
    net::{TcpListener, UdpSocket},
    time::sleep,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use self::directory::Directory;
use super::{Sip, lock};
use crate::{
    config::sip::{
        SipConfig,
        trunk::{SipCallerId, SipTrunkConfig, place},
    },
    error::ServeError,
    state::AppState,
};

/// Until its name is looked up again, where that failed or a connection broke.
const RETRY: Duration = Duration::from_secs(5);

/// The sockets, before anything is sent.
#[derive(Debug)]
pub(crate) struct Bound {
    directory: Directory,
    sockets: Sockets,
    port: u16,
}

enum Sockets {
    Datagram(UdpSocket),
    Stream {
        /// `None`: TLS without a certificate of our own. It can only use the connection that we make.
        listener: Option<TcpListener>,
        connector: Option<TlsConnector>,
        acceptor: Option<TlsAcceptor>,
    },
}

impl std::fmt::Debug for Sockets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if matches!(self, Self::Datagram(_)) { "Datagram" } else { "Stream" })
    }
}

/// Takes the port; `None`: there is no trunk. `acceptor`: the server's own certificate.
pub(crate) async fn bind(config: &SipConfig, acceptor: Option<&TlsAcceptor>) -> Result<Option<Bound>, ServeError> {
    let Some(place) = config.trunk.place() else { return Ok(None) };
    if !config.enabled {
        tracing::warn!("sip.trunk.address is set and has no effect: phones are not served here, set sip.enabled or start with --sip");
        return Ok(None);
    }
    let address = config.trunk.listen;
    let error = |reason: io::Error| ServeError::ListenTrunk { address, reason };
    let is_tls = place.transport == Transport::Tls;
    let (sockets, port) = if place.transport == Transport::Udp {
        let socket = UdpSocket::bind(address).await.map_err(error)?;
        let port = socket.local_addr().map_err(error)?.port();
        (Sockets::Datagram(socket), port)
    } else {
        let acceptor = acceptor.filter(|_| is_tls).cloned();
        let connector = if is_tls { Some(connector(&config.trunk)?) } else { None };
        let listener = if is_tls && acceptor.is_none() { None } else { Some(TcpListener::bind(address).await.map_err(error)?) };
        let port = listener.as_ref().map_or(Ok(address), TcpListener::local_addr).map_err(error)?.port();
        (Sockets::Stream { listener, connector, acceptor }, port)
    };
    let directory = Directory::new(place, config.trunk.nameserver());
    Ok(Some(Bound { directory, sockets, port }))
}

fn connector(config: &SipTrunkConfig) -> Result<TlsConnector, ServeError> {
    let mut roots = RootCertStore::empty();
    if config.ca_file.is_empty() {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    } else {
        let problem = |problem: String| ServeError::TrunkCertificates { path: config.ca_file.clone().into(), problem };
        let certificates = CertificateDer::pem_file_iter(&config.ca_file).map_err(|error| problem(error.to_string()))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| problem(error.to_string()))?;
            roots.add(certificate).map_err(|error| problem(error.to_string()))?;
        }
    }
    let client = ClientConfig::builder_with_provider(std::sync::Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|error| ServeError::Tls(error.to_string()))?;
    Ok(TlsConnector::from(std::sync::Arc::new(client.with_root_certificates(roots).with_no_client_auth())))
}

/// Serves the trunk until the server stops.
pub(crate) async fn run(state: &AppState) {
    let Some(sip) = &state.sip else { return };
    let Some(Bound { directory, sockets, port }) = lock(&sip.trunk).take() else { return };
    let Some(addresses) = resolved(state, &directory).await else { return };
    let peer = match sockets {
        Sockets::Datagram(_) => datagram::reached(&addresses, sip.config.trunk.listen),
        Sockets::Stream { .. } => addresses[0],
    };
    let Some(hop) = hop(&sip.config.trunk, peer, port).await else { return };
    let place = &directory.place;
    tracing::info!(transport = ?place.transport, host = place.host, port = peer.port(), "calls go over a trunk, which reaches us at {}:{}", hop.0, hop.1);
    sip.with(|proxy, _| proxy.set_trunk(machine_config(&sip.config.trunk, place.transport, hop)));
    match sockets {
        Sockets::Datagram(socket) => datagram::serve(state, socket, &directory, addresses).await,
        Sockets::Stream { listener, connector, acceptor } => stream::serve(state, &directory, listener, connector, acceptor).await,
    }
}

fn machine_config(config: &SipTrunkConfig, transport: Transport, hop: (String, u16)) -> TrunkConfig {
    let seconds = |span: crate::config::text::HumanDuration| u32::try_from(span.get().as_secs()).unwrap_or(u32::MAX);
    let given = |text: &String| (!text.is_empty()).then(|| text.clone());
    TrunkConfig {
        transport,
        domain: config.domain(),
        hop,
        login: given(&config.user).map(|user| Login { user, password: config.password.0.clone() }),
        register: config.register.then(|| seconds(config.register_expires)),
        patterns: config.patterns.clone(),
        numbers: config.numbers.clone().into_iter().collect(),
        caller_id: match config.caller_id {
            SipCallerId::From => CallerId::From,
            SipCallerId::Asserted => CallerId::Asserted,
        },
        caller_number: given(&config.caller_number),
        apps: config.apps.iter().filter_map(|app| app.parse().ok()).collect(),
        calls_max: config.calls_max,
        call_duration_max: seconds(config.call_duration_max),
    }
}

/// Where its name leads, once that is known; `None`: the server stops.
async fn resolved(state: &AppState, directory: &Directory) -> Option<Vec<SocketAddr>> {
    loop {
        match directory.find().await {
            Ok(addresses) => return Some(addresses),
            Err(error) => tracing::warn!(host = directory.place.host, %error, "the trunk's name leads nowhere; it will be looked up again"),
        }
        tokio::select! {
            () = state.stopped() => return None,
            () = sleep(RETRY) => {}
        }
    }
}

/// Host and port at which the trunk reaches us.
async fn hop(config: &SipTrunkConfig, peer: SocketAddr, port: u16) -> Option<(String, u16)> {
    if let Some(place) = place(&config.advertised) {
        return Some(place);
    }
    let address = match config.listen.ip() {
        ip if !ip.is_unspecified() => ip,
        _ => match towards(peer).await {
            Ok(address) => address,
            Err(error) => {
                tracing::error!(%error, "this machine has no address towards the trunk; set sip.trunk.advertised");
                return None;
            }
        },
    };
    let host = if address.is_ipv6() { format!("[{address}]") } else { address.to_string() };
    Some((host, port))
}

/// The address that this machine has towards another. Nothing is sent.
async fn towards(peer: SocketAddr) -> io::Result<IpAddr> {
    let any: IpAddr = if peer.is_ipv6() { std::net::Ipv6Addr::UNSPECIFIED.into() } else { std::net::Ipv4Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(peer).await?;
    Ok(socket.local_addr()?.ip())
}

impl Sip {
    /// Keeps the sockets until they are served.
    pub(crate) fn keep_trunk(&self, bound: Bound) {
        *lock(&self.trunk) = Some(bound);
    }
}
