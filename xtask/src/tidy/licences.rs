//! Licences: ours stand in every package, and those of every dependency are among those that `deny.toml` allows.

use anyhow::{Context, Result};
use serde_json::Value;
use spdx::{Expression, Licensee};

use super::{Finding, TextFile};

const OURS: &str = "Apache-2.0 OR MIT";
const TEXTS: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

/// Judges the packages that `cargo metadata` lists by the list in `deny.toml`.
pub(super) fn check(metadata: &Value, files: &[TextFile]) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for text in TEXTS.iter().filter(|text| !files.iter().any(|file| file.path == **text)) {
        findings.push(Finding::new(*text, "is missing"));
    }
    let deny = files.iter().find(|file| file.path == "deny.toml").context("deny.toml is missing")?;
    let allowed = allow_list(&deny.text)?;
    let exceptions = exceptions(&deny.text)?;
    let members = metadata["workspace_members"].as_array().context("workspace_members")?;
    for package in metadata["packages"].as_array().context("packages")? {
        let name = format!("{} {}", package["name"].as_str().unwrap_or("?"), package["version"].as_str().unwrap_or("?"));
        let licence = package["license"].as_str().unwrap_or_default();
        if members.contains(&package["id"]) && licence != OURS {
            findings.push(Finding::new(name, format!("has licence {licence:?}; ours is {OURS:?}: say `license.workspace = true`")));
        } else if !is_allowed(licence, &allowed) && !is_excepted(package["name"].as_str(), licence, &allowed, &exceptions) {
            findings.push(Finding::new(name, format!("has licence {licence:?}, which the list in deny.toml does not allow")));
        }
    }
    Ok(findings)
}

fn allow_list(deny: &str) -> Result<Vec<Licensee>> {
    let deny: toml::Table = deny.parse().context("deny.toml")?;
    let allowed = deny.get("licenses").and_then(|licenses| licenses.get("allow")).and_then(toml::Value::as_array);
    let names = allowed.context("deny.toml has no list licenses.allow")?.iter();
    names
        .map(|name| Licensee::parse(name.as_str().unwrap_or_default()).with_context(|| format!("deny.toml: licenses.allow has {name:?}")))
        .collect()
}

/// Crates with what is allowed for each of them alone.
fn exceptions(deny: &str) -> Result<Vec<(String, Vec<Licensee>)>> {
    let deny: toml::Table = deny.parse().context("deny.toml")?;
    let listed = deny.get("licenses").and_then(|licenses| licenses.get("exceptions")).and_then(toml::Value::as_array);
    let exception = |exception: &toml::Value| {
        let name = exception.get("crate").and_then(toml::Value::as_str).context("deny.toml: an exception names no crate")?;
        let allowed = exception.get("allow").and_then(toml::Value::as_array).into_iter().flatten().filter_map(toml::Value::as_str);
        let allowed = allowed.map(|name| Licensee::parse(name).with_context(|| format!("deny.toml: an exception allows {name:?}")));
        Ok((name.to_owned(), allowed.collect::<Result<_>>()?))
    };
    listed.into_iter().flatten().map(exception).collect()
}

fn is_excepted(name: Option<&str>, licence: &str, allowed: &[Licensee], exceptions: &[(String, Vec<Licensee>)]) -> bool {
    exceptions.iter().any(|(excepted, more)| Some(excepted.as_str()) == name && is_allowed(licence, &[allowed, more].concat()))
}

/// Old manifests write `MIT/Apache-2.0` for what is now `MIT OR Apache-2.0`.
fn is_allowed(licence: &str, allowed: &[Licensee]) -> bool {
    Expression::parse(&licence.replace('/', " OR "))
        .is_ok_and(|expression| expression.evaluate(|required| allowed.iter().any(|licensee| licensee.satisfies(required))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_weighed_against_the_list() {
        let allowed = allow_list("[licenses]\nallow = ['MIT', 'Apache-2.0', 'Unicode-3.0', 'Apache-2.0 WITH LLVM-exception']").unwrap();
        for good in
            ["MIT", "MIT/Apache-2.0", "GPL-3.0-only OR MIT", "(MIT OR Apache-2.0) AND Unicode-3.0", "Apache-2.0 WITH LLVM-exception"]
        {
            assert!(is_allowed(good, &allowed), "{good}");
        }
        let exceptions = exceptions("[licenses]\nexceptions = [{ crate = 'mdbook-core', allow = ['MPL-2.0'] }]").unwrap();
        assert!(is_excepted(Some("mdbook-core"), "MPL-2.0 AND MIT", &allowed, &exceptions));
        assert!(!is_excepted(Some("mdbook-core"), "AGPL-3.0-only", &allowed, &exceptions));
        assert!(!is_excepted(Some("other"), "MPL-2.0", &allowed, &exceptions));
        for bad in ["", "AGPL-3.0-only", "MIT AND MPL-2.0", "nonsense"] {
            assert!(!is_allowed(bad, &allowed), "{bad}");
        }
    }
}
