//! The finaliser: runs the engine over the stored reports of a conference that has ended, and writes its summary and its diagnoses.
//!
//! A conference's score is the worst of its participants', a participant's the worst of its peer connections', and that of a peer connection
//! the mean of its own series over its whole life in which bad moments weigh more ([`Life`]); at each instant that is the worst of its
//! streams. A participant of whom only a summary
//! was submitted (Messenger) has the score of the summary.
//!
//! Safe to repeat, and interrupted at any point it is repeated: the store goes on to name the conference until `finalise` succeeded.

use std::collections::BTreeMap;

use sidetone_engine::{
    analysis::{Analysis, Analyzer, MuteChange, Notice, Output},
    diagnosis::{Connection, Happening, What},
    ids::{AppKey, ParticipantKey, PeerConnectionKey},
    issue::RuleSet,
    score::{
        life::{Life, Scores},
        moments::Moment,
    },
};
use sidetone_store::{
    Store,
    chunks::Chunks,
    error::StoreError,
    query::{EventQuery, PAGE_ROWS_MAX},
    record::{AppSettings, Ended, Participant, StoredEvent},
    summary::{ConferenceScore, ConferenceSummary, IssueCount, Judge, PeerConnectionSummary, ScoreMoment},
};
use sidetone_wire::{
    batch::{Event, kind},
    codec::CodecError,
    happening, messenger, mute, notice,
};

use crate::{
    diagnose,
    run::{self, ReadError},
};

/// Most events of a conference that the finaliser looks at; what comes after them is judged as if nobody had told.
const EVENTS_MAX: usize = 10_000;

/// Most stretches of a conference that are kept as those that pulled scores down.
const MOMENTS_MAX: usize = 64;

/// Why a conference is not finalised yet.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FinaliseError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Reports that the store holds cannot be read.
    #[error("stored reports of peer connection {peer_connection} are damaged: {source}")]
    Damaged {
        /// Key of the peer connection.
        peer_connection: String,
        /// What is wrong with them.
        source: CodecError,
    },
    /// A bug in the engine.
    #[error("the analysis panicked: this is a bug, please report it")]
    Panicked,
}

impl FinaliseError {
    pub(crate) fn read(peer_connection: PeerConnectionKey, error: ReadError) -> Self {
        match error {
            ReadError::Store(error) => Self::Store(error),
            ReadError::Damaged(source) => Self::Damaged { peer_connection: peer_connection.to_string(), source },
        }
    }
}

/// Who judges the conferences of an app now.
#[must_use]
pub fn judge(settings: &AppSettings) -> Judge {
    Judge { model: sidetone_engine::MODEL, rules: settings.rules.to_string() }
}

/// Judges a conference by the rules of its app and writes its summary. `false` when it changed meanwhile, or is gone: the store will name it again, or not.
///
/// # Errors
/// When the store fails or holds damaged reports.
pub async fn finalise(store: &dyn Store, ended: Ended) -> Result<bool, FinaliseError> {
    let Ended { app, conference } = ended;
    let Some(detail) = store.conference(app, conference).await? else { return Ok(false) };
    let mut summary = ConferenceSummary { revision: detail.conference.revision, ..ConferenceSummary::default() };
    let app_of = store.apps().await?.into_iter().find(|held| held.key == app);
    let settings = app_of.map(|app| app.settings).unwrap_or_default();
    let (rules, judge) = (settings.rules.rules(), judge(&settings));
    let mut participants: BTreeMap<ParticipantKey, Scores> = BTreeMap::new();
    let mutes = mutes(store, ended, &detail.participants).await?;
    let notices = notices(store, ended).await?;
    for peer_connection in &detail.peer_connections {
        let chunks = store.chunks(app, peer_connection.key).await?;
        let rules = rules.clone();
        let mutes = mute::changes(mutes.iter().map(|(whose, event)| (*whose, event)), peer_connection.participant);
        let concerns = |stored: &&StoredEvent| match stored.peer_connection {
            Some(key) => key == peer_connection.key,
            None => stored.participant == peer_connection.participant,
        };
        let notices = notices.iter().filter(concerns).filter_map(|stored| notice::read(&stored.event)).collect();
        let analysis =
            tokio::task::spawn_blocking(move || analyze(chunks, mutes, notices, &rules)).await.map_err(|_| FinaliseError::Panicked)?;
        let (analysis, scores, found) = analysis.map_err(|error| FinaliseError::read(peer_connection.key, error))?;
        let is_video = scores.mos_cq.is_none();
        let of = |moment| ScoreMoment { participant: peer_connection.participant, peer_connection: peer_connection.key, is_video, moment };
        summary.moments.extend(found.into_iter().map(of));
        let held = participants.entry(peer_connection.participant).or_default();
        *held = held.worst(scores);
        summary.peer_connections.push(PeerConnectionSummary { key: peer_connection.key, scores, analysis });
        // Before the summary, so that a restart in between folds again rather than never.
        store.fold(app, peer_connection.key).await?;
    }
    summary.moments.sort_by(|a, b| cost(b).total_cmp(&cost(a)));
    summary.moments.truncate(MOMENTS_MAX);
    let Judge { model, rules } = judge;
    (summary.model, summary.rules) = (model, rules);
    let connections = summary.peer_connections.iter().zip(&detail.peer_connections);
    let connections = connections.filter_map(|(judged, held)| Connection::new(judged.key, held.participant, &judged.analysis)).collect();
    let happenings = happenings(store, ended, &detail.participants).await?;
    summary.diagnoses = diagnose::diagnose(store, app, connections, happenings).await?;
    for (participant, scores) in submitted(store, ended).await? {
        let held = participants.entry(participant).or_default();
        *held = held.worst(scores);
    }
    summary.score = ConferenceScore {
        scores: participants.values().copied().fold(Scores::default(), Scores::worst),
        issues: issues(summary.peer_connections.iter().map(|judged| &judged.analysis)),
    };
    summary.participants = participants.into_iter().collect();
    let written = store.finalise(app, conference, summary).await?;
    if written {
        tracing::info!(app.key = %app, conference.key = %conference, participant_count = detail.participants.len(), "conference finalised");
    }
    Ok(written)
}

