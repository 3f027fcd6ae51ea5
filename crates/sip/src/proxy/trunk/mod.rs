//! The trunk: another SIP server that calls go to and come from, such as a gateway to the telephone network.
//!
//! It is trusted as a neighbour is: what comes over its flows is from its address, and it is asked for no password. All that goes to it goes
//! over one flow, [`TRUNK`], wherever its contacts point; its requests may come over others, and are answered there. Both sides of a call
//! find the way by two entries of Record-Route, one for each side (RFC 5658). A call over the trunk is known as long as this process lives.

mod challenged;
mod number;
mod registration;

use std::collections::HashMap;

use sidetone_engine::{ids::AppKey, units::Timestamp};

pub(super) use registration::Registration;

use super::{Proxy, authenticate::Identity, dialog::Line, fork::Target};
use crate::{
    account::Facts,
    challenge::Login,
    check::{Basics, Refusal},
    flow::{Bucket, Flow, FlowId, FlowKind},
    gruu,
    message::Message,
    registrar::Endpoint,
    uri::{self, Uri},
};

/// The flow over which everything goes to the trunk.
pub const TRUNK: FlowId = FlowId(u64::MAX);
/// The device of everybody behind the trunk; that of a phone is a hash, or begins with `flow-`.
const DEVICE: &str = "trunk";

/// By which a phone could tell the trunk that it is somebody else (RFC 3325, and the draft before it, by which many gateways still go).
const CLAIMS: [&str; 3] = ["P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID"];

/// What carries messages to the trunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Datagrams, repeated until they are answered.
    Udp,
    /// A connection.
    Tcp,
    /// A connection that nobody else reads.
    Tls,
}

impl Transport {
    /// As a Via says it.
    const fn name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        }
    }
}

/// How the trunk is told who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerId {
    /// In From, whose address is written anew.
    From,
    /// In P-Asserted-Identity (RFC 3325); From stays as it was.
    Asserted,
}

/// What can be set of the trunk. Spans are in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct TrunkConfig {
    /// How it is reached.
    pub transport: Transport,
    /// What stands behind the `@` of numbers there: a host, and a port if need be.
    pub domain: String,
    /// Where it reaches us: host in lower case, and port.
    pub hop: (String, u16),
    /// Who we are there, when we are asked.
    pub login: Option<Login>,
    /// For how long to register there; `None`: not at all.
    pub register: Option<u32>,
    /// What is called over it, of that which is no user here: `*` is any text, `?` any character.
    pub patterns: Vec<String>,
    /// Which user has which number.
    pub numbers: HashMap<String, String>,
    /// How it is told who calls.
    pub caller_id: CallerId,
    /// The number of users who have none; `None`: their name.
    pub caller_number: Option<String>,
    /// The apps whose users may use it; none: all.
    pub apps: Vec<AppKey>,
    /// Calls over it at once.
    pub calls_max: usize,
    /// How long a call may last; then it is taken as over, and counts no more.
    pub call_duration_max: u32,
}

/// How the trunk is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrunkFigures {
    /// Whether messages can be sent there.
    pub is_open: bool,
    /// Whether we are registered there.
    pub is_registered: bool,
    /// Calls over it.
    pub calls: usize,
}

#[derive(Debug)]
pub(super) struct Trunk {
    config: TrunkConfig,
    registration: Registration,
}

/// Everybody behind the trunk who has that number.
fn endpoint(number: &str) -> Endpoint {
    Endpoint { user: number.to_owned(), device: DEVICE.to_owned() }
}

/// Whether it is behind the trunk.
pub(super) fn is_behind(endpoint: &Endpoint) -> bool {
    endpoint.device == DEVICE
}

/// What a Via has besides its branch: answers come back whatever our address looks like from there (RFC 3581), and requests over the
/// connection that we made (RFC 5923), for we may have no certificate to take another with.
pub(super) fn via_params(transport: &str) -> &'static str {
    match transport {
        "UDP" => ";rport",
        "TLS" => ";alias",
        _ => "",
    }
}

