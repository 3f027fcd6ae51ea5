//! `cargo xtask assets` and `cargo xtask build`: what browsers download, then the program that carries it.
//!
//! Each package with a script `build` writes into the folder that `SIDETONE_ASSETS` names, and finds the engine and the phone's noise reduction
//! as WebAssembly in the folders that `SIDETONE_ENGINE` and `SIDETONE_DENOISE` name; the handbook and the licences of others' work come beside them. What came out is then brought to `assets` in the target folder, where
//! `crates/server/build.rs` finds it; a file that did not change is left alone, so that the server is built again only when one did.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use flate2::{Compression, write::GzEncoder};

use crate::{handbook, notices, npm, process, wasm, workspace};

/// Builds the assets and says how large they are.
pub(crate) fn run(args: &[String]) -> Result<()> {
    ensure!(args.is_empty(), "`cargo xtask assets` takes no arguments");
    println!("{}", build()?);
    Ok(())
}

/// Builds the assets, then the program for release.
pub(crate) fn program(args: &[String]) -> Result<()> {
    build()?;
    process::run(workspace::cargo().args(["build", "--release", "--locked", "--package", "sidetone-cli"]).args(args))?;
    println!("{}", workspace::target_folder()?.join("release/sidetone").display());
    Ok(())
}

/// Builds what is not up to date; gives one line on what there is.
pub(crate) fn build() -> Result<String> {
    let (engine, denoise) = (wasm::engine()?, wasm::denoise()?);
    npm::install()?;
    let target = workspace::target_folder()?;
    let staged = target.join("assets-staged");
    if staged.exists() {
        fs::remove_dir_all(&staged).with_context(|| staged.display().to_string())?;
    }
    fs::create_dir_all(&staged).with_context(|| staged.display().to_string())?;
    let sdk = staged.join("sdk");
    fs::create_dir(&sdk).with_context(|| sdk.display().to_string())?;
    fs::write(sdk.join("notices.txt"), notices::of_the_sdk()?)?;
    for package in npm::packages_with("build")? {
        let mut script = npm::script(&package, "build");
        script.env("SIDETONE_ASSETS", &staged).env("SIDETONE_ENGINE", &engine.folder).env("SIDETONE_DENOISE", &denoise.folder);
        process::run(&mut script)?;
    }
    handbook::build(&staged.join("handbook"))?;
    fs::write(staged.join("handbook/notices.txt"), notices::of_the_program()?)?;
    let built = read(&staged)?;
    bring(&built, &target.join("assets"))?;
    sizes(&built)
}

/// Every file of a folder by its path within, with `/`.
pub(crate) fn read(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).with_context(|| next.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name: PathBuf = path.strip_prefix(folder)?.into();
                let name = name.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
                files.insert(name, fs::read(&path).with_context(|| path.display().to_string())?);
            }
        }
    }
    Ok(files)
}

/// Makes the folder hold these files and no others.
pub(crate) fn bring(files: &BTreeMap<String, Vec<u8>>, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let before = read(folder)?;
    for name in before.keys().filter(|name| !files.contains_key(*name)) {
        fs::remove_file(folder.join(name)).with_context(|| name.clone())?;
    }
    for (name, bytes) in files.iter().filter(|(name, bytes)| before.get(*name) != Some(bytes)) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(folder)).with_context(|| name.clone())?;
        fs::write(&path, bytes).with_context(|| name.clone())?;
    }
    Ok(())
}

/// Prints the size of each script, style and module, plain and with gzip.
fn sizes(files: &BTreeMap<String, Vec<u8>>) -> Result<String> {
    let mut total = 0;
    for (name, bytes) in files {
        total += bytes.len();
        if [".js", ".mjs", ".css", ".wasm"].iter().any(|ending| name.ends_with(ending)) && !name.starts_with("handbook/") {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
            gzip.write_all(bytes)?;
            println!("{:>9.1} kB {:>8.1} kB gzip  {name}", kilobytes(bytes.len()), kilobytes(gzip.finish()?.len()));
        }
    }
    Ok(format!("{} files, {:.1} kB", files.len(), kilobytes(total)))
}

fn kilobytes(bytes: usize) -> f64 {
    bytes as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_did_not_change_is_left_alone_and_a_stale_one_goes() {
        let folder = std::env::temp_dir().join(format!("sidetone-assets-{}", std::process::id()));
        let files = |list: &[(&str, &str)]| list.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
        bring(&files(&[("sdk/a.js", "1"), ("sdk/b.js", "2")]), &folder).unwrap();
        let written = fs::metadata(folder.join("sdk/a.js")).unwrap().modified().unwrap();
        let next = files(&[("sdk/a.js", "1"), ("demo/c.html", "3")]);
        bring(&next, &folder).unwrap();
        assert_eq!(read(&folder).unwrap(), next);
        assert_eq!(fs::metadata(folder.join("sdk/a.js")).unwrap().modified().unwrap(), written);
        fs::remove_dir_all(folder).unwrap();
    }
}
