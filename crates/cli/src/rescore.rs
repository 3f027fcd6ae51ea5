//! `sidetone rescore`: judges history again after an upgrade, beside a running server.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use clap::Args;
use sidetone_engine::{MODEL, ids::AppKey};
use sidetone_server::finalise::{finalise, judge};
use sidetone_store::{Store, record::Ended, summary::Judge};

use crate::{
    data_folder::{self, DataArgs},
    output,
};

const AFTER_HELP: &str = "\
Scores, issues and diagnoses of finished conferences are computed from their reports, so a better model or other rules can judge them again.
Both are recorded with each conference: what this version has judged by the rules that its app has now is left alone. So a run that was
interrupted, even killed, goes on where it stopped; with --all as well, until one of that kind has come to its end.

Examples:
  sidetone rescore --dry-run       how many conferences another version or other rules judged
  sidetone rescore                 judge them again, app by app, oldest first
  sidetone rescore --limit 1000    some now, the rest another night
  sidetone rescore --all           judge everything again, whoever judged it";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct RescoreArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Only says how many another version or other rules judged
    #[arg(long, conflicts_with = "all")]
    dry_run: bool,
    /// Stops after so many conferences
    #[arg(long, value_name = "COUNT")]
    limit: Option<u64>,
    /// Judges every finished conference again, also those that this version judged; goes on with such a run that was interrupted
    #[arg(long)]
    all: bool,
}

/// Conferences asked for at once.
const PAGE: usize = 500;
/// How often the bar moves.
const BAR_EVERY: Duration = Duration::from_millis(200);
/// Characters of the bar.
const BAR: u64 = 30;

/// What became of the conferences so far.
#[derive(Default)]
struct Progress {
    judged: u64,
    /// Somebody is in them again, or they were erased meanwhile.
    changed: u64,
    failures: Vec<(Ended, String)>,
}

impl Progress {
    fn count(&self) -> u64 {
        self.judged + self.changed + self.failures.len() as u64
    }
}

pub(crate) async fn run(args: RescoreArgs) -> Result<()> {
    let store = data_folder::open(&args.data.folder()).await?;
    let apps: Vec<(AppKey, Judge)> = store.apps().await?.iter().map(|app| (app.key, judge(&app.settings))).collect();
    if args.all && store.begin_round().await? {
        output::note("an earlier run with --all was interrupted: this one goes on where it stopped");
    }
    let mut found = 0;
    for (app, judge) in &apps {
        found += store.judged_otherwise_count(*app, judge).await?;
    }
    if args.dry_run {
        return output::print(&format!("{}, judged by another model than {MODEL} or by other rules\n", output::count(found, "conference")));
    }
    let total = args.limit.map_or(found, |limit| limit.min(found));
    let mut progress = Progress::default();
    let mut bar = Bar::new(total);
    for (app, judge) in &apps {
        judge_again(&*store, *app, judge, total, &mut progress, &mut bar).await?;
    }
    bar.end();
    if args.all && total == found {
        store.end_round().await?;
    }
    let Progress { judged, changed, failures } = progress;
    output::print(&format!("{} judged by model {MODEL}{}{}\n", output::count(judged, "conference"), beside(changed), left(found - total)))?;
    for (Ended { conference, .. }, error) in &failures {
        output::note(&format!("conference {conference}: {error}"));
    }
    if failures.is_empty() { Ok(()) } else { bail!("{} could not be judged", output::count(failures.len() as u64, "conference")) }
}

/// Judges an app's conferences again, until `total` are done.
async fn judge_again(store: &dyn Store, app: AppKey, judge: &Judge, total: u64, progress: &mut Progress, bar: &mut Bar) -> Result<()> {
    let mut after = None;
    while progress.count() < total {
        let page = store.judged_otherwise(app, judge, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.conference);
        for ended in page {
            if progress.count() >= total {
                break;
            }
            match finalise(store, ended).await {
                Ok(true) => progress.judged += 1,
                Ok(false) => progress.changed += 1,
                Err(error) => progress.failures.push((ended, error.to_string())),
            }
            bar.show(progress.count());
        }
    }
    Ok(())
}

fn left(count: u64) -> String {
    if count == 0 { String::new() } else { format!(", {count} left for another run") }
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
