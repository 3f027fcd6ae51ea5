//! The JSON form of a batch.
//!
//! ```json
//! {"conference_id": "weekly", "user_id": "ada", "participant_id": "01J…", "peer_connection_id": "pc0", "batch_seq": 0, "sent_ms": 1795228501553,
//!  "events": [{"time_ms": 1795228491553, "kind": "joined", "payload": {"user_name": "Ada"}}],
//!  "reports": [{"time_ms": 1795228491553, "stats": {"IT01A": {"type": "inbound-rtp", "timestamp": 1795228491538.756, "packetsReceived": 49}}}]}
//! ```
//!
//! `conference_id`, `participant_id` and `batch_seq` are required. Without `sent_ms` the batch counts as sent at the latest time that stands in it.

use std::collections::BTreeMap;

use serde::{
    Serialize, Serializer,
    de::{DeserializeSeed, Error, MapAccess},
    ser::SerializeMap,
};
use sidetone_engine::{
    ids::{ConferenceId, IdTooLong, ParticipantId, PeerConnectionId, UserId},
    report::{Report, Reports, Stats, Text},
    units::Timestamp,
};

use super::{
    JsonError, JsonReport,
    form::{self, Form, Forms, missing},
    read::{Millis, Reader, StatsMap},
    report::serialize_number,
    surrogate,
};
use crate::batch::{Batch, BatchError, Event};

/// A table may be this many times larger than the values in it. Real calls stay below 2; only made-up ids go beyond.
const CELLS_PER_VALUE_MAX: usize = 4;

/// Tables up to this size may be as empty as they like.
const CELLS_FREE: usize = 1 << 18;

/// A batch in its JSON form.
///
/// # Errors
/// When it is not one; the message says where and what.
pub fn batch_from_json(text: &[u8]) -> Result<Batch, BatchError> {
    Ok(batch_and_clock_from_json(text)?.0)
}

/// As [`batch_from_json`], and what the client's clock showed when it sent the batch: `None` when the batch does not say.
///
/// # Errors
/// As [`batch_from_json`].
pub fn batch_and_clock_from_json(text: &[u8]) -> Result<(Batch, Option<Timestamp>), BatchError> {
    Ok(surrogate::parse(text, |text| {
        let reader = Reader::default();
        let mut parser = serde_json::Deserializer::from_slice(text);
        let batch = form::object::<BatchForm>(&reader).deserialize(&mut parser).map_err(|error| JsonError::new(reader.place(), &error))?;
        parser.end().map_err(|error| JsonError::new(String::new(), &error))?;
        Ok::<_, JsonError>(batch)
    })?)
}

/// The JSON form of a batch.
#[must_use]
pub fn batch_to_json(batch: &Batch) -> Vec<u8> {
    serde_json::to_vec(&JsonBatch(batch)).unwrap_or_default()
}

#[derive(Default)]
struct BatchForm {
    conference_id: Option<ConferenceId>,
    user_id: UserId,
    participant_id: Option<ParticipantId>,
    peer_connection_id: PeerConnectionId,
    batch_seq: Option<u32>,
    sent: Option<Timestamp>,
    events: Vec<Event>,
    run: Run,
}

impl Form for BatchForm {
    type Read = (Batch, Option<Timestamp>);
    const EXPECTED: &'static str = "a batch: an object with the members conference_id, user_id, participant_id, peer_connection_id, batch_seq, \
         sent_ms, events, reports";
    const MEMBERS: &'static [&'static str] =
        &["conference_id", "user_id", "participant_id", "peer_connection_id", "batch_seq", "sent_ms", "events", "reports"];

    fn member<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A, reader: &Reader) -> Result<(), A::Error> {
        match name {
            "conference_id" => self.conference_id = Some(id(map, ConferenceId::new)?),
            "user_id" => self.user_id = id(map, UserId::new)?,
            "participant_id" => self.participant_id = Some(id(map, ParticipantId::new)?),
            "peer_connection_id" => self.peer_connection_id = id(map, PeerConnectionId::new)?,
            "batch_seq" => self.batch_seq = Some(map.next_value()?),
            "sent_ms" => self.sent = Some(map.next_value_seed(Millis)?),
            "events" => self.events = map.next_value_seed(form::array(reader))?,
            _ => self.run = map.next_value_seed(form::array(reader))?,
        }
        Ok(())
    }

    fn finish<E: Error>(self) -> Result<Self::Read, E> {
        let reports = self.run.reports;
        let latest = self.events.iter().map(|event| event.time).chain(reports.times().iter().copied()).max();
        let batch = Batch {
            conference_id: self.conference_id.ok_or_else(|| missing("conference_id", "the app's name for the conference"))?,
            user_id: self.user_id,
            participant_id: self
                .participant_id
                .ok_or_else(|| missing("participant_id", "a name for this stay of the user, unique per stay"))?,
            peer_connection_id: self.peer_connection_id,
            batch_seq: self.batch_seq.ok_or_else(|| missing("batch_seq", "the number of this batch, from 0 for each peer connection"))?,
            sent: self
                .sent
                .or(latest)
                .ok_or_else(|| missing("sent_ms", "when the batch was sent; needed when it holds no event and no report"))?,
            events: self.events,
            reports,
        };
        Ok((batch, self.sent))
    }
}

