//! Batches from dumps, and files that hold batches already.

use serde::de::IgnoredAny;
use sidetone_engine::{
    ids::{ConferenceId, IdTooLong, ParticipantId, PeerConnectionId, UserId},
    report::Reports,
    units::Timestamp,
};

use super::{Content, Dump, Import, ImportError};
use crate::{
    batch::{Batch, BatchError, Event, kind},
    json::batch_from_json,
};

/// One batch or many, one after the other.
pub(super) fn read(text: &str) -> Result<Vec<Batch>, ImportError> {
    let mut batches = Vec::new();
    let mut documents = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    let mut start = 0;
    while let Some(document) = documents.next() {
        document.map_err(|error| ImportError::json(0, &error))?;
        let end = documents.byte_offset();
        let lines_before = text[..start].matches('\n').count();
        batches.push(batch_from_json(&text.as_bytes()[start..end]).map_err(|error| broken(lines_before, &error))?);
        start = end;
    }
    Ok(batches)
}

fn broken(lines_before: usize, error: &BatchError) -> ImportError {
    let BatchError::Json(error) = error else { return ImportError::line(lines_before + 1, error) };
    let position = format!("line {} column {}", lines_before + error.line, error.column);
    let message = if error.place.is_empty() { error.message.clone() } else { format!("{}: {}", error.place, error.message) };
    ImportError::Broken { position, message }
}

impl Import {
    /// Everything in the file as batches, ready to be stored.
    ///
    /// Batches of a dump belong to one participant, whose id comes from the content: importing the same file into the same conference
    /// again gives the same batches, which a store recognises. `conference` is used where the file names none.
    /// Batches of a batch file keep all their own names.
    ///
    /// # Errors
    /// When a name in the file is too long.
    pub fn into_batches(self, conference: &ConferenceId) -> Result<Vec<Batch>, IdTooLong> {
        match self.content {
            Content::Batches(batches) => Ok(batches),
            Content::Dump(dump) => dump.into_batches(conference),
        }
    }
}

impl Dump {
    fn into_batches(self, conference: &ConferenceId) -> Result<Vec<Batch>, IdTooLong> {
        let Some((first, last)) = self.span() else { return Ok(Vec::new()) };
        let own = &self.facts.conference_id;
        let conference_id = if own.is_empty() { conference.clone() } else { ConferenceId::new(own.clone())? };
        let user_id = UserId::new(self.facts.user_name.clone())?;
        let participant_id = ParticipantId::new(format!("import-{:032x}", self.digest))?;
        let batch = |peer_connection_id: &PeerConnectionId, batch_seq: usize, events: Vec<Event>, reports: Reports| Batch {
            conference_id: conference_id.clone(),
            user_id: user_id.clone(),
            participant_id: participant_id.clone(),
            peer_connection_id: peer_connection_id.clone(),
            batch_seq: u32::try_from(batch_seq).unwrap_or(u32::MAX),
            sent: last,
            events,
            reports,
        };
        let of_participant = PeerConnectionId::default();
        let mut events = vec![Event { time: first, kind: kind::JOINED.to_owned(), payload: self.facts.to_payload().to_string() }];
        events.extend(self.events);
        let mut batches = vec![batch(&of_participant, 0, events, Reports::default())];
        for connection in self.connections {
            let id = PeerConnectionId::new(connection.id)?;
            let end = span(&connection.events, &connection.runs).map_or(last, |(_, end)| end);
            let mut events = connection.events;
            if !events.iter().any(|event| event.kind == kind::CLOSED) {
                events.push(Event { time: end, kind: kind::CLOSED.to_owned(), payload: "{}".to_owned() });
            }
            let mut events = events.into_iter().peekable();
            let mut runs = connection.runs;
            if runs.is_empty() {
                runs.push(Reports::default());
            }
            let count = runs.len();
            for (batch_seq, run) in runs.into_iter().enumerate() {
                // Each event goes with the run in which it happened; what is left goes with the last one.
                let until = run.times().iter().max().copied().filter(|_| batch_seq + 1 < count);
                let mut now = Vec::new();
                while let Some(event) = events.next_if(|event| until.is_none_or(|until| event.time <= until)) {
                    now.push(event);
                }
                batches.push(batch(&id, batch_seq, now, run));
            }
        }
        let left = Event { time: last, kind: kind::LEFT.to_owned(), payload: "{}".to_owned() };
        batches.push(batch(&of_participant, 1, vec![left], Reports::default()));
        Ok(batches)
    }

    /// The first and the last instant that the dump speaks of.
    #[must_use]
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let spans = self.connections.iter().filter_map(|connection| span(&connection.events, &connection.runs));
        spans.chain(span(&self.events, &[])).reduce(|(start, end), (from, to)| (start.min(from), end.max(to)))
    }
}

fn span(events: &[Event], runs: &[Reports]) -> Option<(Timestamp, Timestamp)> {
    let times = || events.iter().map(|event| event.time).chain(runs.iter().flat_map(|run| run.times().iter().copied()));
    Some((times().min()?, times().max()?))
}
