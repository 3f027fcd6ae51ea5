//! What both sides know before the first byte: templates of objects, likely values, and how likely everything is.
//!
//! It is read from `tables.txt`, which is part of the format; `docs/report-codec.md` explains its lines and how it is made.

use std::{
    collections::{HashMap, hash_map::Entry},
    ops::Range,
    sync::LazyLock,
};

use sidetone_engine::report::{MemberName, Text, Value};

use super::{
    number,
    object::CLOCK,
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
    /// A member of the template in that place; of the object that is the same in number among its template's.
    Member {
        /// Which template.
        template: usize,
        /// Which of its members.
        member: usize,
    },
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
    /// Whether another member may be predicted from it.
    pub(super) is_referred: bool,
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
    pub(super) word_numbers: HashMap<Text, usize>,
    pub(super) classes: Vec<Class>,
    pub(super) parts: Vec<Model>,
    /// Which templates objects of one browser have.
    pub(super) families: Vec<Range<usize>>,
    pub(super) templates: Vec<Template>,
    pub(super) types: usize,
    /// A member that no template has.
    pub(super) other: Option<Member>,
    name_numbers: HashMap<Text, usize>,
    type_numbers: HashMap<Text, usize>,
}

/// The dictionary of format version 1.
pub(super) static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| Dictionary::read(include_str!("tables.txt")).unwrap_or_default());

fn number_in(numbers: &mut HashMap<Text, usize>, text: &str) -> usize {
    let next = numbers.len();
    match numbers.entry(text.into()) {
        Entry::Occupied(entry) => *entry.get(),
        Entry::Vacant(entry) => *entry.insert(next),
    }
}

/// Counts such as `0:12 9:3`.
fn model(counts: &str) -> Option<Model> {
    let mut all = [0; SYMBOLS];
    for pair in counts.split_ascii_whitespace() {
        let (symbol, count) = pair.split_once(':')?;
        *all.get_mut(symbol.parse::<usize>().ok()?)? = count.parse().ok()?;
    }
    Some(Model::of(&all))
}

fn reference(text: &str) -> Option<Reference> {
    Some(match text {
        "-" => Reference::None,
        "clock" => Reference::Clock,
        _ => {
            let (template, member) = text.split_once('.')?;
            Reference::Member { template: template.parse().ok()?, member: member.parse().ok()? }
        }
    })
}

fn likely(text: &str, scale: usize) -> Option<Likely> {
    let (kind, text) = text.split_at_checked(1)?;
    let whole = if kind == "n" { text.parse().ok()? } else { 0 };
    let value = match kind {
        "n" => Value::Number(number::value(scale, whole, 0)),
        "b" => Value::Bool(text == "1"),
        "t" => Value::Text(text.into()),
        _ => Value::Json(text.into()),
    };
    Some(Likely { value, whole })
}

impl Dictionary {
    /// `None` when a line is not as it should be.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut dictionary = Self::default();
        for line in text.lines() {
            let (kind, rest) = line.split_once('\t').unwrap_or((line, ""));
            match kind {
                "word" => {
                    dictionary.word_numbers.insert(rest.into(), dictionary.words.len());
                    dictionary.words.push(rest.into());
                }
                "class" => {
                    let models: Vec<Model> = rest.split('\t').map(model).collect::<Option<_>>()?;
                    dictionary.classes.push(Class(<[Model; CONTEXTS]>::try_from(models).ok()?));
                }
                "parts" => dictionary.parts.push(model(rest)?),
                "family" => dictionary.families.push(dictionary.templates.len()..dictionary.templates.len()),
                "template" => {
                    let template = dictionary.template(rest)?;
                    dictionary.templates.push(template);
                    dictionary.families.last_mut()?.end += 1;
                }
                "member" => {
                    let member = dictionary.member(rest)?;
                    dictionary.templates.last_mut()?.members.push(member);
                }
                "other" => dictionary.other = Some(dictionary.member(rest)?),
                _ => {}
            }
        }
        for template in &mut dictionary.templates {
            template.sorted = (0..template.members.len()).collect();
            template.sorted.sort_by(|&a, &b| template.members[a].name.cmp(&template.members[b].name));
        }
        let referred: Vec<Reference> =
            dictionary.templates.iter().flat_map(|template| &template.members).flat_map(|member| member.references).collect();
        for reference in referred {
            if let Reference::Member { template, member } = reference {
                dictionary.templates.get_mut(template)?.members.get_mut(member)?.is_referred = true;
            }
        }
        for member in dictionary.templates.iter_mut().flat_map(|template| &mut template.members) {
            member.is_referred |= member.is_clock;
        }
        dictionary.types = dictionary.type_numbers.len();
        Some(dictionary)
    }

    fn template(&mut self, line: &str) -> Option<Template> {
        let mut fields = line.split('\t');
        let stats_type: Text = fields.next()?.into();
        Some(Template {
            type_number: number_in(&mut self.type_numbers, &stats_type),
            stats_type,
            prefix: fields.next()?.into(),
            objects: model(fields.next()?)?,
            members: Vec::new(),
            sorted: Vec::new(),
        })
    }

    fn member(&mut self, line: &str) -> Option<Member> {
        let mut fields = line.split('\t');
        let name = fields.next()?;
        let name = name.split_once('.').map_or_else(|| MemberName::plain(name), |(name, key)| MemberName::entry(name, key));
        let scale = fields.next()?.parse().ok()?;
        let exact = fields.next()?.parse().ok()?;
        let class = fields.next()?.parse().ok()?;
        let (over, under) = fields.next()?.split_once('/')?;
        let factor = over.parse::<i64>().ok()? as f64 / under.parse::<i64>().ok()? as f64;
        let references = [reference(fields.next()?)?, reference(fields.next()?)?];
        let target = match fields.next()? {
            "-" => None,
            target => Some(number_in(&mut self.type_numbers, target)),
        };
        let modes = model(fields.next()?)?;
        let values = fields.map(|value| likely(value, scale)).collect::<Option<Vec<_>>>()?;
        let name_number = number_in(&mut self.name_numbers, &name.name);
        Some(Member {
            name_number,
            scale,
            exact,
            class,
            factor,
            references,
            target,
            usual: modes.usual(),
            modes,
            is_referred: false,
            is_clock: &*name.name == CLOCK,
            name,
            values,
        })
    }

    /// How many plain names the members have.
    pub(super) fn names(&self) -> usize {
        self.name_numbers.len()
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
