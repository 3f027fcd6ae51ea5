//! How close predictions come to the truth.

use std::collections::BTreeMap;

/// One prediction beside its truth, and the call that it is of.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// Which call: segments of one call are not independent.
    pub call: usize,
    /// What the formula says.
    pub said: f64,
    /// PESQ-WB.
    pub truth: f64,
}

/// Agreement of a formula with the truth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// Linear correlation.
    pub pearson: f64,
    /// Correlation of ranks: what calibration cannot change.
    pub spearman: f64,
    /// Root mean square error, MOS.
    pub rmse: f64,
}

/// An interval that holds 95 % of the bootstrap's values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval(pub f64, pub f64);

/// Draws of the bootstrap.
const DRAWS: usize = 2000;

fn pearson(pairs: &[(f64, f64)]) -> f64 {
    let count = pairs.len() as f64;
    let (mean_x, mean_y) = (pairs.iter().map(|pair| pair.0).sum::<f64>() / count, pairs.iter().map(|pair| pair.1).sum::<f64>() / count);
    let sum = |of: fn(f64, f64) -> f64| pairs.iter().map(|&(x, y)| of(x - mean_x, y - mean_y)).sum::<f64>();
    let spread = (sum(|x, _| x * x) * sum(|_, y| y * y)).sqrt();
    if spread > 0.0 { sum(|x, y| x * y) / spread } else { 0.0 }
}

/// Ranks, the mean of them where values are equal.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    for equal in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let first = order.iter().position(|place| *place == equal[0]).unwrap_or(0);
        for &place in equal {
            ranks[place] = first as f64 + (equal.len() - 1) as f64 / 2.0;
        }
    }
    ranks
}

/// Agreement over all pairs.
#[must_use]
pub fn agreement(pairs: &[Pair]) -> Agreement {
    let plain: Vec<(f64, f64)> = pairs.iter().map(|pair| (pair.said, pair.truth)).collect();
    let said = ranks(&plain.iter().map(|pair| pair.0).collect::<Vec<_>>());
    let truth = ranks(&plain.iter().map(|pair| pair.1).collect::<Vec<_>>());
    Agreement { pearson: pearson(&plain), spearman: pearson(&said.into_iter().zip(truth).collect::<Vec<_>>()), rmse: rmse(pairs) }
}

/// The mean of each call: of what was said, and of the truth.
#[must_use]
pub fn by_call(pairs: &[Pair]) -> Vec<Pair> {
    let mean = |of: &[Pair], value: fn(&Pair) -> f64| of.iter().map(value).sum::<f64>() / of.len() as f64;
    let calls = calls(pairs);
    calls.iter().map(|of| Pair { call: of[0].call, said: mean(of, |pair| pair.said), truth: mean(of, |pair| pair.truth) }).collect()
}

/// How far the errors in a call stray from their mean in that call: the root of the pooled variance, MOS.
#[must_use]
pub fn within_call(pairs: &[Pair]) -> f64 {
    let calls = calls(pairs);
    let squares = calls.iter().map(|call| {
        let errors: Vec<f64> = call.iter().map(|pair| pair.said - pair.truth).collect();
        let mean = errors.iter().sum::<f64>() / errors.len() as f64;
        errors.iter().map(|error| (error - mean) * (error - mean)).sum::<f64>()
    });
    (squares.sum::<f64>() / (pairs.len() - calls.len()) as f64).sqrt()
}

fn calls(pairs: &[Pair]) -> Vec<Vec<Pair>> {
    let mut calls: BTreeMap<usize, Vec<Pair>> = BTreeMap::new();
    for pair in pairs {
        calls.entry(pair.call).or_default().push(*pair);
    }
    calls.into_values().collect()
}

fn rmse(pairs: &[Pair]) -> f64 {
    (pairs.iter().map(|pair| (pair.said - pair.truth) * (pair.said - pair.truth)).sum::<f64>() / pairs.len() as f64).sqrt()
}

/// Bootstrap intervals of Pearson's correlation and of the error: whole calls are drawn, with replacement, by a fixed seed.
#[must_use]
pub fn intervals(pairs: &[Pair]) -> (Interval, Interval) {
    let calls = calls(pairs);
    let mut random = Random(1);
    let (mut correlations, mut errors) = (Vec::with_capacity(DRAWS), Vec::with_capacity(DRAWS));
    for _ in 0..DRAWS {
        let drawn: Vec<Pair> = (0..calls.len()).flat_map(|_| calls[random.below(calls.len())].iter().copied()).collect();
        correlations.push(pearson(&drawn.iter().map(|pair| (pair.said, pair.truth)).collect::<Vec<_>>()));
        errors.push(rmse(&drawn));
    }
    (interval(correlations), interval(errors))
}

fn interval(mut values: Vec<f64>) -> Interval {
    values.sort_by(f64::total_cmp);
    Interval(values[DRAWS * 25 / 1000], values[DRAWS * 975 / 1000])
}

/// `SplitMix64`: the report must come out the same every time.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(values: &[(f64, f64)]) -> Vec<Pair> {
        values.iter().enumerate().map(|(call, &(said, truth))| Pair { call, said, truth }).collect()
    }

    #[test]
    fn agreement_is_that_of_the_textbook() {
        // Anscombe's first set: r = 0.816, as for all four.
        let x = [10.0, 8.0, 13.0, 9.0, 11.0, 14.0, 6.0, 4.0, 12.0, 7.0, 5.0];
        let y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
        let agreement = agreement(&pairs(&x.into_iter().zip(y).collect::<Vec<_>>()));
        assert!((agreement.pearson - 0.816).abs() < 0.001 && (agreement.spearman - 0.818).abs() < 0.001, "{agreement:?}");
    }

    #[test]
    fn equal_values_share_a_rank() {
        assert_eq!(ranks(&[2.0, 1.0, 2.0, 5.0]), [1.5, 0.0, 1.5, 3.0]);
    }

    #[test]
    fn a_call_is_the_mean_of_its_segments() {
        let segments = [(0, 2.0, 1.0), (1, 4.0, 4.5), (0, 3.0, 2.0)].map(|(call, said, truth)| Pair { call, said, truth });
        let calls: Vec<_> = by_call(&segments).iter().map(|pair| (pair.call, pair.said, pair.truth)).collect();
        assert_eq!(calls, [(0, 2.5, 1.5), (1, 4.0, 4.5)]);
        assert_eq!(within_call(&segments), 0.0);
        let strays = [(0, 2.0, 1.0), (0, 2.0, 3.0)].map(|(call, said, truth)| Pair { call, said, truth });
        assert_eq!(within_call(&strays), 2_f64.sqrt());
    }

    #[test]
    fn an_interval_holds_the_value_and_is_the_same_each_time() {
        let pairs = pairs(&(0..60).map(|n| (f64::from(n), f64::from(n) + f64::from(n * 7 % 13))).collect::<Vec<_>>());
        let (correlation, error) = intervals(&pairs);
        let agreement = agreement(&pairs);
        assert!(correlation.0 < agreement.pearson && agreement.pearson < correlation.1);
        assert!(error.0 < agreement.rmse && agreement.rmse < error.1);
        assert_eq!(intervals(&pairs), (correlation, error));
    }
}
