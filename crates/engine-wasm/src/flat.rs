//! The flat intake: reports as numbers, their texts and shapes told once.
//!
//! A *shape* is the id and type of a stats object with the names and kinds of its members. A report is, for each of its objects, the number
//! of its shape followed by a value for each member: the number itself, 0 or 1, or the number of a text.

#[cfg(feature = "engine")]
mod live;

use sidetone_engine::{
    order::order,
    report::{Column, Data, MemberName, Object, Presence, Reports, Text, Value},
    series,
    units::Timestamp,
};

#[cfg(feature = "engine")]
pub(crate) use live::Live;

/// Most reports that wait for a batch: the oldest give way.
pub const REPORTS_MAX: usize = 1000;

/// Reports of most batches.
const REPORTS_USUAL: usize = 10;

/// What JavaScript tells cannot be meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlatError {
    /// A shape names a text that was not told, or is cut short.
    Shape,
    /// A report names a shape that was not told, or is cut short.
    Report,
    /// A value names a text that was not told.
    Text,
    /// A time that is none.
    Time,
    /// An identifier that is too long.
    Id,
    /// A recording that was freed.
    Recording,
}

impl FlatError {
    /// Every error, in the order of their numbers.
    pub(crate) const ALL: [Self; 6] = [Self::Shape, Self::Report, Self::Text, Self::Time, Self::Id, Self::Recording];

    /// What is wrong, in words.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::Shape => "a shape is three texts for each member after id and type, all of them told before, and no member twice",
            Self::Report => "a report is a shape told before and its values, for each stats object",
            Self::Text => "a value is the number of a text that was not told",
            Self::Time => "a time is in milliseconds since 1970 and before 2200",
            Self::Id => "an identifier has at most 4096 bytes of UTF-8",
            Self::Recording => "the recording was freed",
        }
    }
}

/// What the value of a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Number,
    Bool,
    Text,
    Json,
}

/// A member of a shape; name and key by their numbers, 0 for no key, else its number and 1.
#[derive(Clone, Copy, Debug)]
struct Member {
    name: usize,
    key: usize,
    kind: Kind,
    /// Where its value stands among those of the object.
    place: usize,
    /// Whether the engine reads it.
    is_read: bool,
}

impl Member {
    fn is_same(&self, other: &Self) -> bool {
        self.name == other.name && self.key == other.key
    }
}

#[derive(Debug)]
struct Shape {
    /// The number of the object.
    object: usize,
    /// Sorted by name, each once.
    members: Vec<Member>,
    /// Places of the values that are texts.
    texts: Vec<usize>,
}

impl Shape {
    /// The same member of this shape, which stands at or near `place` in most shapes.
    fn find(&self, member: &Member, place: usize) -> Option<&Member> {
        let near = self.members.get(place).filter(|near| near.is_same(member));
        near.or_else(|| self.members.iter().find(|held| held.is_same(member)))
    }
}

/// One report as it came.
#[derive(Debug)]
pub(crate) struct Row {
    time: Timestamp,
    values: Vec<f64>,
}

/// One object in one row.
#[derive(Clone, Copy, Debug)]
struct Cell<'a> {
    row: usize,
    /// The number of its shape.
    shape: usize,
    values: &'a [f64],
}

/// One value in one row.
type Found = (usize, Kind, f64);

/// The reports that wait, and what they are told in.
#[derive(Debug)]
pub(crate) struct Intake {
    texts: Vec<Text>,
    shapes: Vec<Shape>,
    /// Id and type of every object, by the numbers of the texts.
    objects: Vec<(usize, usize)>,
    rows: Vec<Row>,
    dropped: u32,
}

impl Default for Intake {
    fn default() -> Self {
        Self { texts: vec![Text::default()], shapes: Vec::new(), objects: Vec::new(), rows: Vec::new(), dropped: 0 }
    }
}

impl Intake {
    /// Learns the next text. Number 0 is the empty one.
    pub(crate) fn text(&mut self, text: &str) {
        self.texts.push(text.into());
    }

