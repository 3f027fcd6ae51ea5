//! The end-to-end tests of `e2e/`: real browsers against the real program, and what they need installed.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::{assets, debian, npm, process, workspace};

/// Programs, by the Debian package that has each.
const BROWSERS: [(&str, &str); 2] = [("chromium", "/usr/bin/chromium"), ("firefox-esr", "/usr/bin/firefox-esr")];

/// Runs the tests and gives each line that the runner prints to `line`.
pub(crate) fn run(line: impl FnMut(&str)) -> Result<()> {
    install_browsers()?;
    assets::build()?;
    process::run(workspace::cargo().args(["build", "--locked", "--package", "sidetone-cli"]))?;
    let binary = workspace::target_folder()?.join("debug/sidetone");
    process::watch(npm::script("e2e", "e2e").env("SIDETONE_BINARY", binary), line)
}

fn install_browsers() -> Result<()> {
    let missing: Vec<&str> = BROWSERS.into_iter().filter(|(_, path)| !Path::new(path).is_file()).map(|(package, _)| package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let by_hand = format!(
        "the end-to-end tests need {}; as root on Debian:\n  apt-get update && apt-get install {}",
        missing.join(" and "),
        missing.join(" ")
    );
    debian::install(&missing, &by_hand)?;
    let still = BROWSERS.into_iter().find(|(_, path)| !Path::new(path).is_file());
    ensure!(still.is_none(), "{by_hand}");
    Ok(())
}
