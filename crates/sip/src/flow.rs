//! One connection to a client, as the proxy knows it: the nonces it was given, what it may still send.

use std::{
    collections::VecDeque,
    net::{IpAddr, Ipv6Addr},
};

use sidetone_engine::units::Timestamp;

/// Names a connection, or a UDP address that talks to us; the edge gives each another number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowId(pub u64);

/// The network that is counted for an address, where each has a limit: an IPv4 address, written as IPv6 or not; of IPv6 the 64 bits that a provider
/// gives to one customer, who chooses the other 64 freely (RFC 7421, RFC 8981).
#[must_use]
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

/// How a nonce was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NonceUse {
    Fresh,
    /// Unknown here, too old, or its count was used before: another nonce may help.
    Stale,
}

/// Nonces that a flow may still use.
const NONCES_MAX: usize = 16;
/// How long a nonce can be used, µs.
const NONCE_LIFETIME_US: i64 = 300_000_000;

#[derive(Debug)]
struct Nonce {
    value: String,
    issued: Timestamp,
    /// Highest count it was used with.
    count: u32,
}

/// Who is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlowKind {
    /// A phone, on a WebSocket.
    Phone,
    /// The trunk.
    Trunk,
}

#[derive(Debug)]
pub(crate) struct Flow {
    pub(crate) peer: IpAddr,
    pub(crate) port: u16,
    pub(crate) kind: FlowKind,
    /// Requests of it in progress.
    pub(crate) pending: usize,
    pub(crate) messages: Bucket,
    nonces: VecDeque<Nonce>,
}

impl Flow {
    pub(crate) fn new(peer: IpAddr, port: u16, kind: FlowKind, messages: Bucket) -> Self {
        Self { peer, port, kind, pending: 0, messages, nonces: VecDeque::new() }
    }

    pub(crate) fn add_nonce(&mut self, value: String, now: Timestamp) {
        if self.nonces.len() == NONCES_MAX {
            self.nonces.pop_front();
        }
        self.nonces.push_back(Nonce { value, issued: now, count: 0 });
    }

    /// Uses a nonce with a count that must rise.
    pub(crate) fn use_nonce(&mut self, value: &str, count: u32, now: Timestamp) -> NonceUse {
        let found = self.nonces.iter_mut().find(|nonce| nonce.value == value);
        match found {
            Some(nonce) if nonce.issued.plus_micros(NONCE_LIFETIME_US) > now && count > nonce.count => {
                nonce.count = count;
                NonceUse::Fresh
            }
            _ => NonceUse::Stale,
        }
    }
}

/// A token bucket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    per_second: f64,
    size: f64,
    tokens: f64,
    at: Timestamp,
}

impl Bucket {
    pub(crate) fn new(per_second: f64, size: f64, now: Timestamp) -> Self {
        Self { per_second, size, tokens: size, at: now }
    }

    fn fill(&mut self, now: Timestamp) {
        let passed = now.since(self.at).unwrap_or_default().as_secs_f64();
        self.tokens = (self.tokens + passed * self.per_second).min(self.size);
        self.at = now;
    }

    /// Takes one; `false` when there is none.
    pub(crate) fn take(&mut self, now: Timestamp) -> bool {
        self.fill(now);
        let is_there = self.tokens >= 1.0;
        if is_there {
            self.tokens -= 1.0;
        }
        is_there
    }

    /// Whether one could be taken.
    pub(crate) fn has_some(&mut self, now: Timestamp) -> bool {
        self.fill(now);
        self.tokens >= 1.0
    }

    /// Whether nothing was taken for so long that it can be forgotten.
    pub(crate) fn is_full(&mut self, now: Timestamp) -> bool {
        self.fill(now);
        self.tokens >= self.size
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn a_nonce_is_used_with_rising_counts_until_it_is_old() {
        let mut flow = Flow::new([127, 0, 0, 1].into(), 1, FlowKind::Phone, Bucket::new(1.0, 1.0, at(0)));
        flow.add_nonce("n".into(), at(0));
        for (count, second, expected) in
            [(1, 1, NonceUse::Fresh), (1, 1, NonceUse::Stale), (3, 2, NonceUse::Fresh), (2, 2, NonceUse::Stale), (4, 301, NonceUse::Stale)]
        {
            assert_eq!(flow.use_nonce("n", count, at(second)), expected, "{count} at {second}");
        }
        assert_eq!(flow.use_nonce("other", 1, at(1)), NonceUse::Stale);
    }

    #[test]
    fn a_bucket_refills() {
        let mut bucket = Bucket::new(2.0, 3.0, at(0));
        assert_eq!((0..9).filter(|_| bucket.take(at(0))).count(), 3);
        assert_eq!((0..9).filter(|_| bucket.take(at(1))).count(), 2);
    }
}
