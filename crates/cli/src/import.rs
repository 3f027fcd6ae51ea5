//! `sidetone import`: files with calls into a data folder, or to a running server.

use std::{
    collections::BTreeSet,
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use sidetone_engine::ids::ConferenceId;
use sidetone_server::import::{self, CallFile, Imported};
use sidetone_store::{
    Store,
    clock::{Clock, SystemClock},
    record::App,
};
use sidetone_wire::batch::{self, Batch};

use crate::{
    app, call_file,
    data_folder::{self, DataArgs},
    http::{Connection, Endpoint},
    output,
};

const AFTER_HELP: &str = "\
Reads webrtc-internals dumps, Chrome's rtcstats dumps, rtcstats-js, Jitsi and ObserveRTC streams, batches in their JSON form and conferences written by
`sidetone export`, plain or gzipped. A file is imported whole or not at all; importing it again changes nothing.
Works while a server runs on the same data folder.

Examples:
  sidetone import webrtc_internals_dump.txt
  sidetone import --conference weekly-42 caller.gz callee.gz     # both ends of one call
  sidetone import --server https://stats.example --token sti_… call.gz";

/// Attempts at a batch that a busy server puts off.
const ATTEMPTS_MAX: u32 = 10;

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Key or name of the app; may be left out when there is only one
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// Conference id for files that name none. Unset: the file's name
    #[arg(long, value_name = "ID")]
    conference: Option<String>,
    /// Send to a running server instead
    #[arg(long, value_name = "URL", requires = "token", conflicts_with_all = ["data", "app"])]
    server: Option<String>,
    /// Secret or token that may send (with --server)
    #[arg(long, env = "SIDETONE_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// PEM file of a certificate to trust (with --server)
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Files with calls
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Where batches go.
enum Target {
    Store { store: std::sync::Arc<dyn Store>, app: Box<App> },
    Server(Connection),
}

pub(crate) async fn run(args: ImportArgs) -> Result<()> {
    let conference = args.conference.map(ConferenceId::new).transpose()?;
    let mut target = match &args.server {
        Some(url) => Target::Server(Connection::new(Endpoint::new(url, args.ca.as_deref())?, args.token.as_deref())),
        None => {
            let store = data_folder::open(&args.data.folder()).await?;
            let app = choose_app(&*store, args.app.as_deref()).await?;
            Target::Store { store, app: Box::new(app) }
        }
    };
    let mut failures = 0;
    let mut files = Vec::new();
    for path in &args.files {
        match call_file::read(path, conference.as_ref()) {
            Ok(file) => files.push((path, file)),
            Err(error) => {
                failures += 1;
                output::note(&format!("{error:#}; nothing of this file was imported"));
            }
        }
    }
    // Who left, left at the end: a conference must not end before the other files of the same call are in it.
    let (mut leaving, mut results) = (Vec::new(), Vec::new());
    let total: usize = files.iter().map(|(_, file)| file.batches.len()).sum();
    let bar = progress(total);
    for (path, mut file) in files {
        bar.set_message(path.display().to_string());
        let (first, last) = CallFile::leaving_last(std::mem::take(&mut file.batches));
        let counts = Counts::of(first.iter().chain(&last));
        match target.put(first, file.format, &bar).await {
            Ok(imported) => {
                leaving.push((results.len(), last, file.format));
                results.push((path, file, counts, Ok(imported)));
            }
            Err(error) => results.push((path, file, counts, Err(error))),
        }
    }
    for (index, last, format) in leaving {
        let outcome = target.put(last, format, &bar).await;
        let Some((.., result)) = results.get_mut(index) else { continue };
        match (result.as_mut(), outcome) {
            (Ok(imported), Ok(more)) => imported.add(more),
            (_, Err(error)) => *result = Err(error),
            (Err(_), _) => {}
        }
    }
    bar.finish_and_clear();
    let mut touched = BTreeSet::new();
    for (path, file, counts, result) in results {
        match result {
            Ok(imported) => {
                touched.extend(imported.touched.iter().copied());
                report(path, &file, &counts, &imported)?;
            }
            Err(error) => {
                failures += 1;
                let again = if error.is::<OfAnotherTime>() { "" } else { "; run the same command again to complete it" };
                output::note(&format!("{}: {error:#}{again}", path.display()));
            }
        }
    }
    if let Target::Store { store, app } = &target {
        import::finalise_touched(&**store, app.key, &touched, SystemClock.now()).await?;
    }
    if failures > 0 {
        bail!("{failures} of {} could not be imported", output::count(args.files.len() as u64, "file"));
    }
    Ok(())
}

fn progress(batches: usize) -> ProgressBar {
    let bar = ProgressBar::new(batches as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} batches, {eta} left  {msg}") {
        bar.set_style(style);
    }
    bar
}

