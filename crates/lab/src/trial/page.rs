//! The part of the page on accuracy that is about issues and diagnoses.

use std::{collections::BTreeMap, fmt::Write};

use super::{
    Trial,
    expect::Place,
    kind,
    peer::{self, Alarm, Alertness},
    score::{Count, Scored, confusion, diagnosed, faults, held_out, judged, median, precisions, recalls, setups},
};

/// The sections on issues, peers and the diagnosis.
#[must_use]
pub fn sections(scored: &[Scored], alarms: &[Alarm]) -> String {
    let all = held_out(scored);
    let held = judged(scored);
    let mut text = INTRODUCTION.to_owned();
    let _ = writeln!(text, "{}", calls(scored));
    text.push_str(RECALL);
    let mut sum = Count::default();
    let mut all_seconds = Vec::new();
    for ((fault, name), recall) in recalls(&all) {
        sum.right += recall.count.right;
        sum.all += recall.count.all;
        all_seconds.extend(&recall.seconds);
        let _ = writeln!(text, "| {} | {name} | {} | {} |", fault.replace('_', " "), counted(recall.count), seconds(&recall.seconds));
    }
    let _ = writeln!(text, "| **all** | | {} | {} |", counted(sum), seconds(&all_seconds));
    text.push_str(PRECISION);
    let undisturbed = precisions(&held);
    let mut sums = [Count::default(); 2];
    for (rule, with_late) in precisions(&all) {
        let count = undisturbed.get(&rule).copied().unwrap_or_default();
        for (sum, count) in sums.iter_mut().zip([count, with_late]) {
            *sum = Count { right: sum.right + count.right, all: sum.all + count.all };
        }
        let _ = writeln!(text, "| `{rule}` | {} | {} |", counted(count), counted(with_late));
    }
    let _ = writeln!(text, "| **all** | {} | {} |", counted(sums[0]), counted(sums[1]));
    text.push_str(KINDS);
    text.push_str(&kind::table(&kind::kinds(&all, &held)));
    text.push_str(PEERS);
    text.push_str(&beside(&held, alarms));
    text.push_str(DIAGNOSIS);
    text.push_str(&matrix(&held));
    let answers = |trials: &[&Scored]| {
        let count = diagnosed(trials);
        let cases: usize = confusion(trials).values().sum();
        format!("right in {} where it answers, and without an answer in {} of {cases} cases", counted(count), cases - count.all)
    };
    let _ = writeln!(text, "\nIt is {}; late trials counted in, {}.\n", answers(&held), answers(&all));
    text.push_str(SETUPS);
    for (fault, count) in setups(&all) {
        let _ = writeln!(text, "| {} | {} |", fault.replace('_', " "), counted(count));
    }
    text.push('\n');
    text
}

fn counted(count: Count) -> String {
    format!("{} of {} ({})", count.right, count.all, share(count))
}

fn share(count: Count) -> String {
    count.share().map_or_else(|| "–".to_owned(), |share| format!("{:.0} %", 100.0 * share))
}

fn seconds(values: &[f64]) -> String {
    median(values).map_or_else(|| "–".to_owned(), |median| format!("{median:.1} s"))
}

fn calls(scored: &[Scored]) -> String {
    let count = |is_it: &dyn Fn(&Scored) -> bool| scored.iter().filter(|one| is_it(one)).count();
    let minutes: f64 = scored.iter().map(|one| (one.trial.ended_ms - one.trial.connected_ms) / 60_000.0).sum();
    format!(
        "{} trials of {} faults, {minutes:.0} minutes; {} were disturbed by the machine, as its clocks tell, or had no fault in the end, and are in no figure, and {} more were made late by it, as the buffers of its browsers tell. {} of the others are for tuning, {} were held out. The tables show those that were held out.\n{LATE}",
        scored.len(),
        faults(&scored.iter().collect::<Vec<_>>()).len(),
        count(&|one| one.trial.is_disturbed()),
        count(&|one| !one.trial.is_disturbed() && one.is_disturbed()),
        count(&|one| !one.is_disturbed() && !one.trial.is_held_out()),
        count(&|one| !one.is_disturbed() && one.trial.is_held_out()),
    )
}

/// Every tool by the same measure: was anything told at all?
fn beside(held: &[&Scored], alarms: &[Alarm]) -> String {
    let trials: Vec<&Trial> = held.iter().map(|one| &one.trial).collect();
    let mut tools: BTreeMap<&str, Vec<Alarm>> = BTreeMap::new();
    for alarm in alarms {
        tools.entry(alarm.tool.as_str()).or_default().push(alarm.clone());
    }
    let mut columns = vec![("Sidetone", peer::alertness(&trials, &peer::ours(held)))];
    columns.extend(tools.into_iter().map(|(name, alarms)| (name, peer::alertness(&trials, &alarms))));
    let mut text = String::from("| |");
    for (name, _) in &columns {
        let _ = write!(text, " {name} | |");
    }
    text.push_str("\n|---|");
    for _ in &columns {
        text.push_str("--:|--:|");
    }
    text.push('\n');
    let names: Vec<String> = columns[0].1.found.keys().cloned().collect();
    for fault in names {
        let _ = write!(text, "| {} |", fault.replace('_', " "));
        for (_, Alertness { found, .. }) in &columns {
            let recall = found.get(&fault).cloned().unwrap_or_default();
            let _ = write!(text, " {} of {} | {} |", recall.count.right, recall.count.all, seconds(&recall.seconds));
        }
        text.push('\n');
    }
    text.push_str("| **all faults** |");
    for (_, Alertness { found, .. }) in &columns {
        let all = found
            .values()
            .fold(Count::default(), |sum, recall| Count { right: sum.right + recall.count.right, all: sum.all + recall.count.all });
        let times: Vec<f64> = found.values().flat_map(|recall| recall.seconds.clone()).collect();
        let _ = write!(text, " {} | {} |", share(all), seconds(&times));
    }
    text.push_str("\n| silent in trials without a fault |");
    for (_, alertness) in &columns {
        let _ = write!(text, " {} of {} | |", alertness.quiet.right, alertness.quiet.all);
    }
    text.push_str("\n| false alarms an hour |");
    for (_, alertness) in &columns {
        let _ = write!(text, " {:.0} | |", 60.0 * alertness.false_alarms as f64 / alertness.minutes.max(f64::MIN_POSITIVE));
    }
    text.push('\n');
    text
}

