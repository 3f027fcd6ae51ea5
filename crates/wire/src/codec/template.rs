//! Which template of the dictionary an object is written by.

use std::{ops::Range, sync::Arc};

use sidetone_engine::{
    order::order,
    report::{MemberName, Object, Reports, Text},
};

use super::dictionary::{Dictionary, Template};

/// An object and what its columns are in its template.
#[derive(Clone, Debug)]
pub(super) struct Matched {
    /// Its place in the run.
    pub(super) object: usize,
    /// `None` when there is no template of its type.
    pub(super) template: Option<usize>,
    /// The places of the columns of the template's members.
    pub(super) members: Vec<Option<usize>>,
    /// Those of columns that the template does not have.
    pub(super) others: Vec<usize>,
}

/// The objects of a run, in the order in which they are written: by template, the family's first.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    /// Where the templates are of most objects.
    pub(super) family: usize,
    pub(super) objects: Vec<Matched>,
    /// Id, type and names of the columns of every object that it was made for.
    made_for: Vec<(Text, Text, Vec<MemberName>)>,
}

impl Plan {
    /// Whether it was made for a run of these very objects and members; they are compared by where they are held.
    pub(super) fn suits(&self, reports: &Reports) -> bool {
        let is_same = |a: &MemberName, b: &MemberName| {
            let is_same_key = match (&a.key, &b.key) {
                (Some(a), Some(b)) => Arc::ptr_eq(a, b),
                (a, b) => a.is_none() && b.is_none(),
            };
            Arc::ptr_eq(&a.name, &b.name) && is_same_key
        };
        !self.made_for.is_empty()
            && self.made_for.len() == reports.objects().len()
            && self.made_for.iter().zip(reports.objects()).all(|((id, stats_type, names), object)| {
                Arc::ptr_eq(id, &object.id)
                    && Arc::ptr_eq(stats_type, &object.stats_type)
                    && names.len() == object.columns.len()
                    && names.iter().zip(&object.columns).all(|(name, column)| is_same(name, &column.name))
            })
    }

    /// Keeps in mind what it was made for.
    pub(super) fn keep(mut self, reports: &Reports) -> Self {
        let names = |object: &Object| object.columns.iter().map(|column| column.name.clone()).collect();
        self.made_for = reports.objects().iter().map(|object| (object.id.clone(), object.stats_type.clone(), names(object))).collect();
        self
    }
}

/// The place of a name among the members of a template, which are walked in order of names.
fn place_of(template: &Template, name: &MemberName, next: &mut usize) -> Option<usize> {
    let at = |place: usize| template.sorted.get(place).map(|&member| &template.members[member].name);
    for ahead in 0..3 {
        if at(*next + ahead) == Some(name) {
            *next += ahead + 1;
            return Some(template.sorted[*next - 1]);
        }
    }
    let place = template.sorted.binary_search_by(|&member| template.members[member].name.cmp(name)).ok()?;
    *next = place + 1;
    Some(template.sorted[place])
}

/// How well an object fits: what it has of the template's members less what it has not.
fn fit(template: &Template, object: &Object) -> isize {
    let mut next = 0;
    let matching = object.columns.iter().filter(|column| place_of(template, &column.name, &mut next).is_some()).count();
    let count = |count: usize| isize::try_from(count).unwrap_or(isize::MAX);
    4 * count(matching) - count(template.members.len())
}

/// Whether the id of an object begins as a template says.
fn begins(template: &Template, object: &Object) -> bool {
    !template.prefix.is_empty() && object.id.starts_with(&*template.prefix)
}

/// The best template for an object among `templates`: of those of its type, if there are any, those whose prefix its id has.
fn best(dictionary: &Dictionary, templates: Range<usize>, object: &Object) -> Option<usize> {
    let template = |place: usize| &dictionary.templates[place];
    let mut candidates = Vec::new();
    let mut has_begun = false;
    for place in templates {
        if template(place).stats_type != object.stats_type {
            continue;
        }
        let begins = begins(template(place), object);
        if begins && !has_begun {
            has_begun = true;
            candidates.clear();
        }
        if begins == has_begun {
            candidates.push(place);
        }
    }
    if let [] | [_] = candidates[..] {
        return candidates.first().copied();
    }
    let mut best = None;
    for place in candidates {
        let fit = fit(template(place), object);
        if best.is_none_or(|(held, _)| fit > held) {
            best = Some((fit, place));
        }
    }
    best.map(|(_, place)| place)
}

fn matched(dictionary: &Dictionary, template: Option<usize>, (place, object): (usize, &Object)) -> Option<Matched> {
    let mut found = Matched { object: place, template, members: Vec::new(), others: Vec::new() };
    let Some(template) = template.map(|place| &dictionary.templates[place]) else {
        found.others.extend(0..object.columns.len());
        return Some(found);
    };
    found.members.resize(template.members.len(), None);
    let mut next = 0;
    for (at, column) in object.columns.iter().enumerate() {
        match place_of(template, &column.name, &mut next) {
            Some(place) => {
                if found.members[place].replace(at).is_some() {
                    return None;
                }
            }
            None => found.others.push(at),
        }
    }
    Some(found)
}

/// How a run is written; `None` when an object or a member stands there twice.
pub(super) fn plan(dictionary: &Dictionary, reports: &Reports) -> Option<Plan> {
    let all = 0..dictionary.templates.len();
    let telling = reports.objects().iter().max_by_key(|object| object.columns.len());
    let place = telling.and_then(|object| best(dictionary, all.clone(), object)).unwrap_or(0);
    let family = dictionary.families.iter().position(|family| family.contains(&place)).unwrap_or(0);
    let own = dictionary.families.get(family).cloned().unwrap_or_default();
    let held = reports.objects();
    let templates: Vec<Option<usize>> =
        held.iter().map(|object| best(dictionary, own.clone(), object).or_else(|| best(dictionary, all.clone(), object))).collect();
    let rank = |place: usize| {
        let template = templates[place].unwrap_or(usize::MAX);
        (!own.contains(&template), template)
    };
    let mut objects = Vec::with_capacity(held.len());
    for place in order(held.len(), &|a, b| rank(a).cmp(&rank(b))) {
        let matched = matched(dictionary, templates[place], (place, &held[place]))?;
        let name = |other: usize| &held[place].columns[matched.others[other]].name;
        let others = order(matched.others.len(), &|a, b| name(a).cmp(name(b)));
        if others.windows(2).any(|pair| name(pair[0]) == name(pair[1])) {
            return None;
        }
        objects.push(matched);
    }
    let id = |place: usize| (&held[place].id, &held[place].stats_type);
    let ids = order(held.len(), &|a, b| id(a).cmp(&id(b)));
    let is_unique = ids.windows(2).all(|pair| id(pair[0]) != id(pair[1]));
    is_unique.then_some(Plan { family, objects, made_for: Vec::new() })
}
