//! Clocks that run apart: what is told of them, against the definition (one millisecond a second is a thousand millionths).
#![expect(clippy::unwrap_used, reason = "a test")]

use sidetone_engine::{
    analysis::{Analysis, Analyzer, Direction},
    issue::{Issue, RuleSet, Severity},
    metric::Metric,
    report::{MemberName, Reports, Stats, Value},
};
use sidetone_testkit::call::Call;

/// Changes a number of all objects of a type; `change` is given it, and the seconds since the call began.
fn changed(reports: &Reports, stats_type: &str, member: &str, change: impl Fn(f64, f64) -> f64) -> Reports {
    let begin = reports.times()[0];
    let of = |stats: &mut Stats, seconds: f64| {
        if let Some(Value::Number(number)) = stats.members.get_mut(&MemberName::plain(member)) {
            *number = change(*number, seconds);
        }
    };
    let changed = reports.iter().map(|mut report| {
        let seconds = report.time.since(begin).unwrap().as_secs_f64();
        report.stats.values_mut().filter(|stats| &*stats.stats_type == stats_type).for_each(|stats| of(stats, seconds));
        report
    });
    changed.collect()
}

fn analyze(reports: &Reports) -> Analysis {
    let mut analyzer = Analyzer::new(&RuleSet::sidetone());
    analyzer.push(reports, &mut |_| {});
    analyzer.finish()
}

fn drifts(analysis: &Analysis) -> Vec<&Issue> {
    analysis.issues.iter().filter(|issue| &*issue.rule == "clock_drift").collect()
}

/// A call of ten minutes with a far end whose clock gains so many millionths of the first five.
fn far_end(ppm: f64) -> Reports {
    let gained = move |seconds: f64| ppm / 1e6 * 1000.0 * seconds.min(300.0);
    changed(&Call::of_seconds(600).reports(), "remote-outbound-rtp", "remoteTimestamp", move |time, seconds| time + gained(seconds))
}

#[test]
fn a_far_end_whose_clock_runs_away_is_told_until_it_does_no_more() {
    for (ppm, severity) in
        [(400.0, None), (1000.0, Some(Severity::Minor)), (-1000.0, Some(Severity::Minor)), (3000.0, Some(Severity::Major))]
    {
        let reports = far_end(ppm);
        let analysis = analyze(&reports);
        let told = drifts(&analysis);
        assert_eq!(told.iter().map(|issue| issue.severity).next(), severity, "{ppm}");
        assert!(told.len() <= 1, "{ppm}: once");
        if let [issue] = told[..] {
            let second = |time: sidetone_engine::units::Timestamp| time.since(reports.times()[0]).unwrap().as_secs_f64();
            assert!((120.0..180.0).contains(&second(issue.raised)), "{ppm}: two minutes and a little");
            assert!((300.0..450.0).contains(&second(issue.cleared.unwrap())), "{ppm}");
            assert_eq!(issue.stream.unwrap().direction, Direction::Inbound);
            let (_, value) = issue.evidence.window.last().unwrap();
            assert!((value.unwrap() - ppm.abs()).abs() < 0.02 * ppm.abs(), "{ppm}: {value:?}");
        }
    }
}

#[test]
fn a_microphone_that_counts_too_slowly_is_told_of_what_is_sent() {
    let slow = changed(&Call::of_seconds(300).reports(), "media-source", "totalSamplesDuration", |duration, _| 0.999 * duration);
    let analysis = analyze(&slow);
    let told = drifts(&analysis);
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].stream.unwrap().direction, told[0].evidence.metric), (Direction::Outbound, Metric::ClockDrift));
    // One that was unplugged counts no more, and is no clock.
    let gone = changed(&Call::of_seconds(600).reports(), "media-source", "totalSamplesDuration", |duration, _| duration.min(100.0));
    assert!(drifts(&analyze(&gone)).is_empty());
}

#[test]
fn a_computer_that_slept_and_a_clock_that_was_set_are_no_drift() {
    // Every minute the far end's clock is set by two seconds.
    let set = changed(&Call::of_seconds(600).reports(), "remote-outbound-rtp", "remoteTimestamp", |time, seconds| {
        time + 2000.0 * (seconds / 60.0).floor()
    });
    assert!(drifts(&analyze(&set)).is_empty());
    // Two minutes in ten this computer slept: no reports, and its clock stood meanwhile while the far end's went on.
    let awake = Call::of_seconds(900).reports().iter().collect::<Vec<_>>();
    let slept: Reports = awake.into_iter().enumerate().filter(|(second, _)| second % 300 < 180).map(|(_, report)| report).collect();
    let slept = changed(&slept, "remote-outbound-rtp", "remoteTimestamp", |time, seconds| time + 120_000.0 * (seconds / 300.0).floor());
    assert!(drifts(&analyze(&slept)).is_empty());
}
