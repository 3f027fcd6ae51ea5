//! `cargo xtask lab`: real calls over bad paths, scored against what was said, and the scores' constants fitted to them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};

use crate::{assets, debian, npm, process, workspace};

/// The committed data set.
const DATA_SET: &str = "testdata/quality/segments.csv";
/// All data sets.
const DATA_SETS: &str = "testdata/quality";
/// Where the fitted constants live, and the line from which on they are written.
const CONSTANTS: &str = "crates/engine/src/score/constants.rs";
const FITTED: &str = "/// Fitted by";

/// What calls and their scoring need, by the Debian package that has each.
const PROGRAMS: [(&str, &str); 10] = [
    ("chromium", "/usr/bin/chromium"),
    ("coturn", "/usr/bin/turnserver"),
    ("ffmpeg", "/usr/bin/ffmpeg"),
    // For the part of visqol-python that PyPI has as source alone.
    ("g++", "/usr/bin/g++"),
    ("python3-venv", "/usr/lib/python3/dist-packages"),
    ("asterisk-core-sounds-en-g722", "/usr/share/asterisk/sounds/en_US_f_Allison/demo-instruct.g722"),
    ("asterisk-core-sounds-es-g722", "/usr/share/asterisk/sounds/es_MX_f_Allison/demo-instruct.g722"),
    ("asterisk-core-sounds-fr-g722", "/usr/share/asterisk/sounds/fr_CA_f_June/demo-instruct.g722"),
    ("asterisk-core-sounds-it-g722", "/usr/share/asterisk/sounds/it_IT_m_Carlo/demo-instruct.g722"),
    ("asterisk-core-sounds-ru-g722", "/usr/share/asterisk/sounds/ru_RU_f_IvrvoiceRU/demo-instruct.g722"),
];

/// A run of the lab.
struct Size {
    /// Name of its folder.
    name: &'static str,
    /// Decides the conditions, the losses and who speaks.
    seed: u32,
    calls: u32,
    at_once: u32,
}

/// Under ten minutes on two cores, the setup included.
const QUICK: Size = Size { name: "quick", seed: 7, calls: 12, at_once: 2 };
/// Rounds of one trial of each fault, and their seed: not one of those that the data set has.
const ROUNDS: u32 = 1;
const TRIAL_SEED: u32 = 32;
/// Some forty minutes on two cores.
const FULL: Size = Size { name: "full", seed: 11, calls: 160, at_once: 3 };

/// `lab`, `lab --quick`, `lab trials`, `lab report`, `lab fit`.
pub(crate) fn run(args: &[String]) -> Result<()> {
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => record(&FULL),
        ["--quick"] => record(&QUICK),
        ["trials"] => trials(),
        ["report"] => {
            print!("{}", report()?);
            Ok(())
        }
        ["fit"] => fit(),
        _ => bail!("`cargo xtask lab` takes --quick, trials, report, fit or nothing"),
    }
}

/// The page on accuracy.
pub(crate) fn report() -> Result<String> {
    sidetone_lab(&["report", DATA_SETS])
}

/// Places calls, scores what was heard, and says how close the formulas come. A run that was broken off goes on.
fn record(size: &Size) -> Result<()> {
    install()?;
    npm::install()?;
    let lab = workspace::target_folder()?.join("lab");
    let (calls, speech, python) = (lab.join(size.name), lab.join("speech"), python(&lab)?);
    let script = |name: &str| workspace::root().join("lab/score").join(name);
    process::run(Command::new(&python).arg(script("speech.py")).arg(&speech))?;
    let numbers = [size.seed, size.calls, size.at_once].map(|number| number.to_string());
    process::run(npm::script("lab", "record").arg("--").args([&calls, &speech]).args(numbers))?;
    let table = lab.join(format!("{}.csv", size.name));
    process::run(Command::new(&python).arg(script("score.py")).args([&calls, &speech, &table]))?;
    println!("\n{}\n{}", table.display(), sidetone_lab(&["fresh", path(&table)?])?);
    Ok(())
}

/// Places calls with known faults, and says what Sidetone and other libraries tell of them. A run that was broken off goes on.
fn trials() -> Result<()> {
    install()?;
    npm::install()?;
    assets::build()?;
    let lab = workspace::target_folder()?.join("lab");
    let (calls, speech, python) = (lab.join("trials"), lab.join("speech"), python(&lab)?);
    let (set, json) = (lab.join("trials-set"), lab.join("trials-json"));
    process::run(Command::new(&python).arg(workspace::root().join("lab/score/speech.py")).arg(&speech))?;
    let scripts = workspace::target_folder()?.join("assets");
    let numbers = [TRIAL_SEED, ROUNDS, QUICK.at_once].map(|number| number.to_string());
    process::run(npm::script("lab", "faults").arg("--").args([&calls, &speech, &scripts]).args(numbers))?;
    sidetone_lab(&["pack", path(&calls)?, path(&set)?])?;
    sidetone_lab(&["unpack", path(&set)?, path(&json)?])?;
    process::run(npm::script("lab", "peers").arg("--").args([&json, &set.join("peers.csv")]))?;
    process::run(npm::script("lab", "sight").arg("--").args([&calls, &set.join("video.csv")]))?;
    println!("{}", sidetone_lab(&["told", path(&set)?])?);
    Ok(())
}

/// Fits the constants anew and writes them; `cargo xtask gen` then writes the page.
fn fit() -> Result<()> {
    let fitted = sidetone_lab(&["fit", DATA_SET])?;
    let file = workspace::root().join(CONSTANTS);
    let source = fs::read_to_string(&file).context(CONSTANTS)?;
    let (kept, _) = source.split_once(FITTED).with_context(|| format!("{CONSTANTS} has no line that begins with `{FITTED}`"))?;
    fs::write(&file, format!("{kept}{fitted}")).context(CONSTANTS)?;
    println!("{CONSTANTS}\n{fitted}");
    Ok(())
}

fn sidetone_lab(args: &[&str]) -> Result<String> {
    process::output(workspace::cargo().args(["run", "--quiet", "--locked", "--package", "sidetone-lab", "--"]).args(args))
}

fn path(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| path.display().to_string())
}

fn install() -> Result<()> {
    let missing: Vec<&str> = PROGRAMS.into_iter().filter(|(_, path)| !Path::new(path).exists()).map(|(package, _)| package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    debian::install(&missing, &format!("the lab needs {names}; as root on Debian:\n  apt-get update && apt-get install {names}"))
}

/// Python with what `lab/score/requirements.txt` names, in an environment of its own.
fn python(lab: &Path) -> Result<PathBuf> {
    let (environment, wanted) = (lab.join("python"), workspace::root().join("lab/score/requirements.txt"));
    let (python, installed) = (environment.join("bin/python"), environment.join("installed.txt"));
    let text = fs::read_to_string(&wanted).context("lab/score/requirements.txt")?;
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == text) {
        return Ok(python);
    }
    fs::create_dir_all(lab)?;
    process::run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    process::run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(&wanted))?;
    ensure!(python.is_file(), "{} was not made", python.display());
    fs::write(installed, text)?;
    Ok(python)
}
