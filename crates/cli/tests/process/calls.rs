//! Real dumps: judged without a server, imported, asked for, still there after a restart.

use serde_json::Value;
use sidetone_testkit::call::{Call, Who};
use sidetone_wire::{
    batch::{Event, kind},
    json,
};

use crate::sidetone::{Server, folder_with_app, run, run_failing, run_ok, stderr, text, trace};

#[test]
fn real_dumps_are_judged_without_a_server() {
    for (name, format, connections, reports) in
        [("webrtc-internals-av.json", "webrtc-internals", 2, 48), ("chrome-rtcstats-dump-av.gz", "rtcstats", 2, 48)]
    {
        let judged: Value = serde_json::from_str(&run_ok(&["score", "--json", &trace(name)])).unwrap();
        assert_eq!((judged[0]["format"].as_str(), judged[0]["report_count"].as_u64()), (Some(format), Some(reports)));
        let held = judged[0]["peer_connections"].as_array().unwrap();
        assert_eq!(held.len(), connections);
        for connection in held {
            let mos = connection["summaries"]["mos_lq"]["mean"].as_f64().unwrap();
            assert!((1.0..=5.0).contains(&mos), "{mos}");
            let streams = connection["streams"].as_array().unwrap();
            let inbound = |kind: &str| streams.iter().any(|stream| stream["direction"] == "inbound" && stream["kind"] == kind);
            assert!(inbound("audio") && inbound("video"), "{streams:?}");
        }
        let told = run_ok(&["score", &trace(name)]);
        assert!(told.contains("inbound audio") && told.contains("mos_lq"), "{told}");
    }
}

#[test]
fn silence_that_is_meant_is_no_issue() {
    let folder = tempfile::tempdir().unwrap();
    let judged = |muted: bool| {
        let who = Who { conference: "standup", user: "ada", participant: "stay-ada", peer_connection: "pc" };
        let mut batches = Call::of_seconds(60).throughout(|line| line.mic_level = 0.0001).batches(who);
        if muted {
            let first = &mut batches[0];
            first.events.push(Event { time: first.events[0].time, kind: kind::MUTED.into(), payload: r#"{"kind": "audio"}"#.into() });
        }
        let lines: Vec<String> = batches.iter().map(|batch| String::from_utf8(json::batch_to_json(batch)).unwrap()).collect();
        let file = folder.path().join("call.jsonl");
        std::fs::write(&file, lines.join("\n")).unwrap();
        let judged: Value = serde_json::from_str(&run_ok(&["score", "--json", text(&file)])).unwrap();
        judged[0]["peer_connections"][0]["issues"].as_array().unwrap().iter().map(|issue| issue["rule"].clone()).collect::<Vec<_>>()
    };
    assert_eq!((judged(false), judged(true)), (vec!["dead_microphone".into()], vec![]));
}

#[test]
fn thresholds_of_ones_own_judge_a_file_and_what_has_no_score_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let who = Who { conference: "standup", user: "ada", participant: "stay-ada", peer_connection: "pc" };
    let batches = Call::of_seconds(60).throughout(|line| line.mic_level = 0.0001).batches(who);
    let lines: Vec<String> = batches.iter().map(|batch| String::from_utf8(json::batch_to_json(batch)).unwrap()).collect();
    let file = folder.path().join("call.jsonl");
    std::fs::write(&file, lines.join("\n")).unwrap();
    let judged = |arguments: &[&str]| run_ok(&[&["score"], arguments, &[text(&file)]].concat());
    let by_preset = judged(&[]);
    assert!(by_preset.contains("dead_microphone"), "{by_preset}");
    assert!(by_preset.contains("NO SCORE") && by_preset.contains("the first second: the jitter buffer finds its size"), "{by_preset}");
    let rules = "dead_microphone.major=off";
    let tuned = judged(&["--thresholds", rules]);
    assert!(!tuned.contains("dead_microphone") && tuned.contains("no issues"), "{tuned}");
    let tuned: Value = serde_json::from_str(&judged(&["--json", "--thresholds", rules])).unwrap();
    assert_eq!(tuned[0]["rules"], format!("sidetone {rules}"));
    let told = &tuned[0]["peer_connections"][0]["streams"][0]["unjudged"][0];
    assert!(told["reason"].is_string() && told["seconds"].is_number(), "{told}");
    assert!(run_failing(&["score", "--thresholds", "low_moss.major=2", text(&file)]).contains("has no rule \"low_moss\", but"));
}

#[test]
fn a_file_with_both_ends_says_why_a_call_was_poor() {
    let folder = tempfile::tempdir().unwrap();
    let who = |user| Who { conference: "standup", user, participant: user, peer_connection: user };
    let ada = Call::of_seconds(90).during(30..60, |line| line.mic_level = 0.0001).batches(who("ada"));
    let bob = Call::of_seconds(90).answering().during(30..60, |line| line.heard_level = 0.0001).batches(who("bob"));
    let lines: Vec<String> = ada.iter().chain(&bob).map(|batch| String::from_utf8(json::batch_to_json(batch)).unwrap()).collect();
    let file = folder.path().join("call.jsonl");
    std::fs::write(&file, lines.join("\n")).unwrap();
    let told = run_ok(&["score", text(&file)]);
    assert!(told.contains("ada's microphone gave no sound, so bob heard nothing."), "{told}");
    let judged: Value = serde_json::from_str(&run_ok(&["score", "--json", text(&file)])).unwrap();
    let diagnosis = &judged[0]["diagnoses"][0];
    assert_eq!((&diagnosis["cause"], &diagnosis["hop"]), (&Value::from("dead_microphone"), &Value::from("capture_device")));
    assert_eq!(diagnosis["evidence"][0]["metric"], "audio_rms");
}

#[test]
fn a_file_has_the_scores_that_a_server_gives_it() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder_with_app(folder.path());
    let file = trace("../demo/support-callback.sidetone.gz");
    let judged: Value = serde_json::from_str(&run_ok(&["score", "--json", &file])).unwrap();
    run_ok(&["import", "--data", text(folder.path()), &file]);
    let server = Server::start(folder.path());
    let found = &server.finalised("support-callback", &secrets.query, 1)[0];
    let (_, detail) = server.get(&format!("/v1/conferences/{}", found["key"].as_str().unwrap()), &secrets.query);
    assert!(found["scores"]["mos_cq"].is_number(), "{found}");
    assert_eq!(judged[0]["conferences"][0]["scores"], found["scores"]);
    for connection in judged[0]["peer_connections"].as_array().unwrap() {
        let held = detail["peer_connections"].as_array().unwrap();
        let held = held.iter().find(|held| held["peer_connection_id"] == connection["peer_connection_id"]).unwrap();
        assert_eq!(connection["scores"], held["scores"]);
    }
}

