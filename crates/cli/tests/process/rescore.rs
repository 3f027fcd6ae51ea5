//! History is judged again after an upgrade: all of it, once, and from where it stopped.

use crate::sidetone::{Server, folder_with_app, run_ok, text, trace};

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
    assert!(run_ok(&["rescore", "--data", data, "--limit", "1"]).starts_with("1 conferences judged"));
    // Beside a running server.
    let server = Server::start(folder.path());
    assert!(run_ok(&["rescore", "--data", data]).starts_with("2 conferences judged"), "it goes on where it stopped");
    assert!(run_ok(&["rescore", "--data", data]).starts_with("0 conferences judged"));
    assert_eq!(look(&server, "two"), before);
    assert!(run_ok(&["rescore", "--data", data, "--all"]).starts_with("3 conferences judged"));
    assert_eq!(look(&server, "two"), before);
}
