//! The flat intake: reports as numbers, their texts and shapes told once.
//!
//! A *shape* is the id and type of a stats object with the names and kinds of its members. A report is, for each of its objects, the number
//! of its shape followed by a value for each member: the number itself, 0 or 1, or the number of a text.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use sidetone_engine::{
    report::{Column, Data, MemberName, Object, Presence, Reports, Text, Value},
    units::Timestamp,
};

/// Most reports that wait for a batch: the oldest give way.
pub const REPORTS_MAX: usize = 1000;

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
}

impl FlatError {
    /// What is wrong, in words.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::Shape => "a shape is three texts for each member after id and type, all of them told before",
            Self::Report => "a report is a shape told before and its values, for each stats object",
            Self::Text => "a value is the number of a text that was not told",
            Self::Time => "a time is in milliseconds since 1970 and before 2200",
            Self::Id => "an identifier has at most 4096 bytes of UTF-8",
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

#[derive(Debug)]
struct Member {
    name: MemberName,
    kind: Kind,
    /// Where its value stands among those of the object.
    place: usize,
}

#[derive(Debug)]
struct Shape {
    /// The number of the object: its id and type.
    object: usize,
    /// Sorted by name.
    members: Vec<Member>,
}

impl Shape {
    /// The member of that name, which stands at or near `place` in most shapes.
    fn find(&self, name: &MemberName, place: usize) -> Option<&Member> {
        let shares = |member: &&Member| Arc::ptr_eq(&member.name.name, &name.name) && member.name.key == name.key;
        let near = self.members.get(place).filter(shares).or_else(|| self.members.get(place + 1).filter(shares));
        near.or_else(|| self.members.binary_search_by(|member| member.name.cmp(name)).ok().map(|index| &self.members[index]))
    }
}

/// One report as it came.
#[derive(Debug)]
pub(crate) struct Row {
    time: Timestamp,
    values: Vec<f64>,
}

/// One object in one row.
#[derive(Clone, Copy)]
struct Cell<'a> {
    row: usize,
    shape: &'a Shape,
    values: &'a [f64],
}

/// The reports that wait, and what they are told in.
#[derive(Debug)]
pub(crate) struct Intake {
    texts: Vec<Text>,
    shapes: Vec<Shape>,
    /// Id and type of every object.
    objects: Vec<(Text, Text)>,
    object_numbers: HashMap<(Text, Text), usize>,
    null: Text,
    rows: VecDeque<Row>,
    dropped: u32,
}

impl Default for Intake {
    fn default() -> Self {
        Self {
            texts: vec![Text::default()],
            shapes: Vec::new(),
            objects: Vec::new(),
            object_numbers: HashMap::new(),
            null: "null".into(),
            rows: VecDeque::new(),
            dropped: 0,
        }
    }
}

impl Intake {
    /// Learns the next text. Number 0 is the empty one.
    pub(crate) fn text(&mut self, text: &str) {
        self.texts.push(text.into());
    }

    /// Learns the next shape: id, type, then name, key (0 for none, else its number and 1) and kind of each member.
    pub(crate) fn shape(&mut self, parts: &[u32]) -> Result<(), FlatError> {
        let text = |number: u32| self.texts.get(number as usize).cloned().ok_or(FlatError::Shape);
        let (head, rest) = parts.split_at_checked(2).ok_or(FlatError::Shape)?;
        let (members, []) = rest.as_chunks::<3>() else { return Err(FlatError::Shape) };
        let member = |(place, &[name, key, kind]): (usize, &[u32; 3])| {
            let key = key.checked_sub(1).map(text).transpose()?;
            let kind = match kind {
                0 => Kind::Number,
                1 => Kind::Bool,
                2 => Kind::Text,
                3 => Kind::Json,
                _ => return Err(FlatError::Shape),
            };
            Ok(Member { name: MemberName { name: text(name)?, key }, kind, place })
        };
        let mut members = members.iter().enumerate().map(member).collect::<Result<Vec<_>, _>>()?;
        members.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        let object = (text(head[0])?, text(head[1])?);
        let number = *self.object_numbers.entry(object.clone()).or_insert_with(|| {
            self.objects.push(object);
            self.objects.len() - 1
        });
        self.shapes.push(Shape { object: number, members });
        Ok(())
    }

