//! The calls that pass: who called whom, when it rang, was answered and ended, told as events of their participants.
//!
//! A participant is one end of a dialog: `sip/<Call-ID>/<its tag>`, which both the client and we know.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use sidetone_engine::{ids::AppKey, units::Timestamp};

use super::{Output, Proxy, dialog::Line, redirect::Redirection, trace::Passed};
use crate::{check::Basics, message::Message, registrar::Endpoint};

/// The header that names a call for both ends and for us.
pub(super) const CALL_UUID: &str = "X-CallUUID";

/// One end of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// The user.
    pub user: String,
    /// `sip/<Call-ID>/<tag>`.
    pub participant_id: String,
}

/// Something that happened to one end of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallEvent {
    /// The app of both users.
    pub app: AppKey,
    /// `X-CallUUID`: the id of the conference.
    pub call_uuid: String,
    /// Whose.
    pub party: Party,
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The end is there.
    Joined {
        /// As it names itself; empty: it does not.
        user_agent: String,
    },
    /// It called somebody.
    Invited {
        /// The user part of whom.
        to: String,
    },
    /// It rings (or the other end does).
    Ringing {
        /// 101 to 199.
        code: u16,
        /// From INVITE to this, for the caller.
        post_dial_delay: Option<Duration>,
    },
    /// The call was answered.
    Answered {
        /// From INVITE to the first sign of ringing (or the answer), for the caller.
        post_dial_delay: Option<Duration>,
        /// From the first sign of ringing to the answer.
        ringing: Option<Duration>,
    },
    /// The call was not answered.
    Refused {
        /// 300 to 699.
        code: u16,
        /// In words.
        reason: String,
        /// From the first sign of ringing to this.
        ringing: Option<Duration>,
    },
    /// A phone handed the call on; the caller may follow.
    Redirected {
        /// 300 to 399.
        code: u16,
        /// The user part of whom to; of several, the first.
        to: String,
    },
    /// Somebody hung up.
    HungUp {
        /// The user who did.
        by: String,
        /// Whether that is this end.
        is_own: bool,
        /// The `Reason` that was given; empty: none.
        reason: String,
    },
    /// Both ends have gone without a word.
    Lost,
    /// A message passed, of whichever end; told of the caller's.
    Passed(Box<Passed>),
    /// The end is not there any more.
    Left,
}

/// Names a call within this process: Call-ID and tag of the caller.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct CallKey(pub(super) String, pub(super) String);

impl CallKey {
    pub(super) fn new(call_id: &str, caller_tag: &str) -> Self {
        Self(call_id.to_owned(), caller_tag.to_owned())
    }

    pub(super) fn caller_tag(&self) -> &str {
        &self.1
    }
}

/// Ends of a call that are told of; a call that forks further goes on all the same.
const LEGS_MAX: usize = 20;

/// A call that begins.
#[derive(Debug)]
pub(super) struct Beginning<'a> {
    pub(super) app: AppKey,
    pub(super) uuid: String,
    pub(super) call_id: &'a str,
    /// Of the caller.
    pub(super) tag: &'a str,
    pub(super) caller: Endpoint,
    /// The user who is called.
    pub(super) to: &'a str,
    pub(super) user_agent: String,
    pub(super) is_over_trunk: bool,
}

#[derive(Debug)]
pub(super) struct Call {
    app: AppKey,
    pub(super) uuid: String,
    pub(super) caller: Endpoint,
    is_over_trunk: bool,
    /// How much higher the numbers (CSeq) of the caller's requests are on the trunk.
    shift: u32,
    invited: Timestamp,
    rang: Option<Timestamp>,
    answered: bool,
    pub(super) legs: Vec<Leg>,
    /// It was handed on, and its caller has not followed yet.
    pub(super) redirected: Option<Redirection>,
}

#[derive(Debug)]
pub(super) struct Leg {
    pub(super) tag: String,
    pub(super) endpoint: Endpoint,
    has_rung: bool,
}

/// The calls that ring or run.
#[derive(Debug, Default)]
pub(super) struct Calls {
    pub(super) held: HashMap<CallKey, Call>,
    /// Those that were handed on, the earliest first.
    pub(super) handed_on: Vec<CallKey>,
}

impl Call {
    pub(super) fn event(&self, call_id: &str, user: &str, tag: &str, at: Timestamp, what: What) -> CallEvent {
        let party = Party { user: user.to_owned(), participant_id: participant_id(call_id, tag) };
        CallEvent { app: self.app, call_uuid: self.uuid.clone(), party, at, what }
    }
}

pub(super) fn participant_id(call_id: &str, tag: &str) -> String {
    format!("sip/{call_id}/{tag}")
}

