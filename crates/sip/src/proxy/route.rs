//! Where a request goes: to us, to a user, or along a dialog (RFC 3261 section 16.3 to 16.5).

use sidetone_engine::{ids::AppKey, units::Timestamp};

use super::{
    CALLERS_MAX, Proxy,
    answer::{ALLOW, SUPPORTED},
    authenticate::{Asker, Identity, token_refused},
    calls::{Beginning, CALL_UUID, CallKey},
    dialog::{Line, device_of_flow},
    fork::Target,
};
use crate::{
    account::{Facts, Grant},
    check::{self, Basics, Refusal},
    flow::{Bucket, FlowId},
    gruu,
    header::Address,
    message::{Message, Start},
    registrar::{Binding, Endpoint},
    uri::Uri,
};

/// Where a request outside any dialog goes.
struct Way {
    targets: Vec<Target>,
    /// The device that it came from, if it is one of the caller's.
    origin: Option<Endpoint>,
    is_over_trunk: bool,
}

/// The user whom old clients ask whether we live (and what their address is); nobody can have the name.
pub const SERVICE_USER: &str = "admin";

impl Proxy {
    pub(super) fn request(&mut self, now: Timestamp, flow: FlowId, mut message: Message, basics: &Basics, facts: &Facts) {
        let method = message.method().unwrap_or_default().to_owned();
        let line = self.take_route(&mut message);
        match method.as_str() {
            "ACK" => return self.ack(now, flow, message, basics, line),
            "CANCEL" => return self.cancel(now, flow, &message, basics),
            _ => {}
        }
        if self.answer_again(flow, &message, basics) {
            return;
        }
        if let Err(refusal) = self.may_proceed(&message, basics) {
            return self.refuse(flow, &message, &refusal);
        }
        if method == "REGISTER" {
            return self.register(now, flow, &message, basics, facts);
        }
        let outcome = if basics.to.tag().is_some() {
            self.in_dialog(now, flow, message.clone(), basics, line)
        } else {
            match self.is_trunk(flow) {
                true => self.call_from_trunk(now, flow, message.clone(), basics, facts),
                false => self.outside_dialog(now, flow, message.clone(), basics, facts),
            }
        };
        if let Err(refusal) = outcome {
            self.refuse(flow, &message, &refusal);
        }
    }

    /// Takes our own entries off the route; what the first says of the dialog's line.
    fn take_route(&self, message: &mut Message) -> Option<Line> {
        let mut line = None;
        let first = |message: &Message| {
            let entry = message.list("Route").next().and_then(Address::parse)?;
            Uri::parse(&entry.uri).ok().filter(|uri| self.is_ours(uri) || self.is_our_hop(uri))
        };
        while let Some(uri) = first(message) {
            message.pop_entry("Route");
            line = line.or_else(|| Line::decode(&uri.user));
        }
        line
    }

    /// RFC 3261 section 16.3.
    fn may_proceed(&self, message: &Message, basics: &Basics) -> Result<(), Refusal> {
        if basics.max_forwards == 0 {
            return Err(Refusal::new(483, "Too Many Hops"));
        }
        check::extensions(message, "Proxy-Require", &[])?;
        if self.is_loop(message, basics) {
            return Err(Refusal::new(482, "Loop Detected"));
        }
        Ok(())
    }

    /// A request outside any dialog.
    fn outside_dialog(
        &mut self,
        now: Timestamp,
        flow: FlowId,
        mut message: Message,
        basics: &Basics,
        facts: &Facts,
    ) -> Result<(), Refusal> {
        let method = message.method().unwrap_or_default().to_owned();
        if !self.is_ours(&basics.uri) {
            return Err(self.unknown_domain());
        }
        if basics.uri.user.is_empty() || basics.uri.user == SERVICE_USER {
            return self.serve(flow, &message, basics);
        }
        let caller = self.authenticate(now, flow, Asker::Proxy, basics.from_uri.as_ref(), (&message, basics), facts)?;
        let is_call = method == "INVITE";
        if let Some(grant) = &caller.grant {
            grant.allows(&method).map_err(token_refused)?;
        }
        if is_call {
            self.count_call(&caller, now)?;
        }
        let Way { targets, origin, is_over_trunk } = self.way(flow, &caller, &basics.uri, is_call, facts)?;
        message.remove("P-Asserted-Identity");
        let to = &basics.uri.user;
        let call = is_call.then(|| self.begin_call(now, flow, &mut message, (basics, to), (&caller, origin.as_ref()), is_over_trunk));
        if is_over_trunk && call.as_ref().is_some_and(|call| self.calls.uuid(call).is_none()) {
            return Err(Refusal::new(503, "Too Many Calls").with("Retry-After", "10"));
        }
        self.fork(now, (flow, origin), message, basics, targets, call)
    }

    /// What is asked of the server itself.
    pub(super) fn serve(&mut self, flow: FlowId, message: &Message, basics: &Basics) -> Result<(), Refusal> {
        let method = message.method().unwrap_or_default();
        let is_service = basics.uri.user == SERVICE_USER;
        match method {
            "OPTIONS" if !is_service => {
                check::extensions(message, "Require", SUPPORTED)?;
                self.answer(flow, message, 200, "OK", &[("Allow", ALLOW.to_owned()), ("Supported", SUPPORTED.join(", "))]);
                Ok(())
            }
            "MESSAGE" if is_service && message.body.trim_ascii() == b"ipAddress" => {
                check::extensions(message, "Require", SUPPORTED)?;
                let peer = self.flows.get(&flow).map(|flow| flow.peer.to_string()).unwrap_or_default();
                self.answer_with(flow, message, 200, "OK", &[("Content-Type", "text/plain".to_owned())], peer.into_bytes());
                Ok(())
            }
            // Plivo's clients take exactly this answer to their OPTIONS as a sign of life, and every other as a broken connection.
            _ if is_service => Err(Refusal::new(404, "Not Found")),
            _ => Err(Refusal::new(405, "Method Not Allowed").with("Allow", ALLOW)),
        }
    }

