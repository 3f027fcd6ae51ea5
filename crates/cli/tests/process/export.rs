//! A conference goes out as a file and comes back; tables read back.

use std::{fs, io::Read};

use serde_json::Value;
use sidetone_store::clock::{Clock, SystemClock};

use crate::sidetone::{Server, folder_with_app, run_failing, run_ok, text, trace};

#[test]
fn a_conference_travels_to_another_data_folder_and_stays_the_same() {
    let (home, abroad) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let at_home = folder_with_app(home.path());
    let far_away = folder_with_app(abroad.path());
    let (one, other) = (trace("webrtc-internals-av.json"), trace("chrome-rtcstats-dump-av.gz"));
    run_ok(&["import", "--data", text(home.path()), "--conference", "weekly", &one, &other]);
    let (first, second) = (home.path().join("first.gz"), abroad.path().join("second.gz"));
    run_ok(&["export", "--data", text(home.path()), "conference", "weekly", "-o", text(&first)]);
    let told = run_ok(&["import", "--data", text(abroad.path()), text(&first)]);
    assert!(told.contains("4 peer connections, 96 reports"), "{told}");
    run_ok(&["export", "--data", text(abroad.path()), "conference", "weekly", "-o", text(&second)]);
    assert!(fs::read(&first).unwrap() == fs::read(&second).unwrap(), "the exported files differ");

    // Back home, and abroad again, it is known.
    for folder in [&home, &abroad] {
        assert!(run_ok(&["import", "--data", text(folder.path()), text(&first)]).contains("was there already, nothing changed"));
    }

    // Unpacked, and saved by an editor of Windows, it is the same file.
    let mut unpacked = String::new();
    flate2::read::GzDecoder::new(&*fs::read(&first).unwrap()).read_to_string(&mut unpacked).unwrap();
    let utf_16: Vec<u8> = std::iter::once(0xfeff).chain(unpacked.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for (name, saved) in [("utf-16.json", utf_16), ("marked.json", format!("\u{feff}{unpacked}").into_bytes())] {
        let path = home.path().join(name);
        fs::write(&path, saved).unwrap();
        let told = run_ok(&["import", "--data", text(home.path()), text(&path)]);
        assert!(told.contains("was there already, nothing changed; conference weekly"), "{name}: {told}");
    }

    // What the API says of it is the same, but for the keys that each data folder gives.
    let (here, there) = (Server::start(home.path()), Server::start(abroad.path()));
    assert_eq!(without_keys(detail(&here, &at_home.query)), without_keys(detail(&there, &far_away.query)));
    assert!(run_ok(&["score", text(&first)]).contains("sidetone-conference, 96 reports"));
}

fn detail(server: &Server, secret: &str) -> Value {
    let found = server.finalised("weekly", secret, 1);
    server.get(&format!("/v1/conferences/{}", found[0]["key"].as_str().unwrap()), secret).1
}

/// Keys differ, and so may what chunks they are in.
fn without_keys(mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => {
            for name in ["key", "participant", "peer_connection", "report_bytes"] {
                members.remove(name);
            }
            for (_, member) in members.iter_mut() {
                *member = without_keys(member.take());
            }
        }
        Value::Array(items) => {
            for item in items.iter_mut() {
                *item = without_keys(item.take());
            }
            items.sort_by_key(ToString::to_string);
        }
        _ => {}
    }
    value
}

#[test]
fn a_cut_off_export_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    folder_with_app(folder.path());
    let data = text(folder.path());
    run_ok(&["import", "--data", data, "--conference", "weekly", &trace("webrtc-internals-av.json")]);
    let file = folder.path().join("weekly.gz");
    run_ok(&["export", "--data", data, "conference", "weekly", "-o", text(&file)]);
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    assert!(run_failing(&["import", "--data", data, text(&file)]).contains("cut off"));
    assert!(run_failing(&["export", "--data", data, "conference", "monthly"]).contains("no conference with key or id \"monthly\""));
}

