//! Rules about how a connection comes to be and what becomes of it: setup, network, streams that vanish, codecs, a muted microphone.
#![expect(clippy::unwrap_used, reason = "a test that meets nothing where something must be should fail")]

use sidetone_engine::{
    analysis::{Analysis, Analyzer, Notice, Noticed},
    issue::{Issue, RuleSet, Severity},
    report::Reports,
};
use sidetone_testkit::{
    call::{Call, Conditions},
    traces,
};

/// The analysis of a call of which events told, by milliseconds since its first report.
fn analyze(reports: &Reports, notices: &[(i64, Noticed)]) -> Analysis {
    let start = reports.times()[0];
    let mut analyzer = Analyzer::new(&RuleSet::sidetone());
    for (millis, what) in notices {
        analyzer.notice(Notice { time: start.plus_micros(millis * 1000), what: what.clone() });
    }
    analyzer.push(reports, &mut |_| {});
    analyzer.finish()
}

fn call() -> Call {
    Call::of_seconds(90).with_video()
}

fn during(fault: impl Fn(&mut Conditions) + Send + Sync + 'static) -> Analysis {
    analyze(&call().during(30..60, fault).reports(), &[])
}

/// The only issue of a rule, with the seconds at which it began, was raised and was cleared.
fn only<'a>(analysis: &'a Analysis, rule: &str) -> Option<(&'a Issue, f64, f64, Option<f64>)> {
    let mut of_rule = analysis.issues.iter().filter(|issue| &*issue.rule == rule);
    let issue = of_rule.next()?;
    assert!(of_rule.next().is_none(), "{rule} fired more than once");
    assert!(issue.evidence.window.iter().any(|(_, value)| value.is_some()), "{rule} has no evidence");
    let seconds = |at: sidetone_engine::units::Timestamp| at.since(analysis.span.unwrap().0).unwrap().as_secs_f64();
    Some((issue, seconds(issue.onset), seconds(issue.raised), issue.cleared.map(seconds)))
}

fn rules(analysis: &Analysis) -> Vec<&str> {
    analysis.issues.iter().map(|issue| &*issue.rule).collect()
}

#[test]
fn a_setup_as_it_should_be_is_no_issue() {
    let quick = [
        (0, Noticed::Gathering),
        (300, Noticed::Described),
        (900, Noticed::Gathered),
        (1100, Noticed::Connected),
        (1500, Noticed::FirstMedia),
        // A renegotiation in the middle, and a far end that adds its picture late.
        (40_000, Noticed::Described),
        (55_000, Noticed::FirstMedia),
    ];
    assert_eq!(rules(&analyze(&call().reports(), &quick)), [] as [&str; 0]);
}

#[test]
fn slow_gathering_is_told_while_it_lasts_and_grows_worse() {
    let analysis = analyze(&call().reports(), &[(500, Noticed::Gathering), (6700, Noticed::Gathered)]);
    let (issue, onset, raised, cleared) = only(&analysis, "slow_gathering").unwrap();
    assert_eq!(issue.severity, Severity::Major, "6.2 s");
    assert_eq!((onset, raised), (3.0, 3.0), "the first report after 2 s, although nothing else is judged yet");
    assert_eq!(cleared, Some(8.0), "one report after it was over");
}

#[test]
fn a_connection_that_takes_long_is_told_and_ringing_is_no_part_of_it() {
    let slow = [(20_000, Noticed::Described), (27_000, Noticed::Connected), (29_200, Noticed::FirstMedia)];
    let analysis = analyze(&call().reports(), &slow);
    let (issue, _, raised, cleared) = only(&analysis, "slow_connecting").unwrap();
    assert_eq!((issue.severity, raised, cleared), (Severity::Major, 23.0, Some(28.0)));
    let (issue, _, raised, cleared) = only(&analysis, "slow_first_media").unwrap();
    assert_eq!((issue.severity, raised, cleared), (Severity::Minor, 30.0, Some(35.0)));
    assert_eq!(issue.evidence.window[0].1, Some(2200.0));
    // Nobody ever connected.
    let never = analyze(&call().reports(), &[(0, Noticed::Described)]);
    let (issue, _, _, cleared) = only(&never, "slow_connecting").unwrap();
    assert_eq!((issue.severity, cleared), (Severity::Critical, None));
}

#[test]
fn an_ice_restart_is_told_once() {
    let analysis = analyze(&call().during(30..90, |line| line.fragment = "Qk2b").reports(), &[]);
    let (issue, onset, raised, cleared) = only(&analysis, "ice_restart").unwrap();
    assert_eq!((issue.severity, onset, raised, cleared), (Severity::Minor, 31.0, 31.0, Some(36.0)));
}

#[test]
fn where_reports_say_nothing_of_ice_its_events_count() {
    let states = [(30_000, Noticed::Ice("disconnected".into())), (40_000, Noticed::Ice("connected".into()))];
    // As Firefox before 2024 and Safari: no `transport`.
    let firefox = traces::load("firefox/firefox-audio-pc0").reports;
    let without = firefox.iter().map(|mut report| {
        report.stats.retain(|_, stats| &*stats.stats_type != "transport");
        report
    });
    let analysis =
        analyze(&without.collect(), &[(10_000, Noticed::Ice("disconnected".into())), (20_000, Noticed::Ice("connected".into()))]);
    let (issue, ..) = only(&analysis, "ice_disconnected").unwrap();
    assert_eq!((issue.severity, issue.cleared.is_some()), (Severity::Major, true));
    assert_eq!(rules(&analyze(&call().reports(), &states)), [] as [&str; 0], "Chromium's reports know better");
}

