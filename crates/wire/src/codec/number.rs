//! Numbers as integers: doubles by a decimal or rational scale, and what of their bits that leaves open.

/// Scales: a value is the double nearest to an integer divided by one of these. The last entry stands for the bits themselves, in order of size.
pub(super) const SCALES: [f64; 15] =
    [1.0, 1000.0, 1e6, 100.0, 10.0, 48_000.0, 32_767.0, 256.0, 65_536.0, 1e4, 1e5, 44_100.0, 90_000.0, 1e9, 1e7];
/// The scale that is none.
pub(super) const BITS: usize = SCALES.len();

/// Integers up to here are exact as doubles.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
/// Farthest that a value may be from its integer divided by the scale, in units of the last place.
const OFF_MAX: u64 = 1 << 20;

/// A double as an integer of the same order.
pub(super) fn ordered(value: f64) -> i64 {
    let bits = value.to_bits().cast_signed();
    if bits < 0 { bits ^ i64::MAX } else { bits }
}

/// The double of [`ordered`].
pub(super) fn from_ordered(order: i64) -> f64 {
    f64::from_bits((if order < 0 { order ^ i64::MAX } else { order }).cast_unsigned())
}

/// The double that an integer at a scale stands for, moved by `off` units of the last place.
#[inline]
pub(super) fn value(scale: usize, whole: i64, off: i64) -> f64 {
    let Some(scale) = SCALES.get(scale) else { return from_ordered(whole) };
    moved(whole as f64 / scale, off)
}

/// The doubles that integers at a scale stand for.
pub(super) fn values(scale: usize, wholes: &[i64], values: &mut Vec<f64>) {
    match SCALES.get(scale) {
        Some(divisor) => values.extend(wholes.iter().map(|&whole| whole as f64 / divisor)),
        None => values.extend(wholes.iter().map(|&whole| from_ordered(whole))),
    }
}

/// A double moved by units of its last place.
pub(super) fn moved(value: f64, off: i64) -> f64 {
    if off == 0 { value } else { from_ordered(ordered(value).wrapping_add(off)) }
}

/// Doubles as integers at one scale.
#[derive(Clone, Debug, Default)]
pub(super) struct Scaled {
    pub(super) scale: usize,
    pub(super) wholes: Vec<i64>,
    /// Units of the last place by which each value differs; empty when none does.
    pub(super) offs: Vec<i64>,
}

/// The integer at `scale` nearest to `value`, and how far that is off.
#[expect(clippy::cast_possible_truncation, reason = "range checked here")]
fn split(number: f64, scale: usize) -> Option<(i64, i64)> {
    let whole = (number * SCALES[scale]).round();
    if !number.is_finite() || whole.abs() >= EXACT_MAX || (number == 0.0 && number.is_sign_negative()) {
        return None;
    }
    let whole = whole as i64;
    let off = ordered(number).wrapping_sub(ordered(value(scale, whole, 0)));
    (off.unsigned_abs() < OFF_MAX).then_some((whole, off))
}

/// The values at one scale; `None` when that leaves too much open.
pub(super) fn at_scale(values: &[f64], scale: usize) -> Option<Vec<i64>> {
    if scale == BITS {
        return Some(values.iter().map(|&value| ordered(value)).collect());
    }
    values.iter().map(|&value| split(value, scale).filter(|(_, off)| *off == 0).map(|(whole, _)| whole)).collect()
}

/// The first scale that gives every value exactly, else the one that leaves least open, else the bits.
pub(super) fn scaled(values: &[f64]) -> Scaled {
    let mut best: Option<(u64, Scaled)> = None;
    for scale in 0..BITS {
        let mut cost = 0;
        let mut found = Scaled { scale, ..Scaled::default() };
        for &value in values {
            let Some((whole, off)) = split(value, scale) else { break };
            cost += u64::from(u64::BITS - off.unsigned_abs().leading_zeros());
            found.wholes.push(whole);
            found.offs.push(off);
        }
        if found.wholes.len() < values.len() {
            continue;
        }
        if cost == 0 {
            found.offs.clear();
            return found;
        }
        // Finer scales have longer integers.
        cost += values.len() as u64 * [0, 10, 20, 7, 3, 16, 15, 8, 16, 13, 17, 15, 16, 30, 23][scale];
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, found));
        }
    }
    match best {
        Some((cost, found)) if cost < values.len() as u64 * 40 => found,
        _ => Scaled { scale: BITS, wholes: values.iter().map(|&value| ordered(value)).collect(), offs: Vec::new() },
    }
}
