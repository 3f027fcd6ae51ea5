//! Where things are: the root, the target folder, the files of the tree, Cargo's view of the packages.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        // What cargo says when it runs us, not what it said when it built us: clones may share a target folder.
        #[expect(clippy::disallowed_methods, reason = "this is how cargo tells a program where its package is")]
        let package = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        package.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
    });
    &ROOT
}

/// `cargo`, run at the root.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root());
    command
}

/// What `cargo metadata` says, with every feature on and dependencies resolved for this machine.
pub(crate) fn metadata() -> Result<Value> {
    let version = process::output(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).context("`rustc -vV` names no host")?;
    let text = process::output(cargo().args(["metadata", "--format-version", "1", "--all-features", "--filter-platform", host]))?;
    serde_json::from_str(&text).context("output of cargo metadata")
}

/// Cargo's target folder, wherever it was moved to.
pub(crate) fn target_folder() -> Result<PathBuf> {
    let text = process::output(cargo().args(["metadata", "--format-version", "1", "--no-deps"]))?;
    let metadata: Value = serde_json::from_str(&text).context("output of cargo metadata")?;
    Ok(metadata["target_directory"].as_str().context("cargo metadata names no target folder")?.into())
}

/// Every file of the tree by its path from the root: tracked, or new and not ignored.
pub(crate) fn files() -> Result<Vec<String>> {
    let mut git = Command::new("git");
    git.current_dir(root()).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"]);
    let listed = process::output(&mut git)?;
    let mut files: Vec<String> = listed.split('\0').filter(|path| !path.is_empty()).map(Into::into).collect();
    files.retain(|path| root().join(path).is_file());
    files.sort();
    Ok(files)
}
