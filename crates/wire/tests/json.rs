//! JSON in and out: nothing is lost, and what is wrong is named with its place.
#![expect(clippy::unwrap_used, reason = "a test stops there")]

use proptest::prelude::*;
use sidetone_engine::{
    report::{MemberName, Report, Stats, Text, Value},
    units::Timestamp,
};
use sidetone_testkit::traces;
use sidetone_wire::{
    batch::{Batch, Event},
    json::{batch_and_clock_from_json, batch_from_json, batch_to_json, report_from_json, report_from_value, report_to_json},
};

fn read(text: &str) -> Report {
    report_from_json(Timestamp::default(), text.as_bytes()).unwrap()
}

fn refusal(text: &str) -> String {
    report_from_json(Timestamp::default(), text.as_bytes()).unwrap_err().to_string()
}

fn member(report: &Report, name: &str) -> Option<Value> {
    report.stats["A"].members.get(&MemberName::plain(name)).cloned()
}

#[test]
fn every_recorded_report_comes_out_as_the_browser_gave_it() {
    for name in traces::NAMES {
        for line in traces::lines(name) {
            let report = report_from_value(Timestamp::default(), &line["report"]).unwrap();
            let again = report_to_json(&report);
            assert!(same(&again, &line["report"]), "{name}: {again} is not {}", line["report"]);
            let bytes = line["report"].to_string();
            assert_eq!(report_from_json(Timestamp::default(), bytes.as_bytes()).unwrap(), report, "{name}");
        }
    }
}

/// Equal as JavaScript sees it: numbers are doubles.
fn same(a: &serde_json::Value, b: &serde_json::Value) -> bool {
    use serde_json::Value as J;
    match (a, b) {
        (J::Number(a), J::Number(b)) => a.as_f64() == b.as_f64(),
        (J::Array(a), J::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (J::Object(a), J::Object(b)) => a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b))),
        (a, b) => a == b,
    }
}

