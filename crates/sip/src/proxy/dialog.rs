//! Requests within a dialog. Where they go stands in the Record-Route entry that we gave the dialog, so it outlives our memory.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sidetone_engine::units::Timestamp;

use super::{Proxy, fork::Target, trunk};
use crate::{
    check::{Basics, Refusal},
    flow::FlowId,
    gruu,
    message::Message,
    registrar::Endpoint,
    uri::Uri,
};

/// The two devices that a dialog is between, and the call it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) caller: Endpoint,
    pub(super) callee: Endpoint,
    pub(super) call_uuid: String,
}

impl Line {
    /// As the user of a URI.
    pub(super) fn encode(&self) -> String {
        let parts = [&self.caller.user, &self.caller.device, &self.callee.user, &self.callee.device, &self.call_uuid];
        URL_SAFE_NO_PAD.encode(parts.map(String::as_str).join("\0"))
    }

    pub(super) fn decode(text: &str) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let parts: Vec<&str> = text.split('\0').collect();
        let [caller_user, caller_device, callee_user, callee_device, call_uuid] = parts[..] else { return None };
        let endpoint = |user: &str, device: &str| Endpoint { user: user.to_owned(), device: device.to_owned() };
        Some(Self {
            caller: endpoint(caller_user, caller_device),
            callee: endpoint(callee_user, callee_device),
            call_uuid: call_uuid.to_owned(),
        })
    }
}

impl Proxy {
    /// Passes a request on to the other end of its dialog.
    pub(super) fn in_dialog(
        &mut self,
        now: Timestamp,
        flow: FlowId,
        message: Message,
        basics: &Basics,
        line: Option<Line>,
    ) -> Result<(), Refusal> {
        let (from, to, line) = self.ends(flow, basics, line)?;
        if message.method() == Some("BYE") {
            self.hung_up(now, &message, basics, (&from, &to), &line);
        }
        let target = self.reach(&to, &basics.uri).ok_or_else(|| Refusal::new(480, "Temporarily Unavailable"))?;
        self.fork(now, (flow, Some(from)), message, basics, vec![target], None)
    }

    /// The ACK to a 2xx goes all the way; every other ends here (RFC 3261 section 17.2.1).
    pub(super) fn ack(&mut self, now: Timestamp, flow: FlowId, mut message: Message, basics: &Basics, line: Option<Line>) {
        if self.ends_here(now, &message, basics) {
            return;
        }
        let Ok((_, to, _)) = self.ends(flow, basics, line) else { return };
        let Some(target) = self.reach(&to, &basics.uri) else { return };
        if let Some(uri) = &target.uri {
            Self::set_uri(&mut message, uri);
        }
        let branch = self.secrets.branch("ack");
        self.forwarded(&mut message, basics, (target.flow, &branch));
        self.send(target.flow, &message);
    }

    /// Who sends (it must be one of the two ends), who is to receive, and on which line.
    fn ends(&self, flow: FlowId, basics: &Basics, line: Option<Line>) -> Result<(Endpoint, Endpoint, Line), Refusal> {
        let (from_tag, to_tag) = (basics.from.tag().unwrap_or_default(), basics.to.tag().unwrap_or_default());
        // Both tags are known to the two ends alone.
        let held = self.calls.line(&basics.call_id, from_tag, to_tag);
        let is_by_caller = held.as_ref().map(|(_, is_by_caller)| *is_by_caller);
        let told = line.filter(|line| self.is_plausible(line));
        let line = held.map(|(line, _)| line).or(told).ok_or_else(|| Refusal::new(481, "Call/Transaction Does Not Exist"))?;
        let is_here = |endpoint: &Endpoint| match trunk::is_behind(endpoint) {
            true => self.is_trunk(flow),
            false => self.registrar.flow_of(endpoint) == Some(flow),
        };
        let is_by_caller = match (is_here(&line.caller), is_here(&line.callee), is_by_caller) {
            (true, false, _) => true,
            (false, true, _) => false,
            (_, _, Some(is_by_caller)) => is_by_caller,
            _ => return Err(Refusal::new(403, "Register First")),
        };
        let (from, to) = if is_by_caller { (&line.caller, &line.callee) } else { (&line.callee, &line.caller) };
        Ok((from.clone(), to.clone(), line.clone()))
    }

    /// Whether a line that only its sender tells of may be: between devices of one app, as far as they are back yet. A device that did not
    /// register cannot come back, so none is over the trunk.
    fn is_plausible(&self, line: &Line) -> bool {
        let ends = [&line.caller, &line.callee];
        if ends.iter().any(|end| trunk::is_behind(end) || caller_flow(end).is_some()) {
            return false;
        }
        match ends.map(|end| self.registrar.find(end).map(|binding| binding.app)) {
            [Some(caller), Some(callee)] => caller == callee,
            [caller, callee] => caller.or(callee).is_some(),
        }
    }

    /// The flow over which a device is reached now; for a GRUU of its user, the contact that it stands for.
    fn reach(&self, endpoint: &Endpoint, asked: &Uri) -> Option<Target> {
        let is_gruu = self.is_ours(asked) && gruu::of(asked).is_some();
        let uri = self.registrar.find(endpoint).filter(|_| is_gruu).map(|binding| binding.uri.clone());
        let flow = match caller_flow(endpoint) {
            Some(flow) => flow,
            None if trunk::is_behind(endpoint) => trunk::TRUNK,
            None => self.registrar.flow_of(endpoint)?,
        };
        self.flows.contains_key(&flow).then(|| Target { flow, endpoint: endpoint.clone(), uri })
    }
}

/// The device of a caller who never registered: it is where it called from, or nowhere.
pub(super) fn device_of_flow(flow: FlowId) -> String {
    format!("flow-{}", flow.0)
}

/// Where a caller who never registered called from.
pub(super) fn caller_flow(endpoint: &Endpoint) -> Option<FlowId> {
    Some(FlowId(endpoint.device.strip_prefix("flow-")?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_user_of_a_uri() {
        let endpoint = |user: &str| Endpoint { user: user.into(), device: "0011".into() };
        let line = Line { caller: endpoint("älice"), callee: endpoint("bob"), call_uuid: "c".into() };
        let user = line.encode();
        assert_eq!(crate::Uri::parse(&format!("sip:{user}@x;lr")).unwrap().user, user);
        assert_eq!(Line::decode(&user), Some(line));
        for text in ["", "bob", "YWJj"] {
            assert_eq!(Line::decode(text), None);
        }
    }
}
