//! Settings: layers, the printed file, and errors that say where.

use crate::sidetone::{command, run, run_failing, run_ok, stderr, text};

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