#[test]
fn records_become_entries_and_everything_else_stays_as_text() {
    let report = read(
        r#"{"A":{"type":"outbound-rtp","id":"A","qualityLimitationDurations":{"none":1.5,"cpu":0},
            "n":null,"list":[1, 2],"empty":{},"nested":{"b":{"c":[]},"a":1}}}"#,
    );
    let stats = &report.stats["A"];
    assert_eq!(&*stats.stats_type, "outbound-rtp");
    assert_eq!(stats.members[&MemberName::entry("qualityLimitationDurations", "none")], Value::Number(1.5));
    assert_eq!(stats.members[&MemberName::entry("qualityLimitationDurations", "cpu")], Value::Number(0.0));
    assert_eq!(member(&report, "n"), Some(Value::Json("null".into())));
    assert_eq!(member(&report, "list"), Some(Value::Json("[1,2]".into())));
    assert_eq!(member(&report, "empty"), Some(Value::Json("{}".into())));
    assert_eq!(member(&report, "nested"), Some(Value::Json(r#"{"a":1,"b":{"c":[]}}"#.into())));
    assert_eq!(stats.members.len(), 6);
}

#[test]
fn an_id_stands_among_the_members_only_when_it_differs_from_the_key() {
    assert_eq!(member(&read(r#"{"A":{"id":"A"}}"#), "id"), None);
    assert_eq!(member(&read(r#"{"A":{"id":"B"}}"#), "id"), Some(Value::Text("B".into())));
    assert_eq!(report_to_json(&read(r#"{"A":{"id":"B"}}"#)).to_string(), r#"{"A":{"id":"B"}}"#);
    assert_eq!(report_to_json(&read(r#"{"A":{}}"#)).to_string(), r#"{"A":{"id":"A"}}"#);
    assert_eq!(report_to_json(&read(r#"{"A":{"type":[7]}}"#)).to_string(), r#"{"A":{"id":"A","type":[7]}}"#);
}

#[test]
fn of_duplicate_keys_the_last_wins() {
    let report = read(r#"{"A":{"x":1},"A":{"id":"B","id":"A","x":{"k":1},"x":2,"y":3,"y":{"k":4},"type":"t","type":5}}"#);
    assert_eq!(report, read(r#"{"A":{"x":2,"y":{"k":4},"type":5}}"#));
}

#[test]
fn numbers_keep_every_bit() {
    for text in ["0.1", "-0.0", "5e-324", "1.7976931348623157e308", "9114756780671533311", "1795228491538.756", "0.30000000000000004"] {
        let report = read(&format!(r#"{{"A":{{"x":{text}}}}}"#));
        assert_eq!(member(&report, "x"), Some(Value::Number(text.parse().unwrap())), "{text}");
        let again = report_from_value(Timestamp::default(), &report_to_json(&report)).unwrap();
        assert_eq!(again, report, "{text}");
    }
    assert_eq!(report_to_json(&read(r#"{"A":{"x":50.0}}"#)).to_string(), r#"{"A":{"id":"A","x":50}}"#);
}

#[test]
fn what_is_wrong_with_a_report_is_named_with_its_place() {
    assert_eq!(refusal(r#"{"IT01A":{"jitter":1e999}}"#), r#"["IT01A"].jitter: number out of range (line 1 column 24)"#);
    assert_eq!(refusal(r#"{"A":5}"#), r#"["A"]: invalid type: integer `5`, expected a stats object with its members (line 1 column 6)"#);
    assert_eq!(
        refusal("[]"),
        "invalid type: sequence, expected an object of stats objects by id, as Object.fromEntries(report) gives it (line 1 column 0)"
    );
    assert_eq!(refusal("{} x"), "trailing characters (line 1 column 4)");
    assert!(refusal(r#"{"A":{"x":{"y":1e999}}}"#).starts_with(r#"["A"].x.y: "#));
    assert!(refusal(&"[".repeat(100_000)).contains("expected an object"));
    assert!(refusal(&format!(r#"{{"A":{{"x":{}"#, "[".repeat(100_000))).contains("recursion limit"));
    assert!(report_from_json(Timestamp::default(), b"{\"A\xff\":{}}").is_err());
}

const BATCH: &str = r#"{"conference_id":"weekly","participant_id":"p1","batch_seq":3,
 "events":[{"time_ms":1000.5,"kind":"joined","payload":{"user_name":"Ada"}},{"time_ms":2000,"kind":"left"}],
 "reports":[{"time_ms":1500,"stats":{"A":{"type":"inbound-rtp","packetsReceived":49}}},{"time_ms":2500.25,"stats":{}}]}"#;

#[test]
fn a_batch_needs_little() {
    let batch = batch_from_json(BATCH.as_bytes()).unwrap();
    assert_eq!(batch.conference_id.as_str(), "weekly");
    assert_eq!((batch.user_id.as_str(), batch.peer_connection_id.as_str()), ("", ""));
    assert_eq!(batch.batch_seq, 3);
    assert_eq!(batch.sent, Timestamp::from_micros(2_500_250), "the latest time in it");
    let events = [(1_000_500, "joined", r#"{"user_name":"Ada"}"#), (2_000_000, "left", "{}")];
    assert_eq!(
        batch.events,
        events.map(|(time, kind, payload)| Event { time: Timestamp::from_micros(time), kind: kind.into(), payload: payload.into() })
    );
    assert_eq!(batch.reports.len(), 2);
    assert_eq!(batch_from_json(&batch_to_json(&batch)).unwrap(), batch);
    assert_eq!(batch_and_clock_from_json(BATCH.as_bytes()).unwrap().1, None);
    assert_eq!(batch_and_clock_from_json(&batch_to_json(&batch)).unwrap().1, Some(batch.sent));
}

#[test]
fn what_is_wrong_with_a_batch_is_named_with_its_place() {
    let refusal = |from: &str, to: &str| {
        assert!(BATCH.contains(from));
        let message = batch_from_json(BATCH.replacen(from, to, 1).as_bytes()).unwrap_err().to_string();
        message.rsplit_once(" (line").map_or(message.clone(), |(message, _)| message.to_owned())
    };
    let members = "conference_id, user_id, participant_id, peer_connection_id, batch_seq, sent_ms, events, reports";
    for (from, to, expected) in [
        (
            "conference_id",
            "conferenceId",
            &*format!(r#"member "conferenceId" is unknown, "conference_id" is meant; allowed are {members}"#),
        ),
        ("conference_id", "room", &format!(r#"member "room" is unknown; allowed are {members}"#)),
        (r#""conference_id":"weekly","#, "", "conference_id is missing: the app's name for the conference"),
        (r#""weekly""#, "7", "conference_id: invalid type: integer `7`, expected a string"),
        (r#""batch_seq":3"#, r#""batch_seq":-3"#, "batch_seq: invalid value: integer `-3`, expected u32"),
        ("1000.5", "-1", "events[0].time_ms: -1 is no instant: allowed are milliseconds since 1970, up to the year 2200"),
        (
            "1000.5",
            "\"now\"",
            r#"events[0].time_ms: invalid type: string "now", expected milliseconds since 1970 as a number, as Date.now() gives them"#,
        ),
        ("\"left\"", "\"\"", "events[1]: kind is missing: what happened, such as \"joined\""),
        (r#"{"user_name":"Ada"}"#, "[]", "events[0].payload: invalid type: sequence, expected a map"),
        ("49", "1e999", r#"reports[0].stats["A"].packetsReceived: number out of range"#),
        (r#""stats":{}"#, r#""stat":{}"#, r#"reports[1]: member "stat" is unknown; allowed are time_ms, stats"#),
        (r#","stats":{}"#, "", "reports[1]: stats is missing: the stats objects by id"),
    ] {
        assert_eq!(refusal(from, to), expected);
    }
    let long = "x".repeat(4097);
    assert_eq!(refusal("\"p1\"", &format!("{long:?}")), "participant_id: participant_id is 4097 bytes of UTF-8, at most 4096 are allowed");
    let empty = batch_from_json(br#"{"conference_id":"c","participant_id":"p","batch_seq":0}"#).unwrap_err().to_string();
    assert!(empty.starts_with("sent_ms is missing: "), "{empty}");
}

#[test]
fn a_table_of_made_up_ids_is_refused_before_it_grows() {
    let reports: Vec<String> = (0..40_000).map(|n| format!(r#"{{"time_ms":{n},"stats":{{"a{n}":{{"x":{n}}}}}}}"#)).collect();
    let batch = format!(r#"{{"conference_id":"c","participant_id":"p","batch_seq":0,"reports":[{}]}}"#, reports.join(","));
    let message = batch_from_json(batch.as_bytes()).unwrap_err().to_string();
    assert!(message.contains("successive reports must share their ids"), "{message}");
}

#[test]
fn many_members_and_many_duplicates_are_quick_to_read() {
    // Their product would be 10^10 steps.
    let members: String = (0..100_000).map(|n| format!(r#""m{n}":1,"#)).collect();
    let duplicates = r#""x":{"k":1},"#.repeat(100_000);
    let report = read(&format!(r#"{{"A":{{{members}{duplicates}"x":2}}}}"#));
    assert_eq!(report.stats["A"].members.len(), 100_001);
}

#[test]
fn ten_thousand_streams_in_one_report_are_kept() {
    let streams: Vec<String> = (0..10_000).map(|n| format!(r#""I{n}":{{"type":"inbound-rtp","ssrc":{n}}}"#)).collect();
    let batch = format!(
        r#"{{"conference_id":"c","participant_id":"p","batch_seq":0,"reports":[{{"time_ms":1,"stats":{{{}}}}}]}}"#,
        streams.join(",")
    );
    assert_eq!(batch_from_json(batch.as_bytes()).unwrap().reports.report(0).stats.len(), 10_000);
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<f64>().prop_filter("never NaN or infinite", |number| number.is_finite()).prop_map(Value::Number),
        any::<i32>().prop_map(|number| Value::Number(f64::from(number))),
        any::<bool>().prop_map(Value::Bool),
        any::<String>().prop_map(|text| Value::Text(text.into())),
        prop::sample::select(vec!["null", "[]", "{}", "[1,null,\"x\"]", "{\"a\":{\"b\":1}}"]).prop_map(|text| Value::Json(text.into())),
    ]
}

fn stats() -> impl Strategy<Value = Stats> {
    let member = (0..4_u8, prop::option::of("[a-c]{0,2}"), value());
    (any::<String>(), prop::collection::vec(member, 0..12)).prop_map(|(stats_type, members)| {
        let mut stats = Stats { stats_type: stats_type.into(), ..Stats::default() };
        for (name, key, value) in members {
            let name = Text::from(format!("m{name}"));
            // In JSON a name is a value or a record, and records hold scalars.
            let clash = stats.members.keys().any(|member| member.name == name && (member.key.is_none() || key.is_none()));
            if clash || (key.is_some() && matches!(value, Value::Json(_))) {
                continue;
            }
            stats.members.insert(MemberName { name, key: key.map(Text::from) }, value);
        }
        stats
    })
}

/// Until 2109 (2^42 ms) a double of milliseconds keeps microseconds.
const TIME_MAX: i64 = (1 << 42) * 1000;

fn reports() -> impl Strategy<Value = Vec<Report>> {
    let report = (0..TIME_MAX, prop::collection::btree_map("[A-D]|\\PC{3}", stats(), 0..4));
    let report = report.prop_map(|(time, stats)| Report {
        time: Timestamp::from_micros(time),
        stats: stats.into_iter().map(|(id, stats)| (id.into(), stats)).collect(),
    });
    prop::collection::vec(report, 0..4)
}

proptest! {
    #[test]
    fn any_batch_survives_its_json_form(reports in reports(), ids in prop::array::uniform4(any::<String>()), batch_seq: u32, sent in 0..1_000_000_000_i64) {
        let [conference, user, participant, connection] = ids;
        let batch = Batch {
            conference_id: sidetone_engine::ids::ConferenceId::new(conference).unwrap(),
            user_id: sidetone_engine::ids::UserId::new(user).unwrap(),
            participant_id: sidetone_engine::ids::ParticipantId::new(participant).unwrap(),
            peer_connection_id: sidetone_engine::ids::PeerConnectionId::new(connection).unwrap(),
            batch_seq,
            sent: Timestamp::from_micros(sent),
            events: vec![Event { time: Timestamp::from_micros(sent), kind: "custom".into(), payload: r#"{"a":[0.1]}"#.into() }],
            reports: reports.into_iter().collect(),
        };
        let json = batch_to_json(&batch);
        prop_assert_eq!(batch_from_json(&json).unwrap(), batch, "{}", String::from_utf8_lossy(&json));
    }

    #[test]
    fn junk_never_panics(junk in prop::collection::vec(any::<u8>(), 0..200), cut in 0..500_usize, flip in 0..500_usize, bit in 0..8_u8) {
        let _ = batch_from_json(&junk);
        let mut bytes = BATCH.as_bytes().to_vec();
        if let Some(byte) = bytes.get_mut(flip) { *byte ^= 1 << bit; }
        let _ = batch_from_json(&bytes);
        bytes.truncate(cut);
        let _ = batch_from_json(&bytes);
    }
}
