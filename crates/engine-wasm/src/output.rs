//! What the engine calls back with, as numbers: a list begins with its length, an absent number is NaN.
//!
//! | what | numbers |
//! |---|---|
//! | outcome | how many ticks and issues, ticks, issues |
//! | tick | time, interval, list of groups; the first group is the connection's |
//! | group | stream, list of metric and value |
//! | issue | change (0 raised, 1 escalated, 2 cleared), rule, severity, stream, onset, raised, cleared, metric, threshold, list of time and value |
//! | stream | sort (−1 none; 0 inbound audio, 1 inbound video, 2 outbound audio, 3 outbound video), SSRC |
//!
//! Times are in milliseconds; metrics, rules and severities are places in the lists that [`names`] gives.

use sidetone_engine::{
    analysis::{Direction, MediaKind, Output, StreamId, Tick},
    issue::{Issue, RuleSet},
    metric::{Metric, MetricValues},
    report::Text,
};

/// Metrics and rules, a line each, separated by blanks.
pub(crate) fn names(rules: &RuleSet) -> String {
    let mut names: Vec<&str> = Metric::ALL.iter().map(|metric| metric.name()).collect();
    names.push("\n");
    names.extend(rules.rules.iter().map(|rule| rule.name));
    let mut text = String::new();
    for name in names {
        text.push_str(name);
        text.push(' ');
    }
    text
}

/// Numbers that a report of a usual call leads to.
const NUMBERS_USUAL: usize = 512;

/// Everything that one report led to: its tick comes before its issues.
#[derive(Debug)]
pub(crate) struct Outcome(Vec<f64>);

impl Outcome {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        let mut numbers = Vec::with_capacity(NUMBERS_USUAL);
        numbers.extend([0.0; 2]);
        Self(numbers)
    }

    pub(crate) fn add(&mut self, output: Output<'_>, rules: &RuleSet) {
        match output {
            Output::Tick(value) => {
                self.0[0] += 1.0;
                tick(&mut self.0, value);
            }
            Output::Raised(value) => self.issue(0.0, value, rules),
            Output::Escalated(value) => self.issue(1.0, value, rules),
            Output::Cleared(value) => self.issue(2.0, value, rules),
        }
    }

    fn issue(&mut self, change: f64, issue: &Issue, rules: &RuleSet) {
        self.0[1] += 1.0;
        let numbers = &mut self.0;
        numbers.extend([change, rule(&issue.rule, rules), f64::from(issue.severity as u8)]);
        numbers.extend(stream(issue.stream));
        let cleared = issue.cleared.map_or(f64::NAN, |time| time.as_millis_f64());
        numbers.extend([issue.onset.as_millis_f64(), issue.raised.as_millis_f64(), cleared]);
        numbers.extend([f64::from(issue.evidence.metric as u8), issue.evidence.threshold, issue.evidence.window.len() as f64]);
        for (time, value) in &issue.evidence.window {
            numbers.extend([time.as_millis_f64(), value.unwrap_or(f64::NAN)]);
        }
    }

    pub(crate) fn into_numbers(self) -> Vec<f64> {
        self.0
    }
}

fn tick(numbers: &mut Vec<f64>, tick: &Tick) {
    numbers.extend([tick.time.as_millis_f64(), tick.interval.as_secs_f64() * 1000.0, tick.streams.len() as f64 + 1.0]);
    group(numbers, None, &tick.connection);
    for of in &tick.streams {
        group(numbers, Some(of.stream), &of.values);
    }
}

fn group(numbers: &mut Vec<f64>, of: Option<StreamId>, values: &MetricValues) {
    numbers.extend(stream(of));
    numbers.push(values.len() as f64);
    numbers.reserve(2 * values.len());
    for (metric, value) in values.iter() {
        numbers.push(f64::from(metric as u8));
        numbers.push(value);
    }
}

fn stream(id: Option<StreamId>) -> [f64; 2] {
    let Some(id) = id else { return [-1.0, 0.0] };
    let sort = match (id.direction, id.kind) {
        (Direction::Inbound, MediaKind::Audio) => 0.0,
        (Direction::Inbound, MediaKind::Video) => 1.0,
        (Direction::Outbound, MediaKind::Audio) => 2.0,
        (Direction::Outbound, MediaKind::Video) => 3.0,
    };
    [sort, f64::from(id.ssrc)]
}

fn rule(name: &Text, rules: &RuleSet) -> f64 {
    rules.rules.iter().position(|rule| *rule.name == **name).map_or(f64::NAN, |place| place as f64)
}
