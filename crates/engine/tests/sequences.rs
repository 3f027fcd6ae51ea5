//! Reports as they really come: twice, late, with holes, after a sleep, from restarted endpoints, and from people who mean harm.
#![expect(clippy::unwrap_used, reason = "a test that meets nothing where something must be should fail")]

use std::time::Duration;

use proptest::prelude::*;
use sidetone_engine::{
    analysis::{Analysis, Analyzer, Output, STREAMS_MAX, Tick},
    issue::RuleSet,
    metric::{Metric, MetricValues},
    report::{MemberName, Report, Reports, Stats, Text, Value},
    units::Timestamp,
};
use sidetone_testkit::traces;

fn analyze<'a>(runs: impl IntoIterator<Item = &'a Reports>) -> (Analysis, Vec<Tick>) {
    let mut ticks = Vec::new();
    let mut analyzer = Analyzer::new(&RuleSet::sidetone());
    for run in runs {
        analyzer.push(run, &mut |output| {
            if let Output::Tick(tick) = output {
                ticks.push(tick.clone());
            }
        });
    }
    (analyzer.finish(), ticks)
}

fn run(reports: &[Report]) -> Reports {
    reports.iter().cloned().collect()
}

/// A report of one inbound stream.
fn report(seconds: f64, ssrc: f64, members: &[(&str, f64)]) -> Report {
    let millis = 1_800_000_000_000.0 + seconds * 1000.0;
    let mut stats = Stats { stats_type: "inbound-rtp".into(), ..Stats::default() };
    let numbers = [("timestamp", millis), ("ssrc", ssrc)];
    for (name, number) in numbers.iter().chain(members) {
        stats.members.insert(MemberName::plain(*name), Value::Number(*number));
    }
    stats.members.insert(MemberName::plain("kind"), Value::Text("audio".into()));
    let time = Timestamp::from_millis_f64(millis).unwrap();
    Report { time, stats: [(Text::from("IN"), stats)].into() }
}

fn counted(seconds: f64, packets: f64) -> Report {
    report(seconds, 7.0, &[("packetsReceived", packets), ("bytesReceived", packets * 80.0), ("packetsLost", 0.0)])
}

fn rates(ticks: &[Tick]) -> Vec<Option<f64>> {
    ticks.iter().map(|tick| tick.streams.first().and_then(|held| held.values.get(Metric::PacketRate)).map(f64::round)).collect()
}

#[test]
fn the_length_of_runs_does_not_matter() {
    for name in ["av-pc0", "firefox/firefox-av-pc1"] {
        let trace = traces::load(name).reports;
        let whole = analyze([&trace]);
        let reports: Vec<Report> = trace.iter().collect();
        for length in [1, 7, 10] {
            let runs: Vec<Reports> = reports.chunks(length).map(run).collect();
            assert!(analyze(&runs) == whole, "{name} in runs of {length}");
        }
    }
}

#[test]
fn a_restarted_counter_is_a_new_baseline() {
    let reports = [counted(0.0, 100.0), counted(1.0, 150.0), counted(2.0, 20.0), counted(3.0, 70.0)];
    assert_eq!(rates(&analyze([&run(&reports)]).1), [None, Some(50.0), None, Some(50.0)]);
}

