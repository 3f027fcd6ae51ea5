//! Recorded calls: what the engine says against plain arithmetic over the counters of the first and last report,
//! and against what is known of each call.

use serde_json::Value;
use sidetone_engine::{
    analysis::{Analysis, Analyzer, Direction, MediaKind, Output, StreamAnalysis, Summary, Tick},
    issue::{RuleSet, Severity},
    metric::Metric,
    report::Reports,
};
use sidetone_testkit::traces;

fn analyze(reports: &Reports) -> (Analysis, Vec<Tick>) {
    let mut ticks = Vec::new();
    let mut analyzer = Analyzer::new(&RuleSet::sidetone());
    analyzer.push(reports, &mut |output| {
        if let Output::Tick(tick) = output {
            ticks.push(tick.clone());
        }
    });
    (analyzer.finish(), ticks)
}

fn summary(summaries: &[Summary], metric: Metric) -> Option<&Summary> {
    summaries.iter().find(|summary| summary.metric == metric)
}

/// The object of a stream in a raw report.
fn raw<'a>(report: &'a Value, stream: &StreamAnalysis) -> Option<&'a Value> {
    let stats_type = match stream.stream.id.direction {
        Direction::Inbound => "inbound-rtp",
        Direction::Outbound => "outbound-rtp",
    };
    let mut objects = report["report"].as_object()?.values();
    objects.find(|object| object["type"] == stats_type && object["ssrc"] == stream.stream.id.ssrc)
}

fn near(actual: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((actual - expected).abs() <= tolerance * expected.abs().max(1e-9), "{what}: {actual}, by the counters {expected}");
}

#[test]
fn a_live_analyzer_tells_the_same_and_gathers_nothing() {
    let tell = |mut analyzer: Analyzer, reports: &Reports| {
        let mut told = Vec::new();
        analyzer.push(reports, &mut |output| told.push(format!("{output:?}")));
        (told, analyzer.finish())
    };
    for trace in traces::all() {
        let rules = RuleSet::sidetone();
        let (told, analysis) = tell(Analyzer::new(&rules), &trace.reports);
        let (told_live, live) = tell(Analyzer::live(&rules), &trace.reports);
        assert_eq!(told_live, told, "{}", trace.name);
        assert_eq!((live.report_count, live.rejected), (analysis.report_count, analysis.rejected));
        assert!(live.connection.is_empty() && live.issues.iter().all(|issue| issue.cleared.is_none()), "{}", trace.name);
    }
}

#[test]
fn series_add_up_to_the_counters() {
    for trace in traces::all() {
        let lines: Vec<Value> = traces::lines(&trace.name).collect();
        let (analysis, _) = analyze(&trace.reports);
        assert_eq!(analysis.report_count, lines.len() as u64);
        assert_eq!(analysis.rejected, Default::default());
        assert!(analysis.streams.len() >= 2, "{}", trace.name);
        for stream in &analysis.streams {
            let what = format!("{} {:?}", trace.name, stream.stream.id);
            let seen: Vec<&Value> = lines.iter().filter_map(|line| raw(line, stream)).collect();
            let (first, last) = (seen[0], seen[seen.len() - 1]);
            let grown = |name: &str| Some(last[name].as_f64()? - first[name].as_f64().unwrap_or(0.0));
            let seconds = grown("timestamp").unwrap() / 1000.0;
            let mean = |metric| summary(&stream.summaries, metric).map(|summary| summary.mean);
            let is_inbound = stream.stream.id.direction == Direction::Inbound;
            let (bytes, packets) = if is_inbound { ("bytesReceived", "packetsReceived") } else { ("bytesSent", "packetsSent") };
            near(mean(Metric::Bitrate).unwrap(), grown(bytes).unwrap() * 8.0 / seconds, 1e-9, &what);
            near(mean(Metric::PacketRate).unwrap(), grown(packets).unwrap() / seconds, 1e-9, &what);
            if is_inbound && stream.stream.id.kind == MediaKind::Audio {
                let expected = grown("concealedSamples").unwrap() / grown("totalSamplesReceived").unwrap();
                let concealed = mean(Metric::ConcealmentRatio).unwrap();
                assert!((concealed - expected).abs() < 0.001, "{what}: {concealed} concealed, by the counters {expected}");
                let buffer = grown("jitterBufferDelay").unwrap() / grown("jitterBufferEmittedCount").unwrap() * 1000.0;
                near(mean(Metric::JitterBufferDelay).unwrap(), buffer, 0.05, &what);
            }
            if is_inbound && stream.stream.id.kind == MediaKind::Video {
                near(mean(Metric::DecodedFrameRate).unwrap(), grown("framesDecoded").unwrap() / seconds, 1e-9, &what);
                // A freeze is counted when it ends, and no interval is frozen for longer than it lasted: a little is cut off.
                let frozen = mean(Metric::FrozenRatio).unwrap() * seconds;
                let expected = grown("totalFreezesDuration").unwrap_or(0.0);
                assert!(frozen <= expected + 1e-6 && frozen >= 0.95 * expected, "{what}: frozen for {frozen} s of {expected} s");
            }
        }
    }
}

