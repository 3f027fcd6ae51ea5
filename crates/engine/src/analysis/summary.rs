//! Metrics over a whole stream or connection, gathered value by value.

use super::{Summary, UnjudgedTime};
use crate::{
    histogram::Histogram,
    metric::{Metric, MetricValues},
    score::unjudged::Unjudged,
};

#[derive(Clone, Debug)]
struct Gathered {
    /// The last value; many metrics repeat theirs.
    last: f64,
    /// How often it came, and for how many seconds, since the rest was brought up to date.
    repeats: u32,
    seconds: f64,
    count: u64,
    weight: f64,
    weighted: f64,
    sum: f64,
    min: f64,
    max: f64,
    histogram: Histogram,
    /// Place of the last bucket in the histogram.
    near: usize,
}

/// What gathers metrics.
pub(super) trait Gather: std::fmt::Debug + Send + Sync {
    /// Adds the values of an interval of `seconds`.
    fn add(&mut self, values: &MetricValues, seconds: f64);

    /// Adds an interval of `seconds` without a score.
    fn add_unjudged(&mut self, reason: Unjudged, seconds: f64);

    /// A summary for each metric that ever had a value, in display order.
    fn summaries(&self) -> Vec<Summary>;

    /// Every reason for which there was no score, that of the longest time first.
    fn unjudged(&self) -> Vec<UnjudgedTime>;
}

/// Summaries in the making.
#[derive(Debug)]
pub(super) struct Gatherer {
    /// Place of each metric in `gathered`, plus one.
    places: [u8; Metric::COUNT],
    gathered: Vec<(Metric, Gathered)>,
    unjudged: Vec<UnjudgedTime>,
}

impl Default for Gatherer {
    fn default() -> Self {
        Self { places: [0; Metric::COUNT], gathered: Vec::new(), unjudged: Vec::new() }
    }
}

impl Gather for Gatherer {
    fn add(&mut self, values: &MetricValues, seconds: f64) {
        for (metric, value) in values.iter() {
            let place = &mut self.places[metric.index()];
            if *place == 0 {
                self.gathered.push((metric, Gathered::new(value)));
                #[expect(clippy::cast_possible_truncation, reason = "at most one per metric, of which there are fewer than 128")]
                {
                    *place = self.gathered.len() as u8;
                }
            }
            let held = &mut self.gathered[usize::from(*place) - 1].1;
            if held.last.to_bits() != value.to_bits() {
                held.settle(metric);
                held.last = value;
            }
            held.repeats += 1;
            held.seconds += seconds;
        }
    }

    fn add_unjudged(&mut self, reason: Unjudged, seconds: f64) {
        match self.unjudged.iter_mut().find(|held| held.reason == reason) {
            Some(held) => held.seconds += seconds,
            None => self.unjudged.push(UnjudgedTime { reason, seconds }),
        }
    }

    fn unjudged(&self) -> Vec<UnjudgedTime> {
        let mut unjudged = self.unjudged.clone();
        unjudged.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
        unjudged
    }

    fn summaries(&self) -> Vec<Summary> {
        let mut summaries: Vec<Summary> = self.gathered.iter().map(|(metric, gathered)| gathered.clone().summary(*metric)).collect();
        summaries.sort_by_key(|summary| summary.metric);
        summaries
    }
}

impl Gathered {
    fn new(value: f64) -> Self {
        Self {
            last: value,
            repeats: 0,
            seconds: 0.0,
            count: 0,
            weight: 0.0,
            weighted: 0.0,
            sum: 0.0,
            min: value,
            max: value,
            histogram: Histogram::default(),
            near: 0,
        }
    }

    /// Counts the last value in.
    fn settle(&mut self, metric: Metric) {
        if let Some(bucket) = metric.buckets().bucket(self.last) {
            self.near = self.histogram.add_near(bucket, self.repeats, self.near);
        }
        self.count += u64::from(self.repeats);
        self.weight += self.seconds;
        self.weighted += self.seconds * self.last;
        self.sum += f64::from(self.repeats) * self.last;
        self.min = self.min.min(self.last);
        self.max = self.max.max(self.last);
        (self.repeats, self.seconds) = (0, 0.0);
    }

    fn summary(mut self, metric: Metric) -> Summary {
        self.settle(metric);
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
