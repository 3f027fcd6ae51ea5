//! Histograms in fixed integer buckets: merging is addition, so percentiles agree on every backend and in any order.
//!
//! A bucket is an integer that depends on the value alone. Logarithmic buckets grow by γ = 1.02/0.98: the value told
//! for a bucket is within 2 % of every value in it. Linear buckets are of one width (scores: 0.05).

/// How values map to buckets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Buckets {
    /// Of this width, centred on its multiples.
    Linear(f64),
    /// Growing by γ; everything below 10⁻⁹, zero among it, has the bucket [`ZERO_BUCKET`].
    Log,
}

/// The logarithmic bucket of zero.
pub const ZERO_BUCKET: i32 = -10_000;

/// Values below this are zero in logarithmic buckets.
const LOG_MIN: f64 = 1e-9;
/// ln γ with γ = 1.02/0.98.
const LN_GAMMA: f64 = 0.040_005_334_613_699_206;
const GAMMA: f64 = 1.02 / 0.98;
/// Greatest bucket number in use, so that memory stays bounded whatever comes.
const BUCKET_MAX: f64 = 5000.0;

impl Buckets {
    /// The bucket of `value`; `None` when it is not finite.
    #[must_use]
    pub fn bucket(self, value: f64) -> Option<i32> {
        if !value.is_finite() {
            return None;
        }
        let bucket = match self {
            Self::Linear(width) => libm::round(value / width),
            Self::Log if value < LOG_MIN => return Some(ZERO_BUCKET),
            Self::Log => ceil(ln(value) * (1.0 / LN_GAMMA)),
        };
        #[expect(clippy::cast_possible_truncation, reason = "clamped here")]
        Some(bucket.clamp(-BUCKET_MAX, BUCKET_MAX) as i32)
    }

    /// The value that stands for `bucket`: its middle.
    #[must_use]
    pub fn value(self, bucket: i32) -> f64 {
        match self {
            Self::Linear(width) => f64::from(bucket) * width,
            Self::Log if bucket == ZERO_BUCKET => 0.0,
            Self::Log => 2.0 * libm::exp(f64::from(bucket) * LN_GAMMA) / (1.0 + GAMMA),
        }
    }
}

/// Natural logarithm of a positive number, within 10⁻⁹: plain arithmetic, so equal on every target, and faster than the exact one.
fn ln(value: f64) -> f64 {
    use std::f64::consts::{LN_2, SQRT_2};
    const MANTISSA: u64 = (1 << 52) - 1;
    let bits = value.to_bits();
    let mantissa = f64::from_bits(bits & MANTISSA | 1023 << 52);
    let exponent = f64::from((bits >> 52) as u32) - 1023.0;
    // ln (m/√2) = 2 artanh t, with |t| <= 0.1716.
    let t = (mantissa - SQRT_2) / (mantissa + SQRT_2);
    let t2 = t * t;
    (exponent + 0.5) * LN_2 + 2.0 * t * (1.0 + t2 * (1.0 / 3.0 + t2 * (1.0 / 5.0 + t2 * (1.0 / 7.0 + t2 / 9.0))))
}

/// Least whole number that is not below `value`, which is small.
fn ceil(value: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, reason = "a logarithm: at most 2 000 in size")]
    let whole = f64::from(value as i32);
    whole + f64::from(u8::from(whole < value))
}

/// How often values fell into each bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// Bucket and count, sorted by bucket, no count 0.
    counts: Vec<(i32, u32)>,
}

impl Histogram {
    /// From pairs of bucket and count in any order; counts of one bucket add up.
    #[must_use]
    pub fn from_pairs(pairs: &[(i32, u32)]) -> Self {
        let mut histogram = Self::default();
        for &(bucket, count) in pairs {
            histogram.add(bucket, count);
        }
        histogram
    }

    /// Bucket and count, sorted by bucket: what is stored.
    #[must_use]
    pub fn pairs(&self) -> &[(i32, u32)] {
        &self.counts
    }

