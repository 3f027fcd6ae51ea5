//! `cargo xtask gen`: the generated files, each from the code that knows.

mod command_line;
mod configuration;

use std::{fs, process::Command};

use anyhow::{Context, Result, bail};

use crate::{lab, process, workspace};

/// A file of the tree that nobody writes by hand.
struct Generated {
    path: &'static str,
    text: String,
}

/// Writes every generated file, or only looks at them.
pub(crate) fn run(args: &[String]) -> Result<()> {
    match args {
        [] => {
            for file in generate()? {
                fs::write(workspace::root().join(file.path), &file.text).with_context(|| file.path.to_owned())?;
                println!("{}", file.path);
            }
        }
        [flag] if flag == "--check" => println!("{}", check()?),
        _ => bail!("`cargo xtask gen` takes --check or nothing"),
    }
    Ok(())
}

/// One line when every generated file is what it would become; an error that names those that are not.
pub(crate) fn check() -> Result<String> {
    let files = generate()?;
    let is_stale = |file: &&Generated| fs::read_to_string(workspace::root().join(file.path)).ok().as_ref() != Some(&file.text);
    let stale: Vec<&str> = files.iter().filter(is_stale).map(|file| file.path).collect();
    if stale.is_empty() {
        return Ok(format!("{} generated files are up to date", files.len()));
    }
    bail!("{} stale: run `cargo xtask gen` and commit what it writes", stale.join(" and "))
}

fn generate() -> Result<Vec<Generated>> {
    let build = ["build", "--locked", "--package", "sidetone-cli", "--package", "sidetone-server", "--bins", "--examples"];
    process::run(workspace::cargo().args(build))?;
    let example = ["run", "--quiet", "--locked", "--package", "sidetone-server", "--example", "openapi"];
    let mut files = vec![
        Generated { path: "docs/openapi.json", text: process::output(workspace::cargo().args(example)).context("the OpenAPI document")? },
        Generated { path: "docs/configuration.md", text: configuration::page()? },
        Generated { path: "docs/command-line.md", text: command_line::page()? },
        Generated { path: "docs/issues.md", text: of_engine(&["issues"])? },
        Generated { path: "docs/accuracy.md", text: lab::report().context("the page on accuracy")? },
    ];
    for (path, group) in METRICS {
        files.push(Generated { path, text: of_engine(&["metrics", group])? });
    }
    Ok(files)
}

/// The pages on metrics, and what the engine calls their groups.
const METRICS: [(&str, &str); 5] = [
    ("docs/metrics/connection.md", "connection"),
    ("docs/metrics/received-audio.md", "received-audio"),
    ("docs/metrics/received-video.md", "received-video"),
    ("docs/metrics/sent-audio.md", "sent-audio"),
    ("docs/metrics/sent-video.md", "sent-video"),
];

/// A page that the engine's own tables fill.
fn of_engine(args: &[&str]) -> Result<String> {
    let example = ["run", "--quiet", "--locked", "--package", "sidetone-engine", "--example", "handbook", "--"];
    process::output(workspace::cargo().args(example).args(args)).with_context(|| format!("the handbook's page {}", args.join(" ")))
}

/// The program itself, without the settings of whoever runs it.
fn sidetone() -> Command {
    let mut command = workspace::cargo();
    command.args(["run", "--quiet", "--locked", "--package", "sidetone-cli", "--bin", "sidetone", "--"]);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SIDETONE_")) {
        command.env_remove(name);
    }
    command
}
