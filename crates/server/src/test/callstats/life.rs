//! Calls from join to end.

use std::{collections::BTreeMap, io::Read};

use sidetone_testkit::traces;

use super::*;

/// A line of a recording.
struct Line {
    path: String,
    body: Value,
}

fn recording() -> Vec<Line> {
    let compressed = traces::file("callstats/callstats-3.73.16-chromium-156.jsonl.gz");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&compressed[..]).read_to_string(&mut text).unwrap();
    lines(&text)
}

fn lines(text: &str) -> Vec<Line> {
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let posted = lines.filter(|line| line["path"].as_str().unwrap().starts_with("/v1/apps/") && line["body"].is_string());
    posted
        .map(|line| Line {
            path: line["path"].as_str().unwrap().to_owned(),
            body: serde_json::from_str(line["body"].as_str().unwrap()).unwrap(),
        })
        .collect()
}

#[tokio::test]
async fn a_recorded_call_has_a_page() {
    let server = server().await;
    server.clock.set(Timestamp::from_micros(1_795_245_960_900_000));
    let tokens = BTreeMap::from([("alice ünı", server.token("alice ünı").await), ("bob ünı", server.token("bob ünı").await)]);
    let mut uc_id = String::new();
    for line in recording() {
        if let Some(time) = line.body["timestamp"].as_f64().and_then(Timestamp::from_millis_f64) {
            server.clock.set(time.max(server.clock.now()));
        }
        let user = line.body["localID"].as_str().or(line.body["local_id"].as_str()).unwrap();
        let path = line.path.replace("1795228000123", &uc_id);
        let answer = server.report(&tokens[user], &path, line.body).await.ok();
        if let Some(given) = answer["ucID"].as_str() {
            assert!(uc_id.is_empty() || uc_id == given, "everybody in a conference has the same ucID");
            given.clone_into(&mut uc_id);
        }
    }
    let (conference, events) = server.only_conference().await;
    assert_eq!((&conference["conference_id"], &conference["key"]), (&json!("room 1/ü?+x"), &json!(uc_id)));
    let participants = conference["participants"].as_array().unwrap();
    let named: Vec<_> =
        participants.iter().map(|participant| (&participant["user_id"], &participant["user_name"], &participant["site"])).collect();
    assert_eq!(named, [(&json!("bob ünı"), &json!("BOB Real"), &json!("hq")), (&json!("alice ünı"), &json!("ALICE Real"), &json!("hq"))]);
    assert_eq!(participants[0]["additional_ids"]["customerID"], "walmart");
    let connections = conference["peer_connections"].as_array().unwrap();
    assert_eq!(connections.iter().map(|connection| connection["report_count"].as_u64().unwrap()).collect::<Vec<_>>(), [4, 4]);
    let kinds = kinds(&events);
    for (kind, count) in [
        ("joined", 2),
        ("connected", 2),
        ("held", 1),
        ("resumed", 1),
        ("muted", 2),
        ("unmuted", 2),
        ("feedback", 1),
        ("custom", 1),
        ("log", 2),
        ("peer_connection_closed", 2),
        ("sender_parameters", 2),
    ] {
        assert_eq!(kinds.iter().filter(|held| **held == kind).count(), count, "{kind}: {kinds:?}");
    }
    let found = server.get("/v1/conferences?additional_id=walmart&additional_id_name=customerID").await.ok();
    assert_eq!(found["conferences"][0]["key"], uc_id);
    // This app does not keep addresses: wherever a client says one, it is hidden.
    let mut kept = json!(events).to_string();
    for connection in connections {
        let key = connection["key"].as_str().unwrap();
        kept += &server.get(&format!("/v1/peer-connections/{key}/reports")).await.ok().to_string();
    }
    assert!(kept.contains("csioMark") && kept.contains("callstats-wifi"));
    for address in ["192.0.2.", "fd00::2", "127.0.0.1", "a=candidate"] {
        assert!(!kept.contains(address), "{address}");
    }
    // Both fall silent; the summary is written.
    server.clock.advance_ms(31_000);
    server.sweep().await;
    let (conference, events) = server.only_conference().await;
    assert_eq!(conference["state"], "finalised");
    assert_eq!(events.iter().filter(|event| event["kind"] == "left").count(), 2);
    assert!(conference["scores"]["mos_cq"].is_number(), "{conference}");
}

