//! The committed trials: what the rules and the diagnosis tell of known faults is no worse than it was.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{collections::BTreeSet, path::Path};

use sidetone_engine::issue::RuleSet;
use sidetone_lab::trial::{
    self,
    expect::of,
    kind::{Kind, kinds},
    peer,
    score::{Count, Scored, diagnosed, held_out, judged, median, precisions, recalls, setups},
    sight,
};

/// Shares at least, seconds at most. Tighten them when rules get better; loosen none without a word in the changelog.
const TOLD: f64 = 1.0;
const SECONDS: f64 = 3.0;
const TRUE: f64 = 0.98;
const TRUE_IF_LATE: f64 = 0.95;
const DIAGNOSED: f64 = 0.98;

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

/// Of each kind that is told or must be told: the share that is true, and the share that is told where it must be; at least.
const KINDS: &[(&str, Option<f64>, Option<f64>)] = &[
    ("audible_concealment", Some(0.96), Some(1.00)),
    ("av_skew", Some(0.98), Some(1.00)),
    ("bandwidth_limited", Some(1.00), Some(1.00)),
    ("bursty_loss", Some(0.99), Some(1.00)),
    ("candidate_pair_change", Some(1.00), Some(1.00)),
    ("clock_drift", Some(1.00), Some(1.00)),
    ("cpu_limited", Some(1.00), Some(1.00)),
    ("dead_microphone", Some(1.00), Some(1.00)),
    ("dtls_failed", Some(1.00), Some(1.00)),
    ("high_jitter", Some(0.96), Some(1.00)),
    ("high_loss", Some(1.00), Some(1.00)),
    ("high_media_latency", Some(0.95), Some(1.00)),
    ("high_rtt", Some(1.00), Some(1.00)),
    ("ice_disconnected", Some(1.00), Some(1.00)),
    ("ice_failed", Some(1.00), Some(1.00)),
    ("ice_restart", Some(1.00), Some(1.00)),
    ("loud_microphone", Some(1.00), Some(1.00)),
    ("low_frame_rate", Some(1.00), Some(1.00)),
    ("low_mos", Some(1.00), Some(1.00)),
    ("missing_stream", Some(1.00), Some(1.00)),
    ("network_change", Some(1.00), Some(1.00)),
    ("no_inbound_audio", Some(1.00), Some(1.00)),
    ("no_inbound_video", Some(1.00), Some(1.00)),
    ("quiet_microphone", Some(1.00), Some(1.00)),
    ("relayed_over_tcp", Some(1.00), Some(1.00)),
    ("silent_inbound_audio", Some(1.00), Some(1.00)),
    ("slow_connecting", Some(1.00), Some(1.00)),
    ("slow_first_media", Some(1.00), Some(1.00)),
    ("slow_gathering", Some(1.00), Some(1.00)),
    ("speaking_while_muted", Some(1.00), Some(1.00)),
    ("starved_playout", Some(1.00), Some(1.00)),
    ("video_freeze", Some(1.00), Some(1.00)),
];

#[test]
fn every_kind_is_as_true_and_as_sure_as_it_was() {
    let scored = scored();
    let found: Vec<_> = kinds(&held_out(&scored), &judged(&scored)).into_iter().collect();
    let known: Vec<&str> = KINDS.iter().map(|(name, ..)| *name).collect();
    let is_seen = |kind: &Kind| kind.precision.all + kind.recall.all > 0;
    let seen: Vec<&str> = found.iter().filter(|(_, kind)| is_seen(kind)).map(|(name, _)| name.as_str()).collect();
    assert_eq!(seen, known, "a kind that has trials has a floor");
    for ((name, kind), (_, precision, recall)) in found.iter().filter(|(_, kind)| is_seen(kind)).zip(KINDS) {
        let [is_true, is_told] = [kind.precision, kind.recall].map(Count::share);
        assert!(is_true >= *precision && is_told >= *recall, "{name}: true {is_true:?}, told {is_told:?}");
    }
}

/// Of the calls that never came to be, the share whose cause is told.
const SETUP: f64 = 1.0;

#[test]
fn who_never_came_to_talk_is_told_why() {
    let setup = sum(setups(&held_out(&scored())).into_values());
    assert!(setup >= SETUP, "{setup:.3}");
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
const PICTURES: (f64, f64) = (0.61, 0.41);

#[test]
fn the_score_for_video_follows_what_was_seen() {
    let quality = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/quality");
    let trials = trial::read(&quality.join("trials.csv")).unwrap();
    let compared = sight::compared(&quality.join("video.csv"), &quality.join("trials"), &trials).unwrap();
    let found = sight::score(&compared);
    assert!(compared.len() > 100 && found.spearman >= PICTURES.0 && found.rmse <= PICTURES.1, "{} {found:?}", compared.len());
}
