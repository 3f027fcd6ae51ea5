//! Who is reachable where: the contacts of every user (RFC 3261 section 10, RFC 5626).
//!
//! A contact belongs to a device: the `+sip.instance` and `reg-id` that it names, else its URI. A device that registers on another flow
//! moves there, and with it every dialog that it has. A contact whose flow was cut waits for its device until it expires.

use std::collections::HashMap;

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
}

impl Registrar {
    /// Contacts of a user, those that wait for their device too.
    pub(crate) fn of(&self, user: &str) -> &[Binding] {
        self.bindings.get(user).map(Vec::as_slice).unwrap_or_default()
    }

    pub(crate) fn find(&self, endpoint: &Endpoint) -> Option<&Binding> {
        self.of(&endpoint.user).iter().find(|binding| binding.device == endpoint.device)
    }

    /// How many contacts there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Adds a contact, or puts it in the place of that of the same device.
    pub(crate) fn put(&mut self, user: &str, binding: Binding) {
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
    pub(crate) fn remove(&mut self, user: &str, mut is_gone: impl FnMut(&Binding) -> bool) {
        let Some(bindings) = self.bindings.get_mut(user) else { return };
        let before = bindings.len();
        bindings.retain(|binding| !is_gone(binding));
        self.count -= before - bindings.len();
        if bindings.is_empty() {
            self.bindings.remove(user);
        }
    }

    /// Forgets what has expired.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        let mut gone = 0;
        self.bindings.retain(|_, bindings| {
            let before = bindings.len();
            bindings.retain(|binding| binding.expires > now);
            gone += before - bindings.len();
            !bindings.is_empty()
        });
        self.count -= gone;
    }

    /// The contacts of these endpoints lose their flow, if it is still that one.
    pub(crate) fn cut(&mut self, flow: FlowId, endpoints: &[Endpoint]) {
        for endpoint in endpoints {
            let bindings = self.bindings.get_mut(&endpoint.user).into_iter().flatten();
            for binding in bindings.filter(|binding| binding.device == endpoint.device && binding.flow == Some(flow)) {
                binding.flow = None;
            }
        }
    }
}
