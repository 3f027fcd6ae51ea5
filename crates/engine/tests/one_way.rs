//! Sound and pictures that were agreed upon and never come: told, cleared with the first packet, and whose side it is.
//!
//! In Chromium and Firefox a received stream has no `inbound-rtp` before its first packet; that it is due, events tell.
#![expect(clippy::unwrap_used, reason = "a test that meets nothing where something must be should fail")]

use sidetone_engine::{
    analysis::{Analysis, Analyzer, Direction, MediaKind, MuteChange, Muted, Notice, Noticed, Output},
    diagnosis::{Cause, Connection, Diagnosis, Inquiry, Side},
    ids::{ParticipantKey, PeerConnectionKey},
    issue::{Preset, RuleSet, Severity},
    metric::Metric,
    report::{MemberName, Reports, Stats, Value},
};
use sidetone_testkit::call::{Call, Conditions};

const SOUND: (&str, MediaKind) = ("audio", MediaKind::Audio);
const PICTURES: (&str, MediaKind) = ("video", MediaKind::Video);

fn is_received(stats: &Stats, kind: &str) -> bool {
    let is_of_kind = matches!(stats.members.get(&MemberName::plain("kind")), Some(Value::Text(held)) if &**held == kind);
    is_of_kind && matches!(&*stats.stats_type, "inbound-rtp" | "remote-outbound-rtp")
}

/// A call of which some kinds of media come from a second on only.
fn late(call: &Call, kinds: &[&str], second: usize) -> Reports {
    let reports = call.reports();
    let late = reports.iter().enumerate().map(|(row, mut report)| {
        report.stats.retain(|_, stats| row >= second || !kinds.iter().any(|kind| is_received(stats, kind)));
        report
    });
    late.collect()
}

fn call() -> Call {
    Call::of_seconds(60).with_video()
}

fn agreed((name, kind): (&str, MediaKind)) -> Noticed {
    Noticed::Agreed { track: format!("remote-{name}").into(), kind }
}

/// A connection that stands after a second, with both kinds agreed upon, and whatever else is told of it, by milliseconds.
fn notices(more: &[(i64, Noticed)]) -> Vec<(i64, Noticed)> {
    [(500, agreed(SOUND)), (500, agreed(PICTURES)), (1000, Noticed::Connected)].into_iter().chain(more.iter().cloned()).collect()
}

fn analyze_by(preset: Preset, reports: &Reports, notices: &[(i64, Noticed)], mutes: &[(i64, Muted)]) -> Analysis {
    let start = reports.times()[0];
    let mut analyzer = Analyzer::new(&preset.rules());
    for (millis, what) in notices {
        analyzer.notice(Notice { time: start.plus_micros(millis * 1000), what: what.clone() });
    }
    for (millis, of) in mutes {
        analyzer.set_mute(MuteChange { time: start.plus_micros(millis * 1000), of: of.clone(), is_muted: true });
    }
    analyzer.push(reports, &mut |_| {});
    analyzer.finish()
}

fn analyze(reports: &Reports, notices: &[(i64, Noticed)]) -> Analysis {
    analyze_by(Preset::Sidetone, reports, notices, &[])
}

fn rules(analysis: &Analysis) -> Vec<&str> {
    analysis.issues.iter().map(|issue| &*issue.rule).collect()
}

#[test]
fn sound_that_never_comes_is_told_once_rules_judge_and_cleared_when_it_comes() {
    let analysis = analyze(&late(&call(), &["audio"], 30), &notices(&[]));
    assert_eq!(rules(&analysis), ["no_inbound_audio"]);
    let issue = &analysis.issues[0];
    let second = |time: sidetone_engine::units::Timestamp| time.since(analysis.span.unwrap().0).unwrap().as_secs_f64();
    assert_eq!((second(issue.raised), issue.severity), (7.0, Severity::Critical));
    assert_eq!(issue.evidence.metric, Metric::AudioReceiveBitrate);
    assert!((30.0..=32.0).contains(&second(issue.cleared.unwrap())), "{issue:?}");
}

#[test]
fn pictures_that_never_come_are_told() {
    let analysis = analyze(&late(&call(), &["video"], 30), &notices(&[]));
    assert_eq!(rules(&analysis), ["no_inbound_video"]);
    let issue = &analysis.issues[0];
    let second = |time: sidetone_engine::units::Timestamp| time.since(analysis.span.unwrap().0).unwrap().as_secs_f64();
    assert_eq!((second(issue.raised), issue.severity), (7.0, Severity::Major));
    assert!((30.0..=32.0).contains(&second(issue.cleared.unwrap())), "{issue:?}");
    // Neither comes, as behind a firewall that lets one way through only.
    assert_eq!(rules(&analyze(&late(&call(), &["audio", "video"], 60), &notices(&[]))), ["no_inbound_audio", "no_inbound_video"]);
}

#[test]
fn a_browser_that_counts_no_packets_of_a_stream_says_the_same() {
    let whole = call().reports();
    let reports = whole.iter().map(|mut report| {
        for stats in report.stats.values_mut().filter(|stats| is_received(stats, "audio")) {
            for name in ["packetsReceived", "bytesReceived"] {
                stats.members.insert(MemberName::plain(name), Value::Number(0.0));
            }
        }
        report
    });
    let reports = reports.collect();
    assert_eq!(rules(&analyze(&reports, &notices(&[]))), ["no_inbound_audio"]);
    assert!(!rules(&analyze(&reports, &[])).contains(&"no_inbound_audio"));
}

