//! The network path in use: which candidate pair is selected, its round-trip time, what it could carry, and how ICE and DTLS stand.

use super::{
    TRIP_AGE_MAX,
    field::Field,
    kind::Kind,
    table::{Bound, Table},
};
use crate::{
    metric::{Draft, Metric},
    report::Text,
    units::Timestamp,
};

/// What headers, sound and probes may take beside what is sent, bit/s …
const BESIDE_BPS: f64 = 100_000.0;
/// … and this many times what is sent is far more than it.
const FAR_MORE: f64 = 1.5;

/// Whether far more could be sent than is: what holds an encoder back then is not the line. Chromium's goes up in steps of some seconds, and says
/// `bandwidth` on the way.
pub(crate) fn has_room(available_bps: f64, sent_bps: f64) -> bool {
    available_bps > FAR_MORE * sent_bps + BESIDE_BPS
}

/// The selected pair over time.
#[derive(Debug, Default)]
pub(crate) struct Path {
    pair: Option<Text>,
    responses: Option<f64>,
    /// The round trip that was measured last, ms, and when it was confirmed.
    trip: Option<(f64, Timestamp)>,
    /// Changes of the selected pair so far, as the transports count them.
    changes: Option<f64>,
    /// `networkType` of its local candidate, the last that was told.
    pub(crate) network: Option<Text>,
    /// Type and address of its local candidate.
    local: (Option<Text>, Option<Text>),
    /// `iceLocalUsernameFragment` of each transport.
    fragments: Vec<(Text, Text)>,
}

impl Path {
    /// Reads the selected pair in `row`; `told_ms` is the newest round trip that RTCP told in this very report.
    ///
    /// Browsers check a connection that lasts every 2.5 s (Chromium) or 5 s, and with pictures RTCP comes every second. The newest counts and stands
    /// for [`TRIP_AGE_MAX`]; RTCP is newer than a check of the same second, mostly.
    pub(crate) fn read(&mut self, table: Table<'_>, row: usize, time: Timestamp, told_ms: Option<f64>, values: &mut Draft) {
        states(table, row, values);
        self.restarts(table, row, values);
        let Some(pair) = selected(table, row) else {
            let (network, local, fragments) = (self.network.take(), std::mem::take(&mut self.local), std::mem::take(&mut self.fragments));
            let trip = self.trip.filter(|_| self.pair.is_none());
            *self = Self { network, local, fragments, trip, ..Self::default() };
            self.trip(told_ms, time, values);
            return;
        };
        self.network(pair, row, values);
        let number = |field| pair.number(field, row).filter(|number| number.is_finite() && *number >= 0.0);
        let responses = number(Field::ResponsesReceived);
        let is_same = self.pair.as_deref() == Some(&*pair.object.id);
        let is_answered = !is_same || responses.is_none() || responses != self.responses;
        let checked_ms = number(Field::CurrentRoundTripTime).filter(|_| is_answered).map(|seconds| seconds * 1000.0);
        let is_changed = !is_same && self.pair.is_some();
        if !is_same {
            self.pair = Some(pair.object.id.clone());
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
        if is_changed {
            self.trip = None;
        }
        self.trip(told_ms.or(checked_ms), time, values);
        values.set(Metric::AvailableOutgoingBitrate, number(Field::AvailableOutgoingBitrate));
        values.set(Metric::AvailableIncomingBitrate, number(Field::AvailableIncomingBitrate));
    }

    /// Takes the round trip that was just measured, if one was, and tells the last.
    fn trip(&mut self, measured_ms: Option<f64>, time: Timestamp, values: &mut Draft) {
        if let Some(measured_ms) = measured_ms {
            self.trip = Some((measured_ms, time));
        }
        let trip = self.trip.filter(|&(_, confirmed)| time.since(confirmed).is_some_and(|age| age <= TRIP_AGE_MAX));
        values.set(Metric::Rtt, trip.map(|(trip_ms, _)| trip_ms));
    }

    /// Counts transports whose ICE credentials are others than before (RFC 8445: a restart changes them).
    fn restarts(&mut self, table: Table<'_>, row: usize, values: &mut Draft) {
        let mut restarts = None;
        for transport in table.of(Kind::Transport).filter(|transport| transport.is_in(row)) {
            // Empty until a description is set.
            let Some(fragment) = transport.text(Field::LocalUfrag, row).filter(|fragment| !fragment.is_empty()) else { continue };
            let restarts = restarts.get_or_insert(0.0);
            let has_room = self.fragments.len() < TRANSPORTS_MAX;
            match self.fragments.iter_mut().find(|(id, _)| *id == transport.object.id) {
                Some((_, held)) if held == fragment => {}
                Some((_, held)) => {
                    held.clone_from(fragment);
                    *restarts += 1.0;
                }
                None if has_room => self.fragments.push((transport.object.id.clone(), fragment.clone())),
                None => {}
            }
        }
        values.set(Metric::IceRestarts, restarts);
    }

    /// Whether this computer is on another network than before: by its type; else by the address of a candidate of the same type, where
    /// addresses are told.
    fn network(&mut self, pair: Bound<'_>, row: usize, values: &mut Draft) {
        let Some(local) = pair.linked(Field::LocalCandidateId, row) else { return };
        let network = local.text(Field::NetworkType, row);
        let told = (local.text(Field::CandidateType, row), local.text(Field::Address, row));
        let is_other = |held: &Option<Text>, text: Option<&Text>| held.as_ref().zip(text).is_some_and(|(held, text)| held != text);
        // One interface has addresses of both versions, and several of IPv6. What is hidden is a word.
        let is_ipv4 = |address: &Text| address.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let are_ipv4 = self.local.1.iter().chain(told.1).all(is_ipv4);
        let has_moved = self.local.0.as_ref() == told.0 && are_ipv4 && is_other(&self.local.1, told.1);
        if network.is_some() || told.1.is_some() {
            let is_changed = is_other(&self.network, network) || has_moved;
            values.set(Metric::NetworkChanges, Some(f64::from(u8::from(is_changed))));
        }
        self.local = (told.0.cloned(), told.1.cloned());
        if let Some(network) = network.filter(|network| self.network.as_ref() != Some(network)) {
            self.network = Some(network.clone());
        }
    }
}

/// Most transports whose restarts are followed: bundled connections have one.
const TRANSPORTS_MAX: usize = 64;

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
    let (mut named, mut flagged, mut succeeded) = (None, None, None);
    let busier = |best: &mut Option<((f64, f64), Bound<'a>)>, pair: Bound<'a>| {
        let number = |field| pair.number(field, row).unwrap_or(0.0);
        let busy = (number(Field::LastPacketReceived), number(Field::BytesReceived) + number(Field::BytesSent));
        if best.is_none_or(|(held, _)| busy > held) {
            *best = Some((busy, pair));
        }
    };
    for transport in table.of(Kind::Transport).filter(|transport| transport.is_in(row)) {
        let pair = transport.linked(Field::SelectedCandidatePairId, row);
        if let Some(pair) = pair.filter(|pair| pair.kind() == Kind::Pair && pair.is_in(row)) {
            busier(&mut named, pair);
        }
    }
    if named.is_none() {
        for pair in table.of(Kind::Pair).filter(|pair| pair.is_in(row)) {
            if pair.is(Field::Selected, row) {
                busier(&mut flagged, pair);
            }
            if pair.is(Field::Nominated, row) && pair.text(Field::State, row).is_some_and(|state| &**state == "succeeded") {
                busier(&mut succeeded, pair);
            }
        }
    }
    named.or(flagged).or(succeeded).map(|(_, pair)| pair)
}
