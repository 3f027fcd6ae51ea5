//! The recorded getStats traces of `testdata/traces`: real calls, a report a second. See the README there.

use std::path::PathBuf;

use sidetone_engine::{report::Reports, units::Timestamp};

/// One peer connection of a recorded call.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Its path below `testdata/traces` without extension, such as `lite/av-pc0`.
    pub name: String,
    /// Its reports, oldest first.
    pub reports: Reports,
}

/// The names of all traces, sorted.
pub const NAMES: [&str; 10] = [
    "audio-pc0",
    "audio-pc1",
    "av-pc0",
    "av-pc1",
    "firefox/firefox-audio-pc0",
    "firefox/firefox-audio-pc1",
    "firefox/firefox-av-pc0",
    "firefox/firefox-av-pc1",
    "lite/av-pc0",
    "lite/av-pc1",
];

/// The folder `testdata`.
#[must_use]
pub fn testdata() -> PathBuf {
    // What cargo says when it runs us, not what it said when it built us: clones may share a target folder.
    #[expect(clippy::disallowed_methods, reason = "this is how cargo tells a test where its package is")]
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    // Crates lie deeper than `bench`.
    let up = package.ancestors().map(|folder| folder.join("testdata")).find(|folder| folder.is_dir());
    up.unwrap_or_else(|| package.join("testdata"))
}

/// The bytes of a file below `testdata`.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn file(path: &str) -> Vec<u8> {
    std::fs::read(testdata().join(path)).unwrap_or_else(|error| panic!("testdata/{path}: {error}"))
}

/// One trace by name.
///
/// # Panics
/// When there is none, or it is damaged.
#[must_use]
pub fn load(name: &str) -> Trace {
    let reports = lines(name)
        .map(|line| {
            let time = line["t"].as_f64().and_then(Timestamp::from_millis_f64).unwrap_or_else(|| panic!("{name}: no time"));
            sidetone_wire::json::report_from_value(time, &line["report"]).unwrap_or_else(|error| panic!("{name}: {error}"))
        })
        .collect();
    Trace { name: name.to_owned(), reports }
}

/// Every trace.
///
/// # Panics
/// When one is damaged.
#[must_use]
pub fn all() -> Vec<Trace> {
    NAMES.iter().map(|name| load(name)).collect()
}

/// The lines of a trace as recorded: `{t, pc, ice, conn, report}`.
///
/// # Panics
/// When there is none, or it is damaged.
pub fn lines(name: &str) -> impl Iterator<Item = serde_json::Value> {
    let text = String::from_utf8(file(&format!("traces/{name}.jsonl"))).unwrap_or_else(|error| panic!("{name}: {error}"));
    let lines: Vec<_> = text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}: {error}"))).collect();
    lines.into_iter()
}