fn matrix(held: &[&Scored]) -> String {
    let confusion = confusion(held);
    let used = |is_it: &dyn Fn(Place) -> bool| Place::ALL.into_iter().filter(|place| is_it(*place)).collect::<Vec<_>>();
    let rows = used(&|place| confusion.keys().any(|(truth, _)| *truth == place));
    let columns = used(&|place| confusion.keys().any(|(truth, told)| *told == place || *truth == place));
    let mut text = String::from("| it was ↓, was told → |");
    columns.iter().for_each(|place| text.push_str(&format!(" {} |", place.name())));
    text.push_str("\n|---|");
    columns.iter().for_each(|_| text.push_str("--:|"));
    text.push('\n');
    for row in rows {
        let _ = write!(text, "| {} |", row.name());
        for column in &columns {
            match confusion.get(&(row, *column)) {
                Some(count) if row == *column => text.push_str(&format!(" **{count}** |")),
                Some(count) => text.push_str(&format!(" {count} |")),
                None => text.push_str(" |"),
            }
        }
        text.push('\n');
    }
    text
}

const INTRODUCTION: &str = "
## Issues and diagnoses against known faults

Trials are calls of 40 s with sound and picture between two ends of Chromium (some between three), each with Sidetone's SDK, through the same relay or through coturn. A quarter of a minute into the call one known thing is done
at one end or on one way, and undone again; or nothing is, or something that is no fault (muted, held, silent with DTX, an ICE restart). Some faults are there before the call is, and some of these let none come to be. What must be told of each and what may be told besides was written down before the trials that were held out were
recorded (`crates/lab/src/trial/expect.rs`); of `slow_gathering`, `busy_large`, `drifting_microphone` and of the ICE restarts of old seeds it was changed after they had been looked at, and the data card (`testdata/quality/README.md`) says why. Those of one session are for tuning, those of another are held out: no rule may be chosen by them. The reports of all are in the repository and are judged anew whenever this page is made.

";

const LATE: &str = "
A machine that stands still for a moment makes the calls on it late, and Chromium's jitter buffers hold sound back for half a minute after it. A trial is late when one held it back for 200 ms or more while nothing was done that could do so:
through the relay alone, on a quiet machine, it is less than 100. What must be told is asked of late trials too. Of false alarms and causes they are counted apart: what such a machine does to a call is true as well, but nobody wrote it down.
That line was drawn in November 2026, after the trials had been recorded, and takes none away by what was told of it.
";

const RECALL: &str = "
### What must be told

Each end that must tell it counts, unless it had told it before the fault began and still did. The time is the median from the begin of the fault to the alarm. Some rules take their time by what they are: a dead microphone is silent for ten seconds, a quiet one for a quarter of a minute.

| fault | must be told | told | after |
|---|---|--:|--:|
";

const PRECISION: &str = "
### What is told

An issue is true if it is what was done or follows from it. Issues before the fault began, or that do not follow from it, are false alarms. The second column counts in the trials that this machine, busy with other work, made late: there the
alarms tell what it did, and nobody had done it.

| rule | true | true, late trials counted in |
|---|--:|--:|
";

const KINDS: &str = "
### Kind by kind

Of every kind of issue that there is: how often it was told and was so, and how often it was told where it had to be, each with the interval that holds the true share with 95 % confidence (Wilson). It has to be told where the table above asks
for this kind; another that says the same to a person does not count here. For the faults of the seeds up to 24 it was written down after they had been recorded which kind is asked for, for later ones before. *Not tried* is what no trial that was held out asks for;
the data card (`testdata/quality/README.md`) says which kinds cannot be made to happen in a browser on such a machine, and why.

";

const SETUPS: &str = "
### Calls that never came to be

What the diagnosis gives as the cause, where no call came to be at all.

| what was done | told |
|---|--:|
";

const PEERS: &str = "
### Beside other libraries

The same reports, given to the libraries themselves at the recorded times. They have other kinds of issues, so here all three are asked for less: did any alarm begin while the fault lasted or right after it, whatever it said?
One that was there before does not count. A false alarm is any before the fault or in a trial without one, each kind at each end once a trial.
Some faults show in events alone (gathering, connecting, late media) or in what our script hears (speech while muted): the others are given reports, and nothing of these.

";

const DIAGNOSIS: &str = "
### Where the fault lies

One diagnosis for each trial: of those that touch the fault the worst, then the longest. *Path* is right where two talk directly: nobody can tell there whose access network it is. In trials of three the others are witnesses,
and *uplink* or *downlink* is asked for. *An innocent end* is an end that has no fault; *untold*: the stretch was found and its cause was not, or nothing was found.

";