#[test]
fn the_end_says_how_a_call_was_and_each_issue_how_bad_it_became() {
    let told = run_ok(&["score", &trace("../demo/support-callback.sidetone.gz")]);
    let (_, end) = told.split_once("\nA bad call: 1.6 of 5, and 17 issues, the worst critical.\n\nwhy, ").unwrap();
    assert!(end.contains("ada's computer was too busy to encode the media in time.") && !end.contains("SERIES"), "{end}");
    let rows = told.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let [rule, .., threshold, worst] = cells[..] else { return None };
        Some((rule, threshold.parse::<f64>().ok()?, worst.parse::<f64>().ok()?))
    });
    let rows: Vec<(&str, f64, f64)> = rows.collect();
    for rule in ["low_mos", "low_frame_rate", "high_media_latency", "audible_concealment"] {
        let mut of_rule = rows.iter().filter(|row| row.0 == rule).peekable();
        assert!(of_rule.peek().is_some(), "{told}");
        for (_, threshold, worst) in of_rule {
            assert!(if rule.starts_with("low") { worst < threshold } else { worst > threshold }, "{rule}: {worst}, {threshold}");
        }
    }
    assert!(run_ok(&["score", &trace("webrtc-internals-av.json")]).ends_with("\nA good call: 4.3 of 5, and no issues.\n\n"));
}

#[test]
fn a_file_that_cannot_be_read_does_not_keep_the_others_from_being_judged() {
    let (good, bad) = (trace("webrtc-internals-av.json"), trace("README.md"));
    for format in [&["score"][..], &["score", "--json"]] {
        let output = run(&[format, &[&bad, &good]].concat());
        assert_eq!(output.status.code(), Some(1));
        let (told, error) = (String::from_utf8_lossy(&output.stdout), stderr(&output));
        assert!(told.contains("webrtc-internals-av.json") && told.contains("mos_lq"), "{told}");
        assert!(error.contains("README.md: the file begins with") && error.contains("1 of 2 files could not be read"), "{error}");
    }
}

