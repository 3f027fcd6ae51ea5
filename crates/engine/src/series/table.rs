//! A run of reports as the engine reads it: row by row, by a [`Layout`] that knows where everything stands.

use super::{
    field::Field,
    kind::Kind,
    layout::{Binding, LINKS, Layout, NONE, Number},
};
use crate::{
    analysis::{Direction, MediaKind, StreamId},
    bits::Bits,
    report::{Column, Data, Object, Reports, Text, Value},
};

/// A run and where everything stands in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table<'a> {
    /// The run.
    pub(crate) reports: &'a Reports,
    pub(crate) layout: &'a Layout,
    /// The numbers of its one report in order of objects and columns, where they are others than its columns hold.
    pub(crate) numbers: &'a [f64],
}

impl<'a> Table<'a> {
    fn bound(self, binding: &'a Binding) -> Bound<'a> {
        Bound { table: self, object: &self.reports.objects()[binding.object], binding }
    }

    /// The objects of one kind; of streams those of both directions.
    pub(crate) fn of(self, kind: Kind) -> Chosen<'a> {
        Chosen { table: self, rest: self.layout.sorts[kind.sort()].iter() }
    }

    /// The streams that are sent and received here.
    pub(crate) fn streams(self) -> Chosen<'a> {
        self.of(Kind::Stream(Direction::Inbound))
    }

    /// What the far end says of them.
    pub(crate) fn remotes(self) -> Chosen<'a> {
        self.of(Kind::Remote(Direction::Inbound))
    }
}

/// Some objects of a run.
#[derive(Debug)]
pub(crate) struct Chosen<'a> {
    table: Table<'a>,
    rest: std::slice::Iter<'a, usize>,
}

impl<'a> Iterator for Chosen<'a> {
    type Item = Bound<'a>;

    // Once, not in every loop over it.
    #[cfg_attr(target_family = "wasm", inline(never))]
    fn next(&mut self) -> Option<Bound<'a>> {
        self.rest.next().map(|&index| self.table.bound(&self.table.layout.bindings[index]))
    }
}

/// One object of a run and where its members stand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound<'a> {
    table: Table<'a>,
    /// The object.
    pub(crate) object: &'a Object,
    binding: &'a Binding,
}

impl<'a> Bound<'a> {
    /// What it is.
    pub(crate) fn kind(self) -> Kind {
        self.binding.kind
    }

    /// Sound or pictures, for streams and sources.
    pub(crate) fn media(self) -> Option<MediaKind> {
        self.binding.media
    }

    /// Whether the object is in the report.
    pub(crate) fn is_in(self, row: usize) -> bool {
        self.object.presence.contains(row)
    }

    /// The column of a member that is not a number.
    fn column(self, field: Field) -> Option<&'a Column> {
        self.binding.column(self.object, field)
    }

    /// A string member in `row`.
    pub(crate) fn text(self, field: Field, row: usize) -> Option<&'a Text> {
        self.column(field)?.text(row)
    }

    /// A boolean member in `row`.
    pub(crate) fn bool(self, field: Field, row: usize) -> Option<bool> {
        self.column(field)?.bool(row)
    }

    /// Whether a boolean member in `row` is there and true.
    pub(crate) fn is(self, field: Field, row: usize) -> bool {
        self.bool(field, row) == Some(true)
    }

    /// A number in `row`.
    pub(crate) fn number(self, field: Field, row: usize) -> Option<f64> {
        let number = self.binding.numbers.iter().find(|number| usize::from(number.place) == field as usize)?;
        self.at(*number, row)
    }

    /// A number in `row`, when it is finite.
    fn at(self, number: Number, row: usize) -> Option<f64> {
        if let Some(&value) = self.table.numbers.get(number.at as usize) {
            return Some(value);
        }
        let column = self.object.columns.get(number.column as usize)?;
        match &column.data {
            Data::Constant(Value::Number(value)) if number.is_steady => Some(*value),
            Data::Numbers(values) if number.is_steady => values.get(row).copied(),
            _ => column.number(row).filter(|value| value.is_finite()),
        }
    }

    /// Every number in `row`, by its place; gives a bit for each place that has one.
    #[inline]
    pub(crate) fn each_number(self, row: usize, mut take: impl FnMut(usize, f64)) -> Bits {
        let mut present = self.binding.steady;
        for &number in &self.binding.numbers {
            let Some(value) = self.at(number, row) else { continue };
            present.set(usize::from(number.place), true);
            take(usize::from(number.place), value);
        }
        present
    }

    /// The stream that it describes in `row`.
    pub(crate) fn stream_id(self, row: usize) -> Option<StreamId> {
        let (Kind::Stream(direction) | Kind::Remote(direction)) = self.kind() else { return None };
        if !self.is_in(row) {
            return None;
        }
        let ssrc = self.at(self.binding.numbers[self.binding.ssrc?], row)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "range checked here")]
        let ssrc = (0.0..=f64::from(u32::MAX)).contains(&ssrc).then_some(ssrc as u32)?;
        Some(StreamId { direction, kind: self.media()?, ssrc })
    }

    /// The object that a member names in `row`.
    pub(crate) fn linked(self, field: Field, row: usize) -> Option<Bound<'a>> {
        let place = LINKS.iter().position(|held| *held == field)?;
        let index = match self.binding.links[place] {
            NONE => self.table.layout.by_id(self.text(field, row)?)?,
            index => index as usize,
        };
        Some(self.table.bound(self.table.layout.bindings.get(index)?))
    }
}
