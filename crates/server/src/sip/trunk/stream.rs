//! The trunk over TCP or TLS: a connection that we keep, and those that the trunk makes.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use rustls::pki_types::ServerName;
use sidetone_sip::{
    FlowId, TRUNK,
    stream::{PING, PONG, Piece, Reader},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::{RETRY, datagram::is_of_trunk, lookup};
use crate::{
    config::sip::trunk::TrunkAddress,
    sip::{Opened, Sip, socket},
    state::AppState,
    task,
};

/// Connections that the trunk may make.
const ACCEPTED_MAX: usize = 32;
/// How long connecting, a handshake, and writing one message may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the trunk is asked whether it is there (RFC 5626 section 4.4.1), so that no firewall forgets the connection.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// Serves the trunk until the server stops.
pub(super) async fn serve(
    state: &AppState,
    place: &TrunkAddress,
    listener: Option<TcpListener>,
    connector: Option<TlsConnector>,
    acceptor: Option<TlsAcceptor>,
) {
    let accepts = async {
        match listener {
            Some(listener) => accept(state, place, listener, acceptor).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = state.stopped() => {}
        () = keep(state, place, connector) => {}
        () = accepts => {}
    }
}

/// Keeps a connection to the trunk.
async fn keep(state: &AppState, place: &TrunkAddress, connector: Option<TlsConnector>) {
    let Some(sip) = &state.sip else { return };
    loop {
        match timeout(PATIENCE, TcpStream::connect((place.host.as_str(), place.port))).await {
            Ok(Ok(stream)) => {
                if let Err(error) = speak(state, sip, stream, place, connector.as_ref()).await {
                    tracing::warn!(%error, "TLS with the trunk is not possible");
                }
            }
            Ok(Err(error)) => tracing::warn!(%error, host = place.host, port = place.port, "the trunk cannot be reached"),
            Err(_) => tracing::warn!(host = place.host, port = place.port, "the trunk does not take connections"),
        }
        sleep(RETRY).await;
    }
}

async fn speak(
    state: &AppState,
    sip: &Sip,
    stream: TcpStream,
    place: &TrunkAddress,
    connector: Option<&TlsConnector>,
) -> std::io::Result<()> {
    let peer = stream.peer_addr()?;
    stream.set_nodelay(true)?;
    match connector {
        None => converse(state, sip, stream, TRUNK, peer).await,
        Some(connector) => {
            let name = ServerName::try_from(place.host.clone()).map_err(std::io::Error::other)?;
            let stream = timeout(PATIENCE, connector.connect(name, stream)).await??;
            converse(state, sip, stream, TRUNK, peer).await;
        }
    }
    Ok(())
}

/// Takes the connections that the trunk makes, and nobody else's.
async fn accept(state: &AppState, place: &TrunkAddress, listener: TcpListener, acceptor: Option<TlsAcceptor>) {
    let Some(sip) = &state.sip else { return };
    let places = Arc::new(Semaphore::new(ACCEPTED_MAX));
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let addresses = lookup(place).await.unwrap_or_default();
        let free = Arc::clone(&places).try_acquire_owned();
        let Some(free) = free.ok().filter(|_| is_of_trunk(&addresses, peer.ip())) else {
            sip.accounts.sip.strangers.inc();
            continue;
        };
        let (state, acceptor) = (state.clone(), acceptor.clone());
        let accounts = Arc::clone(&state.accounts);
        task::spawn("sip trunk", accounts, async move {
            let Some(sip) = &state.sip else { return };
            let _ = stream.set_nodelay(true);
            let flow = sip.next_flow();
            match acceptor {
                None => converse(&state, sip, stream, flow, peer).await,
                Some(acceptor) => match timeout(PATIENCE, acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => converse(&state, sip, stream, flow, peer).await,
                    Ok(Err(error)) => tracing::debug!(%error, "TLS handshake of the trunk failed"),
                    Err(_) => tracing::debug!("TLS handshake of the trunk took too long"),
                },
            }
            drop(free);
        });
    }
}

/// One connection, until it ends.
async fn converse(state: &AppState, sip: &Sip, stream: impl AsyncRead + AsyncWrite, flow: FlowId, peer: SocketAddr) {
    let Opened { mut outgoing, bytes, dropped, .. } = sip.open_trunk(flow, peer);
    let (mut from, mut to) = tokio::io::split(stream);
    let mut reader = Reader::new(sip.config.message_size_max.as_usize());
    let mut keep_alives = interval(KEEP_ALIVE);
    keep_alives.set_missed_tick_behavior(MissedTickBehavior::Delay);
    keep_alives.reset();
    let mut buffer = vec![0; 16 * 1024];
    'open: loop {
        let message = tokio::select! {
            () = state.stopped() => break,
            () = dropped.notified() => break,
            _ = keep_alives.tick() => PING.to_vec(),
            Some(message) = outgoing.recv() => {
                bytes.fetch_sub(message.len(), Ordering::Relaxed);
                message
            }
            read = from.read(&mut buffer) => {
                let Ok(size @ 1..) = read else { break };
                reader.push(&buffer[..size]);
                let mut answer = Vec::new();
                loop {
                    match reader.read() {
                        Ok(Some(Piece::Ping)) => answer.extend_from_slice(PONG),
                        Ok(Some(Piece::Message(message))) => socket::judge(state, sip, (flow, None), message).await,
                        Ok(None) => break,
                        Err(error) => {
                            tracing::debug!(%error, "the trunk sent what is no SIP");
                            sip.accounts.sip.unreadable.inc();
                            break 'open;
                        }
                    }
                }
                answer
            }
        };
        if !message.is_empty() && !matches!(timeout(PATIENCE, write(&mut to, &message)).await, Ok(Ok(()))) {
            break;
        }
    }
    sip.close(flow);
}

async fn write(to: &mut (impl AsyncWrite + Unpin), message: &[u8]) -> std::io::Result<()> {
    to.write_all(message).await?;
    to.flush().await
}
