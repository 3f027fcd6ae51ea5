//! Source files: each says what it owns, stays readable, leaves nothing unfinished and names no one's machine.

use super::{Finding, TextFile};

/// Longest source file, in lines.
const LINES_MAX: usize = 600;

/// Files that may be longer, each with the reason.
const LONG_FILES: &[(&str, &str)] = &[];

/// Written in halves, so that this file does not contain them.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("to", "do!("),
    concat!("unimpl", "emented!("),
    concat!("#[ig", "nore"),
];

/// Folders of a developer's machine.
const MACHINE_PATHS: &[&str] =
    &[concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("/tm", "p/")];

/// Crates without input and output, and what their code therefore never names.
const PURE: &[&str] = &["crates/engine/src/", "crates/wire/src/"];
const IMPURE: &[&str] =
    &["std::fs", "std::net", "std::env", "std::thread", "std::process", "std::io::stdin", "SystemTime", "Instant::now", "tokio::"];

/// Judges every file.
pub(super) fn check(files: &[TextFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        if is_source(&file.path) {
            findings.extend(check_source(file));
        }
        if PURE.iter().any(|folder| file.path.starts_with(folder)) {
            findings.extend(check_pure(file));
        }
        if file.path.starts_with("crates/") && file.path.ends_with("/Cargo.toml") && !file.text.contains("[lints]\nworkspace = true") {
            findings.push(Finding::new(&file.path, "does not take the lints of the workspace: [lints] workspace = true"));
        }
        if !file.path.starts_with("testdata/") {
            findings.extend(lines_with(file, MACHINE_PATHS, "names a folder of one machine"));
        }
    }
    for (path, _) in LONG_FILES {
        match files.iter().find(|file| file.path == *path) {
            Some(file) if file.text.lines().count() > LINES_MAX => {}
            _ => findings.push(Finding::new(*path, "is on the list of long files and should not be")),
        }
    }
    findings
}

/// Code that a person wrote, by its ending.
fn is_source(path: &str) -> bool {
    [".rs", ".ts", ".mts", ".mjs", ".js"].iter().any(|ending| path.ends_with(ending)) && !path.starts_with("testdata/")
}

fn check_source(file: &TextFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    let first = file.text.lines().find(|line| !line.starts_with("#!") || line.starts_with("#![")).unwrap_or_default();
    let opens_with_doc =
        if file.path.ends_with(".rs") { first.starts_with("//! ") } else { first.starts_with("/**") || first.starts_with("// ") };
    if !opens_with_doc {
        findings.push(Finding::new(&file.path, "does not open with a line on what it owns"));
    }
    let lines = file.text.lines().count();
    if lines > LINES_MAX && !LONG_FILES.iter().any(|(path, _)| *path == file.path) {
        findings.push(Finding::new(&file.path, format!("has {lines} lines, at most {LINES_MAX} are allowed: split it by noun")));
    }
    findings.extend(lines_with(file, UNFINISHED, "is not finished"));
    findings
}

/// Only what stands before the unit tests, which may read test data.
fn check_pure(file: &TextFile) -> Vec<Finding> {
    if file.path.ends_with("/tests.rs") || file.path.contains("/tests/") {
        return Vec::new();
    }
    let code = file.text.split("#[cfg(test)]").next().unwrap_or_default();
    let code: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    lines_with(&TextFile { path: file.path.clone(), text: code.join("\n") }, IMPURE, "does I/O or reads a clock in a pure crate")
}

/// A finding for each line that holds one of `words`, whole where they are words.
fn lines_with(file: &TextFile, words: &[&str], what: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        if let Some(word) = words.iter().find(|word| has_word(line, word)) {
            findings.push(Finding::new(format!("{}:{}", file.path, index + 1), format!("{what}: {word}")));
        }
    }
    findings
}

fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| {
        let opens_alone = !word.starts_with(char::is_alphanumeric) || !is_part(line[..at].chars().next_back());
        let closes_alone = !word.ends_with(char::is_alphanumeric) || !is_part(line[at + word.len()..].chars().next());
        // Within a longer path it is a folder of ours.
        let is_rooted = !word.starts_with('/') || !is_part(line[..at].chars().next_back());
        opens_alone && closes_alone && is_rooted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        check(&[TextFile { path: path.into(), text: text.into() }]).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_source_file_says_what_it_owns() {
        assert_eq!(findings("xtask/src/x.rs", "//! X.\n"), [""; 0]);
        assert_eq!(findings("xtask/src/x.rs", "fn x() {}\n"), ["xtask/src/x.rs: does not open with a line on what it owns"]);
        assert_eq!(findings("packages/x.ts", "/** X. */\n"), [""; 0]);
        assert_eq!(findings("packages/x.ts", "let x = 1;\n").len(), 1);
    }

    #[test]
    fn unfinished_work_is_found_as_a_word() {
        let word = concat!("TO", "DO");
        assert_eq!(findings("x.rs", &format!("//! X.\n// {word}: later\n")).len(), 1);
        assert_eq!(findings("x.rs", &format!("//! X.\n// MAS{word}N\n")), [""; 0]);
    }

    #[test]
    fn a_pure_crate_reads_no_file() {
        let read = "std::fs::read(path)";
        assert_eq!(findings("crates/engine/src/x.rs", &format!("//! X.\n{read}")).len(), 1);
        assert_eq!(findings("crates/engine/src/x.rs", &format!("//! X.\n#[cfg(test)]\nmod tests {{ {read} }}")), [""; 0]);
        assert_eq!(findings("crates/server/src/x.rs", &format!("//! X.\n{read}")), [""; 0]);
    }

    #[test]
    fn machine_paths_are_found_and_our_own_are_not() {
        let path = concat!("/ho", "me/");
        assert_eq!(findings("README.md", &format!("cd {path}anna/sidetone")).len(), 1);
        assert_eq!(findings("README.md", &format!("see pages{path}index.html")), [""; 0]);
    }

    #[test]
    fn a_long_file_is_split_or_listed() {
        let text = "//! X.\n".repeat(LINES_MAX + 1);
        assert_eq!(
            findings("x.rs", &text),
            [format!("x.rs: has {} lines, at most {LINES_MAX} are allowed: split it by noun", LINES_MAX + 1)]
        );
    }
}
