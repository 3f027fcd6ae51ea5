//! `sidetone-lab report|fit`: what `cargo xtask lab` calls once calls are recorded and scored.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool")]

use std::{
    fmt::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Result, bail};
use sidetone_engine::{diagnosis::Cause, units::Timestamp};
use sidetone_lab::{
    fit, model, report, segment,
    trial::{self, Trial, expect::Place, kind, pack, page, peer, score::Scored, sight},
};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("sidetone-lab: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// FOLDER is `testdata/quality`, or has files of the same names. `report` gives the page on accuracy, `told` its part on trials, `fresh` the
/// comparison over everything in a table of new calls, `fit` the source of the fitted constants; `pack` and `unpack` turn recordings of trials
/// into a data set and a data set into JSON, `trials` shows trial by trial what was told.
fn run(args: &[&str]) -> Result<String> {
    match args {
        ["report", folder] => {
            let folder = Path::new(folder);
            let (trials, pictures) = trials_sections(folder)?;
            report::page(&segment::read(&folder.join("segments.csv"))?, &trials, &pictures)
        }
        ["fresh", table] => Ok(report::fresh(&segment::read(Path::new(table))?)),
        ["fit", table] => {
            let segments = segment::read(Path::new(table))?;
            let used = report::part(&segments, segment::Part::Fit);
            let counted = fit::fit(&model::ours(), &used)?;
            let by_loss = fit::fit(&model::ours_by_loss(&counted), &used)?;
            Ok(report::constants(&segments, &model::from_list(&counted, &by_loss)))
        }
        ["told", folder] => {
            let (trials, pictures) = trials_sections(Path::new(folder))?;
            Ok(trials + &pictures)
        }
        ["pack", recordings, folder] => {
            let (set, table) = data_set(Path::new(folder));
            let count = pack::pack(Path::new(recordings), &set, &table)?;
            Ok(format!("{count} trials packed\n"))
        }
        ["unpack", folder, json] => {
            let (set, table) = data_set(Path::new(folder));
            let count = pack::unpack(&set, &table, Path::new(json))?;
            Ok(format!("{count} trials unpacked\n"))
        }
        ["trials", folder, part] => trials(Path::new(folder), part),
        _ => bail!("sidetone-lab report|told FOLDER, fresh|fit TABLE, pack RECORDINGS FOLDER, unpack FOLDER JSON, trials FOLDER PART"),
    }
}

/// Where a folder has trials: their recordings and their table.
fn data_set(folder: &Path) -> (PathBuf, PathBuf) {
    (folder.join("trials"), folder.join("trials.csv"))
}

/// What the page says of trials, and of their pictures.
fn trials_sections(folder: &Path) -> Result<(String, String)> {
    let (set, table) = data_set(folder);
    let scored = trial::scored(&set, &table)?;
    let told = page::sections(&scored, &peer::read(&folder.join("peers.csv"))?);
    let trials: Vec<Trial> = scored.into_iter().map(|one| one.trial).collect();
    let pictures = sight::section(&sight::compared(&folder.join("video.csv"), &set, &trials)?);
    Ok((told, pictures))
}

/// Trial by trial what was done and what was told, and how often that was right, kind by kind. Look at the part `tuning` alone before you change a rule.
fn trials(folder: &Path, part: &str) -> Result<String> {
    let (set, table) = data_set(folder);
    let mut text = String::new();
    let mut scored = trial::scored(&set, &table)?;
    scored.retain(|one| one.trial.part == part);
    for one in &scored {
        let Trial { id, whose, settings, .. } = &one.trial;
        let disturbed = if one.is_disturbed() { ", disturbed" } else { "" };
        let _ = writeln!(text, "{id} at {whose} {settings}{disturbed}");
        let second = |time: Timestamp| (time.as_millis_f64() - one.trial.from_ms) / 1000.0;
        for told in one.told() {
            let is_true = if one.is_true(told) { ' ' } else { '!' };
            let issue = &told.issue;
            let _ = writeln!(
                text,
                "  {is_true} {:>6.1} s {} {} {:?} {:?}",
                second(issue.raised),
                told.whose,
                issue.rule,
                issue.severity,
                issue.stream.map(|id| (id.direction, id.kind))
            );
        }
        for must in one.expected().musts {
            let _ = writeln!(text, "    must tell {}: {:?}", must.name, one.answers(must));
        }
        if let Some(place) = one.expected().place {
            let told = one.principal();
            let sure = told.map_or(0.0, |explained| explained.diagnosis.confidence);
            let told = told.map_or(Place::Untold, |explained| Place::told(explained, &one.trial));
            let _ = writeln!(text, "    lies at {place:?}, told {told:?} {sure:.2}");
        }
        if let Some(cause) = one.expected().cause {
            let _ = writeln!(text, "    never came to be: {}, told {:?}", cause.name(), one.setup().map(Cause::name));
        }
        for explained in &one.replay.explained {
            let diagnosis = &explained.diagnosis;
            let _ = writeln!(
                text,
                "    {:>6.1} to {:.1} s {} {} {:?} at {:?} {:.2} {:?} of {:?}: {:?}",
                second(diagnosis.from),
                second(diagnosis.until),
                diagnosis.cause.name(),
                diagnosis.side.name(),
                diagnosis.hop,
                explained.culprit,
                diagnosis.confidence,
                diagnosis.severity,
                diagnosis.media,
                diagnosis.rules
            );
        }
    }
    let held: Vec<&Scored> = scored.iter().filter(|one| !one.trial.is_disturbed()).collect();
    let judged: Vec<&Scored> = scored.iter().filter(|one| !one.is_disturbed()).collect();
    Ok(text + "\n" + &kind::table(&kind::kinds(&held, &judged)))
}
