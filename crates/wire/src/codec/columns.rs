//! The integers of the columns so far, for columns that are predicted from others.

use super::{
    dictionary::{Dictionary, Reference},
    object::spread,
    predict::Other,
};

/// The integers of a column.
#[derive(Clone, Copy, Debug)]
enum Integers {
    Constant(i64),
    /// As many as there are reports, from there on.
    From(usize),
}

/// A column that others may refer to, and where it came from.
#[derive(Clone, Debug)]
struct Held<S> {
    integers: Integers,
    source: S,
}

/// Where a member stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    #[cfg_attr(not(feature = "train"), expect(dead_code, reason = "the training program wants to know"))]
    pub(super) template: usize,
    /// The number of the object among its template's.
    pub(super) ordinal: usize,
    pub(super) member: usize,
    /// The number of the member among those that members of other templates refer to.
    pub(super) crossing: Option<usize>,
}

/// The columns of a chunk; `S` says where the values of each are found. The times of the reports are the first.
#[derive(Debug)]
pub(super) struct Columns<S> {
    held: Vec<Held<S>>,
    clock: usize,
    height: usize,
    integers: Vec<i64>,
    /// How many objects there were of each template.
    objects: Vec<usize>,
    /// The columns of the members of the object at hand.
    own: Vec<Option<usize>>,
    /// For each member that other templates refer to its columns of integers that change.
    crossing: Vec<Vec<usize>>,
}

impl<S> Columns<S> {
    pub(super) fn new(dictionary: &Dictionary) -> Self {
        let crossing = (0..dictionary.crossings).map(|_| Vec::new()).collect();
        let objects = vec![0; dictionary.templates.len()];
        Self { held: Vec::new(), clock: 0, height: 0, integers: Vec::new(), objects, own: Vec::new(), crossing }
    }

    /// Keeps the times of the reports.
    pub(super) fn times(&mut self, times: &[i64], source: S) {
        self.height = times.len();
        self.integers.extend_from_slice(times);
        self.held.push(Held { integers: Integers::From(0), source });
    }

    /// Another object of a template; gives its number among the template's.
    pub(super) fn object(&mut self, template: usize, members: usize) -> usize {
        self.own.clear();
        self.own.resize(members, None);
        self.objects[template] += 1;
        self.objects[template] - 1
    }

    fn add(&mut self, place: Option<Place>, integers: Integers, source: S) {
        if place.is_some() {
            self.held.push(Held { integers, source });
            self.alias(place, self.held.len() - 1);
        }
    }

    /// Keeps a column of one integer.
    pub(super) fn constant(&mut self, place: Option<Place>, integer: i64, source: S) {
        self.add(place, Integers::Constant(integer), source);
    }

    /// Keeps a column of integers in some rows. The first that `is_clock` is the clock.
    pub(super) fn rows(&mut self, place: Option<Place>, (integers, rows): (&[i64], &[usize]), source: S, is_clock: bool) {
        if place.is_none() {
            return;
        }
        if is_clock && self.clock == 0 {
            self.clock = self.held.len();
        }
        let begin = self.integers.len();
        spread(integers, rows, self.height, &mut self.integers);
        self.add(place, Integers::From(begin), source);
    }

    /// The column is the same as another.
    pub(super) fn alias(&mut self, place: Option<Place>, column: usize) {
        let Some(place) = place else { return };
        self.own[place.member] = Some(column);
        if let Some(crossing) = place.crossing
            && matches!(self.held[column].integers, Integers::From(_))
        {
            self.crossing[crossing].push(column);
        }
    }

    /// The column that a reference of the object at hand means.
    pub(super) fn find(&self, reference: Reference, ordinal: usize) -> Option<usize> {
        match reference {
            Reference::None => None,
            Reference::Clock => Some(self.clock),
            Reference::Own(member) => self.own.get(member).copied().flatten(),
            Reference::Crossing(crossing) => {
                let columns = &self.crossing[crossing];
                columns.get(ordinal).or(columns.last()).copied()
            }
        }
    }

    /// The integers of a column; zeros when there is none.
    pub(super) fn integers(&self, column: Option<usize>) -> Other<'_> {
        match column.and_then(|column| self.held.get(column)).map(|held| &held.integers) {
            Some(Integers::Constant(integer)) => Other::Constant(*integer),
            Some(Integers::From(begin)) => Other::Rows(self.integers.get(*begin..begin + self.height).unwrap_or_default()),
            None => Other::NONE,
        }
    }

    pub(super) fn source(&self, column: usize) -> Option<&S> {
        self.held.get(column).map(|held| &held.source)
    }
}
