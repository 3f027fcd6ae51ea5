//! What other libraries tell of the same reports, as `lab/src/peers.ts` found by giving them to the real ones.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::{Context, Result};
use serde::Deserialize;

use super::{
    Trial,
    expect::{REMARKS, of},
    score::{Count, Recall, Scored},
};

/// An alarm of any tool.
#[derive(Clone, Debug, Deserialize)]
pub struct Alarm {
    /// In which trial.
    pub trial: String,
    /// By which library.
    pub tool: String,
    /// At whose end.
    pub whose: String,
    /// What it calls it.
    pub kind: String,
    /// When, in milliseconds since 1970.
    pub time_ms: f64,
}

/// The alarms of a table.
///
/// # Errors
/// When it cannot be read.
pub fn read(table: &Path) -> Result<Vec<Alarm>> {
    let mut reader = csv::Reader::from_path(table).with_context(|| table.display().to_string())?;
    reader.deserialize().collect::<Result<_, _>>().with_context(|| table.display().to_string())
}

/// Ours in the same form: every issue but those that tell how a call goes its way.
#[must_use]
pub fn ours(scored: &[&Scored]) -> Vec<Alarm> {
    let alarm = |one: &Scored| {
        let told = one.told().filter(|told| !REMARKS.contains(&&*told.issue.rule));
        let alarms = told.map(|told| Alarm {
            trial: one.trial.id.clone(),
            tool: "Sidetone".to_owned(),
            whose: told.whose.clone(),
            kind: told.issue.rule.to_string(),
            time_ms: told.issue.raised.as_millis_f64(),
        });
        alarms.collect::<Vec<_>>()
    };
    scored.iter().flat_map(|one| alarm(one)).collect()
}

/// How a tool does where it is only asked whether anything at all is wrong.
#[derive(Clone, Debug, Default)]
pub struct Alertness {
    /// By fault: trials in which an alarm began while it lasted or right after, and seconds until then.
    pub found: BTreeMap<String, Recall>,
    /// Trials without a fault, and those that it was silent in.
    pub quiet: Count,
    /// Alarms before a fault began or without any, each kind at each end counted once a trial.
    pub false_alarms: usize,
    /// In so many minutes.
    pub minutes: f64,
}

/// The alertness of whoever gave these alarms.
#[must_use]
pub fn alertness(trials: &[&Trial], alarms: &[Alarm]) -> Alertness {
    let mut alertness = Alertness::default();
    for trial in trials {
        let own: Vec<&Alarm> = alarms
            .iter()
            .filter(|alarm| alarm.trial == trial.id && alarm.time_ms >= trial.connected_ms && alarm.time_ms <= trial.ended_ms)
            .collect();
        let expected = of(&trial.fault);
        // Where there never was a call, there is nothing to be alert to.
        if expected.cause.is_some() {
            continue;
        }
        let is_fault = expected.is_fault();
        let since = if is_fault { trial.from_ms } else { f64::INFINITY };
        let early: BTreeSet<_> = own.iter().filter(|alarm| alarm.time_ms < since).map(|alarm| (&alarm.whose, &alarm.kind)).collect();
        alertness.false_alarms += early.len();
        alertness.minutes += (since.min(trial.ended_ms) - trial.connected_ms) / 60_000.0;
        if !is_fault {
            alertness.quiet.all += 1;
            alertness.quiet.right += usize::from(early.is_empty());
            continue;
        }
        // An alarm that was there before the fault does not find it.
        let fresh = own.iter().filter(|alarm| alarm.time_ms >= since && !early.contains(&(&alarm.whose, &alarm.kind)));
        let first = fresh.map(|alarm| (alarm.time_ms - since) / 1000.0).reduce(f64::min);
        let recall = alertness.found.entry(trial.fault.clone()).or_default();
        recall.count.all += 1;
        recall.count.right += usize::from(first.is_some());
        recall.seconds.extend(first);
    }
    alertness
}
