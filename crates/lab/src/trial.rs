//! Trials: real calls with one known fault each, or none; what was done is in a table, what both ends reported in a file for each.
//!
//! `expect` says what such a fault should and may be told as, `replay` gives the recorded reports to the engine, `score` compares the two,
//! `kind` counts by kind, `sight` compares pictures, `page` writes it down, `pack` makes the data set from fresh recordings.

pub mod expect;
pub mod kind;
pub mod pack;
pub mod page;
pub mod peer;
pub mod replay;
pub mod score;
pub mod sight;

use std::{fs, io::Read, path::Path};

use anyhow::{Context, Result};
use score::Scored;
use serde::{Deserialize, Serialize};
use sidetone_engine::issue::RuleSet;
use sidetone_wire::portable::{self, PortableConference};

/// A row of `testdata/quality/trials.csv`. Times are milliseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Trial {
    /// Name, also of the file with its reports.
    pub id: String,
    /// What was done; `lab/src/trial.ts` lists the faults.
    pub fault: String,
    /// At whose end: `a`, `b` or `c`.
    pub whose: String,
    /// `tuning`, `held_out`, or `void`: the fault did not happen, or the SDK of that time left out what it tells of it since.
    pub part: String,
    /// How many took part.
    pub parties: u32,
    /// How strong the fault was, where that was drawn, as `lab/src/trial.ts` spells it.
    pub settings: String,
    /// Everybody was connected …
    pub connected_ms: f64,
    /// … the fault began …
    pub from_ms: f64,
    /// … and was over …
    pub until_ms: f64,
    /// … and so was what is looked at.
    pub ended_ms: f64,
    /// How late the relay was in one wake-up of a thousand.
    pub late_ms: f64,
    /// For how long a machine stood still at the worst that nothing was done to: by its camera, and by reports that came late.
    pub gap_ms: f64,
    /// Whether buffers and pictures had come to rest before the trial began.
    pub is_calm: bool,
}

/// What this machine may add to the faults that are known: beyond, the trial is in no figure.
const LATE_MS_MAX: f64 = 100.0;
const GAP_MS_MAX: f64 = 250.0;

impl Trial {
    /// Whether the machine did more to it than the fault, or the fault was none.
    #[must_use]
    pub fn is_disturbed(&self) -> bool {
        self.part == "void" || self.late_ms > LATE_MS_MAX || self.gap_ms >= GAP_MS_MAX
    }

    /// Whether nobody may change a rule because of it.
    #[must_use]
    pub fn is_held_out(&self) -> bool {
        self.part == "held_out"
    }
}

/// The trials of a table.
///
/// # Errors
/// When the table cannot be read.
pub fn read(table: &Path) -> Result<Vec<Trial>> {
    let mut reader = csv::Reader::from_path(table).with_context(|| table.display().to_string())?;
    reader.deserialize().collect::<Result<_, _>>().with_context(|| table.display().to_string())
}

/// What was recorded of a trial, from the folder of the data set.
///
/// # Errors
/// When its file is missing or damaged.
pub fn recording(folder: &Path, trial: &Trial) -> Result<PortableConference> {
    let path = folder.join(format!("{}.sidetone.gz", trial.id));
    let file = fs::File::open(&path).with_context(|| path.display().to_string())?;
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(file).read_to_end(&mut text).with_context(|| path.display().to_string())?;
    portable::read(&text).with_context(|| path.display().to_string())
}

/// Every trial of a data set with what the engine says of it now.
///
/// # Errors
/// When the data set cannot be read.
pub fn scored(folder: &Path, table: &Path) -> Result<Vec<Scored>> {
    let rules = RuleSet::default();
    let score = |trial: Trial| Ok(Scored { replay: replay::replay(&recording(folder, &trial)?, &rules), trial });
    read(table)?.into_iter().map(score).collect()
}
