//! What the far end tells of one stream by RTCP.

use super::{
    RTCP_AGE_MAX,
    counters::{Counters, over},
    field::Field,
    table::Bound,
};
use crate::units::Timestamp;

/// What it told last.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told {
    /// Round-trip time.
    pub(crate) rtt_ms: Option<f64>,
    /// Jitter that the far end sees.
    pub(crate) jitter_ms: Option<f64>,
    /// Loss that the far end sees.
    pub(crate) loss_ratio: Option<f64>,
}

/// Its reports over time.
#[derive(Debug, Default)]
pub(crate) struct Rtcp {
    counters: Counters,
    told: Told,
    told_at: Option<Timestamp>,
    /// `packetsSent` when it last told something.
    sent: Option<f64>,
}

impl Rtcp {
    /// Reads what it tells; `sent` packets were counted before. An unchanged timestamp is no new report. Gives when a sender report came by our
    /// clock, and when it left by that of the far end, where both are told.
    pub(super) fn read(&mut self, object: Bound<'_>, row: usize, time: Timestamp, sent: Option<f64>) -> Option<(f64, f64)> {
        let counters = &mut self.counters;
        counters.now.clear();
        counters.now.load(object, row);
        let is_old = counters.level(Field::Timestamp).zip(counters.before.get(Field::Timestamp)).is_some_and(|(now, before)| now == before);
        if is_old {
            return None;
        }
        let lost = counters.change(Field::PacketsLost).map(|lost| lost.max(0.0));
        let counted = lost.and_then(|lost| {
            let due = match counters.growth(Field::PacketsReceived) {
                Some(received) => received + lost,
                None => sent? - self.sent?,
            };
            over(lost, due)
        });
        let milliseconds = |seconds: f64| seconds * 1000.0;
        self.told = Told {
            rtt_ms: counters.level(Field::RoundTripTime).map(milliseconds),
            jitter_ms: counters.level(Field::Jitter).map(milliseconds),
            // A fraction is of the packets since the report before, which with pictures may be four.
            loss_ratio: counted.or(counters.level(Field::FractionLost)).map(|loss| loss.clamp(0.0, 1.0)),
        };
        self.told_at = Some(time);
        self.sent = sent;
        let clocks = counters.level(Field::Timestamp).zip(counters.level(Field::RemoteTimestamp));
        counters.roll();
        clocks
    }

    /// A round trip that was told in the report of `time` and not before: when, by the clock of RTCP's own report, and how long it took, ms.
    pub(crate) fn newest(&self, time: Timestamp) -> Option<(f64, f64)> {
        let rtt_ms = self.told.rtt_ms.filter(|_| self.told_at == Some(time))?;
        Some((self.counters.before.get(Field::Timestamp).unwrap_or(0.0), rtt_ms))
    }

    /// What it told, while that stands.
    pub(crate) fn told(&self, time: Timestamp) -> Told {
        let age = self.told_at.and_then(|told_at| time.since(told_at));
        if age.is_some_and(|age| age <= RTCP_AGE_MAX) { self.told } else { Told::default() }
    }
}
