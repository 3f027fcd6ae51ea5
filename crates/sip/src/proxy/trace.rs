//! The messages of a call as they pass, each with who it came from or went to: what a ladder is drawn of.
//!
//! All are told of the caller's end, because a phone that is called has no end of its own (no tag) until it answers something.

use std::collections::HashMap;

use sidetone_engine::{ids::AppKey, units::Timestamp};

use super::{
    Output, Proxy,
    calls::{CallEvent, CallKey, Party, What, participant_id},
};
use crate::{
    flow::FlowId,
    header::{self, Address},
    message::{Message, Start},
};

/// Messages of one call that are told of; after these, only those that end it.
const MESSAGES_MAX: u32 = 200;
/// Phones that a call goes to and that are told apart.
const LEGS_MAX: usize = 20;
/// How long after its end a call's messages are told of, µs: whoever left and is heard of much later counts as back.
const LINGER_US: i64 = 1_500_000;

/// A message of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Between us and whom: 0 is the caller, 1 the first phone that was called, and so on.
    pub leg: usize,
    /// The user there; of those called, as the caller named them.
    pub user: String,
    /// Whose end that is; empty before it has a tag.
    pub participant_id: String,
    /// Whether it came to us; otherwise it went from us.
    pub is_received: bool,
    /// Of the request, or of the one that is answered.
    pub method: String,
    /// Number of that request among those of its sender.
    pub cseq: u32,
    /// Of an answer.
    pub code: Option<u16>,
    /// Words of an answer; of a request the header `Reason`, or empty.
    pub reason: String,
    /// Whether a request belongs to a dialog, as a re-INVITE does and an INVITE does not.
    pub is_in_dialog: bool,
    /// What a request's description of the session says of the first stream: `sendonly` and the like.
    pub media: Option<&'static str>,
    /// Messages before this one that were not told of, for there were too many.
    pub left_out: u32,
}

#[derive(Debug)]
struct Leg {
    flow: FlowId,
    tag: String,
    /// As the caller named them.
    user: String,
}

#[derive(Debug)]
struct Trace {
    app: AppKey,
    uuid: String,
    caller: String,
    callee: String,
    /// The phones that were called.
    legs: Vec<Leg>,
    told: u32,
    left_out: u32,
    /// Once the call is over.
    ends: Option<Timestamp>,
}

/// Of the calls that are told of.
#[derive(Debug, Default)]
pub(super) struct Traces(HashMap<CallKey, Trace>);

impl Traces {
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Trace {
    /// The number of the called phone with this tag, or else over this flow.
    fn leg(&mut self, flow: FlowId, tag: &str) -> Option<usize> {
        let by_tag = |leg: &Leg| !tag.is_empty() && leg.tag == tag;
        let by_flow = |leg: &Leg| leg.flow == flow && (tag.is_empty() || leg.tag.is_empty());
        let index = self.legs.iter().position(by_tag).or_else(|| self.legs.iter().position(by_flow));
        let index = match index {
            Some(index) => index,
            None if self.legs.len() < LEGS_MAX => {
                self.legs.push(Leg { flow, tag: String::new(), user: self.callee.clone() });
                self.legs.len() - 1
            }
            None => return None,
        };
        if let Some(leg) = self.legs.get_mut(index).filter(|leg| leg.tag.is_empty()) {
            tag.clone_into(&mut leg.tag);
        }
        Some(index + 1)
    }
}

impl Proxy {
    /// From here on the messages of a call are told of; whether they were not before. A call that is handed on keeps the phones that it had.
    pub(super) fn begin_trace(&mut self, key: &CallKey, app: AppKey, caller: &str, callee: &str) -> bool {
        let Some(uuid) = self.calls.uuid(key).map(str::to_owned) else { return false };
        let (caller, callee) = (caller.to_owned(), callee.to_owned());
        if let Some(trace) = self.traces.0.get_mut(key).filter(|trace| trace.ends.is_none()) {
            trace.callee = callee;
            return false;
        }
        let trace = Trace { app, uuid, caller, callee, legs: Vec::new(), told: 0, left_out: 0, ends: None };
        self.traces.0.insert(key.clone(), trace);
        true
    }

    /// Tells of a message, if it belongs to a call.
    pub(super) fn trace(&mut self, flow: FlowId, message: &Message, is_received: bool) {
        let tag = |name: &str| Some(Address::parse(message.header(name)?)?.tag().unwrap_or_default().to_owned());
        let (Some(call_id), Some(from), Some(to)) = (message.header("Call-ID"), tag("From"), tag("To")) else { return };
        let Some((cseq, method)) = message.header("CSeq").and_then(header::cseq) else { return };
        let [of_caller, of_callee] = [&from, &to].map(|tag| CallKey::new(call_id, tag));
        let (key, is_callers) = if self.traces.0.contains_key(&of_caller) { (of_caller, true) } else { (of_callee, false) };
        let Some(trace) = self.traces.0.get_mut(&key) else { return };
        if !self.calls.has(&key) && *trace.ends.get_or_insert(self.now.plus_micros(LINGER_US)) < self.now {
            return;
        }
        let code = message.code();
        let is_at_caller = is_callers == (code.is_none() == is_received);
        let callee_tag = if is_callers { &to } else { &from };
        let Some(leg) = (if is_at_caller { Some(0) } else { trace.leg(flow, callee_tag) }) else { return };
        if trace.told >= MESSAGES_MAX && !matches!(method, "BYE" | "CANCEL") {
            trace.left_out = trace.left_out.saturating_add(1);
            return;
        }
        trace.told += 1;
        let own = participant_id(call_id, key.caller_tag());
        let (user, participant_id) = match leg.checked_sub(1).and_then(|index| trace.legs.get(index)) {
            None => (&trace.caller, own.clone()),
            Some(leg) if leg.tag.is_empty() => (&leg.user, String::new()),
            Some(leg) => (&leg.user, participant_id(call_id, &leg.tag)),
        };
        let reason = match &message.start {
            Start::Response { reason, .. } => reason.clone(),
            Start::Request { .. } => message.header("Reason").unwrap_or_default().to_owned(),
        };
        let passed = Passed {
            leg,
            user: user.clone(),
            participant_id,
            is_received,
            method: method.to_owned(),
            cseq,
            code,
            reason,
            is_in_dialog: code.is_none() && !to.is_empty(),
            media: if code.is_none() { media(&message.body) } else { None },
            left_out: std::mem::take(&mut trace.left_out),
        };
        let party = Party { user: trace.caller.clone(), participant_id: own };
        let event = CallEvent { app: trace.app, call_uuid: trace.uuid.clone(), party, at: self.now, what: What::Passed(Box::new(passed)) };
        self.outputs.push(Output::Call(event));
    }

    /// Forgets calls that are over.
    pub(super) fn expire_traces(&mut self) {
        let (now, calls) = (self.now, &self.calls);
        self.traces.0.retain(|key, trace| calls.has(key) || *trace.ends.get_or_insert(now.plus_micros(LINGER_US)) > now);
    }
}

/// The direction of the first stream of a session description (RFC 8866 section 6.7).
fn media(body: &[u8]) -> Option<&'static str> {
    const DIRECTIONS: [&str; 4] = ["sendrecv", "sendonly", "recvonly", "inactive"];
    let text = std::str::from_utf8(body).ok()?;
    text.lines().filter_map(|line| line.strip_prefix("a=")).find_map(|value| DIRECTIONS.into_iter().find(|held| *held == value.trim_end()))
}
