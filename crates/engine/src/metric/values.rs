//! Some metrics at one instant: a bit per metric and the values of those that are there, side by side.

use super::Metric;
use crate::bits::Bits;

/// Values of some metrics at one instant; a metric that is not in it is absent. Never NaN or infinite.
///
/// A set bit says that a metric is there, and the values stand in the order of [`Metric::ALL`]: 8 bytes a value, no search.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MetricValues {
    present: Bits,
    values: Vec<f64>,
}

const _: () = assert!(Metric::COUNT <= Bits::COUNT);

impl MetricValues {
    /// The value, if there is one.
    #[must_use]
    pub fn get(&self, metric: Metric) -> Option<f64> {
        if !self.present.has(metric.index()) {
            return None;
        }
        self.values.get(self.present.count_below(metric.index())).copied()
    }

    /// Sets a value; absent or non-finite values leave the metric absent.
    pub fn set(&mut self, metric: Metric, value: Option<f64>) {
        let rank = self.present.count_below(metric.index());
        let held = self.present.has(metric.index());
        match value.filter(|value| value.is_finite()) {
            Some(value) if held => self.values[rank] = value,
            Some(value) => {
                self.values.insert(rank, value);
                self.present.set(metric.index(), true);
            }
            None if held => {
                self.values.remove(rank);
                self.present.set(metric.index(), false);
            }
            None => {}
        }
    }

    /// Every metric that has a value, in the order of [`Metric::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Metric, f64)> + '_ {
        self.present.iter().zip(&self.values).map(|(index, &value)| (Metric::ALL[index], value))
    }

    /// Number of metrics that have a value.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether no metric has a value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Takes the values of `draft` in place of those held; keeps the memory.
    pub(crate) fn take(&mut self, draft: &Draft) {
        self.present = draft.present;
        self.values.clear();
        self.values.extend(draft.present.iter().map(|index| draft.values[index]));
    }
}

/// Values in the making: a place for each metric, so that they can be set in any order at no cost.
#[derive(Debug)]
pub(crate) struct Draft {
    present: Bits,
    values: [f64; Metric::COUNT],
}

impl Draft {
    /// No values.
    pub(crate) fn new() -> Self {
        Self { present: Bits::default(), values: [0.0; Metric::COUNT] }
    }

    /// The value, if there is one.
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(crate) fn get(&self, metric: Metric) -> Option<f64> {
        self.present.has(metric.index()).then(|| self.values[metric.index()])
    }

    /// Sets a value; absent or non-finite values leave the metric absent.
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(crate) fn set(&mut self, metric: Metric, value: Option<f64>) {
        let value = value.filter(|value| value.is_finite());
        self.present.set(metric.index(), value.is_some());
        if let Some(value) = value {
            self.values[metric.index()] = value;
        }
    }

    /// Makes every metric absent.
    pub(crate) fn clear(&mut self) {
        self.present = Bits::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_in_any_order_is_there_in_display_order() {
        let mut values = MetricValues::default();
        for &metric in Metric::ALL.iter().rev() {
            values.set(metric, Some(metric.index() as f64));
        }
        assert_eq!(values.iter().map(|(metric, _)| metric).collect::<Vec<_>>(), Metric::ALL);
        assert!(values.iter().all(|(metric, value)| values.get(metric) == Some(value) && value == metric.index() as f64));
    }

    #[test]
    fn absent_and_not_finite_are_the_same() {
        let mut values = MetricValues::default();
        for value in [None, Some(f64::NAN), Some(f64::INFINITY)] {
            values.set(Metric::Rtt, Some(1.0));
            values.set(Metric::Qp, Some(2.0));
            values.set(Metric::Rtt, value);
            assert_eq!(values.get(Metric::Rtt), None);
            assert_eq!(values.iter().collect::<Vec<_>>(), [(Metric::Qp, 2.0)]);
        }
    }
}
