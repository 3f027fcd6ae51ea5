//! Phone users: made, listed, given another password and removed, while a server runs.

use std::{io::Write, process::Stdio};

use crate::sidetone::{Server, command, folder_with_app, run_failing, run_ok, stderr, text};

/// Runs with that on standard input.
fn run_with(args: &[&str], input: &str) -> Result<String, String> {
    let mut child =
        command().args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
    // It may have said no before it read.
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("the binary ends");
    if output.status.success() { Ok(String::from_utf8(output.stdout).expect("UTF-8")) } else { Err(stderr(&output)) }
}

#[test]
fn a_phone_user_lives_from_create_to_remove() {
    let folder = tempfile::tempdir().unwrap();
    folder_with_app(folder.path());
    let server = Server::start_with(folder.path(), &["--sip"]);
    let data = text(folder.path());
    let phone = |args: &[&'static str]| [&["phone", "--data", data], args].concat();
    let list = || run_ok(&phone(&["list"]));
    assert_eq!(list(), "", "there is none");

    let made = run_ok(&phone(&["create", "shop", "alice", "--generate"]));
    assert!(made.contains("alice  shop  created"), "{made}");
    assert!(made.split_whitespace().last().unwrap().len() >= 16, "the password is shown: {made}");
    run_with(&phone(&["create", "shop", "bob"]), "correct horse battery\n").unwrap();
    let rows: Vec<Vec<String>> = list().lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect();
    assert_eq!(rows[0], ["NAME", "APP", "CREATED"]);
    assert_eq!(rows[1..].iter().map(|row| [row[0].as_str(), row[1].as_str()]).collect::<Vec<_>>(), [["alice", "shop"], ["bob", "shop"]]);

    for (args, input, reason) in [
        (&["create", "shop", "alice"] as &[&str], "correct horse battery", "there is a phone user \"alice\" already"),
        (&["create", "shop", "carol"], "short", "the password has 5 characters"),
        (&["create", "shop", "car ol"], "correct horse battery", "letters, digits and - _ . +"),
        (&["create", "shop", "admin"], "correct horse battery", "and not \"admin\""),
        (&["create", "kiosk", "carol"], "correct horse battery", "kiosk"),
        (&["password", "carol"], "correct horse battery", "there is no phone user \"carol\""),
    ] {
        let error = run_with(&phone(args), input).unwrap_err();
        assert!(error.contains(reason), "{args:?}: {error}");
    }

    assert_eq!(run_with(&phone(&["password", "bob"]), "another horse battery\n").unwrap(), "bob  has a new password\n");
    assert!(run_ok(&phone(&["password", "alice", "--generate"])).contains("alice  has a new password"));
    assert_eq!(run_ok(&phone(&["remove", "alice"])), "alice  removed\n");
    assert!(run_failing(&phone(&["remove", "alice"])).contains("there is no phone user \"alice\""));
    assert_eq!(list().lines().count(), 2, "bob is left");
    server.stop();
}
