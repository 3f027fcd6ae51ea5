//! What the next integer of a column is expected to be: from those before it, or from other columns.

/// The ways to predict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Predictor {
    /// The last one.
    Last,
    /// As far from the last one as is usual.
    Drift,
    /// What is usual.
    Mean,
    /// As far from the last one as in other columns, times a factor; if there are two, what is usual besides.
    Factor,
    /// As far from the last one as in another column, times how they stood to each other so far.
    Ratio,
    /// As far from the last one as another column says, times the step of a third.
    Product,
    /// The larger of two other columns times a factor, and what is usual besides.
    Level,
}

impl Predictor {
    pub(super) const ALL: [Self; 7] = [Self::Last, Self::Drift, Self::Mean, Self::Factor, Self::Ratio, Self::Product, Self::Level];

    /// Whether it looks at other columns.
    pub(super) fn refers(self) -> bool {
        !matches!(self, Self::Last | Self::Drift | Self::Mean)
    }
}

/// The integers of another column, by row.
#[derive(Clone, Copy, Debug)]
pub(super) enum Other<'a> {
    /// One for all rows.
    Constant(i64),
    /// One for each row.
    Rows(&'a [i64]),
}

impl Other<'_> {
    pub(super) const NONE: Self = Self::Constant(0);

    fn at(&self, row: usize) -> i64 {
        match self {
            Self::Constant(integer) => *integer,
            Self::Rows(integers) => integers.get(row).copied().unwrap_or(0),
        }
    }
}

/// Walks a column, predicting. What is usual is held in sixteenths.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    predictor: Predictor,
    factor: f64,
    others: [Other<'a>; 2],
    /// Whether there are two others to be added.
    is_sum: bool,
    before: Option<[i64; 2]>,
    steps: u32,
    pub(super) last: i64,
    base: i64,
    usual: i64,
}

/// The integer nearest to a number, halves away from zero.
#[expect(clippy::cast_possible_truncation, reason = "what does not fit becomes the nearest that does")]
fn nearest(number: f64) -> i64 {
    (if number < 0.0 { number - 0.5 } else { number + 0.5 }) as i64
}

impl<'a> Walk<'a> {
    pub(super) fn new(predictor: Predictor, factor: f64, others: [Other<'a>; 2]) -> Self {
        let is_sum = !matches!(others[1], Other::Constant(_));
        Self { predictor, factor, others, is_sum, before: None, steps: 0, last: 0, base: 0, usual: 0 }
    }

    pub(super) fn predictor(&self) -> Predictor {
        self.predictor
    }

    /// The same walk by a predictor that is known when this is compiled.
    #[inline(always)]
    pub(super) fn by(self, predictor: Predictor) -> Self {
        Self { predictor, ..self }
    }

    fn usual(&self) -> i64 {
        self.usual.wrapping_add(8) >> 4
    }

    /// What is expected in `row`.
    #[inline(always)]
    pub(super) fn predict(&mut self, row: usize) -> i64 {
        match self.predictor {
            Predictor::Last => return self.last,
            Predictor::Drift => return self.last.wrapping_add(self.usual()),
            Predictor::Mean => return self.usual(),
            _ => {}
        }
        let now = [self.others[0].at(row), self.others[1].at(row)];
        let before = self.before.replace(now);
        let [was, was_too] = before.unwrap_or_default();
        let step = now[0].wrapping_sub(was);
        let other_step = now[1].wrapping_sub(was_too);
        match self.predictor {
            Predictor::Factor => {
                self.base = self.last.wrapping_add(nearest(step.wrapping_add(other_step) as f64 * self.factor));
                // Of sums something is left as a rule.
                if self.is_sum { self.base.wrapping_add(self.usual()) } else { self.base }
            }
            Predictor::Ratio => {
                let ratio = if before.is_some() && was != 0 { self.last as f64 / was as f64 } else { self.factor };
                self.last.wrapping_add(nearest(step as f64 * ratio))
            }
            Predictor::Product => self.last.wrapping_add(nearest(now[0] as f64 * other_step as f64 * self.factor)),
            _ => {
                self.base = nearest(now[0].max(now[1]) as f64 * self.factor);
                self.base.wrapping_add(self.usual())
            }
        }
    }

    /// Takes note of what it was.
    #[inline(always)]
    pub(super) fn take(&mut self, integer: i64) {
        let seen = match self.predictor {
            Predictor::Drift if self.steps == 0 => 0,
            Predictor::Drift => integer.wrapping_sub(self.last),
            Predictor::Mean => integer,
            Predictor::Level => integer.wrapping_sub(self.base),
            Predictor::Factor if self.steps > 0 => integer.wrapping_sub(self.base),
            _ => 0,
        }
        .wrapping_mul(16);
        let first = u32::from(matches!(self.predictor, Predictor::Drift | Predictor::Factor));
        if self.steps <= first {
            self.usual = seen;
            self.steps += 1;
        } else {
            self.usual = self.usual.wrapping_add(seen.wrapping_sub(self.usual) >> 2);
        }
        self.last = integer;
    }
}