#[test]
fn the_starved_call_has_its_freezes_and_concealment() {
    let mut freezes = Vec::new();
    let mut concealed = Vec::new();
    for name in ["av-pc0", "av-pc1"] {
        let (analysis, ticks) = analyze(&traces::load(name).reports);
        let inbound =
            |kind| analysis.streams.iter().find(|held| held.stream.id.direction == Direction::Inbound && held.stream.id.kind == kind);
        let video = inbound(MediaKind::Video).unwrap().stream.id;
        let count: f64 = ticks
            .iter()
            .flat_map(|tick| tick.streams.iter().filter(|held| held.stream == video))
            .filter_map(|held| held.values.get(Metric::Freezes))
            .sum();
        freezes.push(count);
        concealed.push(summary(&inbound(MediaKind::Audio).unwrap().summaries, Metric::ConcealmentRatio).unwrap().mean);
        let rules: Vec<&str> = analysis.issues.iter().map(|issue| &*issue.rule).collect();
        for expected in ["video_freeze", "audible_concealment", "high_media_latency", "high_jitter"] {
            assert!(rules.contains(&expected), "{name}: {rules:?}");
        }
        let freeze = analysis.issues.iter().find(|issue| &*issue.rule == "video_freeze").unwrap();
        assert!(freeze.severity >= Severity::Major && freeze.stream == Some(video));
        // The call was good for its first 15 s.
        let began = analysis.span.unwrap().0;
        assert!(analysis.issues.iter().all(|issue| issue.raised.since(began).unwrap().as_secs() >= 15));
    }
    let raw = |name: &str| {
        let last = traces::lines(name).last().unwrap();
        let objects = last["report"].as_object().unwrap().values();
        objects.filter_map(|object| object["freezeCount"].as_f64()).sum::<f64>()
    };
    assert_eq!(freezes, [raw("av-pc0"), raw("av-pc1")]);
    assert!(freezes.contains(&20.0) || freezes.iter().sum::<f64>() >= 20.0, "{freezes:?}");
    assert!(concealed.iter().all(|ratio| (0.009..0.016).contains(ratio)), "{concealed:?}");
}

#[test]
fn clean_calls_raise_nothing_and_score_well() {
    for name in traces::NAMES.into_iter().filter(|name| !name.starts_with("av-")) {
        let (analysis, _) = analyze(&traces::load(name).reports);
        assert_eq!(analysis.issues, [], "{name}");
        for metric in [Metric::MosLq, Metric::MosCq] {
            let score = summary(&analysis.connection, metric).unwrap();
            assert!(score.mean > 4.1 && score.p5 > 4.0, "{name}: {score:?}");
        }
    }
    let mean = |name: &str, metric| summary(&analyze(&traces::load(name).reports).0.connection, metric).unwrap().mean;
    for metric in [Metric::MosLq, Metric::MosCq, Metric::MosV] {
        assert!(mean("av-pc0", metric) < mean("lite/av-pc0", metric), "{}", metric.name());
    }
}

#[test]
fn streams_say_who_they_are() {
    for name in ["lite/av-pc0", "firefox/firefox-av-pc0"] {
        let (analysis, _) = analyze(&traces::load(name).reports);
        assert_eq!(analysis.streams.len(), 4);
        for stream in &analysis.streams {
            let stream = &stream.stream;
            let (codec, mid) = match stream.id.kind {
                MediaKind::Audio => ("audio/opus", "0"),
                MediaKind::Video => ("video/VP8", "1"),
            };
            assert_eq!(stream.codec.as_deref(), Some(codec));
            assert_eq!(stream.mid.as_deref(), Some(mid));
            assert!(stream.track.is_some() || stream.id.direction == Direction::Outbound);
        }
        assert!(summary(&analysis.connection, Metric::Rtt).is_some(), "{name}: the selected pair gives a round trip");
    }
}

#[test]
fn firefox_gives_no_bandwidth_estimate_and_we_invent_none() {
    let (analysis, _) = analyze(&traces::load("firefox/firefox-av-pc0").reports);
    assert_eq!(summary(&analysis.connection, Metric::AvailableOutgoingBitrate), None);
    for stream in &analysis.streams {
        for metric in [Metric::LimitedByCpu, Metric::EchoReturnLoss, Metric::PlayoutDelay] {
            assert_eq!(summary(&stream.summaries, metric), None, "{}", metric.name());
        }
    }
}
