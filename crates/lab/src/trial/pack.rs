//! The data set from fresh recordings: all batches of an end in one, which compresses best, and a row for each trial.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use flate2::{Compression, write::GzEncoder};
use serde::Deserialize;
use serde_json::Value;
use sidetone_engine::{ids::ConferenceId, units::Timestamp};
use sidetone_wire::{
    batch::{self, Batch},
    json::{batch_from_json, batch_to_json},
    portable::{self, PortableConference},
};

use super::{Trial, expect::of};

/// What `lab/src/faults.ts` writes of a trial, as far as the data set has it.
#[derive(Deserialize)]
struct Recorded {
    id: String,
    fault: String,
    whose: String,
    part: String,
    parties: u32,
    impairment: BTreeMap<String, Value>,
    gain_db: Option<f64>,
    stopped_share: Option<f64>,
    drift_ppm: Option<f64>,
    scale: Option<f64>,
    connected_ms: f64,
    from_ms: f64,
    until_ms: f64,
    ended_ms: f64,
    late_ms: f64,
    #[serde(default = "calm")]
    is_calm: bool,
    accounts: BTreeMap<String, Account>,
}

/// The first trials were begun without waiting for calm.
fn calm() -> bool {
    true
}

/// What a party left behind.
#[derive(Deserialize)]
struct Account {
    /// When it filmed which picture.
    filmed: Vec<(f64, u32)>,
}

/// A camera that films 15 times a second and stands still for this long stands on a machine that stands still.
const STALL_MS: f64 = 250.0;
/// A trial without a fault may end early, but not before this.
const WHOLE_MS: f64 = 25_000.0;

/// Writes the recordings of `folder` to the data set `set`, and a row for each to `table`; gives the number of trials. What the table has
/// already stays.
///
/// # Errors
/// When a recording cannot be read, or the data set not written.
pub fn pack(folder: &Path, set: &Path, table: &Path) -> Result<usize> {
    let mut trials: BTreeMap<String, Trial> =
        if table.exists() { super::read(table)?.into_iter().map(|trial| (trial.id.clone(), trial)).collect() } else { BTreeMap::new() };
    fs::create_dir_all(set).with_context(|| set.display().to_string())?;
    let mut count = 0;
    for path in files(folder)?.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "json")) {
        let recorded: Recorded = serde_json::from_slice(&fs::read(&path)?).with_context(|| path.display().to_string())?;
        let conference = gathered(&recorded.id, &folder.join(&recorded.id))?;
        let (stall_ms, ended_ms) = stalls(&recorded);
        let gap_ms = gap_ms(&recorded, &conference, ended_ms).max(stall_ms);
        let file = fs::File::create(set.join(format!("{}.sidetone.gz", recorded.id)))?;
        let mut writer = GzEncoder::new(file, Compression::best());
        writer.write_all(&portable::write(&conference))?;
        writer.finish()?;
        trials.insert(recorded.id.clone(), row(Recorded { ended_ms, ..recorded }, gap_ms));
        count += 1;
    }
    let mut writer = csv::Writer::from_path(table).with_context(|| table.display().to_string())?;
    for trial in trials.values() {
        writer.serialize(trial)?;
    }
    writer.flush()?;
    Ok(count)
}

/// Writes the reports of every trial as JSON, a line for each end, for programs that are not ours.
///
/// # Errors
/// When the data set cannot be read, or `folder` not written.
pub fn unpack(set: &Path, table: &Path, folder: &Path) -> Result<usize> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let trials = super::read(table)?;
    for trial in &trials {
        let conference = super::recording(set, trial)?;
        let ends = conference.batches.iter().filter(|batch| !batch.reports.is_empty());
        let lines: Vec<Vec<u8>> = ends.map(batch_to_json).collect();
        fs::write(folder.join(format!("{}.jsonl", trial.id)), lines.join(&b'\n'))?;
    }
    Ok(trials.len())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.sort();
    Ok(files)
}