impl Proxy {
    /// There is a trunk.
    pub fn set_trunk(&mut self, config: TrunkConfig) {
        self.trunk = Some(Trunk { config, registration: Registration::default() });
    }

    /// A flow to or from the trunk's address is there; [`TRUNK`] is the one to it.
    pub fn open_trunk(&mut self, now: Timestamp, flow: FlowId, peer: std::net::IpAddr, port: u16) {
        self.flows.insert(flow, Flow::new(peer, port, FlowKind::Trunk, Bucket::new(0.0, 0.0, now)));
        if flow == TRUNK
            && let Some(trunk) = &mut self.trunk
        {
            trunk.registration.again(now);
        }
    }

    /// How the trunk is; `None`: there is none.
    pub(super) fn trunk_figures(&self, now: Timestamp) -> Option<TrunkFigures> {
        let trunk = self.trunk.as_ref()?;
        let is_open = self.flows.contains_key(&TRUNK);
        Some(TrunkFigures { is_open, is_registered: is_open && trunk.registration.holds(now), calls: self.calls.over_trunk() })
    }

    pub(super) fn is_trunk(&self, flow: FlowId) -> bool {
        self.flows.get(&flow).is_some_and(|flow| flow.kind == FlowKind::Trunk)
    }

    /// Whether what is sent arrives, or the flow is closed.
    pub(super) fn is_reliable(&self, flow: FlowId) -> bool {
        !self.is_trunk(flow) || self.trunk.as_ref().is_none_or(|trunk| trunk.config.transport != Transport::Udp)
    }

    /// Before when a call over the trunk must have begun to be taken as over.
    pub(super) fn trunk_since(&self, now: Timestamp) -> Timestamp {
        let most = self.trunk.as_ref().map_or(0, |trunk| trunk.config.call_duration_max);
        now.plus_micros(-i64::from(most) * 1_000_000)
    }

    /// Whether a URI is where the trunk reaches us.
    pub(super) fn is_our_hop(&self, uri: &Uri) -> bool {
        let port = uri.port.unwrap_or(5060);
        self.trunk.as_ref().is_some_and(|trunk| trunk.config.hop.0 == uri.host && trunk.config.hop.1 == port)
    }

    /// How we name ourselves on a flow: the transport as a Via says it, and our place.
    pub(super) fn side(&self, flow: FlowId) -> (&'static str, String) {
        match self.trunk.as_ref().filter(|_| self.is_trunk(flow)) {
            Some(Trunk { config: TrunkConfig { transport, hop: (host, port), .. }, .. }) => (transport.name(), format!("{host}:{port}")),
            None => ("WS", self.config.domain.clone()),
        }
    }

    /// Has the dialog come back to us, on the side that a request came from and on that which it goes to (RFC 5658).
    pub(super) fn record_route(&self, message: &mut Message, line: &Line, (from, to): (FlowId, FlowId)) {
        let (from, to) = (self.side(from), self.side(to));
        let entry = |(transport, place): &(&str, String)| {
            format!("<sip:{}@{place};transport={};lr>", line.encode(), transport.to_ascii_lowercase())
        };
        message.push_front("Record-Route", entry(&from));
        if from != to {
            message.push_front("Record-Route", entry(&to));
        }
    }

    /// The user whom the trunk means by a number.
    pub(super) fn user_of_number<'a>(&'a self, number: &'a str) -> &'a str {
        self.trunk.as_ref().and_then(|trunk| trunk.config.numbers.get(number)).map_or(number, String::as_str)
    }

