//! A call that a phone hands on by a 3xx. It stays one call while its caller may follow: with the same Call-ID and tag, as RFC 3261 section
//! 8.1.3.4 recommends, or as a new call to where the 3xx pointed.

use sidetone_engine::units::Timestamp;

use super::{
    Proxy,
    calls::{Call, CallEvent, CallKey, Calls, What},
    fork::PATIENCE_US,
};
use crate::{header::Address, message::Message, registrar::Endpoint, uri::Uri};

/// Where a call was handed on to.
#[derive(Debug)]
pub(super) struct Redirection {
    targets: Vec<Uri>,
    at: Timestamp,
}

impl Redirection {
    /// Whether nobody follows any more.
    fn is_over(&self, now: Timestamp) -> bool {
        self.at.plus_micros(PATIENCE_US) <= now
    }
}

/// Where an answer hands the call on to; empty: it does not.
pub(super) fn targets(answer: &Message) -> Vec<Uri> {
    if !matches!(answer.code(), Some(300..=399)) {
        return Vec::new();
    }
    answer.list("Contact").filter_map(Address::parse).filter_map(|contact| Uri::parse(&contact.uri).ok()).collect()
}

impl Calls {
    /// A phone handed the call on: all that rang leave, the caller stays.
    pub(super) fn redirect(&mut self, key: &CallKey, code: u16, targets: Vec<Uri>, now: Timestamp) -> Vec<CallEvent> {
        let Some(call) = self.held.get_mut(key) else { return Vec::new() };
        let CallKey(call_id, caller_tag) = key;
        let what = What::Redirected { code, to: targets.first().map(|uri| uri.user.clone()).unwrap_or_default() };
        let mut events = vec![call.event(call_id, &call.caller.user, caller_tag, now, what.clone())];
        for leg in std::mem::take(&mut call.legs) {
            let told = [what.clone(), What::Left].map(|what| call.event(call_id, &leg.endpoint.user, &leg.tag, now, what));
            events.extend(told);
        }
        call.redirected = Some(Redirection { targets, at: now });
        self.handed_on.push(key.clone());
        events
    }

    /// The call that was handed on to `uri`, if a new call of `caller` there follows it.
    pub(super) fn followed(&self, caller: &Endpoint, uri: &Uri, now: Timestamp) -> Option<CallKey> {
        let is_it = |call: &Call| {
            let is_there = |to: &Redirection| !to.is_over(now) && to.targets.contains(uri);
            call.caller == *caller && call.redirected.as_ref().is_some_and(is_there)
        };
        self.handed_on.iter().find(|key| self.held.get(key).is_some_and(is_it)).cloned()
    }

    /// The caller has left a call that was handed on.
    pub(super) fn leave(&mut self, key: &CallKey) -> Option<CallEvent> {
        let call = self.remove(key)?;
        let at = call.redirected.as_ref()?.at;
        Some(call.event(&key.0, &call.caller.user, &key.1, at, What::Left))
    }

    /// The one whose caller has had the most time to follow, if that is over.
    fn unfollowed(&self, now: Timestamp) -> Option<CallKey> {
        let first = self.handed_on.first()?;
        let is_over = self.held.get(first)?.redirected.as_ref()?.is_over(now);
        is_over.then(|| first.clone())
    }
}

impl Proxy {
    /// Ends calls that were handed on, and that nobody followed.
    pub(super) fn end_unfollowed_calls(&mut self, now: Timestamp) {
        while let Some(key) = self.calls.unfollowed(now) {
            self.outputs.extend(self.calls.leave(&key).map(super::Output::Call));
        }
    }
}
