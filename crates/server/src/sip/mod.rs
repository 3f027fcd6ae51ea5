//! SIP over WebSockets (RFC 7118): sockets around the state machine of `sidetone-sip`.
//!
//! `upgrade` takes the connection of a phone, `socket` reads and writes its WebSocket, `outbox` holds what waits to be sent; `facts` finds out who
//! somebody is before a message is judged; `token` verifies access tokens; `record` tells of calls in the store; `trunk` is the way to another
//! SIP server; `dismissal` ends the registrations of who was removed; `admission` tells such a server who may register and call there. Here they meet.

pub(crate) mod admission;
mod declared;
mod dialling;
mod dismissal;
mod facts;
mod outbox;
mod record;
mod socket;
mod token;
pub(crate) mod trunk;
mod upgrade;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sidetone_engine::units::Timestamp;
use sidetone_sip::{CallEvent, Config, FlowId, Output, Proxy, account::Facts, digest::Algorithm, message::Message};
use sidetone_store::clock::{Clock, Entropy};
use tokio::{sync::mpsc, time::sleep};

pub use sidetone_sip::{SERVICE_USER, digest::Ha1};

pub(crate) use dismissal::run as dismiss;
pub(crate) use record::{MESSAGE, run as record};
pub(crate) use upgrade::{PATH, at_root, handler};

use crate::{
    account::Accounts,
    config::sip::{SipConfig, SipDigest},
    state::AppState,
};

/// Events of calls that may wait to be written: more than those of 2000 calls in a second, which have 26 each. They take some 40 MB.
const EVENTS_MAX: usize = 65_536;
/// How often the machine is told that time passes.
const TICK: Duration = Duration::from_millis(250);

/// The phones' side of the server.
#[derive(Debug)]
pub(crate) struct Sip {
    proxy: Mutex<Proxy>,
    sockets: Mutex<HashMap<FlowId, outbox::Outbox>>,
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
            Output::Send { flow, bytes } => self.post(flow, bytes),
            Output::Close { flow } => self.part(flow),
            Output::Answered { method, code } => self.accounts.sip.answered(method, code),
            Output::Call(event) => {
                if self.events.try_send(event).is_err() {
                    self.accounts.sip.events_dropped.inc();
                }
            }
        }
    }

    fn next_flow(&self) -> FlowId {
        FlowId(self.flows.fetch_add(1, Ordering::Relaxed))
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
