//! One run after another, column by column.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
};

use super::{Object, Reports};
use crate::report::{Column, Data, Presence, Value};

/// How the entries of the later run meet those of the earlier one.
struct Meeting {
    /// For each entry of the earlier run, that of the later one.
    later: Vec<Option<usize>>,
    /// Entries that only the later run has.
    new: Vec<usize>,
}

impl Meeting {
    /// `None` when an entry stands in the later run twice. Mostly the entries of both stand in the same order.
    fn of<'a, T, K: Eq + Hash>(earlier: &'a [T], later: &'a [T], key: impl Fn(&'a T) -> K) -> Option<Self> {
        let mut meeting = Self { later: vec![None; earlier.len()], new: Vec::new() };
        let mut index: Option<HashMap<K, usize>> = None;
        let mut expected = 0;
        for (number, entry) in later.iter().enumerate() {
            let place = match earlier.get(expected) {
                Some(next) if key(next) == key(entry) => Some(expected),
                _ => {
                    let all = || earlier.iter().enumerate().map(|(place, held)| (key(held), place)).collect();
                    index.get_or_insert_with(all).get(&key(entry)).copied()
                }
            };
            let Some(place) = place else {
                meeting.new.push(number);
                continue;
            };
            expected = place + 1;
            if meeting.later[place].replace(number).is_some() {
                return None;
            }
        }
        let names: HashSet<K> = meeting.new.iter().map(|&number| key(&later[number])).collect();
        (names.len() == meeting.new.len()).then_some(meeting)
    }
}

impl Reports {
    /// Appends another run.
    pub fn extend(&mut self, other: &Self) {
        if !self.join(other) {
            for row in 0..other.len() {
                self.push(&other.report(row));
            }
        }
    }

    /// Appends another run by column. `false`, and nothing is changed, when that run has an object or a member twice.
    fn join(&mut self, other: &Self) -> bool {
        let (rows, added) = (self.len(), other.len());
        let Some(objects) = Meeting::of(&self.objects, &other.objects, |object| (&object.id, &object.stats_type)) else { return false };
        let columns = |(held, later): (&Object, &Option<usize>)| {
            let later = later.map_or(&[][..], |later| &other.objects[later].columns);
            Meeting::of(&held.columns, later, |column| &column.name)
        };
        let Some(columns) = self.objects.iter().zip(&objects.later).map(columns).collect::<Option<Vec<_>>>() else { return false };
        let is_clear = |object: usize| Meeting::of(&[], &other.objects[object].columns, |column| &column.name).is_some();
        if !objects.new.iter().all(|&object| is_clear(object)) {
            return false;
        }

        for ((object, later), columns) in self.objects.iter_mut().zip(objects.later).zip(columns) {
            object.join(rows, later.map(|later| &other.objects[later]), added, columns);
        }
        for later in objects.new.into_iter().map(|later| &other.objects[later]) {
            let (id, stats_type) = (later.id.clone(), later.stats_type.clone());
            let mut object = Object { id, stats_type, presence: Presence::nowhere(rows), columns: Vec::new() };
            object.join(rows, Some(later), added, Meeting { later: Vec::new(), new: (0..later.columns.len()).collect() });
            self.objects.push(object);
        }
        self.times.extend_from_slice(&other.times);
        self.index = None;
        true
    }
}

impl Object {
    fn join(&mut self, rows: usize, later: Option<&Self>, added: usize, columns: Meeting) {
        self.presence.join(rows, later.map(|later| &later.presence), added);
        let later = later.map_or(&[][..], |later| &later.columns);
        for (column, place) in self.columns.iter_mut().zip(columns.later) {
            column.join(rows, place.map(|place| &later[place]), added);
        }
        for column in columns.new.into_iter().map(|place| &later[place]) {
            let mut before = Column { name: column.name.clone(), presence: Presence::nowhere(rows), data: column.data.filler() };
            before.join(rows, Some(column), added);
            self.columns.push(before);
        }
    }
}

impl Column {
    fn join(&mut self, rows: usize, later: Option<&Self>, added: usize) {
        self.presence.join(rows, later.map(|later| &later.presence), added);
        self.data.join(rows, later.map(|later| &later.data), added);
    }
}

impl Presence {
    fn join(&mut self, rows: usize, later: Option<&Self>, added: usize) {
        if let (Self::All, Some(Self::All)) = (&*self, later) {
            return;
        }
        let mut held = match std::mem::replace(self, Self::All) {
            Self::All => vec![true; rows],
            Self::Rows(held) => held,
        };
        match later {
            Some(Self::Rows(later)) => held.extend_from_slice(later),
            all_or_none => held.resize(rows + added, all_or_none.is_some()),
        }
        *self = Self::Rows(held);
    }
}

