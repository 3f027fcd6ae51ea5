//! The trunk over TCP or TLS: a connection that we keep, and those that the trunk makes.
//!
//! The trunk may close or reset ours whenever it likes. Then another is made at once, and the flow stays: what waits goes over the new connection,
//! what nobody has answered goes over it once more, and what was asked is still answered, over that one or over one that the trunk makes (RFC 3261
//! section 18.2.2). The flow ends when what comes over its connection cannot be understood, when too much waits for it, or when no other can be made.

use std::{
    io,
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

use super::{RETRY, datagram::is_of_trunk, directory::Directory};
use crate::{
    sip::{Sip, outbox::Opened, socket},
    state::AppState,
    task,
};

/// Connections that the trunk may make.
const ACCEPTED_MAX: usize = 32;
/// How long connecting, a handshake, and writing one message may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two connections, so that a trunk that closes each is not connected to all the time.
const PAUSE: Duration = Duration::from_millis(20);
/// How often the trunk is asked whether it is there (RFC 5626 section 4.4.1), so that no firewall forgets the connection.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// Serves the trunk until the server stops.
pub(super) async fn serve(
    state: &AppState,
    directory: &Directory,
    listener: Option<TcpListener>,
    connector: Option<TlsConnector>,
    acceptor: Option<TlsAcceptor>,
) {
    let accepts = async {
        match listener {
            Some(listener) => accept(state, directory, listener, acceptor).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = state.stopped() => {}
        () = keep(state, directory, connector) => {}
        () = accepts => {}
    }
}

/// Keeps a connection to the trunk.
async fn keep(state: &AppState, directory: &Directory, connector: Option<TlsConnector>) {
    let Some(sip) = &state.sip else { return };
    let mut way = None;
    loop {
        let ending = match connect(directory, connector.as_ref()).await {
            Ok((stream, peer)) => {
                let is_another = way.is_some();
                let opened = way.get_or_insert_with(|| sip.open_trunk(TRUNK, peer));
                if is_another {
                    sip.with(|proxy, now| proxy.send_again(now, TRUNK));
                }
                converse(state, sip, stream, opened).await
            }
            Err(error) => {
                tracing::warn!(%error, host = directory.place.host, "the trunk cannot be reached");
                Ending::Silent
            }
        };
        tracing::debug!(?ending, "a connection to the trunk ended");
        if ending != Ending::Lost && way.take().is_some() {
            sip.close(TRUNK);
        }
        sleep(if ending == Ending::Silent { RETRY } else { PAUSE }).await;
    }
}

/// What is read and written.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// To the first of its servers that can be had.
async fn connect(directory: &Directory, connector: Option<&TlsConnector>) -> io::Result<(Box<dyn Stream>, SocketAddr)> {
    let mut failure = io::Error::from(io::ErrorKind::NotFound);
    for peer in directory.find().await? {
        match connect_to(peer, &directory.place.host, connector).await {
            Ok(stream) => return Ok((stream, peer)),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// `host`: whose certificate it must have.
async fn connect_to(peer: SocketAddr, host: &str, connector: Option<&TlsConnector>) -> io::Result<Box<dyn Stream>> {
    let stream = timeout(PATIENCE, TcpStream::connect(peer)).await??;
    stream.set_nodelay(true)?;
    let Some(connector) = connector else { return Ok(Box::new(stream)) };
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    Ok(Box::new(timeout(PATIENCE, connector.connect(name, stream)).await??))
}

/// Takes the connections that the trunk makes, and nobody else's.
async fn accept(state: &AppState, directory: &Directory, listener: TcpListener, acceptor: Option<TlsAcceptor>) {
    let Some(sip) = &state.sip else { return };
    let places = Arc::new(Semaphore::new(ACCEPTED_MAX));
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let addresses = directory.find().await.unwrap_or_default();
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
                None => take(&state, sip, stream, flow, peer).await,
                Some(acceptor) => match timeout(PATIENCE, acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => take(&state, sip, stream, flow, peer).await,
                    Ok(Err(error)) => tracing::debug!(%error, "TLS handshake of the trunk failed"),
                    Err(_) => tracing::debug!("TLS handshake of the trunk took too long"),
                },
            }
            drop(free);
        });
    }
}

/// A connection of the trunk's, until it ends.
async fn take(state: &AppState, sip: &Sip, stream: impl Stream, flow: FlowId, peer: SocketAddr) {
    converse(state, sip, stream, &mut sip.open_trunk(flow, peer)).await;
    sip.close(flow);
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// The trunk closed or reset it. Which of them says nothing: a server that dies does either, by whether it had read all.
    Lost,
    /// By us: it is too slow, or brought what is no SIP.
    Broken,
    /// No message ever came over it, or there was none: another may fare no better.
    Silent,
}

/// One connection, until it ends.
async fn converse(state: &AppState, sip: &Sip, stream: impl Stream, opened: &mut Opened) -> Ending {
    let Opened { flow, outgoing, bytes, dropped } = opened;
    let (mut from, mut to) = tokio::io::split(stream);
    let mut is_silent = true;
    let mut reader = Reader::new(sip.config.message_size_max.as_usize());
    let mut keep_alives = interval(KEEP_ALIVE);
    keep_alives.set_missed_tick_behavior(MissedTickBehavior::Delay);
    keep_alives.reset();
    let mut buffer = vec![0; 16 * 1024];
    let ending = 'connection: loop {
        let message = tokio::select! {
            () = state.stopped() => break Ending::Broken,
            () = dropped.notified() => break Ending::Broken,
            _ = keep_alives.tick() => PING.to_vec(),
            Some(message) = outgoing.recv() => {
                bytes.fetch_sub(message.len(), Ordering::Relaxed);
                message
            }
            read = from.read(&mut buffer) => {
                let Ok(size @ 1..) = read else { break Ending::Lost };
                reader.push(&buffer[..size]);
                let mut answer = Vec::new();
                loop {
                    match reader.read() {
                        Ok(Some(Piece::Ping)) => answer.extend_from_slice(PONG),
                        Ok(Some(Piece::Message(message))) => {
                            is_silent = false;
                            socket::judge(state, sip, (*flow, None), message).await;
                        }
                        Ok(None) => break,
                        Err(error) => {
                            tracing::debug!(%error, "the trunk sent what is no SIP");
                            sip.accounts.sip.unreadable.inc();
                            break 'connection Ending::Broken;
                        }
                    }
                }
                answer
            }
        };
        match timeout(PATIENCE, write(&mut to, &message)).await {
            Ok(Ok(())) => {}
            // What was written before came when the trunk had closed already.
            Ok(Err(_)) => break Ending::Lost,
            Err(_) => break Ending::Broken,
        }
    };
    if is_silent { Ending::Silent } else { ending }
}

async fn write(to: &mut (impl AsyncWrite + Unpin), message: &[u8]) -> io::Result<()> {
    to.write_all(message).await?;
    to.flush().await
}
