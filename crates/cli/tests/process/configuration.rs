//! Settings: layers, the printed file, and errors that say where.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use crate::sidetone::{Server, command, folder_with_app, run, run_failing, run_ok, stderr, text};

#[test]
fn the_printed_configuration_is_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sidetone.toml");
    let data = text(folder.path());
    let first =
        run_ok(&["serve", "--data", data, "--set", "limits.body_size_max=2MiB", "--tls-self-signed", "localhost", "--print-config"]);
    std::fs::write(&file, &first).unwrap();
    assert!(first.contains("body_size_max = \"2MiB\"") && first.contains("names = [\"localhost\"]"), "{first}");
    assert_eq!(run_ok(&["serve", "--config", text(&file), "--print-config"]), first);
}

#[test]
fn flags_win_over_the_environment_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sidetone.toml");
    std::fs::write(&file, "[retention]\ndays = 1\nbatch = 11\n[limits]\nconnections_max = 111\n").unwrap();
    let output = command()
        .args(["serve", "--config", text(&file), "--set", "retention.days=3", "--print-config"])
        .env("SIDETONE_RETENTION_DAYS", "2")
        .env("SIDETONE_RETENTION_BATCH", "22")
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    for line in ["days = 3", "batch = 22", "connections_max = 111"] {
        assert!(printed.lines().any(|held| held == line), "{line} in {printed}");
    }
}

#[test]
fn a_wrong_setting_is_told_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sidetone.toml");
    for (content, place, reason) in [
        ("[limits]\nbody_size = \"1MiB\"\n", "line 2, column 1", "expected one of `body_size_max`"),
        ("[limits]\nbody_size_max = 1\n", "line 2, column 17", "string"),
        ("[limits\n", "line 1, column", ""),
        ("[limits]\nbody_size_max = \"1B\"\n", "limits.body_size_max = 1B", "at least 16KiB"),
    ] {
        std::fs::write(&file, content).unwrap();
        let error = run_failing(&["serve", "--config", text(&file)]);
        assert!(error.contains(place) && error.contains(reason), "{content}: {error}");
        assert_eq!(error.trim_end().lines().count(), 1, "{error}");
    }
    let error = run_failing(&["serve", "--set", "limits.body=1"]);
    assert!(error.contains("[limits] has") && error.contains("body_size_max"), "{error}");
}

#[test]
fn a_variable_that_is_no_setting_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut misspelt = command();
    misspelt.args(["serve", "--data", text(folder.path()), "--listen", "127.0.0.1:0"]).env("SIDETONE_LISTEN_ADRESS", "0.0.0.0:80");
    assert!(Server::spawn(misspelt).logged("no setting").contains("SIDETONE_LISTEN_ADRESS"));
}

#[test]
fn a_trunk_without_phones_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_with(folder.path(), &["--set", "sip.trunk.address=sip:gw.example.com:5060"]);
    server.logged("sip.trunk.address is set and has no effect");
}

#[test]
fn a_phone_user_of_no_app_is_told() {
    let folder = tempfile::tempdir().unwrap();
    folder_with_app(folder.path());
    let file = folder.path().join("sidetone.toml");
    let user = |name: &str, app: &str| format!("[[sip.users]]\nname = \"{name}\"\napp = \"{app}\"\npassword = \"a-long-password\"\n");
    std::fs::write(&file, user("alice", "shop") + &user("bob", "nowhere")).unwrap();
    let log = Server::start_with(folder.path(), &["--config", text(&file)]).logged("serving");
    assert_eq!(log.matches("sip.users names an app that is not there").count(), 1, "{log}");
    assert!(log.contains("app=\"nowhere\"") && !log.contains("bob"), "{log}");
}

#[test]
fn who_listens_everywhere_is_told_that_it_is_no_address_for_a_browser() {
    let folder = tempfile::tempdir().unwrap();
    let mut serve =
        command().args(["serve", "--data", text(folder.path()), "--listen", "0.0.0.0:0"]).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(serve.stdout.take().unwrap()).lines().map_while(Result::ok);
    let told: Vec<String> = lines.take_while(|line| line != "ready").collect();
    serve.kill().unwrap();
    serve.wait().unwrap();
    assert!(told.iter().any(|line| line.contains("0.0.0.0 is every address of this machine")), "{told:?}");
}

#[test]
fn the_command_line_teaches() {
    for command in ["serve", "demo", "app", "import", "score", "backup", "load", "doctor", "completions"] {
        let help = run_ok(&[command, "--help"]);
        assert!(help.contains("Examples:") && help.contains(&format!("sidetone {command}")), "{help}");
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(run_ok(&["completions", shell]).contains("sidetone"));
    }
    assert!(run_ok(&["--version"]).starts_with("sidetone "));
    let output = run(&["srve"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("serve"), "{}", stderr(&output));
}
