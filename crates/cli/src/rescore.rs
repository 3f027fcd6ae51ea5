//! `sidetone rescore`: judges history again after an upgrade, beside a running server.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use clap::Args;
use sidetone_engine::MODEL;
use sidetone_server::finalise::finalise;
use sidetone_store::record::Ended;

use crate::{
    data_folder::{self, DataArgs},
    output,
};

const AFTER_HELP: &str = "\
Scores, issues and diagnoses of finished conferences are computed from their reports, so a better model can judge them again. The version of the
model is recorded with each conference: what this version has judged is left alone, so a run that was interrupted goes on where it stopped.
After `sidetone app set APP --preset NAME`, --all judges history by the new rules.

Examples:
  sidetone rescore --dry-run       how many conferences another version judged
  sidetone rescore                 judge them again, oldest first
  sidetone rescore --limit 1000    some now, the rest another night";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct RescoreArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Only says how many there are
    #[arg(long)]
    dry_run: bool,
    /// Stops after so many conferences
    #[arg(long, value_name = "COUNT")]
    limit: Option<u64>,
    /// Judges every finished conference again, also those that this version judged
    #[arg(long)]
    all: bool,
}

/// Conferences asked for at once.
const PAGE: usize = 500;
/// How often the bar moves.
const BAR_EVERY: Duration = Duration::from_millis(200);
/// Characters of the bar.
const BAR: u64 = 30;

pub(crate) async fn run(args: RescoreArgs) -> Result<()> {
    let store = data_folder::open(&args.data.folder()).await?;
    // No engine has this version: every conference was judged by another.
    let model = if args.all { u32::MAX } else { MODEL };
    let found = store.judged_before_count(model).await?;
    if args.dry_run {
        return output::print(&format!("{found} conferences were judged by another model than {MODEL}\n"));
    }
    let total = args.limit.map_or(found, |limit| limit.min(found));
    let mut bar = Bar::new(total);
    let (mut judged, mut changed, mut failures) = (0, 0, Vec::new());
    let mut after = None;
    'pages: loop {
        let page = store.judged_before(model, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.conference);
        for ended in page {
            if judged + changed + failures.len() as u64 >= total {
                break 'pages;
            }
            match finalise(&*store, ended).await {
                Ok(true) => judged += 1,
                // Somebody is in it again, or it was erased meanwhile.
                Ok(false) => changed += 1,
                Err(error) => failures.push((ended, error.to_string())),
            }
            bar.show(judged + changed + failures.len() as u64);
        }
    }
    bar.end();
    output::print(&format!("{judged} conferences judged by model {MODEL}{}\n", beside(changed)))?;
    for (Ended { conference, .. }, error) in &failures {
        output::note(&format!("conference {conference}: {error}"));
    }
    if failures.is_empty() { Ok(()) } else { bail!("{} conferences could not be judged", failures.len()) }
}

fn beside(changed: u64) -> String {
    if changed == 0 { String::new() } else { format!(", {changed} left to the server: they have changed") }
}

/// A bar on standard error, where somebody looks.
struct Bar {
    total: u64,
    is_seen: bool,
    shown: Option<Instant>,
}

impl Bar {
    fn new(total: u64) -> Self {
        Self { total, is_seen: io::stderr().is_terminal(), shown: None }
    }

    fn show(&mut self, done: u64) {
        if !self.is_seen || self.shown.is_some_and(|shown| shown.elapsed() < BAR_EVERY) && done < self.total {
            return;
        }
        self.shown = Some(Instant::now());
        let filled = (done * BAR).checked_div(self.total).unwrap_or(BAR).min(BAR);
        let bar: String = (0..BAR).map(|at| if at < filled { '█' } else { '░' }).collect();
        // Without a standard error nobody is there to be told.
        write!(io::stderr().lock(), "\r{bar} {done} of {}", self.total).ok();
    }

    fn end(&self) {
        if self.shown.is_some() {
            output::note("");
        }
    }
}
