//! What encoder and decoder of objects agree on: fixed probabilities, limits, memory.

use sidetone_engine::report::Value;

/// Slots, of 32 768, of the bits that are as a rule ones: an object is there in all rows, an id begins as its template says,
/// presence stays as it was in the row before, a mixed value stays.
pub(super) const ALWAYS_SLOTS: u16 = 32_256;
pub(super) const PREFIXED_SLOTS: u16 = 32_512;
pub(super) const STAY_SLOTS: u16 = 28_672;
pub(super) const SAME_SLOTS: u16 = 28_672;
/// Slots of the bits that are as a rule zeros: another object or member that is not foreseen, a member with a key.
pub(super) const MORE_SLOTS: u16 = 512;

/// The symbol that says there are at least so many objects of a template.
pub(super) const COUNT_MORE: usize = 31;
/// Stands for objects without template.
pub(super) const TEMPLATE_NONE: usize = 255;

pub(super) const VALUE_NUMBER: u64 = 0;
pub(super) const VALUE_BOOL: u64 = 1;
pub(super) const VALUE_TEXT: u64 = 2;
pub(super) const VALUE_JSON: u64 = 3;

/// The member that holds a certificate.
pub(super) const CERTIFICATE_MEMBER: &str = "base64Certificate";
/// The member that is the clock of its object.
pub(super) const CLOCK: &str = "timestamp";

/// Most numbers that a string may be made of.
pub(super) const FIELDS_MAX: usize = 32;
/// Largest number within a string that is treated as one.
const FIELD_VALUE_MAX: u64 = 1 << 53;

/// Memory of an object; of room for a member of its template; of a column that the template does not have.
const OBJECT: usize = 512;
const ROOM: usize = 136;
pub(super) const COLUMN: usize = 480;

/// Memory of an object whose template has so many members, whether they are there or not.
pub(super) fn bytes(members: usize) -> usize {
    OBJECT + members * ROOM
}

/// The integers that strings are made of, by place.
pub(super) fn fields(values: &[Value]) -> Option<Vec<Vec<i64>>> {
    let mut columns: Vec<Vec<i64>> = Vec::new();
    for (row, value) in values.iter().enumerate() {
        let Value::Text(text) = value else { return None };
        let mut count = 0;
        for (place, field) in text.split(',').enumerate() {
            let number = integer(field).filter(|number| number.unsigned_abs() < FIELD_VALUE_MAX)?;
            if place >= FIELDS_MAX {
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

/// An integer that is written in the one way in which it is written.
fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = (text == "0" || !digits.starts_with('0')) && !text.starts_with('+');
    if is_plain { text.parse().ok() } else { None }
}

/// Appends an integer in decimal.
pub(super) fn push_integer(text: &mut String, integer: i64) {
    if integer < 0 {
        text.push('-');
    }
    let mut digits = [b'0'; 20];
    let (mut rest, mut begin) = (integer.unsigned_abs(), digits.len() - 1);
    loop {
        digits[begin] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
        begin -= 1;
    }
    text.push_str(std::str::from_utf8(&digits[begin..]).unwrap_or_default());
}

/// Values of some rows as a column of all; rows between hold the value before them.
pub(super) fn spread(integers: &[i64], rows: &[usize], height: usize, column: &mut Vec<i64>) {
    if integers.len() == height {
        return column.extend_from_slice(integers);
    }
    let begin = column.len();
    let mut last = integers.first().copied().unwrap_or(0);
    for (&integer, &row) in integers.iter().zip(rows) {
        column.resize(begin + row, last);
        column.push(integer);
        last = integer;
    }
    column.resize(begin + height, last);
}
