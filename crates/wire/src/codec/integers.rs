//! Runs of integers: each predicted from those before it or from another column, what is left coded by its length.

use super::{
    CodecError,
    range::{Bit, Coder},
};

/// How the next integer is predicted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Predictor {
    /// The last one.
    #[default]
    Last,
    /// As far from the last one as that from the one before.
    Line,
    /// As far from the last one as is usual.
    Drift,
    /// What is usual.
    Mean,
    /// As far from the last one as in another column, times a factor.
    Times { column: usize, factor: u64 },
    /// As far from the last one as in another column, divided by a factor.
    Part { column: usize, factor: u64 },
}

impl Predictor {
    fn kind(self) -> u32 {
        match self {
            Self::Last => 0,
            Self::Line => 1,
            Self::Drift => 2,
            Self::Mean => 3,
            Self::Times { .. } => 4,
            Self::Part { .. } => 5,
        }
    }

    fn column(self) -> (usize, u64) {
        match self {
            Self::Times { column, factor } | Self::Part { column, factor } => (column, factor),
            _ => (0, 1),
        }
    }

    /// What another column's integer, or the step between two of them, amounts to here.
    fn convert(self, other: i64) -> i64 {
        match self {
            Self::Times { factor, .. } => other.wrapping_mul(factor.cast_signed()),
            Self::Part { factor, .. } => other.checked_div(factor.cast_signed()).unwrap_or(0),
            _ => 0,
        }
    }
}

/// Walks a run, predicting. Fractions are held in sixteenths.
#[derive(Debug)]
struct Walk<'a> {
    predictor: Predictor,
    other: &'a [i64],
    last: i64,
    step: i64,
    usual: i64,
}

impl<'a> Walk<'a> {
    fn new(predictor: Predictor, other: &'a [i64]) -> Self {
        Self { predictor, other, last: 0, step: 0, usual: 0 }
    }

    fn predict(&self, at: usize) -> i64 {
        let other = |at: usize| self.other.get(at).copied().unwrap_or(0);
        match self.predictor {
            Predictor::Times { .. } | Predictor::Part { .. } if at == 0 => self.predictor.convert(other(0)),
            Predictor::Times { .. } | Predictor::Part { .. } => {
                self.last.wrapping_add(self.predictor.convert(other(at).wrapping_sub(other(at - 1))))
            }
            _ if at == 0 => 0,
            Predictor::Last => self.last,
            Predictor::Line => self.last.wrapping_add(self.step),
            Predictor::Drift => self.last.wrapping_add(self.usual.wrapping_add(8) >> 4),
            Predictor::Mean => self.usual.wrapping_add(8) >> 4,
        }
    }

    fn take(&mut self, at: usize, integer: i64) {
        self.step = if at == 0 { 0 } else { integer.wrapping_sub(self.last) };
        self.last = integer;
        let (seen, first) = match self.predictor {
            Predictor::Mean => (integer, 0),
            _ => (self.step, 1),
        };
        let seen = seen.wrapping_mul(16);
        if at <= first {
            self.usual = seen;
        } else {
            self.usual = self.usual.wrapping_add(seen.wrapping_sub(self.usual) >> 2);
        }
    }
}

fn length(residual: i64) -> u32 {
    u64::BITS - residual.unsigned_abs().leading_zeros()
}

/// About how many quarters of a bit a run takes.
fn cost(predictor: Predictor, other: &[i64], integers: &[i64], limit: u64) -> u64 {
    let mut walk = Walk::new(predictor, other);
    let mut cost = 0;
    for (at, &integer) in integers.iter().enumerate() {
        let bits = length(integer.wrapping_sub(walk.predict(at)));
        cost += if bits == 0 { 1 } else { 10 + 4 * u64::from(bits) };
        if cost >= limit {
            return limit;
        }
        walk.take(at, integer);
    }
    cost
}

/// How many columns back the encoder looks for one to predict from: all those of an ordinary report, so that a report with thousands of
/// streams takes no longer per column.
pub(super) const OTHERS_MAX: usize = 512;

/// The predictor under which the run is shortest. `others` are the columns that may be referred to.
pub(super) fn plan(others: &[Vec<i64>], integers: &[i64]) -> Predictor {
    let mut best = (Predictor::Last, cost(Predictor::Last, &[], integers, u64::MAX));
    let mut attempt = |predictor: Predictor, other: &[i64], extra: u64| {
        let cost = extra + cost(predictor, other, integers, best.1.saturating_sub(extra));
        if cost < best.1 {
            best = (predictor, cost);
        }
    };
    if integers.len() > 2 {
        for predictor in [Predictor::Line, Predictor::Drift, Predictor::Mean] {
            attempt(predictor, &[], 2);
        }
    }
    let ends = |integers: &[i64]| Some(integers.last()?.wrapping_sub(*integers.first()?));
    let mine = ends(integers).unwrap_or(0);
    let others = others.iter().enumerate().rev().take(OTHERS_MAX).rev();
    for (column, other) in others.filter(|(_, other)| other.len() == integers.len()) {
        attempt(Predictor::Times { column, factor: 1 }, other, 36);
        let theirs = ends(other).unwrap_or(0);
        if mine != 0 && theirs != 0 && mine.signum() == theirs.signum() {
            let (mine, theirs) = (mine.unsigned_abs(), theirs.unsigned_abs());
            let times = mine.saturating_add(theirs / 2) / theirs;
            let part = theirs.saturating_add(mine / 2) / mine;
            if (2..1 << 32).contains(&times) {
                attempt(Predictor::Times { column, factor: times }, other, 64);
            }
            if (2..1 << 32).contains(&part) {
                attempt(Predictor::Part { column, factor: part }, other, 64);
            }
        }
    }
    best.0
}

