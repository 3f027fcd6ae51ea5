//! The one evaluator of rules: keeps the last values of each metric a rule looks at and decides when it fires and clears.

use std::{collections::VecDeque, time::Duration};

use super::{Evidence, Issue, Rule, RuleSet, Severity, Statistic};
use crate::{
    analysis::StreamId,
    metric::{Draft, Scope},
    units::Timestamp,
};

/// Most intervals that a window holds: 30 s at four reports a second. Memory stays bounded at any rate.
const WINDOW_MAX: usize = 128;

/// A window is full when this part of it is covered: clients report every 0.99 s as well.
const FULL: f64 = 0.95;

/// A value of one interval.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// End of the interval.
    pub(crate) time: Timestamp,
    /// Its length.
    pub(crate) interval: Duration,
    /// The same in seconds.
    pub(crate) seconds: f64,
}

/// One rule at one place.
#[derive(Debug)]
struct Watch {
    /// Place of the rule in the set.
    rule: usize,
    /// Its least threshold.
    least: Option<f64>,
    window: VecDeque<(Sample, Option<f64>)>,
    /// Time that the window covers, with values or without.
    covered: Duration,
    /// Values in the window that pass the least threshold, that are not 0, and that are absent: mostly there is nothing to compute.
    bad: usize,
    nonzero: usize,
    absent: usize,
    /// Since when a lasting condition has held.
    since: Option<Timestamp>,
    /// Apart, for there mostly is none.
    active: Option<Box<Issue>>,
}

/// All rules for one stream, or for the connection.
#[derive(Debug)]
pub(crate) struct Judge {
    stream: Option<StreamId>,
    watches: Vec<Watch>,
    began: Option<Timestamp>,
}

/// What becomes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It is judged.
    Judged,
    /// It is counted, and what it would raise waits for the next interval.
    Awaited,
    /// It is none.
    Absent,
}

impl Admission {
    /// [`Admission::Judged`] if so, else [`Admission::Absent`].
    pub(crate) fn only(is_judged: bool) -> Self {
        if is_judged { Self::Judged } else { Self::Absent }
    }
}

/// What a judge decided.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// A rule fired.
    Raised(Issue),
    /// An issue reached a worse severity.
    Escalated(Issue),
    /// Its condition is gone.
    Cleared(Issue),
}

impl Judge {
    /// A judge of the rules for `scope`.
    pub(crate) fn new(rules: &RuleSet, scope: Scope, stream: Option<StreamId>) -> Self {
        let mut watches = Vec::new();
        for (place, rule) in rules.rules.iter().enumerate() {
            if rule.scopes.contains(&scope) {
                watches.push(Watch::new(place, rule));
            }
        }
        Self { stream, watches, began: None }
    }

    /// Goes over from the rules `before` to `after` and tells the issues that this ends. What is the same in both goes on; any other rule begins
    /// anew, so that an issue has its whole evidence from the rules that raised it.
    pub(crate) fn change(&mut self, before: &RuleSet, after: &RuleSet, scope: Scope, time: Timestamp, tell: &mut dyn FnMut(Issue)) {
        let fresh = Self::new(after, scope, self.stream).watches;
        let is_tuned = before.name == after.name;
        for held in std::mem::replace(&mut self.watches, fresh) {
            let mut watches = self.watches.iter_mut().filter(|watch| is_tuned && watch.rule == held.rule);
            match watches.find(|watch| before.rules[held.rule].thresholds == after.rules[watch.rule].thresholds) {
                Some(watch) => *watch = held,
                None => {
                    if let Some(mut issue) = held.active {
                        issue.cleared = Some(time);
                        tell(*issue);
                    }
                }
            }
        }
    }

    /// Forgets the windows, so that nothing is judged across a gap. Issues that last stay.
    pub(crate) fn forget(&mut self) {
        self.watches.iter_mut().for_each(Watch::forget);
    }

    /// Whether an issue lasts.
    pub(crate) fn has_active(&self) -> bool {
        self.watches.iter().any(|watch| watch.active.is_some())
    }

    /// Issues that last.
    pub(crate) fn active(&self) -> impl Iterator<Item = &Issue> {
        self.watches.iter().filter_map(|watch| watch.active.as_deref())
    }

    /// Judges an interval; `admit` says what becomes of a value for a rule.
    pub(crate) fn judge(
        &mut self,
        rules: &RuleSet,
        sample: Sample,
        values: &Draft,
        admit: &dyn Fn(&Rule, f64) -> Admission,
        tell: &mut dyn FnMut(Verdict),
    ) {
        let began = *self.began.get_or_insert(sample.time);
        let is_settling = sample.time.since(began).is_some_and(|age| age < rules.settle);
        for watch in &mut self.watches {
            let rule = &rules.rules[watch.rule];
            if is_settling && !rule.from_start {
                continue;
            }
            let value = values.get(rule.metric);
            let admission = value.map_or(Admission::Absent, |value| admit(rule, value));
            watch.push(rule, sample, value.filter(|_| admission != Admission::Absent));
            watch.decide(rule, self.stream, sample.time, admission == Admission::Awaited, tell);
        }
    }
}

