//! Addresses are hidden in real calls and in whatever shape somebody puts them, and nothing else changes.
#![expect(clippy::unwrap_used, reason = "a test")]

use sidetone_engine::{analysis::Analyzer, ids::*, issue::RuleSet, report::Reports, units::Timestamp};
use sidetone_testkit::traces;
use sidetone_wire::{
    address::{self, Hidden},
    batch::{Batch, Event, kind},
    json,
};

fn batch(reports: Reports, events: &[(&str, &str)]) -> Batch {
    let time = Timestamp::from_micros(1_800_000_000_000_000);
    Batch {
        conference_id: ConferenceId::new("10.0.0.1").unwrap(),
        user_id: UserId::new("ada").unwrap(),
        participant_id: ParticipantId::new("stay").unwrap(),
        peer_connection_id: PeerConnectionId::new("pc").unwrap(),
        batch_seq: 0,
        sent: time,
        events: events.iter().map(|(kind, payload)| Event { time, kind: (*kind).into(), payload: (*payload).into() }).collect(),
        reports,
    }
}

fn from_json(stats: &str) -> Batch {
    let text = format!(
        r#"{{"conference_id": "c", "participant_id": "p", "peer_connection_id": "pc", "batch_seq": 0,
             "reports": [{{"time_ms": 1800000000000, "stats": {stats}}}]}}"#
    );
    json::batch_from_json(text.as_bytes()).unwrap()
}

/// The scores, issues and summaries of a run.
fn analysis(reports: &Reports) -> String {
    let mut analyzer = Analyzer::new(&RuleSet::default());
    analyzer.push(reports, &mut |_| {});
    format!("{:?}", analyzer.finish())
}

#[test]
fn a_real_call_loses_its_addresses_and_nothing_that_is_measured() {
    for trace in traces::all() {
        let mut batch = batch(trace.reports.clone(), &[]);
        assert_eq!(address::hide_in(&mut batch), Hidden { reports: true, events: 0 }, "{}", trace.name);
        let text = String::from_utf8(json::batch_to_json(&batch)).unwrap();
        for address in ["192.0.2.2", "fd00::2", "127.0.0.1", "172.17."] {
            assert!(!text.contains(address), "{}: {address}", trace.name);
        }
        for (given, hidden) in trace.reports.iter().zip(batch.reports.iter()) {
            assert_eq!(given.time, hidden.time);
            for (id, stats) in &given.stats {
                for (name, value) in &stats.members {
                    let hidden = hidden.stats[id].members.get(name);
                    match &*name.name {
                        "address" | "ip" | "relatedAddress" | "url" => assert!(hidden.is_some(), "{}: {id} {}", trace.name, name.name),
                        "foundation" => assert_eq!(hidden, None),
                        _ => assert_eq!(hidden, Some(value), "{}: {id} {}", trace.name, name.name),
                    }
                }
            }
        }
        assert_eq!(analysis(&batch.reports), analysis(&trace.reports), "{}", trace.name);
        assert_eq!(address::hide_in(&mut batch), Hidden::default(), "{}: hidden twice", trace.name);
    }
}

