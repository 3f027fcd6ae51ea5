//! The network path in use: which candidate pair is selected, its round-trip time and what it could carry.

use super::{
    STUN_AGE_MAX,
    field::Field,
    table::{Binding, Kind, Table},
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
}

impl Path {
    /// Reads the selected pair in `row`.
    ///
    /// The round-trip time stands while checks are answered, and [`STUN_AGE_MAX`] longer.
    pub(crate) fn read(&mut self, table: &Table<'_>, row: usize, time: Timestamp, values: &mut Draft) {
        let Some(pair) = selected(table, row) else {
            *self = Self::default();
            return;
        };
        let number = |field| pair.number(field, row).filter(|number| number.is_finite() && *number >= 0.0);
        let responses = number(Field::ResponsesReceived);
        let is_same = self.pair.as_deref() == Some(&*pair.object.id);
        if !is_same || responses.is_none() || responses != self.responses {
            self.confirmed = Some(time);
        }
        if !is_same {
            self.pair = Some(pair.object.id.clone());
        }
        self.responses = responses;
        let is_fresh = self.confirmed.and_then(|confirmed| time.since(confirmed)).is_some_and(|age| age <= STUN_AGE_MAX);
        let rtt = number(Field::CurrentRoundTripTime).filter(|_| is_fresh);
        values.set(Metric::Rtt, rtt.map(|seconds| seconds * 1000.0));
        values.set(Metric::AvailableOutgoingBitrate, number(Field::AvailableOutgoingBitrate));
        values.set(Metric::AvailableIncomingBitrate, number(Field::AvailableIncomingBitrate));
    }
}

/// The selected pair in `row`: named by a transport, else flagged `selected` (Firefox), else nominated and succeeded.
///
/// Of several (transports that are not bundled, several nominated pairs) the one that received a packet last, then the busiest.
fn selected<'a, 'b>(table: &'b Table<'a>, row: usize) -> Option<&'b Binding<'a>> {
    let present = |binding: &&Binding<'_>| binding.is_in(row);
    let busiest = |pairs: &mut dyn Iterator<Item = &'b Binding<'a>>| {
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
        .filter_map(|transport| table.linked(transport, Field::SelectedCandidatePairId, row))
        .filter(|pair| pair.kind == Kind::Pair)
        .filter(present);
    let pairs = || table.of(Kind::Pair).filter(present);
    let flagged = |field| pairs().filter(move |pair| pair.is(field, row));
    busiest(named).or_else(|| busiest(&mut flagged(Field::Selected))).or_else(|| {
        busiest(&mut flagged(Field::Nominated).filter(|pair| pair.text(Field::State, row).is_some_and(|state| &**state == "succeeded")))
    })
}
