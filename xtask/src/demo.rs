//! `cargo xtask demo`: builds Sidetone and runs `sidetone demo`.

use anyhow::Result;

use crate::{assets, process, workspace};

/// Passes every argument on.
pub(crate) fn run(args: &[String]) -> Result<()> {
    assets::build()?;
    process::run(workspace::cargo().args(["run", "--release", "--package", "sidetone-cli", "--bin", "sidetone", "--", "demo"]).args(args))
}
