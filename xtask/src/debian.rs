//! Packages of Debian that a step needs: installed where that can be done, named where it cannot.

use std::{path::Path, process::Command};

use anyhow::{Context, Result, bail};

use crate::process;

/// Installs the packages. Where that is not possible, `by_hand` says what to do.
pub(crate) fn install(packages: &[&str], by_hand: &str) -> Result<()> {
    let is_root = process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !is_root || !Path::new("/etc/debian_version").is_file() {
        bail!(by_hand.to_owned());
    }
    process::run(Command::new("apt-get").args(["-qq", "update"])).context(by_hand.to_owned())?;
    let mut install = Command::new("apt-get");
    install.args(["-qq", "install", "--yes", "--no-install-recommends"]).args(packages);
    process::run(install.env("DEBIAN_FRONTEND", "noninteractive")).context(by_hand.to_owned())
}
