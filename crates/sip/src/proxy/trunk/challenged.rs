//! The trunk wants to know who we are: the request goes there again, with what proves it (RFC 3261 section 22.3).
//!
//! It is another request, with a number of its own; requests of the caller are raised by as much from then on, and answers are put back.

use sidetone_engine::units::Timestamp;

use super::{Proxy, number};
use crate::{
    challenge::Challenge,
    message::{Message, Start},
    proxy::fork::{ContextId, PATIENCE_US, Progress},
};

impl Proxy {
    /// A branch was answered 401 or 407. The caller has no password for there, so it hears nothing of it.
    pub(in crate::proxy) fn challenged(&mut self, now: Timestamp, id: ContextId, index: usize, refusal: &Message) {
        let login = self.trunk.as_ref().and_then(|trunk| trunk.config.login.clone());
        let cnonce = self.secrets.nonce();
        let Some(context) = self.contexts.get_mut(&id) else { return };
        let call = context.call.clone();
        let Some(branch) = context.branches.get_mut(index) else { return };
        if branch.cancelled.is_some() {
            return self.branch_failed(now, id, index, 487);
        }
        let answerable = Challenge::of(refusal).filter(|_| branch.former.is_none()).zip(login);
        let Some((challenge, login)) = answerable else {
            return self.branch_failed(now, id, index, 502);
        };
        let mark = branch.id.rsplit('.').next().unwrap_or_default().to_owned();
        let new_id = self.secrets.branch(&mark);
        let mut request = branch.request.clone();
        let Start::Request { method, uri, .. } = &request.start else { return };
        let answer = challenge.answer(&login, method, uri, &cnonce);
        request.push(challenge.header(), answer);
        for header in request.headers.iter_mut().filter(|header| header.name == "Via") {
            header.value = header.value.replace(&branch.id, &new_id);
        }
        // Within a dialog the number stays, lest the ACK of the caller misses it; there it need only not fall (section 12.2.2).
        if call.is_some() {
            number::shift(&mut request, 1);
        }
        let former = std::mem::replace(&mut branch.id, new_id.clone());
        branch.former = Some(former);
        branch.request = request.clone();
        branch.progress = Progress::Calling;
        branch.due = now.plus_micros(PATIENCE_US);
        let flow = branch.target.flow;
        if let Some(call) = &call {
            self.calls.renumber(call);
        }
        self.by_branch.insert(new_id.clone(), (id, index));
        self.send_request(now, flow, &new_id, &request);
        self.schedule(id);
    }

    /// Makes of the trunk's answer one to what the caller sent.
    pub(in crate::proxy) fn as_asked(answer: &mut Message, request: &Message) {
        for name in ["From", "CSeq"] {
            if let Some(value) = request.header(name) {
                answer.set(name, value);
            }
        }
    }
}