#[tokio::test]
async fn a_bridge_takes_part_and_tells_of_itself() {
    let server = server().await;
    server.clock.set(Timestamp::from_micros(1_795_245_960_000_000));
    let token = server.token("jvb 1/eu").await;
    let text = String::from_utf8(traces::file("callstats/bridge.jsonl")).unwrap();
    let mut uc_id = "01JD3V9Q4Z3X5Y7A8B9C0D1E2F".to_owned();
    for line in lines(&text) {
        let path = line.path.replace("01JD3V9Q4Z3X5Y7A8B9C0D1E2F", &uc_id);
        let answer = server.report(&token, &path, line.body).await.ok();
        if let Some(given) = answer["ucID"].as_str() {
            given.clone_into(&mut uc_id);
        }
    }
    let call = server.get(&format!("/v1/conferences/{uc_id}")).await.ok();
    assert_eq!((&call["conference_id"], &call["participants"][0]["user_id"]), (&json!("meet.example/room 1"), &json!("jvb 1/eu")));
    let state = server.get("/v1/conferences?conference_id=bridge:jvb%201/eu:2026-11-21").await.ok();
    let state = server.get(&format!("/v1/conferences/{}", state["conferences"][0]["key"].as_str().unwrap())).await.ok();
    assert_eq!((&state["peer_connections"][0]["report_count"], &state["kind"]), (&json!(1), &json!("bridge")));
}

#[tokio::test]
async fn silence_ends_a_stay_and_a_second_join_is_another() {
    let server = server().await;
    let token = server.token("ada").await;
    let room = server.join(&token, "ada", "d").await;
    let alive = |server: &TestServer| event(server, "userAlive", "ada", "d", "pc-1");
    for _ in 0..6 {
        server.clock.advance_ms(10_000);
        server.report(&token, &format!("{room}/events/user/alive"), alive(&server)).await.ok();
        server.sweep().await;
    }
    let (conference, _) = server.only_conference().await;
    assert_eq!(conference["state"], "running");
    let last_heard = server.now_ms();
    server.clock.advance_ms(30_000);
    server.sweep().await;
    assert_eq!(server.only_conference().await.0["state"], "running");
    server.clock.advance_ms(1);
    server.sweep().await;
    let (conference, events) = server.only_conference().await;
    assert_eq!((&conference["state"], conference["participants"][0]["ended_ms"].as_f64()), (&json!("finalised"), Some(last_heard)));
    assert_eq!(events.last().unwrap()["payload"]["reason"], "silence");
    // The conference has ended: the id used again is another.
    let again = server.join(&token, "ada", "d").await;
    assert_ne!(again, room);
    // In a running conference a second join is a second stay.
    server.clock.advance_ms(10);
    assert_eq!(server.join(&token, "ada", "d").await, again);
    let list = server.get("/v1/conferences").await.ok();
    assert_eq!(list["conferences"][0]["participant_count"], 2);
}

#[tokio::test]
async fn what_a_user_thought_of_a_call_does_not_make_it_longer() {
    let server = server().await;
    let token = server.token("ada").await;
    let room = server.join(&token, "ada", "d").await;
    server.clock.advance_ms(60_000);
    server.report(&token, &format!("{room}/events/fabric/terminated"), event(&server, "fabricTerminated", "ada", "d", "pc-1")).await.ok();
    let hung_up = server.now_ms();
    let feedback = async |server: &TestServer, rating: u8| {
        let mut body = event(server, "userFeedbackEvent", "ada", "d", "ada");
        (body["remoteID"], body["feedback"]) = (json!("ada"), json!({"overallRating": rating}));
        server.report(&token, &format!("{room}/events/feedback"), body).await.ok();
    };
    // At once, when the call has ended by silence, and after a restart that forgot it.
    server.clock.advance_ms(20_000);
    feedback(&server, 2).await;
    server.clock.advance_ms(40_000);
    server.sweep().await;
    server.clock.advance_ms(300_000);
    feedback(&server, 3).await;
    let mut custom = event(&server, "customEvent", "ada", "d", "pc-1");
    custom["eventList"] = json!([{"type": "survey", "value": 1}]);
    server.report(&token, &format!("{room}/events/customevent"), custom).await.ok();
    server.clock.advance_ms(1000);
    server.sweep().await;
    assert_eq!(server.only_conference().await.0["state"], "finalised", "what is said of a call does not bring it back");
    let server = server.restart().await;
    server.clock.advance_ms(1000);
    feedback(&server, 4).await;
    server.clock.advance_ms(40_000);
    server.sweep().await;
    let (conference, events) = server.only_conference().await;
    assert_eq!((&conference["state"], conference["end_ms"].as_f64()), (&json!("finalised"), Some(hung_up)));
    assert_eq!(conference["participants"][0]["ended_ms"].as_f64(), Some(hung_up));
    assert_eq!(kinds(&events), ["joined", "peer_connection_closed", "left", "feedback", "feedback", "custom", "feedback"]);
    assert_ne!(server.join(&token, "ada", "d").await, room);
}

