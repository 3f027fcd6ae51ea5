//! Calls of the past into a store: what is in a file, and keeping it. The command line and the dashboard's import page are its two users.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Read},
    time::Duration,
};

use flate2::read::MultiGzDecoder;
use sidetone_engine::{
    ids::{AppKey, ConferenceId, ConferenceKey, IdTooLong},
    units::Timestamp,
};
use sidetone_store::{
    Store,
    error::StoreError,
    query::{ConferenceQuery, PAGE_ROWS_MAX, TextMatch},
    record::{App, Append, Appended, PeerConnection},
};
use sidetone_wire::{
    batch::{Batch, kind},
    import::{self, Limits},
    portable::{self, PortableError},
};

use crate::{
    config::presence::PresenceConfig,
    finalise::{self, FinaliseError},
    intake::{
        kept::KeptBatch,
        prepare::{self, Refused, TimePolicy},
    },
};

/// Attempts at a batch that a busy store puts off.
const ATTEMPTS_MAX: u32 = 10;

/// What an exported conference is called.
const PORTABLE: &str = "sidetone-conference";

/// Why a file is not, or not wholly, imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// It is an exported conference, damaged.
    #[error(transparent)]
    Portable(#[from] PortableError),
    /// It is a dump, damaged, or nothing that is known.
    #[error(transparent)]
    Dump(#[from] import::ImportError),
    /// An id in it, or its own name, is too long.
    #[error(transparent)]
    Id(#[from] IdTooLong),
    /// It cannot be inflated.
    #[error("the gzip frame is damaged, the file may be cut off: {0}")]
    Gzip(#[source] io::Error),
    /// It inflates to too much.
    #[error("the file inflates to more than {0} bytes")]
    Inflated(usize),
    /// A batch in it cannot be kept.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is kept, but not judged.
    #[error("the import is kept, but its scores could not be written: {0}")]
    Finalise(#[from] FinaliseError),
}

/// A file with calls in it, understood as a whole: a browser's dump, an rtcstats stream, batches, an exported conference.
#[derive(Debug)]
pub struct CallFile {
    /// What it is, such as `webrtc-internals`.
    pub format: &'static str,
    /// Everything in it.
    pub batches: Vec<Batch>,
    /// What was left out, and why.
    pub skipped: Vec<String>,
}

impl CallFile {
    /// Understands the bytes of a file of that name.
    ///
    /// # Errors
    /// When it is damaged, or nothing that is known; the first position that is wrong is named.
    pub fn parse(bytes: &[u8], name: &str, conference: Option<&ConferenceId>) -> Result<Self, ImportError> {
        let bytes = &*import::utf8(bytes)?;
        if let Some(text) = portable_text(bytes)? {
            let conference = portable::read(&text)?;
            return Ok(Self { format: PORTABLE, batches: conference.batches, skipped: Vec::new() });
        }
        let imported = import::import(bytes, &Limits::default())?;
        let conference = match conference {
            Some(conference) => conference.clone(),
            None => ConferenceId::new(stem(name))?,
        };
        let format = imported.format.name();
        let skipped = imported.skipped.iter().map(|skipped| format!("{}: {}", skipped.position, skipped.reason)).collect();
        Ok(Self { format, batches: imported.into_batches(&conference)?, skipped })
    }

    /// Number of reports.
    #[must_use]
    pub fn report_count(&self) -> usize {
        self.batches.iter().map(|batch| batch.reports.len()).sum()
    }

    /// The batches of each peer connection, in order.
    #[must_use]
    pub fn connections(&self) -> Vec<Vec<&Batch>> {
        let mut connections: BTreeMap<_, Vec<&Batch>> = BTreeMap::new();
        for batch in self.batches.iter().filter(|batch| !batch.peer_connection_id.as_str().is_empty()) {
            connections.entry((&batch.conference_id, &batch.participant_id, &batch.peer_connection_id)).or_default().push(batch);
        }
        let mut connections: Vec<Vec<&Batch>> = connections.into_values().collect();
        for batches in &mut connections {
            batches.sort_by_key(|batch| batch.batch_seq);
        }
        connections
    }

    /// The batches, those last in which somebody leaves: a conference must not end before the other files of the same call are in it.
    #[must_use]
    pub fn leaving_last(batches: Vec<Batch>) -> (Vec<Batch>, Vec<Batch>) {
        batches.into_iter().partition(|batch| batch.events.iter().all(|event| event.kind != kind::LEFT))
    }
}

/// The name without its extensions.
fn stem(name: &str) -> String {
    let name = name.strip_suffix(".gz").unwrap_or(name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
}

/// The text of the file if it is an exported conference.
fn portable_text(bytes: &[u8]) -> Result<Option<Vec<u8>>, ImportError> {
    const HEAD: u64 = 32 << 10;
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(portable::is_portable(bytes).then(|| bytes.to_owned()));
    }
    let mut head = Vec::new();
    // A file that is damaged here is no exported conference; whoever reads it next says what is wrong.
    if MultiGzDecoder::new(bytes).take(HEAD).read_to_end(&mut head).is_err() && head.is_empty() || !portable::is_portable(&head) {
        return Ok(None);
    }
    let limit = Limits::default().text_bytes_max;
    let mut text = Vec::new();
    MultiGzDecoder::new(bytes).take(limit as u64 + 1).read_to_end(&mut text).map_err(ImportError::Gzip)?;
    if text.len() > limit {
        return Err(ImportError::Inflated(limit));
    }
    Ok(Some(text))
}

/// What became of the batches of one file.
#[derive(Debug, Default)]
pub struct Imported {
    /// Batches stored.
    pub stored: usize,
    /// Batches that were there already.
    pub known: usize,
    /// The conferences' ids.
    pub conferences: BTreeSet<String>,
    /// The conferences that hold the batches.
    pub touched: BTreeSet<ConferenceKey>,
}

impl Imported {
    /// Counts what became of more batches of the file.
    pub fn add(&mut self, other: Self) {
        self.stored += other.stored;
        self.known += other.known;
        self.conferences.extend(other.conferences);
        self.touched.extend(other.touched);
    }
}

/// Appends the batches of a file of that format; `progress` is told of each.
///
/// # Errors
/// When a batch cannot be kept; those before it are.
pub async fn put(
    store: &dyn Store,
    app: &App,
    format: &str,
    batches: Vec<Batch>,
    now: Timestamp,
    progress: &(dyn Fn() + Sync),
) -> Result<Imported, ImportError> {
    let complete = if format == PORTABLE { complete_in(store, app.key, &batches).await? } else { BTreeSet::new() };
    let mut imported = Imported::default();
    for batch in batches {
        progress();
        imported.conferences.insert(batch.conference_id.to_string());
        if complete.contains(batch.participant_id.as_str()) {
            imported.known += 1;
            continue;
        }
        // Received when it was sent: who does not leave in the file then ends by silence, at the time of the recording.
        let received = batch.sent.min(now);
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
async fn append_patiently(store: &dyn Store, append: Append) -> Result<Appended, StoreError> {
    let mut pause = Duration::from_millis(50);
    for _ in 1..ATTEMPTS_MAX {
        match store.append(append.clone()).await {
            Err(StoreError::Busy(_)) => tokio::time::sleep(pause).await,
            appended => return appended,
        }
        pause *= 2;
    }
    store.append(append).await
}

/// Participants of an exported conference that the store holds whole, by their ids: in the store that they were exported from, their batches
/// have other numbers, and must not be stored a second time.
async fn complete_in(store: &dyn Store, app: AppKey, batches: &[Batch]) -> Result<BTreeSet<String>, StoreError> {
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
                let same = |connection: &&PeerConnection| {
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
///
/// # Errors
/// When the store fails or holds damaged reports.
pub async fn finalise_touched(
    store: &dyn Store,
    app: AppKey,
    touched: &BTreeSet<ConferenceKey>,
    now: Timestamp,
) -> Result<(), ImportError> {
    let silence = PresenceConfig::default().participant_timeout.as_micros();
    let ended = store.end_silent(now.plus_micros(-silence)).await?;
    for ended in ended.into_iter().filter(|ended| ended.app == app && touched.contains(&ended.conference)) {
        finalise::finalise(store, ended).await?;
    }
    Ok(())
}
