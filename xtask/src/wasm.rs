//! `cargo xtask wasm`: the engine, and the phone's noise reduction with its JavaScript glue, as WebAssembly.
//!
//! The standard library is built along, for size and without words for a panic: nobody in a browser reads them, and they are a fifth of the
//! module. Its sources come from rustup where rustup can give them. Where it cannot (an offline mirror, a distribution's Rust) and the machine
//! runs Debian, they come with Debian's `rustc-web`. Both compilers are stable ones that are told to take the options for this.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, ensure};

use crate::{debian, npm, process, workspace};

const TARGET: &str = "wasm32-unknown-unknown";
/// The loop of SHA-256 written once instead of 64 times is 7 kB less. Where in which file a panic came from nobody is told either.
const RUST_FLAGS: &str =
    "-Clinker-flavor=wasm-ld -Zunstable-options -Zlocation-detail=none -Cpanic=immediate-abort --cfg sha2_backend_soft=\"compact\"";
/// How long rustup may take to download 3 MB before it is taken to be cut off from them.
const RUSTUP_PATIENCE: Duration = Duration::from_secs(120);
/// The package of each module.
const ENGINE: &str = "sidetone-engine-wasm";
const DENOISE: &str = "sidetone-denoise-wasm";

/// The engine with gzip may not be larger: every caller downloads it whose page listens to series or issues …
pub(crate) const GZIP_BYTES_MAX: usize = 81_400;
/// … and this every other: with the collector it is less than 80 kB.
pub(crate) const ENCODER_GZIP_BYTES_MAX: usize = 49_000;

/// A built module.
pub(crate) struct Module {
    /// Holds `engine.wasm` and `encoder.wasm`, or `denoise_bg.wasm` with its glue `denoise.js` and `denoise.d.ts`.
    pub(crate) folder: PathBuf,
    /// Its size with gzip.
    pub(crate) gzip_bytes: usize,
    /// Its size in words.
    pub(crate) size: String,
}

/// Builds and says where the result is.
pub(crate) fn run(args: &[String]) -> Result<()> {
    ensure!(args.is_empty(), "`cargo xtask wasm` takes no arguments");
    for module in [engine()?, denoise()?] {
        println!("{}: {}", module.folder.display(), module.size);
    }
    Ok(())
}

/// The engine, built anew if it is not up to date: with the analysis, and as `encoder.wasm` without.
pub(crate) fn engine() -> Result<Module> {
    let folder = workspace::target_folder()?.join("engine-wasm");
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    optimised(&build(ENGINE, &["--no-default-features"])?, &folder, "encoder")?;
    optimised(&build(ENGINE, &[])?, &folder, "engine")?;
    Module::of(folder, "engine.wasm")
}

/// The phone's noise reduction, built anew if it is not up to date.
pub(crate) fn denoise() -> Result<Module> {
    let folder = workspace::target_folder()?.join("denoise-wasm");
    glue(&build(DENOISE, &[])?, &folder, "denoise")?;
    Module::of(folder, "denoise_bg.wasm")
}

impl Module {
    /// The module of that name in a folder.
    pub(crate) fn of(folder: PathBuf, name: &str) -> Result<Self> {
        let bytes = fs::read(folder.join(name)).with_context(|| name.to_owned())?;
        // As a release gives it: `crates/server/build.rs`.
        let options = zopfli::Options { iteration_count: 5.try_into()?, ..zopfli::Options::default() };
        let mut gzip = Vec::new();
        zopfli::compress(options, zopfli::Format::Gzip, &bytes[..], &mut gzip)?;
        let gzip_bytes = gzip.len();
        let size = format!("{:.1} kB, {:.1} kB with gzip", kilobytes(bytes.len()), kilobytes(gzip_bytes));
        Ok(Self { folder, gzip_bytes, size })
    }
}

/// The bare module of a package with these features.
fn build(package: &str, features: &[&str]) -> Result<PathBuf> {
    let target_folder = workspace::target_folder()?;
    process::run(
        Toolchain::find()?
            .cargo(&target_folder)
            .args(["build", "--locked", "--package", package, "--target", TARGET, "--profile", "wasm-release"])
            .args(features),
    )?;
    Ok(target_folder.join(TARGET).join("wasm-release").join(format!("{}.wasm", package.replace('-', "_"))))
}

