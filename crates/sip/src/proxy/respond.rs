//! Answers on their way back (RFC 3261 section 16.7).

use sidetone_engine::units::Timestamp;

use super::{
    Output, Proxy, answer,
    calls::CALL_UUID,
    fork::{ContextId, PATIENCE_US, Progress},
    hop::ack_for,
    redirect, repeat, trunk,
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
        let Some(name) = message.list("Via").next().and_then(Via::parse).map(|via| via.branch().to_owned()) else { return };
        let Some((_, answered)) = message.header("CSeq").and_then(header::cseq) else { return };
        let repeated = repeat::request(&name, answered);
        if code < 200 {
            self.repeats.proceed(&repeated, answered == "INVITE");
        } else {
            self.repeats.end(&repeated);
        }
        if self.registration_answered(now, &name, &message) {
            return;
        }
        let Some(&(id, index)) = self.by_branch.get(&name) else { return };
        let Some(context) = self.contexts.get_mut(&id) else { return };
        let is_invite = context.is_invite();
        // The answer to a CANCEL has the branch of what was cancelled.
        if context.request.method() != Some(answered) {
            return;
        }
        let Some(branch) = context.branches.get_mut(index) else { return };
        let is_past = branch.id != name || branch.progress == Progress::Done;
        let is_of_trunk = trunk::is_behind(&branch.target.endpoint);
        // Each time that it comes: the last ACK may be lost.
        if is_invite && code >= 300 {
            let (flow, ack) = (branch.target.flow, ack_for(branch, &message, &name));
            self.send(flow, &ack);
        }
        if is_past && !(is_invite && (200..300).contains(&code)) {
            return;
        }
        let Some(context) = self.contexts.get_mut(&id) else { return };
        message.pop_entry("Via");
        if is_of_trunk {
            Self::as_asked(&mut message, &context.request);
        }
        let Some(branch) = context.branches.get_mut(index) else { return };
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
                    self.send_cancel(now, id, index);
                }
                if code > 100 {
                    self.tell_of(now, id, index, &message, code);
                    self.pass_back(now, id, message);
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
                if is_of_trunk && matches!(code, 401 | 407) {
                    return self.challenged(now, id, index, &message);
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
            502 => "Bad Gateway",
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
        let Some(context) = self.contexts.get(&id) else { return };
        let code = message.code().unwrap_or_default();
        // An INVITE waits for its ACK, and for good answers of other branches; anything else is done, unless it may come again.
        let (flow, is_invite) = (context.flow, context.is_invite());
        let rest = if is_invite || !self.is_reliable(flow) { PATIENCE_US } else { 0 };
        self.settle(id);
        let Some(context) = self.contexts.get_mut(&id) else { return };
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
            let targets = redirect::targets(&message);
            let events = match targets.is_empty() {
                true => self.calls.refuse(&call, code, &reason, now),
                false => self.calls.redirect(&call, code, targets, now),
            };
            self.outputs.extend(events.into_iter().map(Output::Call));
        }
        self.pass_back(now, id, message);
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
    fn pass_back(&mut self, now: Timestamp, id: ContextId, mut message: Message) {
        let flow = self.origin_flow(id);
        let Some(context) = self.contexts.get_mut(&id) else { return };
        if let Some(call) = &context.call
            && message.header(CALL_UUID).is_none()
            && let Some(uuid) = context.request.header(CALL_UUID).or_else(|| self.calls.uuid(call))
        {
            message.push(CALL_UUID, uuid);
        }
        context.sent = Some(message.clone());
        let (name, is_refused_invite) = (context.name.clone(), context.is_invite() && message.code().is_some_and(|code| code >= 300));
        let Some(flow) = flow else { return };
        if is_refused_invite && !self.is_reliable(flow) {
            self.repeats.begin(now, name, false, flow, message.to_bytes());
        }
        self.send(flow, &message);
    }
}