impl Calls {
    pub(super) fn len(&self) -> usize {
        self.held.len() - self.handed_on.len()
    }

    /// The devices that are in one.
    pub(super) fn endpoints(&self) -> HashSet<&Endpoint> {
        self.held.values().flat_map(|call| call.legs.iter().map(|leg| &leg.endpoint).chain([&call.caller])).collect()
    }

    /// How many of them go over the trunk.
    pub(super) fn over_trunk(&self) -> usize {
        self.held.values().filter(|call| call.is_over_trunk && call.redirected.is_none()).count()
    }

    /// A call begins, or goes on to where it was handed on to. When there are `most` already, it is not told of.
    pub(super) fn begin(&mut self, beginning: Beginning<'_>, now: Timestamp, most: usize) -> (CallKey, Vec<CallEvent>) {
        let Beginning { app, uuid, call_id, tag, caller, to, user_agent, is_over_trunk } = beginning;
        let key = CallKey::new(call_id, tag);
        let invited = What::Invited { to: to.to_owned() };
        if let Some(call) = self.held.get_mut(&key).filter(|call| call.redirected.is_some()) {
            call.redirected = None;
            self.handed_on.retain(|held| *held != key);
            (call.is_over_trunk, call.shift) = (is_over_trunk, 0);
            let event = call.event(call_id, &caller.user, tag, now, invited);
            return (key, vec![event]);
        }
        if self.held.len() >= most {
            return (key, Vec::new());
        }
        let call = Call {
            app,
            uuid,
            caller,
            is_over_trunk,
            shift: 0,
            invited: now,
            rang: None,
            answered: false,
            legs: Vec::new(),
            redirected: None,
        };
        let user = call.caller.user.clone();
        let events = vec![call.event(call_id, &user, tag, now, What::Joined { user_agent }), call.event(call_id, &user, tag, now, invited)];
        self.held.insert(key.clone(), call);
        (key, events)
    }

    pub(super) fn remove(&mut self, key: &CallKey) -> Option<Call> {
        let call = self.held.remove(key)?;
        if call.redirected.is_some() {
            self.handed_on.retain(|held| held != key);
        }
        Some(call)
    }

    pub(super) fn has(&self, key: &CallKey) -> bool {
        self.held.contains_key(key)
    }

    /// The caller's INVITE is sent again with a number of its own.
    pub(super) fn renumber(&mut self, key: &CallKey) {
        if let Some(call) = self.held.get_mut(key) {
            call.shift += 1;
        }
    }

    /// The user who calls, and by how much the numbers of its requests are higher on the trunk; `None` where `tag` is not the caller's.
    pub(super) fn caller(&self, call_id: &str, tag: &str) -> Option<(&str, u32)> {
        let call = self.held.get(&CallKey::new(call_id, tag))?;
        Some((&call.caller.user, call.shift))
    }

    pub(super) fn uuid(&self, key: &CallKey) -> Option<&str> {
        self.held.get(key).map(|call| call.uuid.as_str())
    }

    /// A provisional or good answer of `endpoint`, whose end of the dialog is `tag`.
    pub(super) fn answer(
        &mut self,
        key: &CallKey,
        code: u16,
        (tag, endpoint): (&str, &Endpoint),
        agent: &str,
        now: Timestamp,
    ) -> Vec<CallEvent> {
        let Some(call) = self.held.get_mut(key) else { return Vec::new() };
        let CallKey(call_id, caller_tag) = key;
        let mut events = Vec::new();
        if call.answered || tag.is_empty() {
            return events;
        }
        let caller = call.caller.user.clone();
        let is_first = call.rang.is_none();
        if !call.legs.iter().any(|leg| leg.tag == tag) && call.legs.len() < LEGS_MAX {
            call.legs.push(Leg { tag: tag.to_owned(), endpoint: endpoint.clone(), has_rung: false });
            events.push(call.event(call_id, &endpoint.user, tag, now, What::Joined { user_agent: agent.to_owned() }));
        }
        let rang = *call.rang.get_or_insert(now);
        let post_dial_delay = rang.since(call.invited);
        if code >= 200 {
            call.answered = true;
            let ringing = now.since(rang);
            events.push(call.event(call_id, &endpoint.user, tag, now, What::Answered { post_dial_delay: None, ringing }));
            events.push(call.event(call_id, &caller, caller_tag, now, What::Answered { post_dial_delay, ringing }));
            let others = call.legs.iter().filter(|leg| leg.tag != tag);
            let mut left: Vec<CallEvent> = Vec::new();
            for leg in others {
                let what = What::Refused { code: 487, reason: "Answered Elsewhere".to_owned(), ringing };
                left.push(call.event(call_id, &leg.endpoint.user, &leg.tag, now, what));
                left.push(call.event(call_id, &leg.endpoint.user, &leg.tag, now, What::Left));
            }
            call.legs.retain(|leg| leg.tag == tag);
            events.append(&mut left);
            return events;
        }
        if is_first {
            events.push(call.event(call_id, &caller, caller_tag, now, What::Ringing { code, post_dial_delay }));
        }
        if let Some(leg) = call.legs.iter_mut().find(|leg| leg.tag == tag)
            && !leg.has_rung
        {
            leg.has_rung = true;
            events.push(call.event(call_id, &endpoint.user, tag, now, What::Ringing { code, post_dial_delay: None }));
        }
        events
    }

