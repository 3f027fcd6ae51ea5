//! `sidetone-lab report|fit`: what `cargo xtask lab` calls once calls are recorded and scored.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool")]

use std::{fmt::Write, path::Path, process::ExitCode};

use anyhow::{Result, bail};
use sidetone_engine::units::Timestamp;
use sidetone_lab::{
    fit, model, report, segment,
    trial::{self, Trial, pack, page, peer},
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

/// `report TABLE SET TRIALS PEERS` gives the page on accuracy, `fresh TABLE` the comparison over everything in a table of new calls,
/// `fit TABLE` the source of the fitted constants.
fn run(args: &[&str]) -> Result<String> {
    match args {
        ["report", table, set, trials, peers] => {
            let scored = trial::scored(Path::new(set), Path::new(trials))?;
            let sections = page::sections(&scored, &peer::read(Path::new(peers))?);
            report::page(&segment::read(Path::new(table))?, &sections)
        }
        ["fresh", table] => Ok(report::fresh(&segment::read(Path::new(table))?)),
        ["fit", table] => {
            let segments = segment::read(Path::new(table))?;
            let used = report::part(&segments, segment::Part::Fit);
            let counted = fit::fit(&model::ours(), &used)?;
            let by_loss = fit::fit(&model::ours_by_loss(&counted), &used)?;
            Ok(report::constants(&segments, &model::from_list(&counted, &by_loss)))
        }
        ["told", set, trials, peers] => {
            let scored = trial::scored(Path::new(set), Path::new(trials))?;
            Ok(page::sections(&scored, &peer::read(Path::new(peers))?))
        }
        ["pack", folder, set, table] => {
            let count = pack::pack(Path::new(folder), Path::new(set), Path::new(table))?;
            Ok(format!("{count} trials packed\n"))
        }
        ["unpack", set, table, folder] => {
            let count = pack::unpack(Path::new(set), Path::new(table), Path::new(folder))?;
            Ok(format!("{count} trials unpacked\n"))
        }
        ["trials", set, table, part] => trials(Path::new(set), Path::new(table), part),
        _ => bail!(
            "sidetone-lab report TABLE SET TRIALS PEERS, fresh|fit TABLE, told SET TRIALS PEERS, pack FOLDER SET TABLE, unpack SET TABLE FOLDER, trials SET TABLE PART"
        ),
    }
}

/// Trial by trial what was done and what was told. Look at the part `tuning` alone before you change a rule.
fn trials(set: &Path, table: &Path, part: &str) -> Result<String> {
    let mut text = String::new();
    for one in trial::scored(set, table)?.iter().filter(|one| one.trial.part == part) {
        let Trial { id, whose, settings, .. } = &one.trial;
        let disturbed = if one.trial.is_disturbed() { ", disturbed" } else { "" };
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
        for explained in &one.replay.explained {
            let diagnosis = &explained.diagnosis;
            let _ = writeln!(
                text,
                "    {:>6.1} to {:.1} s {} {} {:?} at {:?} {:.2} {:?}",
                second(diagnosis.from),
                second(diagnosis.until),
                diagnosis.cause.name(),
                diagnosis.side.name(),
                diagnosis.hop,
                explained.culprit,
                diagnosis.confidence,
                diagnosis.severity
            );
        }
    }
    Ok(text)
}
