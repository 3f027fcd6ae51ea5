//! History is judged again after an upgrade: all of it, once, and from where it stopped.

use std::{process::Stdio, time::Duration};

use crate::sidetone::{Server, command, folder_with_app, run_failing, run_ok, text, trace};

#[test]
fn what_another_model_judged_is_judged_again() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder_with_app(folder.path());
    let data = text(folder.path());
    for conference in ["one", "two", "three"] {
        run_ok(&["import", "--data", data, "--conference", conference, &trace("webrtc-internals-av.json")]);
    }
    let look = |server: &Server, id: &str| {
        let found = server.finalised(id, &secrets.query, 1);
        server.get(&format!("/v1/conferences/{}", found[0]["key"].as_str().unwrap()), &secrets.query).1
    };
    let server = Server::start(folder.path());
    let before = look(&server, "two");
    assert!(before["model"].as_u64().is_some() && before["scores"]["mos_lq"].as_f64().is_some(), "{before}");
    assert!(run_ok(&["rescore", "--data", data, "--dry-run"]).starts_with("0 conferences"));
    server.stop();
    // As an older version left it.
    let db = rusqlite::Connection::open(folder.path().join("sidetone.db")).unwrap();
    let changed = db.execute("UPDATE conferences SET model = NULL, mos_lq = 1, diagnoses = NULL, issues = '[]'", []).unwrap();
    assert_eq!(changed, 3);
    db.execute("UPDATE peer_connections SET analysis = NULL", []).unwrap();
    drop(db);
    assert!(run_ok(&["rescore", "--data", data, "--dry-run"]).starts_with("3 conferences"));
    let one = run_ok(&["rescore", "--data", data, "--limit", "1"]);
    assert!(one.starts_with("1 conference judged") && one.ends_with(", 2 left for another run\n"), "{one}");
    // Beside a running server.
    let server = Server::start(folder.path());
    assert!(run_ok(&["rescore", "--data", data]).starts_with("2 conferences judged"), "it goes on where it stopped");
    assert!(run_ok(&["rescore", "--data", data]).starts_with("0 conferences judged"));
    assert_eq!(look(&server, "two"), before);
    assert!(run_ok(&["rescore", "--data", data, "--all"]).starts_with("3 conferences judged"));
    assert_eq!(look(&server, "two"), before);
    // By the rules that the app has now, which are told.
    assert_eq!(before["rules"], "sidetone");
    let set = |setting: &str, value: &str| run_ok(&["app", "set", "--data", data, "shop", setting, value]);
    for (setting, value, rules) in [
        ("--preset", "plivo", "plivo"),
        ("--thresholds", "high_rtt.major=off low_mos.major=2", "plivo high_rtt.major=off low_mos.major=2"),
        ("--thresholds", "", "plivo"),
    ] {
        set(setting, value);
        assert!(run_ok(&["rescore", "--data", data, "--dry-run"]).starts_with("3 conferences"));
        assert!(run_ok(&["rescore", "--data", data]).starts_with("3 conferences judged"));
        assert_eq!(look(&server, "two")["rules"], rules);
    }
    let refused = run_failing(&["app", "set", "--data", data, "shop", "--thresholds", "high_rtt=400"]);
    assert!(refused.contains("write rule.severity=value"), "{refused}");
}

/// Kills `rescore --all` when it has judged some, until it dies with others left; how many it has judged.
fn killed_midway(data: &str, db: &rusqlite::Connection, conferences: u64) -> u64 {
    for _ in 0..20 {
        let mut run = command().args(["rescore", "--data", data, "--all"]).stderr(Stdio::null()).spawn().unwrap();
        let judged = || -> u64 {
            let of_round = "SELECT count(*) FROM conferences WHERE round = (SELECT round FROM judging WHERE is_open)";
            db.query_row(of_round, [], |row| row.get::<_, i64>(0)).unwrap().unsigned_abs()
        };
        while [0, conferences].contains(&judged()) && run.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        run.kill().unwrap();
        run.wait().unwrap();
        let judged = judged();
        if (1..conferences).contains(&judged) {
            return judged;
        }
    }
    panic!("it was never caught midway");
}

#[test]
fn all_of_history_is_judged_again_once_whenever_the_run_is_killed() {
    const CONFERENCES: u64 = 8;
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder_with_app(folder.path());
    let data = text(folder.path());
    for number in 0..CONFERENCES {
        run_ok(&["import", "--data", data, "--conference", &format!("c{number}"), &trace("webrtc-internals-av.json")]);
    }
    let server = Server::start(folder.path());
    for number in 0..CONFERENCES {
        server.finalised(&format!("c{number}"), &secrets.query, 1);
    }
    server.stop();
    let db = rusqlite::Connection::open(folder.path().join("sidetone.db")).unwrap();
    db.busy_timeout(Duration::from_secs(60)).unwrap();
    let judged = killed_midway(data, &db, CONFERENCES);
    let output = command().args(["rescore", "--data", data, "--all"]).output().unwrap();
    let (told, noted) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(told.starts_with(&format!("{} conferences judged", CONFERENCES - judged)), "{judged} were judged before: {told}");
    assert!(noted.contains("goes on where it stopped"), "{noted}");
    let whole = run_ok(&["rescore", "--data", data, "--all"]);
    assert!(whole.starts_with(&format!("{CONFERENCES} conferences judged")), "the next one begins anew: {whole}");
}
