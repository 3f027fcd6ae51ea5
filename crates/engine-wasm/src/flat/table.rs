//! The reports that wait as a table.

use sidetone_engine::{
    order::order,
    report::{Column, Data, MemberName, Object, Presence, Reports, Value},
    units::Timestamp,
};

use super::{Intake, Kind, Member, Row, Shape, index};

/// Reports of most batches.
const REPORTS_USUAL: usize = 10;

/// One object in one row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell<'a> {
    row: usize,
    /// The number of its shape.
    pub(super) shape: usize,
    pub(super) values: &'a [f64],
}

/// One value in one row.
type Found = (usize, Kind, f64);

impl Shape {
    /// The same member of this shape, which stands at or near `place` in most shapes.
    fn find(&self, member: &Member, place: usize) -> Option<&Member> {
        let near = self.members.get(place).filter(|near| near.is_same(member));
        near.or_else(|| self.members.iter().find(|held| held.is_same(member)))
    }
}

impl Intake {
    /// The objects of a report: the number of the shape of each, and the values behind it.
    pub(super) fn cells<'a>(&'a self, row: usize, values: &'a [f64]) -> impl Iterator<Item = Cell<'a>> {
        let mut rest = values;
        std::iter::from_fn(move || {
            let (&number, values) = rest.split_first()?;
            let shape = index(number)?;
            let (values, after) = values.split_at_checked(self.shapes.get(shape)?.members.len())?;
            rest = after;
            Some(Cell { row, shape, values })
        })
    }