#[test]
fn an_imported_call_is_found_and_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder_with_app(folder.path());
    let data = text(folder.path());
    let told = run_ok(&["import", "--data", data, "--conference", "インターネット", &trace("webrtc-internals-av.json")]);
    assert!(told.contains("2 peer connections, 48 reports"), "{told}");
    let id = "%E3%82%A4%E3%83%B3%E3%82%BF%E3%83%BC%E3%83%8D%E3%83%83%E3%83%88";
    let look = |server: &Server| {
        let found = server.finalised(id, &secrets.query, 1);
        assert_eq!(found[0]["conference_id"], "インターネット");
        let (_, detail) = server.get(&format!("/v1/conferences/{}", found[0]["key"].as_str().unwrap()), &secrets.query);
        let connection = detail["peer_connections"][0]["key"].as_str().unwrap().to_owned();
        let (status, reports) = server.get(&format!("/v1/peer-connections/{connection}/reports?limit=500"), &secrets.query);
        assert_eq!((status, reports["reports"].as_array().map(Vec::len)), (200, Some(24)));
        (found, detail, reports)
    };
    let server = Server::start(folder.path());
    let before = look(&server);
    assert!(before.0[0]["scores"]["mos_lq"].as_f64().is_some(), "{:?}", before.0);
    server.stop();
    let server = Server::start(folder.path());
    assert_eq!(look(&server), before);
}

#[test]
fn importing_again_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder_with_app(folder.path());
    let arguments = ["import", "--data", text(folder.path()), "--conference", "weekly", &trace("chrome-rtcstats-dump-av.gz")];
    assert!(run_ok(&arguments).contains("imported as rtcstats"));
    let server = Server::start(folder.path());
    let before = server.finalised("weekly", &secrets.query, 1);
    // Beside the running server.
    assert!(run_ok(&arguments).contains("was there already, nothing changed"));
    assert_eq!(server.finalised("weekly", &secrets.query, 1), before);
}

#[test]
fn two_ends_of_a_call_become_one_conference() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder_with_app(folder.path());
    let (one, other) = (trace("webrtc-internals-av.json"), trace("chrome-rtcstats-dump-av.gz"));
    run_ok(&["import", "--data", text(folder.path()), "--conference", "weekly", &one, &other]);
    let server = Server::start(folder.path());
    let found = server.finalised("weekly", &secrets.query, 1);
    assert_eq!((found[0]["participant_count"].as_u64(), found[0]["peer_connection_count"].as_u64()), (Some(2), Some(4)));
}

#[test]
fn a_broken_file_says_where_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder_with_app(folder.path());
    let whole = std::fs::read_to_string(trace("sdk-av-rtcstats-ws.jsonl")).unwrap();
    let mut lines: Vec<&str> = whole.lines().collect();
    let cut = &lines[99][..lines[99].len() / 2];
    lines[99] = cut;
    let broken = folder.path().join("broken.jsonl");
    std::fs::write(&broken, lines.join("\n")).unwrap();
    let good = trace("chrome-rtcstats-dump-av.gz");
    let output = run(&["import", "--data", text(folder.path()), "--conference", "weekly", text(&broken), &good]);
    let error = stderr(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(error.contains("broken.jsonl: line 100") && error.contains("nothing of this file was imported"), "{error}");
    assert!(error.contains("1 of 2 files could not be imported"), "{error}");
    let server = Server::start(folder.path());
    // The good file alone is there.
    assert_eq!(server.finalised("weekly", &secrets.query, 1)[0]["participant_count"], 1);
    assert!(run_failing(&["score", text(&broken)]).contains("line 100"));
}

#[test]
fn a_call_can_be_imported_over_the_network() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder_with_app(folder.path());
    let server = Server::start_with(folder.path(), &["--set", "intake.age_max=36500d"]);
    let arguments =
        ["import", "--server", &server.url, "--token", &secrets.intake, "--conference", "weekly", &trace("webrtc-internals-av.json")];
    assert!(run_ok(&arguments).contains("48 reports"));
    let found = server.finalised("weekly", &secrets.query, 1);
    // The call keeps its time: it began in the minute of 2026-11-21T02:44Z.
    assert_eq!(found[0]["start_ms"].as_f64().map(|ms| (ms / 60_000.0).floor()), Some(29_920_484.0));
    assert!(run_ok(&arguments).contains("was there already"));
    assert!(run_failing(&["import", "--server", &server.url, "--token", "sti_wrong", &trace("webrtc-internals-av.json")]).contains("401"));
    let old = trace("../legacy/rtcstats-2016-jitsi.jsonl");
    drop(server);
    let server = Server::start(folder.path());
    let told = run_failing(&["import", "--server", &server.url, "--token", &secrets.intake, &old]);
    assert!(told.contains("intake.age_max") && told.contains("page /import"), "{told}");
    assert!(!told.contains("again to complete"), "it would be refused again: {told}");
}
