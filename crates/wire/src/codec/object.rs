//! What encoder and decoder of objects agree on: fixed probabilities, limits, memory.

use sidetone_engine::report::Value;

use super::{dictionary::Fields, predict::Predictor};

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

/// Microseconds of a millisecond: times are whole ones as a rule.
pub(super) const MILLISECOND: i64 = 1000;

/// How the numbers that strings are made of are predicted: predictor and factor. The last four look at the number before in the string;
/// one of 90 000 units a second may be before one of milliseconds.
pub(super) const FIELD_WAYS: [(Predictor, f64); 8] = [
    (Predictor::Last, 1.0),
    (Predictor::Drift, 1.0),
    (Predictor::Mean, 1.0),
    (Predictor::Last, 1.0),
    (Predictor::Factor, 1.0),
    (Predictor::Level, 1.0),
    (Predictor::Factor, 1.0 / 90.0),
    (Predictor::Ratio, 1.0),
];

/// Most numbers that a string may be made of.
pub(super) const FIELDS_MAX: usize = 32;
/// Largest number within a string that is treated as one.
const FIELD_VALUE_MAX: u64 = 1 << 53;

/// The member whose value in a candidate pair follows from those of its candidates.
pub(super) const PRIORITY: &str = "priority";

/// The priorities of objects, for those of pairs.
#[derive(Debug, Default)]
pub(super) struct Priorities {
    /// Of each object so far, the one at hand included; 0 for those without.
    of_objects: Vec<u32>,
    /// Of the first two objects that the object at hand refers to.
    pair: [Option<u32>; 2],
}

impl Priorities {
    /// Another object is at hand.
    pub(super) fn begin(&mut self) {
        self.of_objects.push(0);
        self.pair = [None; 2];
    }

    /// The object at hand has this priority.
    #[expect(clippy::cast_possible_truncation, reason = "what does not fit is none of a candidate")]
    pub(super) fn keep(&mut self, priority: f64) {
        if let Some(last) = self.of_objects.last_mut() {
            *last = priority as u32;
        }
    }

    /// The object at hand refers to another.
    pub(super) fn refer(&mut self, object: usize) {
        if let (Some(priority), Some(place)) = (self.of_objects.get(object), self.pair.iter_mut().find(|place| place.is_none())) {
            *place = Some(*priority);
        }
    }

    /// The priority of a pair of the two (RFC 8445, section 6.1.2.3), but for its last bit, which a double has no room for.
    pub(super) fn of_pair(&self) -> Option<f64> {
        let [Some(a), Some(b)] = self.pair else { return None };
        Some(((u64::from(a.min(b)) << 32) + 2 * u64::from(a.max(b))) as f64)
    }
}

/// When reports were first taken, in whole seconds.
pub(super) fn now_s(first_micros: i64) -> i64 {
    first_micros.div_euclid(1_000_000)
}

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
        for (place, field) in Fields::of(text, b',').enumerate() {
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
pub(super) fn integer(text: &str) -> Option<i64> {
    let (b"0" | [b'1'..=b'9', ..] | [b'-', b'1'..=b'9', ..]) = text.as_bytes() else { return None };
    text.parse().ok()
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
