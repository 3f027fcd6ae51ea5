//! Texts that a page cut within an emoji come in at every door, and nothing else is lost by it.
#![expect(clippy::unwrap_used, reason = "a test")]

use serde_json::Value;
use sidetone_engine::units::Timestamp;
use sidetone_wire::{
    batch,
    callstats::Body,
    import::{Content, Limits, import},
    json::{batch_from_json, report_from_json, report_to_json},
    messenger::{self, Form, Reading},
};

const NOW: Timestamp = Timestamp::from_micros(1_795_245_960_000_000);
const BATCH: &str = r#"{"conference_id": "c\ud83d", "participant_id": "p", "peer_connection_id": "pc", "batch_seq": 0, "sent_ms": 1795245960000,
    "events": [{"time_ms": 1795245960000, "kind": "feedback", "payload": {"comment": "thanks \ud83d", "overall": 5}}],
    "reports": [{"time_ms": 1795245960000, "stats": {"D": {"type": "data-channel", "label": "a\ude00"}}}]}"#;

fn payload(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn in_a_batch() {
    let batch = batch_from_json(BATCH.as_bytes()).unwrap();
    assert_eq!(batch.conference_id.as_str(), "c\u{fffd}");
    assert_eq!(payload(&batch.events[0].payload)["comment"], "thanks \u{fffd}");
    let report = batch.reports.iter().next().unwrap();
    assert_eq!(report_to_json(&report)["D"]["label"], "a\u{fffd}");
}

#[test]
fn in_a_report() {
    let report = report_from_json(NOW, br#"{"D": {"type": "data-channel", "label": "a\ude00"}}"#).unwrap();
    assert_eq!(report_to_json(&report)["D"]["label"], "a\u{fffd}");
}

#[test]
fn in_a_batch_of_the_compact_form_whose_payloads_a_page_wrote() {
    let mut sent = batch_from_json(BATCH.as_bytes()).unwrap();
    sent.events[0].payload = r#"{"comment":"thanks \ud83d","overall":5}"#.to_owned();
    let batch = batch::decode(&batch::encode(&sent)).unwrap();
    assert_eq!(payload(&batch.events[0].payload), serde_json::json!({"comment": "thanks \u{fffd}", "overall": 5}));
}

#[test]
fn in_what_callstats_clients_send() {
    let feedback = br#"{"timestamp": 1795245960000, "localID": "ada", "feedback": {"overallRating": 2, "comments": "thanks \ud83d"}}"#;
    let events = Body::event(feedback).unwrap().into_events("events/feedback", NOW);
    assert_eq!((&payload(&events[0].payload)["comment"], events.len()), (&"thanks \u{fffd}".into(), 1));
    let report = br#"{"timestamp": 1795245960000, "localID": "ada", "stats": [{"id": "D", "type": "data-channel", "label": "a\ude00"}]}"#;
    let report = Body::report(report).unwrap().into_report(NOW).unwrap();
    assert_eq!(report_to_json(&report)["D"]["label"], "a\u{fffd}");
}

#[test]
fn in_the_metrics_of_a_messenger_call() {
    let body = r#"{"platform": "messenger", "call_id": "c_1", "end_call_reason": "Hangup_Call", "end_call_subreason": "bye \ud83d",
        "call_ended_time": 1795245960, "first_audio_packet_received_time": 1795245900, "audio_stats": {"packets_received": 7}COMMA}"#;
    let reading = Reading { form: Form::Json, page_id: "1", strict: false, received: NOW };
    for comma in ["", ","] {
        let metrics = messenger::read(body.replace("COMMA", comma).as_bytes(), reading).unwrap();
        assert_eq!(metrics.subreason.as_deref(), Some("bye \u{fffd}"));
    }
}

#[test]
fn in_a_dump() {
    let lines = "[\"create\",\"PC_0\",{},1795245960000]\n[\":note\",\"PC_0\",\"thanks \\ud83d\",5]\n[\"close\",\"PC_0\",null,5]\n";
    let Content::Dump(dump) = import(lines.as_bytes(), &Limits::default()).unwrap().content else { unreachable!("lines are a dump") };
    let events = &dump.connections[0].events;
    assert_eq!((&payload(&events[1].payload)["value"], events.len()), (&"thanks \u{fffd}".into(), 3));
}
