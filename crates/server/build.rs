//! Puts what browsers download into the binary: the folder `assets` of the target folder, where `cargo xtask assets` leaves it.
//!
//! Without it the server is built all the same and says of each asset that it was not built.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};

/// Formats that are compressed already.
const COMPRESSED: &[&str] = &["png", "jpg", "webp", "woff2", "tgz"];

fn main() -> Result<(), Box<dyn Error>> {
    #[expect(clippy::disallowed_methods, reason = "this is how cargo tells a build script where to write")]
    let out = PathBuf::from(env::var("OUT_DIR")?);
    // Cargo marks the root of its target folder with this file.
    let target = out.ancestors().find(|folder| folder.join("CACHEDIR.TAG").is_file());
    let mut files = Vec::new();
    if let Some(target) = target {
        let assets = target.join("assets");
        // It must exist, or cargo takes it for changed each time.
        fs::create_dir_all(&assets)?;
        println!("cargo::rerun-if-changed={}", assets.display());
        list(&assets, &mut files)?;
        files.sort();
        write(&assets, &files, &out)?;
    } else {
        println!("cargo::rerun-if-changed=build.rs");
        println!(
            "cargo::warning=no folder above {} has CACHEDIR.TAG, so the assets are not found: pages will have no scripts",
            out.display()
        );
        write(&out, &files, &out)?;
    }
    Ok(())
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { list(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

/// Copies each file to `out`, plain and compressed, and writes the table that `src/asset.rs` includes.
fn write(assets: &Path, files: &[PathBuf], out: &Path) -> Result<(), Box<dyn Error>> {
    let copies = out.join("assets");
    if copies.exists() {
        fs::remove_dir_all(&copies)?;
    }
    fs::create_dir_all(&copies)?;
    let mut table = String::from("const FILES: &[File] = &[\n");
    for (index, file) in files.iter().enumerate() {
        let name = file.strip_prefix(assets)?.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
        let bytes = fs::read(file)?;
        fs::write(copies.join(index.to_string()), &bytes)?;
        let include = |ending: &str| format!(r#"include_bytes!(concat!(env!("OUT_DIR"), "/assets/{index}{ending}"))"#);
        let mut gzip = "None".to_owned();
        if !COMPRESSED.iter().any(|ending| name.ends_with(ending)) {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(&bytes)?;
            let compressed = encoder.finish()?;
            if compressed.len() < bytes.len() {
                fs::write(copies.join(format!("{index}.gz")), compressed)?;
                gzip = format!("Some({})", include(".gz"));
            }
        }
        writeln!(table, "    File {{ path: {name:?}, bytes: {}, gzip: {gzip} }},", include(""))?;
    }
    table.push_str("];\n");
    fs::write(out.join("assets.rs"), table)?;
    Ok(())
}
