//! Numbers as integers: doubles by a decimal or rational scale, and what of their bits that leaves open.

/// Scales: a value is the double nearest to an integer divided by one of these. The last entry stands for the bits themselves, in order of size.
pub(super) const SCALES: [f64; 15] =
    [1.0, 1000.0, 1e6, 100.0, 10.0, 48_000.0, 32_767.0, 256.0, 65_536.0, 1e4, 1e5, 107_367_628_900.0, 90_000.0, 1e9, 1.0];
/// The scale of doubles that single precision holds: the bits of that, in order of size.
const SINGLE: usize = 14;
/// The scale that is none.
pub(super) const BITS: usize = SCALES.len();

/// Integers up to here are exact as doubles.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
/// Farthest that a value may be from its integer divided by the scale, in units of the last place.
const OFF_MAX: u64 = 1 << 20;

/// Most bits that a scale may leave open on average, to be taken without a look at others.
const NEAR_BITS: u64 = 10;

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
    match SCALES.get(scale) {
        Some(divisor) if scale != SINGLE => moved(whole as f64 / divisor, off),
        Some(_) => single(whole),
        None => from_ordered(whole),
    }
}

/// The doubles that integers at a scale stand for.
pub(super) fn values(scale: usize, wholes: &[i64], values: &mut Vec<f64>) {
    match SCALES.get(scale) {
        Some(divisor) if scale != SINGLE => values.extend(wholes.iter().map(|&whole| whole as f64 / divisor)),
        Some(_) => values.extend(wholes.iter().map(|&whole| single(whole))),
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

/// The double of a number in single precision by its place in order of size, the nearest there is.
fn single(order: i64) -> f64 {
    let order = i32::try_from(order).unwrap_or(if order < 0 { i32::MIN } else { i32::MAX });
    f64::from(f32::from_bits((if order < 0 { order ^ i32::MAX } else { order }).cast_unsigned()))
}

/// The place of a double among those of single precision, if it is one.
#[expect(clippy::cast_possible_truncation, reason = "what that changes is found out")]
fn single_order(number: f64) -> Option<i64> {
    let bits = (number as f32).to_bits().cast_signed();
    let is_single = f64::from(number as f32).to_bits() == number.to_bits();
    is_single.then_some(i64::from(if bits < 0 { bits ^ i32::MAX } else { bits }))
}

/// The nearest whole number, without a call where there is no instruction for it.
fn nearest(number: f64) -> f64 {
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    if number.abs() < 2_251_799_813_685_248.0 { number + SHIFT - SHIFT } else { number.round() }
}

/// The integer at `scale` nearest to `value`, and how far that is off.
#[expect(clippy::cast_possible_truncation, reason = "range checked here")]
#[inline(always)]
fn split(number: f64, scale: usize) -> Option<(i64, i64)> {
    if scale == SINGLE {
        return Some((single_order(number)?, 0));
    }
    let whole = nearest(number * SCALES[scale]);
    if !number.is_finite() || whole.abs() >= EXACT_MAX || (number == 0.0 && number.is_sign_negative()) {
        return None;
    }
    let whole = whole as i64;
    let off = ordered(number).wrapping_sub(ordered(value(scale, whole, 0)));
    (off.unsigned_abs() < OFF_MAX).then_some((whole, off))
}

/// The integer that a value is at a scale; `None` when that leaves something open.
pub(super) fn whole(value: f64, scale: usize) -> Option<i64> {
    if scale == BITS {
        return Some(ordered(value));
    }
    split(value, scale).filter(|(_, off)| *off == 0).map(|(whole, _)| whole)
}

/// The values at one scale; `None` when that leaves something open.
pub(super) fn at_scale(values: &[f64], scale: usize) -> Option<Vec<i64>> {
    let mut wholes = Vec::with_capacity(values.len());
    for &value in values {
        wholes.push(whole(value, scale)?);
    }
    Some(wholes)
}

/// The values at one scale, with what of their bits that leaves open; `None` when it is much.
pub(super) fn near_scale(values: &[f64], scale: usize) -> Option<Scaled> {
    let mut found = Scaled { scale, wholes: Vec::with_capacity(values.len()), offs: Vec::with_capacity(values.len()) };
    let mut cost = 0;
    for &value in values {
        let (whole, off) = split(value, scale)?;
        cost += u64::from(u64::BITS - off.unsigned_abs().leading_zeros());
        found.wholes.push(whole);
        found.offs.push(off);
    }
    if cost == 0 {
        found.offs.clear();
    }
    (cost <= values.len() as u64 * NEAR_BITS).then_some(found)
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
        cost += values.len() as u64 * [0, 10, 20, 7, 3, 16, 15, 8, 16, 13, 17, 37, 16, 30, 20][scale];
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, found));
        }
    }
    match best {
        Some((cost, found)) if cost < values.len() as u64 * 40 => found,
        _ => Scaled { scale: BITS, wholes: values.iter().map(|&value| ordered(value)).collect(), offs: Vec::new() },
    }
}