struct Counts {
    reports: usize,
    events: usize,
    connections: usize,
}

impl Counts {
    fn of<'a>(batches: impl Iterator<Item = &'a Batch>) -> Self {
        let mut counts = Self { reports: 0, events: 0, connections: 0 };
        let mut connections = BTreeSet::new();
        for batch in batches {
            counts.reports += batch.reports.len();
            counts.events += batch.events.len();
            if !batch.peer_connection_id.as_str().is_empty() {
                connections.insert((&batch.participant_id, &batch.peer_connection_id));
            }
        }
        counts.connections = connections.len();
        counts
    }
}

fn report(path: &Path, file: &CallFile, counts: &Counts, imported: &Imported) -> Result<()> {
    let Counts { reports, events, connections } = counts;
    let conferences: Vec<&str> = imported.conferences.iter().map(String::as_str).collect();
    let told = if imported.stored == 0 {
        "was there already, nothing changed".to_owned()
    } else {
        let count = |number: usize, one| output::count(number as u64, one);
        let (connections, reports, events) = (count(*connections, "peer connection"), count(*reports, "report"), count(*events, "event"));
        format!("imported as {}, {connections}, {reports}, {events}", file.format)
    };
    let mut text = format!("{}: {told}; conference {}\n", path.display(), conferences.join(", "));
    for skipped in &file.skipped {
        text += &format!("  left out: {skipped}\n");
    }
    output::print(&text)
}

/// The app named, or the only one.
pub(crate) async fn choose_app(store: &dyn Store, wanted: Option<&str>) -> Result<App> {
    if let Some(wanted) = wanted {
        return app::find(store, wanted).await;
    }
    let mut apps = store.apps().await?;
    match (apps.pop(), apps.pop()) {
        (Some(app), None) => Ok(app),
        (None, _) => bail!("the data folder has no app yet; `sidetone app create NAME` makes one"),
        (Some(_), Some(_)) => bail!("the data folder has several apps; say which by --app, `sidetone app list` shows them"),
    }
}

impl Target {
    async fn put(&mut self, batches: Vec<Batch>, format: &str, bar: &ProgressBar) -> Result<Imported> {
        match self {
            Self::Store { store, app } => Ok(import::put(&**store, app, format, batches, SystemClock.now(), &|| bar.inc(1)).await?),
            Self::Server(connection) => send(connection, batches, bar).await,
        }
    }
}

/// A call of a time that a running server takes nothing of.
#[derive(Debug)]
struct OfAnotherTime;

impl fmt::Display for OfAnotherTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the call was not in the time of which the running server takes calls in this way (30 days back and an hour ahead, unless \
             its intake.age_max and intake.future_max say otherwise); bring it in at the server's page /import, or on its machine by \
             `sidetone import --data FOLDER`",
        )
    }
}

impl std::error::Error for OfAnotherTime {}

async fn send(connection: &mut Connection, batches: Vec<Batch>, bar: &ProgressBar) -> Result<Imported> {
    let mut imported = Imported::default();
    for mut batch in batches {
        bar.inc(1);
        // Sent now: the server then takes the times as they are.
        batch.sent = SystemClock.now();
        imported.conferences.insert(batch.conference_id.to_string());
        let body = bytes::Bytes::from(batch::encode(&batch));
        let mut attempt = 0;
        let answer = loop {
            attempt += 1;
            let answer = connection.post("/v1/batches", batch::MEDIA_TYPE, body.clone()).await?;
            match answer.retry_after {
                Some(pause) if !answer.status.is_success() && attempt < ATTEMPTS_MAX => {
                    tokio::time::sleep(pause.min(Duration::from_secs(60))).await
                }
                _ => break answer,
            }
        };
        if answer.code().ends_with("time_out_of_range") {
            return Err(OfAnotherTime.into());
        }
        if !answer.status.is_success() {
            return Err(anyhow!(
                "the server refuses batch {} of {:?}: {}",
                batch.batch_seq,
                batch.peer_connection_id.as_str(),
                answer.problem()
            ));
        }
        let body: serde_json::Value = serde_json::from_slice(&answer.body).context("the answer is no JSON; is this a Sidetone server?")?;
        if body.get("status").and_then(serde_json::Value::as_str) == Some("duplicate") {
            imported.known += 1;
        } else {
            imported.stored += 1;
        }
    }
    Ok(imported)
}
