//! The machine: what comes in, what goes out, and what it keeps in between.

pub(crate) mod calls;
pub(crate) mod dismissal;
pub(crate) mod trace;

mod answer;
mod authenticate;
mod dialog;
mod fork;
mod hop;
mod redirect;
mod register;
mod repeat;
mod respond;
pub(crate) mod route;
mod secrets;
#[cfg(test)]
mod tests;
pub(crate) mod trunk;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    net::IpAddr,
};

use sidetone_engine::units::Timestamp;

use crate::{
    account::{Facts, TOKEN, Wants},
    check::{self, Refusal},
    digest::Algorithm,
    flow::{Bucket, Flow, FlowId, FlowKind},
    message::{Message, Start},
    registrar::{Endpoint, Registrar},
    uri::Uri,
};
use calls::{CallEvent, CallKey, Calls, What};
use fork::{Context, ContextId};
use repeat::Repeats;
use secrets::Secrets;
use trace::Traces;
use trunk::{Trunk, TrunkFigures};

/// What can be set. Spans are in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The domain that addresses of our users have, in lower case.
    pub domain: String,
    /// Other domains that mean the same, in lower case.
    pub aliases: Vec<String>,
    /// In which order clients are challenged.
    pub algorithms: Vec<Algorithm>,
    /// Shortest registration; a shorter one is answered 423.
    pub expires_min: u32,
    /// Registration of who does not say how long.
    pub expires_default: u32,
    /// Longest registration.
    pub expires_max: u32,
    /// Contacts of one user.
    pub contacts_per_user_max: usize,
    /// Contacts of all users.
    pub contacts_max: usize,
    /// Requests of one flow that may be in progress.
    pub pending_per_flow_max: usize,
    /// Requests of all flows that may be in progress, and calls that are told of.
    pub transactions_max: usize,
    /// How long a call may ring (timer C).
    pub ring_timeout: u32,
    /// Requests of one flow, averaged; bursts of ten seconds' worth are fine.
    pub requests_per_second: u32,
    /// Calls that one user may begin, averaged.
    pub calls_per_minute: u32,
    /// Wrong passwords and tokens of one network ([`network_of`](crate::network_of)), averaged.
    pub failures_per_minute: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            domain: "localhost".to_owned(),
            aliases: Vec::new(),
            algorithms: vec![Algorithm::Sha256, Algorithm::Md5],
            expires_min: 60,
            expires_default: 600,
            expires_max: 86_400,
            contacts_per_user_max: 10,
            contacts_max: 100_000,
            pending_per_flow_max: 50,
            transactions_max: 20_000,
            ring_timeout: 180,
            requests_per_second: 20,
            calls_per_minute: 60,
            failures_per_minute: 30,
        }
    }
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Send a message over a flow.
    Send {
        /// Where to.
        flow: FlowId,
        /// The message.
        bytes: Vec<u8>,
    },
    /// Close the connection of a phone, once what was sent over it has left.
    Close {
        /// Which.
        flow: FlowId,
    },
    /// Something to tell of a call.
    Call(CallEvent),
    /// A request was answered here: its method, and the code. For counting.
    Answered {
        /// `REGISTER`, `INVITE` … or `OTHER`.
        method: &'static str,
        /// 200 to 699.
        code: u16,
    },
}

/// How much it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Connections of phones.
    pub flows: usize,
    /// Registered contacts.
    pub contacts: usize,
    /// Requests in progress.
    pub transactions: usize,
    /// Calls that ring or run.
    pub calls: usize,
    /// `None`: there is no trunk.
    pub trunk: Option<TrunkFigures>,
}

/// Networks whose failures are remembered.
const NETWORKS_MAX: usize = 10_000;
/// Users whose calls are counted.
const CALLERS_MAX: usize = 10_000;
/// Between two looks for what has expired, µs.
const SWEEP_US: i64 = 5_000_000;

/// Registrar and stateful proxy.
#[derive(Debug)]
pub struct Proxy {
    config: Config,
    secrets: Secrets,
    flows: HashMap<FlowId, Flow>,
    registrar: Registrar,
    /// Connections of those who had to leave, until their calls have ended.
    dismissed: BTreeSet<FlowId>,
    contexts: HashMap<ContextId, Context>,
    contexts_made: ContextId,
    /// Requests in progress by what names them.
    by_request: HashMap<String, ContextId>,
    /// Requests sent on, by the branch that we gave them.
    by_branch: HashMap<String, (ContextId, usize)>,
    due: BTreeSet<(Timestamp, ContextId)>,
    calls: Calls,
    traces: Traces,
    /// By network.
    failures: HashMap<IpAddr, Bucket>,
    callers: HashMap<String, Bucket>,
    trunk: Option<Trunk>,
    repeats: Repeats,
    swept: Timestamp,
    /// When we were last told anything.
    now: Timestamp,
    outputs: Vec<Output>,
}

impl Proxy {
    /// Knows nobody yet. `seed` makes tags, branches and nonces that nobody can foresee.
    #[must_use]
    pub fn new(config: Config, seed: [u8; 32]) -> Self {
        Self {
            config,
            secrets: Secrets::new(seed),
            flows: HashMap::new(),
            registrar: Registrar::default(),
            dismissed: BTreeSet::new(),
            contexts: HashMap::new(),
            contexts_made: 0,
            by_request: HashMap::new(),
            by_branch: HashMap::new(),
            due: BTreeSet::new(),
            calls: Calls::default(),
            traces: Traces::default(),
            failures: HashMap::new(),
            callers: HashMap::new(),
            trunk: None,
            repeats: Repeats::default(),
            swept: Timestamp::default(),
            now: Timestamp::default(),
            outputs: Vec::new(),
        }
    }

