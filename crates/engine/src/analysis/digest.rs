//! A digest of everything that the engine says of a run of reports: equal on two targets means equal to the last bit.

use super::{Analyzer, Output};
use crate::{
    issue::{Issue, RuleSet},
    metric::{Metric, MetricValues},
    report::Reports,
};

/// What the engine says of a run of reports, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    /// Ticks told.
    pub ticks: u64,
    /// Values told, of streams and connection.
    pub values: u64,
    /// Issues at the end.
    pub issues: u64,
    /// FNV-1a over every value, summary and issue, numbers by their bits.
    pub hash: u64,
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { ticks, values, issues, hash } = self;
        write!(f, "ticks={ticks} values={values} issues={issues} fnv1a={hash:016x}")
    }
}

struct Fnv(u64);

impl Fnv {
    fn bytes(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
        self.bytes(&[0xff]);
    }

    fn number(&mut self, number: f64) {
        self.bytes(&number.to_bits().to_le_bytes());
    }

    fn integer(&mut self, integer: i64) {
        self.bytes(&integer.to_le_bytes());
    }

    fn values(&mut self, values: &MetricValues) -> u64 {
        let mut count = 0;
        for (metric, value) in values.iter() {
            self.text(metric.name());
            self.number(value);
            count += 1;
        }
        count
    }

    fn issue(&mut self, issue: &Issue) {
        self.text(&issue.rule);
        self.text(&format!("{:?} {:?}", issue.severity, issue.stream));
        for time in [Some(issue.onset), Some(issue.raised), issue.cleared].into_iter().flatten() {
            self.integer(time.as_micros());
        }
        self.number(issue.evidence.threshold);
        for (time, value) in &issue.evidence.window {
            self.integer(time.as_micros());
            self.number(value.unwrap_or(-1.0));
        }
    }
}

/// Digests what [`RuleSet::sidetone`] and the engine make of `reports`.
#[must_use]
pub fn digest(reports: &Reports) -> Digest {
    let mut fnv = Fnv(0xcbf2_9ce4_8422_2325);
    let (mut ticks, mut values) = (0, 0);
    let mut analyzer = Analyzer::new(&RuleSet::sidetone());
    analyzer.push(reports, &mut |output| match output {
        Output::Tick(tick) => {
            ticks += 1;
            fnv.integer(tick.time.as_micros());
            values += fnv.values(&tick.connection);
            for stream in &tick.streams {
                fnv.text(&format!("{:?}", stream.stream));
                values += fnv.values(&stream.values);
            }
        }
        Output::Raised(issue) | Output::Escalated(issue) | Output::Cleared(issue) => fnv.issue(issue),
    });
    let analysis = analyzer.finish();
    let streams = analysis.streams.iter().map(|stream| &stream.summaries);
    for summary in streams.flatten().chain(&analysis.connection) {
        fnv.text(Metric::name(summary.metric));
        for number in [summary.mean, summary.min, summary.max, summary.p5, summary.p50, summary.p95] {
            fnv.number(number);
        }
    }
    analysis.issues.iter().for_each(|issue| fnv.issue(issue));
    Digest { ticks, values, issues: analysis.issues.len() as u64, hash: fnv.0 }
}