/// How Binaryen makes a module small. The first kilobyte of memory is the end of the stack, where nothing has an address; flattened once, more
/// is found to be the same; and what is said of the alignment of an address, to which no engine listens, is the same everywhere.
const BINARYEN: [&str; 9] = [
    "--low-memory-unused",
    "--strip-producers",
    "--strip-target-features",
    "-Oz",
    "--flatten",
    "--rereloop",
    "-Oz",
    "--converge",
    "--dealign",
];

/// Writes `NAME.wasm` by Binaryen, unless it was made so from these very bytes: 5 % less with gzip, and what only developers read is gone.
fn optimised(bare: &Path, folder: &Path, name: &str) -> Result<()> {
    let mut bytes = fs::read(bare).with_context(|| bare.display().to_string())?;
    bytes.extend_from_slice(BINARYEN.join(" ").as_bytes());
    let made_from = folder.join(format!("{name}-made-from.wasm"));
    let made = folder.join(format!("{name}.wasm"));
    if made.is_file() && fs::read(&made_from).is_ok_and(|before| before == bytes) {
        return Ok(());
    }
    npm::install()?;
    let mut wasm_opt = Command::new("node");
    wasm_opt.arg(workspace::root().join("node_modules/binaryen/bin/wasm-opt")).arg(bare);
    process::run(wasm_opt.args(BINARYEN).arg("-o").arg(&made))?;
    fs::write(&made_from, bytes).with_context(|| made_from.display().to_string())
}

fn kilobytes(bytes: usize) -> f64 {
    bytes as f64 / 1000.0
}

/// Writes the JavaScript glue, unless it was made from these very bytes.
fn glue(bare: &Path, folder: &Path, name: &str) -> Result<()> {
    let bytes = fs::read(bare).with_context(|| bare.display().to_string())?;
    let made_from = folder.join("made-from.wasm");
    if fs::read(&made_from).is_ok_and(|before| before == bytes) {
        return Ok(());
    }
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let program = ["run", "--quiet", "--locked", "--package", "xtask", "--features", "wasm-glue", "--bin", "wasm-glue", "--"];
    process::run(workspace::cargo().args(program).args([bare, folder]).arg(name))?;
    fs::write(&made_from, bytes).with_context(|| made_from.display().to_string())
}

/// What can compile for WebAssembly here, and the `rust-lld` that links it.
enum Toolchain {
    /// The `cargo` and `rustc` in use, with the sources of the standard library.
    Rustup { linker: PathBuf },
    /// Debian's.
    Debian { linker: PathBuf },
}

impl Toolchain {
    fn find() -> Result<Self> {
        let sysroot = PathBuf::from(process::output(Command::new("rustc").args(["--print", "sysroot"]))?.trim());
        let linker = linker(&sysroot)?;
        if has_sources(&sysroot) {
            return Ok(Self::Rustup { linker });
        }
        if debian_is_ready() {
            return Ok(Self::Debian { linker });
        }
        println!("the sources of the standard library are not installed: asking rustup for them");
        if process::succeeds_within(RUSTUP_PATIENCE, Command::new("rustup").args(["component", "add", "rust-src"])) && has_sources(&sysroot)
        {
            return Ok(Self::Rustup { linker });
        }
        println!("rustup cannot give them: trying Debian's rustc-web");
        install_from_debian()?;
        Ok(Self::Debian { linker })
    }

    /// Cargo, set up for this toolchain; the subcommand and its arguments are the caller's.
    fn cargo(&self, target_folder: &Path) -> Command {
        let (mut command, linker) = match self {
            Self::Rustup { linker } => (workspace::cargo(), linker),
            Self::Debian { linker } => {
                // By path, and with the choices of the running cargo taken back: on the PATH these names are rustup's.
                let mut command = Command::new(DEBIAN_CARGO);
                command.current_dir(workspace::root()).env("RUSTC", DEBIAN_RUSTC);
                (command, linker)
            }
        };
        command
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_DIR", target_folder)
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", RUST_FLAGS)
            .args(["-Z", "build-std=std,panic_abort", "-Z", "build-std-features=optimize_for_size"]);
        command
    }
}

const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_SOURCES: &str = "/usr/lib/rustlib/src/rust/library/std";
const DEBIAN_PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];

