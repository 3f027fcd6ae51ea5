//! What of others' work we give away, with the licences that want to be told: `notices.txt`, for the whole program and once more for what the SDK holds.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::Path,
};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{npm, workspace};

/// A piece of work and the texts of its licence.
struct Work {
    name: String,
    licence: String,
    texts: Vec<String>,
}

/// What the program holds: its crates, what its pages load, and the frame of the handbook.
pub(crate) fn of_the_program() -> Result<String> {
    let crates = crates(&["sidetone-cli", "sidetone-engine-wasm", "sidetone-denoise-wasm"], &["mdbook-html"])?;
    Ok(text("Sidetone", crates.into_iter().chain(packages(&["packages/dashboard", "packages/demo", "packages/sdk"])?)))
}

/// What the SDK's scripts and modules hold.
pub(crate) fn of_the_sdk() -> Result<String> {
    let crates = crates(&["sidetone-engine-wasm", "sidetone-denoise-wasm"], &[])?;
    Ok(text("Sidetone's SDK", crates.into_iter().chain(packages(&["packages/sdk"])?)))
}

/// The crates that go into some of ours, and others of which no code but files are taken.
fn crates(ours: &[&str], besides: &[&str]) -> Result<Vec<Work>> {
    let metadata = workspace::metadata()?;
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let nodes: BTreeMap<String, Vec<Value>> =
        list(&metadata["resolve"]["nodes"]).iter().map(|node| (node["id"].to_string(), list(&node["deps"]))).collect();
    let packages = list(&metadata["packages"]);
    let named = |names: &[&str]| {
        packages
            .iter()
            .filter(|package| names.contains(&package["name"].as_str().unwrap_or_default()))
            .map(|package| package["id"].to_string())
            .collect::<Vec<_>>()
    };
    let mut used: BTreeSet<String> = named(besides).into_iter().collect();
    let mut next = named(ours);
    while let Some(id) = next.pop() {
        let goes_in = |dependency: &&Value| list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
        if used.insert(id.clone()) {
            next.extend(nodes.get(&id).into_iter().flatten().filter(goes_in).map(|dependency| dependency["pkg"].to_string()));
        }
    }
    let foreign = packages.iter().filter(|package| used.contains(&package["id"].to_string()) && package["source"].is_string());
    foreign
        .map(|package| work(package, Path::new(package["manifest_path"].as_str().unwrap_or_default()).parent().unwrap_or(Path::new(""))))
        .collect()
}

/// The npm packages that go into some of ours: their `dependencies`, and the `dependencies` of those.
fn packages(ours: &[&str]) -> Result<Vec<Work>> {
    npm::install()?;
    let root = workspace::root();
    let manifest = |folder: &Path| -> Result<Value> {
        let path = folder.join("package.json");
        serde_json::from_str(&fs::read_to_string(&path).with_context(|| path.display().to_string())?)
            .with_context(|| path.display().to_string())
    };
    let mut found = BTreeMap::new();
    let mut next: Vec<_> = ours.iter().map(|folder| root.join(folder)).collect();
    while let Some(folder) = next.pop() {
        for name in manifest(&folder)?["dependencies"].as_object().into_iter().flatten().map(|(name, _)| name) {
            let inside = folder.join("node_modules").join(name);
            let place = if inside.is_dir() { inside } else { root.join("node_modules").join(name) };
            if !found.contains_key(name) {
                found.insert(name.clone(), work(&manifest(&place)?, &place)?);
                next.push(place);
            }
        }
    }
    Ok(found.into_values().collect())
}

/// A package by its manifest, with the licence files of its folder; of several licences to choose from the MIT one, when it is there.
fn work(manifest: &Value, folder: &Path) -> Result<Work> {
    let field = |name: &str| manifest[name].as_str().unwrap_or_default().to_owned();
    let licence = field("license");
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        if path.is_file() && ["LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE"].iter().any(|start| name.starts_with(start)) {
            files.push((name, String::from_utf8_lossy(&fs::read(&path)?).trim().replace("\r\n", "\n")));
        }
    }
    files.sort();
    let is_mit = |(name, _): &(String, String)| name.contains("MIT");
    if (licence.contains(" OR ") || licence.contains('/')) && files.iter().any(is_mit) {
        files.retain(|file| is_mit(file) || file.0.starts_with("NOTICE"));
    }
    Ok(Work { name: format!("{} {}", field("name"), field("version")), licence, texts: files.into_iter().map(|(_, text)| text).collect() })
}

/// Each licence once, below the names of what is under it.
fn text(what: &str, works: impl Iterator<Item = Work>) -> String {
    let mut by_text: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for work in works {
        let name = format!("{} ({})", work.name, work.licence);
        for text in if work.texts.is_empty() { vec![String::new()] } else { work.texts } {
            by_text.entry(text).or_default().insert(name.clone());
        }
    }
    let mut groups: Vec<_> = by_text.into_iter().map(|(text, names)| (names, text)).collect();
    groups.sort();
    let mut all = format!("{what} is under Apache-2.0 or MIT, as you like. It holds work of others, under these licences.\n");
    for (names, text) in groups {
        let text = if text.is_empty() { "Came without the text of its licence.".to_owned() } else { text };
        let rule = "-".repeat(80);
        write!(all, "\n{rule}\n{}\n\n{text}\n", names.into_iter().collect::<Vec<_>>().join("\n")).expect("a text grows");
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_stands_once_below_all_that_are_under_it() {
        let work = |name: &str, texts: &[&str]| Work {
            name: name.into(),
            licence: "MIT".into(),
            texts: texts.iter().map(|text| (*text).into()).collect(),
        };
        let all = text("It", [work("b 1.0.0", &["permission"]), work("a 2.0.0", &["permission"]), work("c 3.0.0", &[])].into_iter());
        assert_eq!(all.matches("permission").count(), 1);
        assert!(all.contains("a 2.0.0 (MIT)\nb 1.0.0 (MIT)\n\npermission"));
        assert!(all.contains("c 3.0.0 (MIT)\n\nCame without"));
    }

    #[test]
    fn what_goes_into_the_program_and_the_sdk_is_named() {
        let program = of_the_program().unwrap();
        for name in ["tokio ", "mdbook-html ", "uplot ", "jssip ", "nnnoiseless "] {
            assert!(program.contains(&format!("\n{name}")), "{name}");
        }
        let sdk = of_the_sdk().unwrap();
        assert!(sdk.contains("\njssip ") && !sdk.contains("\ntokio "));
        assert!(!program.contains("\nsidetone-"));
    }
}