/// The batches of a folder, those of one end in one.
fn gathered(id: &str, folder: &Path) -> Result<PortableConference> {
    let mut ends: BTreeMap<(String, String), Batch> = BTreeMap::new();
    let mut batches = Vec::new();
    for path in files(folder)?.into_iter().filter(|path| path.is_file()) {
        let bytes = fs::read(&path)?;
        let is_json = path.extension().is_some_and(|extension| extension == "json");
        let batch = if is_json { batch_from_json(&bytes) } else { batch::decode(&bytes) };
        batches.push(batch.with_context(|| path.display().to_string())?);
    }
    batches.sort_by_key(|batch| batch.batch_seq);
    for batch in batches {
        let end = (batch.participant_id.to_string(), batch.peer_connection_id.to_string());
        if let Some(held) = ends.get_mut(&end) {
            held.events.extend(batch.events);
            held.reports.extend(&batch.reports);
            held.sent = held.sent.max(batch.sent);
        } else {
            ends.insert(end, Batch { batch_seq: 0, ..batch });
        }
    }
    Ok(PortableConference { conference_id: ConferenceId::new(id)?, batches: ends.into_values().collect() })
}

/// Whether an end was made to stand still.
fn is_busy(recorded: &Recorded) -> bool {
    matches!(&*recorded.fault, "busy" | "busy_large" | "overloaded")
}

/// The longest time for which a machine stood still that was left alone, and when the trial ends: what comes after a stall that follows
/// the fault is not looked at.
fn stalls(recorded: &Recorded) -> (f64, f64) {
    let is_alone = |name: &str| !is_busy(recorded) || name != recorded.whose;
    let is_meant = |name: &str, from: f64| {
        matches!(&*recorded.fault, "frozen_camera" | "slow_camera")
            && name == recorded.whose
            && from <= recorded.until_ms
            && from >= recorded.from_ms - STALL_MS
    };
    let accounts = recorded.accounts.iter().filter(|(name, _)| is_alone(name));
    let stalls = accounts.flat_map(|(name, account)| {
        let pairs = account.filmed.windows(2).map(|pair| (pair[0].0, pair[1].0 - pair[0].0));
        pairs.filter(move |(from, _)| *from >= recorded.connected_ms && *from <= recorded.ended_ms && !is_meant(name, *from))
    });
    let stalls: Vec<(f64, f64)> = stalls.collect();
    let whole = if of(&recorded.fault).is_fault() { recorded.until_ms + 1000.0 } else { recorded.connected_ms + WHOLE_MS };
    let late = stalls.iter().filter(|(from, length)| *length >= STALL_MS && *from >= whole).map(|(from, _)| *from);
    let ended_ms = late.fold(recorded.ended_ms, f64::min);
    (stalls.iter().filter(|(from, _)| *from < ended_ms).map(|(_, length)| *length).fold(0.0, f64::max).round(), ended_ms)
}

/// How much later than it should a report came at the worst, at an end that was left alone.
fn gap_ms(recorded: &Recorded, conference: &PortableConference, ended_ms: f64) -> f64 {
    let is_inside = |time: &Timestamp| time.as_millis_f64() >= recorded.connected_ms && time.as_millis_f64() <= ended_ms;
    let left_alone = conference.batches.iter().filter(|batch| !is_busy(recorded) || batch.participant_id.as_str() != recorded.whose);
    let gaps = left_alone.flat_map(|batch| {
        let times: Vec<f64> = batch.reports.times().iter().filter(|time| is_inside(time)).map(|time| time.as_millis_f64()).collect();
        times.windows(2).map(|pair| pair[1] - pair[0] - 1000.0).collect::<Vec<_>>()
    });
    gaps.fold(0.0, f64::max).round()
}

fn row(recorded: Recorded, gap_ms: f64) -> Trial {
    let Recorded { gain_db, stopped_share, drift_ppm, scale, .. } = recorded;
    let drawn = [("gain_db", gain_db), ("stopped_share", stopped_share), ("drift_ppm", drift_ppm), ("scale", scale)];
    let drawn = drawn.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?)));
    let settings = recorded.impairment.iter().map(|(name, value)| format!("{name}={value}")).chain(drawn);
    Trial {
        settings: settings.collect::<Vec<_>>().join(" "),
        id: recorded.id,
        fault: recorded.fault,
        whose: recorded.whose,
        part: recorded.part,
        parties: recorded.parties,
        connected_ms: recorded.connected_ms,
        from_ms: recorded.from_ms,
        until_ms: recorded.until_ms,
        ended_ms: recorded.ended_ms,
        late_ms: recorded.late_ms,
        gap_ms,
        is_calm: recorded.is_calm,
    }
}
