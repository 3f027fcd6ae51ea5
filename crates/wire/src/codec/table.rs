//! A whole run: times, then object by object the members and their columns. One walk serves both directions.

use std::{borrow::Cow, collections::HashSet, rc::Rc, sync::LazyLock};

use sidetone_engine::{
    report::{Column, MemberName, Object, Presence, Reports, Text},
    units::Timestamp,
};

use super::{
    CodecError,
    budget::Budget,
    column::{Columns, KIND_NONE},
    dictionary::MEMBERS,
    plan::Plan,
    range::{Bit, Coder},
};

/// A member of the dictionary.
#[derive(Debug)]
struct Known {
    group: usize,
    name: MemberName,
}

/// A stats type of the dictionary.
#[derive(Debug)]
struct KnownType {
    stats_type: Text,
    members: Vec<Known>,
}

static TYPES: LazyLock<Vec<KnownType>> = LazyLock::new(|| MEMBERS.iter().map(|(name, members)| known_type(name, members)).collect());

fn known_type(stats_type: &str, members: &str) -> KnownType {
    let member = |word: &str| {
        let (group, name) = word.split_at_checked(1)?;
        let group = usize::from(group.bytes().next()? - b'a');
        let name = match name.split_once('.') {
            Some((name, key)) => MemberName::entry(name, key),
            None => MemberName::plain(name),
        };
        Some(Known { group, name })
    };
    KnownType { stats_type: stats_type.into(), members: members.split_ascii_whitespace().filter_map(member).collect() }
}

/// Stands for a type that is not in the dictionary; its bits are those of the tree of types.
const TYPE_OTHER: usize = 15;
/// Memory of an object and room for its first columns; of a column. Lists have grown to at most three times what they hold.
const OBJECT_BYTES: usize = 768;
const COLUMN_BYTES: usize = 320;

/// Codes one chunk.
#[derive(Debug)]
pub(super) struct Table<'a, C> {
    coder: &'a mut C,
    budget: &'a mut Budget,
    rows: usize,
    /// Every row.
    all: Rc<[usize]>,
    columns: Columns,
    /// The last kind of each member of each known type.
    kinds: Vec<Vec<u8>>,
    more: Bit,
    types: [Bit; 16],
    always: [Bit; 2],
    present: [[Bit; 2]; 2],
    members: [[Bit; 2]; 16],
    were: [usize; 16],
    others: Bit,
    keyed: Bit,
}

impl<'a, C: Coder> Table<'a, C> {
    pub(super) fn new(coder: &'a mut C, budget: &'a mut Budget, rows: usize) -> Self {
        Self {
            coder,
            budget,
            rows,
            all: (0..rows).collect(),
            columns: Columns::new(),
            kinds: TYPES.iter().map(|known| vec![KIND_NONE; known.members.len()]).collect(),
            more: Bit::NEW,
            types: [Bit::NEW; 16],
            always: [Bit::NEW; 2],
            present: [[Bit::NEW; 2]; 2],
            members: [[Bit::NEW; 2]; 16],
            were: [0; 16],
            others: Bit::NEW,
            keyed: Bit::NEW,
        }
    }

    /// Writes `given`, or reads what was written when there is none.
    pub(super) fn code(mut self, given: Option<&Reports>) -> Result<Reports, CodecError> {
        let plain: Option<Reports> = given.filter(|given| is_ambiguous(given)).map(|given| given.iter().collect());
        let given = plain.as_ref().or(given);
        let times: Option<Vec<i64>> = given.map(|given| given.times().iter().map(|time| time.as_micros()).collect());
        let times = self.columns.run(self.coder, self.budget, self.rows, times.as_deref())?;
        let times = times.iter().map(|&micros| Timestamp::from_micros(micros)).collect();
        let mut objects = Vec::new();
        let rows = self.rows;
        let mut wanted = given.into_iter().flat_map(Reports::objects).filter(|object| (0..rows).any(|row| object.presence.contains(row)));
        loop {
            let next = wanted.next();
            if !self.coder.bit(&mut self.more, next.is_some()) {
                break;
            }
            self.budget.charge(OBJECT_BYTES)?;
            objects.push(self.object(next)?);
        }
        Reports::from_columns(times, objects).map_err(|_| CodecError::Damaged("number of rows"))
    }

