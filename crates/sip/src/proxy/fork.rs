//! A request on its way: sent to one or more targets at once, each a branch, until one answer goes back (RFC 3261 sections 16.6 to 16.10).

use sidetone_engine::units::Timestamp;

use super::{Proxy, calls::CallKey, dialog::Line, trunk};
use crate::{
    check::{Basics, Refusal},
    flow::FlowId,
    message::Message,
    registrar::Endpoint,
};

/// 64 × T1: how long a request waits for an answer, an answer for its ACK (timers B, F, H), µs.
pub(super) const PATIENCE_US: i64 = 32_000_000;

/// Names a [`Context`].
pub(super) type ContextId = u64;

/// Somewhere that a request goes.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) flow: FlowId,
    pub(super) endpoint: Endpoint,
    /// What becomes the Request-URI; `None`: as it is.
    pub(super) uri: Option<String>,
}

/// What became of a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Nothing was heard.
    Calling,
    /// There was a provisional answer.
    Proceeding,
    /// There was a final one, or there will be none.
    Done,
}

#[derive(Debug)]
pub(super) struct Branch {
    pub(super) id: String,
    /// What it was called before the trunk asked who we are.
    pub(super) former: Option<String>,
    pub(super) target: Target,
    /// As it was sent; without body, unless it may have to be sent again.
    pub(super) request: Message,
    pub(super) progress: Progress,
    /// `Reason` of the CANCEL that is to be sent, or was.
    pub(super) cancelled: Option<String>,
    pub(super) due: Timestamp,
}

/// A request that is answered later.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) name: String,
    pub(super) flow: FlowId,
    pub(super) origin: Option<Endpoint>,
    /// As it came, without body.
    pub(super) request: Message,
    pub(super) branches: Vec<Branch>,
    /// The best final answer so far, unsent.
    pub(super) best: Option<Message>,
    /// The last answer that was sent.
    pub(super) sent: Option<Message>,
    pub(super) call: Option<CallKey>,
    /// When it is forgotten, once it is answered.
    pub(super) ends: Option<Timestamp>,
    /// When it is given up because its sender has gone.
    pub(super) deserted: Option<Timestamp>,
    /// Its entry among what is due.
    scheduled: Option<Timestamp>,
}

impl Context {
    pub(super) fn is_invite(&self) -> bool {
        self.request.method() == Some("INVITE")
    }

    pub(super) fn is_answered(&self) -> bool {
        self.ends.is_some()
    }

    fn due(&self) -> Option<Timestamp> {
        let branches = self.branches.iter().filter(|branch| branch.progress != Progress::Done).map(|branch| branch.due);
        branches.chain(self.ends).chain(self.deserted).min()
    }
}

/// What names a request that may come again, and its ACK and CANCEL (RFC 3261 section 17.2.3).
fn name(basics: &Basics, method: &str) -> String {
    let Basics { via, call_id, cseq, from, .. } = basics;
    format!("{}\n{}\n{call_id}\n{}\n{cseq}\n{method}", via.branch(), via.host, from.tag().unwrap_or_default())
}

