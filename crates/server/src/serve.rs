//! Sockets to requests: HTTP/1.1 and HTTP/2, with and without TLS, within limits, until told to stop.

use std::{
    future::{Future, pending},
    io,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract::ConnectInfo, http};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use sidetone_store::{
    Store,
    clock::{Clock, Entropy},
    error::StoreError,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::{config::ServerConfig, dashboard, error::ServeError, job, route, sip, state::AppState, task, tls};

/// Streams that one HTTP/2 connection may have open at once.
const HTTP2_STREAMS_MAX: u32 = 100;
/// What a connection may have in memory that no handler has asked for yet: HTTP/1 read buffer, HTTP/2 windows.
const WINDOW_BYTES: u32 = 64 * 1024;
/// How often a silent HTTP/2 connection is asked whether it lives.
const HTTP2_PING_INTERVAL: Duration = Duration::from_secs(30);

/// A server that listens, and serves once it is told to [`run`](Self::run).
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    state: AppState,
}

impl Server {
    /// Takes the port. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// When the configuration makes no sense, the port is taken, or TLS cannot be set up.
    pub async fn bind(
        config: ServerConfig,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, ServeError> {
        config.validate()?;
        let acceptor = tls::acceptor(&config.listen.tls)?;
        let address = config.listen.address;
        let error = |source: io::Error| match source.kind() {
            io::ErrorKind::AddrInUse => ServeError::AddressInUse(address),
            _ => ServeError::Listen { address, reason: source },
        };
        let listener = TcpListener::bind(address).await.map_err(error)?;
        let address = listener.local_addr().map_err(error)?;
        let trunk = sip::trunk::bind(&config.sip, acceptor.as_ref()).await?;
        let state = AppState::new(config, store, clock, entropy);
        if let (Some(sip), Some(trunk)) = (&state.sip, trunk) {
            sip.keep_trunk(trunk);
        }
        Ok(Self { listener, address, acceptor, state })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Where the first local user is made, as a path with the token that allows it once; `None` where there is a local user already.
    ///
    /// # Errors
    /// When the store cannot say who there is, or the system has no random bytes.
    pub async fn setup_path(&self) -> Result<Option<String>, StoreError> {
        dashboard::setup::path(&self.state).await
    }

    /// Serves until `shutdown` resolves; then accepts nothing more, lets requests in progress end (within `limits.shutdown_timeout`)
    /// and returns. Whatever was acknowledged is durable by then.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send) {
        let Self { listener, acceptor, state, .. } = self;
        let jobs = job::start(&state);
        let service = route::router(state.clone());
        let places = Arc::new(Semaphore::new(state.config.limits.connections_max.min(Semaphore::MAX_PERMITS)));
        let graceful = GracefulShutdown::new();
        let builder = Arc::new(builder(&state));
        let mut shutdown = pin!(shutdown);
        loop {
            let accepted = tokio::select! {
                () = &mut shutdown => break,
                accepted = accept(&listener, &places) => accepted,
            };
            let Some((stream, peer, place)) = accepted else { continue };
            let connection = Connection {
                state: state.clone(),
                builder: Arc::clone(&builder),
                service: service.clone(),
                watcher: graceful.watcher(),
                acceptor: acceptor.clone(),
            };
            task::spawn("connection", Arc::clone(&state.accounts), async move {
                connection.serve(stream, peer).await;
                drop(place);
            });
        }
        drop(listener);
        state.stop();
        if timeout(state.config.limits.shutdown_timeout.get(), graceful.shutdown()).await.is_err() {
            tracing::warn!("requests in progress did not end within limits.shutdown_timeout; closing their connections");
        }
        for job in jobs {
            // A job that panicked has been reported; one that was cancelled cannot be, nobody cancels them.
            let _ = job.await;
        }
    }
}

type Place = tokio::sync::OwnedSemaphorePermit;

/// The next connection, once there is room for it.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<(TcpStream, SocketAddr, Place)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, place)),
        Err(error) => {
            // Out of file descriptors, or a connection that was gone before it was accepted. The former needs a moment.
            tracing::warn!(%error, "a connection could not be accepted");
            sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

fn builder(state: &AppState) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(state.config.limits.header_timeout.get())
        .max_buf_size(WINDOW_BYTES as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        // A path may hold an id of 4 KiB, an access token another, both escaped.
        .max_header_list_size(WINDOW_BYTES)
        .max_concurrent_streams(HTTP2_STREAMS_MAX)
        .keep_alive_interval(HTTP2_PING_INTERVAL)
        .keep_alive_timeout(state.config.limits.header_timeout.get());
    builder
}

struct Connection {
    state: AppState,
    builder: Arc<auto::Builder<TokioExecutor>>,
    service: Router,
    watcher: hyper_util::server::graceful::Watcher,
    acceptor: Option<TlsAcceptor>,
}

impl Connection {
    async fn serve(self, stream: TcpStream, peer: SocketAddr) {
        let connections = self.state.accounts.connections.clone();
        connections.inc();
        // Answers are small; waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        // Below TLS and HTTP: it holds for answers, live streams and WebSockets alike.
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.state.config.limits.write_timeout.get()));
        let stream = Box::pin(stream);
        match self.acceptor.clone() {
            None => self.speak(stream, peer).await,
            Some(acceptor) => match timeout(self.state.config.limits.handshake_timeout.get(), acceptor.accept(stream)).await {
                Ok(Ok(stream)) => self.speak(stream, peer).await,
                Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
                Err(_) => tracing::debug!("TLS handshake took too long"),
            },
        }
        connections.dec();
    }

    async fn speak(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, peer: SocketAddr) {
        let asked = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&asked);
        let service = TowerToHyperService::new(self.service.map_request(move |mut request: http::Request<_>| {
            seen.store(true, Ordering::Relaxed);
            request.extensions_mut().insert(ConnectInfo(peer));
            sip::at_root(&mut request);
            request
        }));
        let connection = self.builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
        // hyper limits the time of a request's head, but not the time until it knows which HTTP is spoken.
        let silent = async {
            sleep(self.state.config.limits.header_timeout.get()).await;
            if asked.load(Ordering::Relaxed) {
                pending::<()>().await;
            }
        };
        tokio::select! {
            // Errors here are the client's: it went away, or does not speak HTTP.
            ended = self.watcher.watch(connection) => if let Err(error) = ended {
                tracing::debug!(error = %error, "connection ended");
            },
            () = silent => tracing::debug!("connection asked for nothing"),
        }
    }
}
