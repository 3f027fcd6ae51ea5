//! The JSON form of a batch.
//!
//! ```json
//! {"conference_id": "weekly", "user_id": "ada", "participant_id": "01J…", "peer_connection_id": "pc0", "batch_seq": 0, "sent_ms": 1795228501553,
//!  "events": [{"time_ms": 1795228491553, "kind": "joined", "payload": {"user_name": "Ada"}}],
//!  "reports": [{"time_ms": 1795228491553, "stats": {"IT01A": {"type": "inbound-rtp", "timestamp": 1795228491538.756, "packetsReceived": 49}}}]}
//! ```
//!
//! `conference_id`, `participant_id` and `batch_seq` are required. Without `sent_ms` the batch counts as sent at the latest time that stands in it.

use std::fmt;

use serde::{
    Serialize, Serializer,
    de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor},
    ser::SerializeMap,
};
use sidetone_engine::{
    ids::{ConferenceId, IdTooLong, ParticipantId, PeerConnectionId, UserId},
    report::{Report, Reports},
    units::Timestamp,
};

use super::{
    JsonError, JsonReport,
    read::{Millis, Reader, StatsMap},
    report::serialize_number,
};
use crate::batch::{Batch, BatchError, Event};

const MEMBERS: &[&str] = &["conference_id", "user_id", "participant_id", "peer_connection_id", "batch_seq", "sent_ms", "events", "reports"];

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
    let reader = Reader::default();
    let mut parser = serde_json::Deserializer::from_slice(text);
    let batch = BatchSeed(&reader).deserialize(&mut parser).map_err(|error| JsonError::new(reader.place(), &error))?;
    parser.end().map_err(|error| JsonError::new(String::new(), &error))?;
    Ok(batch)
}

/// The JSON form of a batch.
#[must_use]
pub fn batch_to_json(batch: &Batch) -> Vec<u8> {
    serde_json::to_vec(&JsonBatch(batch)).unwrap_or_default()
}

struct BatchSeed<'a>(&'a Reader);

impl<'de> DeserializeSeed<'de> for BatchSeed<'_> {
    type Value = (Batch, Option<Timestamp>);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for BatchSeed<'_> {
    type Value = (Batch, Option<Timestamp>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a batch: an object with the members {}", MEMBERS.join(", "))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let reader = self.0;
        let (mut conference_id, mut user_id, mut participant_id, mut peer_connection_id) = (None, None, None, None);
        let (mut batch_seq, mut sent, mut events, mut reports) = (None, None, Vec::new(), Reports::default());
        while let Some(name) = map.next_key::<String>()? {
            match &*name {
                "conference_id" => conference_id = Some(id(reader, "conference_id", &mut map, ConferenceId::new)?),
                "user_id" => user_id = Some(id(reader, "user_id", &mut map, UserId::new)?),
                "participant_id" => participant_id = Some(id(reader, "participant_id", &mut map, ParticipantId::new)?),
                "peer_connection_id" => peer_connection_id = Some(id(reader, "peer_connection_id", &mut map, PeerConnectionId::new)?),
                "batch_seq" => batch_seq = Some(reader.member("batch_seq", || map.next_value::<u32>())?),
                "sent_ms" => sent = Some(reader.member("sent_ms", || map.next_value_seed(Millis))?),
                "events" => events = reader.member("events", || map.next_value_seed(EventList(reader)))?,
                "reports" => reports = reader.member("reports", || map.next_value_seed(ReportList(reader)))?,
                _ => return Err(unknown(&name, MEMBERS)),
            }
        }
        let latest = events.iter().map(|event| event.time).chain(reports.times().iter().copied()).max();
        let batch = Batch {
            conference_id: conference_id.ok_or_else(|| missing("conference_id", "the app's name for the conference"))?,
            user_id: user_id.unwrap_or_default(),
            participant_id: participant_id.ok_or_else(|| missing("participant_id", "a name for this stay of the user, unique per stay"))?,
            peer_connection_id: peer_connection_id.unwrap_or_default(),
            batch_seq: batch_seq.ok_or_else(|| missing("batch_seq", "the number of this batch, from 0 for each peer connection"))?,
            sent: sent
                .or(latest)
                .ok_or_else(|| missing("sent_ms", "when the batch was sent; needed when it holds no event and no report"))?,
            events,
            reports,
        };
        Ok((batch, sent))
    }
}

fn id<'de, A: MapAccess<'de>, T>(
    reader: &Reader,
    name: &'static str,
    map: &mut A,
    new: impl FnOnce(String) -> Result<T, IdTooLong>,
) -> Result<T, A::Error> {
    reader.member(name, || new(map.next_value::<String>()?).map_err(A::Error::custom))
}