/// Whether a toolchain has the sources of its standard library.
fn has_sources(sysroot: &Path) -> bool {
    sysroot.join("lib/rustlib/src/rust/library/std").is_dir()
}

/// The linker that every toolchain of rustup's carries, and Debian's.
fn linker(sysroot: &Path) -> Result<PathBuf> {
    let places = fs::read_dir(sysroot.join("lib/rustlib")).into_iter().flatten().flatten();
    let mut linkers = places.map(|place| place.path().join("bin").join(format!("rust-lld{}", std::env::consts::EXE_SUFFIX)));
    linkers.find(|linker| linker.is_file()).with_context(|| {
        let sysroot = sysroot.display();
        format!("the Rust in {sysroot} has no rust-lld, which links WebAssembly; use a Rust that rustup installed (https://rustup.rs), and try again")
    })
}

/// Whether Debian's compiler is here and new enough: Debian also has a `rustc` that is older than this code.
fn debian_is_ready() -> bool {
    let wanted: Vec<u64> = version_numbers(env!("CARGO_PKG_RUST_VERSION"));
    let found = process::output(Command::new(DEBIAN_RUSTC).arg("--version")).unwrap_or_default();
    let found = found.split_whitespace().nth(1).map(version_numbers).unwrap_or_default();
    Path::new(DEBIAN_SOURCES).is_dir() && Path::new(DEBIAN_CARGO).is_file() && found >= wanted
}

fn version_numbers(text: &str) -> Vec<u64> {
    text.split('.').map_while(|part| part.parse().ok()).collect()
}

fn install_from_debian() -> Result<()> {
    // `cargo +NAME` may have chosen another than rustup would.
    #[expect(clippy::disallowed_methods, reason = "this is how rustup tells a program which toolchain runs")]
    let toolchain = std::env::var("RUSTUP_TOOLCHAIN").ok();
    let by_hand = by_hand(toolchain.as_deref());
    debian::install(&DEBIAN_PACKAGES, &by_hand)?;
    ensure!(debian_is_ready(), "Debian's rustc-web is older than Rust {}\n{by_hand}", env!("CARGO_PKG_RUST_VERSION"));
    Ok(())
}

/// What to do where neither rustup nor Debian could be made to give what is needed.
fn by_hand(toolchain: Option<&str>) -> String {
    let toolchain = toolchain.map_or_else(String::new, |name| format!(" --toolchain {name}"));
    format!(
        "the engine cannot be built as WebAssembly here; do one of these and try again:\n  \
         rustup component add rust-src{toolchain}\n  apt-get update && apt-get install {}   (Debian 12 or later, as root)",
        DEBIAN_PACKAGES.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toolchain_is_known_by_its_linker_and_its_sources() {
        let sysroot = workspace::target_folder().unwrap().join(format!("toolchain-{}", std::process::id()));
        let error = linker(&sysroot).unwrap_err().to_string();
        assert!(error.contains("no rust-lld") && error.contains("https://rustup.rs"), "{error}");
        assert!(!has_sources(&sysroot));
        let host = sysroot.join("lib/rustlib/some-host/bin");
        for folder in [&host, &sysroot.join("lib/rustlib/etc"), &sysroot.join("lib/rustlib/src/rust/library/std")] {
            fs::create_dir_all(folder).unwrap();
        }
        let lld = host.join(format!("rust-lld{}", std::env::consts::EXE_SUFFIX));
        fs::write(&lld, []).unwrap();
        assert_eq!(linker(&sysroot).unwrap(), lld);
        assert!(has_sources(&sysroot));
        fs::remove_dir_all(&sysroot).unwrap();
    }

    #[test]
    fn what_is_to_be_done_names_the_toolchain_in_use() {
        assert!(
            by_hand(Some("1.96-aarch64-apple-darwin")).contains("rustup component add rust-src --toolchain 1.96-aarch64-apple-darwin\n")
        );
        assert!(by_hand(None).contains("rustup component add rust-src\n"));
    }

    #[test]
    fn versions_compare_by_number() {
        assert!(version_numbers("1.96.0") > version_numbers("1.95"));
        assert!(version_numbers("1.100.0") > version_numbers("1.95"));
        assert!(version_numbers("1.85.0") < version_numbers("1.95"));
    }
}
