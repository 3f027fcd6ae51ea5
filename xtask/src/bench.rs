//! `cargo xtask bench`: runs the benches, which stand outside the workspace so that their dependencies burden nobody else.

use anyhow::Result;

use crate::{process, workspace};

/// Passes every argument on: `cargo xtask bench --bench engine -- audio`.
pub(crate) fn run(args: &[String]) -> Result<()> {
    process::run(workspace::cargo().args(["bench", "--manifest-path", "bench/Cargo.toml"]).args(args))
}
