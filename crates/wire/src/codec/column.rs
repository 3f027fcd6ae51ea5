//! One column: its kind, then its values.

use sidetone_engine::report::{Data, Text, Value};

use super::{
    CodecError,
    budget::Budget,
    integers::{self, Integers, Predictor, bits_of},
    number::{self, BITS, Scaled},
    plan::{FIELDS_MAX, Plan},
    range::{Bit, Coder},
    text::Strings,
};

/// A kind of column that is not known.
pub(super) const KIND_NONE: u8 = 8;

/// Memory of a run of integers besides its rows: what it learns.
const RUN_BYTES: usize = 768;

/// Codes the columns of one chunk.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) strings: Strings,
    integers: Integers,
    kinds: Vec<[Bit; 8]>,
    kind: u8,
    booleans: Bit,
    scales: [Bit; 16],
    exact: Bit,
    same: [Bit; 2],
    variants: [Bit; 4],
    copy_again: Bit,
    copied: usize,
    /// The integers of every number column so far; the first are the times of the reports.
    others: Vec<Vec<i64>>,
    /// Their numbers; empty where a column cannot be copied.
    numbers: Vec<Vec<f64>>,
}

impl Columns {
    pub(super) fn new() -> Self {
        Self {
            strings: Strings::new(),
            integers: Integers::new(),
            kinds: vec![[Bit::NEW; 8]; 17],
            kind: 0,
            booleans: Bit::NEW,
            scales: [Bit::NEW; 16],
            exact: Bit::NEW,
            same: [Bit::NEW; 2],
            variants: [Bit::NEW; 4],
            copy_again: Bit::NEW,
            copied: 0,
            others: Vec::new(),
            numbers: Vec::new(),
        }
    }

    pub(super) fn begin_object(&mut self) {
        self.integers.begin_object();
    }

    /// The number columns so far.
    pub(super) fn earlier(&self) -> &[Vec<f64>] {
        &self.numbers
    }

    /// The run of integers that other columns may be predicted from.
    pub(super) fn run<C: Coder>(
        &mut self,
        coder: &mut C,
        budget: &mut Budget,
        count: usize,
        given: Option<&[i64]>,
    ) -> Result<&[i64], CodecError> {
        budget.charge(count.saturating_mul(16).saturating_add(RUN_BYTES))?;
        let predictor = given.map_or(Predictor::Last, |given| integers::plan(&self.others, given));
        let predictor = self.integers.predictor(coder, self.others.len(), predictor)?;
        let other = match predictor {
            Predictor::Times { column, .. } | Predictor::Part { column, .. } => self.others[column].as_slice(),
            _ => &[],
        };
        let integers = self.integers.run(coder, (predictor, other), count, given.unwrap_or_default());
        self.others.push(integers);
        self.numbers.push(Vec::new());
        Ok(self.others.last().map_or(&[], Vec::as_slice))
    }

    /// The values of a column in the `rows` (of `height`) in which it is there, and its kind.
    /// `before` is the kind of the last column of this name in an object of this type.
    pub(super) fn data<C: Coder>(
        &mut self,
        coder: &mut C,
        budget: &mut Budget,
        (name, before): (&Text, u8),
        (rows, height): (&[usize], usize),
        plan: Option<&Plan>,
    ) -> Result<(Data, u8), CodecError> {
        let idle = Plan::Zero;
        let plan_or = plan.unwrap_or(&idle);
        let context = usize::from(if before < KIND_NONE { before } else { KIND_NONE + self.kind });
        let kind = coder.tree(&mut self.kinds[context], 3, plan_or.kind());
        self.kind = u8::try_from(kind).unwrap_or(0);
        let data = match kind {
            0 => Data::Constant(Value::Number(0.0)),
            1 => {
                let scaled = if let Some(Plan::Number(value)) = plan { Some(number::scaled(&[*value])) } else { None };
                let value = self.numbers(coder, budget, 1, scaled.as_ref())?;
                Data::Constant(Value::Number(value.first().copied().unwrap_or(0.0)))
            }
            2 => Data::Constant(Value::Bool(coder.bit(&mut self.booleans, matches!(plan_or, Plan::Bool(true))))),
            3 => {
                let text = if let Plan::Text(text) = plan_or { text.clone() } else { Text::default() };
                Data::Constant(Value::Text(self.strings.value(coder, budget, name, &text)?))
            }
            4 => {
                let given = if let Plan::Copy(column) = plan_or { *column } else { 0 };
                self.copy(coder, budget, (rows, height), given)?
            }
            5 => {
                let given = if let Plan::Numbers(scaled) = plan_or { Some(scaled) } else { None };
                budget.charge(height.saturating_mul(16))?;
                let numbers = self.numbers(coder, budget, rows.len(), given)?;
                let data = Data::Numbers(spread(&numbers, rows, height));
                if let Some(last) = self.numbers.last_mut() {
                    *last = numbers;
                }
                data
            }
            6 => {
                let given = if let Plan::Fields(fields) = plan_or { Some(fields.as_slice()) } else { None };
                self.fields(coder, budget, (rows, height), given)?
            }
            _ => {
                let given = if let Plan::Values(values) = plan_or { values.as_slice() } else { &[] };
                self.values(coder, budget, name, (rows, height), given)?
            }
        };
        Ok((data, self.kind))
    }

