//! One member over a run of reports.

use super::{MemberName, Text, Value};

/// In which rows something is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// In every row.
    All,
    /// By row.
    Rows(Vec<bool>),
}

impl Presence {
    /// Whether it is there in `row`.
    #[must_use]
    pub fn contains(&self, row: usize) -> bool {
        match self {
            Self::All => true,
            Self::Rows(rows) => rows.get(row).copied().unwrap_or(false),
        }
    }

    /// In none of the rows so far.
    pub(super) fn nowhere(rows: usize) -> Self {
        if rows == 0 { Self::All } else { Self::Rows(vec![false; rows]) }
    }

    /// Says whether it is there in row `rows` (the number of rows so far).
    pub(super) fn push(&mut self, rows: usize, is_there: bool) {
        match self {
            Self::All if is_there => {}
            Self::All => {
                let mut present = vec![true; rows];
                present.push(false);
                *self = Self::Rows(present);
            }
            Self::Rows(present) => present.push(is_there),
        }
    }
}

/// The values of one member, a row per report. Rows in which the member is absent hold a filler that is never read.
#[derive(Clone, Debug)]
pub enum Data {
    /// The same value in every row that has one.
    Constant(Value),
    /// A number in every row that has a value.
    Numbers(Vec<f64>),
    /// Any mixture.
    Values(Vec<Value>),
}

/// One member over time.
#[derive(Clone, Debug)]
pub struct Column {
    /// Which member.
    pub name: MemberName,
    /// In which rows the member is there.
    pub presence: Presence,
    /// Its values.
    pub data: Data,
}

impl Column {
    /// The value in `row`; `None` when the member is absent there.
    #[must_use]
    pub fn value(&self, row: usize) -> Option<Value> {
        if !self.presence.contains(row) {
            return None;
        }
        match &self.data {
            Data::Constant(value) => Some(value.clone()),
            Data::Numbers(numbers) => numbers.get(row).map(|&number| Value::Number(number)),
            Data::Values(values) => values.get(row).cloned(),
        }
    }

    /// The number in `row`; `None` when the member is absent there or is not a number.
    #[must_use]
    pub fn number(&self, row: usize) -> Option<f64> {
        if !self.presence.contains(row) {
            return None;
        }
        match &self.data {
            Data::Numbers(numbers) => numbers.get(row).copied(),
            Data::Constant(Value::Number(number)) => Some(*number),
            Data::Values(values) => match values.get(row) {
                Some(Value::Number(number)) => Some(*number),
                _ => None,
            },
            Data::Constant(_) => None,
        }
    }

    /// The boolean in `row`; `None` when the member is absent there or is not a boolean.
    #[must_use]
    pub fn bool(&self, row: usize) -> Option<bool> {
        match self.value_ref(row)? {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The string in `row`; `None` when the member is absent there or is not a string.
    #[must_use]
    pub fn text(&self, row: usize) -> Option<&Text> {
        match self.value_ref(row)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value in `row` by reference; `None` when absent or when the column holds plain numbers.
    fn value_ref(&self, row: usize) -> Option<&Value> {
        if !self.presence.contains(row) {
            return None;
        }
        match &self.data {
            Data::Constant(value) => Some(value),
            Data::Values(values) => values.get(row),
            Data::Numbers(_) => None,
        }
    }

    /// Whether every number in it is finite.
    pub(super) fn is_finite(&self) -> bool {
        match &self.data {
            Data::Constant(value) => value.is_finite(),
            Data::Numbers(numbers) => numbers.iter().all(|number| number.is_finite()),
            Data::Values(values) => values.iter().all(Value::is_finite),
        }
    }

    /// Appends `value` as row `rows` (the number of rows so far).
    pub(super) fn push(&mut self, rows: usize, value: Option<Value>) {
        self.presence.push(rows, value.is_some());
        let Some(value) = value else {
            match &mut self.data {
                Data::Constant(_) => {}
                Data::Numbers(numbers) => numbers.push(numbers.last().copied().unwrap_or(0.0)),
                Data::Values(values) => values.push(Value::Bool(false)),
            }
            return;
        };
        match (&mut self.data, value) {
            (Data::Constant(held), value) if *held == value => {}
            (Data::Numbers(numbers), Value::Number(number)) => numbers.push(number),
            (Data::Constant(Value::Number(held)), Value::Number(number)) => {
                let mut numbers = vec![*held; rows];
                numbers.push(number);
                self.data = Data::Numbers(numbers);
            }
            (Data::Values(values), value) => values.push(value),
            (Data::Constant(held), value) => {
                let mut values = vec![held.clone(); rows];
                values.push(value);
                self.data = Data::Values(values);
            }
            (Data::Numbers(numbers), value) => {
                let mut values: Vec<Value> = numbers.iter().map(|&number| Value::Number(number)).collect();
                values.push(value);
                self.data = Data::Values(values);
            }
        }
    }
}
