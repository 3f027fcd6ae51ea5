//! What a prediction leaves: a symbol for sign and length, then plain bits.

use super::{
    predict::{Predictor, Walk},
    rans::{Decoder, Encoder, Model},
};

/// Models of a class: one for the first integer of a run, then by how long the last residual was and whether the column before moved.
pub(super) const CONTEXTS: usize = 13;

/// How a residual of `length` bits (1 to 64) that is not the first is written: symbol of the positive, bits that complete the length.
/// Up to 10 bits the sign is part of the symbol.
fn later_symbol(length: u32) -> (usize, u32, u64) {
    let at = |symbol: usize, bits: u32, least: u32| (symbol, bits, u64::from(length - least));
    match length {
        0..=10 => (2 * length as usize - 1, 0, 0),
        11..=16 => (length as usize + 10, 0, 0),
        17..=18 => at(27, 1, 17),
        19..=20 => at(28, 1, 19),
        21..=24 => at(29, 2, 21),
        25..=32 => at(30, 3, 25),
        _ => at(31, 5, 33),
    }
}

/// The same for the first integer of a run, which is hardly ever negative: all lengths below 27 have a symbol.
fn first_symbol(length: u32) -> (usize, u32, u64) {
    let at = |symbol: usize, bits: u32, least: u32| (symbol, bits, u64::from(length - least));
    match length {
        0..=26 => (length as usize, 0, 0),
        27..=28 => at(27, 1, 27),
        29..=32 => at(28, 2, 29),
        33..=40 => at(29, 3, 33),
        _ => at(30, 5, 41),
    }
}

/// A first residual that is negative: six bits for its length less one follow.
const FIRST_NEGATIVE: usize = 31;

/// Bits that complete the length, and the least length, by symbol.
#[expect(clippy::cast_possible_truncation, reason = "there are 32 symbols")]
const LATER: [(u32, u32); 32] = {
    let mut table = [(0, 0); 32];
    let mut symbol = 1;
    while symbol < 32 {
        table[symbol] = match symbol {
            1..=20 => (0, symbol as u32 / 2 + symbol as u32 % 2),
            21..=26 => (0, symbol as u32 - 10),
            27 => (1, 17),
            28 => (1, 19),
            29 => (2, 21),
            30 => (3, 25),
            _ => (5, 33),
        };
        symbol += 1;
    }
    table
};

fn length_of(residual: i64) -> u32 {
    u64::BITS - residual.unsigned_abs().leading_zeros()
}

/// About how many bits a residual takes.
pub(super) fn cost(residual: i64) -> u32 {
    let length = length_of(residual);
    if length == 0 { 0 } else { length + 3 }
}

/// The class of a length: none, 1 to 2, 3 to 5, 6 to 9, 10 to 14 bits, more.
const BUCKETS: [u8; 65] = {
    let mut buckets = [5; 65];
    let mut length = 0;
    while length < 15 {
        buckets[length] = match length {
            0 => 0,
            1..=2 => 1,
            3..=5 => 2,
            6..=9 => 3,
            _ => 4,
        };
        length += 1;
    }
    buckets
};
/// The first residual is a whole value and says nothing of the steps that follow: these are expected to be of so many bits.
const LENGTH_AFTER_FIRST: u32 = 6;

#[inline(always)]
fn context(last: u32, moved: bool) -> usize {
    1 + 2 * usize::from(BUCKETS[last as usize % BUCKETS.len()]) + usize::from(moved)
}

fn write_first(encoder: &mut Encoder, model: &Model, residual: i64) -> usize {
    let length = length_of(residual);
    let below = residual.unsigned_abs();
    if residual < 0 {
        encoder.symbol(model, FIRST_NEGATIVE);
        encoder.raw(6, u64::from(length - 1));
        encoder.raw(length - 1, below);
        return FIRST_NEGATIVE;
    }
    let (symbol, bits, rest) = first_symbol(length);
    encoder.symbol(model, symbol);
    encoder.raw(bits, rest);
    encoder.raw(length.saturating_sub(1), below);
    symbol
}

