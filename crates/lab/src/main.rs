//! `sidetone-lab report|fit`: what `cargo xtask lab` calls once calls are recorded and scored.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool")]

use std::{path::Path, process::ExitCode};

use anyhow::{Result, bail};
use sidetone_lab::{fit, model, report, segment};

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

/// `report TABLE` gives the page on accuracy, `fresh TABLE` the comparison over everything in a table of new calls, and
/// `fit TABLE` the source of the fitted constants.
fn run(args: &[&str]) -> Result<String> {
    match args {
        ["report", table] => report::page(&segment::read(Path::new(table))?),
        ["fresh", table] => Ok(report::fresh(&segment::read(Path::new(table))?)),
        ["fit", table] => {
            let segments = segment::read(Path::new(table))?;
            let used = report::part(&segments, segment::Part::Fit);
            let counted = fit::fit(&model::ours(), &used)?;
            let by_loss = fit::fit(&model::ours_by_loss(&counted), &used)?;
            Ok(report::constants(&segments, &model::from_list(&counted, &by_loss)))
        }
        _ => bail!("sidetone-lab report|fresh|fit TABLE"),
    }
}
