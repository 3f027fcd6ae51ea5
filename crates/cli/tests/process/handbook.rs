//! What the handbook tells people to write is understood: configurations, commands, and the batch that `curl` sends.

use std::{collections::BTreeMap, fs, path::PathBuf, process::Command};

use crate::sidetone::{Server, agent, folder_with_app, post, run, run_ok, stderr, text};

/// The fenced blocks of a language in the README and the pages of `docs`, each with its page.
fn blocks(language: &str) -> Vec<(String, String)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut pages = vec![root.join("README.md")];
    pages.extend(std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path()));
    let mut blocks = Vec::new();
    for page in pages.iter().filter(|page| page.extension().is_some_and(|ending| ending == "md")) {
        let name = page.file_name().unwrap().to_string_lossy().into_owned();
        let content = std::fs::read_to_string(page).unwrap();
        for block in content.split(&format!("\n```{language}\n")).skip(1) {
            blocks.push((name.clone(), block.split("\n```").next().unwrap_or_default().to_owned()));
        }
    }
    blocks
}

#[test]
fn every_configuration_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let configurations = blocks("toml");
    assert!(configurations.len() >= 4, "{configurations:?}");
    for (page, configuration) in configurations {
        let file = folder.path().join("sidetone.toml");
        std::fs::write(&file, &configuration).unwrap();
        let printed = run(&["serve", "--config", text(&file), "--print-config"]);
        assert!(printed.status.success(), "{page}: {}\n{configuration}", stderr(&printed));
    }
}

#[test]
fn every_command_has_what_it_is_given() {
    let mut helps: BTreeMap<String, String> = BTreeMap::new();
    let mut commands = 0;
    for (page, block) in blocks("console") {
        for line in block.lines().filter_map(|line| line.strip_prefix("$ ")) {
            for command in line.split("&&").map(str::trim).filter_map(|command| command.strip_prefix("sidetone ")) {
                let words: Vec<&str> = command.split_whitespace().take_while(|word| !matches!(*word, "|" | "#" | ">" | "\\")).collect();
                commands += 1;
                let help = |path: &str| run_ok(&path.split(' ').chain(["--help"]).collect::<Vec<_>>());
                let first = words[0].to_owned();
                let mut known = helps.entry(first.clone()).or_insert_with(|| help(&first)).clone();
                // A subcommand stands after options of the command.
                if known.contains("\nCommands:") {
                    let listed = |word: &&&str| known.lines().any(|line| line.starts_with(&format!("  {word} ")));
                    let second = words[1..].iter().find(listed).unwrap_or_else(|| panic!("{page}: {command}: which subcommand?"));
                    let path = format!("{first} {second}");
                    known += helps.entry(path.clone()).or_insert_with(|| help(&path));
                }
                for flag in words.iter().filter(|word| word.starts_with("--")) {
                    let name = flag.split('=').next().unwrap_or(flag);
                    assert!(known.contains(name), "{page}: {command}: there is no {name}");
                }
            }
        }
    }
    assert!(commands >= 10, "only {commands} commands");
}

#[test]
fn the_batch_that_the_format_shows_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder_with_app(folder.path());
    let server = Server::start(folder.path());
    let (_, shown) = blocks("console").into_iter().find(|(page, block)| page == "intake.md" && block.contains("/v1/batches")).unwrap();
    let body = shown.split_once(" -d '").unwrap().1.trim_end_matches('\'');
    let (status, answer) = post(&agent(), &server.url, "application/json", body.as_bytes(), &secrets.intake).unwrap();
    assert_eq!(status, 200, "{answer}");
}

/// In a folder as systemd makes it for a service: the name that everybody knows leads to another.
#[test]
fn a_copy_is_restored_as_the_page_says() {
    let place = tempfile::tempdir().unwrap();
    let (data, backups) = (place.path().join("var/lib/sidetone"), place.path().join("backups"));
    fs::create_dir_all(place.path().join("var/lib/private/sidetone")).unwrap();
    std::os::unix::fs::symlink("private/sidetone", &data).unwrap();
    folder_with_app(&data);
    run_ok(&["backup", "--data", text(&data), text(&backups.join("2026-11-21"))]);
    run_ok(&["app", "--data", text(&data), "create", "later"]);

    let page = fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/storage.md")).unwrap();
    let restore = page.split_once("\n## Restore\n").unwrap().1.split_once("```console\n").unwrap().1.split("```").next().unwrap();
    let commands: Vec<String> = restore
        .lines()
        .filter_map(|line| line.strip_prefix("$ "))
        .filter(|command| !command.starts_with("systemctl "))
        .map(|command| command.replace("/var/lib", text(&place.path().join("var/lib"))).replace("/backups", text(&backups)))
        .collect();
    let done = Command::new("sh").args(["-e", "-c", &commands.join("\n")]).output().unwrap();
    assert!(done.status.success(), "{commands:?}: {}", stderr(&done));

    let apps = run_ok(&["app", "--data", text(&data), "list"]);
    assert!(apps.contains("shop") && !apps.contains("later"), "{apps}");
    assert!(data.is_symlink(), "systemd finds the folder where it left it");
    run_ok(&["doctor", "--data", text(&data)]);
}
