//! What looks like a fault and is none, in the shapes that browsers give it.
//!
//! Recorded calls are the ground (`testdata/traces`, Chromium and Firefox); what is changed in them is what the W3C's webrtc-stats and
//! Chromium's behaviour say of the case.

use sidetone_engine::{
    analysis::{Analyzer, Direction, MuteChange, Muted, Output},
    issue::RuleSet,
    metric::Metric,
    report::{MemberName, Report, Reports, Stats, Value},
};
use sidetone_testkit::{call::Call, traces};

const AUDIO: [&str; 4] = ["audio-pc0", "audio-pc1", "firefox/firefox-audio-pc0", "firefox/firefox-audio-pc1"];

/// The rules that fire, when these things are muted from the first report on.
fn rules(reports: &Reports, muted: &[(Muted, bool)]) -> Vec<String> {
    let mut analyzer = Analyzer::new(&RuleSet::sidetone());
    for (of, is_muted) in muted {
        analyzer.set_mute(MuteChange { time: reports.times()[0], of: of.clone(), is_muted: *is_muted });
    }
    analyzer.push(reports, &mut |_| {});
    analyzer.finish().issues.iter().map(|issue| issue.rule.to_string()).collect()
}

/// A recorded call with something changed in the objects of a type, from a report on; `row` counts from there.
fn changed(name: &str, stats_type: &str, from: usize, change: impl Fn(&mut Stats, usize)) -> Reports {
    let reports = traces::load(name).reports;
    let changed = reports.iter().enumerate().map(|(row, mut report)| {
        let objects = report.stats.values_mut().filter(|stats| &*stats.stats_type == stats_type);
        objects.filter(|_| row >= from).for_each(|stats| change(stats, row - from));
        report
    });
    changed.collect()
}

fn number(stats: &Stats, name: &str) -> Option<f64> {
    match stats.members.get(&MemberName::plain(name)) {
        Some(Value::Number(number)) => Some(*number),
        _ => None,
    }
}

fn set(stats: &mut Stats, name: &str, value: f64) {
    if let Some(held) = stats.members.get_mut(&MemberName::plain(name)) {
        *held = Value::Number(value);
    }
}

/// Counters stand as they were in the report before `from`.
fn standing<'a>(name: &str, stats_type: &'a str, from: usize, members: &'a [&'a str]) -> impl Fn(&mut Stats, usize) + 'a {
    let before = traces::load(name).reports.report(from - 1);
    let held: Vec<f64> = members
        .iter()
        .map(|member| before.stats.values().filter(|stats| &*stats.stats_type == stats_type).find_map(|stats| number(stats, member)))
        .map(Option::unwrap_or_default)
        .collect();
    move |stats, _| members.iter().zip(&held).for_each(|(member, value)| set(stats, member, *value))
}

#[test]
fn recorded_audio_calls_are_quiet() {
    for name in AUDIO {
        assert_eq!(rules(&traces::load(name).reports, &[]), [] as [&str; 0], "{name}");
    }
}

#[test]
fn a_disabled_track_is_no_dead_microphone() {
    // Chromium: the media source of a disabled track has the level 0 and gains no energy; packets of silence go on.
    let reports = changed("audio-pc0", "media-source", 10, standing("audio-pc0", "media-source", 10, &["totalAudioEnergy"]));
    let silent = reports.iter().enumerate().map(|(row, mut report)| {
        report
            .stats
            .values_mut()
            .filter(|stats| row >= 10 && &*stats.stats_type == "media-source")
            .for_each(|stats| set(stats, "audioLevel", 0.0));
        report
    });
    let reports: Reports = silent.collect();
    assert_eq!(rules(&reports, &[]), [] as [&str; 0], "nobody told of a mute");
    assert_eq!(rules(&reports, &[(Muted::Microphone { track: None }, true)]), [] as [&str; 0]);
    assert_eq!(rules(&reports, &[(Muted::Microphone { track: None }, false)]), ["dead_microphone"], "the app says that it is open");
}