    /// Learns the next shape: id, type, then name, key (0 for none, else its number and 1) and kind of each member.
    pub(crate) fn shape(&mut self, parts: &[usize]) -> Result<(), FlatError> {
        let text = |number: usize| self.texts.get(number).ok_or(FlatError::Shape);
        let (&[id, stats_type], rest) = parts.split_first_chunk::<2>().ok_or(FlatError::Shape)?;
        let (parts, []) = rest.as_chunks::<3>() else { return Err(FlatError::Shape) };
        let mut members = Vec::with_capacity(parts.len());
        for (place, &[name, key, kind]) in parts.iter().enumerate() {
            let kind = match kind {
                0 => Kind::Number,
                1 => Kind::Bool,
                2 => Kind::Text,
                3 => Kind::Json,
                _ => return Err(FlatError::Shape),
            };
            let plain = key.checked_sub(1).map(text).transpose()?;
            let is_read = cfg!(feature = "engine") && series::is_read(text(name)?, plain.map(|key| &**key));
            members.push(Member { name, key, kind, place, is_read });
        }
        let key_of = |member: &Member| member.key.checked_sub(1).and_then(|key| self.texts.get(key));
        let sorted = order(members.len(), &|a, b| {
            let (a, b) = (&members[a], &members[b]);
            let names = self.texts[a.name].cmp(&self.texts[b.name]);
            names.then_with(|| key_of(a).cmp(&key_of(b)))
        });
        let members: Vec<Member> = sorted.into_iter().map(|place| members[place]).collect();
        if members.windows(2).any(|pair| pair[0].is_same(&pair[1])) {
            return Err(FlatError::Shape);
        }
        text(id).and(text(stats_type))?;
        let known = self.objects.iter().position(|object| *object == (id, stats_type));
        let number = known.unwrap_or(self.objects.len());
        if known.is_none() {
            self.objects.push((id, stats_type));
        }
        let texts = members.iter().filter(|member| matches!(member.kind, Kind::Text | Kind::Json)).map(|member| member.place).collect();
        self.shapes.push(Shape { object: number, members, texts });
        Ok(())
    }

    /// Takes a report in.
    pub(crate) fn push(&mut self, time: Timestamp, values: Vec<f64>) -> Result<(), FlatError> {
        self.check(&values)?;
        self.rows.push(Row { time, values });
        if self.rows.len() > REPORTS_MAX {
            self.rows.remove(0);
            self.dropped += 1;
        }
        Ok(())
    }

    /// Whether a report can be read.
    fn check(&self, values: &[f64]) -> Result<(), FlatError> {
        let mut rest = values;
        while let Some((&number, values)) = rest.split_first() {
            let shape = index(number).and_then(|number| self.shapes.get(number)).ok_or(FlatError::Report)?;
            let (values, after) = values.split_at_checked(shape.members.len()).ok_or(FlatError::Report)?;
            for &place in &shape.texts {
                index(values[place]).filter(|&number| number < self.texts.len()).ok_or(FlatError::Text)?;
            }
            rest = after;
        }
        Ok(())
    }

