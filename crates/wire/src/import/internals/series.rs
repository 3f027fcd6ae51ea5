//! Series of values, and the reports that they came from.

use std::collections::BTreeMap;

use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};
use sidetone_engine::{
    report::{MemberName, Report, Stats, Text, Value},
    units::Timestamp,
};

use super::{
    super::{ImportError, Skipped, stream::is_callback_type, time::iso},
    kind_of,
};
use crate::json::{AnyValue, Read, Reader, set_member};

/// What the other end said may be stamped this much later than the poll that saw it.
const STAMP_TOLERANCE_US: i64 = 50_000;

/// Members that are strings by the standard but come as numbers when they look like one: the page parses every value.
const STRING_MEMBERS: [&str; 7] = ["mid", "rid", "foundation", "label", "usernameFragment", "iceLocalUsernameFragment", "trackIdentifier"];

/// One member over time.
struct Series {
    name: Text,
    /// `None` where the page had nothing.
    values: Vec<Option<Read>>,
}

/// One stats object over time.
struct Object {
    id: Text,
    stats_type: Text,
    /// Longest first.
    series: Vec<Series>,
    /// The values of its `timestamp`, in microseconds; `None` before Chrome 117.
    times: Option<Vec<i64>>,
    /// First and last time, as the page wrote them beside the values.
    span: Option<(i64, i64)>,
    /// Number of samples: the length of `times`, or of the longest series.
    samples: usize,
}

/// All series of one peer connection.
#[derive(Default)]
pub(super) struct Table {
    objects: Vec<Object>,
    polls: Vec<Timestamp>,
    /// For each poll: which object was there, and which of its samples.
    rows: Vec<Vec<(usize, usize)>>,
}

impl Table {
    pub(super) fn read(path: &str, stats: &Map<String, Json>, reader: &Reader, skipped: &mut Vec<Skipped>) -> Result<Self, ImportError> {
        let mut by_id: BTreeMap<&str, Vec<(&str, &Json)>> = BTreeMap::new();
        for (key, series) in stats {
            // "id-[rate]": computed by the page, and computed again by us.
            if key.contains("-[") {
                continue;
            }
            match key.rsplit_once('-') {
                Some((id, name)) if !name.is_empty() => by_id.entry(id).or_default().push((name, series)),
                _ => skipped.push(Skipped { position: format!("{path}.stats[{key:?}]"), reason: "is no \"id-member\"".to_owned() }),
            }
        }
        let mut table = Self::default();
        let mut callback_type = None;
        for (id, members) in by_id {
            let place = format!("{path}.stats[\"{id}-…\"]");
            let stats_type = members.iter().find_map(|(_, series)| series.get("statsType")?.as_str()).unwrap_or_default();
            if is_callback_type(stats_type) {
                skipped.push(Skipped { position: place, reason: format!("is of the callback type {stats_type:?}") });
                callback_type = Some(stats_type);
                continue;
            }
            table.objects.push(Object::read(path, id, stats_type, &members, reader)?);
        }
        match callback_type {
            Some(stats_type) if table.objects.is_empty() => {
                Err(ImportError::CallbackStatistics { position: path.to_owned(), stats_type: stats_type.to_owned() })
            }
            _ => {
                table.place(path, skipped);
                Ok(table)
            }
        }
    }

    /// When `getStats` was called.
    pub(super) fn polls(&self) -> &[Timestamp] {
        &self.polls
    }

    /// The report of one poll.
    pub(super) fn report(&self, row: usize) -> Report {
        let mut report = Report { time: self.polls[row], stats: BTreeMap::new() };
        for &(object, sample) in &self.rows[row] {
            let object = &self.objects[object];
            report.stats.insert(object.id.clone(), object.stats(sample));
        }
        report
    }

