//! Who is reachable where: the contacts of every user (RFC 3261 section 10, RFC 5626).
//!
//! A contact belongs to a device: the `+sip.instance` and `reg-id` that it names, else its URI. A device that registers on another flow
//! moves there, and with it every dialog that it has. A contact whose flow was cut waits for its device until it expires. A device whose
//! registration ended while its flow stands has left: no new call goes there, those that it has go on.

use std::collections::{BTreeSet, HashMap};

use sidetone_engine::{ids::AppKey, units::Timestamp};

use crate::{account::Grant, flow::FlowId};

/// One device of one user: what a dialog is between.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Endpoint {
    pub(crate) user: String,
    pub(crate) device: String,
}

/// One contact.
#[derive(Clone, Debug)]
pub(crate) struct Binding {
    pub(crate) app: AppKey,
    pub(crate) device: String,
    /// What calls are sent to.
    pub(crate) uri: String,
    /// The device's own, as the parameter `gr` of its GRUU (RFC 5627); empty: it did not tell.
    pub(crate) instance: String,
    /// As the client wrote it, without `expires`.
    pub(crate) shown: String,
    /// Where it is reached; `None` while its socket is gone.
    pub(crate) flow: Option<FlowId>,
    pub(crate) expires: Timestamp,
    pub(crate) call_id: String,
    pub(crate) cseq: u32,
    /// What its token allows; `None` where a password was given.
    pub(crate) grant: Option<Grant>,
}

/// Every contact.
#[derive(Debug, Default)]
pub(crate) struct Registrar {
    bindings: HashMap<String, Vec<Binding>>,
    count: usize,
    /// Who is reached over each flow: those who are registered there, and those who left.
    reached: HashMap<FlowId, BTreeSet<Endpoint>>,
    left: HashMap<Endpoint, FlowId>,
}

impl Registrar {
    /// Contacts of a user, those that wait for their device too.
    pub(crate) fn of(&self, user: &str) -> &[Binding] {
        self.bindings.get(user).map(Vec::as_slice).unwrap_or_default()
    }

    /// Every contact, with its user.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &Binding)> {
        self.bindings.iter().flat_map(|(user, bindings)| bindings.iter().map(|binding| (user.as_str(), binding)))
    }

    pub(crate) fn find(&self, endpoint: &Endpoint) -> Option<&Binding> {
        self.of(&endpoint.user).iter().find(|binding| binding.device == endpoint.device)
    }

    /// The device of a user that is registered over a flow.
    pub(crate) fn device(&self, user: &str, flow: FlowId) -> Option<Endpoint> {
        let binding = self.of(user).iter().find(|binding| binding.flow == Some(flow))?;
        Some(Endpoint { user: user.to_owned(), device: binding.device.clone() })
    }

    /// Where a device is reached: where it is registered, or was last.
    pub(crate) fn flow_of(&self, endpoint: &Endpoint) -> Option<FlowId> {
        self.find(endpoint).map_or_else(|| self.left.get(endpoint).copied(), |binding| binding.flow)
    }

    /// Whether anybody is reached over a flow.
    pub(crate) fn reaches(&self, flow: FlowId) -> bool {
        self.reached.contains_key(&flow)
    }

    /// Whether a device may be heard of again.
    pub(crate) fn is_known(&self, endpoint: &Endpoint) -> bool {
        self.left.contains_key(endpoint) || self.find(endpoint).is_some()
    }

    /// How many contacts there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Whether nothing is held of anybody.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0 && self.bindings.is_empty() && self.reached.is_empty() && self.left.is_empty()
    }

    /// Adds a contact, or puts it in the place of that of the same device.
    pub(crate) fn put(&mut self, user: &str, binding: Binding) {
        let endpoint = Endpoint { user: user.to_owned(), device: binding.device.clone() };
        if let Some(before) = self.flow_of(&endpoint) {
            self.forget(&endpoint, before);
        }
        if let Some(flow) = binding.flow {
            self.reached.entry(flow).or_default().insert(endpoint);
        }
        let bindings = self.bindings.entry(user.to_owned()).or_default();
        match bindings.iter_mut().find(|held| held.device == binding.device) {
            Some(held) => *held = binding,
            None => {
                bindings.push(binding);
                self.count += 1;
            }
        }
    }

    /// Removes the contacts of a user that `is_gone` names.
    pub(crate) fn remove(&mut self, user: &str, is_gone: impl FnMut(&mut Binding) -> bool) {
        let Some(bindings) = self.bindings.get_mut(user) else { return };
        let gone: Vec<Binding> = bindings.extract_if(.., is_gone).collect();
        if bindings.is_empty() {
            self.bindings.remove(user);
        }
        self.leave(user, gone);
    }

    /// Forgets what has expired.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        let has_expired = |binding: &Binding| binding.expires <= now;
        let users: Vec<String> =
            self.bindings.iter().filter(|(_, bindings)| bindings.iter().any(has_expired)).map(|(user, _)| user.clone()).collect();
        for user in users {
            self.remove(&user, |binding| has_expired(binding));
        }
    }

    /// Forgets those who left and are in no call.
    pub(crate) fn forget_left(&mut self, is_in_call: impl Fn(&Endpoint) -> bool) {
        let idle: Vec<(Endpoint, FlowId)> =
            self.left.iter().filter(|(endpoint, _)| !is_in_call(endpoint)).map(|(endpoint, flow)| (endpoint.clone(), *flow)).collect();
        for (endpoint, flow) in idle {
            self.forget(&endpoint, flow);
        }
    }

    /// Nobody is reached over a flow any more.
    pub(crate) fn cut(&mut self, flow: FlowId) {
        for endpoint in self.reached.remove(&flow).unwrap_or_default() {
            self.left.remove(&endpoint);
            let bindings = self.bindings.get_mut(&endpoint.user).into_iter().flatten();
            for binding in bindings.filter(|binding| binding.device == endpoint.device) {
                binding.flow = None;
            }
        }
    }

    fn leave(&mut self, user: &str, gone: Vec<Binding>) {
        self.count -= gone.len();
        for Binding { device, flow, .. } in gone {
            if let Some(flow) = flow {
                self.left.insert(Endpoint { user: user.to_owned(), device }, flow);
            }
        }
    }

    fn forget(&mut self, endpoint: &Endpoint, flow: FlowId) {
        self.left.remove(endpoint);
        if let Some(reached) = self.reached.get_mut(&flow) {
            reached.remove(endpoint);
            if reached.is_empty() {
                self.reached.remove(&flow);
            }
        }
    }
}
