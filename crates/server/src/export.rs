//! A stored conference as a portable one, always in the same order.

use sidetone_engine::{
    ids::{AppKey, ConferenceKey, PeerConnectionId, PeerConnectionKey},
    report::{Report, Reports},
};
use sidetone_store::{
    Store,
    error::StoreError,
    query::{EventQuery, PAGE_ROWS_MAX},
    record::{ConferenceDetail, Participant, PeerConnection, StoredEvent},
};
use sidetone_wire::{
    batch::{Batch, Event, kind},
    codec::CodecError,
    portable::PortableConference,
};

use crate::{
    query::names::Mask,
    run::{self, ReadError},
};

/// Why a conference cannot be read as a whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Reports that the store holds cannot be read.
    #[error("stored reports of peer connection {peer_connection} are damaged: {source}")]
    Damaged {
        /// Which.
        peer_connection: PeerConnectionKey,
        /// What is wrong with them.
        source: CodecError,
    },
}

/// Whether real names are in what is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// They are.
    Shown,
    /// Aliases stand in their place.
    Hidden,
}

/// Most reports in one batch.
const BATCH_REPORTS_MAX: usize = 600;

/// Reads everything of a conference; `None` when there is none of that key.
///
/// # Errors
/// When the store fails or holds damaged reports.
pub async fn conference(
    store: &dyn Store,
    app: AppKey,
    key: ConferenceKey,
    names: Names,
) -> Result<Option<PortableConference>, ExportError> {
    let Some(mut detail) = store.conference(app, key).await? else { return Ok(None) };
    let mut events = events(store, app, key).await?;
    if names == Names::Hidden {
        let mask = Mask::of(&detail.participants);
        for held in &mut events {
            held.event.payload = mask.payload(&held.event.payload);
        }
    }
    detail.participants.sort_by(|a, b| (a.joined, a.participant_id.as_str()).cmp(&(b.joined, b.participant_id.as_str())));
    let (mut batches, mut leaving) = (Vec::new(), Vec::new());
    for participant in &detail.participants {
        let of_participant = PeerConnectionId::default();
        let own = events_of(&events, participant, None);
        let (left, rest): (Vec<Event>, Vec<Event>) = own.into_iter().partition(|event| event.kind == kind::LEFT);
        batches.push(batch(&detail, participant, &of_participant, 0, rest, Reports::default()));
        if !left.is_empty() {
            leaving.push(batch(&detail, participant, &of_participant, 1, left, Reports::default()));
        }
        let mut connections: Vec<&PeerConnection> =
            detail.peer_connections.iter().filter(|held| held.participant == participant.key).collect();
        connections.sort_by(|a, b| (a.start, a.peer_connection_id.as_str()).cmp(&(b.start, b.peer_connection_id.as_str())));
        for connection in connections {
            let reports = reports(store, app, connection.key).await?;
            let own = events_of(&events, participant, Some(connection.key));
            // What ends the connection comes with its last reports.
            let (closed, mut rest): (Vec<Event>, Vec<Event>) =
                own.into_iter().partition(|event| matches!(event.kind.as_str(), kind::CLOSED | kind::LEFT));
            let mut runs: Vec<Reports> = reports.chunks(BATCH_REPORTS_MAX).map(|run| run.iter().cloned().collect()).collect();
            if runs.is_empty() {
                runs.push(Reports::default());
            }
            let last = runs.len() - 1;
            for (index, run) in runs.into_iter().enumerate() {
                let mut events = std::mem::take(&mut rest);
                if index == last {
                    events.extend(closed.iter().cloned());
                }
                batches.push(batch(
                    &detail,
                    participant,
                    &connection.peer_connection_id,
                    u32::try_from(index).unwrap_or(u32::MAX),
                    events,
                    run,
                ));
            }
        }
    }
    leaving.sort_by_key(|batch| batch.sent);
    batches.extend(leaving);
    Ok(Some(PortableConference { conference_id: detail.conference.conference_id, batches }))
}

fn batch(
    detail: &ConferenceDetail,
    participant: &Participant,
    connection: &PeerConnectionId,
    batch_seq: u32,
    events: Vec<Event>,
    reports: Reports,
) -> Batch {
    let times = events.iter().map(|event| event.time).chain(reports.times().iter().copied());
    Batch {
        conference_id: detail.conference.conference_id.clone(),
        user_id: participant.user_id.clone(),
        participant_id: participant.participant_id.clone(),
        peer_connection_id: connection.clone(),
        batch_seq,
        sent: times.max().unwrap_or(participant.joined),
        events,
        reports,
    }
}

/// Every event, oldest first.
async fn events(store: &dyn Store, app: AppKey, key: ConferenceKey) -> Result<Vec<StoredEvent>, StoreError> {
    let mut query = EventQuery { limit: PAGE_ROWS_MAX, ..EventQuery::default() };
    let mut events = Vec::new();
    loop {
        let page = store.events(app, key, &query).await?;
        events.extend(page.rows);
        if page.next.is_none() {
            return Ok(events);
        }
        query.after = page.next;
    }
}

fn events_of(events: &[StoredEvent], participant: &Participant, connection: Option<PeerConnectionKey>) -> Vec<Event> {
    events
        .iter()
        .filter(|held| held.participant == participant.key && held.peer_connection == connection)
        .map(|held| held.event.clone())
        .collect()
}

/// Every report by the server's clock, oldest first.
async fn reports(store: &dyn Store, app: AppKey, key: PeerConnectionKey) -> Result<Vec<Report>, ExportError> {
    let chunks = store.chunks(app, key).await?;
    let read = tokio::task::spawn_blocking(move || {
        let mut reports: Vec<Report> = Vec::new();
        for run in run::in_order(chunks) {
            reports.extend(run?.iter());
        }
        Ok(reports)
    });
    read.await.map_err(|panicked| StoreError::Backend(Box::new(panicked)))?.map_err(|error| match error {
        ReadError::Store(error) => ExportError::Store(error),
        ReadError::Damaged(source) => ExportError::Damaged { peer_connection: key, source },
    })
}