#[tokio::test]
async fn two_pages_of_one_browser_are_told_apart() {
    let server = server().await;
    let (first, second) = (server.token("ada").await, server.token("ada").await);
    let room = server.join(&first, "ada", "d").await;
    server.clock.advance_ms(500);
    assert_eq!(server.join(&second, "ada", "d").await, room);
    let tell = async |token: &str, kind: &str, connection: &str| {
        server.clock.advance_ms(200);
        server.report(token, &format!("{room}/events/fabric/actions"), event(&server, kind, "ada", "d", connection)).await.ok();
    };
    tell(&first, "fabricHold", "pc-1").await;
    tell(&second, "fabricHold", "pc-2").await;
    // The first page renews its token: its connection is known, and teaches the new session.
    let renewed = server.token("ada").await;
    tell(&renewed, "fabricResume", "pc-1").await;
    tell(&renewed, "fabricHold", "pc-3").await;
    let (conference, _) = server.only_conference().await;
    let mut of: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for connection in conference["peer_connections"].as_array().unwrap() {
        of.entry(connection["participant"].as_str().unwrap()).or_default().push(connection["peer_connection_id"].as_str().unwrap());
    }
    let of: Vec<_> = of.into_values().collect();
    assert_eq!(of, [vec!["pc-1", "pc-3"], vec!["pc-2"]]);
}

#[tokio::test]
async fn a_restart_in_mid_call_goes_unnoticed() {
    let server = server().await;
    let token = server.token("ada").await;
    let room = server.join(&token, "ada", "d").await;
    server.clock.advance_ms(1000);
    server.report(&token, &format!("{room}/events/fabric/actions"), event(&server, "fabricHold", "ada", "d", "pc-1")).await.ok();
    let server = server.restart().await;
    server.clock.advance_ms(1000);
    server.report(&token, &format!("{room}/events/fabric/actions"), event(&server, "fabricResume", "ada", "d", "pc-1")).await.ok();
    server.report(&token, &format!("{room}/events/fabric/actions"), event(&server, "fabricHold", "ada", "d", "pc-2")).await.ok();
    let (conference, events) = server.only_conference().await;
    assert_eq!(conference["participants"].as_array().unwrap().len(), 1);
    assert_eq!(conference["peer_connections"].as_array().unwrap().len(), 2);
    assert_eq!(kinds(&events), ["joined", "held", "resumed", "held"]);
}

#[tokio::test]
async fn what_comes_twice_is_kept_once_and_what_is_alike_is_kept() {
    let server = server().await;
    let token = server.token("ada").await;
    let room = server.join(&token, "ada", "d").await;
    let path = format!("{room}/events/media/actions");
    let mute = event(&server, "audioMute", "ada", "d", "pc-1");
    for _ in 0..2 {
        server.report(&token, &path, &mute).await.ok();
    }
    // At the same instant, but not the same.
    server.report(&token, &path, event(&server, "videoPause", "ada", "d", "pc-1")).await.ok();
    let (_, events) = server.only_conference().await;
    assert_eq!(kinds(&events), ["joined", "muted", "muted"]);
}

#[tokio::test]
async fn what_a_page_held_back_keeps_its_time_and_a_wrong_clock_is_set_right() {
    let server = server().await;
    let token = server.token("ada").await;
    let room = server.join(&token, "ada", "d").await;
    let path = format!("{room}/events/media/actions");
    let held_back = event(&server, "audioMute", "ada", "d", "pc-1");
    let then = server.now_ms();
    server.clock.advance_ms(20 * 60_000);
    server.report(&token, &path, held_back).await.ok();
    let mut ahead = event(&server, "audioUnmute", "ada", "d", "pc-1");
    ahead["timestamp"] = json!(server.now_ms() + 7_200_000.0);
    server.report(&token, &path, ahead).await.ok();
    let (_, events) = server.only_conference().await;
    let times: Vec<_> = events.iter().map(|event| event["time_ms"].as_f64().unwrap()).collect();
    assert_eq!(times, [then, then, server.now_ms()]);
}

