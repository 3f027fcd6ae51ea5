//! The handbook: the pages of `docs/` as HTML, by mdBook, which stands in a program of its own (see the feature `handbook`).

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{assets, process, workspace};

/// Where what is no page of the handbook can be read.
const SOURCE: &str = "https://github.com/sidetone/sidetone/blob/main";

/// What pages include, besides those of `docs`.
const INCLUDED: [&str; 1] = ["packages/sdk/README.md"];

/// Writes the HTML into `folder`; what was made from the same pages before is taken as it is.
pub(crate) fn build(folder: &Path) -> Result<()> {
    let target = workspace::target_folder()?;
    let (source, html) = (target.join("handbook-source"), target.join("handbook"));
    let mut files = Vec::new();
    for (name, bytes) in assets::read(&workspace::root().join("docs"))? {
        files.push((format!("docs/{name}"), bytes));
    }
    for name in INCLUDED {
        files.push((name.to_owned(), fs::read(workspace::root().join(name)).context(name)?));
    }
    let mut staged = std::collections::BTreeMap::new();
    for (name, bytes) in files {
        let is_page = name.ends_with(".md");
        let bytes = if is_page { with_links_that_lead_on(&name, &String::from_utf8(bytes)?).into_bytes() } else { bytes };
        staged.insert(name, bytes);
    }
    let is_same = source.is_dir() && html.is_dir() && assets::read(&source)? == staged;
    if !is_same {
        assets::bring(&staged, &source)?;
        let program = ["run", "--quiet", "--locked", "--package", "xtask", "--features", "handbook", "--bin", "handbook", "--"];
        process::run(workspace::cargo().args(program).args([source.join("docs"), html.clone()]))?;
    }
    assets::bring(&assets::read(&html)?, folder)
}

/// The page with its links as they must be in the handbook: to other pages by their place, to everything else by the web.
fn with_links_that_lead_on(name: &str, page: &str) -> String {
    let folder = Path::new(name).parent().unwrap_or(Path::new(""));
    // What is included becomes part of a page in `docs`.
    let lands_in = if folder.starts_with("docs") { folder } else { Path::new("docs") };
    let mut parts = page.split("](");
    let mut rewritten = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        rewritten.push_str("](");
        let (link, rest) = part.split_at(part.find([')', '#']).unwrap_or(part.len()));
        if link.is_empty() || link.contains("://") {
            rewritten.push_str(link);
        } else {
            let place = resolve(folder, link);
            match place.strip_prefix("docs") {
                Ok(_) if folder == lands_in => rewritten.push_str(link),
                Ok(page) => rewritten.push_str(&page.to_string_lossy()),
                Err(_) => rewritten.push_str(&format!("{SOURCE}/{}", place.display())),
            }
        }
        rewritten.push_str(rest);
    }
    rewritten
}

fn resolve(folder: &Path, link: &str) -> PathBuf {
    let mut place = folder.to_owned();
    for part in Path::new(link).components() {
        match part {
            std::path::Component::ParentDir => drop(place.pop()),
            std::path::Component::Normal(part) => place.push(part),
            _ => {}
        }
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_on_from_the_handbook() {
        let cases = [
            ("docs/scores.md", "[a](../CHANGELOG.md)", "[a](https://github.com/sidetone/sidetone/blob/main/CHANGELOG.md)"),
            (
                "docs/api.md",
                "[a](intake.md#events), [b](https://x.example/y), [c](#d)",
                "[a](intake.md#events), [b](https://x.example/y), [c](#d)",
            ),
            ("packages/sdk/README.md", "[a](../../docs/intake.md#events)", "[a](intake.md#events)"),
            ("packages/sdk/README.md", "[a](src/api.ts)", "[a](https://github.com/sidetone/sidetone/blob/main/packages/sdk/src/api.ts)"),
        ];
        for (name, page, expected) in cases {
            assert_eq!(with_links_that_lead_on(name, page), expected);
        }
    }
}
