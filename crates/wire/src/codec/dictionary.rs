//! What both sides know before the first byte: templates of objects, likely values, and how likely everything is.
//!
//! It is read from `tables.txt`, which is part of the format; `docs/report-codec.md` explains its lines and how it is made.

use std::{ops::Range, sync::LazyLock};

use sidetone_engine::{
    order::order,
    report::{MemberName, Text, Value},
};

use super::{
    number,
    numbering::Numbering,
    object::{CLOCK, integer},
    predict::Predictor,
    rans::{Model, SYMBOLS},
    residual::{CONTEXTS, Class},
};

/// What a member of an object is written as: the symbols of its model. Those from [`mode::VALUES`] on are its likely values.
pub(super) mod mode {
    pub(in super::super) const ABSENT: usize = 0;
    pub(in super::super) const SOMETIMES: usize = 1;
    pub(in super::super) const NUMBER: usize = 2;
    pub(in super::super) const TEXT: usize = 3;
    pub(in super::super) const OTHER: usize = 4;
    pub(in super::super) const REFERENCE: usize = 5;
    pub(in super::super) const OWN: usize = 6;
    pub(in super::super) const TAIL: usize = 7;
    pub(in super::super) const AGAIN: usize = 8;
    pub(in super::super) const COPY: usize = 9;
    /// The first of as many as there are predictors.
    pub(in super::super) const PREDICTED: usize = 10;
    pub(in super::super) const SCALED: usize = 17;
    pub(in super::super) const FIELDS: usize = 18;
    pub(in super::super) const MIXED: usize = 19;
    /// The first of the likely values.
    pub(in super::super) const VALUES: usize = 20;
}

/// The class of members that no template has.
pub(super) const CLASS_OTHER: usize = 0;
/// The class of the times of the reports.
pub(super) const CLASS_TIMES: usize = 1;
/// The class of what a scale leaves open.
pub(super) const CLASS_OFFS: usize = 2;
/// The class of the integers that strings are made of.
pub(super) const CLASS_FIELDS: usize = 3;

/// Another column that a column may be predicted from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reference {
    /// None.
    #[default]
    None,
    /// The first `timestamp` of the chunk; before there is one, the times of the reports.
    Clock,
    /// Another member of the same object.
    Own(usize),
    /// A member of another template, by its number among those that are referred to so: of its objects in which it changes
    /// the one that is the same in number as this object, or the last.
    Crossing(usize),
}

/// A likely value of a member.
#[derive(Clone, Debug)]
pub(super) struct Likely {
    pub(super) value: Value,
    /// The integer at the member's scale, when it is a number.
    pub(super) whole: i64,
}

/// A member of a template.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) name: MemberName,
    /// The number of the plain name among all.
    pub(super) name_number: usize,
    pub(super) scale: usize,
    /// Slots of the bit that says whether the scale gives all values exactly.
    pub(super) exact: u16,
    pub(super) class: usize,
    pub(super) factor: f64,
    pub(super) references: [Reference; 2],
    /// The type of the objects whose ids are its values.
    pub(super) target: Option<usize>,
    pub(super) modes: Model,
    /// The most likely mode.
    pub(super) usual: usize,
    /// The numbers of the predictors, the likely ones first.
    pub(super) predictors: [usize; Predictor::ALL.len()],
    /// Whether another member may be predicted from it.
    pub(super) is_referred: bool,
    /// Its number among those that members of other templates refer to.
    pub(super) crossing: Option<usize>,
    /// Whether its first column is the clock of the chunk.
    pub(super) is_clock: bool,
    pub(super) values: Vec<Likely>,
}

/// The members that objects of one type and kind in one browser have.
#[derive(Clone, Debug)]
pub(super) struct Template {
    pub(super) stats_type: Text,
    pub(super) type_number: usize,
    /// What the ids begin with.
    pub(super) prefix: Text,
    /// How many objects there are of it.
    pub(super) objects: Model,
    pub(super) members: Vec<Member>,
    /// Its members in order of their names.
    pub(super) sorted: Vec<usize>,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    pub(super) words: Vec<Text>,
    /// Their numbers, in order of the words.
    sorted_words: Vec<usize>,
    pub(super) classes: Vec<Class>,
    pub(super) parts: Vec<Model>,
    /// Which templates objects of one browser have.
    pub(super) families: Vec<Range<usize>>,
    pub(super) templates: Vec<Template>,
    pub(super) types: usize,
    /// How many plain names the members have.
    pub(super) names: usize,
    /// How many members are referred to by members of other templates.
    pub(super) crossings: usize,
    /// A member that no template has.
    pub(super) other: Option<Member>,
}