#[test]
fn a_new_ssrc_is_a_new_stream_even_under_the_same_id() {
    let packets = |packets: f64| [("packetsReceived", packets)];
    let reports = [
        report(0.0, 1.0, &packets(100.0)),
        report(1.0, 1.0, &packets(150.0)),
        report(2.0, 2.0, &packets(9000.0)),
        report(3.0, 2.0, &packets(9050.0)),
    ];
    let (analysis, ticks) = analyze([&run(&reports)]);
    assert_eq!(rates(&ticks), [None, Some(50.0), None, Some(50.0)]);
    assert_eq!(analysis.streams.iter().map(|held| held.stream.id.ssrc).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_changed_id_is_still_the_same_stream() {
    let mut reports = [counted(0.0, 100.0), counted(1.0, 150.0), counted(2.0, 200.0)];
    for (index, report) in reports.iter_mut().enumerate() {
        let stats = report.stats.remove("IN").unwrap();
        report.stats.insert(format!("IN{index}").into(), stats);
    }
    let (analysis, ticks) = analyze([&run(&reports)]);
    assert_eq!(rates(&ticks), [None, Some(50.0), Some(50.0)]);
    assert_eq!(analysis.streams.len(), 1);
}

#[test]
fn a_falling_loss_counter_is_no_loss_and_no_restart() {
    let lost = |seconds: f64, packets: f64, lost: f64| report(seconds, 7.0, &[("packetsReceived", packets), ("packetsLost", lost)]);
    let (_, ticks) = analyze([&run(&[lost(0.0, 0.0, 0.0), lost(1.0, 45.0, 5.0), lost(2.0, 98.0, 2.0), lost(3.0, 148.0, -1.0)])]);
    let loss: Vec<_> = ticks.iter().map(|tick| tick.streams[0].values.get(Metric::LossRatio)).collect();
    assert_eq!(loss, [None, Some(0.1), Some(0.0), Some(0.0)]);
}

#[test]
fn a_stream_that_was_away_gives_no_rate_over_its_absence() {
    let mut reports = [counted(0.0, 0.0), counted(1.0, 50.0), counted(2.0, 100.0), counted(3.0, 150.0), counted(4.0, 200.0)];
    reports[2].stats.clear();
    assert_eq!(rates(&analyze([&run(&reports)]).1), [None, Some(50.0), None, None, Some(50.0)]);
}

#[test]
fn a_lost_report_makes_a_longer_interval() {
    let (_, ticks) = analyze([&run(&[counted(0.0, 0.0), counted(1.0, 50.0), counted(3.0, 150.0)])]);
    assert_eq!(rates(&ticks), [None, Some(50.0), Some(50.0)]);
    assert_eq!(ticks[2].interval, Duration::from_secs(2));
}

#[test]
fn a_sleep_is_a_gap() {
    let (_, ticks) = analyze([&run(&[counted(0.0, 0.0), counted(1.0, 50.0), counted(1801.0, 60.0), counted(1802.0, 110.0)])]);
    assert_eq!(rates(&ticks), [None, Some(50.0), None, Some(50.0)]);
    assert_eq!(ticks[2].interval, Duration::ZERO);
}

#[test]
fn a_clock_set_back_is_a_new_baseline_and_not_a_late_report() {
    let (analysis, ticks) = analyze([&run(&[counted(3600.0, 0.0), counted(3601.0, 50.0), counted(2.0, 100.0), counted(3.0, 150.0)])]);
    assert_eq!(rates(&ticks), [None, Some(50.0), None, Some(50.0)]);
    assert_eq!((analysis.report_count, analysis.rejected), (4, Default::default()));
}

#[test]
fn a_late_report_is_left_out() {
    let reports = [counted(0.0, 0.0), counted(1.0, 50.0), counted(3.0, 150.0), counted(2.0, 100.0), counted(4.0, 200.0)];
    let (analysis, ticks) = analyze([&run(&reports)]);
    assert_eq!(rates(&ticks), [None, Some(50.0), Some(50.0), Some(50.0)]);
    assert_eq!((analysis.report_count, analysis.rejected.out_of_order), (4, 1));
}

#[test]
fn an_answer_from_the_cache_says_nothing_new() {
    let mut cached = counted(1.0, 50.0);
    cached.time = cached.time.plus_micros(30_000);
    let (_, ticks) = analyze([&run(&[counted(0.0, 0.0), counted(1.0, 50.0), cached, counted(2.0, 100.0)])]);
    assert_eq!(rates(&ticks), [None, Some(50.0), None, Some(50.0)]);
}

#[test]
fn chromes_former_track_objects_are_read_with_their_stream() {
    let with_track = |seconds: f64, packets: f64, samples: f64, concealed: f64| {
        let mut report = counted(seconds, packets);
        let stream = report.stats.get_mut("IN").unwrap();
        stream.members.insert(MemberName::plain("trackId"), Value::Text("TRACK".into()));
        stream.members.remove(&MemberName::plain("kind"));
        stream.members.insert(MemberName::plain("mediaType"), Value::Text("audio".into()));
        let mut track = Stats { stats_type: "track".into(), ..Stats::default() };
        for (name, number) in [("totalSamplesReceived", samples), ("concealedSamples", concealed), ("audioLevel", 0.25)] {
            track.members.insert(MemberName::plain(name), Value::Number(number));
        }
        report.stats.insert("TRACK".into(), track);
        report
    };
    let (_, ticks) = analyze([&run(&[
        with_track(0.0, 0.0, 0.0, 0.0),
        with_track(1.0, 50.0, 48_000.0, 4800.0),
        with_track(2.0, 100.0, 96_000.0, 9600.0),
    ])]);
    let values = &ticks[2].streams[0].values;
    assert_eq!(values.get(Metric::ConcealmentRatio), Some(0.1));
    assert_eq!(values.get(Metric::AudioLevel), Some(0.25));
    assert!(values.get(Metric::MosLq).unwrap() < 3.5);
}

/// A report with an RTP stream and two candidate pairs, 10 ms and 90 ms away.
fn paths(seconds: f64, selected: impl Fn(&mut Report)) -> Report {
    let mut report = counted(seconds, seconds * 50.0);
    for (id, rtt, bytes) in [("P1", 0.010, 5000.0), ("P2", 0.090, 100.0)] {
        let mut pair = Stats { stats_type: "candidate-pair".into(), ..Stats::default() };
        for (name, number) in [("currentRoundTripTime", rtt), ("bytesReceived", bytes), ("responsesReceived", seconds)] {
            pair.members.insert(MemberName::plain(name), Value::Number(number));
        }
        pair.members.insert(MemberName::plain("nominated"), Value::Bool(true));
        pair.members.insert(MemberName::plain("state"), Value::Text("succeeded".into()));
        report.stats.insert(id.into(), pair);
    }
    selected(&mut report);
    report
}

#[test]
fn the_selected_pair_is_the_one_in_use() {
    let rtt = |selected: &dyn Fn(&mut Report)| {
        let (_, ticks) = analyze([&run(&[paths(0.0, selected), paths(1.0, selected)])]);
        ticks[1].connection.get(Metric::Rtt)
    };
    let by_transport = |report: &mut Report| {
        let mut transport = Stats { stats_type: "transport".into(), ..Stats::default() };
        transport.members.insert(MemberName::plain("selectedCandidatePairId"), Value::Text("P2".into()));
        report.stats.insert("T".into(), transport);
    };
    let by_flag = |report: &mut Report| {
        report.stats.get_mut("P2").unwrap().members.insert(MemberName::plain("selected"), Value::Bool(true));
    };
    assert_eq!(rtt(&by_transport), Some(90.0));
    assert_eq!(rtt(&by_flag), Some(90.0));
    assert_eq!(rtt(&|_| {}), Some(10.0), "of two nominated pairs the busier one");
    let failed = |report: &mut Report| {
        report.stats.values_mut().for_each(|stats| {
            stats.members.remove(&MemberName::plain("state"));
        })
    };
    assert_eq!(rtt(&failed), None);
}

#[test]
fn a_round_trip_that_nobody_confirms_grows_stale() {
    let reports: Vec<Report> = (0..30)
        .map(|second| {
            paths(f64::from(second), |report| {
                let pair = report.stats.get_mut("P1").unwrap();
                pair.members.insert(MemberName::plain("responsesReceived"), Value::Number(3.0));
            })
        })
        .collect();
    let (_, ticks) = analyze([&run(&reports)]);
    let known: Vec<bool> = ticks.iter().map(|tick| tick.connection.get(Metric::Rtt).is_some()).collect();
    assert!(known[..=15].iter().all(|&known| known) && known[16..].iter().all(|&known| !known), "{known:?}");
}

#[test]
fn a_round_trip_is_the_one_that_was_measured_last() {
    // A check every 2.5 s, which took 40 ms; what RTCP tells of sound and of pictures, each when its report came.
    let told = |second: f64, checks: f64, rtcp: &[(f64, f64, f64)]| {
        let mut report = paths(second, |report| {
            report.stats.remove("P2");
            let pair = report.stats.get_mut("P1").unwrap();
            pair.members.insert(MemberName::plain("responsesReceived"), Value::Number(checks));
            pair.members.insert(MemberName::plain("currentRoundTripTime"), Value::Number(0.040));
        });
        for &(ssrc, came, rtt) in rtcp {
            let mut sent = counted(second, second * 50.0).stats.remove("IN").unwrap();
            sent.stats_type = "outbound-rtp".into();
            sent.members.insert(MemberName::plain("ssrc"), Value::Number(ssrc));
            let mut told = Stats { stats_type: "remote-inbound-rtp".into(), ..Stats::default() };
            let numbers = [("ssrc", ssrc), ("timestamp", 1_800_000_000_000.0 + 1000.0 * came), ("roundTripTime", rtt)];
            told.members.extend(numbers.map(|(name, number)| (MemberName::plain(name), Value::Number(number))));
            told.members.insert(MemberName::plain("kind"), Value::Text("audio".into()));
            report.stats.extend([(Text::from(format!("OUT{ssrc}")), sent), (Text::from(format!("TOLD{ssrc}")), told)]);
        }
        report
    };
    let (_, ticks) = analyze([&run(&[
        told(0.0, 1.0, &[]),
        told(1.0, 1.0, &[(8.0, 0.4, 0.300), (9.0, 0.9, 0.500)]),
        told(2.0, 1.0, &[(8.0, 1.8, 0.600), (9.0, 0.9, 0.500)]),
        told(3.0, 2.0, &[(8.0, 1.8, 0.600), (9.0, 0.9, 0.500)]),
        told(4.0, 2.0, &[(8.0, 1.8, 0.600), (9.0, 0.9, 0.500)]),
    ])]);
    let trips: Vec<_> = ticks.iter().map(|tick| tick.connection.get(Metric::Rtt)).collect();
    assert_eq!(trips, [Some(40.0), Some(500.0), Some(600.0), Some(40.0), Some(40.0)]);
}

#[test]
fn ten_thousand_streams_are_followed_within_bounds() {
    let hostile = |seconds: f64| {
        let mut hostile = counted(seconds, 0.0);
        for ssrc in 0..10_000u32 {
            let stats = report(seconds, f64::from(ssrc), &[("packetsReceived", seconds * 50.0)]).stats.remove("IN").unwrap();
            hostile.stats.insert(format!("IN{ssrc}").into(), stats);
        }
        hostile
    };
    let (analysis, ticks) = analyze([&run(&[hostile(0.0), hostile(1.0)])]);
    assert_eq!(analysis.streams.len(), STREAMS_MAX);
    assert_eq!(ticks[1].streams.len(), STREAMS_MAX);
    // 10 001 objects with 10 000 SSRCs, in two reports.
    assert_eq!(analysis.rejected.excess_streams, 2 * (10_000 - STREAMS_MAX as u64));
}

fn check(values: &MetricValues) -> Result<(), TestCaseError> {
    for (metric, value) in values.iter() {
        prop_assert!(value.is_finite(), "{} {value}", metric.name());
        if metric.name().starts_with("mos_") {
            prop_assert!((1.0..=5.0).contains(&value), "{} {value}", metric.name());
        }
        if metric.name().ends_with("_ratio") || matches!(metric, Metric::AudioRms) {
            prop_assert!((0.0..=1.0).contains(&value), "{} {value}", metric.name());
        }
        if metric.name().ends_with("_bps") || metric.name().ends_with("_pps") || metric.name().ends_with("_fps") {
            prop_assert!(value >= 0.0, "{} {value}", metric.name());
        }
    }
    Ok(())
}

const TYPES: [&str; 9] = [
    "inbound-rtp",
    "outbound-rtp",
    "remote-inbound-rtp",
    "remote-outbound-rtp",
    "media-source",
    "media-playout",
    "codec",
    "candidate-pair",
    "transport",
];
const NUMBERS: [&str; 34] = [
    "timestamp",
    "ssrc",
    "packetsReceived",
    "packetsLost",
    "packetsSent",
    "bytesReceived",
    "bytesSent",
    "jitter",
    "roundTripTime",
    "fractionLost",
    "concealedSamples",
    "silentConcealedSamples",
    "concealmentEvents",
    "totalSamplesReceived",
    "totalSamplesDuration",
    "totalAudioEnergy",
    "audioLevel",
    "jitterBufferDelay",
    "jitterBufferEmittedCount",
    "framesDecoded",
    "framesEncoded",
    "frameWidth",
    "frameHeight",
    "qpSum",
    "totalFreezesDuration",
    "freezeCount",
    "totalInterFrameDelay",
    "totalSquaredInterFrameDelay",
    "currentRoundTripTime",
    "responsesReceived",
    "availableOutgoingBitrate",
    "fecPacketsReceived",
    "targetBitrate",
    "insertedSamplesForDeceleration",
];
const TEXTS: [(&str, &str); 8] = [
    ("kind", "audio"),
    ("kind", "video"),
    ("mediaType", "audio"),
    ("codecId", "0"),
    ("mediaSourceId", "1"),
    ("trackId", "2"),
    ("selectedCandidatePairId", "3"),
    ("mimeType", "video/VP8"),
];

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![4 => 0.0..100.0f64, 2 => 0.0..1e6f64, 1 => -10.0..1e15f64, 1 => any::<f64>().prop_filter("a number", |value| !value.is_nan())]
}

fn stats() -> impl Strategy<Value = Stats> {
    let numbers = prop::collection::vec((prop::sample::select(&NUMBERS[..]), value()), 0..24);
    let texts = prop::collection::vec(prop::sample::select(&TEXTS[..]), 0..4);
    (prop::sample::select(&TYPES[..]), 1..4u32, numbers, texts, any::<bool>()).prop_map(|(stats_type, ssrc, numbers, texts, flag)| {
        let mut stats = Stats { stats_type: stats_type.into(), ..Stats::default() };
        stats.members.insert(MemberName::plain("ssrc"), Value::Number(f64::from(ssrc)));
        for (name, number) in numbers {
            stats.members.insert(MemberName::plain(name), Value::Number(number));
        }
        for (name, text) in texts {
            stats.members.insert(MemberName::plain(name), Value::Text(text.into()));
        }
        stats.members.insert(MemberName::plain("selected"), Value::Bool(flag));
        stats
    })
}

fn anything() -> impl Strategy<Value = Vec<Report>> {
    let objects = prop::collection::btree_map("[0-4]", stats(), 0..5);
    let time = prop_oneof![5 => 0..20_000i64, 1 => any::<i64>()];
    prop::collection::vec((time, objects), 0..25).prop_map(|rows| {
        let report = |(millis, stats): (i64, std::collections::BTreeMap<String, Stats>)| Report {
            time: Timestamp::from_micros(millis.saturating_mul(1000)),
            stats: stats.into_iter().map(|(id, stats)| (Text::from(id), stats)).collect(),
        };
        rows.into_iter().map(report).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_report_gives_a_number_that_is_none(reports in anything()) {
        let (analysis, ticks) = analyze([&run(&reports)]);
        for tick in &ticks {
            check(&tick.connection)?;
            tick.streams.iter().try_for_each(|held| check(&held.values))?;
        }
        for summary in analysis.streams.iter().flat_map(|held| &held.summaries).chain(&analysis.connection) {
            for number in [summary.mean, summary.min, summary.max, summary.p5, summary.p50, summary.p95] {
                prop_assert!(number.is_finite(), "{summary:?}");
            }
            prop_assert!(summary.min <= summary.mean && summary.mean <= summary.max, "{summary:?}");
            prop_assert!(summary.p5 <= summary.p50 && summary.p50 <= summary.p95, "{summary:?}");
        }
        prop_assert_eq!(analysis.report_count + analysis.rejected.duplicate + analysis.rejected.out_of_order, reports.len() as u64);
    }

}

proptest! {
    // Whole calls: a few dozen cases are enough and take a second.
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reports_told_again_change_nothing(again in prop::collection::vec(0..62usize, 0..40)) {
        let trace = traces::load("lite/av-pc1").reports;
        let clean: Vec<Report> = trace.iter().collect();
        let mut told = Vec::new();
        for (row, report) in clean.iter().enumerate() {
            told.push(report.clone());
            // What is told again comes from before or is this very report.
            told.extend(again.iter().filter(|&&old| old <= row && (old + row) % 3 == 0).map(|&old| clean[old].clone()));
        }
        let (expected, expected_ticks) = analyze([&run(&clean)]);
        let (mut analysis, ticks) = analyze([&run(&told)]);
        prop_assert_eq!(analysis.rejected.duplicate + analysis.rejected.out_of_order, (told.len() - clean.len()) as u64);
        analysis.rejected = expected.rejected;
        prop_assert!(analysis == expected && ticks == expected_ticks);
    }

    #[test]
    fn lost_reports_leave_the_totals(lost in prop::collection::btree_set(1..61usize, 0..50)) {
        let clean: Vec<Report> = traces::load("audio-pc0").reports.iter().collect();
        let left: Vec<Report> = clean.iter().enumerate().filter(|(row, _)| !lost.contains(row)).map(|(_, report)| report.clone()).collect();
        let (analysis, ticks) = analyze([&run(&left)]);
        prop_assume!(ticks[1..].iter().all(|tick| !tick.interval.is_zero()));
        let (whole, _) = analyze([&run(&clean)]);
        let mean = |analysis: &Analysis| {
            // The inbound stream is there from the second or third report on: outbound is from the first.
            let outbound = analysis.streams.iter().find(|held| held.stream.codec.is_some() && held.stream.first == clean[0].time)?;
            outbound.summaries.iter().find(|summary| summary.metric == Metric::Bitrate).map(|summary| summary.mean)
        };
        let (mean, expected) = (mean(&analysis).unwrap(), mean(&whole).unwrap());
        prop_assert!((mean / expected - 1.0).abs() < 1e-9, "{mean} {expected}");
    }
}
