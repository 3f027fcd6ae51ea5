//! `cargo xtask gen`: the generated files, each from the code that knows.

mod command_line;
mod configuration;

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{process, workspace};

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
    let example = ["run", "--quiet", "--locked", "--package", "sidetone-server", "--example", "describe"];
    let described = process::output(workspace::cargo().args(example)).context("what the server says of itself")?;
    let described: Value = serde_json::from_str(&described).context("what the server says of itself")?;
    Ok(vec![
        Generated { path: "docs/openapi.json", text: described["openapi"].as_str().context("the OpenAPI document")?.to_owned() },
        Generated { path: "docs/configuration.md", text: configuration::page(&described["schema"], &described["defaults"])? },
        Generated { path: "docs/command-line.md", text: command_line::page()? },
    ])
}