fn write_later(encoder: &mut Encoder, model: &Model, residual: i64) -> usize {
    let length = length_of(residual);
    if length == 0 {
        encoder.symbol(model, 0);
        return 0;
    }
    let (symbol, bits, rest) = later_symbol(length);
    let below = residual.unsigned_abs();
    if length <= 10 {
        let symbol = symbol + usize::from(residual < 0);
        encoder.symbol(model, symbol);
        encoder.raw(length - 1, below);
        return symbol;
    }
    encoder.symbol(model, symbol);
    encoder.raw(bits + 1, rest << 1 | u64::from(residual < 0));
    encoder.raw(length - 1, below);
    symbol
}

/// A residual of `length` bits, the highest of which is not written.
#[inline(always)]
fn complete(decoder: &mut Decoder<'_>, length: u32, is_negative: bool) -> i64 {
    let size = (1_u64 << (length - 1) | decoder.raw(length - 1)).cast_signed();
    if is_negative { size.wrapping_neg() } else { size }
}

/// Lengths of first residuals: bits that complete the length, and the least.
const FIRST: [(u32, u32); 31] = {
    let mut table = [(0, 0); 31];
    let mut length = 0;
    while length <= 26 {
        table[length as usize] = (0, length);
        length += 1;
    }
    (table[27], table[28], table[29], table[30]) = ((1, 27), (2, 29), (3, 33), (5, 41));
    table
};

fn read_first(decoder: &mut Decoder<'_>, model: &Model) -> (i64, usize) {
    let symbol = decoder.symbol(model);
    let residual = match FIRST.get(symbol) {
        Some((_, 0)) => 0,
        Some(&(bits, least)) => {
            let length = (least + decoder.word(bits)).min(64);
            complete(decoder, length, false)
        }
        None => {
            let length = decoder.word(6) + 1;
            complete(decoder, length, true)
        }
    };
    (residual, symbol)
}

#[inline(always)]
fn read_later(decoder: &mut Decoder<'_>, model: &Model) -> (i64, usize) {
    let symbol = decoder.symbol(model);
    let (bits, least) = LATER[symbol];
    let residual = match symbol {
        0 => 0,
        1..=20 => {
            let size = (1 << (least - 1) | decoder.raw_few(least - 1)).cast_signed();
            if symbol.is_multiple_of(2) { -size } else { size }
        }
        _ => {
            let rest = decoder.word(bits + 1);
            complete(decoder, least + (rest >> 1), rest & 1 == 1)
        }
    };
    (residual, symbol)
}

/// The models of one class; those of a run of a folded chunk learn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Class(pub(super) [Model; CONTEXTS]);

/// Writes the first residual of a run.
pub(super) fn write_one(encoder: &mut Encoder, class: &Class, residual: i64) -> usize {
    write_first(encoder, &class.0[0], residual)
}

/// Reads the first residual of a run.
pub(super) fn read_one(decoder: &mut Decoder<'_>, class: &Class) -> i64 {
    read_first(decoder, &class.0[0]).0
}

/// Writes a run; `moved` says of each row whether the column before changed in it, and is told so of this one.
/// `told` hears of every context and symbol.
pub(super) fn write_run(
    encoder: &mut Encoder,
    (class, learns): (&Class, bool),
    mut walk: Walk<'_>,
    (rows, mut moved): (&[usize], Option<&mut [bool]>),
    integers: &[i64],
    mut told: impl FnMut(usize, usize),
) {
    let mut own = if learns { Some(*class) } else { None };
    let mut last = None;
    for (&row, &integer) in rows.iter().zip(integers) {
        let residual = integer.wrapping_sub(walk.predict(row));
        let did_move = moved.as_mut().is_some_and(|moved| std::mem::replace(&mut moved[row], integer != walk.last));
        let context = last.map_or(0, |last| context(last, did_move));
        let model = &own.as_ref().unwrap_or(class).0[context];
        let symbol = if last.is_none() { write_first(encoder, model, residual) } else { write_later(encoder, model, residual) };
        told(context, symbol);
        if let Some(own) = &mut own {
            own.0[context].learn(symbol);
        }
        last = Some(last.map_or(LENGTH_AFTER_FIRST, |_| length_of(residual)));
        walk.take(integer);
    }
}

