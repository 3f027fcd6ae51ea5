//! Who may be here no more: their registrations end at once, the connections of these with the calls that run over them.

use std::collections::BTreeSet;

use sidetone_engine::{ids::AppKey, units::Timestamp};

use super::{Output, Proxy, dialog};
use crate::registrar::Binding;

/// Somebody who is registered, and by what right.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Registrant {
    /// Whose user it is.
    pub app: AppKey,
    /// The user part of its address.
    pub user: String,
    /// The key that signed its access token; `None`: it gave a password.
    pub token_key: Option<String>,
}

impl Registrant {
    fn of(user: &str, binding: &Binding) -> Self {
        let token_key = binding.grant.as_ref().map(|grant| grant.key.clone());
        Self { app: binding.app, user: user.to_owned(), token_key }
    }
}

impl Proxy {
    /// Everybody who is registered.
    #[must_use]
    pub fn registrants(&self) -> BTreeSet<Registrant> {
        self.registrar.all().map(|(user, binding)| Registrant::of(user, binding)).collect()
    }

    /// Ends the registrations of somebody: no call reaches them any more. Those that they are in go on.
    pub fn dismiss(&mut self, now: Timestamp, registrant: &Registrant) {
        self.now = now;
        let user = &registrant.user;
        let is_gone = |binding: &Binding| Registrant::of(user, binding) == *registrant;
        let flows = self.registrar.of(user).iter().filter(|binding| is_gone(binding)).filter_map(|binding| binding.flow);
        self.dismissed.extend(flows);
        self.registrar.remove(user, |binding| is_gone(binding));
        self.forget_left();
    }

    /// Forgets those who left and are in no call, and closes the connections on which only such were that had to leave.
    pub(super) fn forget_left(&mut self) {
        let in_calls = self.calls.endpoints();
        self.registrar.forget_left(|endpoint| in_calls.contains(endpoint));
        let calling: BTreeSet<_> = in_calls.iter().filter_map(|endpoint| dialog::caller_flow(endpoint)).collect();
        let idle = self.dismissed.extract_if(.., |flow| !self.registrar.reaches(*flow) && !calling.contains(flow));
        self.outputs.extend(idle.map(|flow| Output::Close { flow }));
    }
}