    /// A phone's connection is there.
    pub fn open(&mut self, now: Timestamp, flow: FlowId, peer: IpAddr, port: u16) {
        let rate = f64::from(self.config.requests_per_second);
        self.flows.insert(flow, Flow::new(peer, port, FlowKind::Phone, Bucket::new(rate, rate * 10.0, now)));
    }

    /// A connection is gone.
    pub fn close(&mut self, now: Timestamp, flow: FlowId) {
        self.now = now;
        if self.flows.remove(&flow).is_none() {
            return;
        }
        self.registrar.cut(flow);
        self.dismissed.remove(&flow);
        self.lose_branches(now, flow);
    }

    /// What must be known before `message` is received.
    #[must_use]
    pub fn wants(&self, flow: FlowId, message: &Message) -> Wants {
        let Start::Request { method, uri, .. } = &message.start else { return Wants::default() };
        if matches!(method.as_str(), "ACK" | "CANCEL") {
            return Wants::default();
        }
        if self.is_trunk(flow) {
            let called = Uri::parse(uri).ok().map(|uri| self.user_of_number(&uri.user).to_owned());
            return Wants { users: called.filter(|user| !user.is_empty()).into_iter().collect(), token: None };
        }
        let user = |text: Option<String>| text.and_then(|uri| Uri::parse(&uri).ok()).filter(|uri| self.is_ours(uri)).map(|uri| uri.user);
        let address = |name: &str| message.header(name).and_then(crate::Address::parse).map(|address| address.uri);
        let mut users: Vec<String> = [user(address("From")), user(address("To")), user(Some(uri.clone()))].into_iter().flatten().collect();
        users.retain(|user| !user.is_empty());
        users.sort_unstable();
        users.dedup();
        Wants { users, token: message.header(TOKEN).map(str::to_owned) }
    }

    /// A message came. What is to be done about it is to be taken by [`Proxy::outputs`].
    pub fn receive(&mut self, now: Timestamp, flow: FlowId, mut message: Message, facts: &Facts) {
        self.now = now;
        let Some(from) = self.flows.get_mut(&flow) else { return };
        if message.code().is_some() {
            self.trace(flow, &message, true);
            self.response(now, message);
            return;
        }
        let (peer, port, has_room) = (from.peer, from.port, from.kind == FlowKind::Trunk || from.messages.take(now));
        let is_ack = message.method() == Some("ACK");
        let basics = check::request(&mut message);
        if basics.is_ok() {
            self.trace(flow, &message, true);
        }
        answer::mark_via(&mut message, peer, port);
        match basics {
            Ok(_) if !has_room && !is_ack => {
                self.answer(flow, &message, 503, "Too Many Requests", &[("Retry-After", "10".to_owned())]);
            }
            Ok(basics) => self.request(now, flow, message, &basics, facts),
            Err(_) if is_ack => {}
            Err(refusal) => self.refuse(flow, &message, &refusal),
        }
    }

    /// Time has passed: at least every second while anything is open, twice as often with a trunk over UDP.
    pub fn tick(&mut self, now: Timestamp) {
        self.now = now;
        for (flow, bytes) in self.repeats.due(now) {
            self.outputs.push(Output::Send { flow, bytes });
        }
        self.keep_registered(now);
        while let Some(&(at, id)) = self.due.first().filter(|(at, _)| *at <= now) {
            self.due.remove(&(at, id));
            self.time_out(now, id);
        }
        if self.swept.plus_micros(SWEEP_US) <= now {
            self.swept = now;
            self.registrar.expire(now);
            self.failures.retain(|_, bucket| !bucket.is_full(now));
            self.callers.retain(|_, bucket| !bucket.is_full(now));
            self.end_lost_calls(now);
            self.forget_left();
            self.end_unfollowed_calls(now);
            self.expire_traces();
        }
    }

    /// Takes what is to be done, in order.
    pub fn outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
    }

    /// How much it holds.
    #[must_use]
    pub fn figures(&self, now: Timestamp) -> Figures {
        let phones = self.flows.values().filter(|flow| flow.kind == FlowKind::Phone).count();
        let (contacts, transactions, calls) = (self.registrar.len(), self.contexts.len(), self.calls.len());
        Figures { flows: phones, contacts, transactions, calls, trunk: self.trunk_figures(now) }
    }

    fn is_ours(&self, uri: &Uri) -> bool {
        uri.host == self.config.domain || self.config.aliases.contains(&uri.host)
    }

    fn unknown_domain(&self) -> Refusal {
        let domain = &self.config.domain;
        let text = format!(
            "399 {domain} \"the domain of addresses here is {domain}; call by it, or let the server know yours (sip.domain, sip.aliases)\""
        );
        Refusal::new(404, "Unknown Domain").with("Warning", text)
    }

    fn send(&mut self, flow: FlowId, message: &Message) {
        self.trace(flow, message, false);
        self.outputs.push(Output::Send { flow, bytes: message.to_bytes() });
    }

    /// Ends calls neither of whose ends is here any more, and those that nobody can end.
    fn end_lost_calls(&mut self, now: Timestamp) {
        let (registrar, flows) = (&self.registrar, &self.flows);
        let is_known = |endpoint: &Endpoint| {
            registrar.is_known(endpoint) || dialog::caller_flow(endpoint).is_some_and(|flow| flows.contains_key(&flow))
        };
        let in_progress = self.contexts.values().filter(|context| !context.is_answered());
        let ringing: HashSet<&CallKey> = in_progress.filter_map(|context| context.call.as_ref()).collect();
        let lost = self.calls.lost(self.trunk_since(now), is_known, |key| ringing.contains(key));
        for key in lost {
            let events = self.calls.end(&key, now, &What::Lost);
            self.outputs.extend(events.into_iter().map(Output::Call));
        }
    }
}
