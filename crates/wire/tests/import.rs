//! Real dumps of known calls, and shapes that only older tools wrote.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops there")]

use std::io::Write;

use sidetone_engine::{
    ids::ConferenceId,
    report::{MemberName, Report, Reports, Value},
    units::Timestamp,
};
use sidetone_testkit::traces;
use sidetone_wire::{
    batch::Event,
    import::{Content, Dump, Format, Import, ImportError, Limits, import},
    internals,
    json::report_from_json,
};

fn read(bytes: &[u8]) -> Import {
    import(bytes, &Limits::default()).unwrap()
}

fn dump(bytes: &[u8]) -> Dump {
    match read(bytes).content {
        Content::Dump(dump) => *dump,
        Content::Batches(_) => panic!("a dump was expected"),
    }
}

fn recorded(name: &str) -> Dump {
    dump(&traces::file(&format!("traces/{name}")))
}

fn refusal(text: impl AsRef<[u8]>) -> String {
    import(text.as_ref(), &Limits::default()).unwrap_err().to_string()
}

fn member<'a>(report: &'a Report, object: &str, member: &str) -> Option<&'a Value> {
    report.stats.get(object)?.members.get(&MemberName::plain(member))
}

fn number(report: &Report, object: &str, name: &str) -> f64 {
    match member(report, object, name) {
        Some(Value::Number(number)) => *number,
        other => panic!("{object}.{name} is {other:?}"),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn the_two_dumps_of_one_call_agree_report_by_report() {
    let internals = recorded("webrtc-internals-av.json");
    let rtcstats = recorded("chrome-rtcstats-dump-av.gz");
    assert_eq!(read(&traces::file("traces/webrtc-internals-av.json")).format, Format::WebrtcInternals);
    assert_eq!(read(&traces::file("traces/chrome-rtcstats-dump-av.gz")).format, Format::Rtcstats);
    assert_eq!(internals.connections.len(), 2);
    for connection in &internals.connections {
        let other = rtcstats.connections.iter().find(|other| other.id == connection.id).unwrap();
        assert_eq!((connection.report_count(), other.report_count()), (24, 24));
        let (ours, theirs) = (connection.reports(), other.reports());
        assert_eq!(ours.times(), theirs.times());
        // A webrtc-internals series is a list without gaps: where a member was there, away and there again, it cannot say when.
        let gappy: Vec<String> = theirs
            .objects()
            .iter()
            .flat_map(|object| object.columns.iter().map(move |column| (object, column)))
            .filter(|(object, column)| {
                let present: Vec<bool> =
                    (0..24).filter(|row| object.presence.contains(*row)).map(|row| column.presence.contains(row)).collect();
                present.windows(2).any(|pair| pair == [true, false])
            })
            .map(|(object, column)| format!("{}.{}", object.id, column.name.name))
            .collect();
        assert!(gappy.iter().all(|member| member.starts_with("ROV") && member.ends_with(".roundTripTime")), "{gappy:?}");
        for (ours, theirs) in ours.iter().zip(theirs.iter()) {
            let mut found = differences(&ours, &theirs);
            found.retain(|difference| !gappy.iter().any(|member| difference.starts_with(member)));
            assert_eq!(found, Vec::<String>::new(), "{} at {:?}", connection.id, ours.time);
            assert!(ours.stats.keys().eq(theirs.stats.keys()));
            assert!(ours.stats.values().map(|stats| &stats.stats_type).eq(theirs.stats.values().map(|stats| &stats.stats_type)));
        }
    }
}

/// Members that differ, for a person.
fn differences(ours: &Report, theirs: &Report) -> Vec<String> {
    let mut found = Vec::new();
    for id in ours.stats.keys().chain(theirs.stats.keys()) {
        let members = |report: &Report| report.stats.get(id).map(|stats| stats.members.clone()).unwrap_or_default();
        let (ours, theirs) = (members(ours), members(theirs));
        for name in ours.keys().chain(theirs.keys()).filter(|name| ours.get(name) != theirs.get(name)) {
            found.push(format!("{id}.{}: {:?} and {:?}", name.name, ours.get(name), theirs.get(name)));
        }
    }
    found
}

#[test]
fn events_of_the_two_dumps_agree() {
    let internals = recorded("webrtc-internals-av.json");
    let rtcstats = recorded("chrome-rtcstats-dump-av.gz");
    // Written to the microsecond in one and as sums of differences in the other.
    let comparable = |events: &[Event]| -> Vec<(String, String)> {
        let extra = |payload: &str| {
            let mut payload: serde_json::Map<String, serde_json::Value> = serde_json::from_str(payload).unwrap();
            payload.remove("extra");
            serde_json::Value::Object(payload).to_string()
        };
        events.iter().map(|event| (event.kind.clone(), extra(&event.payload))).collect()
    };
    for connection in &internals.connections {
        let other = rtcstats.connections.iter().find(|other| other.id == connection.id).unwrap();
        assert_eq!(comparable(&connection.events), comparable(&other.events), "{}", connection.id);
        for (ours, theirs) in connection.events.iter().zip(&other.events).skip(1) {
            let apart = ours.time.as_micros().abs_diff(theirs.time.as_micros());
            assert!(apart < 5_000, "{} at {:?} and {:?}", ours.kind, ours.time, theirs.time);
        }
    }
    let kinds = |dump: &Dump| dump.events.iter().map(|event| event.kind.clone()).filter(|kind| kind != "client").collect::<Vec<_>>();
    assert_eq!(kinds(&internals), kinds(&rtcstats));
    assert_eq!(kinds(&internals)[..2], ["get_user_media", "get_user_media_success"]);
}

#[test]
fn facts_name_the_browser() {
    let facts = recorded("webrtc-internals-av.json").facts;
    assert!(facts.user_agent.contains("HeadlessChrome/156"));
    assert_eq!((&*facts.browser, &*facts.browser_version, &*facts.os), ("Chrome", "156.0.8078.79", "Linux"));
    assert_eq!(facts.url, "http://127.0.0.1:34731/");
    let facts = recorded("chrome-rtcstats-dump-av.gz").facts;
    assert_eq!((&*facts.browser, &*facts.browser_version, &*facts.os), ("Chrome", "156", "Linux"));
}

#[test]
fn frames_of_rtcstats_js_give_whole_reports() {
    for (file, seconds, objects) in [("sdk-audio-rtcstats-ws.jsonl", 41, 16), ("sdk-av-rtcstats-ws.jsonl", 41, 20)] {
        let dump = recorded(file);
        assert_eq!(dump.connections.iter().map(|connection| &*connection.id).collect::<Vec<_>>(), ["PC_0", "PC_1"], "{file}");
        for connection in &dump.connections {
            let reports = connection.reports();
            assert_eq!(reports.len(), 42, "{file}");
            let (first, last) = (reports.report(0), reports.report(41));
            let span = last.time.since(first.time).unwrap().as_secs_f64();
            assert!((span - f64::from(seconds)).abs() < 1.0, "{file}: {span} s");
            assert!(last.stats.len() >= objects, "{file}: {} objects", last.stats.len());
            let inbound: Vec<_> = last.stats.iter().filter(|(_, stats)| &*stats.stats_type == "inbound-rtp").collect();
            for (id, stats) in inbound {
                // Sent once in the first difference and carried over since.
                assert!(stats.members.contains_key(&MemberName::plain("ssrc")), "{file} {id}");
                let kind = member(&last, id, "kind").unwrap();
                if *kind == Value::Text("audio".into()) {
                    let packets = number(&last, id, "packetsReceived");
                    assert!((packets - 50.0 * 41.0).abs() < 60.0, "{file}: {packets} packets");
                }
                assert_eq!(number(&last, id, "timestamp"), last.time.as_millis_f64(), "{file}");
                // References are to ids within the report.
                for reference in ["codecId", "transportId", "remoteId"] {
                    let Some(Value::Text(target)) = member(&last, id, reference) else { panic!("{file} {id}.{reference}") };
                    assert!(last.stats.contains_key(target), "{file} {id}.{reference} = {target}");
                }
            }
            let known = ["inbound-rtp", "outbound-rtp", "remote-inbound-rtp", "candidate-pair", "transport", "codec", "compute-pressure"];
            for stats_type in known {
                assert!(last.stats.values().any(|stats| &*stats.stats_type == stats_type), "{file}: no {stats_type}");
            }
            assert!(
                last.stats.values().all(|stats| stats.members.keys().all(|name| name.name.parse::<u32>().is_err())),
                "{file}: a code stayed"
            );
        }
        let states: Vec<_> = dump.connections[0].events.iter().filter(|event| event.kind == "connection_state_change").collect();
        assert_eq!(states.last().unwrap().payload, r#"{"state":"connected"}"#);
        let descriptions = dump.connections[0].events.iter().filter(|event| event.payload.contains("\"sdp\""));
        assert!(descriptions.clone().count() >= 2);
        for event in descriptions {
            assert!(event.payload.contains("m=audio 9 UDP/TLS/RTP/SAVPF"), "{}", event.payload);
        }
    }
}

#[test]
fn rtcp_reports_keep_the_time_at_which_they_came() {
    let dump = recorded("sdk-audio-rtcstats-ws.jsonl");
    let reports = dump.connections[0].reports();
    let remote = reports.objects().iter().find(|object| &*object.stats_type == "remote-inbound-rtp").unwrap();
    let times = remote.column("timestamp").unwrap();
    let mut seen: Vec<f64> = (0..reports.len()).filter_map(|row| times.number(row)).collect();
    seen.dedup();
    // RTCP comes about every 5 s in an audio call.
    assert!((5..=12).contains(&seen.len()), "{seen:?}");
}

#[test]
fn a_dump_is_the_same_with_and_without_gzip_header_and_byte_order_mark() {
    let plain = traces::file("traces/sdk-av-rtcstats-ws.jsonl");
    let bare = dump(&plain);
    assert_eq!(dump(&gzip(&plain)), bare);
    let framed = [b"RTCStatsDump\n{\"fileFormat\":3,\"userAgent\":\"x Firefox/153.0\"}\n".as_slice(), &plain].concat();
    let framed = dump(&framed);
    assert_eq!(framed.connections, bare.connections);
    let marked = [b"\xef\xbb\xbf".as_slice(), &plain].concat();
    assert_eq!(dump(&marked).connections, bare.connections);
}

/// Lines in the shape of rtcstats file format 3.
const STREAM: &str = r#"RTCStatsDump
{"fileFormat":3,"userAgent":"Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0","clientProtocol":"rtcstats#5.0"}
[39,"PC_0",null,1795228900000]
[1,"PC_0",{"0":{"type":1,"10":7,"14":10,"96":{"none":1,"cpu":0}},"1":{"type":3,"15":0,"t":1795228900400},"t":1795228901000},1000.5]
["g","PC_0",{"0":{"14":60,"96":{"none":2}},"2":{"type":99,"500":true},"t":1795228902000},999.5]

"a remark"
[1,"PC_0",{"0":{"14":110},"1":null,"t":1795228903000},1000]
[":rating",null,{"stars":5},10]
[36,"PC_0",null,0]
["close",null,1001,5]
"#;

#[test]
fn differences_are_applied_as_the_format_says() {
    let import = read(STREAM.as_bytes());
    assert_eq!(import.skipped.len(), 1);
    assert_eq!((&*import.skipped[0].position, &*import.skipped[0].reason), ("line 7", "is no JSON array"));
    let dump = dump(STREAM.as_bytes());
    assert_eq!(dump.facts.browser, "Firefox");
    assert_eq!(dump.facts.sdk, "rtcstats#5.0");
    let reports = dump.connections[0].reports();
    assert_eq!(
        reports.times().iter().map(|time| time.as_millis()).collect::<Vec<_>>(),
        [1_795_228_901_000, 1_795_228_902_000, 1_795_228_903_000]
    );
    let [first, second, third] = [0, 1, 2].map(|row| reports.report(row));
    assert_eq!(&*first.stats["0"].stats_type, "inbound-rtp");
    assert_eq!(number(&first, "0", "ssrc"), 7.0);
    assert_eq!(number(&second, "0", "ssrc"), 7.0, "carried over");
    assert_eq!(number(&second, "0", "packetsReceived"), 60.0);
    let durations =
        |report: &Report, key: &str| report.stats["0"].members.get(&MemberName::entry("qualityLimitationDurations", key)).cloned();
    assert_eq!(durations(&second, "none"), Some(Value::Number(2.0)));
    assert_eq!(durations(&second, "cpu"), Some(Value::Number(0.0)), "records merge by key");
    assert_eq!(number(&first, "1", "timestamp"), 1_795_228_900_400.0, "its own time");
    assert_eq!(number(&second, "0", "timestamp"), 1_795_228_902_000.0, "the common time");
    assert!(second.stats.contains_key("1") && !third.stats.contains_key("1"), "null removes");
    assert_eq!(member(&third, "2", "500"), Some(&Value::Bool(true)), "an unknown code stays as it is");
    assert_eq!(member(&third, "2", "type"), Some(&Value::Number(99.0)), "so does an unknown type");
    let kinds: Vec<_> = dump.connections[0].events.iter().map(|event| (&*event.kind, event.time.as_millis())).collect();
    assert_eq!(kinds, [("peer_connection_created", 1_795_228_900_000), ("peer_connection_closed", 1_795_228_903_010)]);
    let kinds: Vec<_> = dump.events.iter().map(|event| (&*event.kind, &*event.payload)).collect();
    assert_eq!(kinds, [("custom", r#"{"name":"rating","value":{"stars":5}}"#), ("socket_closed", r#"{"value":1001}"#)]);
}

/// See `testdata/legacy/README.md`.
const LEGACY: &str = include_str!("../../../testdata/legacy/rtcstats-2016-jitsi.jsonl");

#[test]
fn the_scheme_of_2016_is_understood() {
    let import = read(LEGACY.as_bytes());
    assert_eq!(import.format, Format::RtcstatsLegacy);
    assert_eq!(import.skipped[0].reason, "repeats sequence number 4");
    let dump = dump(LEGACY.as_bytes());
    assert_eq!((&*dump.facts.conference_id, &*dump.facts.user_name, &*dump.facts.browser), ("weekly", "Ada", "Chrome"));
    let connection = &dump.connections[0];
    assert_eq!(connection.events[1].payload, r#"{"state":"connected"}"#);
    let reports: Vec<_> = connection.reports().iter().collect();
    assert_eq!(reports.iter().map(|report| number(report, "A", "packetsReceived")).collect::<Vec<_>>(), [10.0, 60.0, 110.0]);
    assert_eq!(number(&reports[0], "A", "timestamp"), 1_600_000_001_000.0);
    assert_eq!(number(&reports[0], "B", "timestamp"), 1_600_000_000_500.0);
    assert!(!reports[2].stats.contains_key("B"), "getStats is the whole report");
    // Without metadata and sequence numbers it is told from file format 3 by its times.
    let bare: String = LEGACY.lines().skip(2).map(|line| format!("{}]\n", line.rsplit_once(',').unwrap().0)).collect();
    let bare = read(bare.as_bytes());
    assert_eq!(bare.format, Format::RtcstatsLegacy);
    let Content::Dump(bare) = bare.content else { panic!("a dump was expected") };
    assert_eq!(bare.connections[0].report_count(), 4);
    assert_eq!(bare.connections[0].reports().report(3), reports[2]);
    // And the oldest, one document with a list for each peer connection.
    let document = r#"{"peerConnections":{"PC_0":[
        {"type":"create","value":{"iceServers":[]},"time":"2020-09-13T12:26:40.100Z"},
        {"type":"getStats","value":{"A":{"id":"A","type":"inbound-rtp","packetsReceived":110,"timestamp":1600000003000}},"timestamp":1600000003000}
    ]},"getUserMedia":[{"type":"getUserMedia","value":{"audio":true},"timestamp":1600000000000}],"userAgent":"x Chrome/60.0"}"#;
    let document = self::dump(document.as_bytes());
    assert_eq!(document.connections[0].reports().report(0), reports[2]);
    assert_eq!(document.events[0].payload, r#"{"audio":true}"#);
}

/// See `testdata/legacy/README.md`.
const INTERNALS_OLD: &str = include_str!("../../../testdata/legacy/webrtc-internals-before-117.json");

#[test]
fn old_webrtc_internals_dumps_are_understood() {
    let import = read(INTERNALS_OLD.as_bytes());
    assert_eq!(import.skipped.len(), 1);
    assert!(import.skipped[0].reason.contains("callback"), "{:?}", import.skipped);
    let dump = dump(INTERNALS_OLD.as_bytes());
    let connection = &dump.connections[0];
    let reports: Vec<_> = connection.reports().iter().collect();
    let start = Timestamp::from_millis_f64(1_648_796_400_000.0).unwrap();
    assert_eq!(
        reports.iter().map(|report| report.time).collect::<Vec<_>>(),
        (0..5).map(|second| start.plus_micros(second * 1_000_000)).collect::<Vec<_>>()
    );
    let stream = "RTCInboundRTPAudioStream_1";
    assert_eq!(
        reports.iter().map(|report| number(report, stream, "packetsReceived")).collect::<Vec<_>>(),
        [10.0, 60.0, 110.0, 160.0, 210.0]
    );
    assert_eq!(member(&reports[0], stream, "mid"), Some(&Value::Text("0".into())));
    assert_eq!(
        reports.iter().map(|report| member(report, stream, "remoteId").is_some()).collect::<Vec<_>>(),
        [false, false, true, true, true]
    );
    let pair = "RTCIceCandidatePair_x-y_z";
    let states: Vec<_> = reports.iter().map(|report| member(report, pair, "state").cloned()).collect();
    assert_eq!(states, [None, Some(Value::Text("waiting".into())), Some(Value::Text("failed".into())), None, None]);
    let events: Vec<_> = connection.events.iter().skip(1).map(|event| (&*event.kind, &*event.payload)).collect();
    assert_eq!(
        events,
        [
            ("create_offer_success", r#"{"local_time":"4/1/2022, 9:00:00 AM","sdp":"v=0\r\n","type":"offer"}"#),
            ("ice_connection_state_change", r#"{"local_time":"4/1/2022, 9:00:01 AM","state":"connected"}"#),
            (
                "ice_candidate",
                r#"{"candidate":"candidate:1 1 udp 1 192.0.2.1 1 typ host","local_time":"4/1/2022, 9:00:01 AM","sdpMLineIndex":0,"sdpMid":"0"}"#
            ),
        ]
    );
    assert!(connection.events.iter().all(|event| event.time == start));
}

#[test]
fn callback_statistics_are_refused_politely() {
    let internals = INTERNALS_OLD.replace("inbound-rtp", "ssrc").replace("candidate-pair", "googCandidatePair");
    assert!(refusal(internals).contains("before 2023"));
    let stream = r#"["getStats","PC_0",{"bweforvideo":{"id":"bweforvideo","type":"VideoBwe","googTransmitBitrate":"1"}},1600000003000]"#;
    let message = refusal(format!("{stream}\n{stream}\n"));
    assert!(message.starts_with("line 1: ") && message.contains("VideoBwe"), "{message}");
}

#[test]
fn the_first_error_is_named_with_its_place() {
    let cut = &STREAM[..STREAM.find("\"500\"").unwrap()];
    let stream = |from: &str, to: &str| refusal(STREAM.replacen(from, to, 1));
    let internals = |from: &str, to: &str| refusal(INTERNALS_OLD.replacen(from, to, 1));
    for (message, expected) in [
        (refusal("hello"), "the file begins with \"hello\" and is no call dump: allowed are webrtc-internals dumps"),
        (refusal(""), "the file begins with \"\" and is no call dump"),
        (refusal("{\"a\":1}"), "the file begins with \"{\\\"a\\\":1}\" and is no call dump"),
        (refusal(b"[1,\xff]"), "byte 3: this is neither UTF-8 nor UTF-16; save the file again as UTF-8"),
        (refusal(cut), "line 5 column 58: EOF while parsing a value"),
        (
            stream("1795228900000]", "\"now\"]"),
            "line 3: the last element is \"now\", expected the milliseconds since the line before as a number",
        ),
        (stream("1795228900000]", "5]"), "line 3: the time is 5, but the first line must give it since 1970"),
        (stream(",1000.5]", ",1e300]"), "line 4: the time comes to 1"),
        (stream("\"t\":1795228902000}", "\"t\":1795228902000"), "line 5 column"),
        (
            refusal(LEGACY.replacen("1600000000100,2", "null,2", 1)),
            "line 3: the fourth element is null, expected the time in milliseconds since 1970",
        ),
        (
            internals("[10,60", "[10,,60"),
            "PeerConnections[\"77-1\"].stats[\"RTCInboundRTPAudioStream_1-packetsReceived\"].values: expected value at line 1 column 5",
        ),
        (
            internals("\"[10,60,110,160,210]\"", "7"),
            "PeerConnections[\"77-1\"].stats[\"RTCInboundRTPAudioStream_1-packetsReceived\"]: values is a number, expected an array of values as text",
        ),
        (internals("{\"77-1\":", "{\"77-1\":["), "line 10 column 149: expected `,` or `]`"),
        (refusal(r#"{"PeerConnections":[]}"#), "PeerConnections: is an array, expected an object of peer connections"),
        (refusal(r#"{"PeerConnections":{}}"#), "the file is a valid webrtc-internals dump without any peer connection or event"),
        (refusal(&gzip(STREAM.as_bytes())[..60]), "gzip is damaged after "),
    ] {
        assert!(message.starts_with(expected), "{message}\nshould begin with\n{expected}");
    }
}

#[test]
fn an_error_quotes_little_of_the_file() {
    // An array of samples looks like rtcstats, whose rows end with a number.
    let sample = format!(r#"{{"callId":"c","clientId":"{}"}}"#, "ü".repeat(100_000));
    let refused = refusal(format!("[{sample}]"));
    assert!(refused.len() < 1000, "{} bytes", refused.len());
    assert!(refused.starts_with(r#"line 1: the last element is {"callId":"c","clientId":"üü"#), "{refused}");
    assert!(refused.ends_with("expected the milliseconds since the line before as a number"), "{refused}");
}

#[test]
fn sizes_are_bounded() {
    let bomb = gzip(&vec![b' '; 64 << 20]);
    assert!(refusal(&bomb).contains("200 times the size of the file"));
    let small = Limits { text_bytes_max: 1000, values_max: 20 };
    let error = import(STREAM.as_bytes(), &Limits { text_bytes_max: 100, ..small }).unwrap_err();
    assert!(matches!(error, ImportError::TooLarge { limit: 100, .. }), "{error}");
    let error = import(STREAM.as_bytes(), &Limits { text_bytes_max: 10_000, ..small }).unwrap_err();
    assert_eq!(error.to_string(), "the number of values in the reports is over the limit of 20");
}

#[test]
fn a_dump_becomes_batches_that_hold_all_of_it_and_are_the_same_every_time() {
    let conference = ConferenceId::new("support ticket 7").unwrap();
    for file in ["webrtc-internals-av.json", "chrome-rtcstats-dump-av.gz", "sdk-av-rtcstats-ws.jsonl"] {
        let bytes = traces::file(&format!("traces/{file}"));
        let batches = read(&bytes).into_batches(&conference).unwrap();
        assert_eq!(read(&bytes).into_batches(&conference).unwrap(), batches, "{file}");
        let dump = dump(&bytes);
        assert!(batches.iter().all(|batch| batch.conference_id == conference && batch.participant_id == batches[0].participant_id));
        assert_eq!(batches[0].events[0].kind, "joined");
        assert!(batches[0].events[0].payload.contains(r#""browser":"Chrome""#), "{}", batches[0].events[0].payload);
        assert_eq!(batches.last().unwrap().events.last().unwrap().kind, "left");
        for connection in &dump.connections {
            let own: Vec<_> = batches.iter().filter(|batch| batch.peer_connection_id.as_str() == connection.id).collect();
            assert_eq!(
                own.iter().map(|batch| batch.batch_seq).collect::<Vec<_>>(),
                (0..u32::try_from(own.len()).unwrap()).collect::<Vec<_>>()
            );
            let mut all = Reports::default();
            own.iter().for_each(|batch| all.extend(&batch.reports));
            assert_eq!(all, connection.reports(), "{file}");
            let events: Vec<_> = own.iter().flat_map(|batch| batch.events.clone()).collect();
            assert_eq!(events[..connection.events.len()], connection.events, "{file}");
            assert_eq!(events.iter().filter(|event| event.kind == "peer_connection_closed").count(), 1, "{file}");
        }
    }
    let bytes = traces::file("traces/sdk-av-rtcstats-ws.jsonl");
    let [one, other] = [bytes.clone(), [&*bytes, b"\n"].concat()].map(|bytes| read(&bytes).into_batches(&conference).unwrap());
    assert_ne!(one[0].participant_id, other[0].participant_id, "another file is another participant");
    let named = read(LEGACY.as_bytes()).into_batches(&conference).unwrap();
    assert_eq!((named[0].conference_id.as_str(), named[0].user_id.as_str()), ("weekly", "Ada"), "the file's own names");
}

#[test]
fn long_calls_come_in_runs_and_events_with_the_run_in_which_they_happened() {
    let mut text = String::from("RTCStatsDump\n{\"fileFormat\":3}\n[39,\"P\",null,1795228900000]\n");
    for second in 0..1500 {
        let t = 1_795_228_901_000_i64 + second * 1000;
        text.push_str(&format!("[1,\"P\",{{\"0\":{{\"type\":1,\"14\":{second}}},\"t\":{t}}},1000]\n"));
        if second == 700 {
            text.push_str("[25,\"P\",\"failed\",0]\n");
        }
    }
    let batches = read(text.as_bytes()).into_batches(&ConferenceId::default()).unwrap();
    let runs: Vec<_> = batches.iter().filter(|batch| batch.peer_connection_id.as_str() == "P").collect();
    assert_eq!(runs.iter().map(|batch| batch.reports.len()).collect::<Vec<_>>(), [600, 600, 300]);
    let kinds = |batch: usize| runs[batch].events.iter().map(|event| event.kind.clone()).collect::<Vec<_>>();
    assert_eq!(
        (kinds(0), kinds(1), kinds(2)),
        (vec!["peer_connection_created".into()], vec!["connection_state_change".into()], vec!["peer_connection_closed".into()])
    );
}

#[test]
fn batch_files_keep_their_names() {
    let one = r#"{"conference_id":"c","participant_id":"p","batch_seq":0,
        "reports":[{"time_ms":1000,"stats":{"A":{"type":"inbound-rtp"}}}]}"#;
    let two = one.replace("\"batch_seq\":0", "\"batch_seq\":1");
    let import = read(format!("{one}\n{two}\n").as_bytes());
    assert_eq!(import.format, Format::Batches);
    let batches = import.into_batches(&ConferenceId::new("other").unwrap()).unwrap();
    assert_eq!(batches.iter().map(|batch| (batch.conference_id.as_str(), batch.batch_seq)).collect::<Vec<_>>(), [("c", 0), ("c", 1)]);
    let broken = format!("{one}\n{}\n", two.replace("1000", "\"x\""));
    let message = refusal(broken);
    assert!(message.starts_with("line 4 column ") && message.contains("reports[0].time_ms: invalid type"), "{message}");
}

/// The counters of the received stream of this SSRC, in order of time.
fn received(dump: &Dump, ssrc: f64) -> Vec<(Timestamp, [f64; 4])> {
    let mut found = Vec::new();
    for report in dump.connections.iter().flat_map(|connection| connection.reports().iter().collect::<Vec<_>>()) {
        for (id, stats) in &report.stats {
            let is_wanted =
                &*stats.stats_type == "inbound-rtp" && stats.members.get(&MemberName::plain("ssrc")) == Some(&Value::Number(ssrc));
            if is_wanted {
                let counters = ["packetsReceived", "bytesReceived", "jitterBufferEmittedCount", "totalSamplesReceived"];
                found.push((report.time, counters.map(|name| number(&report, id, name))));
            }
        }
    }
    found
}

#[test]
fn samples_of_observertc_agree_with_what_rtcstats_saw_of_the_same_call() {
    for (call, ssrc) in [("audio", 1_951_167_058.0), ("av", first_received_ssrc("sdk-av-observertc-samples.jsonl"))] {
        let name = format!("sdk-{call}-observertc-samples.jsonl");
        assert_eq!(read(&traces::file(&format!("traces/{name}"))).format, Format::ObserveRtc);
        let samples = recorded(&name);
        assert_eq!((samples.facts.conference_id.as_str(), samples.facts.browser.as_str()), ("call1", "Chrome"));
        assert_eq!(samples.connections.len(), 1);
        assert!(samples.connections[0].events.iter().any(|event| event.kind == "peer_connection_created"));
        let seen = received(&samples, ssrc);
        assert_eq!(seen.len(), 4, "{call}");
        let by_rtcstats = received(&recorded(&format!("sdk-{call}-rtcstats-ws.jsonl")), ssrc);
        // Both ask the browser at their own times: a counter lies between those of the reports around it.
        let mut compared = 0;
        for (time, counters) in seen {
            let around = by_rtcstats.windows(2).find(|pair| pair[0].0 <= time && time < pair[1].0);
            let Some([(_, before), (_, after)]) = around else { continue };
            compared += 1;
            for ((counter, before), after) in counters.iter().zip(before).zip(after) {
                assert!((before..=after).contains(&counter), "{call}: {counter} is not within {before} and {after}");
            }
        }
        assert!(compared >= 3, "{call}: {compared}");
        let report = &samples.connections[0].reports().report(0);
        let types: std::collections::BTreeSet<&str> = report.stats.values().map(|stats| &*stats.stats_type).collect();
        for expected in
            ["candidate-pair", "codec", "local-candidate", "media-source", "remote-candidate", "remote-inbound-rtp", "transport"]
        {
            assert!(types.contains(expected), "{call}: {types:?}");
        }
    }
}

fn first_received_ssrc(name: &str) -> f64 {
    let report = recorded(name).connections[0].reports().report(0);
    let (id, _) = report.stats.iter().find(|(_, stats)| &*stats.stats_type == "inbound-rtp").unwrap();
    number(&report, id, "ssrc")
}

#[test]
fn what_is_wrong_with_a_sample_is_named_with_its_place() {
    let sample = |timestamp: &str, connection: &str, client: &str| {
        format!(r#"{{"callId":"c","clientId":"{client}","timestamp":{timestamp},"peerConnections":[{connection}]}}"#)
    };
    let good = sample("1795228911436", r#"{"peerConnectionId":"a"}"#, "x");
    let cases = [
        (sample("\"soon\"", "", "x"), "line 2: timestamp is \"soon\", expected milliseconds since 1970"),
        (sample("1795228911437", "7", "x"), "line 2: peerConnections[0]: is 7, expected an object"),
        (sample("1795228911437", r#"{"codecs":[]}"#, "x"), "line 2: peerConnections[0]: peerConnectionId is missing"),
        (sample("1795228911437", r#"{"peerConnectionId":"a","codecs":[{}]}"#, "x"), "line 2: peerConnections[0].codecs[0]: id is missing"),
        (sample("1795228911437", "", "y"), "give each client a file of its own"),
    ];
    for (bad, expected) in cases {
        let told = refusal(format!("{good}\n{bad}"));
        assert!(told.contains(expected), "{told}");
    }
    assert!(refusal(format!("{good}\n{{")).contains("line 2"));
}

#[test]
fn envelopes_of_jitsi_hold_the_rows_that_its_server_stores() {
    let stored = dump(LEGACY.as_bytes());
    let rows: Vec<serde_json::Value> = LEGACY.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let envelope = |row: &serde_json::Value| match row.get(0).and_then(serde_json::Value::as_str) {
        Some("identity") => serde_json::json!({"type": "identity", "statsSessionId": "s", "data": row[2]}).to_string(),
        _ => serde_json::json!({"type": "stats-entry", "statsSessionId": "s", "data": row.to_string()}).to_string(),
    };
    let mut lines: Vec<String> = rows.iter().filter(|row| row.is_array()).map(envelope).collect();
    lines.push(r#"{"type":"keepalive","statsSessionId":"s"}"#.into());
    lines.push(r#"{"type":"stats-entry","statsSessionId":"other","data":"[]"}"#.into());
    let streamed = read(lines.join("\n").as_bytes());
    assert_eq!(streamed.format, Format::RtcstatsLegacy);
    assert!(streamed.skipped.last().unwrap().reason.contains("another session"), "{:?}", streamed.skipped);
    let Content::Dump(streamed) = streamed.content else { panic!("a dump was expected") };
    assert_eq!(streamed.connections, stored.connections);
    assert_eq!(streamed.events, stored.events);
    assert_eq!(streamed.facts.conference_id, stored.facts.conference_id);
    let told = refusal("{\"type\":\"stats-entry\",\"statsSessionId\":\"s\",\"data\":\"[\"}");
    assert!(told.contains("line 1: data: "), "{told}");
}

#[test]
fn what_is_written_as_a_webrtc_internals_dump_is_read_again() {
    let original = recorded("webrtc-internals-av.json");
    for connection in &original.connections {
        let head = internals::Connection { id: &connection.id, user_agent: "Mozilla/5.0 Chrome/156.0.0.0", events: &connection.events };
        let written = internals::write(head, connection.reports().iter());
        let again = read(written.as_bytes());
        assert_eq!((again.format, &again.skipped[..]), (Format::WebrtcInternals, &[][..]));
        let Content::Dump(again) = again.content else { panic!("a dump was expected") };
        let [read] = &again.connections[..] else { panic!("one connection was written") };
        assert_eq!(read.id, connection.id);
        assert_eq!(read.reports(), connection.reports());
        // Its creation is told by every reader anew.
        assert_eq!(read.events.len(), connection.events.len() + 1);
        assert_eq!(again.facts.browser, "Chrome");
    }
}

#[test]
fn members_that_go_and_return_stand_where_they_were_in_a_written_dump() {
    // Chromium gives no `framesPerSecond` while a picture stands still.
    let line = |second: f64, rate: Option<u32>| {
        let time = 1_795_245_960_000.0 + second * 1000.0;
        let rate = rate.map(|rate| format!(r#""framesPerSecond":{rate},"#)).unwrap_or_default();
        let stats = format!(r#"{{"IT":{{"type":"inbound-rtp",{rate}"framesDecoded":7,"timestamp":{time}}}}}"#);
        report_from_json(Timestamp::from_millis_f64(time).unwrap(), stats.as_bytes()).unwrap()
    };
    let rates = [None, Some(30), Some(29), None, None, Some(12), None];
    let reports: Vec<Report> = (0..).zip(rates).map(|(second, rate)| line(f64::from(second), rate)).collect();
    let head = internals::Connection { id: "pc", user_agent: "", events: &[] };
    let again = dump(internals::write(head, reports.iter().cloned()).as_bytes());
    assert_eq!(again.connections[0].reports(), Reports::from_iter(reports));
}