#[test]
fn another_network_is_told_by_report_or_by_event() {
    let moved = analyze(&call().during(30..90, |line| line.network_type = "cellular").reports(), &[]);
    let (_, onset, _, cleared) = only(&moved, "network_change").unwrap();
    assert_eq!((onset, cleared), (31.0, Some(36.0)));
    assert_eq!(moved.network.as_deref(), Some("cellular"));
    let told = analyze(&call().reports(), &[(0, Noticed::Network("wifi".into())), (40_500, Noticed::Network("cellular".into()))]);
    let (_, onset, _, cleared) = only(&told, "network_change").unwrap();
    assert_eq!((onset, cleared), (41.0, Some(46.0)));
    let same = analyze(&call().reports(), &[(0, Noticed::Network("wifi".into())), (40_500, Noticed::Network("wifi".into()))]);
    assert!(only(&same, "network_change").is_none(), "`change` is told of the bandwidth as well");
}

#[test]
fn a_stream_that_vanishes_while_its_track_is_to_go_on_is_missing() {
    let live = |is_live| Noticed::Track { track: "remote-audio".into(), is_live };
    let reports = call().during(30..60, |line| line.vanished = true).reports();
    let analysis = analyze(&reports, &[(1000, live(true))]);
    let (issue, onset, raised, cleared) = only(&analysis, "missing_stream").unwrap();
    assert_eq!((issue.severity, onset, raised), (Severity::Major, 31.0, 33.0));
    assert!((61.0..66.0).contains(&cleared.unwrap()));
    // Negotiated away, as when somebody leaves; and nobody told of tracks at all.
    assert!(only(&analyze(&reports, &[(1000, live(true)), (30_100, live(false))]), "missing_stream").is_none());
    assert!(only(&analyze(&reports, &[]), "missing_stream").is_none());
}

#[test]
fn software_that_took_over_and_does_not_keep_up_is_told() {
    let hardware = |call: Call| call.throughout(|line| line.implementation = ("ExternalDecoder (VDAVideoDecoder)", true));
    const FALLBACK: (&str, bool) = ("libvpx (fallback from: ExternalDecoder (VDAVideoDecoder))", false);
    let fell = |dropped: f64, limited_by: &'static str| {
        let call = hardware(call()).during(30..60, move |line| {
            (line.implementation, line.dropped, line.limited_by) = (FALLBACK, dropped, limited_by);
        });
        analyze(&call.reports(), &[])
    };
    let decoder = fell(0.2, "none");
    let (_, onset, raised, cleared) = only(&decoder, "decoder_fallback").unwrap();
    assert_eq!((onset, raised), (31.0, 33.0));
    assert!((60.0..67.0).contains(&cleared.unwrap()));
    assert!(only(&decoder, "encoder_fallback").is_none());
    assert!(only(&fell(0.0, "cpu"), "encoder_fallback").is_some());
    assert_eq!(rules(&fell(0.0, "none")), [] as [&str; 0], "software that keeps up is no fault");
    assert!(only(&during(|line| line.dropped = 0.2), "decoder_fallback").is_none(), "it was software from the start");
    // Where the browser hides the name, the power tells.
    let unnamed = hardware(call()).during(30..60, |line| (line.implementation, line.dropped) = (("unknown", false), 0.2));
    assert!(only(&analyze(&unnamed.reports(), &[]), "decoder_fallback").is_some());
}

#[test]
fn speech_into_a_muted_microphone_is_told_and_a_cough_is_not() {
    let speech = |share: f64, seconds: std::ops::Range<u32>| {
        let call = call().during(20..70, |line| (line.mic_level, line.muted_speech) = (0.0, Some(0.0)));
        analyze(&call.during(seconds, move |line| line.muted_speech = Some(share)).reports(), &[])
    };
    let spoken = speech(0.7, 30..40);
    let (issue, onset, raised, cleared) = only(&spoken, "speaking_while_muted").unwrap();
    assert_eq!((issue.severity, onset, raised), (Severity::Minor, 31.0, 33.0), "2.1 s of the last five");
    assert!((40.0..46.0).contains(&cleared.unwrap()));
    assert!(only(&speech(0.7, 30..32), "speaking_while_muted").is_none(), "1.4 s");
    assert!(only(&speech(0.7, 68..70), "speaking_while_muted").is_none());
    // Unmuted, there is nothing to listen to, and what was raised is over.
    let unmuted = speech(0.7, 60..70);
    let (.., cleared) = only(&unmuted, "speaking_while_muted").unwrap();
    assert!((71.0..77.0).contains(&cleared.unwrap()));
    assert_eq!(rules(&speech(0.0, 0..0)), [] as [&str; 0], "a muted microphone in a quiet room");
}