    fn object(&mut self, given: Option<&Object>) -> Result<Object, CodecError> {
        let number = given.map_or(0, |given| TYPES.iter().position(|known| known.stats_type == given.stats_type).unwrap_or(TYPE_OTHER));
        let number = self.coder.tree(&mut self.types, 4, u32::try_from(number).unwrap_or(0)) as usize;
        let known = TYPES.get(number);
        let stats_type = match known {
            Some(known) => known.stats_type.clone(),
            None if number == TYPE_OTHER => {
                self.columns.strings.text(self.coder, self.budget, given.map_or("", |given| &given.stats_type))?
            }
            None => return Err(CodecError::Damaged("stats type")),
        };
        let id = self.columns.strings.text(self.coder, self.budget, given.map_or("", |given| &given.id))?;
        let all = self.all.clone();
        let rows = self.presence(0, &all, |row| given.is_some_and(|given| given.presence.contains(row)))?;
        self.columns.begin_object();
        let given_columns: Vec<(&Column, bool)> = given
            .into_iter()
            .flat_map(|given| &given.columns)
            .filter(|column| rows.iter().any(|&row| column.presence.contains(row)))
            .map(|column| (column, known.is_some_and(|known| known.members.iter().any(|member| member.name == column.name))))
            .collect();
        let mut columns = Vec::new();
        for (place, member) in known.into_iter().flat_map(|known| known.members.iter().enumerate()) {
            let wanted = given_columns.iter().find(|(column, is_known)| *is_known && column.name == member.name).map(|(column, _)| *column);
            let there = self.coder.bit(&mut self.members[member.group][self.were[member.group]], wanted.is_some());
            self.were[member.group] = usize::from(there);
            if there {
                let (column, kind) = self.column(member.name.clone(), self.kinds[number][place], &rows, wanted)?;
                self.kinds[number][place] = kind;
                columns.push(column);
            }
        }
        let mut unknown = given_columns.iter().filter(|(_, is_known)| !is_known).map(|(column, _)| *column);
        loop {
            let next = unknown.next();
            if !self.coder.bit(&mut self.others, next.is_some()) {
                break;
            }
            let name = self.columns.strings.text(self.coder, self.budget, next.map_or("", |column| &column.name.name))?;
            let key = next.and_then(|column| column.name.key.as_deref());
            let key = match self.coder.bit(&mut self.keyed, key.is_some()) {
                true => Some(self.columns.strings.text(self.coder, self.budget, key.unwrap_or(""))?),
                false => None,
            };
            columns.push(self.column(MemberName { name, key }, KIND_NONE, &rows, next)?.0);
        }
        let presence = presence_of(&rows, self.rows);
        Ok(Object { id, stats_type, presence, columns })
    }

    fn column(&mut self, name: MemberName, before: u8, rows: &[usize], given: Option<&Column>) -> Result<(Column, u8), CodecError> {
        self.budget.charge(COLUMN_BYTES)?;
        let there = self.presence(1, rows, |row| given.is_some_and(|given| given.presence.contains(row)))?;
        let plan = given.map(|given| Plan::of(given, &there, self.columns.earlier()));
        let place = (&*there, self.rows);
        let (data, kind) = self.columns.data(self.coder, self.budget, (&name.name, before), place, plan.as_ref())?;
        // A member that is there whenever its object is needs no rows of its own.
        let presence = if there.len() == rows.len() { Presence::All } else { presence_of(&there, self.rows) };
        Ok((Column { name, presence, data }, kind))
    }

    /// Those of `rows` in which something is there.
    fn presence<'r>(&mut self, level: usize, rows: &'r [usize], given: impl Fn(usize) -> bool) -> Result<Cow<'r, [usize]>, CodecError> {
        self.budget.charge(rows.len().saturating_mul(9))?;
        if self.coder.bit(&mut self.always[level], rows.iter().all(|&row| given(row))) {
            return Ok(Cow::Borrowed(rows));
        }
        self.budget.charge(self.rows)?;
        let mut last = 0;
        let mut there = Vec::new();
        for &row in rows {
            let bit = self.coder.bit(&mut self.present[level][last], given(row));
            last = usize::from(bit);
            if bit {
                there.push(row);
            }
        }
        Ok(Cow::Owned(there))
    }
}

fn presence_of(rows: &[usize], height: usize) -> Presence {
    if rows.len() == height {
        return Presence::All;
    }
    let mut presence = vec![false; height];
    for &row in rows {
        presence[row] = true;
    }
    Presence::Rows(presence)
}

/// Whether an object stands there twice, or a member within one: then reports are the way to say what holds.
fn is_ambiguous(reports: &Reports) -> bool {
    let mut ids = HashSet::new();
    reports.objects().iter().any(|object| {
        let mut names = HashSet::new();
        !ids.insert(&object.id) || object.columns.iter().any(|column| !names.insert(&column.name))
    })
}
