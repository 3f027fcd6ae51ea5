//! What changes in a run: counters, the integers in texts, and mixtures.

use sidetone_engine::report::{Data, Value};

use super::Reading;
use crate::codec::{
    CodecError, budget,
    columns::Place,
    dictionary::{CLASS_FIELDS, CLASS_OFFS, CLASS_OTHER, Member},
    number::{self, BITS},
    object::{self, FIELD_WAYS, FIELDS_MAX, SAME_SLOTS},
    predict::{Other, Predictor, Walk},
    residual::read_run,
};

impl Reading<'_, '_> {
    fn charge_numbers(&mut self, rows: &[usize]) -> Result<(), CodecError> {
        self.budget.charge(24 * self.height + 16 * rows.len() + budget::RUN + if self.learns { budget::CLASS } else { 0 })
    }

    pub(super) fn predicted(
        &mut self,
        predictor: Predictor,
        (ordinal, held): (usize, Option<Place>),
        member: &Member,
        rows: &[usize],
    ) -> Result<Data, CodecError> {
        self.charge_numbers(rows)?;
        let is_exact = self.decoder.bit(member.exact);
        let others = member.references.map(|reference| self.columns.find(reference, ordinal));
        let walk = Walk::new(predictor, member.factor, others.map(|other| self.columns.integers(other)));
        let class = &self.dictionary.classes[member.class];
        read_run(self.decoder, (class, self.learns), walk, (rows, Some(&mut self.moved)), &mut self.wholes);
        if held.is_some() {
            let here = self.here();
            self.columns.rows(held, (&self.wholes, rows), here, member.is_clock);
        }
        self.doubles(member.scale, rows, is_exact)
    }

    pub(super) fn scaled(&mut self, rows: &[usize]) -> Result<Data, CodecError> {
        self.charge_numbers(rows)?;
        let scale = self.decoder.place(4);
        let predictor = Predictor::ALL[self.decoder.place(2)];
        let is_exact = scale == BITS || self.decoder.raw(1) == 1;
        let walk = Walk::new(predictor, 0.0, [Other::NONE; 2]);
        let class = &self.dictionary.classes[CLASS_OTHER];
        read_run(self.decoder, (class, self.learns), walk, (rows, Some(&mut self.moved)), &mut self.wholes);
        self.doubles(scale, rows, is_exact)
    }

    /// The run that was read as numbers, moved by what follows when the scale is not exact: units of the last place.
    fn doubles(&mut self, scale: usize, rows: &[usize], is_exact: bool) -> Result<Data, CodecError> {
        let mut values: Vec<f64> = Vec::with_capacity(self.height);
        number::values(scale, &self.wholes, &mut values);
        if !is_exact {
            self.budget.charge(16 * rows.len() + budget::RUN)?;
            let predictor = if self.decoder.raw(1) == 1 { Predictor::Mean } else { Predictor::Last };
            self.plain(CLASS_OFFS, Walk::new(predictor, 0.0, [Other::NONE; 2]), rows);
            values.iter_mut().zip(&self.wholes).for_each(|(value, &off)| *value = number::moved(*value, off));
        }
        if (scale == BITS || !is_exact) && !values.iter().all(|value| value.is_finite()) {
            return Err(CodecError::Damaged("number"));
        }
        if rows.len() < self.height {
            let given = values;
            values = vec![0.0; self.height];
            rows.iter().zip(given).for_each(|(&row, value)| values[row] = value);
        }
        Ok(Data::Numbers(values))
    }

    pub(super) fn plain(&mut self, class: usize, walk: Walk<'_>, rows: &[usize]) {
        read_run(self.decoder, (&self.dictionary.classes[class], self.learns), walk, (rows, None), &mut self.wholes);
    }

    pub(super) fn fields(&mut self, rows: &[usize]) -> Result<Data, CodecError> {
        let count = self.decoder.place(5) % FIELDS_MAX + 1;
        self.budget.charge(self.height * (64 + 48 * count))?;
        let mut texts: Vec<String> = rows.iter().map(|_| String::with_capacity(8 * count)).collect();
        let mut before: Option<Vec<i64>> = None;
        for _ in 0..count {
            self.budget.charge(budget::RUN + if self.learns { budget::CLASS } else { 0 })?;
            let (predictor, factor) = FIELD_WAYS[self.decoder.place(3)];
            let other = before.as_deref().map_or(Other::NONE, Other::Rows);
            self.plain(CLASS_FIELDS, Walk::new(predictor, factor, [other, Other::NONE]), rows);
            for (text, integer) in texts.iter_mut().zip(&self.wholes) {
                if before.is_some() {
                    text.push(',');
                }
                object::push_integer(text, *integer);
            }
            let before = before.get_or_insert_default();
            before.clear();
            object::spread(&self.wholes, rows, self.height, before);
        }
        let mut values = vec![Value::Bool(false); self.height];
        for (text, &row) in texts.into_iter().zip(rows) {
            values[row] = Value::Text(text.into());
        }
        Ok(Data::Values(values))
    }

    pub(super) fn mixed(&mut self, rows: &[usize]) -> Result<Data, CodecError> {
        self.budget.charge(32 * self.height)?;
        let mut values = vec![Value::Bool(false); self.height];
        let mut last: Option<Value> = None;
        for &row in rows {
            let value = match last {
                Some(last) if self.decoder.bit(SAME_SLOTS) => last,
                _ => self.value()?,
            };
            values[row] = value.clone();
            last = Some(value);
        }
        Ok(Data::Values(values))
    }
}
