//! What was told of trials against what was done.

use std::collections::{BTreeMap, BTreeSet};

use sidetone_engine::{diagnosis::Cause, units::Timestamp};

use super::{
    Trial,
    expect::{At, Expected, Must, Place, of},
    replay::{Explained, Replay, Told},
};

/// A report is up to this much older than what it tells, and clocks are read a little before the fault begins.
const SLACK_MS: f64 = 1000.0;

/// A trial and what was told of it.
#[derive(Clone, Debug)]
pub struct Scored {
    /// What was done.
    pub trial: Trial,
    /// What was told.
    pub replay: Replay,
}

/// Right and wrong answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Right ones.
    pub right: usize,
    /// All.
    pub all: usize,
}

impl Count {
    /// Takes an answer.
    pub fn add(&mut self, is_right: bool) {
        self.right += usize::from(is_right);
        self.all += 1;
    }

    /// Share of right ones; `None` of nothing.
    #[must_use]
    pub fn share(self) -> Option<f64> {
        (self.all > 0).then(|| self.right as f64 / self.all as f64)
    }

    /// Between which shares the true one lies, with 95 % confidence (Wilson, Journal of the American Statistical Association 22, 1927).
    #[must_use]
    pub fn interval(self) -> Option<[f64; 2]> {
        const Z: f64 = 1.96;
        let (share, count) = (self.share()?, self.all as f64);
        let middle = share + Z * Z / (2.0 * count);
        let half = Z * (share * (1.0 - share) / count + Z * Z / (4.0 * count * count)).sqrt();
        Some([middle - half, middle + half].map(|bound| (bound / (1.0 + Z * Z / count)).clamp(0.0, 1.0)))
    }
}

/// How something that must be told was told.
#[derive(Clone, Debug, Default)]
pub struct Recall {
    /// Places where it had to be told, and where it was.
    pub count: Count,
    /// Seconds from the begin of the fault to the first alarm, where there was one.
    pub seconds: Vec<f64>,
}

/// The middle one.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

/// Through the relay alone, 15 ms away, a jitter buffer on a quiet machine holds sound back for up to 100 ms. Twice as much is the machine's
/// doing: it had stood still, and the buffer trusts it no more.
const HELD_BACK_MS_MAX: f64 = 200.0;

impl Scored {
    /// Whether the machine did more to it than the fault: by its clocks, or by sound that was held back when nothing was done that could do so.
    #[must_use]
    pub fn is_disturbed(&self) -> bool {
        self.trial.is_disturbed() || self.was_held_back()
    }

    fn was_held_back(&self) -> bool {
        // A buffer fills only after the machine has stood still: the last seconds of a recording tell of those before.
        let end = if self.expected().may.contains(&"high_media_latency") { self.trial.from_ms } else { f64::INFINITY };
        let is_inside = |time: Timestamp| (self.trial.connected_ms..end).contains(&time.as_millis_f64());
        self.replay.held_back.iter().any(|&(time, ms)| is_inside(time) && ms >= HELD_BACK_MS_MAX)
    }

    /// The expectation.
    #[must_use]
    pub fn expected(&self) -> Expected {
        of(&self.trial.fault)
    }

    fn others(&self) -> impl Iterator<Item = &'static str> + '_ {
        let all = ["a", "b", "c"].into_iter().take(self.trial.parties as usize);
        all.filter(|name| *name != self.trial.whose)
    }

    /// What was told from begin to end.
    pub fn told(&self) -> impl Iterator<Item = &Told> {
        let is_inside = |time: f64| (self.trial.connected_ms..=self.trial.ended_ms).contains(&time);
        self.replay.told.iter().filter(move |told| is_inside(told.issue.raised.as_millis_f64()))
    }

    /// For each end where `must` has to be told, the seconds until it was. It is not asked where it was told before the fault began and lasts on:
    /// nothing can find what is known already.
    #[must_use]
    pub fn answers(&self, must: &Must) -> Vec<Option<f64>> {
        self.answers_by(must, must.rules)
    }

    /// The same, by these rules alone.
    #[must_use]
    pub fn answers_by(&self, must: &Must, rules: &[&str]) -> Vec<Option<f64>> {
        // What is always so is told before the clock starts.
        let (from, since) =
            if must.is_always { (f64::NEG_INFINITY, self.trial.connected_ms) } else { (self.trial.from_ms - SLACK_MS, self.trial.from_ms) };
        let answer = |is_there: &dyn Fn(&Told) -> bool| {
            let matching = || self.replay.told.iter().filter(|told| rules.contains(&&*told.issue.rule) && is_there(told));
            let is_known = matching().any(|told| {
                let cleared = told.issue.cleared.map_or(f64::INFINITY, Timestamp::as_millis_f64);
                told.issue.raised.as_millis_f64() < from && cleared >= since
            });
            let raised = matching().map(|told| told.issue.raised.as_millis_f64());
            let first = raised.filter(|&raised| raised >= from && raised <= self.trial.ended_ms).reduce(f64::min);
            (!is_known).then(|| first.map(|raised| ((raised - since) / 1000.0).max(0.0)))
        };
        match must.at {
            At::Own => answer(&|told| told.whose == self.trial.whose).into_iter().collect(),
            At::Others => self.others().filter_map(|name| answer(&|told| told.whose == name)).collect(),
            At::Any => answer(&|_| true).into_iter().collect(),
        }
    }

