//! The end-to-end tests of `e2e/`: real browsers and SIP servers against the real program, and what they need installed.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::{assets, debian, npm, process, workspace};

/// Browsers and servers of others, by the Debian package that has each.
const PROGRAMS: [(&str, &str); 13] = [
    ("chromium", "/usr/bin/chromium"),
    ("firefox-esr", "/usr/bin/firefox-esr"),
    ("coturn", "/usr/bin/turnserver"),
    ("dnsmasq-base", "/usr/sbin/dnsmasq"),
    ("kamailio", "/usr/sbin/kamailio"),
    ("kamailio-extra-modules", "/usr/share/doc/kamailio-extra-modules/copyright"),
    ("kamailio-tls-modules", "/usr/share/doc/kamailio-tls-modules/copyright"),
    ("kamailio-utils-modules", "/usr/share/doc/kamailio-utils-modules/copyright"),
    ("kamailio-websocket-modules", "/usr/share/doc/kamailio-websocket-modules/copyright"),
    ("nginx-light", "/usr/sbin/nginx"),
    ("openssl", "/usr/bin/openssl"),
    ("pulseaudio", "/usr/bin/pulseaudio"),
    ("pulseaudio-utils", "/usr/bin/pactl"),
];

/// Runs the tests and gives each line that the runner prints to `line`.
pub(crate) fn run(line: impl FnMut(&str)) -> Result<()> {
    install_programs()?;
    assets::build()?;
    process::run(workspace::cargo().args(["build", "--locked", "--package", "sidetone-cli"]))?;
    let binary = workspace::target_folder()?.join("debug/sidetone");
    process::watch(npm::script("e2e", "e2e").env("SIDETONE_BINARY", binary), line)
}

fn install_programs() -> Result<()> {
    let missing: Vec<&str> = PROGRAMS.into_iter().filter(|(_, path)| !Path::new(path).is_file()).map(|(package, _)| package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let by_hand = format!(
        "the end-to-end tests need {}; as root on Debian:\n  apt-get update && apt-get install {}",
        missing.join(" and "),
        missing.join(" ")
    );
    debian::install(&missing, &by_hand)?;
    let still = PROGRAMS.into_iter().find(|(_, path)| !Path::new(path).is_file());
    ensure!(still.is_none(), "{by_hand}");
    Ok(())
}