impl Watch {
    fn new(place: usize, rule: &Rule) -> Self {
        Self {
            rule: place,
            least: rule.thresholds.least(),
            window: VecDeque::new(),
            covered: Duration::ZERO,
            bad: 0,
            nonzero: 0,
            absent: 0,
            since: None,
            active: None,
        }
    }

    fn forget(&mut self) {
        self.window.clear();
        (self.covered, self.bad, self.nonzero, self.absent, self.since) = (Duration::ZERO, 0, 0, 0, None);
    }

    /// Counts in (`step` 1) or out (−1) what stands at one end of the window.
    fn count(&mut self, rule: &Rule, value: Option<f64>, step: isize) {
        let counted = match value {
            None => &mut self.absent,
            Some(value) => {
                if self.least.is_some_and(|threshold| rule.bound.is_passed(value, threshold)) {
                    self.bad = self.bad.wrapping_add_signed(step);
                }
                if value == 0.0 {
                    return;
                }
                &mut self.nonzero
            }
        };
        *counted = counted.wrapping_add_signed(step);
    }

    fn enter(&mut self, rule: &Rule, sample: Sample, value: Option<f64>) {
        self.window.push_back((sample, value));
        self.covered += sample.interval;
        self.count(rule, value, 1);
    }

    fn leave(&mut self, rule: &Rule, left: Option<(Sample, Option<f64>)>) {
        if let Some((sample, value)) = left {
            self.covered -= sample.interval;
            self.count(rule, value, -1);
        }
    }

    fn leave_first(&mut self, rule: &Rule) {
        let first = self.window.pop_front();
        self.leave(rule, first);
    }

    fn push(&mut self, rule: &Rule, sample: Sample, value: Option<f64>) {
        if let Statistic::Lasting(limit) = rule.statistic {
            let is_held = value.is_some_and(|value| value <= limit);
            if !is_held || self.since.is_none() {
                self.forget();
            }
            if is_held && self.since.is_none() {
                let interval = i64::try_from(sample.interval.as_micros()).unwrap_or(i64::MAX);
                self.since = Some(sample.time.plus_micros(-interval));
            }
        }
        self.enter(rule, sample, value);
        match rule.statistic {
            Statistic::Sustained { of, .. } => {
                while self.window.len() > of.min(WINDOW_MAX) {
                    self.leave_first(rule);
                }
            }
            // The oldest interval leaves when the others cover the window.
            Statistic::Mean(length) | Statistic::Share(length) | Statistic::Peak(length) | Statistic::Deviation(length) => {
                while self.window.len() > 1
                    && (self.window.len() > WINDOW_MAX
                        || self.window.front().is_some_and(|(first, _)| self.covered - first.interval >= length))
                {
                    self.leave_first(rule);
                }
            }
            // The onset and the latest values tell enough of a long one.
            Statistic::Lasting(_) => {
                if self.window.len() > WINDOW_MAX {
                    self.window.swap(0, 1);
                    self.leave_first(rule);
                }
            }
        }
    }

    /// The sum of what `term` makes of each value that is there and its seconds. Not generic: a loop for each is more to download.
    fn sum(&self, term: &dyn Fn(f64, f64) -> f64) -> f64 {
        let mut sum = 0.0;
        for (sample, value) in &self.window {
            if let Some(value) = value {
                sum += term(sample.seconds, *value);
            }
        }
        sum
    }

    /// How many values pass `threshold`.
    fn passing(&self, rule: &Rule, threshold: f64) -> f64 {
        self.sum(&|_, value| f64::from(u8::from(rule.bound.is_passed(value, threshold))))
    }

