//! Apps: secrets that work while the server runs, and stop working.

use std::time::{Duration, Instant};

use crate::sidetone::{Secrets, Server, folder_with_app, run_failing, run_ok, text};

/// Status of a question asked with that secret.
fn ask(server: &Server, secret: &str) -> u16 {
    server.get("/v1/conferences", secret).0
}

#[test]
fn a_rotated_secret_stops_working_while_the_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let old = folder_with_app(folder.path());
    let server = Server::start_with(folder.path(), &["--set", "auth.app_cache_ttl=200ms"]);
    assert_eq!((ask(&server, &old.query), ask(&server, &old.intake)), (200, 403));
    let new = Secrets::read(&run_ok(&["app", "--data", text(folder.path()), "rotate", "shop", "--query", "--json"]));
    let until = Instant::now() + Duration::from_secs(5);
    while (ask(&server, &new.query), ask(&server, &old.query)) != (200, 401) {
        assert!(Instant::now() < until, "the server did not notice");
        std::thread::sleep(Duration::from_millis(50));
    }
    // What was not rotated is as it was.
    assert_eq!((new.intake.as_str(), ask(&server, &old.intake)), ("", 403));
    server.stop();
}

#[test]
fn an_app_lives_from_create_to_remove() {
    let folder = tempfile::tempdir().unwrap();
    let data = text(folder.path());
    let key = folder.path().join("secret.key");
    std::fs::write(&key, "0123456789abcdef0123456789abcdef\n").unwrap();
    let token_key = format!("kid=2026-11,alg=HS256,file={}", text(&key));
    run_ok(&[
        "app",
        "--data",
        data,
        "create",
        "shop",
        "--origin",
        "https://shop.example",
        "--token-key",
        &token_key,
        "--retention-days",
        "7",
    ]);
    let listed = |part: &str| {
        let apps: serde_json::Value = serde_json::from_str(&run_ok(&["app", "--data", data, "list", "--json"])).unwrap();
        apps.pointer(part).cloned().unwrap_or_default()
    };
    assert_eq!(listed("/0/origins"), serde_json::json!(["https://shop.example"]));
    assert_eq!(listed("/0/token_keys"), serde_json::json!([{"kid": "2026-11", "alg": "HS256"}]));
    assert_eq!((listed("/0/retention_days"), listed("/0/intake_secret_count")), (7.into(), 1.into()));
    assert_eq!(listed("/0/keep_addresses"), false);
    for (argument, kept) in [("--keep-addresses", true), ("--any-origin", true), ("--keep-addresses=false", false)] {
        run_ok(&["app", "--data", data, "set", "shop", argument]);
        assert_eq!(listed("/0/keep_addresses"), kept, "{argument}");
    }
    run_ok(&["app", "--data", data, "rotate", "shop", "--intake", "--keep-old"]);
    assert_eq!((listed("/0/intake_secret_count"), listed("/0/query_secret_count")), (2.into(), 1.into()));
    run_ok(&["app", "--data", data, "rotate", "shop", "--intake", "--only-newest"]);
    assert_eq!((listed("/0/intake_secret_count"), listed("/0/query_secret_count")), (1.into(), 1.into()));
    run_ok(&["app", "--data", data, "set", "shop", "--remove-token-key", "2026-11"]);
    assert_eq!((listed("/0/origins"), listed("/0/token_keys")), (serde_json::json!([]), serde_json::json!([])));
    assert!(run_failing(&["app", "--data", data, "remove", "shop"]).contains("--yes"));
    run_ok(&["app", "--data", data, "remove", "shop", "--yes"]);
    assert_eq!(listed(""), serde_json::json!([]));
    assert!(run_failing(&["app", "--data", data, "rotate", "shop"]).contains("there is no app \"shop\""));
    std::fs::write(&key, "short").unwrap();
    assert!(run_failing(&["app", "--data", data, "create", "x", "--token-key", &token_key]).contains("at least 32"));
}
