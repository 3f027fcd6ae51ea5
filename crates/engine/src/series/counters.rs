//! Two successive readings of one stats object and what lies between them.

use super::{field::Field, table::Bound};
use crate::bits::Bits;

const _: () = assert!(Field::NUMBERS <= Bits::COUNT);

/// The numbers of one object in one report.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reading {
    present: Bits,
    /// By place of the field; nothing before the first is read.
    values: Vec<f64>,
}

impl Reading {
    /// Takes the numbers of the object in `row`; those already taken stay.
    pub(crate) fn load(&mut self, object: Bound<'_>, row: usize) {
        self.values.resize(Field::NUMBERS, 0.0);
        let Self { present, values } = self;
        let taken = *present;
        let found = object.each_number(row, |place, value| {
            if !taken.has(place) {
                values[place] = value;
            }
        });
        *present = taken.or(found);
    }

    /// The number, if the report had it.
    pub(crate) fn get(&self, field: Field) -> Option<f64> {
        let place = field as usize;
        if self.present.has(place) { self.values.get(place).copied() } else { None }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.present = Bits::default();
    }

    /// Whether nothing was read.
    pub(crate) fn is_empty(&self) -> bool {
        self.present.is_empty()
    }
}

/// Counters that never fall while a stream lives: if one does, it is another stream.
const MONOTONE: [Field; 8] = [
    Field::PacketsReceived,
    Field::BytesReceived,
    Field::PacketsSent,
    Field::BytesSent,
    Field::FramesDecoded,
    Field::FramesEncoded,
    Field::TotalSamplesReceived,
    Field::TotalSamplesCount,
];

/// Rounding of summed floats may let a counter fall by this much.
const ROUNDING: f64 = 1e-6;

/// An object in this report and in the one before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters {
    /// In this report.
    pub(crate) now: Reading,
    /// In the report before; empty when there is no baseline.
    pub(crate) before: Reading,
}

impl Counters {
    /// Makes this report the one before.
    pub(crate) fn roll(&mut self) {
        std::mem::swap(&mut self.now, &mut self.before);
        self.now.clear();
    }

    /// Whether a counter fell that never falls while a stream lives.
    pub(crate) fn was_reset(&self) -> bool {
        MONOTONE.iter().any(|&field| self.change(field).is_some_and(|change| change < 0.0))
    }

    /// The number in this report; absent when it is negative, as nothing is but decibels.
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(crate) fn level(&self, field: Field) -> Option<f64> {
        self.now.get(field).filter(|&level| level >= 0.0)
    }

    /// How much a member changed, falling included.
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(crate) fn change(&self, field: Field) -> Option<f64> {
        Some(self.now.get(field)? - self.before.get(field)?)
    }

    /// How much a counter grew; absent when it fell.
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(crate) fn growth(&self, field: Field) -> Option<f64> {
        self.change(field).filter(|&change| change >= -ROUNDING).map(|change| change.max(0.0))
    }

    /// Growth of one counter over that of another; absent while the other stands.
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(crate) fn mean(&self, part: Field, count: Field) -> Option<f64> {
        over(self.growth(part)?, self.growth(count)?)
    }

    /// As [`Counters::mean`], at most 1.
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(crate) fn share(&self, part: Field, whole: Field) -> Option<f64> {
        self.mean(part, whole).map(|share| share.min(1.0))
    }

    /// Seconds between the two readings by the object's own clock.
    pub(crate) fn seconds(&self) -> Option<f64> {
        Some(self.change(Field::Timestamp)? / 1000.0)
    }
}

/// `part / whole`; absent when there is no whole.
pub(crate) fn over(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// Root mean square of sound from energy and duration.
pub(crate) fn rms(counters: &Counters) -> Option<f64> {
    counters.mean(Field::TotalAudioEnergy, Field::TotalSamplesDuration).map(|power| power.sqrt().min(1.0))
}
