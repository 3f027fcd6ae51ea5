//! The callstats dialect, on what real clients sent.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{collections::BTreeMap, io::Read};

use proptest::prelude::*;
use serde_json::{Value, json};
use sidetone_engine::{analysis::Analyzer, issue::RuleSet, metric::Metric, report::Reports, units::Timestamp};
use sidetone_testkit::traces;
use sidetone_wire::{
    batch::Event,
    callstats::{
        Body, LOG_BYTES_MAX, STANDARD,
        route::{Route, Target, route},
    },
    json::report_to_json,
};

const NOW: Timestamp = Timestamp::from_micros(1_795_245_960_000_000);

struct Request {
    route: Route,
    body: String,
}

/// What the recording holds of apps, in order.
fn recording() -> Vec<Request> {
    let compressed = traces::file("callstats/callstats-3.73.16-chromium-156.jsonl.gz");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&compressed[..]).read_to_string(&mut text).unwrap();
    requests(&text)
}

fn requests(text: &str) -> Vec<Request> {
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let requests = lines.filter_map(|line| {
        let route = route(line["path"].as_str()?.strip_prefix("/v1/apps/")?).unwrap();
        Some(Request { route, body: line["body"].as_str().unwrap_or_default().to_owned() })
    });
    requests.collect()
}

fn topic(target: &Target) -> &str {
    match target {
        Target::Join { .. } => "",
        Target::InConference { topic, .. } | Target::Apart { topic } => topic,
        Target::Configurations => "configurations",
    }
}

fn events(topic: &str, body: &Value) -> Vec<(String, Value)> {
    let events = Body::event(body.to_string().as_bytes()).unwrap().into_events(topic, NOW);
    events.into_iter().map(|Event { kind, payload, .. }| (kind, serde_json::from_str(&payload).unwrap())).collect()
}

#[test]
fn every_event_of_a_real_call_is_understood_and_keeps_its_body() {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let mut connections = BTreeMap::new();
    for request in recording().iter().filter(|request| !request.body.is_empty() && topic(&request.route.target) != "stats") {
        let sent: Value = serde_json::from_str(&request.body).unwrap();
        let body = Body::event(request.body.as_bytes()).unwrap();
        if let (Target::InConference { conference_id, .. }, Some(connection)) = (&request.route.target, body.connection_id()) {
            assert_eq!(conference_id, "room 1/ü?+x");
            *connections.entry((body.text("localID"), connection)).or_insert(0) += 1;
        }
        let time = body.time();
        for event in body.into_events(topic(&request.route.target), time.unwrap_or(NOW)) {
            let payload: Value = serde_json::from_str(&event.payload).unwrap();
            let kept = payload["raw"].as_object().unwrap();
            for (name, value) in sent.as_object().unwrap() {
                let moved = match name.as_str() {
                    "localSDP" => payload.get("local_sdp"),
                    "remoteSDP" => payload.get("remote_sdp"),
                    "eventList" => Some(value).filter(|list| list[0] == kept["eventList"]),
                    _ => None,
                };
                assert_eq!(moved.or(kept.get(name)), Some(value), "{} {name}", event.kind);
            }
            *kinds.entry(event.kind).or_default() += 1;
        }
    }
    // Two participants, two connections; what belongs to no connection (feedback, failed getUserMedia) names none.
    assert_eq!(connections.len(), 2, "{connections:?}");
    let expected = [
        ("active_devices", 1),
        ("call_details", 1),
        ("conference_summary", 1),
        ("connected", 2),
        ("connected_devices", 2),
        ("connecting_failed", 1),
        ("custom", 1),
        ("custom_stats", 1),
        ("dominant_speaker", 1),
        ("feedback", 1),
        ("get_user_media_failed", 1),
        ("held", 1),
        ("ice_connection_state_change", 5),
        ("ice_gathering_state_change", 4),
        ("joined", 2),
        ("log", 2),
        ("muted", 2),
        ("peer_connection_closed", 2),
        ("playback_started", 4),
        ("resumed", 1),
        ("screen_share_ended", 1),
        ("screen_share_started", 1),
        ("sdp", 3),
        ("sender_parameters", 2),
        ("signaling_state_change", 5),
        ("unanswered", 1),
        ("unmuted", 2),
        ("user_details", 2),
    ];
    assert_eq!(kinds.iter().map(|(kind, count)| (kind.as_str(), *count)).collect::<Vec<_>>(), expected);
}