/// Reads a run into `integers`.
pub(super) fn read_run(
    decoder: &mut Decoder<'_>,
    (class, learns): (&Class, bool),
    walk: Walk<'_>,
    (rows, moved): (&[usize], Option<&mut [bool]>),
    integers: &mut Vec<i64>,
) {
    integers.clear();
    if learns {
        return read_by::<true>(decoder, class, walk, rows, moved, integers);
    }
    // A loop for each predictor.
    match walk.predictor() {
        Predictor::Last => read_by::<false>(decoder, class, walk.by(Predictor::Last), rows, moved, integers),
        Predictor::Drift => read_by::<false>(decoder, class, walk.by(Predictor::Drift), rows, moved, integers),
        Predictor::Mean => read_by::<false>(decoder, class, walk.by(Predictor::Mean), rows, moved, integers),
        Predictor::Factor => read_by::<false>(decoder, class, walk.by(Predictor::Factor), rows, moved, integers),
        Predictor::Ratio => read_by::<false>(decoder, class, walk.by(Predictor::Ratio), rows, moved, integers),
        Predictor::Product => read_by::<false>(decoder, class, walk.by(Predictor::Product), rows, moved, integers),
        Predictor::Level => read_by::<false>(decoder, class, walk.by(Predictor::Level), rows, moved, integers),
    }
}

#[inline(always)]
fn read_by<const LEARNS: bool>(
    decoder: &mut Decoder<'_>,
    class: &Class,
    mut walk: Walk<'_>,
    rows: &[usize],
    mut moved: Option<&mut [bool]>,
    integers: &mut Vec<i64>,
) {
    let mut own = if LEARNS { Some(*class) } else { None };
    let Some((&first, rest)) = rows.split_first() else { return };
    let expected = walk.predict(first);
    let (residual, symbol) = read_first(decoder, &class.0[0]);
    if let Some(own) = &mut own {
        own.0[0].learn(symbol);
    }
    let mut integer = residual.wrapping_add(expected);
    if let Some(moved) = &mut moved {
        moved[first] = integer != 0;
    }
    walk.take(integer);
    integers.reserve_exact(rows.len());
    integers.push(integer);
    let mut last = LENGTH_AFTER_FIRST;
    for &row in rest {
        let expected = walk.predict(row);
        let did_move = moved.as_ref().is_some_and(|moved| moved[row]);
        let context = context(last, did_move);
        let model = own.as_ref().map_or(&class.0[context], |own| &own.0[context]);
        let (residual, symbol) = read_later(decoder, model);
        if let Some(own) = &mut own {
            own.0[context].learn(symbol);
        }
        last = length_of(residual);
        integer = residual.wrapping_add(expected);
        if let Some(moved) = &mut moved {
            moved[row] = integer != walk.last;
        }
        walk.take(integer);
        integers.push(integer);
    }
}

/// About how many bits the integers of the rows take, given up at `limit`.
pub(super) fn cost_of(mut walk: Walk<'_>, rows: impl Iterator<Item = usize>, integers: &[i64], limit: u32) -> u32 {
    let mut sum = 0;
    for (row, &integer) in rows.zip(integers) {
        sum += cost(integer.wrapping_sub(walk.predict(row)));
        if sum >= limit {
            return limit;
        }
        walk.take(integer);
    }
    sum
}