    /// Finds the polls and the poll of each sample.
    fn place(&mut self, path: &str, skipped: &mut Vec<Skipped>) {
        let timed = |of_connection: bool| {
            let objects = self.objects.iter().filter(move |object| {
                !object.stats_type.starts_with("remote-") && (!of_connection || &*object.stats_type == "peer-connection")
            });
            let mut times: Vec<i64> = objects.flat_map(|object| object.times.iter().flatten().copied()).collect();
            times.sort_unstable();
            times.dedup();
            times
        };
        // The one object that is in every report says it best.
        let mut polls = timed(true);
        if polls.is_empty() {
            polls = timed(false);
        }
        if polls.is_empty() {
            let longest = self.objects.iter().filter(|object| object.span.is_some()).max_by_key(|object| object.samples);
            polls = longest.map(Object::spread).unwrap_or_default();
        }
        self.rows = vec![Vec::new(); polls.len()];
        for (index, object) in self.objects.iter().enumerate() {
            let Some(places) = object.places(&polls) else {
                let position = format!("{path}.stats[\"{}-…\"]", object.id);
                skipped.push(Skipped { position, reason: "has no times".to_owned() });
                continue;
            };
            for (sample, row) in places {
                self.rows[row].push((index, sample));
            }
        }
        self.polls = polls.into_iter().map(Timestamp::from_micros).collect();
    }
}

impl Object {
    fn read(path: &str, id: &str, stats_type: &str, members: &[(&str, &Json)], reader: &Reader) -> Result<Self, ImportError> {
        let mut object = Self { id: id.into(), stats_type: stats_type.into(), series: Vec::new(), times: None, span: None, samples: 0 };
        for (name, series) in members {
            let place = || format!("{path}.stats[\"{id}-{name}\"]");
            let values = match series.get("values") {
                Some(Json::String(text)) => values(&mut serde_json::Deserializer::from_str(text), reader),
                Some(array @ Json::Array(_)) => values(array, reader),
                other => {
                    let found = kind_of(other.unwrap_or(&Json::Null));
                    return Err(ImportError::broken(place(), format!("values is {found}, expected an array of values as text")));
                }
            };
            let mut values = values.map_err(|error| ImportError::broken(format!("{}.values", place()), error))?;
            if STRING_MEMBERS.contains(name) {
                values.iter_mut().flatten().for_each(restore_text);
            }
            if *name == "timestamp" {
                let times = values.iter().map(|value| match value {
                    Some(Read::One(Value::Number(millis))) => Timestamp::from_millis_f64(*millis).map(Timestamp::as_micros),
                    _ => None,
                });
                let times: Option<Vec<i64>> = times.collect();
                object.times = Some(times.ok_or_else(|| ImportError::broken(place(), "holds what is no time in milliseconds since 1970"))?);
            }
            let bound = |name: &str| series.get(name).and_then(Json::as_str).and_then(iso).map(Timestamp::as_micros);
            if let (Some(start), Some(end)) = (bound("startTime"), bound("endTime")) {
                let (first, last) = object.span.unwrap_or((start, end));
                object.span = Some((first.min(start), last.max(end)));
            }
            object.samples = object.samples.max(values.len());
            object.series.push(Series { name: (*name).into(), values });
        }
        if let Some(times) = &object.times {
            object.samples = times.len();
        }
        object.series.sort_by_key(|series| std::cmp::Reverse(series.values.len()));
        Ok(object)
    }

    /// The object as one poll had it.
    fn stats(&self, sample: usize) -> Stats {
        let mut stats = Stats { stats_type: self.stats_type.clone(), members: BTreeMap::new() };
        let from_end = self.samples - sample;
        for series in self.series.iter().take_while(|series| series.values.len() >= from_end) {
            if let Some(Some(value)) = series.values.get(series.values.len() - from_end) {
                match value {
                    Read::One(value) if &*series.name != "type" && &*series.name != "id" => {
                        stats.members.insert(MemberName::plain(series.name.clone()), value.clone());
                    }
                    value => set_member(&mut stats, &self.id, series.name.clone(), value.clone()),
                }
            }
        }
        stats
    }

    /// Times between the first and the last, evenly: all that is known before Chrome 117.
    fn spread(&self) -> Vec<i64> {
        let Some((start, end)) = self.span else { return Vec::new() };
        let steps = i64::try_from(self.samples).unwrap_or(i64::MAX).saturating_sub(1).max(1);
        let time = |step| start + i64::try_from(i128::from(end - start) * i128::from(step) / i128::from(steps)).unwrap_or(0);
        let mut times: Vec<i64> = (0..=steps).take(self.samples).map(time).collect();
        times.sort_unstable();
        times.dedup();
        times
    }

