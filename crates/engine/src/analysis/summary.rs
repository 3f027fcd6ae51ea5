//! Metrics over a whole stream or connection, gathered value by value.

use super::Summary;
use crate::{
    histogram::Histogram,
    metric::{Metric, MetricValues},
};

#[derive(Debug)]
struct Gathered {
    count: u64,
    weight: f64,
    weighted: f64,
    sum: f64,
    min: f64,
    max: f64,
    histogram: Histogram,
    /// Bits of the last value and its bucket: many metrics repeat theirs.
    last: (u64, i32),
}

/// Summaries in the making.
#[derive(Debug)]
pub(super) struct Gatherer {
    /// Place of each metric in `gathered`, plus one.
    places: [u8; Metric::COUNT],
    gathered: Vec<(Metric, Gathered)>,
}

impl Default for Gatherer {
    fn default() -> Self {
        Self { places: [0; Metric::COUNT], gathered: Vec::new() }
    }
}

impl Gatherer {
    /// Adds the values of an interval of `seconds`.
    pub(super) fn add(&mut self, values: &MetricValues, seconds: f64) {
        for (metric, value) in values.iter() {
            let place = &mut self.places[metric.index()];
            if *place == 0 {
                let first = Gathered {
                    count: 0,
                    weight: 0.0,
                    weighted: 0.0,
                    sum: 0.0,
                    min: value,
                    max: value,
                    histogram: Histogram::default(),
                    last: (value.to_bits(), metric.buckets().bucket(value).unwrap_or(0)),
                };
                self.gathered.push((metric, first));
                #[expect(clippy::cast_possible_truncation, reason = "at most one per metric, of which there are fewer than 128")]
                {
                    *place = self.gathered.len() as u8;
                }
            }
            let held = &mut self.gathered[usize::from(*place) - 1].1;
            if held.last.0 != value.to_bits() {
                held.last = (value.to_bits(), metric.buckets().bucket(value).unwrap_or(held.last.1));
            }
            held.count += 1;
            held.weight += seconds;
            held.weighted += seconds * value;
            held.sum += value;
            held.min = held.min.min(value);
            held.max = held.max.max(value);
            held.histogram.add(held.last.1, 1);
        }
    }

    /// A summary for each metric that ever had a value, in display order.
    pub(super) fn summaries(&self) -> Vec<Summary> {
        let mut summaries: Vec<Summary> = self.gathered.iter().map(|(metric, gathered)| gathered.summary(*metric)).collect();
        summaries.sort_by_key(|summary| summary.metric);
        summaries
    }
}

impl Gathered {
    fn summary(&self, metric: Metric) -> Summary {
        let percentile = |share| {
            let told = self.histogram.percentile(metric.buckets(), share).unwrap_or(self.min);
            told.clamp(self.min, self.max)
        };
        // Only levels of reports without an interval: nothing to weight by.
        let mean = if self.weight > 0.0 { self.weighted / self.weight } else { self.sum / self.count as f64 };
        Summary {
            metric,
            count: self.count,
            mean: if mean.is_finite() { mean.clamp(self.min, self.max) } else { self.max },
            min: self.min,
            max: self.max,
            p5: percentile(0.05),
            p50: percentile(0.5),
            p95: percentile(0.95),
        }
    }
}