impl Proxy {
    /// Sends a request to every target.
    pub(super) fn fork(
        &mut self,
        now: Timestamp,
        (flow, origin): (FlowId, Option<Endpoint>),
        message: Message,
        basics: &Basics,
        targets: Vec<Target>,
        call: Option<CallKey>,
    ) -> Result<(), Refusal> {
        let busy = || Refusal::new(503, "Too Many Requests in Progress").with("Retry-After", "5");
        let most = if self.is_trunk(flow) { usize::MAX } else { self.config.pending_per_flow_max };
        let pending = self.flows.get_mut(&flow).map(|flow| &mut flow.pending);
        match pending {
            Some(pending) if *pending < most && self.contexts.len() < self.config.transactions_max => *pending += 1,
            _ => {
                if let Some(call) = &call {
                    let events = self.calls.refuse(call, 503, "Too Many Requests in Progress", now);
                    self.outputs.extend(events.into_iter().map(super::Output::Call));
                }
                return Err(busy());
            }
        }
        let method = message.method().unwrap_or_default().to_owned();
        let is_invite = method == "INVITE";
        self.contexts_made += 1;
        let id = self.contexts_made;
        if is_invite {
            let trying = self.answer_to(&message, 100, "Trying");
            self.send(flow, &trying);
        }
        let line_caller = call.is_some().then(|| self.calls.uuid(call.as_ref()?).map(str::to_owned)).flatten();
        let mark = self.mark(&message, basics);
        let mut branches = Vec::new();
        for target in targets {
            let branch = self.secrets.branch(&mark);
            let mut forwarded = message.clone();
            if let Some(uri) = &target.uri {
                Self::set_uri(&mut forwarded, uri);
            }
            if basics.to.tag().is_none()
                && let Some(caller) = &origin
            {
                let call_uuid = line_caller.clone().unwrap_or_default();
                let line = Line { caller: caller.clone(), callee: target.endpoint.clone(), call_uuid };
                self.record_route(&mut forwarded, &line, (flow, target.flow));
            }
            self.forwarded(&mut forwarded, basics, (target.flow, &branch));
            self.send_request(now, target.flow, &branch, &forwarded);
            if !self.is_trunk(target.flow) {
                forwarded.body = Vec::new();
            }
            self.by_branch.insert(branch.clone(), (id, branches.len()));
            let due = now.plus_micros(PATIENCE_US);
            branches.push(Branch {
                id: branch,
                former: None,
                target,
                request: forwarded,
                progress: Progress::Calling,
                cancelled: None,
                due,
            });
        }
        let name = name(basics, &method);
        self.by_request.insert(name.clone(), id);
        let mut request = message;
        request.body = Vec::new();
        self.contexts.insert(
            id,
            Context { name, flow, origin, request, branches, best: None, sent: None, call, ends: None, deserted: None, scheduled: None },
        );
        self.schedule(id);
        Ok(())
    }

    /// A request that came before is answered as it was; whether it did.
    pub(super) fn answer_again(&mut self, flow: FlowId, message: &Message, basics: &Basics) -> bool {
        let method = message.method().unwrap_or_default();
        let Some(context) = self.by_request.get(&name(basics, method)).and_then(|id| self.contexts.get(id)) else { return false };
        if let Some(sent) = context.sent.clone() {
            self.send(flow, &sent);
        }
        true
    }

    /// The ACK to a final answer that is none of good news ends the transaction; whether it was one.
    pub(super) fn ends_here(&mut self, now: Timestamp, message: &Message, basics: &Basics) -> bool {
        let Some(id) = self.by_request.get(&name(basics, "INVITE")).copied() else { return false };
        let is_refused =
            self.contexts.get(&id).is_some_and(|context| context.sent.as_ref().and_then(Message::code).is_some_and(|code| code >= 300));
        if is_refused && message.method() == Some("ACK") {
            self.repeats.end(&name(basics, "INVITE"));
            if self.contexts.get(&id).is_some_and(|context| self.is_heard(context))
                && let Some(context) = self.contexts.get_mut(&id)
            {
                context.ends = Some(now);
            }
            self.schedule(id);
        }
        is_refused
    }

    /// Whether nothing of it can come a second time.
    fn is_heard(&self, context: &Context) -> bool {
        self.is_reliable(context.flow) && context.branches.iter().all(|branch| self.is_reliable(branch.target.flow))
    }

    /// RFC 3261 section 16.10.
    pub(super) fn cancel(&mut self, now: Timestamp, flow: FlowId, message: &Message, basics: &Basics) {
        let Some(id) = self.by_request.get(&name(basics, "INVITE")).copied() else {
            return self.answer(flow, message, 481, "Call/Transaction Does Not Exist", &[]);
        };
        self.answer(flow, message, 200, "OK", &[]);
        let reason = message.header("Reason").unwrap_or_default().to_owned();
        self.cancel_branches(now, id, &reason);
    }

    /// Cancels every branch that has no final answer.
    pub(super) fn cancel_branches(&mut self, now: Timestamp, id: ContextId, reason: &str) {
        let Some(context) = self.contexts.get_mut(&id).filter(|context| context.is_invite()) else { return };
        let open = context.branches.iter_mut().enumerate();
        let open = open.filter(|(_, branch)| branch.progress != Progress::Done && branch.cancelled.is_none());
        let mut to_send = Vec::new();
        for (index, branch) in open {
            branch.cancelled = Some(reason.to_owned());
            // A CANCEL may only follow a provisional answer (RFC 3261 section 9.1).
            if branch.progress == Progress::Proceeding {
                branch.due = now.plus_micros(PATIENCE_US);
                to_send.push(index);
            }
        }
        for index in to_send {
            self.send_cancel(now, id, index);
        }
        self.schedule(id);
    }