/// The dictionary of format version 1.
pub(super) static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| {
    let mut dictionary = Dictionary::default();
    // A test reads them: there is nothing to take back, and no code for it to download.
    let _ = dictionary.learn(include_str!("tables.txt"));
    dictionary
});

/// What the digits of a model stand for: twice as much every second.
const LEVELS: [u32; 21] = [0, 1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 91, 128, 181, 256, 362, 512, 724, 1024];

/// A digit (to the base of 36) for each symbol; zeros at the end may be left out.
#[cfg_attr(target_family = "wasm", inline(never))]
fn model(digits: &str) -> Option<Model> {
    let mut counts = [0; SYMBOLS];
    for (symbol, digit) in digits.chars().enumerate() {
        *counts.get_mut(symbol)? = *LEVELS.get(digit.to_digit(36)? as usize)?;
    }
    Some(Model::of(&counts))
}

/// What separators divide: one reader for lines, fields and parts of fields.
pub(super) struct Fields<'t> {
    rest: Option<&'t str>,
    separator: u8,
}

impl<'t> Fields<'t> {
    pub(super) fn of(text: &'t str, separator: u8) -> Self {
        Self { rest: Some(text), separator }
    }

    /// A field that is an integer.
    fn integer(&mut self) -> Option<i64> {
        integer(self.next()?)
    }

    /// A field that is a place or a count.
    fn place(&mut self) -> Option<usize> {
        usize::try_from(self.integer()?).ok()
    }
}

impl<'t> Iterator for Fields<'t> {
    type Item = &'t str;

    // Once, not wherever a line is taken apart.
    #[cfg_attr(target_family = "wasm", inline(never))]
    fn next(&mut self) -> Option<&'t str> {
        let rest = self.rest.take()?;
        let Some(end) = rest.bytes().position(|byte| byte == self.separator) else { return Some(rest) };
        self.rest = rest.get(end + 1..);
        rest.get(..end)
    }
}

fn likely(text: &str, scale: usize) -> Option<Likely> {
    let (kind, text) = text.split_at_checked(1)?;
    let whole = if kind == "n" { integer(text)? } else { 0 };
    let value = match kind {
        "n" => Value::Number(number::value(scale, whole, 0)),
        "b" => Value::Bool(text == "1"),
        "t" => Value::Text(text.into()),
        _ => Value::Json(text.into()),
    };
    Some(Likely { value, whole })
}

#[cfg_attr(target_family = "wasm", inline(never))]
fn template<'t>(line: &'t str, types: &mut Numbering<'t>) -> Option<Template> {
    let mut fields = Fields::of(line, b'\t');
    let stats_type = fields.next()?;
    Some(Template {
        type_number: types.of(stats_type),
        stats_type: stats_type.into(),
        prefix: fields.next()?.into(),
        objects: model(fields.next()?)?,
        members: Vec::new(),
        sorted: Vec::new(),
    })
}

