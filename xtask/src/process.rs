//! Running other programs: silently, visibly, or visibly with an eye on what they print.

use std::{
    io::{BufRead, BufReader, ErrorKind},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail};

/// The command as a person would type it.
fn spelled(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

fn explain(error: std::io::Error, command: &Command) -> anyhow::Error {
    if error.kind() == ErrorKind::NotFound {
        anyhow!("`{}` is not installed, or not on the PATH", command.get_program().to_string_lossy())
    } else {
        anyhow!("`{}`: {error}", spelled(command))
    }
}

/// Runs the command and gives its standard output. It sees no terminal; what it says on standard error is shown when it fails.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| explain(error, command))?;
    if !output.status.success() {
        bail!("`{}`: {}\n{}", spelled(command), output.status, String::from_utf8_lossy(&output.stderr).trim_end());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{}` printed something other than UTF-8", spelled(command)))
}

/// Whether the command succeeds within `limit`; what it prints is shown nowhere.
pub(crate) fn succeeds_within(limit: Duration, command: &mut Command) -> bool {
    let Ok(mut child) = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn() else { return false };
    let began = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) if began.elapsed() < limit => std::thread::sleep(Duration::from_millis(50)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return false;
            }
        }
    }
}

/// Runs the command with our own input and output.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    println!("$ {}", spelled(command));
    let status = command.status().map_err(|error| explain(error, command))?;
    if status.success() { Ok(()) } else { bail!("`{}`: {status}", spelled(command)) }
}

/// Runs the command, shows what it prints as it comes and gives each line of standard output to `line` too.
pub(crate) fn watch(command: &mut Command, mut line: impl FnMut(&str)) -> Result<()> {
    println!("$ {}", spelled(command));
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(|error| explain(error, command))?;
    let stdout = child.stdout.take().context("standard output of the child")?;
    for read in BufReader::new(stdout).split(b'\n') {
        let text = String::from_utf8_lossy(&read?).into_owned();
        println!("{text}");
        line(text.trim_end());
    }
    let status = child.wait()?;
    if status.success() { Ok(()) } else { bail!("`{}`: {status}", spelled(command)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_hangs_is_given_up() {
        let began = Instant::now();
        assert!(!succeeds_within(Duration::from_millis(200), Command::new("sleep").arg("60")));
        assert!(began.elapsed() < Duration::from_secs(30));
        assert!(succeeds_within(Duration::from_secs(30), &mut Command::new("true")));
        assert!(!succeeds_within(Duration::from_secs(30), &mut Command::new("a-program-that-is-not-installed")));
    }

    #[test]
    fn a_program_that_is_missing_is_named() {
        let error = run(&mut Command::new("a-program-that-is-not-installed")).unwrap_err();
        assert_eq!(error.to_string(), "`a-program-that-is-not-installed` is not installed, or not on the PATH");
    }
}
