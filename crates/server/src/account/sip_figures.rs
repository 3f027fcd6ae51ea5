//! The metrics of phones.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use sidetone_sip::Figures;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AnswerLabels {
    method: &'static str,
    code: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClosedLabel {
    reason: &'static str,
}

/// The metrics of phones.
#[derive(Debug, Default)]
pub(crate) struct SipFigures {
    sockets: Gauge,
    contacts: Gauge,
    transactions: Gauge,
    calls: Gauge,
    trunk_calls: Gauge,
    trunk_open: Gauge,
    trunk_registered: Gauge,
    /// What came to the trunk's port from elsewhere than its address: datagrams and connections.
    pub(crate) strangers: Counter,
    answers: Family<AnswerLabels, Counter>,
    closed: Family<ClosedLabel, Counter>,
    /// Texts that were no SIP messages.
    pub(crate) unreadable: Counter,
    /// Events of calls that were thrown away because the store lagged behind.
    pub(crate) events_dropped: Counter,
}

impl SipFigures {
    pub(super) fn register(&self, registry: &mut Registry) {
        let Self { sockets, contacts, transactions, calls, answers, closed, unreadable, events_dropped, .. } = self;
        let Self { trunk_calls, trunk_open, trunk_registered, strangers, .. } = self;
        registry.register("sip_sockets", "Open WebSockets of phones", sockets.clone());
        registry.register("sip_contacts", "Registered contacts", contacts.clone());
        registry.register("sip_transactions", "SIP requests in progress", transactions.clone());
        registry.register("sip_calls", "Calls that ring or run", calls.clone());
        registry.register("sip_trunk_calls", "Calls over the trunk", trunk_calls.clone());
        registry.register("sip_trunk_open", "Whether messages can be sent to the trunk", trunk_open.clone());
        registry.register("sip_trunk_registered", "Whether we are registered at the trunk", trunk_registered.clone());
        registry.register("sip_trunk_strangers", "Datagrams and connections to the trunk's port from elsewhere", strangers.clone());
        registry.register("sip_answers", "Final answers to SIP requests, by method and code", answers.clone());
        registry.register("sip_sockets_closed", "WebSockets of phones that ended, or were refused, by reason", closed.clone());
        registry.register("sip_unreadable", "Texts of phones that were no SIP messages", unreadable.clone());
        registry.register("sip_events_dropped", "Events of calls thrown away because the store lagged behind", events_dropped.clone());
    }

    pub(crate) fn holds(&self, figures: Figures) {
        let trunk = figures.trunk.unwrap_or_default();
        for (gauge, value) in [
            (&self.sockets, figures.flows),
            (&self.contacts, figures.contacts),
            (&self.transactions, figures.transactions),
            (&self.calls, figures.calls),
            (&self.trunk_calls, trunk.calls),
            (&self.trunk_open, trunk.is_open.into()),
            (&self.trunk_registered, trunk.is_registered.into()),
        ] {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        }
    }

    pub(crate) fn answered(&self, method: &'static str, code: u16) {
        self.answers.get_or_create(&AnswerLabels { method, code }).inc();
    }

    pub(crate) fn closed(&self, reason: &'static str) {
        self.closed.get_or_create(&ClosedLabel { reason }).inc();
    }
}
