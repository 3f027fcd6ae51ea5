//! Who listens to what: a bounded channel per app and per conference that has a listener, with ticks and without.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use prometheus_client::metrics::gauge::Gauge;
use serde::Serialize;
use sidetone_engine::ids::{AppKey, ConferenceKey};
use tokio::sync::broadcast;

use super::message::{Message, TICK};

/// What a listener wants to hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Topic {
    /// Everything of an app.
    App(AppKey),
    /// One conference of an app.
    Conference(AppKey, ConferenceKey),
}

type Senders = HashMap<(Topic, bool), broadcast::Sender<Arc<Message>>>;

pub(crate) struct Channels {
    backlog_max: usize,
    clients_max: usize,
    clients: AtomicUsize,
    gauge: Gauge,
    /// By topic and whether ticks are wanted: who does not want them must not lose other messages to them.
    senders: RwLock<Senders>,
}

/// One listener; its place is given back on drop.
pub(crate) struct Listener {
    channels: Arc<Channels>,
    topic: (Topic, bool),
    pub(crate) receiver: broadcast::Receiver<Arc<Message>>,
}

impl Channels {
    pub(crate) fn new(backlog_max: usize, clients_max: usize, gauge: Gauge) -> Self {
        Self { backlog_max, clients_max, clients: AtomicUsize::new(0), gauge, senders: RwLock::default() }
    }

    /// A new listener; `None` when there are as many as may be.
    pub(crate) fn listen(self: &Arc<Self>, topic: Topic, ticks: bool) -> Option<Listener> {
        let topic = (topic, ticks);
        let grow = |clients| (clients < self.clients_max).then_some(clients + 1);
        self.clients.fetch_update(Ordering::Relaxed, Ordering::Relaxed, grow).ok()?;
        self.gauge.inc();
        let mut senders = self.senders.write().unwrap_or_else(PoisonError::into_inner);
        let receiver = senders.entry(topic).or_insert_with(|| broadcast::Sender::new(self.backlog_max)).subscribe();
        Some(Listener { channels: Arc::clone(self), topic, receiver })
    }

    /// Sends to whoever listens to the app or to the conference. The body is made only if somebody does.
    pub(crate) fn publish<B: Serialize>(&self, app: AppKey, conference: ConferenceKey, name: &'static str, body: impl FnOnce() -> B) {
        let senders = self.senders.read().unwrap_or_else(PoisonError::into_inner);
        if senders.is_empty() {
            return;
        }
        let [of_app, of_conference] = [Topic::App(app), Topic::Conference(app, conference)];
        let with_ticks = [(of_app, true), (of_conference, true)];
        let without = [(of_app, false), (of_conference, false)];
        let topics = with_ticks.iter().chain(without.iter().filter(|_| name != TICK));
        let mut listening = topics.filter_map(|topic| senders.get(topic)).peekable();
        if listening.peek().is_none() {
            return;
        }
        let message = Arc::new(Message::new(name, &body()));
        for sender in listening {
            // An error means that the last listener has just gone.
            let _ = sender.send(Arc::clone(&message));
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.channels.clients.fetch_sub(1, Ordering::Relaxed);
        self.channels.gauge.dec();
        let mut senders = self.channels.senders.write().unwrap_or_else(PoisonError::into_inner);
        // This receiver is still counted.
        if senders.get(&self.topic).is_some_and(|sender| sender.receiver_count() <= 1) {
            senders.remove(&self.topic);
        }
    }
}