    /// Whether an issue is what was done, or follows from it.
    #[must_use]
    pub fn is_true(&self, told: &Told) -> bool {
        let expected = self.expected();
        let rule = &*told.issue.rule;
        let is_since = |since: f64| told.issue.raised.as_millis_f64() >= since - SLACK_MS;
        let is_must = expected.musts.iter().any(|must| must.rules.contains(&rule) && (must.is_always || is_since(self.trial.from_ms)));
        is_must || expected.may.contains(&rule) && is_since(self.trial.from_ms)
    }

    /// Minutes without any fault.
    #[must_use]
    pub fn minutes_without_fault(&self) -> f64 {
        let until = if self.expected().is_fault() { self.trial.from_ms } else { self.trial.ended_ms };
        (until - self.trial.connected_ms) / 60_000.0
    }

    /// Why the call never came to be, as the surest diagnosis of either end has it.
    #[must_use]
    pub fn setup(&self) -> Option<Cause> {
        let told =
            self.replay.explained.iter().map(|explained| &explained.diagnosis).filter(|diagnosis| diagnosis.cause.is_setup_failure());
        told.max_by(|a, b| a.confidence.total_cmp(&b.confidence)).map(|diagnosis| diagnosis.cause)
    }

    /// The diagnosis of the fault: of those that overlap it the worst, then the longest.
    #[must_use]
    pub fn principal(&self) -> Option<&Explained> {
        let at = |time: Timestamp| time.as_millis_f64();
        let touches = |explained: &&Explained| {
            at(explained.diagnosis.until) >= self.trial.from_ms && at(explained.diagnosis.from) <= self.trial.until_ms + 2.0 * SLACK_MS
        };
        let overlap = |explained: &Explained| {
            let (from, until) =
                (at(explained.diagnosis.from).max(self.trial.from_ms), at(explained.diagnosis.until).min(self.trial.ended_ms));
            until - from
        };
        let candidates = self.replay.explained.iter().filter(touches);
        candidates.max_by(|a, b| a.diagnosis.severity.cmp(&b.diagnosis.severity).then(overlap(a).total_cmp(&overlap(b))))
    }
}

/// The trials that nobody could choose a rule by, and that the clocks of the machine do not tell it disturbed. It may have been late.
#[must_use]
pub fn held_out(scored: &[Scored]) -> Vec<&Scored> {
    scored.iter().filter(|one| one.trial.is_held_out() && !one.trial.is_disturbed()).collect()
}

/// Those of them that false alarms and causes are judged by: what the machine did besides is no fault that anybody knows of.
#[must_use]
pub fn judged(scored: &[Scored]) -> Vec<&Scored> {
    scored.iter().filter(|one| one.trial.is_held_out() && !one.is_disturbed()).collect()
}

/// Each thing that must be told, by fault.
#[must_use]
pub fn recalls(scored: &[&Scored]) -> BTreeMap<(String, &'static str), Recall> {
    let mut recalls: BTreeMap<(String, &'static str), Recall> = BTreeMap::new();
    for one in scored {
        for must in one.expected().musts {
            let recall = recalls.entry((one.trial.fault.clone(), must.name)).or_default();
            for answer in one.answers(must) {
                recall.count.add(answer.is_some());
                recall.seconds.extend(answer.filter(|_| !must.is_always));
            }
        }
    }
    recalls
}

/// Calls that never came to be, by what was done: how often the diagnosis says why.
#[must_use]
pub fn setups(scored: &[&Scored]) -> BTreeMap<String, Count> {
    let mut setups: BTreeMap<String, Count> = BTreeMap::new();
    for one in scored {
        if let Some(cause) = one.expected().cause {
            setups.entry(one.trial.fault.clone()).or_default().add(one.setup() == Some(cause));
        }
    }
    setups
}

/// Of each rule how often it fired, and how often that was the fault.
#[must_use]
pub fn precisions(scored: &[&Scored]) -> BTreeMap<String, Count> {
    let mut precisions: BTreeMap<String, Count> = BTreeMap::new();
    for one in scored {
        for told in one.told() {
            precisions.entry(told.issue.rule.to_string()).or_default().add(one.is_true(told));
        }
    }
    precisions
}

/// Where faults lie, and where the diagnosis says so.
#[must_use]
pub fn confusion(scored: &[&Scored]) -> BTreeMap<(Place, Place), usize> {
    let mut confusion = BTreeMap::new();
    for one in scored {
        let Some(place) = one.expected().place else { continue };
        let told = one.principal().map_or(Place::Untold, |explained| Place::told(explained, &one.trial));
        *confusion.entry((place, told)).or_insert(0) += 1;
    }
    confusion
}

/// Right answers of the diagnosis where it gives one.
#[must_use]
pub fn diagnosed(scored: &[&Scored]) -> Count {
    let mut count = Count::default();
    for ((place, told), cases) in confusion(scored) {
        if told != Place::Untold {
            count.all += cases;
            count.right += if place == told { cases } else { 0 };
        }
    }
    count
}

/// Names of all faults among these.
#[must_use]
pub fn faults(scored: &[&Scored]) -> BTreeSet<String> {
    scored.iter().map(|one| one.trial.fault.clone()).collect()
}