/// What is so, what events tell, and what is reported.
type Case = (&'static str, Vec<(i64, Noticed)>, Reports);

#[test]
fn where_nothing_is_due_nothing_is_missed() {
    let none = || late(&call(), &["audio", "video"], 60);
    let gone = |(name, _): (&str, MediaKind)| Noticed::Track { track: format!("remote-{name}").into(), is_live: false };
    let other = Noticed::Agreed { track: "another".into(), kind: MediaKind::Audio };
    let only_pictures = || late(&call(), &["audio"], 60);
    let cases: [Case; 7] = [
        ("no client tells of tracks, or nothing was agreed upon", vec![(1000, Noticed::Connected)], none()),
        ("it never connects", notices(&[])[..2].to_vec(), none()),
        ("it is negotiated away in time", notices(&[(4000, gone(SOUND)), (4000, gone(PICTURES))]), none()),
        ("the far end rings", notices(&[(600, Noticed::Ringing)]), none()),
        ("pictures alone were agreed upon", vec![(500, agreed(PICTURES)), (1000, Noticed::Connected)], only_pictures()),
        ("a media server agreed upon more than one voice", notices(&[(700, other)]), only_pictures()),
        ("it comes within the time", notices(&[]), late(&call(), &["audio", "video"], 5)),
    ];
    for (name, told, reports) in cases {
        assert_eq!(rules(&analyze(&reports, &told)), [] as [&str; 0], "{name}");
    }
    for muted in [Muted::Call, Muted::FarEnd, Muted::Others { track: None }, Muted::Others { track: Some("theirs".into()) }] {
        let analysis = analyze_by(Preset::Sidetone, &only_pictures(), &notices(&[]), &[(0, muted.clone())]);
        assert_eq!(rules(&analysis), [] as [&str; 0], "{muted:?}");
    }
}

#[test]
fn after_the_answer_a_phone_must_be_heard() {
    let told = notices(&[(600, Noticed::Ringing), (20_000, Noticed::Answered)]);
    let analysis = analyze(&late(&Call::of_seconds(60), &["audio"], 60), &told);
    let issue = analysis.issues.iter().find(|issue| &*issue.rule == "no_inbound_audio").unwrap();
    let raised = issue.raised.since(analysis.span.unwrap().0).unwrap().as_secs_f64();
    assert_eq!(raised, 25.0);
}

#[test]
fn pictures_that_came_may_pause() {
    let reports = call().during(20..50, |line| (line.video_bps, line.fps) = (0.0, 0.0)).reports();
    assert!(!rules(&analyze(&reports, &notices(&[]))).contains(&"no_inbound_video"));
}

#[test]
fn the_presets_that_know_missing_sound_know_it_from_the_start() {
    let reports = late(&call(), &["audio"], 60);
    for preset in [Preset::Twilio, Preset::Voximplant] {
        assert_eq!(rules(&analyze_by(preset, &reports, &notices(&[])[..], &[])), ["no_inbound_audio"], "{preset:?}");
    }
}

/// What is said of two who talk directly, where the second one misses some media up to a second.
fn diagnose(kinds: &[&str], second: usize, own: fn(&mut Conditions)) -> Vec<Diagnosis> {
    let ends = [call().throughout(own).reports(), late(&call().answering(), kinds, second)];
    let connections = ends.iter().enumerate().map(|(number, reports)| {
        let analysis = analyze(reports, &notices(&[]));
        Connection::new(key(number), participant(number), &analysis).unwrap()
    });
    let mut inquiry = Inquiry::new(connections.collect(), Vec::new());
    for (number, reports) in ends.iter().enumerate() {
        // The values of a stretch are read without events.
        Analyzer::live(&RuleSet::sidetone()).push(reports, &mut |output| {
            if let Output::Tick(tick) = output {
                inquiry.read(key(number), tick);
            }
        });
    }
    inquiry.finish()
}

fn key(number: usize) -> PeerConnectionKey {
    PeerConnectionKey::from_bytes([u8::try_from(number).unwrap(); 16])
}

fn participant(number: usize) -> ParticipantKey {
    ParticipantKey::from_bytes([u8::try_from(number).unwrap(); 16])
}

#[test]
fn whether_it_was_sent_tells_whose_side_it_is() {
    let told_up_to = |second: usize, kinds: &[&str], own| {
        let diagnoses = diagnose(kinds, second, own);
        for told in &diagnoses {
            assert_eq!((told.sender, told.receiver), (Some(participant(0)), Some(participant(1))), "{told:#?}");
            assert!(told.evidence.iter().any(|evidence| matches!(evidence, sidetone_engine::diagnosis::Evidence::Series { stream: Some(stream), .. } if stream.direction == Direction::Outbound)), "{told:#?}");
        }
        diagnoses.iter().map(|told| (told.media, told.cause, told.side)).collect::<Vec<_>>()
    };
    let told = |kinds: &[&str], own| told_up_to(60, kinds, own);
    let sent: fn(&mut Conditions) = |_| {};
    let (sound, pictures) = (Some(MediaKind::Audio), Some(MediaKind::Video));
    assert_eq!(told(&["audio"], sent), [(sound, Cause::Blocked, Side::Path)]);
    assert_eq!(told(&["video"], sent), [(pictures, Cause::Blocked, Side::Path)]);
    assert_eq!(told(&["audio", "video"], sent), [(None, Cause::Blocked, Side::Path)]);
    let not_sent: fn(&mut Conditions) = |line| line.sends_nothing = true;
    assert_eq!(told(&["audio", "video"], not_sent), [(None, Cause::NotSent, Side::Sender)]);
    // The first packets come a second after it was told: what they bring is not what was missed.
    assert_eq!(told_up_to(8, &["video"], sent), [(pictures, Cause::Blocked, Side::Path)]);
    assert_eq!(told_up_to(8, &["audio"], sent), [(sound, Cause::Blocked, Side::Path)]);
}
