//! The flat intake: reports as numbers, their texts and shapes told once.
//!
//! A *shape* is the id and type of a stats object with the names and kinds of its members. A report is, for each of its objects, the number
//! of its shape followed by a value for each member: the number itself, 0 or 1, or the number of a text.

#[cfg(feature = "engine")]
mod live;
mod table;

use sidetone_engine::{
    order::order,
    report::{Reports, Text},
    series,
    units::Timestamp,
};

#[cfg(feature = "engine")]
pub(crate) use live::Live;

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

/// One report as it came.
#[derive(Debug)]
pub(crate) struct Row {
    time: Timestamp,
    values: Vec<f64>,
}

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

    use sidetone_engine::report::{MemberName, Object, Report, Stats, Value};

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
