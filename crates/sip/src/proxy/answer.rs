//! Answers that we give ourselves (RFC 3261 section 8.2.6). They need no memory: on a reliable flow nobody asks for them again.

use std::net::IpAddr;

use super::{Output, Proxy, calls::CALL_UUID};
use crate::{
    check::Refusal,
    flow::FlowId,
    header::{Address, Via},
    message::{Message, Start},
};

/// What we are able to do ourselves, and to pass on.
pub(super) const ALLOW: &str =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, INFO, UPDATE, PRACK, REFER, NOTIFY, MESSAGE, SUBSCRIBE, PUBLISH";

/// The extensions that we know: RFC 5626, RFC 5627.
pub(super) const SUPPORTED: &[&str] = &["outbound", "gruu"];

/// Notes in the top Via where the message really came from (RFC 3261 section 18.2.1, RFC 3581).
pub(super) fn mark_via(message: &mut Message, peer: IpAddr, port: u16) {
    let Some(top) = message.list("Via").next() else { return };
    let Some(via) = Via::parse(top) else { return };
    let mut marked = String::new();
    for (index, part) in crate::text::split_outside(top, ';').enumerate() {
        let name = part.split('=').next().unwrap_or_default().trim();
        let is_marked = index > 0 && ["received", "rport"].iter().any(|held| name.eq_ignore_ascii_case(held));
        if !is_marked {
            marked.push_str(if index > 0 { ";" } else { "" });
            marked.push_str(part);
        }
    }
    marked.push_str(&format!(";received={peer}"));
    if via.params.get("rport").is_some() {
        marked.push_str(&format!(";rport={port}"));
    }
    message.pop_entry("Via");
    message.push_front("Via", marked);
}

/// The counted name of a method.
pub(super) fn counted(method: &str) -> &'static str {
    const METHODS: [&str; 9] = ["REGISTER", "INVITE", "CANCEL", "BYE", "OPTIONS", "MESSAGE", "INFO", "REFER", "UPDATE"];
    METHODS.into_iter().find(|held| *held == method).unwrap_or("OTHER")
}

impl Proxy {
    /// The answer to `request`, not sent yet.
    pub(super) fn answer_to(&self, request: &Message, code: u16, reason: &str) -> Message {
        let mut answer = Message::new(Start::Response { code, reason: reason.to_owned() });
        for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
            for value in request.all(name) {
                answer.push(name, value);
            }
        }
        if code == 100 {
            return answer;
        }
        let call_id = request.header("Call-ID").unwrap_or_default();
        let from = request.header("From").unwrap_or_default();
        if let Some(to) = request.header("To")
            && Address::parse(to).is_some_and(|to| to.tag().is_none())
        {
            answer.set("To", format!("{to};tag={}", self.secrets.tag(&[call_id, from])));
        }
        if request.method() == Some("INVITE")
            && let Some(uuid) = request.header(CALL_UUID).map(str::to_owned).or_else(|| self.uuid_for(request))
        {
            answer.push(CALL_UUID, uuid);
        }
        answer
    }

    /// The UUID of the call that an INVITE of that Call-ID and From would begin.
    pub(super) fn uuid_for(&self, request: &Message) -> Option<String> {
        let from = Address::parse(request.header("From")?)?;
        Some(self.secrets.call_uuid(request.header("Call-ID")?, from.tag().unwrap_or_default()))
    }

    pub(super) fn answer(&mut self, flow: FlowId, request: &Message, code: u16, reason: &str, headers: &[(&'static str, String)]) {
        self.answer_with(flow, request, code, reason, headers, Vec::new());
    }

    pub(super) fn answer_with(
        &mut self,
        flow: FlowId,
        request: &Message,
        code: u16,
        reason: &str,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) {
        let mut answer = self.answer_to(request, code, reason);
        for (name, value) in headers {
            answer.push(name, value.clone());
        }
        answer.body = body;
        self.send(flow, &answer);
        if code >= 200 {
            self.outputs.push(Output::Answered { method: counted(request.method().unwrap_or_default()), code });
        }
    }

    pub(super) fn refuse(&mut self, flow: FlowId, request: &Message, refusal: &Refusal) {
        self.answer(flow, request, refusal.code, &refusal.reason, &refusal.headers);
    }
}