#[test]
fn every_member_of_every_report_is_kept() {
    let mut reports = 0;
    for request in recording().iter().filter(|request| topic(&request.route.target) == "stats") {
        let sent: Value = serde_json::from_str(&request.body).unwrap();
        let body = Body::report(request.body.as_bytes()).unwrap();
        assert!(body.has_our_clock());
        let time = body.time().unwrap();
        assert_eq!(time, Timestamp::from_millis_f64(sent["timestamp"].as_f64().unwrap()).unwrap());
        let kept = report_to_json(&body.into_report(time).unwrap());
        let objects = sent["stats"].as_array().unwrap();
        for object in objects {
            assert_same(&kept[object["id"].as_str().unwrap()], object);
        }
        for name in ["localID", "remoteID", "deviceID", "connectionID", "callstatsVersion", "timestamp", "eventType"] {
            assert_eq!(kept["callstats-report"][name], sent[name]);
        }
        let wifi = sent["wifiStats"].is_object();
        assert_same(if wifi { &kept["callstats-wifi"] } else { &kept["callstats-report"]["wifiStats"] }, &sent["wifiStats"]);
        assert_same(&kept["callstats-battery"], &sent["batteryStatus"]);
        assert_eq!(kept.as_object().unwrap().len(), objects.len() + 2 + usize::from(wifi));
        assert!(kept.as_object().unwrap().values().any(|object| object["csioMark"].is_string()));
        reports += 1;
    }
    assert_eq!(reports, 8);
}

/// Every member of `sent` stands in `kept`; numbers are doubles.
#[track_caller]
fn assert_same(kept: &Value, sent: &Value) {
    match (kept, sent) {
        (Value::Object(kept), Value::Object(sent)) => sent.iter().for_each(|(name, value)| assert_same(&kept[name], value)),
        (Value::Number(kept), Value::Number(sent)) => assert_eq!(kept.as_f64(), sent.as_f64()),
        _ => assert_eq!(kept, sent),
    }
}