    /// Something is due in a context.
    pub(super) fn time_out(&mut self, now: Timestamp, id: ContextId) {
        let Some(context) = self.contexts.get_mut(&id) else { return };
        if context.ends.is_some_and(|ends| ends <= now) {
            return self.forget(id);
        }
        if context.deserted.is_some_and(|at| at <= now) {
            context.deserted = None;
            let is_back = self.origin_flow(id).is_some();
            if !is_back {
                self.cancel_branches(now, id, "SIP;cause=408;text=\"Caller Lost\"");
            }
        }
        let Some(context) = self.contexts.get_mut(&id) else { return };
        let is_invite = context.is_invite();
        let late = context.branches.iter().enumerate().filter(|(_, branch)| branch.progress != Progress::Done && branch.due <= now);
        let late: Vec<usize> = late.map(|(index, _)| index).collect();
        for index in late {
            let Some(branch) = self.contexts.get_mut(&id).and_then(|context| context.branches.get_mut(index)) else { continue };
            if is_invite && branch.progress == Progress::Proceeding && branch.cancelled.is_none() {
                // Timer C: it has rung for too long.
                branch.cancelled = Some("SIP;cause=408;text=\"No Answer\"".to_owned());
                branch.due = now.plus_micros(PATIENCE_US);
                self.send_cancel(now, id, index);
            } else {
                let code = if branch.cancelled.is_some() { 487 } else { 408 };
                self.branch_failed(now, id, index, code);
            }
        }
        self.schedule(id);
    }

    /// The branches over a flow that is gone have failed; requests that came over it wait for their sender for a while.
    pub(super) fn lose_branches(&mut self, now: Timestamp, flow: FlowId) {
        let mut lost = Vec::new();
        for (id, context) in &mut self.contexts {
            if context.flow == flow && !context.is_answered() {
                context.deserted = Some(now.plus_micros(PATIENCE_US));
                lost.push((*id, None));
            }
            let open =
                context.branches.iter().enumerate().filter(|(_, branch)| branch.progress != Progress::Done && branch.target.flow == flow);
            lost.extend(open.map(|(index, _)| (*id, Some(index))));
        }
        for (id, index) in lost {
            match index {
                Some(index) => self.branch_failed(now, id, index, 480),
                None => self.schedule(id),
            }
        }
    }

    /// Where the answers to a request go now: its flow, or that to which its device moved.
    pub(super) fn origin_flow(&self, id: ContextId) -> Option<FlowId> {
        let context = self.contexts.get(&id)?;
        if self.flows.contains_key(&context.flow) {
            return Some(context.flow);
        }
        let origin = context.origin.as_ref()?;
        if trunk::is_behind(origin) {
            return self.flows.contains_key(&trunk::TRUNK).then_some(trunk::TRUNK);
        }
        self.registrar.flow_of(origin)
    }

    pub(super) fn schedule(&mut self, id: ContextId) {
        let Some(context) = self.contexts.get_mut(&id) else { return };
        let after = context.due();
        let before = std::mem::replace(&mut context.scheduled, after);
        if let Some(before) = before {
            self.due.remove(&(before, id));
        }
        if let Some(after) = after {
            self.due.insert((after, id));
        }
    }

    /// What is answered counts no more among what its connection has in progress.
    pub(super) fn settle(&mut self, id: ContextId) {
        if let Some(context) = self.contexts.get(&id)
            && !context.is_answered()
            && let Some(flow) = self.flows.get_mut(&context.flow)
        {
            flow.pending = flow.pending.saturating_sub(1);
        }
    }

    fn forget(&mut self, id: ContextId) {
        self.settle(id);
        let Some(context) = self.contexts.remove(&id) else { return };
        self.by_request.remove(&context.name);
        if let Some(scheduled) = context.scheduled {
            self.due.remove(&(scheduled, id));
        }
        for id in context.branches.iter().flat_map(|branch| [Some(&branch.id), branch.former.as_ref()]).flatten() {
            self.by_branch.remove(id);
        }
    }
}
