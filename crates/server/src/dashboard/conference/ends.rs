//! Which peer connections are the two ends of one: what one sends under an SSRC, the other receives under the same.

use std::collections::{BTreeMap, HashMap};

use sidetone_engine::{analysis::Direction, ids::PeerConnectionKey};
use sidetone_store::record::{ConferenceDetail, PeerConnection};

/// The far end of each peer connection that has one.
#[derive(Debug, Default)]
pub(crate) struct Ends(BTreeMap<PeerConnectionKey, PeerConnectionKey>);

impl Ends {
    pub(crate) fn of(detail: &ConferenceDetail) -> Self {
        let connections = &detail.peer_connections;
        let mut senders: HashMap<u32, Vec<&PeerConnection>> = HashMap::new();
        for connection in connections {
            for stream in connection.streams.iter().filter(|record| record.stream.id.direction == Direction::Outbound) {
                senders.entry(stream.stream.id.ssrc).or_default().push(connection);
            }
        }
        let mut common: BTreeMap<(PeerConnectionKey, PeerConnectionKey), usize> = BTreeMap::new();
        for receiver in connections {
            for stream in receiver.streams.iter().filter(|record| record.stream.id.direction == Direction::Inbound) {
                for sender in senders.get(&stream.stream.id.ssrc).into_iter().flatten() {
                    let is_other = sender.key != receiver.key;
                    let at_once = sender.start <= receiver.end && receiver.start <= sender.end;
                    if is_other && at_once {
                        *common.entry((sender.key.min(receiver.key), sender.key.max(receiver.key))).or_default() += 1;
                    }
                }
            }
        }
        let mut pairs: Vec<_> = common.into_iter().collect();
        pairs.sort_by_key(|(pair, count)| (std::cmp::Reverse(*count), *pair));
        let mut ends = Self::default();
        for ((one, other), _) in pairs {
            if !ends.0.contains_key(&one) && !ends.0.contains_key(&other) {
                ends.0.insert(one, other);
                ends.0.insert(other, one);
            }
        }
        // Before anything is known of streams: two of two are the ends.
        if let [one, other] = &connections[..]
            && one.participant != other.participant
            && one.streams.is_empty()
            && other.streams.is_empty()
        {
            ends.0.insert(one.key, other.key);
            ends.0.insert(other.key, one.key);
        }
        ends
    }

    /// The other end.
    pub(crate) fn far<'a>(&self, detail: &'a ConferenceDetail, key: PeerConnectionKey) -> Option<&'a PeerConnection> {
        let far = self.0.get(&key)?;
        detail.peer_connections.iter().find(|connection| connection.key == *far)
    }

    /// Each connection once, with its far end.
    pub(crate) fn pairs<'a>(&self, detail: &'a ConferenceDetail) -> Vec<(&'a PeerConnection, Option<&'a PeerConnection>)> {
        let mut seen = Vec::new();
        let mut pairs = Vec::new();
        for connection in &detail.peer_connections {
            if seen.contains(&connection.key) {
                continue;
            }
            let far = self.far(detail, connection.key);
            seen.extend(far.map(|far| far.key));
            pairs.push((connection, far));
        }
        pairs
    }
}
