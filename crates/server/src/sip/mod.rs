//! SIP over WebSockets (RFC 7118): sockets around the state machine of `sidetone-sip`.
//!
//! `socket` reads and writes one WebSocket; `facts` finds out who somebody is before a message is judged; `token` verifies access tokens;
//! `record` tells of calls in the store; `trunk` is the way to another SIP server. Here they meet.

mod dialling;
mod facts;
mod record;
mod socket;
mod token;
pub(crate) mod trunk;

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    extract::{ConnectInfo, Request, State, ws::WebSocketUpgrade},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use sidetone_engine::units::Timestamp;
use sidetone_sip::{CallEvent, Config, FlowId, Output, Proxy, account::Facts, digest::Algorithm, message::Message};
use sidetone_store::clock::{Clock, Entropy};
use tokio::{
    sync::{Notify, mpsc},
    time::sleep,
};

pub use sidetone_sip::{SERVICE_USER, digest::Ha1};

use crate::{
    account::Accounts,
    config::sip::{SipConfig, SipDigest},
    problem::Problem,
    state::AppState,
};

/// Where phones connect.
pub(crate) const PATH: &str = "/sip";
/// The WebSocket subprotocol (RFC 7118 section 4).
const SUBPROTOCOL: &str = "sip";
/// Messages that may wait for a slow reader; their bytes have a limit of their own.
const OUTBOX_MESSAGES: usize = 1024;
/// Events of calls that may wait to be written.
const EVENTS_MAX: usize = 8192;
/// What a socket reads at once: more than most messages have. Its buffer is held as long as the socket is open.
const READ_BYTES: usize = 8 * 1024;
/// How often the machine is told that time passes.
const TICK: Duration = Duration::from_millis(250);

/// What waits to be sent over one socket.
#[derive(Debug)]
struct Outbox {
    messages: mpsc::Sender<Vec<u8>>,
    bytes: Arc<AtomicUsize>,
    /// Told when the socket is to be closed.
    dropped: Arc<Notify>,
    peer: IpAddr,
}

/// A socket that may be served: its flow, and what is to be sent over it.
#[derive(Debug)]
struct Opened {
    flow: FlowId,
    outgoing: mpsc::Receiver<Vec<u8>>,
    /// Of the messages that wait.
    bytes: Arc<AtomicUsize>,
    /// Told when the socket is to be closed.
    dropped: Arc<Notify>,
}

/// The phones' side of the server.
#[derive(Debug)]
pub(crate) struct Sip {
    proxy: Mutex<Proxy>,
    sockets: Mutex<HashMap<FlowId, Outbox>>,
    accounts: Arc<Accounts>,
    config: SipConfig,
    flows: AtomicU64,
    /// An instant by both clocks. The machine's time follows the one that never jumps.
    began: (Timestamp, Instant),
    events: mpsc::Sender<CallEvent>,
    waiting: Mutex<Option<mpsc::Receiver<CallEvent>>>,
    /// Until it is served.
    trunk: Mutex<Option<trunk::Bound>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn machine_config(config: &SipConfig) -> Config {
    let seconds = |span: crate::config::text::HumanDuration| u32::try_from(span.get().as_secs()).unwrap_or(u32::MAX);
    Config {
        domain: config.domain.to_ascii_lowercase(),
        aliases: config.aliases.iter().map(|alias| alias.to_ascii_lowercase()).collect(),
        algorithms: config
            .digests
            .iter()
            .map(|digest| match digest {
                SipDigest::Md5 => Algorithm::Md5,
                SipDigest::Sha256 => Algorithm::Sha256,
            })
            .collect(),
        expires_min: seconds(config.expires_min),
        expires_default: seconds(config.expires_default),
        expires_max: seconds(config.expires_max),
        contacts_per_user_max: config.contacts_per_user_max,
        contacts_max: config.contacts_max,
        transactions_max: config.transactions_max,
        ring_timeout: seconds(config.ring_timeout),
        requests_per_second: config.requests_per_second,
        calls_per_minute: config.calls_per_minute,
        failures_per_minute: config.failures_per_minute,
        ..Config::default()
    }
}

impl Sip {
    /// `None` where phones are not served, or the system gives no random bytes.
    pub(crate) fn new(config: &SipConfig, accounts: &Arc<Accounts>, clock: &dyn Clock, entropy: &dyn Entropy) -> Option<Self> {
        if !config.enabled {
            return None;
        }
        let mut seed = [0; 32];
        if let Err(error) = entropy.fill(&mut seed) {
            tracing::error!(%error, "phones are not served: the system gives no random bytes");
            return None;
        }
        let (events, waiting) = mpsc::channel(EVENTS_MAX);
        Some(Self {
            proxy: Mutex::new(Proxy::new(machine_config(config), seed)),
            sockets: Mutex::default(),
            accounts: Arc::clone(accounts),
            config: config.clone(),
            flows: AtomicU64::new(0),
            began: (clock.now(), Instant::now()),
            events,
            waiting: Mutex::new(Some(waiting)),
            trunk: Mutex::default(),
        })
    }

