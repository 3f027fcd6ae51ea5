//! The npm workspace: its dependencies installed, its packages' scripts run.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{process, workspace};

/// Oldest Node.js that the packages are built and tested with.
const NODE_MAJOR_MIN: u64 = 20;

/// `npm`, run at the root.
pub(crate) fn npm() -> Command {
    let mut command = Command::new("npm");
    command.current_dir(workspace::root());
    command
}

/// Installs what the lock file names, unless that is what was installed last.
pub(crate) fn install() -> Result<()> {
    check_node()?;
    let wanted = fs::read(workspace::root().join("package-lock.json")).context("package-lock.json")?;
    let installed = workspace::root().join("node_modules/.installed-lock.json");
    if fs::read(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    process::run(npm().args(["ci", "--no-audit", "--no-fund"]))?;
    fs::write(&installed, wanted).with_context(|| installed.display().to_string())
}

/// Packages of the workspace whose `package.json` has this script, by their folders from the root.
pub(crate) fn packages_with(script: &str) -> Result<Vec<String>> {
    let manifests = workspace::files()?.into_iter().filter(|path| path.ends_with("/package.json"));
    let mut folders = Vec::new();
    for manifest in manifests {
        let text = fs::read_to_string(workspace::root().join(&manifest)).with_context(|| manifest.clone())?;
        let package: Value = serde_json::from_str(&text).with_context(|| manifest.clone())?;
        if package["scripts"][script].is_string() {
            folders.push(Path::new(&manifest).parent().unwrap_or(Path::new("")).display().to_string());
        }
    }
    Ok(folders)
}

/// `npm run` of a package's script; environment and further arguments are the caller's.
pub(crate) fn script(folder: &str, script: &str) -> Command {
    let mut command = npm();
    command.args(["run", "--silent", "--workspace", folder, script]);
    command
}

fn check_node() -> Result<()> {
    let how = format!("install Node.js {NODE_MAJOR_MIN} or later with npm (Debian 13: apt-get install nodejs npm)");
    let version = process::output(Command::new("node").arg("--version")).with_context(|| how.clone())?;
    let major = version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u64>().ok());
    anyhow::ensure!(major.is_some_and(|major| major >= NODE_MAJOR_MIN), "Node.js is {}: {how}", version.trim());
    Ok(())
}
