//! Paths named in the docs: in Markdown and in Rust's doc comments, every one leads somewhere.

use std::collections::BTreeSet;

use super::{Finding, TextFile};

/// Judges Markdown files and doc comments; `paths` are the files of the tree.
pub(super) fn check(files: &[TextFile], paths: &[String]) -> Vec<Finding> {
    let tree = Tree::new(paths);
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| !file.path.starts_with("testdata/")) {
        let is_markdown = file.path.ends_with(".md");
        if !is_markdown && !file.path.ends_with(".rs") {
            continue;
        }
        for (index, line) in file.text.lines().enumerate() {
            let is_doc = ["//!", "///"].iter().any(|mark| line.trim_start().starts_with(mark));
            if !is_markdown && !is_doc {
                continue;
            }
            let mut named: Vec<&str> = quoted(line).filter(|text| tree.may_name_a_path(text)).collect();
            if is_markdown {
                named.extend(link_targets(line));
            }
            for path in named.into_iter().filter(|path| !tree.leads_somewhere(path, &file.path)) {
                findings.push(Finding::new(format!("{}:{}", file.path, index + 1), format!("{path} does not exist")));
            }
        }
    }
    findings
}

/// Files and folders from the root.
struct Tree<'a> {
    entries: BTreeSet<&'a str>,
}

impl<'a> Tree<'a> {
    fn new(paths: &'a [String]) -> Self {
        let mut entries = BTreeSet::new();
        for path in paths {
            entries.insert(path.as_str());
            entries.extend(path.match_indices('/').map(|(at, _)| &path[..at]));
        }
        Self { entries }
    }

    /// Whether quoted text reads like a path of the tree: it begins with a folder of the root, or is the name of a document.
    fn may_name_a_path(&self, text: &str) -> bool {
        let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "._-/{},*".contains(c));
        match text.split_once('/') {
            Some((first, _)) => is_plain && self.entries.contains(first),
            None => is_plain && text.ends_with(".md"),
        }
    }

    fn leads_somewhere(&self, path: &str, from: &str) -> bool {
        let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
        alternatives(path).iter().all(|path| {
            // Up to the first component that stands for many.
            let fixed: Vec<&str> = path.trim_end_matches('/').split('/').take_while(|part| !part.contains('*')).collect();
            let fixed = fixed.join("/");
            fixed.is_empty() || self.entries.contains(fixed.as_str()) || self.entries.contains(resolve(folder, &fixed).as_str())
        })
    }
}

/// `relative` as seen from `folder`.
pub(super) fn resolve(folder: &str, relative: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// `a/{b,c}/d` as `a/b/d` and `a/c/d`.
fn alternatives(path: &str) -> Vec<String> {
    let Some((before, rest)) = path.split_once('{') else { return vec![path.into()] };
    let Some((choices, after)) = rest.split_once('}') else { return vec![path.into()] };
    choices.split(',').flat_map(|choice| alternatives(&format!("{before}{}{after}", choice.trim()))).collect()
}

/// What stands between backticks.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Where the Markdown links of a line lead, without those to the web and to a heading of the same page.
fn link_targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        let target = rest.split([')', '#']).next()?.trim();
        (!target.is_empty() && !target.contains("://") && !target.starts_with("mailto:")).then_some(target)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        let paths: Vec<String> =
            ["README.md", "docs/storage.md", "crates/engine/src/lib.rs", "crates/wire/src/lib.rs"].map(Into::into).into();
        check(&[TextFile { path: path.into(), text: text.into() }], &paths).iter().map(|finding| finding.what.clone()).collect()
    }

    #[test]
    fn paths_that_exist_are_fine() {
        for text in
            ["`crates/engine`", "`crates/{engine,wire}/src/lib.rs`", "`crates/*/src`", "[storage](docs/storage.md#folding)", "`README.md`"]
        {
            assert_eq!(findings("README.md", text), [""; 0], "{text}");
        }
        assert_eq!(findings("docs/storage.md", "[back](../README.md), [here](storage.md), [web](https://example.com/docs/x)"), [""; 0]);
    }

    #[test]
    fn paths_that_lead_nowhere_are_found() {
        assert_eq!(
            findings("README.md", "see `crates/sip/src` and [x](docs/y.md)"),
            ["crates/sip/src does not exist", "docs/y.md does not exist"]
        );
        assert_eq!(findings("README.md", "`crates/{engine,sip}`"), ["crates/{engine,sip} does not exist"]);
        assert_eq!(findings("crates/engine/src/lib.rs", "//! See `docs/nothing.md`."), ["docs/nothing.md does not exist"]);
    }

    #[test]
    fn what_is_no_path_of_the_tree_is_left_alone() {
        assert_eq!(findings("README.md", "`POST /v1/batches`, `application/json`, `server/intake`, `a / b`"), [""; 0]);
        assert_eq!(findings("crates/engine/src/lib.rs", "let x = \"`docs/nothing.md`\";"), [""; 0]);
    }
}