#[tokio::test]
async fn a_pre_call_test_is_kept_and_linked() {
    let server = server().await;
    let token = server.token("ada").await;
    let id = "1795228415116-;TWV@9)PX5$A8SLDJ7F6";
    let results = json!({
        "callstatsVersion": "3.73.16", "eventType": "preCallTestResults", "timestamp": server.now_ms(), "localID": "ada", "remoteID": "ada",
        "connectionID": "ada", "deviceID": "d", "results": {"id": id, "status": "success", "tests": {"rtt": {"median": 2.3}}},
    });
    server.report(&token, &format!("/v1/apps/{APP_ID}/events/precall"), results).await.ok();
    let (conference, events) = server.only_conference().await;
    assert_eq!((&conference["conference_id"], &conference["kind"]), (&json!(format!("pre-call:{id}")), &json!("pre_call_test")));
    assert_eq!((kinds(&events), &events[0]["payload"]["results"]["tests"]["rtt"]["median"]), (vec!["pre_call_test", "left"], &json!(2.3)));
}

#[tokio::test]
async fn a_report_of_a_very_large_conference_is_kept() {
    let server = server().await;
    let token = server.token("ada").await;
    let room = server.join(&token, "ada", "d").await;
    let members: serde_json::Map<String, Value> =
        (0..100).map(|member| (format!("counterOfSomething{member}"), json!(member * 1_000_003))).collect();
    let stream = |ssrc: u32| {
        let mut stream = Value::Object(members.clone());
        stream["id"] = format!("IT01V{ssrc}").into();
        stream["type"] = "inbound-rtp".into();
        stream["ssrc"] = ssrc.into();
        stream
    };
    let mut body = event(&server, "stats", "ada", "d", "pc-1");
    body["stats"] = (0..1500).map(stream).collect();
    assert!(body.to_string().len() > 4 << 20);
    server.report(&token, &format!("{room}/stats"), body).await.ok();
    let (conference, _) = server.only_conference().await;
    let key = conference["peer_connections"][0]["key"].as_str().unwrap();
    let reports = server.get(&format!("/v1/peer-connections/{key}/reports")).await.ok();
    assert_eq!(reports["reports"][0]["stats"]["IT01V1499"]["counterOfSomething99"], 99 * 1_000_003);
}

#[tokio::test]
async fn unusual_ids_are_kept_to_the_byte() {
    let server = server().await;
    for id in ["日本語 %2F +", "a/b/../c", "'; DROP TABLE conferences; --", "<script>", &"é".repeat(2048)] {
        let token = server.token(id).await;
        let path = format!("/v1/apps/{APP_ID}/conferences/{}", encode_uri_component(id));
        let body = json!({"localID": id, "deviceID": id, "timestamp": server.now_ms(), "connectionID": id});
        let answer = server.report(&token, &path, &body).await.ok();
        let room = format!("{path}/{}", answer["ucID"].as_str().unwrap());
        server.report(&token, &format!("{room}/events/dominantspeaker"), &body).await.ok();
        let conference = server.get(&format!("/v1/conferences/{}", answer["ucID"].as_str().unwrap())).await.ok();
        assert_eq!(conference["conference_id"], id);
        assert_eq!(conference["participants"][0]["user_id"], id);
        assert_eq!(conference["peer_connections"].as_array().unwrap().len(), 1);
    }
}

/// Each of these answers is the only chance of a participation: the clients ask once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_join_at_once() {
    const COUNT: usize = 10_000;
    let server = Arc::new(server().await);
    let token = Arc::new(server.token("ada").await);
    let joins: Vec<_> = (0..COUNT)
        .map(|number| {
            let (server, token) = (Arc::clone(&server), Arc::clone(&token));
            tokio::spawn(async move {
                let path = format!("/v1/apps/{APP_ID}/conferences/room-{}", number % 100);
                let body = json!({"localID": "ada", "deviceID": format!("device-{number}"), "timestamp": server.now_ms()});
                server.report(&token, &path, body).await.ok()["ucID"].as_str().unwrap().to_owned()
            })
        })
        .collect();
    let mut rooms = std::collections::BTreeSet::new();
    for join in joins {
        rooms.insert(join.await.unwrap());
    }
    assert_eq!(rooms.len(), 100);
    let room = server.get(&format!("/v1/conferences/{}", rooms.first().unwrap())).await.ok();
    assert_eq!(room["participants"].as_array().unwrap().len(), COUNT / 100);
    // The live view gives the memory back as it catches up.
    let given_back = async {
        while server.metric("sidetone_in_flight_bytes").await > 0.0 {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), given_back).await.unwrap();
}
