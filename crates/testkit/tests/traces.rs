//! What `testdata/traces/README.md` says of the recorded calls is true.

use sidetone_engine::report::Reports;
use sidetone_testkit::traces::{self, Trace};

/// The sum of a member over the inbound streams of one kind, in the last report.
fn at_end(reports: &Reports, kind: &str, member: &str) -> f64 {
    let last = reports.len() - 1;
    let inbound = reports.objects().iter().filter(|object| &*object.stats_type == "inbound-rtp");
    let of_kind = inbound.filter(|object| object.column("kind").and_then(|column| column.text(last)).is_some_and(|text| &**text == kind));
    of_kind.filter_map(|object| object.column(member)?.number(last)).sum()
}

#[test]
fn the_calls_are_what_the_readme_says() {
    for Trace { name, reports } in traces::all() {
        assert_eq!(reports.len(), if name.starts_with("firefox") { 40 } else { 62 }, "{name}");
        assert!(reports.times().windows(2).all(|pair| pair[0] < pair[1]), "{name}");
        assert_eq!(at_end(&reports, "audio", "packetsLost") + at_end(&reports, "video", "packetsLost"), 0.0, "{name}");
        let concealed = at_end(&reports, "audio", "concealedSamples") / at_end(&reports, "audio", "totalSamplesReceived");
        let freezes = at_end(&reports, "video", "freezeCount");
        let (freezes_expected, concealed_most) = match &*name {
            "av-pc0" => (15.0, 0.013),
            "av-pc1" => (20.0, 0.013),
            "audio-pc0" | "audio-pc1" => (0.0, 0.0),
            _ => (0.0, 0.001),
        };
        assert_eq!(freezes, freezes_expected, "{name}");
        assert!(concealed <= concealed_most, "{name}: {concealed}");
        if freezes > 0.0 {
            assert!(concealed > 0.011, "{name}: {concealed}");
        }
    }
}