#[test]
fn exact_zeros_from_the_start_are_a_dead_microphone_only_of_a_track_that_came_open() {
    let zeros = || Call::of_seconds(60).throughout(|line| line.mic_level = 0.0).reports();
    let added = |is_muted| (Muted::Added { track: "local-audio".into() }, is_muted);
    assert_eq!(rules(&zeros(), &[added(false)]), ["dead_microphone"]);
    assert_eq!(rules(&zeros(), &[added(true)]), [] as [&str; 0], "muted on purpose from its beginning");
    assert_eq!(rules(&zeros(), &[]), [] as [&str; 0], "a client that does not say");
    assert_eq!(rules(&zeros(), &[added(false), (Muted::Microphone { track: None }, true)]), [] as [&str; 0]);
    assert_eq!(rules(&zeros(), &[(Muted::Added { track: "another".into() }, false)]), [] as [&str; 0]);
    // A virtual microphone, or a noise gate, gives exact zeros between words.
    let virtual_one = Call::of_seconds(60).throughout(|line| line.mic_level = 0.0).during(3..8, |line| line.mic_level = 0.2);
    assert_eq!(rules(&virtual_one.reports(), &[added(false)]), [] as [&str; 0]);
}

#[test]
fn a_muted_media_element_is_no_silent_far_end() {
    // Chromium: an element that is muted, or was never attached, leaves audioLevel and totalAudioEnergy at 0 for good.
    for name in ["audio-pc0", "audio-pc1"] {
        let reports = changed(name, "inbound-rtp", 0, |stats, _| {
            set(stats, "audioLevel", 0.0);
            set(stats, "totalAudioEnergy", 0.0);
        });
        assert_eq!(rules(&reports, &[]), [] as [&str; 0], "{name}");
    }
}

#[test]
fn a_held_call_is_no_lost_one() {
    // Nothing is received, and playout goes on: the counters of packets stand.
    let members = ["packetsReceived", "bytesReceived", "headerBytesReceived", "totalAudioEnergy"];
    for name in AUDIO {
        let reports = changed(name, "inbound-rtp", 15, standing(name, "inbound-rtp", 15, &members));
        assert_eq!(rules(&reports, &[(Muted::Call, true)]), [] as [&str; 0], "{name}");
        assert!(rules(&reports, &[]).contains(&"no_inbound_audio".to_owned()), "{name}: without a word of it, it is a lost one");
    }
}

