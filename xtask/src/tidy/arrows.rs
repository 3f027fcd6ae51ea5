//! Who may know whom: the arrows of ARCHITECTURE.md, between packages of the workspace.

use anyhow::{Context, Result};
use serde_json::Value;

use super::Finding;

/// Each package with those that it may depend on. `sidetone-testkit` may be a dev-dependency of any.
const ARROWS: &[(&str, &[&str])] = &[
    ("sidetone-engine", &[]),
    ("sidetone-wire", &["sidetone-engine"]),
    ("sidetone-engine-wasm", &["sidetone-engine", "sidetone-wire"]),
    ("sidetone-denoise-wasm", &[]),
    ("sidetone-store", &["sidetone-engine", "sidetone-wire"]),
    ("sidetone-store-sqlite", &["sidetone-engine", "sidetone-wire", "sidetone-store"]),
    ("sidetone-sip", &["sidetone-engine"]),
    ("sidetone-server", &["sidetone-engine", "sidetone-wire", "sidetone-store", "sidetone-sip"]),
    ("sidetone-cli", &["sidetone-engine", "sidetone-wire", "sidetone-store", "sidetone-store-sqlite", "sidetone-server"]),
    ("sidetone-testkit", &["sidetone-engine", "sidetone-wire", "sidetone-store"]),
    ("sidetone-lab", &["sidetone-engine", "sidetone-wire"]),
    ("xtask", &[]),
];

/// Judges the packages that `cargo metadata` lists.
pub(super) fn check(metadata: &Value) -> Result<Vec<Finding>> {
    let members: Vec<&Value> = metadata["workspace_members"].as_array().context("workspace_members")?.iter().collect();
    let packages = metadata["packages"].as_array().context("packages")?;
    let mut findings = Vec::new();
    for package in packages.iter().filter(|package| members.contains(&&package["id"])) {
        let name = package["name"].as_str().context("package name")?;
        let dependencies = package["dependencies"].as_array().context("dependencies")?;
        findings.extend(check_package(name, dependencies));
    }
    Ok(findings)
}

fn check_package(name: &str, dependencies: &[Value]) -> Vec<Finding> {
    let Some((_, allowed)) = ARROWS.iter().find(|(package, _)| *package == name) else {
        return vec![Finding::new(name, "a new room: add its arrows to xtask/src/tidy/arrows.rs and ARCHITECTURE.md")];
    };
    let mut findings = Vec::new();
    for dependency in dependencies {
        let Some(to) = dependency["name"].as_str() else { continue };
        let is_ours = ARROWS.iter().any(|(package, _)| *package == to);
        // `kind` is null for a normal dependency. A test may know more than the code that it tests.
        let is_for_tests = dependency["kind"].as_str() == Some("dev");
        if is_ours && !is_for_tests && !allowed.contains(&to) {
            findings.push(Finding::new(name, format!("depends on {to}, and no arrow of ARCHITECTURE.md leads there")));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_arrow_against_the_grain_is_found() {
        let dependency = |name: &str, kind: Value| json!({"name": name, "kind": kind});
        assert_eq!(check_package("sidetone-wire", &[dependency("sidetone-engine", Value::Null), dependency("serde", Value::Null)]), []);
        assert_eq!(check_package("sidetone-engine", &[dependency("sidetone-wire", Value::Null)]).len(), 1);
        assert_eq!(check_package("sidetone-engine", &[dependency("sidetone-wire", json!("build"))]).len(), 1);
        assert_eq!(check_package("sidetone-server", &[dependency("sidetone-store-sqlite", json!("dev"))]), []);
        assert_eq!(check_package("sidetone-server", &[dependency("sidetone-testkit", Value::Null)]).len(), 1);
        assert_eq!(check_package("sidetone-kitchen", &[]).len(), 1);
    }
}