    /// Every object of some reports with its cells, in order of first appearance; those that appear together by id.
    #[cfg_attr(target_family = "wasm", inline(never))]
    fn objects<'a>(&'a self, rows: &'a [Row], times: &mut Vec<Timestamp>) -> Vec<(usize, Vec<Cell<'a>>)> {
        let mut found: Vec<(usize, Vec<Cell<'a>>)> = Vec::new();
        let mut places: Vec<Option<usize>> = vec![None; self.objects.len()];
        for (number, row) in rows.iter().enumerate() {
            times.push(row.time);
            let known = found.len();
            for cell in self.cells(number, &row.values) {
                let object = self.shapes[cell.shape].object;
                let place = *places[object].get_or_insert(found.len());
                if place == found.len() {
                    found.push((object, Vec::with_capacity(REPORTS_USUAL)));
                }
                found[place].1.push(cell);
            }
            if found.len() > known {
                let new = found.split_off(known);
                let id = |place: usize| &self.texts[self.objects[new[place].0].0];
                let sorted = order(new.len(), &|a, b| id(a).cmp(id(b)));
                let mut new: Vec<_> = new.into_iter().map(Some).collect();
                found.extend(sorted.into_iter().filter_map(|place| new[place].take()));
                for (place, (object, _)) in found.iter().enumerate().skip(known) {
                    places[*object] = Some(place);
                }
            }
        }
        found
    }

    /// The reports; with `only_read` no more of them than the engine reads.
    pub(super) fn table(&self, rows: &[Row], only_read: bool) -> Reports {
        let mut times = Vec::new();
        let objects = self.objects(rows, &mut times);
        let mut buffer = Vec::new();
        let object = |(number, cells): (usize, Vec<Cell<'_>>)| self.object(number, &cells, times.len(), only_read, &mut buffer);
        let objects = objects.into_iter().map(object).collect();
        Reports::from_sound_columns(times, objects)
    }

    #[cfg_attr(target_family = "wasm", inline(never))]
    fn object(&self, number: usize, cells: &[Cell<'_>], height: usize, only_read: bool, buffer: &mut Vec<Found>) -> Object {
        let (id, stats_type) = self.objects[number];
        let (id, stats_type) = (self.texts[id].clone(), self.texts[stats_type].clone());
        let mut shapes: Vec<usize> = Vec::new();
        let mut columns = Vec::new();
        let is_plain = cells.len() == height && cells.iter().all(|cell| cell.shape == cells[0].shape);
        for (at, first) in cells.iter().enumerate() {
            if shapes.contains(&first.shape) {
                continue;
            }
            let shape = &self.shapes[first.shape];
            if columns.is_empty() {
                columns.reserve_exact(shape.members.len());
            }
            for (near, member) in shape.members.iter().enumerate().filter(|(_, member)| member.is_read || !only_read) {
                if is_plain && let Some(data) = self.plain(member, cells) {
                    columns.push(Column { name: self.name(member), presence: Presence::All, data });
                    continue;
                }
                if shapes.iter().any(|&shape| self.shapes[shape].find(member, near).is_some()) {
                    continue;
                }
                buffer.clear();
                for cell in &cells[at..] {
                    let of = if cell.shape == first.shape { Some(member) } else { self.shapes[cell.shape].find(member, near) };
                    if let Some(of) = of {
                        buffer.push((cell.row, of.kind, cell.values[of.place]));
                    }
                }
                columns.push(Column {
                    name: self.name(member),
                    presence: presence(buffer.iter().map(|found| found.0), buffer.len(), height),
                    data: self.data(buffer, height),
                });
            }
            shapes.push(first.shape);
        }
        Object { id, stats_type, presence: presence(cells.iter().map(|cell| cell.row), cells.len(), height), columns }
    }

    fn name(&self, member: &Member) -> MemberName {
        let key = member.key.checked_sub(1).map(|key| self.texts[key].clone());
        MemberName { name: self.texts[member.name].clone(), key }
    }

    /// The values of a member of one shape, where every row has a cell of it: one value, or numbers.
    fn plain(&self, member: &Member, cells: &[Cell<'_>]) -> Option<Data> {
        let first = cells[0].values[member.place];
        let mut is_one = true;
        let mut is_finite = member.kind == Kind::Number;
        for cell in cells {
            let number = cell.values[member.place];
            is_one &= number.to_bits() == first.to_bits();
            is_finite &= number.is_finite();
        }
        if is_one {
            return Some(Data::Constant(self.value(member.kind, first)));
        }
        is_finite.then(|| Data::Numbers(cells.iter().map(|cell| cell.values[member.place]).collect()))
    }

    /// The values of a column that is in some rows, at least one. Where it is absent stands the number before.
    #[cfg_attr(target_family = "wasm", inline(never))]
    fn data(&self, found: &[Found], height: usize) -> Data {
        let (_, kind, first) = found[0];
        if found.iter().all(|&(_, of, other)| of == kind && other.to_bits() == first.to_bits()) {
            return Data::Constant(self.value(kind, first));
        }
        if found.iter().all(|&(_, kind, number)| kind == Kind::Number && number.is_finite()) {
            let mut numbers = Vec::with_capacity(height);
            let mut last = first;
            for &(row, _, number) in found {
                numbers.resize(row, last);
                numbers.push(number);
                last = number;
            }
            numbers.resize(height, last);
            return Data::Numbers(numbers);
        }
        let mut values = vec![Value::Bool(false); height];
        for &(row, kind, number) in found {
            values[row] = self.value(kind, number);
        }
        Data::Values(values)
    }

    #[cfg_attr(target_family = "wasm", inline(never))]
    fn value(&self, kind: Kind, number: f64) -> Value {
        let text = || index(number).and_then(|number| self.texts.get(number)).cloned().unwrap_or_default();
        match kind {
            Kind::Number if number.is_finite() => Value::Number(number),
            // As JSON has it.
            Kind::Number => Value::Json("null".into()),
            Kind::Bool => Value::Bool(number != 0.0),
            Kind::Text => Value::Text(text()),
            Kind::Json => Value::Json(text()),
        }
    }
}

/// In which of so many rows something is that is in these.
fn presence(rows: impl Iterator<Item = usize>, count: usize, height: usize) -> Presence {
    if count == height {
        return Presence::All;
    }
    let mut present = vec![false; height];
    rows.for_each(|row| present[row] = true);
    Presence::Rows(present)
}