    /// Now, by a clock that never jumps.
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.began.1.elapsed().as_micros()).unwrap_or(i64::MAX);
        self.began.0.plus_micros(passed)
    }

    /// Does something with the machine, and then what it asks for.
    fn with<T>(&self, act: impl FnOnce(&mut Proxy, Timestamp) -> T) -> T {
        let mut proxy = lock(&self.proxy);
        let result = act(&mut proxy, self.now());
        // Within the lock, so that messages go out in the order in which they were made.
        for output in proxy.outputs() {
            self.carry_out(output);
        }
        result
    }

    fn carry_out(&self, output: Output) {
        match output {
            Output::Send { flow, bytes } => {
                let sockets = lock(&self.sockets);
                let Some(outbox) = sockets.get(&flow) else { return };
                let size = bytes.len();
                let waiting = outbox.bytes.fetch_add(size, Ordering::Relaxed) + size;
                if waiting > self.config.pending_bytes_max.as_usize() || outbox.messages.try_send(bytes).is_err() {
                    self.accounts.sip.closed("slow");
                    outbox.dropped.notify_one();
                }
            }
            Output::Answered { method, code } => self.accounts.sip.answered(method, code),
            Output::Call(event) => {
                if self.events.try_send(event).is_err() {
                    self.accounts.sip.events_dropped.inc();
                }
            }
        }
    }

    /// A socket is there; `None` when there are too many already.
    fn open(&self, peer: SocketAddr) -> Option<Opened> {
        let flow = self.next_flow();
        let (messages, outgoing) = mpsc::channel(OUTBOX_MESSAGES);
        let (bytes, dropped) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        {
            let mut sockets = lock(&self.sockets);
            let of_address = || sockets.values().filter(|outbox| outbox.peer == peer.ip()).count();
            let most = self.config.sockets_per_address_max;
            if sockets.len() >= self.config.sockets_max || (most > 0 && of_address() >= most) {
                return None;
            }
            let outbox = Outbox { messages, bytes: Arc::clone(&bytes), dropped: Arc::clone(&dropped), peer: peer.ip() };
            sockets.insert(flow, outbox);
        }
        self.with(|proxy, now| proxy.open(now, flow, peer.ip(), peer.port()));
        Some(Opened { flow, outgoing, bytes, dropped })
    }

    /// A way to the trunk is there, and takes the place of one of that number.
    fn open_trunk(&self, flow: FlowId, peer: SocketAddr) -> Opened {
        let (messages, outgoing) = mpsc::channel(OUTBOX_MESSAGES);
        let (bytes, dropped) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let outbox = Outbox { messages, bytes: Arc::clone(&bytes), dropped: Arc::clone(&dropped), peer: peer.ip() };
        lock(&self.sockets).insert(flow, outbox);
        self.with(|proxy, now| proxy.open_trunk(now, flow, peer.ip(), peer.port()));
        Opened { flow, outgoing, bytes, dropped }
    }

    fn next_flow(&self) -> FlowId {
        FlowId(self.flows.fetch_add(1, Ordering::Relaxed))
    }

    fn close(&self, flow: FlowId) {
        lock(&self.sockets).remove(&flow);
        self.with(|proxy, now| proxy.close(now, flow));
    }

    fn receive(&self, flow: FlowId, message: Message, facts: &Facts) {
        self.with(|proxy, now| proxy.receive(now, flow, message, facts));
    }
}

/// Tells the machine that time passes.
pub(crate) async fn tick(state: &AppState) {
    let Some(sip) = &state.sip else { return };
    loop {
        tokio::select! {
            () = state.stopped() => return,
            () = sleep(TICK) => {
                let figures = sip.with(|proxy, now| {
                    proxy.tick(now);
                    proxy.figures(now)
                });
                sip.accounts.sip.holds(figures);
            }
        }
    }
}

pub(crate) use record::{MESSAGE, run as record};

/// Asks for `/` as `/sip`, where somebody wants a WebSocket for SIP there: clients may know a host only.
pub(crate) fn at_root<B>(request: &mut axum::http::Request<B>) {
    if request.uri().path() == "/" && request.method() == Method::GET && wants_sip(request.headers()) {
        *request.uri_mut() = Uri::from_static(PATH);
    }
}

fn wants_sip(headers: &HeaderMap) -> bool {
    let protocols = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    protocols.flat_map(|value| value.split(',')).any(|protocol| protocol.trim() == SUBPROTOCOL)
}

/// `GET /sip`: a WebSocket of the subprotocol `sip`.
pub(crate) async fn handler(
    State(state): State<AppState>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
    request: Request,
) -> Response {
    let Some(sip) = &state.sip else {
        return Problem::not_found("sip_off", "phones are not served here; start `sidetone serve --sip`").into_response();
    };
    if !wants_sip(request.headers()) {
        return Problem::bad_request("subprotocol_missing", "this is a WebSocket of the subprotocol `sip` (RFC 7118)").into_response();
    }
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => {
            return Problem::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", rejection.body_text()).into_response();
        }
    };
    let Some(peer) = peer(&request, sip.config.behind_proxy) else {
        return Problem::internal("the connection has no address").into_response();
    };
    let Some(opened) = sip.open(peer) else {
        sip.accounts.sip.closed("refused");
        return Problem::busy("too many sockets are open", state.config.limits.retry_after.get()).into_response();
    };
    let origin = request.headers().get(header::ORIGIN).cloned();
    let size = sip.config.message_size_max.as_usize();
    let (state, failed) = (state.clone(), (state.clone(), opened.flow));
    upgrade
        .protocols([SUBPROTOCOL])
        .read_buffer_size(READ_BYTES)
        .max_message_size(size)
        .max_frame_size(size)
        .on_failed_upgrade(move |_| {
            if let Some(sip) = &failed.0.sip {
                sip.close(failed.1);
            }
        })
        .on_upgrade(move |socket| socket::serve(state, socket, opened, origin))
}

/// Where the client is.
fn peer(request: &Request, is_behind_proxy: bool) -> Option<SocketAddr> {
    let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
    let forwarded = || {
        let last = request.headers().get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?.rsplit(',').next()?.trim();
        Some(SocketAddr::new(last.parse().ok()?, 0))
    };
    is_behind_proxy.then(forwarded).flatten().or(Some(*peer))
}
