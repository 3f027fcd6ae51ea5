//! What a column has in some rows.

use std::borrow::Cow;

use sidetone_engine::report::{Column, Data, Presence, Value};

/// Those of the rows in which something is.
#[cfg_attr(target_family = "wasm", inline(never))]
pub(super) fn present<'r>(presence: &Presence, rows: &'r [usize]) -> Cow<'r, [usize]> {
    if let Presence::All = presence {
        return Cow::Borrowed(rows);
    }
    let mut there = Vec::with_capacity(rows.len());
    for &row in rows {
        if presence.contains(row) {
            there.push(row);
        }
    }
    Cow::Owned(there)
}

/// The numbers of a column in those rows, up to the first that has none.
pub(super) fn numbers(column: &Column, rows: &[usize]) -> Vec<f64> {
    let mut numbers = Vec::with_capacity(rows.len());
    for &row in rows {
        let Some(number) = column.number(row) else { break };
        numbers.push(number);
    }
    numbers
}

/// The one value of a column in those rows.
pub(super) fn constant(column: &Column, rows: &[usize]) -> Option<Value> {
    match &column.data {
        Data::Constant(value) => Some(value.clone()),
        Data::Numbers(numbers) => {
            let first = numbers.get(rows[0])?;
            rows.iter().all(|&row| numbers[row].to_bits() == first.to_bits()).then_some(Value::Number(*first))
        }
        Data::Values(values) => {
            let first = values.get(rows[0])?;
            rows.iter().all(|&row| values[row] == *first).then(|| first.clone())
        }
    }
}
