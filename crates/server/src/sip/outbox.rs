//! What waits to be sent over each socket, within its bounds.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use sidetone_sip::{FlowId, network_of};
use tokio::sync::{Notify, mpsc};

use super::{Sip, lock};

/// Messages that may wait for a slow reader; their bytes have a limit of their own.
const MESSAGES_MAX: usize = 1024;

/// What waits to be sent over one socket.
#[derive(Debug)]
pub(super) struct Outbox {
    messages: mpsc::Sender<Vec<u8>>,
    bytes: Arc<AtomicUsize>,
    /// Told when the socket is to be closed at once.
    dropped: Arc<Notify>,
    /// Where the other end is.
    network: IpAddr,
}

/// A socket that may be served: its flow, and what is to be sent over it.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) flow: FlowId,
    /// Ends when the socket is to be closed after what it holds.
    pub(super) outgoing: mpsc::Receiver<Vec<u8>>,
    /// Of the messages that wait.
    pub(super) bytes: Arc<AtomicUsize>,
    /// Told when the socket is to be closed at once.
    pub(super) dropped: Arc<Notify>,
}

impl Sip {
    /// A socket is there; `None` when there are too many already.
    pub(super) fn open(&self, peer: SocketAddr) -> Option<Opened> {
        let (flow, network) = (self.next_flow(), network_of(peer.ip()));
        let (messages, outgoing) = mpsc::channel(MESSAGES_MAX);
        let (bytes, dropped) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        {
            let mut sockets = lock(&self.sockets);
            let of_address = || sockets.values().filter(|outbox| outbox.network == network).count();
            let most = self.config.sockets_per_address_max;
            if sockets.len() >= self.config.sockets_max || (most > 0 && of_address() >= most) {
                return None;
            }
            let outbox = Outbox { messages, bytes: Arc::clone(&bytes), dropped: Arc::clone(&dropped), network };
            sockets.insert(flow, outbox);
        }
        self.with(|proxy, now| proxy.open(now, flow, peer.ip(), peer.port()));
        Some(Opened { flow, outgoing, bytes, dropped })
    }

    /// A way to the trunk is there, and takes the place of one of that number.
    pub(super) fn open_trunk(&self, flow: FlowId, peer: SocketAddr) -> Opened {
        let (messages, outgoing) = mpsc::channel(MESSAGES_MAX);
        let (bytes, dropped) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let outbox = Outbox { messages, bytes: Arc::clone(&bytes), dropped: Arc::clone(&dropped), network: network_of(peer.ip()) };
        lock(&self.sockets).insert(flow, outbox);
        self.with(|proxy, now| proxy.open_trunk(now, flow, peer.ip(), peer.port()));
        Opened { flow, outgoing, bytes, dropped }
    }

    /// What is to be sent waits for its socket. Where there is too much of it, the socket is closed.
    pub(super) fn post(&self, flow: FlowId, message: Vec<u8>) {
        let sockets = lock(&self.sockets);
        let Some(outbox) = sockets.get(&flow) else { return };
        let size = message.len();
        let waiting = outbox.bytes.fetch_add(size, Ordering::Relaxed) + size;
        if waiting > self.config.pending_bytes_max.as_usize() || outbox.messages.try_send(message).is_err() {
            self.accounts.sip.closed("slow");
            outbox.dropped.notify_one();
        }
    }

    /// A socket is to end, once what waits to be sent over it has left.
    pub(super) fn part(&self, flow: FlowId) {
        lock(&self.sockets).remove(&flow);
    }

    pub(super) fn close(&self, flow: FlowId) {
        lock(&self.sockets).remove(&flow);
        self.with(|proxy, now| proxy.close(now, flow));
    }
}