    /// What is compared with thresholds; [`Statistic::Sustained`] compares each threshold by itself.
    fn statistic(&self, rule: &Rule) -> Option<f64> {
        let weighted = || if self.nonzero == 0 { 0.0 } else { self.sum(&|seconds, value| seconds * value) };
        let is_full = |length: Duration| self.covered.as_secs_f64() >= FULL * length.as_secs_f64();
        match rule.statistic {
            Statistic::Sustained { .. } => None,
            Statistic::Mean(length) => {
                if !is_full(length) {
                    return None;
                }
                let covered = if self.absent == 0 { self.covered.as_secs_f64() } else { self.sum(&|seconds, _| seconds) };
                (covered >= FULL * length.as_secs_f64()).then(|| weighted() / covered)
            }
            Statistic::Share(length) => Some(weighted() / length.as_secs_f64()),
            Statistic::Lasting(_) => {
                let (latest, _) = self.window.back()?;
                // Two seconds are two reports, also where the second comes a little early.
                latest.time.since(self.since?).map(|lasting| lasting.as_secs_f64() / FULL)
            }
            Statistic::Peak(length) => {
                let has_enough = is_full(length) && 3 * self.absent <= 2 * self.window.len();
                self.window.iter().filter_map(|(_, value)| *value).reduce(f64::max).filter(|_| has_enough)
            }
            Statistic::Deviation(length) => {
                if self.absent > 0 || !is_full(length) {
                    return None;
                }
                let count = self.window.len() as f64;
                let mean = self.sum(&|_, value| value) / count;
                Some((self.sum(&|_, value| (value - mean) * (value - mean)) / count).sqrt())
            }
        }
    }

    /// Whether at least `needed` values of the window pass `threshold`, which is no milder than the least one.
    fn passes(&self, rule: &Rule, threshold: f64, needed: usize) -> bool {
        self.bad >= needed && self.passing(rule, threshold) >= needed as f64
    }

    fn severity(&self, rule: &Rule, statistic: Option<f64>) -> Option<(Severity, f64)> {
        let mut next = None;
        for &severity in Severity::ALL.iter().rev() {
            let Some(threshold) = rule.thresholds.of(severity) else { continue };
            let is_bad = match rule.statistic {
                Statistic::Sustained { needed, worse, .. } => {
                    self.passes(rule, threshold, needed.max(1)) || next.is_some_and(|next| self.passes(rule, next, worse.max(1)))
                }
                _ => statistic.is_some_and(|statistic| rule.bound.is_passed(statistic, threshold)),
            };
            if is_bad {
                return Some((severity, threshold));
            }
            next = Some(threshold);
        }
        None
    }

    fn is_over(&self, rule: &Rule, statistic: Option<f64>) -> bool {
        let Some(threshold) = rule.clear_at.or(self.least) else { return true };
        match rule.statistic {
            Statistic::Sustained { .. } => self.passing(rule, threshold) == 0.0,
            _ => !statistic.is_some_and(|statistic| rule.bound.is_passed(statistic, threshold)),
        }
    }

    fn decide(&mut self, rule: &Rule, stream: Option<StreamId>, time: Timestamp, waits: bool, tell: &mut dyn FnMut(Verdict)) {
        // Mostly all is well.
        if self.bad == 0 && self.active.is_none() && matches!(rule.statistic, Statistic::Sustained { .. }) {
            return;
        }
        let statistic = self.statistic(rule);
        let reached = self.severity(rule, statistic);
        if let Some(mut issue) = self.active.take() {
            let is_due = time.since(issue.raised).is_some_and(|age| age >= rule.clear_after);
            match reached {
                Some((severity, threshold)) if severity > issue.severity && !waits => {
                    issue.severity = severity;
                    issue.evidence = self.evidence(rule, threshold);
                    tell(Verdict::Escalated((*issue).clone()));
                    self.active = Some(issue);
                }
                None if is_due && self.is_over(rule, statistic) => {
                    issue.cleared = Some(time);
                    tell(Verdict::Cleared(*issue));
                }
                _ => self.active = Some(issue),
            }
        } else if let Some((severity, threshold)) = reached.filter(|_| !waits) {
            let issue = Issue {
                rule: rule.name.into(),
                severity,
                stream,
                onset: self.onset(rule, threshold).unwrap_or(time),
                raised: time,
                cleared: None,
                evidence: self.evidence(rule, threshold),
            };
            tell(Verdict::Raised(issue.clone()));
            self.active = Some(Box::new(issue));
        }
    }

    /// End of the first interval of the window that was bad.
    fn onset(&self, rule: &Rule, threshold: f64) -> Option<Timestamp> {
        let is_bad = |value: f64| match rule.statistic {
            Statistic::Sustained { .. } | Statistic::Mean(_) => rule.bound.is_passed(value, threshold),
            Statistic::Share(_) => value > 0.0,
            Statistic::Lasting(_) | Statistic::Peak(_) | Statistic::Deviation(_) => true,
        };
        self.window.iter().find(|(_, value)| value.is_some_and(is_bad)).map(|(sample, _)| sample.time)
    }

    fn evidence(&self, rule: &Rule, threshold: f64) -> Evidence {
        let window = self.window.iter().map(|(sample, value)| (sample.time, *value)).collect();
        Evidence { metric: rule.metric, threshold, window }
    }
}
