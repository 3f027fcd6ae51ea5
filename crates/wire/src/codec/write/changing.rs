//! What changes in a run: counters by the predictor that leaves the least, the integers in texts, and mixtures.

use std::borrow::Cow;

use sidetone_engine::report::{Column, Data, Value};

use super::Writing;
use crate::codec::{
    budget,
    columns::Place,
    dictionary::{CLASS_FIELDS, CLASS_OFFS, CLASS_OTHER, Member, mode},
    number::{self, BITS, Scaled},
    object::{self, FIELD_WAYS, SAME_SLOTS},
    predict::{Other, Predictor, Walk},
    residual::{cost_of, write_run},
    rows,
};

/// Predictors whose mode takes so many bits are not tried for runs shorter than that.
const UNLIKELY_BITS: u32 = 8;
const LONG_BITS: u32 = 160;

impl<'a> Writing<'a> {
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(super) fn changing(&mut self, (place, held): (Option<Place>, Option<Place>), member: &Member, column: &'a Column, rows: &[usize]) {
        let ordinal = place.map_or(0, |place| place.ordinal);
        let numbers: Cow<'_, [f64]> = match &column.data {
            Data::Numbers(numbers) if rows.len() == numbers.len() => Cow::Borrowed(numbers),
            _ => Cow::Owned(rows::numbers(column, rows)),
        };
        if numbers.len() == rows.len() {
            if let Some(copied) = self.columns.find(member.references[0], ordinal)
                && self.same(copied, column, rows)
            {
                self.columns.alias(held, copied);
                self.charge(8 * self.height);
                return self.mode(place, member, mode::COPY);
            }
            return self.numbers((place, held), member, (column, &numbers), rows);
        }
        let values: Vec<Value> = rows.iter().filter_map(|&row| column.value(row)).collect();
        if let Some(fields) = object::fields(&values) {
            self.mode(place, member, mode::FIELDS);
            return self.fields(&fields, rows);
        }
        self.mode(place, member, mode::MIXED);
        self.charge(32 * self.height);
        let mut last: Option<&Value> = None;
        for (value, &row) in values.iter().zip(rows) {
            if let Some(last) = last {
                self.encoder.bit(SAME_SLOTS, last == value);
            }
            if last != Some(value) {
                self.value(value, column, row);
            }
            last = Some(value);
        }
    }

    fn numbers(
        &mut self,
        (place, held): (Option<Place>, Option<Place>),
        member: &Member,
        (column, numbers): (&'a Column, &[f64]),
        rows: &[usize],
    ) {
        self.charge(24 * self.height + 16 * numbers.len() + budget::RUN + if self.learns { budget::CLASS } else { 0 });
        let scaled = match number::at_scale(numbers, member.scale) {
            Some(wholes) => Scaled { scale: member.scale, wholes, offs: Vec::new() },
            None => number::near_scale(numbers, member.scale).unwrap_or_else(|| number::scaled(numbers)),
        };
        let is_exact = scaled.offs.is_empty();
        if scaled.scale == member.scale {
            let ordinal = place.map_or(0, |place| place.ordinal);
            let others = member.references.map(|reference| self.columns.find(reference, ordinal));
            let predictor = self.predictor(member, others, rows, &scaled.wholes);
            self.mode(place, member, mode::PREDICTED + Predictor::ALL.iter().position(|&other| other == predictor).unwrap_or(0));
            #[cfg(feature = "train")]
            self.tally.exact.push((place.map(|place| (place.template, place.member)), is_exact));
            self.encoder.bit(member.exact, is_exact);
            self.predicted(member.class, (predictor, member.factor, others), rows, &scaled.wholes);
            if held.is_some() {
                self.columns.rows(held, (&scaled.wholes, rows), Some(column), member.is_clock);
            }
        } else {
            self.mode(place, member, mode::SCALED);
            self.encoder.raw(4, scaled.scale as u64);
            let predictor = self.predictor(member, [None; 2], rows, &scaled.wholes);
            self.encoder.raw(2, Predictor::ALL.iter().position(|&other| other == predictor).unwrap_or(0) as u64);
            if scaled.scale != BITS {
                self.encoder.raw(1, u64::from(is_exact));
            }
            self.predicted(CLASS_OTHER, (predictor, 0.0, [None; 2]), rows, &scaled.wholes);
        }
        if !is_exact {
            self.charge(16 * numbers.len() + budget::RUN);
            let plain = |predictor| Walk::new(predictor, 0.0, [Other::NONE; 2]);
            let cost = |predictor| cost_of(plain(predictor), rows.iter().copied(), &scaled.offs, u32::MAX);
            let is_mean = cost(Predictor::Mean) < cost(Predictor::Last);
            self.encoder.raw(1, u64::from(is_mean));
            self.plain(CLASS_OFFS, plain(if is_mean { Predictor::Mean } else { Predictor::Last }), rows, &scaled.offs);
        }
    }

    /// The predictor under which the column is shortest.
    fn predictor(&self, member: &Member, others: [Option<usize>; 2], rows: &[usize], wholes: &[i64]) -> Predictor {
        let mut best = (Predictor::Last, u32::MAX);
        // What is likely comes first, so that the others are given up early.
        for &place in &member.predictors {
            let predictor = Predictor::ALL[place];
            if predictor.refers() && others[0].is_none() || predictor == Predictor::Product && others[1].is_none() {
                continue;
            }
            let walk = Walk::new(predictor, member.factor, others.map(|other| self.columns.integers(other)));
            let extra = member.modes.cost(mode::PREDICTED + place) / 256;
            if extra >= UNLIKELY_BITS && best.1 < LONG_BITS {
                break;
            }
            let cost = cost_of(walk, rows.iter().copied(), wholes, best.1.saturating_sub(extra)).saturating_add(extra);
            if cost < best.1 {
                best = (predictor, cost);
            }
        }
        best.0
    }

    fn predicted(
        &mut self,
        class: usize,
        (predictor, factor, others): (Predictor, f64, [Option<usize>; 2]),
        rows: &[usize],
        wholes: &[i64],
    ) {
        let walk = Walk::new(predictor, factor, others.map(|other| self.columns.integers(other)));
        let class_of = (&self.dictionary.classes[class], self.learns);
        #[cfg(feature = "train")]
        let told = |context, symbol| self.tally.residuals.push((class, context, symbol));
        #[cfg(not(feature = "train"))]
        let told = |_, _| {};
        write_run(&mut self.encoder, class_of, walk, (rows, Some(&mut self.moved)), wholes, told);
    }

    /// A run that is no number column.
    pub(super) fn plain(&mut self, class: usize, walk: Walk<'_>, rows: &[usize], integers: &[i64]) {
        let class_of = (&self.dictionary.classes[class], self.learns);
        #[cfg(feature = "train")]
        let told = |context, symbol| self.tally.residuals.push((class, context, symbol));
        #[cfg(not(feature = "train"))]
        let told = |_, _| {};
        write_run(&mut self.encoder, class_of, walk, (rows, None), integers, told);
    }

    #[cfg_attr(target_family = "wasm", inline(never))]
    fn fields(&mut self, fields: &[Vec<i64>], rows: &[usize]) {
        self.charge(self.height * (64 + 48 * fields.len()));
        self.encoder.raw(5, fields.len() as u64 - 1);
        let mut before: Option<Vec<i64>> = None;
        for field in fields {
            self.charge(budget::RUN + if self.learns { budget::CLASS } else { 0 });
            let other = before.as_deref().map_or(Other::NONE, Other::Rows);
            let walk = |(predictor, factor)| Walk::new(predictor, factor, [other, Other::NONE]);
            let (mut best, mut least) = (0, u32::MAX);
            for (number, &way) in FIELD_WAYS.iter().enumerate() {
                if before.is_some() || !way.0.refers() {
                    let cost = cost_of(walk(way), rows.iter().copied(), field, least);
                    if cost < least {
                        (best, least) = (number, cost);
                    }
                }
            }
            self.encoder.raw(3, best as u64);
            self.plain(CLASS_FIELDS, walk(FIELD_WAYS[best]), rows, field);
            let before = before.get_or_insert_default();
            before.clear();
            object::spread(field, rows, self.height, before);
        }
    }
}