    /// Pairs of sample and row; `None` when the object has no times at all.
    fn places(&self, polls: &[i64]) -> Option<Vec<(usize, usize)>> {
        if polls.is_empty() || self.samples == 0 {
            return Some(Vec::new());
        }
        if let Some(times) = &self.times {
            let exact: Option<Vec<_>> =
                times.iter().enumerate().map(|(sample, time)| Some((sample, polls.binary_search(time).ok()?))).collect();
            if exact.is_some() {
                return exact;
            }
        }
        let first_row = match (&self.times, self.span) {
            (Some(times), _) => first_row(times, polls),
            (None, Some((_, end))) => {
                let last = polls.partition_point(|poll| *poll <= end + STAMP_TOLERANCE_US).max(1);
                row_number(last) - row_number(self.samples)
            }
            (None, None) => return None,
        };
        let places = (0..self.samples).filter_map(|sample| {
            let row = usize::try_from(first_row + row_number(sample)).ok().filter(|row| *row < polls.len())?;
            Some((sample, row))
        });
        Some(places.collect())
    }
}

fn row_number(row: usize) -> i64 {
    i64::try_from(row).unwrap_or(i64::MAX)
}

/// The row of the first of successive samples that are stamped at or before the poll that saw them.
///
/// A stamp that changed was seen by the first poll after it, which fixes the row. Where no stamp ever changed the samples end at the last poll.
fn first_row(times: &[i64], polls: &[i64]) -> i64 {
    let at_end = row_number(polls.len()) - row_number(times.len());
    let seen = |time: i64| row_number(polls.partition_point(|poll| poll + STAMP_TOLERANCE_US < time));
    let shifts = times.iter().enumerate().map(|(sample, time)| (sample, seen(*time) - row_number(sample)));
    match shifts.max_by_key(|(sample, shift)| (*shift, *sample)) {
        Some((sample, shift)) if shift > 0 || (shift == 0 && sample > 0) => shift.min(at_end),
        _ => at_end,
    }
}

/// What was text before the page parsed it.
fn restore_text(value: &mut Read) {
    if let Read::One(Value::Number(number)) = value {
        *value = Read::One(Value::Text(number.to_string().into()));
    }
}

fn values<'de, D: Deserializer<'de>>(deserializer: D, reader: &Reader) -> Result<Vec<Option<Read>>, D::Error> {
    struct Values<'a>(&'a Reader);

    impl<'de> Visitor<'de> for Values<'_> {
        type Value = Vec<Option<Read>>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an array of values")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut values = Vec::new();
            while let Some(value) = seq.next_element_seed(AnyValue(self.0))? {
                values.push(match value {
                    Read::One(Value::Json(text)) if &*text == "null" => None,
                    value => Some(value),
                });
            }
            Ok(values)
        }
    }

    deserializer.deserialize_seq(Values(reader))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_older_stamps_stand_where_they_were_first_seen() {
        let polls: Vec<i64> = (0..10).map(|second| second * 1_000_000).collect();
        let stamps = |millis: &[i64]| millis.iter().map(|millis| millis * 1000).collect::<Vec<_>>();
        for (what, times, row) in [
            ("seen first at 3 s and there until the end", stamps(&[2500, 2500, 2500, 5700, 5700, 5700, 5700]), 3),
            ("seen first at 3 s, gone after 5 s", stamps(&[2500, 2500, 4800]), 3),
            ("from the start, changed at 2 s, gone after 3 s", stamps(&[-500, -500, 1500, 1500]), 0),
            ("older than the window and never changed: until the end", stamps(&[-500, -500, -500]), 7),
            ("from a clock that is ahead: until the end", stamps(&[90_000, 91_000]), 8),
        ] {
            assert_eq!(first_row(&times, &polls), row, "{what}");
        }
    }
}