    /// Takes a report in.
    pub(crate) fn push(&mut self, time: Timestamp, values: Vec<f64>) -> Result<(), FlatError> {
        self.rows.push_back(Row { time, values });
        if let Err(error) = self.check() {
            self.rows.pop_back();
            return Err(error);
        }
        if self.rows.len() > REPORTS_MAX {
            self.rows.pop_front();
            self.dropped += 1;
        }
        Ok(())
    }

    /// Whether the newest report can be read.
    fn check(&self) -> Result<(), FlatError> {
        let Some(row) = self.rows.back() else { return Ok(()) };
        let mut rest = &row.values[..];
        while let Some((&number, values)) = rest.split_first() {
            let shape = index(number).and_then(|number| self.shapes.get(number)).ok_or(FlatError::Report)?;
            let (values, after) = values.split_at_checked(shape.members.len()).ok_or(FlatError::Report)?;
            let texts = shape.members.iter().filter(|member| matches!(member.kind, Kind::Text | Kind::Json));
            for member in texts {
                index(values[member.place]).filter(|&number| number < self.texts.len()).ok_or(FlatError::Text)?;
            }
            rest = after;
        }
        Ok(())
    }

    /// The newest report.
    pub(crate) fn last(&self) -> Reports {
        self.table(self.rows.back())
    }

    /// All that wait but the newest.
    pub(crate) fn earlier(&self) -> Reports {
        self.table(self.rows.iter().take(self.rows.len().saturating_sub(1)))
    }