impl Data {
    /// What may stand in rows that have no value, before these values.
    fn filler(&self) -> Self {
        Self::Constant(match self {
            Self::Constant(value) => value.clone(),
            Self::Numbers(numbers) => Value::Number(numbers.first().copied().unwrap_or_default()),
            Self::Values(values) => values.first().cloned().unwrap_or(Value::Bool(false)),
        })
    }

    fn join(&mut self, rows: usize, later: Option<&Self>, added: usize) {
        let all = rows + added;
        match (&mut *self, later) {
            (Self::Constant(_), None) => {}
            (Self::Constant(held), Some(Self::Constant(later))) if held == later => {}
            (Self::Numbers(held), None) => held.resize(all, 0.0),
            (Self::Numbers(held), Some(Self::Numbers(later))) => held.extend_from_slice(later),
            (Self::Numbers(held), Some(Self::Constant(Value::Number(later)))) => held.resize(all, *later),
            (Self::Constant(Value::Number(held)), Some(Self::Numbers(later))) => {
                let mut numbers = vec![*held; rows];
                numbers.extend_from_slice(later);
                *self = Self::Numbers(numbers);
            }
            (Self::Constant(Value::Number(held)), Some(Self::Constant(Value::Number(later)))) => {
                let mut numbers = vec![*held; rows];
                numbers.resize(all, *later);
                *self = Self::Numbers(numbers);
            }
            (_, later) => {
                let mut values = std::mem::replace(self, Self::Numbers(Vec::new())).into_values(rows);
                match later {
                    None => values.resize(all, Value::Bool(false)),
                    Some(later) => values.extend(later.clone().into_values(added)),
                }
                *self = Self::Values(values);
            }
        }
    }

    fn into_values(self, rows: usize) -> Vec<Value> {
        match self {
            Self::Constant(value) => vec![value; rows],
            Self::Numbers(numbers) => numbers.into_iter().map(Value::Number).collect(),
            Self::Values(values) => values,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        report::{MemberName, Report, Stats},
        units::Timestamp,
    };

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            4 => (0..3i32).prop_map(|number| Value::Number(f64::from(number))),
            1 => any::<bool>().prop_map(Value::Bool),
            1 => "[ab]".prop_map(|text| Value::Text(text.into())),
        ]
    }

    fn any_report() -> impl Strategy<Value = Report> {
        let members = prop::collection::btree_map("[x-z]".prop_map(MemberName::plain), any_value(), 0..3);
        let stats = ("[st]", members).prop_map(|(stats_type, members)| Stats { stats_type: stats_type.into(), members });
        let stats = prop::collection::btree_map("[A-C]".prop_map(Into::into), stats, 0..3);
        (0..9i64, stats).prop_map(|(time, stats)| Report { time: Timestamp::from_micros(time), stats })
    }

    proptest! {
        #[test]
        fn runs_that_are_joined_are_the_whole(reports in prop::collection::vec(any_report(), 0..12), parts in 1..5usize) {
            let mut joined = Reports::default();
            for part in reports.chunks(parts) {
                joined.extend(&part.iter().cloned().collect());
            }
            let rebuilt = Reports::from_columns(joined.times().to_vec(), joined.objects().to_vec());
            prop_assert_eq!(rebuilt.unwrap().iter().collect::<Vec<_>>(), reports.clone());
            // It goes on like any other run.
            joined.extend(&reports.iter().cloned().collect());
            reports.iter().for_each(|report| joined.push(report));
            prop_assert_eq!(joined.iter().collect::<Vec<_>>(), vec![reports; 3].concat());
        }
    }

    #[test]
    fn a_member_that_stands_twice_is_told_by_its_reports() {
        let report = |value: f64| Report {
            time: Timestamp::default(),
            stats: BTreeMap::from([(
                "A".into(),
                Stats { stats_type: "codec".into(), members: [(MemberName::plain("x"), Value::Number(value))].into() },
            )]),
        };
        let run: Reports = [report(1.0)].into_iter().collect();
        let mut objects = run.objects().to_vec();
        let twice = objects[0].columns[0].clone();
        objects[0].columns.push(twice);
        let twice = Reports::from_columns(run.times().to_vec(), objects).unwrap();
        let mut joined = run.clone();
        joined.extend(&twice);
        assert_eq!(joined.iter().collect::<Vec<_>>(), [report(1.0), report(1.0)]);
    }
}
