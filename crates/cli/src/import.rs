//! `sidetone import`: files with calls into a data folder, or to a running server.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use sidetone_engine::{
    ids::{AppKey, ConferenceId, ConferenceKey},
    issue::RuleSet,
    units::Timestamp,
};
use sidetone_server::{
    config::presence::PresenceConfig,
    finalise,
    intake::{
        kept::KeptBatch,
        prepare::{self, TimePolicy},
    },
};
use sidetone_store::{
    Store,
    clock::{Clock, SystemClock},
    query::{ConferenceQuery, PAGE_ROWS_MAX, TextMatch},
    record::{App, Append, Appended},
};
use sidetone_wire::batch::{self, Batch, kind};

use crate::{
    app,
    call_file::CallFile,
    data_folder::{self, DataArgs},
    http::{Connection, Endpoint},
    output,
};

const AFTER_HELP: &str = "\
Reads webrtc-internals dumps, Chrome's rtcstats dumps, rtcstats-js streams, batches in their JSON form and conferences written by
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
    Store { store: std::sync::Arc<dyn Store>, app: App },
    Server(Connection),
}

/// What became of the batches of one file.
#[derive(Default)]
pub(crate) struct Imported {
    pub(crate) stored: usize,
    pub(crate) known: usize,
    pub(crate) conferences: BTreeSet<String>,
    touched: BTreeSet<ConferenceKey>,
}

pub(crate) async fn run(args: ImportArgs) -> Result<()> {
    let conference = args.conference.map(ConferenceId::new).transpose()?;
    let mut target = match &args.server {
        Some(url) => Target::Server(Connection::new(Endpoint::new(url, args.ca.as_deref())?, args.token.as_deref())),
        None => {
            let store = data_folder::open(&args.data.folder()).await?;
            let app = choose_app(&*store, args.app.as_deref()).await?;
            Target::Store { store, app }
        }
    };
    let mut failures = 0;
    let mut files = Vec::new();
    for path in &args.files {
        match CallFile::read(path, conference.as_ref()) {
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
        let (last, first): (Vec<Batch>, Vec<Batch>) = std::mem::take(&mut file.batches).into_iter().partition(leaves);
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
                output::note(&format!("{}: {error:#}; run the same command again to complete it", path.display()));
            }
        }
    }
    if let Target::Store { store, app } = &target {
        finalise_touched(&**store, app.key, &touched).await?;
    }
    if failures > 0 {
        bail!("{failures} of {} files could not be imported", args.files.len());
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

fn leaves(batch: &Batch) -> bool {
    batch.events.iter().any(|event| event.kind == kind::LEFT)
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
        format!("imported as {}, {connections} peer connections, {reports} reports, {events} events", file.format)
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

impl Imported {
    /// The conferences that hold the batches.
    pub(crate) fn touched(&self) -> &BTreeSet<ConferenceKey> {
        &self.touched
    }

    fn add(&mut self, other: Self) {
        self.stored += other.stored;
        self.known += other.known;
        self.conferences.extend(other.conferences);
        self.touched.extend(other.touched);
    }
}

impl Target {
    async fn put(&mut self, batches: Vec<Batch>, format: &str, bar: &ProgressBar) -> Result<Imported> {
        match self {
            Self::Store { store, app } => {
                let complete =
                    if format == "sidetone-conference" { complete_in(&**store, app.key, &batches).await? } else { BTreeSet::new() };
                put_in_store(&**store, app, batches, &complete, bar).await
            }
            Self::Server(connection) => send(connection, batches, bar).await,
        }
    }
}

/// Appends batches of the past.
pub(crate) async fn put_in_store(
    store: &dyn Store,
    app: &App,
    batches: Vec<Batch>,
    complete: &BTreeSet<String>,
    bar: &ProgressBar,
) -> Result<Imported> {
    let mut imported = Imported::default();
    for batch in batches {
        bar.inc(1);
        imported.conferences.insert(batch.conference_id.to_string());
        if complete.contains(batch.participant_id.as_str()) {
            imported.known += 1;
            continue;
        }
        // Received when it was sent: who does not leave in the file then ends by silence, at the time of the recording.
        let received = batch.sent.min(SystemClock.now());
        let append = prepare::prepare(&mut KeptBatch::new(app, batch, None), received, TimePolicy::Recorded)?;
        let place = match append_patiently(store, append).await? {
            Appended::Stored(place) => {
                imported.stored += 1;
                place
            }
            Appended::Duplicate(place) => {
                imported.known += 1;
                place
            }
        };
        imported.touched.insert(place.conference);
    }
    Ok(imported)
}

/// A busy store (a server works on it as well) is waited for, but not for ever.
async fn append_patiently(store: &dyn Store, append: Append) -> Result<Appended> {
    let mut pause = Duration::from_millis(50);
    for _ in 1..ATTEMPTS_MAX {
        match store.append(append.clone()).await {
            Err(sidetone_store::error::StoreError::Busy(_)) => tokio::time::sleep(pause).await,
            appended => return Ok(appended?),
        }
        pause *= 2;
    }
    Ok(store.append(append).await?)
}

/// Participants of an exported conference that the store holds whole, by their ids: in the store that they were exported from, their batches
/// have other numbers, and must not be stored a second time.
async fn complete_in(store: &dyn Store, app: AppKey, batches: &[Batch]) -> Result<BTreeSet<String>> {
    let Some(conference) = batches.first().map(|batch| batch.conference_id.clone()) else { return Ok(BTreeSet::new()) };
    let mut reports: BTreeMap<_, u64> = BTreeMap::new();
    let mut participants: BTreeMap<_, Timestamp> = BTreeMap::new();
    for batch in batches {
        participants.insert(batch.participant_id.as_str(), batch.sent);
        if !batch.peer_connection_id.as_str().is_empty() {
            *reports.entry((batch.participant_id.as_str(), batch.peer_connection_id.as_str())).or_default() += batch.reports.len() as u64;
        }
    }
    let query = ConferenceQuery { conference_id: Some(TextMatch::from(conference)), limit: PAGE_ROWS_MAX, ..ConferenceQuery::default() };
    let mut complete = BTreeSet::new();
    for row in store.search(app, &query).await?.rows {
        let Some(detail) = store.conference(app, row.key).await? else { continue };
        for participant in &detail.participants {
            let id = participant.participant_id.as_str();
            let held = |wanted: &str| {
                let same = |connection: &&sidetone_store::record::PeerConnection| {
                    connection.participant == participant.key && connection.peer_connection_id.as_str() == wanted
                };
                detail.peer_connections.iter().find(same).map_or(0, |connection| connection.report_count)
            };
            let whole = reports.iter().filter(|((owner, _), _)| *owner == id).all(|((_, connection), count)| held(connection) >= *count);
            let ended = participant.ended.is_some();
            if participants.contains_key(id) && whole && ended {
                complete.insert(id.to_owned());
            }
        }
    }
    Ok(complete)
}

/// Ends what is silent, as a server would, and finalises the conferences that were touched.
pub(crate) async fn finalise_touched(store: &dyn Store, app: AppKey, touched: &BTreeSet<ConferenceKey>) -> Result<()> {
    let silence = PresenceConfig::default().participant_timeout.as_micros();
    let ended = store.end_silent(SystemClock.now().plus_micros(-silence)).await?;
    let rules = RuleSet::default();
    for ended in ended.into_iter().filter(|ended| ended.app == app && touched.contains(&ended.conference)) {
        finalise::finalise(store, &rules, ended).await.context("the import is kept, but its scores could not be written")?;
    }
    Ok(())
}

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