#[test]
fn a_recorded_call_is_analysed() {
    let mut reports = Reports::default();
    for request in
        recording().iter().filter(|request| topic(&request.route.target) == "stats" && request.body.contains(r#""localID":"bob"#))
    {
        let body = Body::report(request.body.as_bytes()).unwrap();
        let time = body.time().unwrap();
        reports.push(&body.into_report(time).unwrap());
    }
    let mut analyzer = Analyzer::new(&RuleSet::default());
    analyzer.push(&reports, &mut |_| {});
    let analysis = analyzer.finish();
    assert_eq!(analysis.streams.len(), 4);
    let mos = analysis.connection.iter().find(|summary| summary.metric == Metric::MosCq).unwrap();
    assert!((1.0..=5.0).contains(&mos.mean), "{}", mos.mean);
}

#[test]
fn joining_tells_who_and_with_what() {
    let join = recording().into_iter().find(|request| matches!(request.route.target, Target::Join { .. })).unwrap();
    let (kind, payload) = events("", &serde_json::from_str(&join.body).unwrap()).remove(0);
    assert_eq!(kind, "joined");
    assert_eq!(payload["user_name"], "BOB Real");
    assert_eq!(payload["alias_name"], "bob ünı");
    assert_eq!(payload["site"], "hq");
    assert_eq!(payload["app_version"], "1.2.3");
    assert_eq!(payload["browser"], "Chrome");
    assert_eq!(payload["sdk"], "callstats.js 3.73.16");
    assert_eq!(payload["additional_ids"], json!({"customerID": "walmart", "sessionID": "s-1", "loginID": "bob@login"}));
    let documented = json!({"localID": "ada", "endpointInfo": {"type": "browser", "name": "Firefox", "version": "60", "os": "Windows", "osVersion": "10"}});
    let (_, payload) = events("", &documented).remove(0);
    assert_eq!((&payload["browser"], &payload["browser_version"], &payload["os"]), (&json!("Firefox"), &json!("60"), &json!("Windows 10")));
}

#[test]
fn what_is_told_has_our_names() {
    let log = "ü".repeat(LOG_BYTES_MAX);
    for (topic, body, kind, payload) in [
        ("events/media/actions", json!({"eventType": "audioUnMute", "ssrc": "7"}), "unmuted", json!({"kind": "audio", "ssrc": 7})),
        ("events/media/actions", json!({"eventType": "videoPause"}), "muted", json!({"kind": "video"})),
        ("events/fabric/terminated", json!({}), "peer_connection_closed", json!({})),
        ("events/fabric", json!({"eventType": "fabricTerminated"}), "peer_connection_closed", json!({})),
        ("events/user/left", json!({}), "left", json!({})),
        (
            "events/fabric/statechange",
            json!({"changedState": "iceConnectionState", "prevState": "checking", "newState": "connected"}),
            "ice_connection_state_change",
            json!({"state": "connected", "previous": "checking"}),
        ),
        (
            "events/media/pipeline",
            json!({"eventType": "mediaPlaybackStart", "ssrc": "0", "kind": "audio"}),
            "playback_started",
            json!({"kind": "audio"}),
        ),
        (
            "events/feedback",
            json!({"feedback": {"overallRating": 4, "audioQualityRating": 5, "comments": "gut ü"}}),
            "feedback",
            json!({"overall": 4, "audio": 5, "comment": "gut ü"}),
        ),
        (
            "events/devices/list",
            json!({"eventType": "activeDeviceList", "mediaDeviceList": [{"mediaDeviceID": "a", "groupID": "g", "kind": "audioinput", "label": "Mic"}]}),
            "active_devices",
            json!({"devices": [{"device_id": "a", "group_id": "g", "kind": "audioinput", "label": "Mic"}]}),
        ),
        (
            "events/ssrcmap",
            json!({"ssrcData": [{"ssrc": "7", "usageLabel": "camera", "userID": "ada", "mediaType": "video", "streamType": "outbound"}]}),
            "stream_label",
            json!({"ssrc": 7, "label": "camera", "user_id": "ada", "kind": "video", "direction": "outbound"}),
        ),
        (
            "events/ice/status",
            json!({"eventType": "iceDisruptionStart", "prevIceConnectionState": "connected", "currIceConnectionState": "disconnected"}),
            "ice_disruption_started",
            json!({"previous": "connected", "state": "disconnected"}),
        ),
        (
            "events/app/logs",
            json!({"message": log, "level": "debug"}),
            "log",
            json!({"level": "debug", "message": log[..LOG_BYTES_MAX], "cut": true}),
        ),
        ("something/new", json!({"eventType": "fooBar"}), "callstats_foo_bar", json!({})),
        ("something/new", json!({}), "callstats_something_new", json!({})),
        // What the server acts upon comes from its own path only.
        ("something/new", json!({"eventType": "userJoined"}), "callstats_user_joined", json!({})),
    ] {
        let mut events = events(topic, &body);
        assert_eq!(events.len(), 1, "{topic}");
        let (found, mut told) = events.remove(0);
        told.as_object_mut().unwrap().remove("raw").unwrap();
        assert_eq!((found.as_str(), told), (kind, payload), "{topic} {body}");
    }
    assert_eq!(events("events/user/alive", &json!({"localID": "ada"})), []);
}

#[test]
fn an_entry_of_a_list_stands_at_its_own_time_only_where_that_can_be_true() {
    let sent = NOW.as_millis_f64();
    for (own, at) in [
        (json!(sent - 1_800_000.0), sent - 1_800_000.0),
        (json!((sent - 2500.0).to_string()), sent - 2500.0),
        (json!(sent / 1000.0), sent),
        (json!(8123.4), sent),
        (json!(sent - 5.0 * 86_400_000.0), sent),
        (json!(sent + 90_000.0), sent),
        (Value::Null, sent),
    ] {
        let body = json!({"timestamp": sent, "eventList": [{"type": "ringing", "timestamp": own, "source": "app"}]});
        let events = Body::event(body.to_string().as_bytes()).unwrap().into_events("events/customevent", NOW);
        let payload: Value = serde_json::from_str(&events[0].payload).unwrap();
        assert_eq!((events[0].time.as_millis_f64(), &payload["value"]["timestamp"]), (at, &own), "what was told stays to be read");
    }
}

#[test]
fn objects_of_one_id_are_all_kept_and_quick_to_name() {
    // To look for each name from the start would take hours.
    let many = vec![json!({"id": "a", "type": "codec"}); 100_000];
    let named = [json!({"id": "a~3", "type": "codec"})].into_iter().chain(many).collect::<Vec<_>>();
    let body = json!({"timestamp": NOW.as_millis_f64(), "stats": named}).to_string();
    let report = Body::report(body.as_bytes()).unwrap().into_report(NOW).unwrap();
    // Beside them stands what the body holds otherwise.
    assert_eq!(report.stats.len(), 100_002);
    for id in ["a", "a~2", "a~3", "a~4", "a~100001"] {
        assert!(report.stats.contains_key(id), "{id}");
    }
}

#[test]
fn former_shapes_have_their_standard_form_beside_them() {
    let shapes: Value = serde_json::from_slice(&traces::file("callstats/former-shapes.json")).unwrap();
    let report = |name: &str| report_to_json(&Body::report(shapes[name].to_string().as_bytes()).unwrap().into_report(NOW).unwrap());
    let firefox = report("firefox");
    assert_eq!(firefox["inbound_rtp_audio_0"], shapes["firefox"]["stats"][0]);
    for (id, member, value) in [
        ("inbound_rtp_audio_0", "ssrc", json!(1111)),
        ("inbound_rtp_audio_0", "jitter", json!(0.004)),
        ("outbound_rtcp_audio_1", "roundTripTime", json!(0.042)),
        ("c1", "address", json!("192.0.2.1")),
        ("p1", "selected", json!(true)),
    ] {
        assert_eq!(firefox[format!("{STANDARD}{id}")][member], value, "{id}");
    }
    let chrome = report("chrome");
    assert_eq!(chrome["ssrc_1111_recv"], shapes["chrome"]["stats"][0]);
    for (id, member, value) in [
        ("ssrc_1111_recv", "type", json!("inbound-rtp")),
        ("ssrc_1111_recv", "packetsReceived", json!(500)),
        ("ssrc_1111_recv", "packetsLost", Value::Null),
        ("ssrc_1111_recv", "jitter", json!(0.004)),
        ("ssrc_1111_recv", "audioLevel", json!(1)),
        ("ssrc_2222_send", "type", json!("outbound-rtp")),
        ("ssrc_2222_send:told", "roundTripTime", json!(0.042)),
        ("Conn-audio-1-0", "currentRoundTripTime", json!(0.021)),
        ("Conn-audio-1-0", "nominated", json!(true)),
    ] {
        assert_eq!(chrome[format!("{STANDARD}{id}")][member], value, "{id} {member}");
    }
    let lists = report("lists");
    assert_eq!(lists["tracks:t1"]["packetsReceived"], 500);
    assert_eq!(lists["candidatePairs:t1"]["type"], "candidatePairs");
    assert_eq!(lists["callstats-lists"]["timestamp"], 1_450_000_000_000_u64);
}

#[test]
fn a_bridge_is_understood_without_event_types() {
    let text = String::from_utf8(traces::file("callstats/bridge.jsonl")).unwrap();
    let mut kinds = Vec::new();
    for Request { route, body } in requests(&text) {
        if topic(&route.target) == "stats" {
            let body = Body::report(body.as_bytes()).unwrap();
            assert!(!body.has_our_clock());
            let report = report_to_json(&body.into_report(NOW).unwrap());
            assert_eq!(report["outbound-2222"]["rtt"], 42);
            assert_eq!(report["standard:outbound-2222:told"]["roundTripTime"], 0.042);
            assert_eq!(report["standard:inbound-1111"]["jitter"], 0.0045);
        } else if let Target::Join { conference_id } | Target::InConference { conference_id, .. } = &route.target {
            assert_eq!(conference_id, "meet.example/room 1");
            kinds.extend(Body::event(body.as_bytes()).unwrap().into_events(topic(&route.target), NOW).into_iter().map(|event| event.kind));
        }
    }
    assert_eq!(kinds, ["joined", "connected"]);
}

/// Any JSON, not very deep.
fn any_json() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~é]{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["inbound", "ssrc", "inboundrtp", "googCandidatePair", "0", "audioMute", "wifi"]).prop_map(Value::from),
    ];
    let names = prop::sample::select(vec!["id", "type", "ssrc", "stats", "timestamp", "rtt", "jitter", "bytesReceived", "x"]);
    scalar.prop_recursive(3, 24, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(names.clone(), inner, 0..5).prop_map(|map| map
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect::<serde_json::Map<_, _>>()
                .into()),
        ]
    })
}