#[test]
fn what_a_hold_ends_with_is_no_freeze() {
    // Chromium counts a freeze once the next picture is there: in the report within which the call is taken off hold.
    let frozen = Call::of_seconds(60).with_video().during(30..31, |line| line.frozen = true).reports();
    let told = |held: bool| {
        let mut analyzer = Analyzer::new(&RuleSet::sidetone());
        for (at, is_muted) in [(20, true), (30, false)] {
            analyzer.set_mute(MuteChange { time: frozen.times()[at].plus_micros(500_000), of: Muted::Call, is_muted: held && is_muted });
        }
        analyzer.push(&frozen, &mut |_| {});
        analyzer.finish().issues.iter().map(|issue| issue.rule.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(told(true), [] as [&str; 0]);
    assert_eq!(told(false), ["video_freeze"]);
}

#[test]
fn what_fades_out_after_the_last_packet_is_no_drop_out() {
    // Chromium: the sender's microphone is unplugged 0.3 s before a report. What the decoder makes up then is counted as concealed, and nothing is lost.
    let members = ["packetsReceived", "bytesReceived", "headerBytesReceived", "lastPacketReceivedTimestamp"];
    for name in ["audio-pc0", "audio-pc1"] {
        let made_up = |stats: &mut Stats, row: usize| {
            let concealed = number(stats, "concealedSamples").unwrap_or_default();
            set(stats, "concealedSamples", concealed + 14_400.0);
            if row == 0 {
                let last = number(stats, "timestamp").unwrap_or_default() - 300.0;
                set(stats, "lastPacketReceivedTimestamp", last);
            }
        };
        let stands = standing(name, "inbound-rtp", 15, &members);
        let ends = changed(name, "inbound-rtp", 15, |stats, row| {
            if row > 0 {
                stands(stats, row);
            }
            made_up(stats, row);
        });
        let ended = rules(&ends, &[]);
        assert!(ended.contains(&"no_inbound_audio".to_owned()), "{name}: {ended:?}");
        assert!(!ended.contains(&"audible_concealment".to_owned()), "{name}: {ended:?}");
        let goes_on = rules(&changed(name, "inbound-rtp", 15, made_up), &[]);
        assert!(goes_on.contains(&"audible_concealment".to_owned()), "{name}: with packets after it, it was a gap");
    }
}

#[test]
fn the_first_second_of_a_call_has_no_score() {
    // NetEq (Chromium's jitter buffer) begins with more than it needs, and plays faster until it has found its size.
    let reports = changed("audio-pc0", "inbound-rtp", 1, |stats, _| {
        let removed = number(stats, "removedSamplesForAcceleration").unwrap_or_default();
        set(stats, "removedSamplesForAcceleration", removed + 2400.0);
    });
    let heard = |reports: &Reports| {
        let mut scores = Vec::new();
        Analyzer::live(&RuleSet::sidetone()).push(reports, &mut |output| {
            if let Output::Tick(tick) = output {
                scores.extend(
                    tick.streams.iter().filter(|one| one.stream.direction == Direction::Inbound).map(|one| one.values.get(Metric::MosLq)),
                );
            }
        });
        scores
    };
    let (settling, calm) = (heard(&reports), heard(&traces::load("audio-pc0").reports));
    assert_eq!(settling[..2], [None, None], "nothing to compare with, and the first second");
    assert_eq!(settling, calm, "no later one pays for it");
    assert!(settling[2..].iter().all(Option::is_some));
}

#[test]
fn a_long_mute_makes_no_poor_codec() {
    // Chromium sends packets of a few bytes for a disabled track: three minutes of them say nothing of what Opus can do on this line.
    let call = Call::of_seconds(240).during(30..210, |line| (line.audio_bps, line.mic_level, line.heard_level) = (2_400.0, 0.0, 0.0));
    let mut scores = Vec::new();
    Analyzer::live(&RuleSet::sidetone()).push(&call.reports(), &mut |output| {
        if let Output::Tick(tick) = output {
            scores.extend(tick.streams.iter().filter_map(|stream| stream.values.get(Metric::MosLq)));
        }
    });
    let worst = scores.iter().copied().fold(5.0, f64::min);
    assert!(scores.len() > 100 && worst > 4.2, "before it, and after it: {worst}");
}

#[test]
fn comfort_noise_between_words_is_no_drop_out() {
    // Opus DTX: a packet each 400 ms, and NetEq fills the pause: concealedSamples and silentConcealedSamples grow alike, packetsLost does not.
    let reports = Call::of_seconds(120).throughout(|line| line.heard_level = 0.2);
    let reports = (10..110).filter(|second| second % 4 != 0).fold(reports, |call, second| {
        call.during(second..second + 1, |line| {
            (line.audio_bps, line.concealed, line.concealed_silent, line.heard_level, line.mic_level) =
                (320.0, Some(0.95), 1.0, 0.0005, 0.0);
        })
    });
    let reports = reports.reports();
    let few = reports.iter().map(|mut report| {
        for stats in report.stats.values_mut().filter(|stats| &*stats.stats_type == "inbound-rtp") {
            // 400 ms each: 2.5 a second.
            let packets = number(stats, "packetsReceived").unwrap_or_default();
            set(stats, "packetsReceived", (packets / 20.0).floor());
        }
        report
    });
    assert_eq!(rules(&few.collect(), &[]), [] as [&str; 0]);
}

#[test]
fn probing_padding_that_is_lost_is_not_heard() {
    // Padding of bandwidth probes has RTP sequence numbers: lost, it counts in packetsLost, and nothing is concealed.
    for name in ["audio-pc0", "audio-pc1"] {
        let reports = changed(name, "inbound-rtp", 10, |stats, row| {
            let lost = number(stats, "packetsLost").unwrap_or_default();
            set(stats, "packetsLost", lost + if row % 20 < 10 { (row / 20) as f64 * 5.0 } else { (row / 20 + 1) as f64 * 5.0 });
        });
        assert_eq!(rules(&reports, &[]), [] as [&str; 0], "{name}");
    }
}

#[test]
fn streams_that_come_back_under_other_ssrcs_are_no_loss() {
    for name in AUDIO {
        let before = traces::load(name).reports.report(20);
        let inbound = before.stats.values().find(|stats| &*stats.stats_type == "inbound-rtp").unwrap();
        let first = number(inbound, "packetsReceived");
        let reports = changed(name, "inbound-rtp", 20, |stats, _| {
            let ssrc = number(stats, "ssrc").unwrap();
            let packets = number(stats, "packetsReceived").unwrap_or_default() - first.unwrap_or_default();
            set(stats, "ssrc", ssrc + 1.0);
            set(stats, "packetsReceived", packets.max(0.0));
        });
        assert_eq!(rules(&reports, &[]), [] as [&str; 0], "{name}");
    }
}

/// Only the reports that a page gets to make when its timers run once a minute (Chromium's intensive throttling of hidden pages).
fn once_a_minute(reports: &Reports, from: usize, until: usize) -> Reports {
    reports.iter().enumerate().filter(|(row, _)| *row < from || *row >= until || row % 60 == 0).map(|(_, report)| report).collect()
}

#[test]
fn a_hidden_tab_that_reports_once_a_minute_raises_nothing() {
    let call = || Call::of_seconds(900).with_video();
    assert_eq!(rules(&once_a_minute(&call().reports(), 120, 780), &[]), [] as [&str; 0]);
    // What was poor meanwhile is over when it is seen again, and not told of then.
    let poor = call().during(200..700, |line| (line.rtt_ms, line.loss_in) = (900.0, 0.3));
    assert_eq!(rules(&once_a_minute(&poor.reports(), 120, 780), &[]), [] as [&str; 0]);
}

#[test]
fn a_suspended_laptop_raises_nothing_when_it_wakes() {
    // The clock jumps by three hours, counters by what came late, and the first RTT is that of the sleep.
    for name in AUDIO {
        let reports: Vec<Report> = traces::load(name).reports.iter().collect();
        let asleep = 3.0 * 3_600_000.0;
        let woken = reports.into_iter().enumerate().map(|(row, mut report)| {
            if row >= 20 {
                report.time = report.time.plus_micros(10_800_000_000);
                for stats in report.stats.values_mut() {
                    let time = number(stats, "timestamp");
                    time.into_iter().for_each(|time| set(stats, "timestamp", time + asleep));
                    if row == 20 && matches!(&*stats.stats_type, "candidate-pair" | "inbound-rtp") {
                        set(stats, "currentRoundTripTime", 9.0);
                        set(stats, "jitter", 3.0);
                    }
                }
            }
            report
        });
        assert_eq!(rules(&woken.collect(), &[]), [] as [&str; 0], "{name}");
    }
}

#[test]
fn a_clock_that_is_set_raises_nothing() {
    for (name, micros) in [("audio-pc0", -7_200_000_000), ("audio-pc1", 45_000_000), ("firefox/firefox-audio-pc0", -500_000)] {
        let reports = traces::load(name).reports;
        let set_anew = reports
            .iter()
            .enumerate()
            .map(|(row, mut report)| {
                if row >= 20 {
                    report.time = report.time.plus_micros(micros);
                }
                report
            })
            .collect::<Vec<Report>>();
        assert_eq!(rules(&set_anew.into_iter().collect(), &[]), [] as [&str; 0], "{name}");
    }
}
