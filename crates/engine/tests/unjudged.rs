//! Where there is nothing to judge there is no score, and it is said why.

use sidetone_engine::{
    analysis::{Analysis, Analyzer, Direction, MediaKind, MuteChange, Muted, Output, Tick},
    issue::RuleSet,
    metric::Metric,
    report::Reports,
    score::unjudged::Unjudged,
};
use sidetone_testkit::{
    call::{Call, Conditions},
    traces,
};

/// What is muted from second 10 to 30, if anything.
fn analyze(reports: &Reports, muted: Option<Muted>) -> (Vec<Tick>, Analysis) {
    let mut analyzer = Analyzer::new(&RuleSet::sidetone());
    for (second, is_muted) in [(10, true), (30, false)] {
        let time = reports.times()[0].plus_micros(second * 1_000_000);
        if let Some(of) = muted.clone() {
            analyzer.set_mute(MuteChange { time, of, is_muted });
        }
    }
    let mut ticks = Vec::new();
    analyzer.push(reports, &mut |output| {
        if let Output::Tick(tick) = output {
            ticks.push(tick.clone());
        }
    });
    (ticks, analyzer.finish())
}

/// Why the audio of a direction has no score, second by second; `None`: it has one.
fn reasons(ticks: &[Tick], direction: Direction) -> Vec<Option<Unjudged>> {
    let audio = |tick: &Tick| {
        let stream = tick.streams.iter().find(|held| held.stream.direction == direction && held.stream.kind == MediaKind::Audio);
        stream.expect("every report of it has the stream").why_absent(Metric::MosLq)
    };
    ticks.iter().map(audio).collect()
}

fn all_of(reasons: &[Option<Unjudged>], reason: Option<Unjudged>) -> bool {
    reasons.iter().all(|held| *held == reason)
}

/// A minute of which the far end is silent from second 10 to 30, with more that is wrong then.
fn silent_far_end(fault: impl Fn(&mut Conditions) + Send + Sync + 'static) -> Reports {
    let silent = move |line: &mut Conditions| {
        line.heard_level = 0.0;
        fault(line);
    };
    Call::of_seconds(60).during(10..30, silent).reports()
}

#[test]
fn a_muted_far_end_is_not_judged_however_its_silence_travels() {
    for loss in [0.0, 0.2] {
        let reports = silent_far_end(move |line| line.loss_in = loss);
        let (ticks, analysis) = analyze(&reports, Some(Muted::FarEnd));
        let why = reasons(&ticks, Direction::Inbound);
        assert_eq!(why[..2], [Some(Unjudged::NoInterval), Some(Unjudged::Settling)], "{loss}");
        assert!(all_of(&why[2..11], None) && all_of(&why[11..30], Some(Unjudged::Muted)) && all_of(&why[31..], None), "{loss}: {why:?}");
        let inbound = &analysis.streams[0];
        assert_eq!(inbound.unjudged[0].reason, Unjudged::Muted);
        assert!((19.0..=20.0).contains(&inbound.unjudged[0].seconds), "{:?}", inbound.unjudged);
        assert_eq!(ticks[20].why_absent(Metric::MosLq), None, "what is sent is judged, and the connection by that");
    }
}

#[test]
fn a_mute_that_is_told_is_not_believed_while_something_is_heard() {
    let (ticks, _) = analyze(&Call::of_seconds(60).reports(), Some(Muted::FarEnd));
    assert!(all_of(&reasons(&ticks, Direction::Inbound)[2..], None));
}

#[test]
fn a_silence_that_nobody_told_of_is_none_of_a_talker_and_no_outage() {
    let why = |reports: &Reports| reasons(&analyze(reports, None).0, Direction::Inbound);
    let silent = why(&silent_far_end(|_| {}));
    assert!(all_of(&silent[2..16], None), "a pause, so far: {silent:?}");
    assert!(all_of(&silent[17..30], Some(Unjudged::Silent)) && all_of(&silent[31..], None), "{silent:?}");
    let lossy = why(&silent_far_end(|line| line.loss_in = 0.3));
    assert!(all_of(&lossy[2..], None), "it may be silent because it is lost: {lossy:?}");
    let pauses = Call::of_seconds(60).during(10..13, |line| line.heard_level = 0.0).reports();
    assert!(all_of(&why(&pauses)[2..], None), "between two sentences");
}

#[test]
fn an_element_of_volume_0_proves_no_silence() {
    // Chromium then reports no level at all, from the first report on: what came over the network is judged.
    let reports = Call::of_seconds(30).throughout(|line| line.heard_level = 0.0).reports();
    assert!(all_of(&reasons(&analyze(&reports, None).0, Direction::Inbound)[2..], None));
}

#[test]
fn a_muted_microphone_and_a_held_call_are_not_judged() {
    let reports = Call::of_seconds(60).during(10..30, |line| line.mic_level = 0.0).reports();
    let (ticks, _) = analyze(&reports, Some(Muted::Microphone { track: None }));
    assert!(all_of(&reasons(&ticks, Direction::Outbound)[11..30], Some(Unjudged::Muted)));
    let reports = silent_far_end(|line| (line.mic_level, line.blocked) = (0.0, true));
    let (ticks, _) = analyze(&reports, Some(Muted::Call));
    for direction in [Direction::Inbound, Direction::Outbound] {
        assert!(all_of(&reasons(&ticks, direction)[11..30], Some(Unjudged::Held)), "{direction:?}: {:?}", reasons(&ticks, direction));
    }
    assert_eq!(ticks[20].why_absent(Metric::MosLq), Some(Unjudged::Held), "nothing of the connection is judged");
}

#[test]
fn nothing_that_comes_is_no_packets_and_no_silence() {
    let reports = silent_far_end(|line| line.blocked = true);
    assert!(all_of(&reasons(&analyze(&reports, None).0, Direction::Inbound)[11..30], Some(Unjudged::NothingDue)));
}

#[test]
fn without_a_word_of_the_far_end_what_is_sent_has_no_score() {
    let (ticks, _) = analyze(&Call::of_seconds(60).during(10..60, |line| line.dead = true).reports(), None);
    assert_eq!(reasons(&ticks, Direction::Outbound).last(), Some(&Some(Unjudged::NotTold)));
}

#[test]
fn of_every_recorded_interval_there_is_a_score_or_a_reason() {
    for trace in traces::all() {
        let (ticks, analysis) = analyze(&trace.reports, None);
        for stream in ticks.iter().flat_map(|tick| &tick.streams) {
            let score = if stream.stream.kind == MediaKind::Audio { Metric::MosLq } else { Metric::MosV };
            assert_eq!(stream.values.get(score).is_none(), stream.unjudged.is_some(), "{stream:?}");
            assert_eq!(stream.why_absent(Metric::Rtt), None);
        }
        for stream in &analysis.streams {
            let longest_first = stream.unjudged.windows(2).all(|pair| pair[0].seconds >= pair[1].seconds);
            assert!(longest_first && stream.unjudged.iter().any(|held| held.reason == Unjudged::NoInterval), "{:?}", stream.unjudged);
        }
    }
}
