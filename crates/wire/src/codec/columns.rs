//! The integers of the columns so far, for columns that are predicted from others.

use super::{dictionary::Reference, object::spread, predict::Other};

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

/// The columns of a chunk; `S` says where the values of each are found. The times of the reports are the first.
#[derive(Debug)]
pub(super) struct Columns<S> {
    held: Vec<Held<S>>,
    clock: usize,
    height: usize,
    integers: Vec<i64>,
    /// For each template where the members of each of its objects begin in `places`.
    begins: Vec<Vec<usize>>,
    /// The column of each member.
    places: Vec<Option<usize>>,
}

/// Where a member stands: template, number of the object among its template's, member.
pub(super) type Place = Option<(usize, usize, usize)>;

impl<S> Columns<S> {
    pub(super) fn new(templates: usize) -> Self {
        let begins = (0..templates).map(|_| Vec::new()).collect();
        Self { held: Vec::new(), clock: 0, height: 0, integers: Vec::new(), begins, places: Vec::new() }
    }

    /// Keeps the times of the reports.
    pub(super) fn times(&mut self, times: &[i64], source: S) {
        self.height = times.len();
        self.integers.extend_from_slice(times);
        self.held.push(Held { integers: Integers::From(0), source });
    }

    /// Another object of a template; gives its number among the template's.
    pub(super) fn object(&mut self, template: usize, members: usize) -> usize {
        let begins = &mut self.begins[template];
        begins.push(self.places.len());
        self.places.resize(self.places.len() + members, None);
        begins.len() - 1
    }

    fn add(&mut self, place: Place, integers: Integers, source: S) {
        let column = self.held.len();
        self.alias(place, column);
        self.held.push(Held { integers, source });
    }

    /// Keeps a column of one integer.
    pub(super) fn constant(&mut self, place: Place, integer: i64, source: S) {
        if place.is_some() {
            self.add(place, Integers::Constant(integer), source);
        }
    }

    /// Keeps a column of integers in some rows. The first that `is_clock` is the clock.
    pub(super) fn rows(&mut self, place: Place, (integers, rows, height): (&[i64], &[usize], usize), source: S, is_clock: bool) {
        if place.is_none() {
            return;
        }
        if is_clock && self.clock == 0 {
            self.clock = self.held.len();
        }
        let begin = self.integers.len();
        spread(integers, rows, height, &mut self.integers);
        self.add(place, Integers::From(begin), source);
    }

    /// The column is the same as another.
    pub(super) fn alias(&mut self, place: Place, column: usize) {
        if let Some((template, ordinal, member)) = place
            && let Some(begin) = self.begins[template].get(ordinal)
        {
            self.places[begin + member] = Some(column);
        }
    }

    /// The column that a reference of an object means.
    pub(super) fn find(&self, reference: Reference, ordinal: usize) -> Option<usize> {
        match reference {
            Reference::None => None,
            Reference::Clock => Some(self.clock),
            Reference::Member { template, member } => {
                let begins = self.begins.get(template)?;
                self.places.get(begins.get(ordinal)? + member).copied().flatten()
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