    /// Doubles at a scale.
    fn numbers<C: Coder>(
        &mut self,
        coder: &mut C,
        budget: &mut Budget,
        count: usize,
        given: Option<&Scaled>,
    ) -> Result<Vec<f64>, CodecError> {
        budget.charge(count.saturating_mul(16))?;
        let scale = coder.tree(&mut self.scales, 4, given.map_or(0, |given| u32::try_from(given.scale).unwrap_or(0))) as usize;
        let exact = scale == BITS || coder.bit(&mut self.exact, given.is_some_and(|given| given.offs.is_empty()));
        self.run(coder, budget, count, given.map(|given| given.wholes.as_slice()))?;
        let offs = if exact {
            Vec::new()
        } else {
            budget.charge(count.saturating_mul(16).saturating_add(RUN_BYTES))?;
            let given = given.map(|given| given.offs.as_slice());
            let predictor = given.map_or(Predictor::Last, |given| integers::plan(&[], given));
            let predictor = self.integers.predictor(coder, 0, predictor)?;
            self.integers.run(coder, (predictor, &[]), count, given.unwrap_or_default())
        };
        let wholes = self.others.last().map_or(&[][..], Vec::as_slice);
        let numbers: Vec<f64> =
            wholes.iter().enumerate().map(|(at, &whole)| number::value(scale, whole, offs.get(at).copied().unwrap_or(0))).collect();
        if numbers.iter().any(|number| !number.is_finite()) {
            return Err(CodecError::Damaged("number"));
        }
        Ok(numbers)
    }

    fn copy<C: Coder>(
        &mut self,
        coder: &mut C,
        budget: &mut Budget,
        (rows, height): (&[usize], usize),
        given: usize,
    ) -> Result<Data, CodecError> {
        budget.charge(height.saturating_mul(8))?;
        if !coder.bit(&mut self.copy_again, given == self.copied) {
            let column = coder.raw(bits_of(self.numbers.len()), given as u64);
            self.copied = usize::try_from(column).map_err(|_| CodecError::Damaged("column number"))?;
        }
        match self.numbers.get(self.copied) {
            Some(numbers) if numbers.len() == rows.len() => Ok(Data::Numbers(spread(numbers, rows, height))),
            _ => Err(CodecError::Damaged("column number")),
        }
    }

    fn fields<C: Coder>(
        &mut self,
        coder: &mut C,
        budget: &mut Budget,
        (rows, height): (&[usize], usize),
        given: Option<&[Vec<i64>]>,
    ) -> Result<Data, CodecError> {
        let wanted = given.map_or(1, <[Vec<i64>]>::len);
        let count = coder.uniform(u32::try_from(FIELDS_MAX).unwrap_or(1), u32::try_from(wanted - 1).unwrap_or(0)) as usize + 1;
        budget.charge(height.saturating_mul(64 + 48 * count))?;
        let mut texts = vec![String::new(); rows.len()];
        for place in 0..count {
            let integers = self.run(coder, budget, rows.len(), given.and_then(|given| given.get(place)).map(Vec::as_slice))?;
            for (text, integer) in texts.iter_mut().zip(integers) {
                if place > 0 {
                    text.push(',');
                }
                text.push_str(&integer.to_string());
            }
        }
        let mut values = vec![Value::Bool(false); height];
        for (text, &row) in texts.into_iter().zip(rows) {
            values[row] = Value::Text(text.into());
        }
        Ok(Data::Values(values))
    }

    fn values<C: Coder>(
        &mut self,
        coder: &mut C,
        budget: &mut Budget,
        name: &Text,
        (rows, height): (&[usize], usize),
        given: &[Value],
    ) -> Result<Data, CodecError> {
        budget.charge(height.saturating_mul(32))?;
        let mut values = vec![Value::Bool(false); height];
        let mut last: Option<Value> = None;
        let mut repeated = 1;
        for (at, &row) in rows.iter().enumerate() {
            let given = given.get(at).unwrap_or(&Value::Bool(false));
            if let Some(last) = &last
                && coder.bit(&mut self.same[repeated], last == given)
            {
                repeated = 1;
                values[row] = last.clone();
                continue;
            }
            repeated = 0;
            let variant = match given {
                Value::Number(_) => 0,
                Value::Bool(_) => 1,
                Value::Text(_) => 2,
                Value::Json(_) => 3,
            };
            let text = if let Value::Text(text) | Value::Json(text) = given { text.clone() } else { Text::default() };
            let value = match coder.tree(&mut self.variants, 2, variant) {
                0 => {
                    let bits = if let Value::Number(number) = given { number.to_bits() } else { 0 };
                    Value::Number(f64::from_bits(coder.raw(64, bits)))
                }
                1 => Value::Bool(coder.bit(&mut self.booleans, matches!(given, Value::Bool(true)))),
                2 => Value::Text(self.strings.value(coder, budget, name, &text)?),
                _ => Value::Json(self.strings.value(coder, budget, name, &text)?),
            };
            if matches!(value, Value::Number(number) if !number.is_finite()) {
                return Err(CodecError::Damaged("number"));
            }
            values[row] = value.clone();
            last = Some(value);
        }
        Ok(Data::Values(values))
    }
}

/// Values of some rows as a column of all; the rows between hold the value before them.
fn spread(numbers: &[f64], rows: &[usize], height: usize) -> Vec<f64> {
    if numbers.len() == height {
        return numbers.to_vec();
    }
    let mut column = vec![0.0; height];
    for (&number, &row) in numbers.iter().zip(rows) {
        column[row] = number;
    }
    column
}