    /// Takes out all that wait.
    pub(crate) fn take(&mut self) -> Reports {
        let reports = self.table(&self.rows);
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

    fn table<'a>(&'a self, rows: impl IntoIterator<Item = &'a Row>) -> Reports {
        let mut times = Vec::new();
        let mut found: Vec<(usize, Vec<Cell<'a>>)> = Vec::new();
        let mut places: Vec<Option<usize>> = vec![None; self.objects.len()];
        for (number, row) in rows.into_iter().enumerate() {
            times.push(row.time);
            let known = found.len();
            let mut rest = &row.values[..];
            while let Some((&shape, values)) = rest.split_first() {
                let Some(shape) = index(shape).and_then(|number| self.shapes.get(number)) else { break };
                let (values, after) = values.split_at(shape.members.len());
                rest = after;
                let place = *places[shape.object].get_or_insert(found.len());
                if place == found.len() {
                    found.push((shape.object, Vec::new()));
                }
                found[place].1.push(Cell { row: number, shape, values });
            }
            // Those that are new stand by id.
            found[known..].sort_unstable_by(|a, b| self.objects[a.0].0.cmp(&self.objects[b.0].0));
            for (place, (object, _)) in found.iter().enumerate().skip(known) {
                places[*object] = Some(place);
            }
        }
        let height = times.len();
        let objects = found.into_iter().map(|(number, cells)| self.object(number, &cells, height)).collect();
        // Every column was made with as many rows as there are times.
        Reports::from_columns(times, objects).unwrap_or_default()
    }

    fn object(&self, number: usize, cells: &[Cell<'_>], height: usize) -> Object {
        let (id, stats_type) = self.objects[number].clone();
        if let ([cell], 1) = (cells, height) {
            // Every report comes this way when it is judged.
            let column = |member: &Member| {
                let data = Data::Constant(self.value(member.kind, cell.values[member.place]));
                Column { name: member.name.clone(), presence: Presence::All, data }
            };
            return Object { id, stats_type, presence: Presence::All, columns: cell.shape.members.iter().map(column).collect() };
        }
        let mut shapes: Vec<&Shape> = Vec::new();
        let mut columns = Vec::new();
        for (at, cell) in cells.iter().enumerate() {
            if shapes.iter().any(|shape| std::ptr::eq(*shape, cell.shape)) {
                continue;
            }
            for (place, member) in cell.shape.members.iter().enumerate() {
                if shapes.iter().all(|shape| shape.find(&member.name, place).is_none()) {
                    columns.push(self.column((place, member), cell.shape, &cells[at..], height));
                }
            }
            shapes.push(cell.shape);
        }
        Object { id, stats_type, presence: presence(cells.iter().map(|cell| cell.row), height), columns }
    }

    /// The column of a member of `first`, the shape of the first of the cells.
    fn column(&self, (place, member): (usize, &Member), first: &Shape, cells: &[Cell<'_>], height: usize) -> Column {
        let there = cells.iter().filter_map(|cell| {
            let of = if std::ptr::eq(cell.shape, first) { member } else { cell.shape.find(&member.name, place)? };
            Some((cell.row, of.kind, cell.values[of.place]))
        });
        let name = member.name.clone();
        let Some((_, kind, number)) = there.clone().next() else {
            return Column { name, presence: presence([].into_iter(), height), data: Data::Constant(Value::Bool(false)) };
        };
        let is_same = there.clone().all(|(_, of, other)| of == kind && other.to_bits() == number.to_bits());
        let data = if is_same {
            Data::Constant(self.value(kind, number))
        } else if there.clone().all(|(_, kind, number)| kind == Kind::Number && number.is_finite()) {
            // Where it is absent stands the number before.
            let mut numbers = vec![number; height];
            let (mut last, mut next) = (number, 0);
            for (row, _, number) in there.clone() {
                numbers[next..row].fill(last);
                numbers[row] = number;
                (last, next) = (number, row + 1);
            }
            numbers[next..].fill(last);
            Data::Numbers(numbers)
        } else {
            let mut values = vec![Value::Bool(false); height];
            for (row, kind, number) in there.clone() {
                values[row] = self.value(kind, number);
            }
            Data::Values(values)
        };
        Column { name, presence: presence(there.map(|(row, ..)| row), height), data }
    }

    fn value(&self, kind: Kind, number: f64) -> Value {
        let text = || index(number).and_then(|number| self.texts.get(number)).cloned().unwrap_or_default();
        match kind {
            Kind::Number if number.is_finite() => Value::Number(number),
            // As JSON has it.
            Kind::Number => Value::Json(self.null.clone()),
            Kind::Bool => Value::Bool(number != 0.0),
            Kind::Text => Value::Text(text()),
            Kind::Json => Value::Json(text()),
        }
    }
}

fn presence(rows: impl Iterator<Item = usize>, height: usize) -> Presence {
    let mut present = vec![false; height];
    let mut count = 0;
    for row in rows {
        present[row] = true;
        count += 1;
    }
    if count == height { Presence::All } else { Presence::Rows(present) }
}

/// A number that counts something.
fn index(number: f64) -> Option<usize> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "compared with what it was")]
    let index = number as u32;
    (f64::from(index) == number).then_some(index as usize)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use sidetone_engine::report::{Report, Stats};

    use super::*;

    const NUMBER: u32 = 0;
    const BOOL: u32 = 1;
    const TEXT: u32 = 2;
    const JSON: u32 = 3;

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
        assert_eq!(intake.last().iter().collect::<Vec<_>>(), reports[4..]);
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
        intake.shape(&[1, 2, 3, 0, TEXT]).unwrap();
        assert_eq!(intake.push(at(1), vec![1.0, 0.0]), Err(FlatError::Report));
        assert_eq!(intake.push(at(1), vec![0.0]), Err(FlatError::Report));
        assert_eq!(intake.push(at(1), vec![0.0, 7.0]), Err(FlatError::Text));
        intake.push(at(1), vec![0.0, 1.0]).unwrap();
        intake.forget();
        assert_eq!((intake.len(), intake.push(at(2), vec![0.0, 0.0])), (0, Err(FlatError::Report)));
    }
}
