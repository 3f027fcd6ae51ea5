//! `cargo xtask tidy`: the rules of the house that no compiler checks. Also a test.

mod arrows;
mod handbook;
mod licences;
mod paths;
mod sources;

use std::fmt;

use anyhow::{Context, Result, bail};

use crate::workspace;

/// A file of the tree that is text.
struct TextFile {
    /// From the root, with `/`.
    path: String,
    text: String,
}

/// A broken rule.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    /// A file, a package or the tree.
    place: String,
    what: String,
}

impl Finding {
    fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Checks and says how many files were looked at.
pub(crate) fn run(args: &[String]) -> Result<()> {
    if !args.is_empty() {
        bail!("`cargo xtask tidy` takes no arguments");
    }
    println!("{}", check()?);
    Ok(())
}

/// One line when the tree is tidy; an error with every finding when it is not.
pub(crate) fn check() -> Result<String> {
    let paths = workspace::files()?;
    let mut files = Vec::new();
    for path in &paths {
        let bytes = std::fs::read(workspace::root().join(path)).with_context(|| path.clone())?;
        if let Ok(text) = String::from_utf8(bytes) {
            files.push(TextFile { path: path.clone(), text });
        }
    }
    let metadata = workspace::metadata()?;
    let mut findings = arrows::check(&metadata)?;
    findings.extend(licences::check(&metadata, &files)?);
    findings.extend(sources::check(&files));
    findings.extend(paths::check(&files, &paths));
    findings.extend(handbook::check(&files));
    if findings.is_empty() {
        return Ok(format!("{} files are tidy", paths.len()));
    }
    let list: Vec<String> = findings.iter().map(|finding| format!("  {finding}")).collect();
    bail!("{} findings\n{}", list.len(), list.join("\n"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_tree_is_tidy() {
        if let Err(findings) = super::check() {
            panic!("{findings}");
        }
    }
}