proptest! {
    #[test]
    fn any_body_is_understood_or_refused(
        members in prop::collection::btree_map(
            prop::sample::select(vec![
                "stats", "eventType", "timestamp", "localID", "remoteID", "connectionID", "endpointInfo", "additionalIDs", "feedback", "ssrcData",
                "eventList", "mediaDeviceList", "changedState", "function", "message", "wifiStats", "batteryStatus", "ssrc",
            ]),
            any_json(),
            0..8,
        ),
        topic in prop::sample::select(vec![
            "", "stats", "events/fabric", "events/feedback", "events/ssrcmap", "events/customevent", "events/devices/list", "events/app/logs",
            "events/media/actions", "events/fabric/statechange", "system/status", "a/b",
        ]),
    ) {
        let text = serde_json::to_string(&members).unwrap();
        let body = Body::event(text.as_bytes()).unwrap();
        let _ = (body.time(), body.connection_id());
        for event in body.into_events(topic, NOW) {
            prop_assert!(serde_json::from_str::<serde_json::Map<String, Value>>(&event.payload).unwrap().contains_key("raw"));
            prop_assert!(!event.kind.is_empty() && event.kind.len() <= sidetone_wire::batch::KIND_BYTES_MAX);
        }
        if let Some(report) = Body::report(text.as_bytes()).ok().and_then(|body| body.into_report(NOW)) {
            let run = Reports::from_iter([report]);
            prop_assert_eq!(sidetone_wire::codec::decode(&sidetone_wire::codec::encode(&run)).unwrap(), run);
        }
    }

    #[test]
    fn any_path_is_understood_or_refused(path in "[0-9]{0,3}/?(conferences/|events/)?[ -~é%/]{0,60}") {
        let _ = route(&path);
    }
}

#[test]
fn a_body_that_is_none_is_refused_with_the_place() {
    assert!(Body::event(b"[]").is_err());
    let error = Body::report(br#"{"stats": [{"id": "a"}, 7]}"#).unwrap_err().to_string();
    assert!(error.starts_with("stats[1]") && error.contains("a stats object"), "{error}");
    assert!(Body::report(b"{}").unwrap().into_report(NOW).is_none());
}
