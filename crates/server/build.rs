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

/// What every caller downloads: for these Zopfli takes its time in a release, and a twentieth off; and they come in Brotli beside, another
/// seventh less.
const OFTEN: &[&str] = &["sdk/", "static/"];
/// More of them gain less than a thousandth. As in `xtask/src/wasm.rs`, which keeps the sizes.
const ITERATIONS: u64 = 5;

fn main() -> Result<(), Box<dyn Error>> {
    #[expect(clippy::disallowed_methods, reason = "this is how cargo tells a build script where to write, and for what")]
    let (out, is_release) = (PathBuf::from(env::var("OUT_DIR")?), env::var("PROFILE")? == "release");
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
        write(&assets, &files, &out, is_release)?;
    } else {
        println!("cargo::rerun-if-changed=build.rs");
        println!(
            "cargo::warning=no folder above {} has CACHEDIR.TAG, so the assets are not found: pages will have no scripts",
            out.display()
        );
        write(&out, &files, &out, is_release)?;
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
fn write(assets: &Path, files: &[PathBuf], out: &Path, is_release: bool) -> Result<(), Box<dyn Error>> {
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
        let keep = |ending: &str, coded: Option<Vec<u8>>| -> Result<String, Box<dyn Error>> {
            let Some(coded) = coded.filter(|coded| coded.len() < bytes.len()) else { return Ok("None".to_owned()) };
            fs::write(copies.join(format!("{index}{ending}")), coded)?;
            Ok(format!("Some({})", include(ending)))
        };
        let takes_time = is_release && OFTEN.iter().any(|folder| name.starts_with(folder));
        let (gzip, brotli) = if COMPRESSED.iter().any(|ending| name.ends_with(ending)) {
            (None, None)
        } else {
            (Some(gzip(&bytes, takes_time)?), if takes_time { Some(brotli(&bytes)?) } else { None })
        };
        let (gzip, brotli) = (keep(".gz", gzip)?, keep(".br", brotli)?);
        writeln!(table, "    File {{ path: {name:?}, bytes: {}, gzip: {gzip}, brotli: {brotli} }},", include(""))?;
    }
    table.push_str("];\n");
    fs::write(out.join("assets.rs"), table)?;
    Ok(())
}

/// The same with gzip.
fn gzip(bytes: &[u8], takes_time: bool) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut compressed = Vec::new();
    if takes_time {
        let options = zopfli::Options { iteration_count: ITERATIONS.try_into()?, ..zopfli::Options::default() };
        zopfli::compress(options, zopfli::Format::Gzip, bytes, &mut compressed)?;
    } else {
        let mut encoder = GzEncoder::new(&mut compressed, Compression::best());
        encoder.write_all(bytes)?;
        encoder.finish()?;
    }
    Ok(compressed)
}

/// The same with Brotli, as small as it gets.
fn brotli(bytes: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut compressed = Vec::new();
    let params = brotli::enc::BrotliEncoderParams { size_hint: bytes.len(), ..Default::default() };
    brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &params)?;
    Ok(compressed)
}
