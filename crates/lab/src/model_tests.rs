//! The formulas of other tools against values of their own tests and of their code, run by itself; those of the Recommendations against an
//! independent implementation.

use serde_json::{Value, json};

use super::*;

/// Round trip and jitter in ms, loss in percent; `more` are members of a row.
fn segment(rtt: f64, jitter: f64, loss: f64, more: &Value) -> Segment {
    let mut row = json!({
        "codec": "opus",
        "rtt": rtt / 1000.0,
        "jitter": jitter / 1000.0,
        "packetsReceived": 1000.0 * (100.0 - loss),
        "packetsLost": 1000.0 * loss,
        "totalSamplesDuration": 8.0,
        "totalSamplesReceived": 384_000.0,
    });
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(row).unwrap()
}

fn is(tool: &str, segment: &Segment, expected: f64) {
    let model = peers().into_iter().find(|model| model.name.starts_with(tool)).unwrap_or_else(|| panic!("there is no {tool}"));
    let told = (model.score)(segment, &model.constants);
    assert!((told - expected).abs() < 0.006, "{tool}: {told} is not {expected}, of {segment:?}");
}

#[test]
fn tools_give_what_their_code_gives() {
    const TOOLS: [&str; 6] = ["webrtc-issue-detector", "Plivo", "Twilio", "OpenTok", "VoIPmonitor", "FreeSWITCH"];
    // (round trip, jitter, loss); where their code goes below 1, ours says 1.
    for ((rtt, jitter, loss), expected) in [
        ((0.0, 0.0, 0.0), [4.404, 4.437, 4.433, 4.421, 4.500, 4.500]),
        ((100.0, 20.0, 0.0), [4.325, 4.368, 4.363, 4.373, 4.500, 4.500]),
        ((100.0, 20.0, 2.0), [4.181, 4.237, 4.230, 4.104, 3.929, 4.482]),
        ((300.0, 50.0, 5.0), [2.664, 2.759, 2.747, 2.721, 3.591, 4.441]),
        ((1000.0, 0.0, 0.0), [1.000, 1.000, 1.000, 1.000, 4.500, 4.500]),
    ] {
        for (tool, expected) in TOOLS.into_iter().zip(expected) {
            is(tool, &segment(rtt, jitter, loss, &json!({})), expected);
        }
    }
    is("Plivo", &segment(300.0, 50.0, 5.0, &json!({"codec": "pcmu"})), 2.664);
}

#[test]
fn the_effective_latency_gives_what_the_tests_of_baresip_expect() {
    for ((rtt, jitter, loss), r, mos) in [
        ((0.0, 0.0, 0.0), 92.95, 4.404),
        ((500.0, 0.0, 0.0), 54.20, 2.796),
        ((1000.0, 0.0, 0.0), 4.20, 1.0),
        ((0.0, 100.0, 0.0), 84.20, 4.172),
        ((0.0, 200.0, 0.0), 64.20, 3.315),
        ((0.0, 0.0, 1.0), 90.45, 4.350),
    ] {
        let segment = segment(rtt, jitter, loss, &json!({}));
        let told = effective_latency(&segment, 93.2, 1.0, segment.loss_percent(), 2.5);
        assert!((told - r).abs() < 0.006, "{told} is not {r}");
        is("webrtc-issue-detector", &segment, mos);
    }
}

#[test]
fn rtcscore_has_its_defect_and_livekit_mended_it() {
    let row = |rtt: f64, buffer_ms: f64, loss: f64, bytes: f64| {
        segment(rtt, 0.0, loss, &json!({"bytesReceived": bytes, "jitterBufferDelay": buffer_ms, "jitterBufferEmittedCount": 1000.0}))
    };
    is("rtcscore (", &row(50.0, 50.0, 0.0, 0.0), 4.37);
    is("rtcscore (", &row(50.0, 50.0, 2.0, 0.0), 4.12);
    // 40 kbit/s for 8 s.
    is("rtcscore (", &row(100.0, 60.0, 10.0, 40_000.0), 3.03);
    is("rtcscore (", &row(400.0, 60.0, 10.0, 40_000.0), 4.50);
    is("rtcscore-go", &row(400.0, 60.0, 10.0, 40_000.0), 2.12);
}

#[test]
fn loss_alone_costs_what_the_formulas_say() {
    for (loss, narrow, full) in
        [(0.0, 4.409, 4.304), (1.0, 4.328, 4.091), (2.0, 4.235, 3.869), (5.0, 3.923, 3.276), (10.0, 3.411, 2.604), (20.0, 2.631, 1.943)]
    {
        let segment = segment(0.0, 0.0, loss, &json!({"concealedSamples": 3840.0 * loss}));
        is("G.107, G.711", &segment, narrow);
        is("G.107.2, Opus", &segment, full);
        is("G.107.2, the same", &segment, full);
    }
    for (loss, expected) in [(1.0, 4.093), (5.0, 3.591), (10.0, 3.284)] {
        is("VoIPmonitor", &segment(0.0, 0.0, loss, &json!({})), expected);
    }
}
