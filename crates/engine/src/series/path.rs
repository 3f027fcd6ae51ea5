//! The network path in use: which candidate pair is selected, its round-trip time, what it could carry, and how ICE and DTLS stand.

use super::{
    STUN_AGE_MAX,
    field::Field,
    table::{Bound, Kind, Table},
};
use crate::{
    metric::{Draft, Metric},
    report::Text,
    units::Timestamp,
};

/// The selected pair over time.
#[derive(Debug, Default)]
pub(crate) struct Path {
    pair: Option<Text>,
    responses: Option<f64>,
    /// When the pair's round-trip time was last confirmed.
    confirmed: Option<Timestamp>,
    /// Changes of the selected pair so far, as the transports count them.
    changes: Option<f64>,
    /// `networkType` of its local candidate, the last that was told.
    pub(crate) network: Option<Text>,
}

impl Path {
    /// Reads the selected pair in `row`.
    ///
    /// The round-trip time stands while checks are answered, and [`STUN_AGE_MAX`] longer.
    pub(crate) fn read(&mut self, table: Table<'_>, row: usize, time: Timestamp, values: &mut Draft) {
        states(table, row, values);
        let Some(pair) = selected(table, row) else {
            *self = Self { network: self.network.take(), ..Self::default() };
            return;
        };
        let number = |field| pair.number(field, row).filter(|number| number.is_finite() && *number >= 0.0);
        let responses = number(Field::ResponsesReceived);
        let is_same = self.pair.as_deref() == Some(&*pair.object.id);
        if !is_same || responses.is_none() || responses != self.responses {
            self.confirmed = Some(time);
        }
        let is_changed = !is_same && self.pair.is_some();
        if !is_same {
            self.pair = Some(pair.object.id.clone());
            let network = pair.linked(Field::LocalCandidateId, row).and_then(|local| local.text(Field::NetworkType, row));
            self.network = network.cloned().or_else(|| self.network.take());
        }
        let counted = table.of(Kind::Transport).filter(|transport| transport.is_in(row));
        let counted =
            counted.filter_map(|transport| transport.number(Field::SelectedCandidatePairChanges, row)).reduce(|sum, count| sum + count);
        // A counter that fell is another connection's; without one the pair's id tells.
        let changes = match (self.changes, counted) {
            (Some(before), Some(now)) => (now - before).max(0.0),
            _ => f64::from(u8::from(is_changed)),
        };
        self.changes = counted;
        values.set(Metric::CandidatePairChanges, Some(changes));
        relay(pair, row, values);
        self.responses = responses;
        let is_fresh = self.confirmed.and_then(|confirmed| time.since(confirmed)).is_some_and(|age| age <= STUN_AGE_MAX);
        let rtt = number(Field::CurrentRoundTripTime).filter(|_| is_fresh);
        values.set(Metric::Rtt, rtt.map(|seconds| seconds * 1000.0));
        values.set(Metric::AvailableOutgoingBitrate, number(Field::AvailableOutgoingBitrate));
        values.set(Metric::AvailableIncomingBitrate, number(Field::AvailableIncomingBitrate));
    }
}

/// How ICE and DTLS stand: the worst of the transports. Absent where the browser does not say.
fn states(table: Table<'_>, row: usize, values: &mut Draft) {
    let worst = |field, bad: &[&str]| {
        let told = table.of(Kind::Transport).filter(|transport| transport.is_in(row)).filter_map(|transport| transport.text(field, row));
        told.map(|state| f64::from(u8::from(bad.contains(&&**state)))).reduce(f64::max)
    };
    values.set(Metric::IceDisconnected, worst(Field::IceState, &["disconnected", "failed"]));
    values.set(Metric::IceFailed, worst(Field::IceState, &["failed"]));
    values.set(Metric::DtlsFailed, worst(Field::DtlsState, &["failed"]));
}

/// Whether the pair goes through TURN, and how our server is reached.
fn relay(pair: Bound<'_>, row: usize, values: &mut Draft) {
    let candidate = |field| pair.linked(field, row).filter(|candidate| candidate.kind() == Kind::Candidate && candidate.is_in(row));
    let (local, remote) = (candidate(Field::LocalCandidateId), candidate(Field::RemoteCandidateId));
    let is_relay = |candidate: Bound<'_>| candidate.text(Field::CandidateType, row).map(|kind| matches!(&**kind, "relay" | "relayed"));
    let (near, far) = (local.and_then(is_relay), remote.and_then(is_relay));
    let flag = |is: bool| f64::from(u8::from(is));
    values.set(Metric::Relayed, near.or(far).map(|_| flag(near == Some(true) || far == Some(true))));
    let protocol = local.filter(|_| near == Some(true)).and_then(|local| local.text(Field::RelayProtocol, row));
    values.set(Metric::RelayedOverTcp, near.map(|_| flag(protocol.is_some_and(|protocol| matches!(&**protocol, "tcp" | "tls")))));
}

/// The selected pair in `row`: named by a transport, else flagged `selected` (Firefox), else nominated and succeeded.
///
/// Of several (transports that are not bundled, several nominated pairs) the one that received a packet last, then the busiest.
fn selected<'a>(table: Table<'a>, row: usize) -> Option<Bound<'a>> {
    let present = |object: &Bound<'_>| object.is_in(row);
    let busiest = |pairs: &mut dyn Iterator<Item = Bound<'a>>| {
        pairs
            .map(|pair| {
                let number = |field| pair.number(field, row).unwrap_or(0.0);
                (number(Field::LastPacketReceived), number(Field::BytesReceived) + number(Field::BytesSent), pair)
            })
            .reduce(|best, pair| if (pair.0, pair.1) > (best.0, best.1) { pair } else { best })
            .map(|(.., pair)| pair)
    };
    let named = &mut table
        .of(Kind::Transport)
        .filter(present)
        .filter_map(|transport| transport.linked(Field::SelectedCandidatePairId, row))
        .filter(|pair| pair.kind() == Kind::Pair)
        .filter(present);
    let pairs = || table.of(Kind::Pair).filter(present);
    let flagged = |field| pairs().filter(move |pair| pair.is(field, row));
    busiest(named).or_else(|| busiest(&mut flagged(Field::Selected))).or_else(|| {
        busiest(&mut flagged(Field::Nominated).filter(|pair| pair.text(Field::State, row).is_some_and(|state| &**state == "succeeded")))
    })
}
