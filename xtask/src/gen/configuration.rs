//! `docs/configuration.md`: what `sidetone serve --print-config` says when nothing is set.

use anyhow::{Context, Result};

use super::sidetone;
use crate::process;

const HEAD: &str = "\
<!-- Written by `cargo xtask gen`. -->

# Configuration

`sidetone serve` takes its settings from flags, variables of the environment, one TOML file (`--config sidetone.toml`) and defaults, in this order: the first that
has a setting wins. A setting that does not exist is an error; a variable that looks like one and is none is told in the log. Spans are written `\"250ms\"`, `\"10s\"`, `\"1h30m\"`, `\"30d\"`; sizes `\"64KiB\"`, `\"10MB\"`.

`sidetone serve --print-config` prints what holds. When nothing is set that is the following, with the data folder below `$XDG_DATA_HOME` or `~/.local/share`:
every default is safe to expose to the internet.
";

/// The page.
pub(super) fn page() -> Result<String> {
    let mut serve = sidetone();
    // Whoever generates the page must not find their own folder in it.
    serve.env("XDG_DATA_HOME", "/var/lib").args(["serve", "--print-config"]);
    let printed = process::output(&mut serve).context("the configuration")?;
    Ok(format!("{HEAD}\n```toml\n{}\n```\n", printed.trim()))
}
