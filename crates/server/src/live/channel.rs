//! Who listens to what: a bounded channel per app and per conference that has a listener.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use prometheus_client::metrics::gauge::Gauge;
use sidetone_engine::ids::{AppKey, ConferenceKey};
use tokio::sync::broadcast;

use super::message::Message;

/// What a listener wants to hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Topic {
    /// Everything of an app.
    App(AppKey),
    /// One conference of an app.
    Conference(AppKey, ConferenceKey),
}

pub(crate) struct Channels {
    backlog_max: usize,
    clients_max: usize,
    clients: AtomicUsize,
    gauge: Gauge,
    senders: RwLock<HashMap<Topic, broadcast::Sender<Arc<Message>>>>,
}

/// One listener; its place is given back on drop.
pub(crate) struct Listener {
    channels: Arc<Channels>,
    topic: Topic,
    pub(crate) receiver: broadcast::Receiver<Arc<Message>>,
}

impl Channels {
    pub(crate) fn new(backlog_max: usize, clients_max: usize, gauge: Gauge) -> Self {
        Self { backlog_max, clients_max, clients: AtomicUsize::new(0), gauge, senders: RwLock::default() }
    }

    /// A new listener; `None` when there are as many as may be.
    pub(crate) fn listen(self: &Arc<Self>, topic: Topic) -> Option<Listener> {
        let grow = |clients| (clients < self.clients_max).then_some(clients + 1);
        self.clients.fetch_update(Ordering::Relaxed, Ordering::Relaxed, grow).ok()?;
        self.gauge.inc();
        let mut senders = self.senders.write().unwrap_or_else(PoisonError::into_inner);
        let receiver = senders.entry(topic).or_insert_with(|| broadcast::Sender::new(self.backlog_max)).subscribe();
        Some(Listener { channels: Arc::clone(self), topic, receiver })
    }

    /// Sends to whoever listens to the app or to the conference. `message` is made only if somebody does.
    pub(crate) fn publish(&self, app: AppKey, conference: ConferenceKey, message: impl FnOnce() -> Message) {
        let senders = self.senders.read().unwrap_or_else(PoisonError::into_inner);
        if senders.is_empty() {
            return;
        }
        let listening = [Topic::App(app), Topic::Conference(app, conference)].map(|topic| senders.get(&topic));
        if listening.iter().all(Option::is_none) {
            return;
        }
        let message = Arc::new(message());
        for sender in listening.into_iter().flatten() {
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