    /// Where a request for `uri` goes: to the devices of a user, or over the trunk.
    fn way(&self, flow: FlowId, caller: &Identity, uri: &Uri, is_call: bool, facts: &Facts) -> Result<Way, Refusal> {
        let origin = self.registrar.device(&caller.user, flow);
        let targets = self.devices_of(&uri.user, caller.app, origin.as_ref(), gruu::of(uri));
        if !targets.is_empty() {
            return Ok(Way { targets, origin, is_over_trunk: false });
        }
        let is_registered = self.registrar.of(&uri.user).iter().any(|binding| binding.app == caller.app);
        if is_registered || facts.account(&uri.user).is_some_and(|account| account.app == caller.app) {
            return Err(Refusal::new(480, "Temporarily Unavailable"));
        }
        let target = if is_call { self.over_trunk(caller, &uri.user) } else { None };
        let target = target.ok_or_else(|| Refusal::new(404, "Not Found"))??;
        let origin = origin.unwrap_or_else(|| Endpoint { user: caller.user.clone(), device: device_of_flow(flow) });
        Ok(Way { targets: vec![target], origin: Some(origin), is_over_trunk: true })
    }

    /// The devices of a user that a request goes to, or the only one that it names; `origin`, which sent it, is none of them: a device does
    /// not call itself.
    pub(super) fn devices_of(&self, user: &str, app: AppKey, origin: Option<&Endpoint>, instance: Option<&str>) -> Vec<Target> {
        let may_receive = |grant: &Option<Grant>| grant.as_ref().is_none_or(|grant| grant.incoming);
        let is_meant = |binding: &Binding| instance.is_none_or(|instance| binding.instance == instance);
        let bindings = self.registrar.of(user).iter();
        let bindings = bindings.filter(|binding| binding.app == app && may_receive(&binding.grant) && is_meant(binding));
        let target = |binding: &Binding| {
            let endpoint = Endpoint { user: user.to_owned(), device: binding.device.clone() };
            (origin != Some(&endpoint)).then_some(())?;
            Some(Target { flow: binding.flow?, endpoint, uri: Some(binding.uri.clone()) })
        };
        bindings.filter_map(target).collect()
    }

    fn count_call(&mut self, caller: &Identity, now: Timestamp) -> Result<(), Refusal> {
        let size = f64::from(self.config.calls_per_minute);
        if self.callers.len() >= CALLERS_MAX {
            self.callers.retain(|_, bucket| !bucket.is_full(now));
        }
        let has_room = self.callers.len() < CALLERS_MAX || self.callers.contains_key(&caller.user);
        let bucket = self.callers.entry(caller.user.clone()).or_insert_with(|| Bucket::new(size / 60.0, size, now));
        if has_room && bucket.take(now) { Ok(()) } else { Err(Refusal::new(503, "Too Many Calls").with("Retry-After", "10")) }
    }

    /// Names the call, if its caller did not; the key by which it is found again.
    pub(super) fn begin_call(
        &mut self,
        now: Timestamp,
        flow: FlowId,
        message: &mut Message,
        (basics, to): (&Basics, &str),
        (caller, origin): (&Identity, Option<&Endpoint>),
        is_over_trunk: bool,
    ) -> CallKey {
        let given = message.header(CALL_UUID).filter(|uuid| (1..=128).contains(&uuid.len()) && crate::text::is_token(uuid));
        let tag = basics.from.tag().unwrap_or_default();
        let origin = origin.cloned().unwrap_or_else(|| Endpoint { user: caller.user.clone(), device: device_of_flow(flow) });
        let key = CallKey::new(&basics.call_id, tag);
        let is_known = self.calls.has(&key);
        let followed = if is_known { None } else { self.calls.followed(&origin, &basics.uri, now) };
        let held = self.calls.uuid(followed.as_ref().unwrap_or(&key)).or(given).map(str::to_owned);
        let uuid = held.unwrap_or_else(|| self.secrets.call_uuid(&basics.call_id, tag));
        message.set(CALL_UUID, uuid.clone());
        let user_agent = message.header("User-Agent").unwrap_or_default().to_owned();
        let beginning = Beginning { app: caller.app, uuid, call_id: &basics.call_id, tag, caller: origin, to, user_agent, is_over_trunk };
        let (key, events) = self.calls.begin(beginning, now, self.config.transactions_max);
        let left = followed.and_then(|followed| self.calls.leave(&followed));
        self.outputs.extend(events.into_iter().chain(left).map(super::Output::Call));
        if self.begin_trace(&key, caller.app, &caller.user, to) {
            self.trace(flow, message, true);
        }
        key
    }

    pub(super) fn set_uri(message: &mut Message, wanted: &str) {
        if let Start::Request { uri, .. } = &mut message.start {
            wanted.clone_into(uri);
        }
    }
}