    /// The call was not answered.
    pub(super) fn refuse(&mut self, key: &CallKey, code: u16, reason: &str, now: Timestamp) -> Vec<CallEvent> {
        let Some(call) = self.held.get(key) else { return Vec::new() };
        let ringing = call.rang.and_then(|rang| now.since(rang));
        self.end(key, now, &What::Refused { code, reason: reason.to_owned(), ringing })
    }

    /// The call ends for everybody in it.
    pub(super) fn end(&mut self, key: &CallKey, now: Timestamp, what: &What) -> Vec<CallEvent> {
        let Some(call) = self.remove(key) else { return Vec::new() };
        let CallKey(call_id, caller_tag) = key;
        let caller = (call.caller.user.as_str(), caller_tag.as_str());
        let parties = call.legs.iter().map(|leg| (leg.endpoint.user.as_str(), leg.tag.as_str())).chain([caller]);
        parties.flat_map(|(user, tag)| [what.clone(), What::Left].map(|what| call.event(call_id, user, tag, now, what))).collect()
    }

    /// The line of a dialog with these tags, and whether `from` is its caller.
    pub(super) fn line(&self, call_id: &str, from: &str, to: &str) -> Option<(Line, bool)> {
        let of = |caller: &str, callee: &str| {
            let call = self.held.get(&CallKey(call_id.to_owned(), caller.to_owned()))?;
            let leg = call.legs.iter().find(|leg| leg.tag == callee)?;
            Some(Line { caller: call.caller.clone(), callee: leg.endpoint.clone(), call_uuid: call.uuid.clone() })
        };
        of(from, to).map(|line| (line, true)).or_else(|| of(to, from).map(|line| (line, false)))
    }

    /// Answered calls none of whose ends is known any more, and those over the trunk that began before `trunk_since`; others that nobody is asked
    /// to answer any more: their answer made no dialog.
    pub(super) fn lost(
        &self,
        trunk_since: Timestamp,
        is_known: impl Fn(&Endpoint) -> bool,
        rings: impl Fn(&CallKey) -> bool,
    ) -> Vec<CallKey> {
        let is_alone = |call: &Call| !is_known(&call.caller) && !call.legs.iter().any(|leg| is_known(&leg.endpoint));
        let is_lost = |key: &CallKey, call: &Call| match call.answered {
            true => is_alone(call) || (call.is_over_trunk && call.invited < trunk_since),
            false => call.redirected.is_none() && !rings(key),
        };
        self.held.iter().filter(|(key, call)| is_lost(key, call)).map(|(key, _)| key.clone()).collect()
    }
}

impl Proxy {
    /// A BYE: the call ends, also one that began before this process did.
    pub(super) fn hung_up(&mut self, now: Timestamp, message: &Message, basics: &Basics, (from, to): (&Endpoint, &Endpoint), line: &Line) {
        let (from_tag, to_tag) = (basics.from.tag().unwrap_or_default(), basics.to.tag().unwrap_or_default());
        let reason = message.header("Reason").unwrap_or_default().to_owned();
        let key = |tag: &str| CallKey(basics.call_id.clone(), tag.to_owned());
        let held = [key(from_tag), key(to_tag)].into_iter().find(|key| self.calls.has(key));
        let mut parties = Vec::new();
        let app = match held.and_then(|key| self.calls.remove(&key)) {
            Some(call) => call.app,
            None => match self.registrar.find(from).or_else(|| self.registrar.find(to)) {
                Some(binding) => binding.app,
                None => return,
            },
        };
        parties.push((from, from_tag, true));
        parties.push((to, to_tag, false));
        for (endpoint, tag, is_own) in parties {
            let party = Party { user: endpoint.user.clone(), participant_id: participant_id(&basics.call_id, tag) };
            for what in [What::HungUp { by: from.user.clone(), is_own, reason: reason.clone() }, What::Left] {
                let (call_uuid, party) = (line.call_uuid.clone(), party.clone());
                self.outputs.push(Output::Call(CallEvent { app, call_uuid, party, at: now, what }));
            }
        }
    }
}
