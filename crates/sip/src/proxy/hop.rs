//! What one hop gets: a request with our Via, its CANCEL, its ACK.

use sidetone_engine::units::Timestamp;

use super::{
    Proxy,
    calls::CALL_UUID,
    fork::{Branch, ContextId, Progress},
    repeat,
    secrets::BRANCH_PREFIX,
    trunk,
};
use crate::{
    account::TOKEN,
    check::Basics,
    flow::FlowId,
    header::Via,
    message::{Message, Start},
};

impl Proxy {
    /// Makes of a request what the next hop gets: what proves to us who sent it is for us alone.
    pub(super) fn forwarded(&self, message: &mut Message, basics: &Basics, (flow, branch): (FlowId, &str)) {
        for name in ["Proxy-Authorization", "Authorization", TOKEN] {
            message.remove(name);
        }
        message.set("Max-Forwards", (basics.max_forwards - 1.min(basics.max_forwards)).to_string());
        let (transport, place) = self.side(flow);
        message.push_front("Via", format!("SIP/2.0/{transport} {place};branch={branch}{}", trunk::via_params(transport)));
        if self.is_trunk(flow) {
            self.toward_trunk(message, basics);
        }
    }

    /// Sends a request, again and again where it may get lost.
    pub(super) fn send_request(&mut self, now: Timestamp, flow: FlowId, branch: &str, message: &Message) {
        let method = message.method().unwrap_or_default();
        if !self.is_reliable(flow) {
            let is_invite = method == "INVITE";
            self.repeats.begin(now, repeat::request(branch, method), is_invite, flow, message.to_bytes());
        }
        self.send(flow, message);
    }

    /// Whatever nobody has answered may have been lost with the connection that a flow had before, and is sent over the new one. A server that
    /// knows it takes it as a repetition (RFC 3261 section 17.2.3).
    pub fn send_again(&mut self, now: Timestamp, flow: FlowId) {
        self.now = now;
        let branches = self.contexts.values().flat_map(|context| &context.branches);
        let unheard =
            branches.filter(|branch| branch.target.flow == flow && branch.progress == Progress::Calling && branch.cancelled.is_none());
        let unheard: Vec<Message> = unheard.map(|branch| branch.request.clone()).collect();
        for request in unheard {
            self.send(flow, &request);
        }
    }

    /// Sends the CANCEL of a branch.
    pub(super) fn send_cancel(&mut self, now: Timestamp, id: ContextId, index: usize) {
        let Some(branch) = self.contexts.get(&id).and_then(|context| context.branches.get(index)) else { return };
        let (flow, name, cancel) = (branch.target.flow, branch.id.clone(), cancel_for(branch));
        self.send_request(now, flow, &name, &cancel);
    }

    pub(super) fn mark(&self, message: &Message, basics: &Basics) -> String {
        let Start::Request { uri, .. } = &message.start else { return String::new() };
        let cseq = basics.cseq.to_string();
        let tags = [basics.from.tag().unwrap_or_default(), basics.to.tag().unwrap_or_default()];
        self.secrets.mark(&[uri, tags[0], tags[1], &basics.call_id, &cseq])
    }

    /// Whether this very request passed here before (RFC 3261 section 16.3 step 4).
    pub(super) fn is_loop(&self, message: &Message, basics: &Basics) -> bool {
        let mark = self.mark(message, basics);
        let is_mine = |via: &Via| via.branch().strip_prefix(BRANCH_PREFIX).is_some_and(|branch| branch.ends_with(&format!(".{mark}")));
        message.list("Via").filter_map(Via::parse).any(|via| is_mine(&via))
    }
}

/// RFC 3261 section 9.1; `Reason` of RFC 3326.
fn cancel_for(branch: &Branch) -> Message {
    let mut cancel = hop_request(branch, "CANCEL");
    if let Some(reason) = branch.cancelled.as_ref().filter(|reason| !reason.is_empty()) {
        cancel.push("Reason", reason.clone());
    }
    cancel
}

/// A request about another one on the same hop: CANCEL, and the ACK to bad news (RFC 3261 sections 9.1 and 17.1.1.3).
fn hop_request(branch: &Branch, method: &str) -> Message {
    let Start::Request { uri, version, .. } = &branch.request.start else { return branch.request.clone() };
    let mut message = Message::new(Start::Request { method: method.to_owned(), uri: uri.clone(), version: version.clone() });
    if let Some(via) = branch.request.list("Via").next() {
        message.push("Via", via);
    }
    for name in ["Max-Forwards", "Route", "From", "To", "Call-ID", CALL_UUID] {
        for value in branch.request.all(name) {
            message.push(name, value);
        }
    }
    let number = branch.request.header("CSeq").and_then(crate::header::cseq).map_or(0, |(number, _)| number);
    message.push("CSeq", format!("{number} {method}"));
    message
}

/// The ACK to bad news of a branch: to that which came with the branch `id`, which may be a former one.
pub(super) fn ack_for(branch: &Branch, answer: &Message, id: &str) -> Message {
    let mut ack = hop_request(branch, "ACK");
    let number = answer.header("CSeq").and_then(crate::header::cseq).map_or(0, |(number, _)| number);
    for header in &mut ack.headers {
        match header.name.as_str() {
            "Via" => header.value = header.value.replace(&branch.id, id),
            "To" => answer.header("To").unwrap_or_default().clone_into(&mut header.value),
            "CSeq" => header.value = format!("{number} ACK"),
            _ => {}
        }
    }
    ack
}
