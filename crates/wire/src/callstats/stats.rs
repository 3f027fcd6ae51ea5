//! The stats of a report: an array of the browser's objects, with what the client computed (`csio…`) among their members.
//!
//! Every object is kept as it came. One in a former shape (see `shape`) gets its standard form beside it, under an id that begins with
//! [`STANDARD`]. What the client reports besides (wifi, battery, members of its own) becomes objects whose type begins with `callstats`.

use std::{
    collections::{BTreeMap, HashMap, btree_map},
    fmt,
};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};
use sidetone_engine::{
    report::{MemberName, Report, Stats, Text, Value},
    units::Timestamp,
};

use super::{body::Body, shape};
use crate::json::{AnyValue, Read, Reader, Word};

/// What the id of an object begins with that holds the standard form of another.
pub const STANDARD: &str = "standard:";

impl Body {
    /// The report that the body holds, as taken at `time`; `None` when it is no report.
    #[must_use]
    pub fn into_report(self, time: Timestamp) -> Option<Report> {
        let Self { mut members, stats } = self;
        let mut stats = stats?;
        let former: Vec<_> = stats.iter().flat_map(|(id, object)| shape::standard(id, object)).collect();
        stats.extend(former.into_iter().map(|(id, object)| (format!("{STANDARD}{id}").into(), object)));
        let reader = Reader::default();
        for (member, stats_type) in [("wifiStats", "callstats-wifi"), ("batteryStatus", "callstats-battery")] {
            match members.remove(member) {
                Some(Json::Object(told)) => add(&mut stats, &reader, stats_type, told),
                Some(told) => drop(members.insert(member.to_owned(), told)),
                None => {}
            }
        }
        add(&mut stats, &reader, "callstats-report", members);
        Some(Report { time, stats })
    }

    /// The state of a bridge or a device, as taken at `time`: a report with one object.
    #[must_use]
    pub fn into_state(self, time: Timestamp, stats_type: &str) -> Report {
        let mut stats = BTreeMap::new();
        add(&mut stats, &Reader::default(), stats_type, self.members);
        Report { time, stats }
    }
}

/// Adds members of the client's own as an object.
fn add(stats: &mut BTreeMap<Text, Stats>, reader: &Reader, stats_type: &str, told: Map<String, Json>) {
    let mut object = Stats { stats_type: stats_type.into(), ..Stats::default() };
    for (name, value) in told {
        if let Ok(value) = AnyValue(reader).deserialize(value) {
            object.members.extend(members(&name.into(), value));
        }
    }
    stats.insert(stats_type.into(), object);
}

/// A member, or one for each entry of a record.
fn members(name: &Text, value: Read) -> Vec<(MemberName, Value)> {
    match value {
        Read::One(value) => vec![(MemberName::plain(name.clone()), value)],
        Read::Record(entries) => entries.into_iter().map(|(key, value)| (MemberName::entry(name.clone(), key), value)).collect(),
    }
}

/// The member `stats`: an array of objects, or (in the oldest description) an object of arrays.
pub(super) struct Entries<'a>(pub(super) &'a Reader);

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = BTreeMap<Text, Stats>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = BTreeMap<Text, Stats>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of stats objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut all = Named::default();
        let mut index = 0;
        while let Some((id, stats)) = self.0.index(index, || seq.next_element_seed(Entry(self.0)))? {
            all.insert("", id, stats);
            index += 1;
        }
        Ok(all.stats)
    }

    /// `{tracks, candidatePairs, transports, msts, dataChannels, codecs, timestamp}`: the name of the list goes before the id.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut all = Named::default();
        let mut apart = Map::new();
        while let Some((list, value)) = map.next_entry::<String, Json>()? {
            let Json::Array(entries) = value else {
                apart.insert(list, value);
                continue;
            };
            for entry in entries {
                let (id, mut stats) = Entry(self.0).deserialize(entry).map_err(A::Error::custom)?;
                if stats.stats_type.is_empty() {
                    stats.stats_type = list.as_str().into();
                }
                all.insert(&format!("{list}:"), id, stats);
            }
        }
        if !apart.is_empty() {
            add(&mut all.stats, self.0, "callstats-lists", apart);
        }
        Ok(all.stats)
    }
}

/// Objects by id.
#[derive(Default)]
struct Named {
    stats: BTreeMap<Text, Stats>,
    /// How often an id was taken already: the search for a free one goes on where it ended.
    taken: HashMap<Text, usize>,
}

impl Named {
    /// Keeps an object under its id; one without, or with one that is taken, gets another.
    fn insert(&mut self, list: &str, id: Option<Text>, stats: Stats) {
        let id: Text = match id {
            None => format!("{list}{}", unnamed(&stats)).into(),
            Some(id) if list.is_empty() => id,
            Some(id) => format!("{list}{id}").into(),
        };
        let id = match self.stats.entry(id) {
            btree_map::Entry::Vacant(free) => {
                free.insert(stats);
                return;
            }
            btree_map::Entry::Occupied(taken) => taken.key().clone(),
        };
        let number = self.taken.entry(id.clone()).or_insert(1);
        loop {
            *number += 1;
            if let btree_map::Entry::Vacant(free) = self.stats.entry(format!("{id}~{number}").into()) {
                free.insert(stats);
                return;
            }
        }
    }
}

/// An id for an object without: bridges send only type, SSRC and the participant that it comes from.
fn unnamed(stats: &Stats) -> String {
    match stats.members.get(&MemberName::plain("ssrc")) {
        Some(Value::Number(ssrc)) => format!("{}-{ssrc}", stats.stats_type),
        Some(Value::Text(ssrc)) => format!("{}-{ssrc}", stats.stats_type),
        _ => stats.stats_type.to_string(),
    }
}

/// One stats object and its id.
struct Entry<'a>(&'a Reader);

impl<'de> DeserializeSeed<'de> for Entry<'_> {
    type Value = (Option<Text>, Stats);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Entry<'_> {
    type Value = (Option<Text>, Stats);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a stats object with its members")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut id, mut stats, mut held) = (None, Stats::default(), Vec::new());
        while let Some(name) = map.next_key_seed(Word(self.0))? {
            match map.next_value_seed(AnyValue(self.0))? {
                Read::One(Value::Text(text)) if &*name == "type" => stats.stats_type = text,
                Read::One(Value::Text(text)) if &*name == "id" => id = Some(text),
                Read::One(value) => held.push((MemberName { name, key: None }, value)),
                value => held.extend(members(&name, value)),
            }
        }
        // Of equal names the last wins.
        stats.members = held.into_iter().collect();
        Ok((id, stats))
    }
}