    /// Where a call of `caller` to a number goes, if it is for the trunk.
    pub(super) fn over_trunk(&self, caller: &Identity, number: &str) -> Option<Result<Target, Refusal>> {
        let Trunk { config, .. } = self.trunk.as_ref()?;
        let may = config.apps.is_empty() || config.apps.contains(&caller.app);
        if !may || !number::is_one(number) || !config.patterns.iter().any(|pattern| number::fits(pattern, number)) {
            return None;
        }
        let uri = Some(uri::of_user(number, &config.domain));
        let target = Target { flow: TRUNK, endpoint: endpoint(number), uri };
        let is_open = self.flows.contains_key(&TRUNK);
        let unreachable = || Refusal::new(503, "Trunk Unreachable").with("Retry-After", "10");
        Some(self.has_line(config).and_then(|()| if is_open { Ok(target) } else { Err(unreachable()) }))
    }

    fn has_line(&self, config: &TrunkConfig) -> Result<(), Refusal> {
        let is_full = self.calls.over_trunk() >= config.calls_max;
        if is_full { Err(Refusal::new(503, "All Trunk Lines Are Busy").with("Retry-After", "10")) } else { Ok(()) }
    }

    /// A request of the trunk outside any dialog: a call to a phone.
    pub(super) fn call_from_trunk(
        &mut self,
        now: Timestamp,
        flow: FlowId,
        mut message: Message,
        basics: &Basics,
        facts: &Facts,
    ) -> Result<(), Refusal> {
        if basics.uri.user.is_empty() {
            return self.serve(flow, &message, basics);
        }
        if message.method() != Some("INVITE") {
            return Err(Refusal::new(405, "Method Not Allowed").with("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS"));
        }
        if facts.is_incomplete {
            return Err(Refusal::new(503, "Users Cannot Be Looked Up").with("Retry-After", "10"));
        }
        let user = self.user_of_number(&basics.uri.user).to_owned();
        let Some(Trunk { config, .. }) = &self.trunk else { return Err(Refusal::new(404, "Not Found")) };
        let app = facts.account(&user).map(|account| account.app).or_else(|| self.registrar.of(&user).first().map(|binding| binding.app));
        let app = app.filter(|app| config.apps.is_empty() || config.apps.contains(app)).ok_or_else(|| Refusal::new(404, "Not Found"))?;
        self.has_line(config)?;
        let number = basics.from_uri.as_ref().map(|uri| uri.user.clone()).filter(|user| !user.is_empty());
        let number = number.unwrap_or_else(|| "anonymous".to_owned());
        let caller = Identity { app, user: number.clone(), grant: None };
        let targets = self.devices_of(&user, app, None, gruu::of(&basics.uri));
        if targets.is_empty() {
            return Err(Refusal::new(480, "Temporarily Unavailable"));
        }
        let origin = endpoint(&number);
        let call = self.begin_call(now, flow, &mut message, (basics, &user), (&caller, Some(&origin)), true);
        if self.calls.uuid(&call).is_none() {
            return Err(Refusal::new(503, "Too Many Calls").with("Retry-After", "10"));
        }
        self.fork(now, (flow, Some(origin)), message, basics, targets, Some(call))
    }

    /// Makes of a request of a phone what the trunk gets: with the caller's number, and numbered as the trunk knows the dialog.
    pub(super) fn toward_trunk(&self, message: &mut Message, basics: &Basics) {
        let Some(Trunk { config, .. }) = &self.trunk else { return };
        for name in CLAIMS {
            message.remove(name);
        }
        let tag = basics.from.tag().unwrap_or_default();
        // The called phone is known there by the number that was called.
        let Some((user, shift)) = self.calls.caller(&basics.call_id, tag) else { return };
        let own = config.numbers.iter().filter(|(_, held)| *held == user).map(|(number, _)| number.as_str()).min();
        let number = own.or(config.caller_number.as_deref()).unwrap_or(user);
        let uri = uri::of_user(number, &config.domain);
        match config.caller_id {
            CallerId::From => message.set("From", format!("<{uri}>;tag={tag}")),
            CallerId::Asserted => message.push("P-Asserted-Identity", format!("<{uri}>")),
        }
        if shift > 0 {
            number::shift(message, shift);
        }
    }
}
