//! `docs/command-line.md`: what `sidetone --help` says, of every command.

use std::fmt::Write;

use anyhow::{Context, Result};

use super::sidetone;
use crate::process;

const HEAD: &str = "\
<!-- Written by `cargo xtask gen`. -->

# Command line

What `--help` says.
";

/// The page, a section for each command and subcommand.
pub(super) fn page() -> Result<String> {
    let mut page = HEAD.to_owned();
    add(&mut page, &[])?;
    Ok(page)
}

fn add(page: &mut String, command: &[&str]) -> Result<()> {
    let help = process::output(sidetone().args(command).arg("--help")).context("what the command line says of itself")?;
    let title = ["sidetone"].iter().chain(command).copied().collect::<Vec<_>>().join(" ");
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    write!(page, "\n## `{title}`\n\n```text\n{}\n```\n", help.join("\n").trim())?;
    for subcommand in subcommands(&help) {
        add(page, &[command, &[subcommand]].concat())?;
    }
    Ok(())
}

/// The names under `Commands:`, without `help` itself.
fn subcommands<'a>(help: &[&'a str]) -> Vec<&'a str> {
    let listed = help.iter().skip_while(|line| **line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A name stands two blanks in; a line that goes on with a description stands further in.
    let names = listed.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' '))?.split_whitespace().next());
    names.filter(|name| *name != "help").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subcommands_are_read_from_the_help() {
        let help = "About.\n\nUsage: x <COMMAND>\n\nCommands:\n  serve   Serve\n          on and on\n  import  Import\n  help    Help\n\nOptions:\n  -h  Help";
        assert_eq!(subcommands(&help.lines().collect::<Vec<_>>()), ["serve", "import"]);
        assert_eq!(subcommands(&["Usage: x"]), [""; 0]);
    }
}