/// Lengths of the last residual that have their own models.
const LENGTH_MAX: usize = 31;

/// What one column learns for itself.
#[derive(Debug)]
struct Own {
    zero: [Bit; 12],
    lengths: [Bit; 64],
    sign: Bit,
}

/// Codes the runs of one chunk.
#[derive(Debug)]
pub(super) struct Integers {
    kinds: [Bit; 8],
    factors: [Bit; 64],
    one: Bit,
    zero: [Bit; 12],
    lengths: Vec<[Bit; 64]>,
    signs: Bit,
    tops: Vec<[Bit; 4]>,
    /// In which rows of the column before, of the same object, the prediction failed.
    missed: Vec<bool>,
}

impl Integers {
    pub(super) fn new() -> Self {
        Self {
            kinds: [Bit::NEW; 8],
            factors: [Bit::NEW; 64],
            one: Bit::NEW,
            zero: [Bit::NEW; 12],
            lengths: vec![[Bit::NEW; 64]; LENGTH_MAX + 1],
            signs: Bit::NEW,
            tops: vec![[Bit::NEW; 4]; 65],
            missed: Vec::new(),
        }
    }

    /// Forgets the column before: another object follows.
    pub(super) fn begin_object(&mut self) {
        self.missed.clear();
    }

    /// A predictor; columns referred to are below `columns`.
    pub(super) fn predictor(&mut self, coder: &mut impl Coder, columns: usize, given: Predictor) -> Result<Predictor, CodecError> {
        let kind = coder.tree(&mut self.kinds, 3, given.kind());
        let simple = match kind {
            0 => Some(Predictor::Last),
            1 => Some(Predictor::Line),
            2 => Some(Predictor::Drift),
            3 => Some(Predictor::Mean),
            _ => None,
        };
        if let Some(simple) = simple {
            return Ok(simple);
        }
        if columns == 0 || kind > 5 {
            return Err(CodecError::Damaged("predictor"));
        }
        let (column, factor) = given.column();
        let column = usize::try_from(coder.raw(bits_of(columns), column as u64)).map_err(|_| CodecError::Damaged("column number"))?;
        let factor = if coder.bit(&mut self.one, factor == 1) { 1 } else { coder.number(&mut self.factors, factor) };
        if column >= columns || factor == 0 {
            return Err(CodecError::Damaged("column number"));
        }
        Ok(if kind == 4 { Predictor::Times { column, factor } } else { Predictor::Part { column, factor } })
    }

    /// `count` integers under a predictor, whose column's integers are `other`.
    pub(super) fn run(&mut self, coder: &mut impl Coder, (predictor, other): (Predictor, &[i64]), count: usize, given: &[i64]) -> Vec<i64> {
        let mut own = Own { zero: [Bit::NEW; 12], lengths: [Bit::NEW; 64], sign: Bit::NEW };
        let mut walk = Walk::new(predictor, other);
        let mut integers = Vec::with_capacity(count);
        let mut missed = Vec::with_capacity(count);
        let mut last = 0;
        for at in 0..count {
            let predicted = walk.predict(at);
            let residual = given.get(at).map_or(0, |integer| integer.wrapping_sub(predicted));
            let beside = self.missed.get(at).map_or(2, |&missed| usize::from(missed));
            let residual = self.residual(coder, &mut own, (last, if at == 0 { 3 } else { beside }), residual);
            last = (length(residual) as usize).min(LENGTH_MAX);
            missed.push(residual != 0);
            let integer = predicted.wrapping_add(residual);
            walk.take(at, integer);
            integers.push(integer);
        }
        self.missed = missed;
        integers
    }

    fn residual(&mut self, coder: &mut impl Coder, own: &mut Own, (last, beside): (usize, usize), given: i64) -> i64 {
        let context = beside * 3 + last.min(2);
        if coder.bit_of_two(&mut self.zero[context], &mut own.zero[context], given == 0) {
            return 0;
        }
        let mut node = 1_usize;
        let wanted = length(given).wrapping_sub(1);
        for at in (0..6).rev() {
            let bit = coder.bit_of_two(&mut self.lengths[last][node], &mut own.lengths[node], (wanted >> at) & 1 == 1);
            node = node * 2 + usize::from(bit);
        }
        let length = node - 64;
        let negative = coder.bit_of_two(&mut self.signs, &mut own.sign, given < 0);
        let size = given.unsigned_abs();
        let mut read = 1_u64;
        for place in 0..length.min(2) {
            let bit = (size >> (length - 1 - place)) & 1 == 1;
            let models = &mut self.tops[length];
            read = read * 2 + u64::from(coder.bit(&mut models[if place == 0 { 1 } else { 2 + usize::from(read & 1 == 1) }], bit));
        }
        if length > 2 {
            let rest = u32::try_from(length - 2).unwrap_or(0);
            read = read << rest | coder.raw(rest, size);
        }
        let value = read.cast_signed();
        if negative { value.wrapping_neg() } else { value }
    }
}

/// Bits that number `count` things.
pub(super) fn bits_of(count: usize) -> u32 {
    usize::BITS - count.saturating_sub(1).leading_zeros()
}