#[test]
fn tables_hold_what_was_imported() {
    let folder = tempfile::tempdir().unwrap();
    folder_with_app(folder.path());
    let (data, into) = (text(folder.path()), folder.path().join("out"));
    run_ok(&["import", "--data", data, "--conference", "weekly", &trace("webrtc-internals-av.json")]);
    let parquet = run_ok(&["export", "--data", data, "tables", "--into", text(&into)]);
    let csv = run_ok(&["export", "--data", data, "tables", "--into", text(&into), "--format", "csv"]);
    let counts = |told: &str| -> Vec<String> { told.lines().filter_map(|line| Some(line.rsplit_once(": ")?.1.to_owned())).collect() };
    assert_eq!(counts(&parquet), counts(&csv));
    for (table, rows) in [("conferences", 1), ("participants", 1), ("peer_connections", 2)] {
        let text = fs::read_to_string(into.join(format!("{table}.csv"))).unwrap();
        assert_eq!(text.lines().count(), rows + 1, "{text}");
    }
    let series = fs::read_to_string(into.join("series.csv")).unwrap();
    assert_eq!(series.lines().next(), Some("conference_key,peer_connection_key,direction,kind,ssrc,time,metric,value"));
    let judged: Value = serde_json::from_str(&run_ok(&["score", "--json", &trace("webrtc-internals-av.json")])).unwrap();
    let connections = judged[0]["peer_connections"].as_array().unwrap();
    let values: u64 = connections.iter().map(|connection| connection["summaries"]["mos_lq"]["count"].as_u64().unwrap()).sum();
    assert_eq!(series.lines().filter(|line| line.contains(",,,,") && line.contains(",mos_lq,")).count() as u64, values);
    let none = run_ok(&["export", "--data", data, "tables", "--into", text(&into), "--table", "conferences", "--until", "2026-11-20"]);
    assert!(none.contains("conferences.parquet: 0 rows"), "{none}");
}

#[test]
fn names_are_exported_on_request_and_that_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let (data, secrets) = (text(folder.path()), folder_with_app(folder.path()));
    let server = Server::start(folder.path());
    let now = SystemClock.now().as_millis();
    let batch = serde_json::json!({
        "conference_id": "weekly", "user_id": "ada", "participant_id": "stay", "peer_connection_id": "pc", "batch_seq": 0, "sent_ms": now,
        "events": [{"time_ms": now, "kind": "joined", "payload": {"user_name": "Ada Lovelace", "alias_name": "Otter"}}],
    });
    assert_eq!(server.post("application/json", batch.to_string().as_bytes(), &secrets.intake).0, 200);
    server.stop();

    let into = folder.path().join("tables");
    let tables = |names: &[&str]| {
        let args = [&["export", "--data", data, "tables", "--into", text(&into), "--format", "csv"], names].concat();
        run_ok(&args);
        ["participants.csv", "events.csv"].map(|file| fs::read_to_string(into.join(file)).unwrap()).concat()
    };
    let (without, with) = (tables(&[]), tables(&["--names"]));
    assert!(without.contains("Otter") && !without.contains("Lovelace"), "{without}");
    assert!(with.contains("Ada Lovelace"), "{with}");

    let (plain, named) = (folder.path().join("plain.gz"), folder.path().join("named.gz"));
    run_ok(&["export", "--data", data, "conference", "weekly", "-o", text(&plain)]);
    run_ok(&["export", "--data", data, "--names", "conference", "weekly", "-o", text(&named)]);
    for (file, names) in [(&plain, false), (&named, true)] {
        let mut whole = String::new();
        flate2::read::GzDecoder::new(fs::File::open(file).unwrap()).read_to_string(&mut whole).unwrap();
        assert_eq!(portable_events(&whole).contains("Lovelace"), names, "{}", file.display());
    }

    let views: Vec<Value> = serde_json::from_str(&run_ok(&["audit", "--data", data, "--json"])).unwrap();
    let told: Vec<_> = views.iter().map(|view| (view["viewer"].as_str(), view["way"].as_str(), view["name_count"].as_u64())).collect();
    assert_eq!(told, [(Some("command line"), Some("export"), Some(1)); 2]);
    assert!(run_ok(&["audit", "--data", data]).contains("weekly"));
}

/// The payloads of a portable file, one after the other.
fn portable_events(whole: &str) -> String {
    let conference = sidetone_wire::portable::read(whole.as_bytes()).unwrap();
    conference.batches.iter().flat_map(|batch| &batch.events).map(|event| event.payload.as_str()).collect()
}