    /// Takes out all that wait.
    pub(crate) fn take(&mut self) -> Reports {
        let reports = self.table(&self.rows, false);
        self.rows.clear();
        reports
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// How many had to give way since this was asked last.
    pub(crate) fn take_dropped(&mut self) -> u32 {
        std::mem::take(&mut self.dropped)
    }

    /// Forgets texts and shapes, and the reports told in them.
    pub(crate) fn forget(&mut self) {
        *self = Self { dropped: self.dropped, ..Self::default() };
    }

    /// The objects of a report: the number of the shape of each, and the values behind it.
    fn cells<'a>(&'a self, row: usize, values: &'a [f64]) -> impl Iterator<Item = Cell<'a>> {
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
    fn table(&self, rows: &[Row], only_read: bool) -> Reports {
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

/// A number that counts something.
pub(crate) fn index(number: f64) -> Option<usize> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "compared with what it was")]
    let index = number as u32;
    (f64::from(index) == number).then_some(index as usize)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use sidetone_engine::report::{Report, Stats};

    use super::*;

    const NUMBER: usize = 0;
    const BOOL: usize = 1;
    const TEXT: usize = 2;
    const JSON: usize = 3;

    /// Knows the texts 1 to 6.
    fn intake() -> Intake {
        let mut intake = Intake::default();
        for text in ["B", "codec", "x", "y", "A", "[1]"] {
            intake.text(text);
        }
        intake
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    fn report(second: i64, stats: &[(&str, &[(MemberName, Value)])]) -> Report {
        let object = |(id, members): &(&str, &[(MemberName, Value)])| {
            (Text::from(*id), Stats { stats_type: "codec".into(), members: members.iter().cloned().collect() })
        };
        Report { time: at(second), stats: stats.iter().map(object).collect::<BTreeMap<_, _>>() }
    }

    #[test]
    fn shapes_that_change_give_the_same_table_as_whole_reports() {
        let (x, y, entry) = (MemberName::plain("x"), MemberName::plain("y"), MemberName::entry("x", ""));
        let mut intake = intake();
        for shape in [&[1, 2, 4, 0, NUMBER, 3, 0, NUMBER][..], &[1, 2, 3, 0, TEXT], &[5, 2, 3, 1, BOOL, 4, 0, JSON], &[1, 2, 3, 0, NUMBER]]
        {
            intake.shape(shape).unwrap();
        }
        intake.push(at(1), vec![0.0, 2.5, 7.0]).unwrap();
        intake.push(at(2), vec![1.0, 4.0, 2.0, 1.0, 6.0]).unwrap();
        intake.push(at(3), vec![]).unwrap();
        intake.push(at(4), vec![3.0, f64::NAN]).unwrap();
        intake.push(at(5), vec![2.0, 1.0, 6.0, 0.0, -0.0, 7.0]).unwrap();
        let a: &[_] = &[(entry, Value::Bool(true)), (y.clone(), Value::Json("[1]".into()))];
        let reports = [
            report(1, &[("B", &[(y.clone(), Value::Number(2.5)), (x.clone(), Value::Number(7.0))])]),
            report(2, &[("B", &[(x.clone(), Value::Text("y".into()))]), ("A", a)]),
            report(3, &[]),
            report(4, &[("B", &[(x.clone(), Value::Json("null".into()))])]),
            report(5, &[("A", a), ("B", &[(y, Value::Number(-0.0)), (x, Value::Number(7.0))])]),
        ];
        #[cfg(feature = "engine")]
        assert_eq!(intake.earlier().iter().collect::<Vec<_>>(), reports[..4]);
        let table = intake.take();
        assert_eq!(table.iter().collect::<Vec<_>>(), reports);
        let whole: Reports = reports.into_iter().collect();
        let order = |table: &Reports| -> Vec<(Text, Vec<MemberName>)> {
            let names = |object: &Object| object.columns.iter().map(|column| column.name.clone()).collect();
            table.objects().iter().map(|object| (object.id.clone(), names(object))).collect()
        };
        assert_eq!(order(&table), order(&whole), "the codec writes objects and members in this order");
        assert_eq!(intake.len(), 0);
    }

    #[test]
    fn the_oldest_report_gives_way_and_is_counted() {
        let mut intake = intake();
        for second in 0..i64::try_from(REPORTS_MAX).unwrap() + 3 {
            intake.push(at(second), vec![]).unwrap();
        }
        assert_eq!((intake.len(), intake.take_dropped(), intake.take_dropped()), (REPORTS_MAX, 3, 0));
        assert_eq!(intake.take().times()[0], at(3));
    }

    #[test]
    fn what_was_not_told_is_refused_and_leaves_no_trace() {
        let mut intake = intake();
        assert_eq!(intake.shape(&[1]), Err(FlatError::Shape));
        assert_eq!(intake.shape(&[1, 2, 3, 0]), Err(FlatError::Shape));
        assert_eq!(intake.shape(&[1, 2, 7, 0, NUMBER]), Err(FlatError::Shape));
        assert_eq!(intake.shape(&[1, 2, 3, 0, 4]), Err(FlatError::Shape));
        assert_eq!(intake.shape(&[1, 2, 3, 0, TEXT, 4, 0, TEXT, 3, 0, TEXT]), Err(FlatError::Shape));
        intake.shape(&[1, 2, 3, 0, TEXT]).unwrap();
        assert_eq!(intake.push(at(1), vec![1.0, 0.0]), Err(FlatError::Report));
        assert_eq!(intake.push(at(1), vec![0.0]), Err(FlatError::Report));
        assert_eq!(intake.push(at(1), vec![0.0, 7.0]), Err(FlatError::Text));
        intake.push(at(1), vec![0.0, 1.0]).unwrap();
        intake.forget();
        assert_eq!((intake.len(), intake.push(at(2), vec![0.0, 0.0])), (0, Err(FlatError::Report)));
    }
}