/// Scores of participants of whom only a summary was submitted.
async fn submitted(store: &dyn Store, ended: Ended) -> Result<Vec<(ParticipantKey, Scores)>, StoreError> {
    let scores = events(store, ended, &[messenger::EVENT_KIND]).await?.into_iter().map(|stored| {
        let mos_lq = messenger::mos_lq(&stored.event.payload);
        (stored.participant, Scores { mos_lq, ..Scores::default() })
    });
    Ok(scores.collect())
}

/// The events that tell of silence, the end of each participant among them.
async fn mutes(store: &dyn Store, ended: Ended, participants: &[Participant]) -> Result<Vec<(ParticipantKey, Event)>, StoreError> {
    let told = events(store, ended, &mute::KINDS).await?.into_iter().map(|stored| (stored.participant, stored.event));
    let left = |participant: &Participant| {
        let event = |time| Event { time, kind: kind::LEFT.to_owned(), payload: "{}".to_owned() };
        participant.ended.map(|time| (participant.key, event(time)))
    };
    Ok(told.chain(participants.iter().filter_map(left)).collect())
}

/// What is known of silence that is meant on a peer connection: an analyzer that is told judges as the finaliser does.
///
/// # Errors
/// When the store fails.
pub async fn mutes_of(store: &dyn Store, app: AppKey, key: PeerConnectionKey) -> Result<Vec<MuteChange>, StoreError> {
    let Some(place) = store.place(app, key).await? else { return Ok(Vec::new()) };
    let ended = Ended { app, conference: place.conference };
    // Mostly nobody is muted, and who left matters only then.
    if events(store, ended, &mute::KINDS).await?.is_empty() {
        return Ok(Vec::new());
    }
    let Some(detail) = store.conference(app, place.conference).await? else { return Ok(Vec::new()) };
    let mutes = mutes(store, ended, &detail.participants).await?;
    Ok(mute::changes(mutes.iter().map(|(whose, event)| (*whose, event)), place.participant))
}

/// The events that tell an analyzer of its connection.
async fn notices(store: &dyn Store, ended: Ended) -> Result<Vec<StoredEvent>, StoreError> {
    events(store, ended, &notice::KINDS).await
}

/// The events that may explain something.
pub(crate) async fn happenings(store: &dyn Store, ended: Ended, participants: &[Participant]) -> Result<Vec<Happening>, StoreError> {
    let told = events(store, ended, &happening::KINDS).await?;
    let told = told.iter().filter_map(|stored| happening::read(stored.participant, stored.peer_connection, &stored.event));
    let silent = participants.iter().filter(|participant| participant.timed_out);
    let silent = silent.filter_map(|participant| {
        let kind = kind::LEFT.into();
        Some(Happening { participant: participant.key, connection: None, time: participant.ended?, kind, what: What::Left })
    });
    Ok(told.chain(silent).collect())
}

/// The first [`EVENTS_MAX`] events of some kinds.
async fn events(store: &dyn Store, ended: Ended, kinds: &[&str]) -> Result<Vec<StoredEvent>, StoreError> {
    let kinds = kinds.iter().map(|&kind| kind.to_owned()).collect();
    let mut query = EventQuery { kinds, limit: PAGE_ROWS_MAX, ..EventQuery::default() };
    let mut events = Vec::new();
    while events.len() < EVENTS_MAX {
        let page = store.events(ended.app, ended.conference, &query).await?;
        events.extend(page.rows);
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    Ok(events)
}

fn analyze(
    chunks: Chunks,
    mutes: Vec<MuteChange>,
    notices: Vec<Notice>,
    rules: &RuleSet,
) -> Result<(Analysis, Scores, Vec<Moment>), ReadError> {
    let mut analyzer = Analyzer::new(rules);
    notices.into_iter().for_each(|notice| analyzer.notice(notice));
    for change in mutes {
        analyzer.set_mute(change);
    }
    let mut life = Life::default();
    for run in run::in_order(chunks) {
        analyzer.push(&run?, &mut |output| {
            if let Output::Tick(tick) = output {
                life.add(tick);
            }
        });
    }
    Ok((analyzer.finish(), life.scores(), life.moments()))
}

/// By how much a stretch pulled a score down, as far as two connections can be compared: how far it lies below the rest, by its length.
fn cost(held: &ScoreMoment) -> f64 {
    let Moment { from, until, score, without } = held.moment;
    until.since(from).unwrap_or_default().as_secs_f64() * (without - score)
}

fn issues<'a>(analyses: impl Iterator<Item = &'a Analysis>) -> Vec<IssueCount> {
    let mut counts: BTreeMap<&str, IssueCount> = BTreeMap::new();
    for issue in analyses.flat_map(|analysis| &analysis.issues) {
        let count =
            counts.entry(&*issue.rule).or_insert_with(|| IssueCount { rule: issue.rule.to_string(), severity: issue.severity, count: 0 });
        count.severity = count.severity.max(issue.severity);
        count.count += 1;
    }
    counts.into_values().collect()
}