/// A member, and to what it refers: all members are not known yet.
fn member<'t>(line: &'t str, names: &mut Numbering<'t>, types: &mut Numbering<'t>) -> Option<(Member, [&'t str; 2])> {
    let mut fields = Fields::of(line, b'\t');
    let mut name = Fields::of(fields.next()?, b'.');
    let (plain, key) = (name.next()?, name.next());
    let scale = fields.place()?;
    let exact = u16::try_from(fields.place()?).ok()?;
    let class = fields.place()?;
    let mut factor = Fields::of(fields.next()?, b'/');
    let factor = factor.integer()? as f64 / factor.integer()? as f64;
    let refers = [fields.next()?, fields.next()?];
    let references = [Reference::None; 2];
    let target = match fields.next()? {
        "-" => None,
        target => Some(types.of(target)),
    };
    let modes = model(fields.next()?)?;
    let cost = |place: usize| modes.cost(mode::PREDICTED + place);
    let predictors = order(Predictor::ALL.len(), &|a, b| cost(a).cmp(&cost(b)));
    let mut values = Vec::new();
    for value in fields {
        values.push(likely(value, scale)?);
    }
    let name_number = names.of(plain);
    let member = Member {
        name_number,
        scale,
        exact,
        class,
        factor,
        references,
        target,
        usual: modes.usual(),
        modes,
        predictors: predictors.try_into().ok()?,
        is_referred: plain == CLOCK,
        crossing: None,
        is_clock: plain == CLOCK,
        name: MemberName { name: plain.into(), key: key.map(Into::into) },
        values,
    };
    Some((member, refers))
}

impl Dictionary {
    /// `None` when a line is not as it should be.
    #[cfg(any(test, feature = "train"))]
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut dictionary = Self::default();
        dictionary.learn(text).map(|()| dictionary)
    }

    /// Takes the tables in.
    fn learn(&mut self, text: &str) -> Option<()> {
        let mut references: Vec<[&str; 2]> = Vec::new();
        let (mut names, mut types) = (Numbering::default(), Numbering::default());
        for line in Fields::of(text, b'\n') {
            let mut fields = Fields::of(line, b'\t');
            let kind = fields.next()?;
            let rest = fields.rest.unwrap_or_default();
            match kind {
                "word" => self.words.push(rest.into()),
                "class" => {
                    let mut models = [Model::of(&[0; SYMBOLS]); CONTEXTS];
                    for place in &mut models {
                        *place = model(fields.next()?)?;
                    }
                    self.classes.push(Class(models));
                }
                "parts" => self.parts.push(model(rest)?),
                "family" => self.families.push(self.templates.len()..self.templates.len()),
                "template" => {
                    let template = template(rest, &mut types)?;
                    self.templates.push(template);
                    self.families.last_mut()?.end += 1;
                }
                "member" => {
                    let (member, refers) = member(rest, &mut names, &mut types)?;
                    self.templates.last_mut()?.members.push(member);
                    references.push(refers);
                }
                "other" => self.other = Some(member(rest, &mut names, &mut types)?.0),
                _ => {}
            }
        }
        for template in &mut self.templates {
            let members = &template.members;
            template.sorted = order(members.len(), &|a, b| members[a].name.cmp(&members[b].name));
        }
        self.refer(&references)?;
        (self.names, self.types) = (names.len(), types.len());
        let words = &self.words;
        self.sorted_words = order(words.len(), &|a, b| words[a].cmp(&words[b]));
        Some(())
    }

    /// Turns the places of members that the members of the templates refer to, in this order, into references.
    #[cfg_attr(target_family = "wasm", inline(never))]
    fn refer(&mut self, references: &[[&str; 2]]) -> Option<()> {
        let mut rest = references.iter();
        for place in 0..self.templates.len() {
            for member in 0..self.templates[place].members.len() {
                for (number, reference) in rest.next()?.iter().enumerate() {
                    self.templates[place].members[member].references[number] = self.reference(place, reference)?;
                }
            }
        }
        Some(())
    }

    /// To what a member of the template at a place refers.
    fn reference(&mut self, place: usize, reference: &str) -> Option<Reference> {
        if reference == "-" {
            return Some(Reference::None);
        }
        if reference == "clock" {
            return Some(Reference::Clock);
        }
        let mut places = Fields::of(reference, b'.');
        let (template, other) = (places.place()?, places.place()?);
        let crossings = self.crossings;
        let referred = self.templates.get_mut(template)?.members.get_mut(other)?;
        referred.is_referred = true;
        if template == place {
            return Some(Reference::Own(other));
        }
        let crossing = *referred.crossing.get_or_insert(crossings);
        self.crossings = crossings.max(crossing + 1);
        Some(Reference::Crossing(crossing))
    }

    /// The number of a word.
    pub(super) fn word(&self, text: &str) -> Option<usize> {
        let place = self.sorted_words.binary_search_by(|&word| (*self.words[word]).cmp(text)).ok()?;
        Some(self.sorted_words[place])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_whole() {
        let dictionary = Dictionary::read(include_str!("tables.txt")).unwrap();
        assert!(dictionary.families.iter().all(|family| !family.is_empty()));
        assert!(dictionary.other.is_some() && dictionary.classes.len() > CLASS_FIELDS);
        for template in &dictionary.templates {
            for member in &template.members {
                assert!(member.class < dictionary.classes.len() && member.values.len() <= SYMBOLS - mode::VALUES, "{member:?}");
            }
        }
    }
}
