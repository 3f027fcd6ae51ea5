//! Answers on their way back (RFC 3261 section 16.7).

use sidetone_engine::units::Timestamp;

use super::{
    Output, Proxy, answer,
    calls::CALL_UUID,
    fork::{ContextId, PATIENCE_US, Progress, cancel_for, hop_request},
};
use crate::{
    header::{self, Address, Via},
    message::{Message, Start},
};

/// How good a final answer is to choose, the best first: what a caller can act on, then what a person said, then what a network did.
fn rank(code: u16) -> u16 {
    match code {
        600.. => 0,
        401 | 407 | 415 | 420 | 484 => 1,
        486 => 2,
        300..=399 => 3,
        400..=499 if !matches!(code, 408 | 480 | 487) => 4,
        480 => 5,
        487 => 6,
        408 => 7,
        _ => 8,
    }
}

impl Proxy {
    pub(super) fn response(&mut self, now: Timestamp, mut message: Message) {
        let Some(code) = message.code() else { return };
        let Some(branch) = message.list("Via").next().and_then(Via::parse).map(|via| via.branch().to_owned()) else { return };
        let Some(&(id, index)) = self.by_branch.get(&branch) else { return };
        let Some(context) = self.contexts.get_mut(&id) else { return };
        let method = context.request.method().unwrap_or_default().to_owned();
        let is_invite = context.is_invite();
        let Some(branch) = context.branches.get_mut(index) else { return };
        // The answer to a CANCEL has the branch of what was cancelled.
        if message.header("CSeq").and_then(header::cseq).is_none_or(|(_, of)| of != method) {
            return;
        }
        if branch.progress == Progress::Done && !(is_invite && (200..300).contains(&code)) {
            return;
        }
        message.pop_entry("Via");
        match code {
            100..=199 => {
                let was_calling = branch.progress == Progress::Calling;
                branch.progress = Progress::Proceeding;
                let is_cancelled = branch.cancelled.is_some();
                if is_invite && !is_cancelled {
                    branch.due = now.plus_micros(i64::from(self.config.ring_timeout) * 1_000_000);
                }
                if was_calling && is_cancelled {
                    branch.due = now.plus_micros(PATIENCE_US);
                    let (flow, cancel) = (branch.target.flow, cancel_for(branch));
                    self.send(flow, &cancel);
                }
                if code > 100 {
                    self.tell_of(now, id, index, &message, code);
                    self.pass_back(id, message);
                }
            }
            200..=299 => {
                branch.progress = Progress::Done;
                if is_invite || !self.contexts.get(&id).is_some_and(super::fork::Context::is_answered) {
                    self.tell_of(now, id, index, &message, code);
                    self.finish(now, id, message);
                }
                self.cancel_branches(now, id, "SIP;cause=200;text=\"Call completed elsewhere\"");
            }
            _ => {
                branch.progress = Progress::Done;
                if is_invite {
                    let mut ack = hop_request(branch, "ACK");
                    if let Some(to) = message.header("To") {
                        ack.set("To", to);
                    }
                    let flow = branch.target.flow;
                    self.send(flow, &ack);
                }
                self.collect(now, id, message);
            }
        }
        self.schedule(id);
    }

    /// A branch will not be answered.
    pub(super) fn branch_failed(&mut self, now: Timestamp, id: ContextId, index: usize, code: u16) {
        let Some(context) = self.contexts.get_mut(&id) else { return };
        if let Some(branch) = context.branches.get_mut(index) {
            branch.progress = Progress::Done;
        }
        let request = context.request.clone();
        let reason = match code {
            480 => "Temporarily Unavailable",
            487 => "Request Terminated",
            _ => "Request Timeout",
        };
        let mut answer = self.answer_to(&request, code, reason);
        answer.remove(CALL_UUID);
        self.collect(now, id, answer);
    }

    /// Keeps the best of the bad news; sends it once there can be no better.
    fn collect(&mut self, now: Timestamp, id: ContextId, message: Message) {
        let Some(context) = self.contexts.get_mut(&id) else { return };
        if context.is_answered() {
            return;
        }
        let code = message.code().unwrap_or_default();
        let held = context.best.as_ref().and_then(Message::code);
        if held.is_none_or(|held| rank(code) < rank(held)) {
            context.best = Some(message);
        }
        let is_last = context.branches.iter().all(|branch| branch.progress == Progress::Done);
        if is_last {
            if let Some(best) = context.best.take() {
                self.finish(now, id, best);
            }
        } else if code >= 600 {
            self.cancel_branches(now, id, "");
        }
    }

    /// Sends a final answer back.
    fn finish(&mut self, now: Timestamp, id: ContextId, message: Message) {
        let Some(context) = self.contexts.get_mut(&id) else { return };
        let code = message.code().unwrap_or_default();
        // An INVITE waits for its ACK, and for good answers of other branches; anything else is done.
        let rest = if context.is_invite() { PATIENCE_US } else { 0 };
        context.ends = Some(now.plus_micros(rest));
        let method = answer::counted(context.request.method().unwrap_or_default());
        self.outputs.push(Output::Answered { method, code });
        if code >= 300
            && let Some(call) = self.contexts.get(&id).and_then(|context| context.call.clone())
        {
            let reason = match &message.start {
                Start::Response { reason, .. } => reason.clone(),
                Start::Request { .. } => String::new(),
            };
            let events = self.calls.refuse(&call, code, &reason, now);
            self.outputs.extend(events.into_iter().map(Output::Call));
        }
        self.pass_back(id, message);
        self.schedule(id);
    }

    fn tell_of(&mut self, now: Timestamp, id: ContextId, index: usize, message: &Message, code: u16) {
        let Some(context) = self.contexts.get(&id) else { return };
        let (Some(call), Some(branch)) = (&context.call, context.branches.get(index)) else { return };
        let Some(to) = message.header("To").and_then(Address::parse) else { return };
        let agent = message.header("User-Agent").unwrap_or_default();
        let events = self.calls.answer(call, code, (to.tag().unwrap_or_default(), &branch.target.endpoint), agent, now);
        self.outputs.extend(events.into_iter().map(Output::Call));
    }

    /// Sends an answer to whoever asked, wherever they are now.
    fn pass_back(&mut self, id: ContextId, mut message: Message) {
        let flow = self.origin_flow(id);
        let Some(context) = self.contexts.get_mut(&id) else { return };
        if let Some(call) = &context.call
            && message.header(CALL_UUID).is_none()
            && let Some(uuid) = context.request.header(CALL_UUID).or_else(|| self.calls.uuid(call))
        {
            message.push(CALL_UUID, uuid);
        }
        context.sent = Some(message.clone());
        if let Some(flow) = flow {
            self.send(flow, &message);
        }
    }
}
