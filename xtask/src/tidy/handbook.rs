//! The handbook hangs together: every page stands in its table of contents, every link to a heading finds it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, TextFile, paths::resolve};

const CONTENTS: &str = "docs/SUMMARY.md";

/// Judges the Markdown below `docs`.
pub(super) fn check(files: &[TextFile]) -> Vec<Finding> {
    let pages: BTreeMap<&str, &str> =
        files.iter().filter(|file| file.path.ends_with(".md")).map(|file| (file.path.as_str(), file.text.as_str())).collect();
    let mut findings = Vec::new();
    let Some(contents) = pages.get(CONTENTS) else { return vec![Finding::new(CONTENTS, "is missing")] };
    let listed: BTreeSet<String> = links(contents).map(|link| resolve("docs", link.split('#').next().unwrap_or_default())).collect();
    for path in pages.keys().filter(|path| path.starts_with("docs/") && **path != CONTENTS) {
        if !listed.contains(*path) {
            findings.push(Finding::new(*path, format!("does not stand in {CONTENTS}")));
        }
    }
    for (path, text) in &pages {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (number, line) in text.lines().enumerate() {
            for link in links(line) {
                let Some((page, heading)) = link.split_once('#').filter(|_| !link.contains("://")) else { continue };
                let page = if page.is_empty() { (*path).to_owned() } else { resolve(folder, page) };
                if pages.get(page.as_str()).is_some_and(|text| !anchors(text).contains(heading)) {
                    findings.push(Finding::new(format!("{path}:{}", number + 1), format!("{page} has no heading #{heading}")));
                }
            }
        }
    }
    findings
}

fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0))
}

/// The names of the headings, as mdBook and GitHub make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut is_code = false;
    let headings = text.lines().filter(|line| {
        is_code ^= line.trim_start().starts_with("```");
        !is_code && line.starts_with('#')
    });
    let name = |heading: &str| {
        let kept = heading.trim_start_matches('#').trim().to_lowercase();
        kept.chars().filter(|c| c.is_alphanumeric() || "_- ".contains(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(page: &str) -> Vec<String> {
        let file = |path: &str, text: &str| TextFile { path: path.into(), text: text.into() };
        let files = [
            file(CONTENTS, "- [A](a.md)\n  - [B](b/c.md)"),
            file("docs/a.md", page),
            file("docs/b/c.md", "# Big & `small`\n```\n# no heading\n```\n"),
        ];
        check(&files).iter().map(|finding| finding.what.clone()).collect()
    }

    #[test]
    fn links_to_headings_find_them() {
        assert_eq!(findings("# Here\n[x](b/c.md#big--small) [y](#here) [z](https://example.com/#q)"), [""; 0]);
        assert_eq!(findings("[x](b/c.md#no-heading)"), ["docs/b/c.md has no heading #no-heading"]);
    }

    #[test]
    fn a_page_that_is_not_listed_is_found() {
        let files =
            [TextFile { path: CONTENTS.into(), text: String::new() }, TextFile { path: "docs/lost.md".into(), text: String::new() }];
        assert_eq!(check(&files)[0].what, "does not stand in docs/SUMMARY.md");
    }
}