    /// Adds `count` values of `bucket`, saturating.
    pub fn add(&mut self, bucket: i32, count: u32) {
        if count == 0 {
            return;
        }
        match self.counts.binary_search_by_key(&bucket, |&(held, _)| held) {
            Ok(at) => self.counts[at].1 = self.counts[at].1.saturating_add(count),
            Err(at) => self.counts.insert(at, (bucket, count)),
        }
    }

    /// Adds `count` values of `bucket`, which may be at the place `near`; gives its place.
    pub(crate) fn add_near(&mut self, bucket: i32, count: u32, near: usize) -> usize {
        if let Some(held) = self.counts.get_mut(near).filter(|held| held.0 == bucket) {
            held.1 = held.1.saturating_add(count);
            return near;
        }
        self.add(bucket, count);
        self.counts.partition_point(|held| held.0 < bucket)
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Self) {
        for &(bucket, count) in &other.counts {
            self.add(bucket, count);
        }
    }

    /// Number of values.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().map(|&(_, count)| u64::from(count)).sum()
    }

    /// The value below which `share` (0 to 1) of all values lie: the middle of the bucket of that rank. `None` when empty.
    #[must_use]
    pub fn percentile(&self, buckets: Buckets, share: f64) -> Option<f64> {
        let rank = libm::ceil(share.clamp(0.0, 1.0) * self.count() as f64).max(1.0);
        let mut below = 0.0;
        for &(bucket, count) in &self.counts {
            below += f64::from(count);
            if below >= rank {
                return Some(buckets.value(bucket));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn gamma_is_that_of_two_per_cent() {
        assert!((libm::log(GAMMA) - LN_GAMMA).abs() < 1e-15);
    }

    #[test]
    fn scores_fall_into_steps_of_a_twentieth() {
        let buckets = Buckets::Linear(0.05);
        assert_eq!(buckets.bucket(4.31), Some(86));
        assert!((buckets.value(86) - 4.3).abs() < 1e-12);
        assert_eq!(Buckets::Log.bucket(f64::NAN), None);
    }

    #[test]
    fn percentiles_are_ranks() {
        let mut histogram = Histogram::default();
        for value in 1..=100 {
            histogram.add(Buckets::Linear(1.0).bucket(f64::from(value)).unwrap(), 1);
        }
        let percentile = |share| histogram.percentile(Buckets::Linear(1.0), share);
        assert_eq!([percentile(0.05), percentile(0.5), percentile(0.95), percentile(1.0)], [5.0, 50.0, 95.0, 100.0].map(Some));
        assert_eq!(Histogram::default().percentile(Buckets::Log, 0.5), None);
    }

    proptest! {
        #[test]
        fn a_logarithmic_bucket_tells_its_values_within_two_per_cent(exponent in -8.0..12.0f64) {
            let value = libm::exp10(exponent);
            let told = Buckets::Log.value(Buckets::Log.bucket(value).unwrap());
            prop_assert!((told / value - 1.0).abs() <= 0.020_000_1, "{value} told as {told}");
        }

        #[test]
        fn merge_order_does_not_matter(parts in prop::collection::vec(prop::collection::vec((-50..50i32, 0..9u32), 0..9), 0..6)) {
            let histograms: Vec<_> = parts.iter().map(|pairs| Histogram::from_pairs(pairs)).collect();
            let merge = |order: &mut dyn Iterator<Item = &Histogram>| {
                let mut all = Histogram::default();
                order.for_each(|part| all.merge(part));
                all
            };
            let all = merge(&mut histograms.iter());
            prop_assert_eq!(&all, &merge(&mut histograms.iter().rev()));
            prop_assert_eq!(all, Histogram::from_pairs(&parts.concat()));
        }

        #[test]
        fn the_logarithm_is_good_enough(exponent in -9.0..300.0f64) {
            let value = libm::exp10(exponent);
            prop_assert!((ln(value) - libm::log(value)).abs() < 2e-9);
        }

        #[test]
        fn buckets_rise_with_values(a in 0.0..1e9f64, b in 0.0..1e9f64) {
            let (low, high) = if a < b { (a, b) } else { (b, a) };
            prop_assert!(Buckets::Log.bucket(low) <= Buckets::Log.bucket(high));
        }
    }
}