fn id<'de, A: MapAccess<'de>, T>(map: &mut A, new: impl FnOnce(String) -> Result<T, IdTooLong>) -> Result<T, A::Error> {
    new(map.next_value()?).map_err(A::Error::custom)
}

impl Forms for Vec<Event> {
    type Element = EventForm;
    const EXPECTED: &'static str = "an array of events, {\"time_ms\": …, \"kind\": …, \"payload\": {…}}";

    fn len(&self) -> usize {
        self.len()
    }

    fn add<E: Error>(&mut self, event: Event) -> Result<(), E> {
        self.push(event);
        Ok(())
    }
}

#[derive(Default)]
pub(super) struct EventForm {
    time: Option<Timestamp>,
    kind: String,
    payload: serde_json::Map<String, serde_json::Value>,
}

impl Form for EventForm {
    type Read = Event;
    const EXPECTED: &'static str = "an event, {\"time_ms\": …, \"kind\": …, \"payload\": {…}}";
    const MEMBERS: &'static [&'static str] = &["time_ms", "kind", "payload"];

    fn member<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A, _: &Reader) -> Result<(), A::Error> {
        match name {
            "time_ms" => self.time = Some(map.next_value_seed(Millis)?),
            "kind" => self.kind = map.next_value()?,
            _ => self.payload = map.next_value()?,
        }
        Ok(())
    }

    fn finish<E: Error>(self) -> Result<Event, E> {
        if self.kind.is_empty() {
            return Err(missing("kind", "what happened, such as \"joined\""));
        }
        Ok(Event {
            time: self.time.ok_or_else(|| missing("time_ms", "when it happened, in milliseconds since 1970"))?,
            kind: self.kind,
            payload: serde_json::Value::Object(self.payload).to_string(),
        })
    }
}

/// The reports of a batch, and how many values are in them.
#[derive(Default)]
struct Run {
    reports: Reports,
    values: usize,
}

impl Forms for Run {
    type Element = ReportForm;
    const EXPECTED: &'static str = "an array of reports, {\"time_ms\": …, \"stats\": {…}}";

    fn len(&self) -> usize {
        self.reports.len()
    }

    fn add<E: Error>(&mut self, report: Report) -> Result<(), E> {
        self.values += report.stats.values().map(|stats| stats.members.len() + 1).sum::<usize>();
        self.reports.push(&report);
        let cells = self.reports.len() * self.reports.objects().iter().map(|object| object.columns.len() + 1).sum::<usize>();
        if cells > CELLS_FREE + CELLS_PER_VALUE_MAX * self.values {
            return Err(E::custom(format_args!(
                "{} reports hold {} values spread over a table of {cells} cells: successive reports must share their ids; \
                 send fewer reports in a batch",
                self.reports.len(),
                self.values
            )));
        }
        Ok(())
    }
}

#[derive(Default)]
pub(super) struct ReportForm {
    time: Option<Timestamp>,
    stats: Option<BTreeMap<Text, Stats>>,
}

impl Form for ReportForm {
    type Read = Report;
    const EXPECTED: &'static str = "a report, {\"time_ms\": …, \"stats\": {…}}";
    const MEMBERS: &'static [&'static str] = &["time_ms", "stats"];

    fn member<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A, reader: &Reader) -> Result<(), A::Error> {
        match name {
            "time_ms" => self.time = Some(map.next_value_seed(Millis)?),
            _ => self.stats = Some(map.next_value_seed(StatsMap(reader))?),
        }
        Ok(())
    }

    fn finish<E: Error>(self) -> Result<Report, E> {
        Ok(Report {
            time: self.time.ok_or_else(|| missing("time_ms", "when getStats was called, in milliseconds since 1970"))?,
            stats: self.stats.ok_or_else(|| missing("stats", "the stats objects by id"))?,
        })
    }
}

struct JsonBatch<'a>(&'a Batch);

impl Serialize for JsonBatch<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let batch = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("conference_id", batch.conference_id.as_str())?;
        map.serialize_entry("user_id", batch.user_id.as_str())?;
        map.serialize_entry("participant_id", batch.participant_id.as_str())?;
        map.serialize_entry("peer_connection_id", batch.peer_connection_id.as_str())?;
        map.serialize_entry("batch_seq", &batch.batch_seq)?;
        map.serialize_entry("sent_ms", &JsonTime(batch.sent))?;
        map.serialize_entry("events", &List(|| batch.events.iter().map(JsonEvent)))?;
        map.serialize_entry("reports", &List(|| batch.reports.iter().map(JsonTimedReport)))?;
        map.end()
    }
}

/// Serialises an iterator as an array.
struct List<F>(F);

impl<F: Fn() -> I, I: Iterator<Item: Serialize>> Serialize for List<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

struct JsonTime(Timestamp);

impl Serialize for JsonTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_number(self.0.as_millis_f64(), serializer)
    }
}

struct JsonEvent<'a>(&'a Event);

impl Serialize for JsonEvent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let payload: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&self.0.payload).unwrap_or_default();
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("time_ms", &JsonTime(self.0.time))?;
        map.serialize_entry("kind", &self.0.kind)?;
        map.serialize_entry("payload", &payload)?;
        map.end()
    }
}

struct JsonTimedReport(Report);

impl Serialize for JsonTimedReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("time_ms", &JsonTime(self.0.time))?;
        map.serialize_entry("stats", &JsonReport(&self.0))?;
        map.end()
    }
}