#[test]
fn one_address_is_always_the_same_word() {
    let stats = |address: &str| format!(r#"{{"L": {{"type": "local-candidate", "address": "{address}", "port": 9}}}}"#);
    let word = |address: &str| {
        let mut batch = from_json(&stats(address));
        address::hide_in(&mut batch);
        json::report_to_json(&batch.reports.report(0))["L"]["address"].as_str().unwrap().to_owned()
    };
    for (address, expected) in [
        ("192.168.1.2", "ipv4-private"),
        ("198.51.100.7", "ipv4-public"),
        ("fe80::1", "ipv6-private"),
        ("2001:db8::1", "ipv6-public"),
        ("5d4f2c1e-0b1a-4c3d-9e8f-001122334455.local", "mdns"),
        ("host.of.ada.example", "hidden"),
        ("c0000207", "hidden"),
        ("", ""),
    ] {
        assert_eq!(word(address), expected);
    }
}

#[test]
fn there_is_no_member_in_which_an_address_gets_through() {
    let attempts = [
        r#"{"L": {"type": "local-candidate", "ipAddress": 3325256711}}"#,
        r#"{"L": {"type": "local-candidate", "address": ["198.51.100.7"]}}"#,
        r#"{"L": {"type": "local-candidate", "madeUp": "198.51.100.7"}}"#,
        r#"{"L": {"type": "local-candidate", "madeUp": "\u0031\u0039\u0038.51.100.7"}}"#,
        r#"{"L": {"type": "local-candidate", "madeUp": {"deep": [{"deeper": "udp 198.51.100.7:5000"}]}}}"#,
        r#"{"L": {"type": "local-candidate", "madeUp": [["198.51.100.7", 1], "fd00::2"]}}"#,
        r#"{"L": {"type": "local-candidate", "198.51.100.7": true}}"#,
        r#"{"L": {"type": "local-candidate", "record": {"198.51.100.7": 1}}}"#,
        r#"{"198.51.100.7": {"type": "local-candidate", "port": 1}}"#,
        r#"{"L": {"type": "198.51.100.7", "port": 1}}"#,
        r#"{"L": {"type": "local-candidate", "foundation": "198.51.100.7"}}"#,
        r#"{"L": {"type": "local-candidate", "sdp": "o=- 1 2 IN IP4 198.51.100.7"}}"#,
        r#"{"L": {"type": "codec", "sdpFmtpLine": "::ffff:198.51.100.7"}}"#,
    ];
    for attempt in attempts {
        let mut batch = from_json(attempt);
        assert!(address::hide_in(&mut batch).reports, "{attempt}");
        let text = String::from_utf8(json::batch_to_json(&batch)).unwrap();
        for address in ["198.51.100.7", "3325256711", "fd00::2"] {
            assert!(!text.contains(address), "{attempt} became {text}");
        }
        assert_eq!(address::hide_in(&mut batch), Hidden::default(), "{attempt}");
    }
}

#[test]
fn events_lose_addresses_and_session_descriptions() {
    let cases = [
        (
            ("ice_candidate", r#"{"candidate":"candidate:842163049 1 udp 1 198.51.100.7 9 typ host","sdpMid":"0"}"#),
            r#"{"candidate":"candidate:0 1 udp 1 ipv4-public 9 typ host","sdpMid":"0"}"#,
        ),
        (
            ("setLocalDescription", r#"{"value":{"sdp":"v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n","type":"offer"}}"#),
            r#"{"value":{"sdp":"sdp","type":"offer"}}"#,
        ),
        (("createOffer", r#"{"value":"type: offer, sdp: v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n"}"#), r#"{"value":"type: offer, sdp: sdp"}"#),
        (("x", r#"{"198.51.100.7":1,"a":2}"#), r#"{"a":2}"#),
        (("joined", r#"{"user_name":{"a":"198.51.100.7"}}"#), r#"{"user_name":{"a":"ipv4-public"}}"#),
        (("joined", r#"{"home":"198.51.100.7"}"#), r#"{"home":"ipv4-public"}"#),
    ];
    for (event, expected) in cases {
        let mut batch = batch(Reports::default(), &[event]);
        assert_eq!(address::hide_in(&mut batch).events, 1, "{event:?}");
        assert_eq!(batch.events[0].payload, expected);
    }
    let mut of_kind = batch(Reports::default(), &[("from 198.51.100.7", "{}")]);
    assert_eq!(address::hide_in(&mut of_kind).events, 1);
    assert_eq!(of_kind.events[0].kind, "from ipv4-public");
}

proptest::proptest! {
    #[test]
    fn any_text_can_be_looked_through(text in ".{0,60}|([0-9a-f]{0,4}[.:%v]){0,20}") {
        let mut once = batch(Reports::default(), &[(&text, "{}"), ("x", &serde_json::json!({"text": text}).to_string())]);
        address::hide_in(&mut once);
        let mut twice = once.clone();
        address::hide_in(&mut twice);
        proptest::prop_assert_eq!(once, twice);
    }
}

#[test]
fn what_the_app_says_of_itself_stays() {
    let payload = r#"{"user_name":"Ada","site":"10.1.2.3","app_version":"1.2.3.4","user_agent":"Chrome/131.0.0.0","additional_ids":{"host":"10.1.2.3"}}"#;
    let mut batch = batch(Reports::default(), &[(kind::JOINED, payload), (kind::DROPPED, r#"{"reports":7,"reason":"queue_full"}"#)]);
    assert_eq!(address::hide_in(&mut batch), Hidden::default());
    assert_eq!((batch.conference_id.as_str(), batch.events[0].payload.as_str()), ("10.0.0.1", payload));
}
