//! The committed trials: what the rules and the diagnosis tell of known faults is no worse than it was.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{collections::BTreeSet, path::Path};

use sidetone_engine::issue::RuleSet;
use sidetone_lab::trial::{
    self,
    expect::of,
    peer,
    score::{Count, Scored, diagnosed, held_out, judged, median, precisions, recalls},
    sight,
};

/// Shares at least, seconds at most. Tighten them when rules get better; loosen none without a word in the changelog.
const TOLD: f64 = 0.99;
const SECONDS: f64 = 3.2;
const TRUE: f64 = 0.94;
const TRUE_IF_LATE: f64 = 0.92;
const DIAGNOSED: f64 = 0.94;

fn scored() -> Vec<Scored> {
    let quality = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/quality");
    trial::scored(&quality.join("trials"), &quality.join("trials.csv")).unwrap()
}

fn sum(counts: impl IntoIterator<Item = Count>) -> f64 {
    let sum = counts.into_iter().fold(Count::default(), |sum, count| Count { right: sum.right + count.right, all: sum.all + count.all });
    sum.share().unwrap()
}

#[test]
fn faults_are_told_as_surely_and_as_soon_as_they_were() {
    let scored = scored();
    let recalls = recalls(&held_out(&scored));
    let told = sum(recalls.values().map(|recall| recall.count));
    let seconds: Vec<f64> = recalls.values().flat_map(|recall| recall.seconds.clone()).collect();
    let seconds = median(&seconds).unwrap();
    assert!(told >= TOLD && seconds <= SECONDS, "told {told:.3}, after {seconds:.2} s");
    let is_true = [judged(&scored), held_out(&scored)].map(|trials| sum(precisions(&trials).into_values()));
    assert!(is_true[0] >= TRUE && is_true[1] >= TRUE_IF_LATE, "true {is_true:.3?}");
}

#[test]
fn the_diagnosis_is_right_as_often_as_it_was() {
    let scored = scored();
    let right = diagnosed(&judged(&scored)).share().unwrap();
    assert!(right >= DIAGNOSED, "right {right:.3}");
}

#[test]
fn other_libraries_find_fewer_faults() {
    let scored = scored();
    let held = judged(&scored);
    let trials: Vec<_> = held.iter().map(|one| &one.trial).collect();
    let alarms = peer::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/quality/peers.csv")).unwrap();
    let found = |alarms: &[peer::Alarm]| sum(peer::alertness(&trials, alarms).found.into_values().map(|recall| recall.count));
    let ours = found(&peer::ours(&held));
    let tools: BTreeSet<&str> = alarms.iter().map(|alarm| alarm.tool.as_str()).collect();
    assert_eq!(tools.len(), 2);
    for tool in tools {
        let own: Vec<_> = alarms.iter().filter(|alarm| alarm.tool == tool).cloned().collect();
        assert!(found(&own) < ours, "{tool}: {:.3}, ours {ours:.3}", found(&own));
    }
}

#[test]
fn what_must_be_told_can_be() {
    let rules = RuleSet::default();
    for one in scored() {
        for must in of(&one.trial.fault).musts {
            assert!(must.rules.iter().any(|name| rules.rules.iter().any(|rule| rule.name == *name)), "{}", must.name);
        }
        assert!(one.trial.from_ms >= one.trial.connected_ms && one.trial.until_ms <= one.trial.ended_ms, "{}", one.trial.id);
    }
}

/// Of the score for video on held-out pictures: Spearman at least, error at most.
const PICTURES: (f64, f64) = (0.40, 0.36);

#[test]
fn the_score_for_video_follows_what_was_seen() {
    let quality = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/quality");
    let trials = trial::read(&quality.join("trials.csv")).unwrap();
    let compared = sight::compared(&quality.join("video.csv"), &quality.join("trials"), &trials).unwrap();
    let found = sight::score(&compared);
    assert!(compared.len() > 100 && found.spearman >= PICTURES.0 && found.rmse <= PICTURES.1, "{} {found:?}", compared.len());
}
