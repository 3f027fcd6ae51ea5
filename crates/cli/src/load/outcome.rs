//! What a run of load came to: counts, latencies, errors by kind.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Result;
use hdrhistogram::Histogram;
use serde_json::json;

/// Longest latency told apart, in microseconds.
const LATENCY_MAX_US: u64 = 60_000_000;

/// Percentiles that are told.
const PERCENTILES: [f64; 4] = [50.0, 90.0, 99.0, 99.9];

pub(super) struct Outcome {
    latency_us: Histogram<u64>,
    batches: u64,
    reports: u64,
    bytes: u64,
    errors: BTreeMap<String, u64>,
}

impl Outcome {
    pub(super) fn new() -> Result<Self> {
        Ok(Self {
            latency_us: Histogram::new_with_bounds(1, LATENCY_MAX_US, 3)?,
            batches: 0,
            reports: 0,
            bytes: 0,
            errors: BTreeMap::new(),
        })
    }

    pub(super) fn acknowledged(&mut self, latency: Duration, reports: usize, bytes: usize) {
        self.latency_us.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(LATENCY_MAX_US));
        self.batches += 1;
        self.reports += reports as u64;
        self.bytes += bytes as u64;
    }

    pub(super) fn error(&mut self, kind: String) {
        *self.errors.entry(kind).or_default() += 1;
    }

    pub(super) fn add(&mut self, other: &Self) -> Result<()> {
        self.latency_us.add(&other.latency_us)?;
        self.batches += other.batches;
        self.reports += other.reports;
        self.bytes += other.bytes;
        for (kind, count) in &other.errors {
            *self.errors.entry(kind.clone()).or_default() += count;
        }
        Ok(())
    }

    pub(super) fn batches(&self) -> u64 {
        self.batches
    }

    pub(super) fn failed(&self) -> u64 {
        self.errors.values().sum()
    }

    fn percentile_ms(&self, percentile: f64) -> f64 {
        self.latency_us.value_at_percentile(percentile) as f64 / 1000.0
    }

    pub(super) fn as_text(&self, clients: u32, took: Duration) -> String {
        let seconds = took.as_secs_f64();
        let rate = |count: u64| count as f64 / seconds;
        let mut text = format!(
            "{clients} clients, {seconds:.1} s\nbatches  {} acknowledged, {:.1} per second\nreports  {}, {:.1} per second\nbytes    {}, {:.0} per report\n",
            self.batches,
            rate(self.batches),
            self.reports,
            rate(self.reports),
            self.bytes,
            self.bytes as f64 / self.reports.max(1) as f64,
        );
        text += "latency ";
        for percentile in PERCENTILES {
            text += &format!(" p{percentile} {:.1} ms,", self.percentile_ms(percentile));
        }
        text += &format!(" max {:.1} ms\n", self.latency_us.max() as f64 / 1000.0);
        for (kind, count) in &self.errors {
            text += &format!("error    {count} x {kind}\n");
        }
        text
    }

    pub(super) fn as_json(&self, clients: u32, took: Duration) -> String {
        let latency: BTreeMap<String, f64> =
            PERCENTILES.iter().map(|&percentile| (format!("p{percentile}"), self.percentile_ms(percentile))).collect();
        let seconds = took.as_secs_f64();
        let document = json!({
            "client_count": clients,
            "duration_ms": seconds * 1000.0,
            "batch_count": self.batches,
            "report_count": self.reports,
            "sent_bytes": self.bytes,
            "batches_per_second": self.batches as f64 / seconds,
            "reports_per_second": self.reports as f64 / seconds,
            "latency_ms": latency,
            "latency_max_ms": self.latency_us.max() as f64 / 1000.0,
            "errors": self.errors,
        });
        format!("{document:#}\n")
    }
}