fn missing<E: Error>(name: &str, meaning: &str) -> E {
    E::custom(format_args!("{name} is missing: {meaning}"))
}

fn unknown<E: Error>(name: &str, allowed: &[&str]) -> E {
    let plain = |name: &str| name.to_ascii_lowercase().replace(['_', '-'], "");
    let given: String = name.chars().take(60).collect();
    let meant = allowed.iter().find(|candidate| plain(candidate) == plain(name));
    match meant {
        Some(meant) => E::custom(format_args!("member {given:?} is unknown, {meant:?} is meant; allowed are {}", allowed.join(", "))),
        None => E::custom(format_args!("member {given:?} is unknown; allowed are {}", allowed.join(", "))),
    }
}

struct EventList<'a>(&'a Reader);

impl<'de> DeserializeSeed<'de> for EventList<'_> {
    type Value = Vec<Event>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Event>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for EventList<'_> {
    type Value = Vec<Event>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of events, {\"time_ms\": …, \"kind\": …, \"payload\": {…}}")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<Event>, A::Error> {
        let mut events = Vec::new();
        while let Some(event) = self.0.index(events.len(), || seq.next_element_seed(EventSeed(self.0)))? {
            events.push(event);
        }
        Ok(events)
    }
}

struct EventSeed<'a>(&'a Reader);

impl<'de> DeserializeSeed<'de> for EventSeed<'_> {
    type Value = Event;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Event, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EventSeed<'_> {
    type Value = Event;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event, {\"time_ms\": …, \"kind\": …, \"payload\": {…}}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Event, A::Error> {
        let reader = self.0;
        let (mut time, mut kind, mut payload) = (None, None, None);
        while let Some(name) = map.next_key::<String>()? {
            match &*name {
                "time_ms" => time = Some(reader.member("time_ms", || map.next_value_seed(Millis))?),
                "kind" => kind = Some(reader.member("kind", || map.next_value::<String>())?),
                "payload" => {
                    payload = Some(reader.member("payload", || map.next_value::<serde_json::Map<String, serde_json::Value>>())?);
                }
                _ => return Err(unknown(&name, &["time_ms", "kind", "payload"])),
            }
        }
        Ok(Event {
            time: time.ok_or_else(|| missing("time_ms", "when it happened, in milliseconds since 1970"))?,
            kind: kind.filter(|kind| !kind.is_empty()).ok_or_else(|| missing("kind", "what happened, such as \"joined\""))?,
            payload: serde_json::Value::Object(payload.unwrap_or_default()).to_string(),
        })
    }
}

struct ReportList<'a>(&'a Reader);

impl<'de> DeserializeSeed<'de> for ReportList<'_> {
    type Value = Reports;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Reports, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for ReportList<'_> {
    type Value = Reports;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of reports, {\"time_ms\": …, \"stats\": {…}}")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Reports, A::Error> {
        let mut reports = Reports::default();
        let mut values = 0;
        while let Some(report) = self.0.index(reports.len(), || seq.next_element_seed(ReportSeed(self.0)))? {
            values += report.stats.values().map(|stats| stats.members.len() + 1).sum::<usize>();
            reports.push(&report);
            let cells = reports.len() * reports.objects().iter().map(|object| object.columns.len() + 1).sum::<usize>();
            if cells > CELLS_FREE + CELLS_PER_VALUE_MAX * values {
                return Err(A::Error::custom(format_args!(
                    "{} reports hold {values} values spread over a table of {cells} cells: successive reports must share their ids; \
                     send fewer reports in a batch",
                    reports.len()
                )));
            }
        }
        Ok(reports)
    }
}

struct ReportSeed<'a>(&'a Reader);

impl<'de> DeserializeSeed<'de> for ReportSeed<'_> {
    type Value = Report;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Report, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ReportSeed<'_> {
    type Value = Report;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a report, {\"time_ms\": …, \"stats\": {…}}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Report, A::Error> {
        let reader = self.0;
        let (mut time, mut stats) = (None, None);
        while let Some(name) = map.next_key::<String>()? {
            match &*name {
                "time_ms" => time = Some(reader.member("time_ms", || map.next_value_seed(Millis))?),
                "stats" => stats = Some(reader.member("stats", || map.next_value_seed(StatsMap(reader)))?),
                _ => return Err(unknown(&name, &["time_ms", "stats"])),
            }
        }
        Ok(Report {
            time: time.ok_or_else(|| missing("time_ms", "when getStats was called, in milliseconds since 1970"))?,
            stats: stats.ok_or_else(|| missing("stats", "the stats objects by id"))?,
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
