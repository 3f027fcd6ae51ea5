//! How the encoder writes a column: the cheapest kind that gives it back exactly.

use sidetone_engine::report::{Column, Text, Value};

use super::{
    integers::OTHERS_MAX,
    number::{Scaled, scaled},
};

/// Most numbers that a string may be made of.
pub(super) const FIELDS_MAX: usize = 32;
/// Largest number within a string that is treated as one.
const FIELD_VALUE_MAX: u64 = 1 << 53;

/// What a column is written as. Values stand for the rows in which the member is there.
#[derive(Clone, Debug, Default)]
pub(super) enum Plan {
    /// 0 throughout.
    #[default]
    Zero,
    /// One number throughout.
    Number(f64),
    /// One boolean throughout.
    Bool(bool),
    /// One string throughout.
    Text(Text),
    /// The numbers of an earlier column.
    Copy(usize),
    /// Numbers.
    Numbers(Scaled),
    /// Strings of integers joined by commas, as one run for each place.
    Fields(Vec<Vec<i64>>),
    /// Anything.
    Values(Vec<Value>),
}

impl Plan {
    pub(super) fn kind(&self) -> u32 {
        match self {
            Self::Zero => 0,
            Self::Number(_) => 1,
            Self::Bool(_) => 2,
            Self::Text(_) => 3,
            Self::Copy(_) => 4,
            Self::Numbers(_) => 5,
            Self::Fields(_) => 6,
            Self::Values(_) => 7,
        }
    }

    /// The plan for a column in those `rows` in which it is there; `earlier` are the number columns before it.
    pub(super) fn of(column: &Column, rows: &[usize], earlier: &[Vec<f64>]) -> Self {
        let numbers: Option<Vec<f64>> = rows.iter().map(|&row| column.number(row)).collect();
        if let Some(numbers) = numbers {
            let first = numbers.first().copied().unwrap_or(0.0);
            if same(&numbers, &vec![first; numbers.len()]) {
                return if first.to_bits() == 0 { Self::Zero } else { Self::Number(first) };
            }
            let nearby = earlier.len().saturating_sub(OTHERS_MAX);
            return match earlier[nearby..].iter().position(|earlier| same(earlier, &numbers)).map(|at| nearby + at) {
                Some(column) => Self::Copy(column),
                None => Self::Numbers(scaled(&numbers)),
            };
        }
        let values: Vec<Value> = rows.iter().filter_map(|&row| column.value(row)).collect();
        let constant = values.first().filter(|first| values.iter().all(|value| value == *first));
        match constant {
            Some(Value::Bool(value)) => return Self::Bool(*value),
            Some(Value::Text(text)) => return Self::Text(text.clone()),
            _ => {}
        }
        match fields(&values) {
            Some(fields) => Self::Fields(fields),
            None => Self::Values(values),
        }
    }
}

fn same(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}

fn fields(values: &[Value]) -> Option<Vec<Vec<i64>>> {
    let mut columns: Vec<Vec<i64>> = Vec::new();
    for (row, value) in values.iter().enumerate() {
        let Value::Text(text) = value else { return None };
        let mut count = 0;
        for (place, field) in text.split(',').enumerate() {
            let number: i64 = field.parse().ok().filter(|number: &i64| number.unsigned_abs() < FIELD_VALUE_MAX)?;
            if place >= FIELDS_MAX || number.to_string() != field {
                return None;
            }
            if row == 0 {
                columns.push(Vec::with_capacity(values.len()));
            }
            columns.get_mut(place)?.push(number);
            count += 1;
        }
        if count != columns.len() {
            return None;
        }
    }
    (columns.len() > 1).then_some(columns)
}
