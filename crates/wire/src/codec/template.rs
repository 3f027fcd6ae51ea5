//! Which template of the dictionary an object is written by.

use std::{cmp::Reverse, ops::Range};

use sidetone_engine::report::{Column, MemberName, Object, Reports};

use super::dictionary::{Dictionary, Template};

/// An object and what its columns are in its template.
#[derive(Debug)]
pub(super) struct Matched<'a> {
    pub(super) object: &'a Object,
    /// `None` when there is no template of its type.
    pub(super) template: Option<usize>,
    /// The columns of the template's members.
    pub(super) members: Vec<Option<&'a Column>>,
    /// Columns that the template does not have.
    pub(super) others: Vec<&'a Column>,
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
    let of_type: Vec<usize> = templates.filter(|&place| template(place).stats_type == object.stats_type).collect();
    let begun: Vec<usize> = of_type.iter().copied().filter(|&place| begins(template(place), object)).collect();
    let candidates = if begun.is_empty() { of_type } else { begun };
    match candidates[..] {
        [] | [_] => candidates.first().copied(),
        _ => candidates.into_iter().max_by_key(|&place| (fit(template(place), object), Reverse(place))),
    }
}

fn matched<'a>(dictionary: &Dictionary, template: Option<usize>, object: &'a Object) -> Option<Matched<'a>> {
    let mut found = Matched { object, template, members: Vec::new(), others: Vec::new() };
    let Some(template) = template.map(|place| &dictionary.templates[place]) else {
        found.others.extend(&object.columns);
        return Some(found);
    };
    found.members.resize(template.members.len(), None);
    let mut next = 0;
    for column in &object.columns {
        match place_of(template, &column.name, &mut next) {
            Some(place) => {
                if found.members[place].replace(column).is_some() {
                    return None;
                }
            }
            None => found.others.push(column),
        }
    }
    Some(found)
}

/// The family of most objects and the objects in the order in which they are written: by template, the family's first.
/// `None` when an object or a member stands there twice.
pub(super) fn match_all<'a>(dictionary: &Dictionary, reports: &'a Reports) -> Option<(usize, Vec<Matched<'a>>)> {
    let all = 0..dictionary.templates.len();
    let telling = reports.objects().iter().max_by_key(|object| object.columns.len());
    let place = telling.and_then(|object| best(dictionary, all.clone(), object)).unwrap_or(0);
    let family = dictionary.families.iter().position(|family| family.contains(&place)).unwrap_or(0);
    let own = dictionary.families.get(family).cloned().unwrap_or_default();
    let mut objects = Vec::with_capacity(reports.objects().len());
    for object in reports.objects() {
        let template = best(dictionary, own.clone(), object).or_else(|| best(dictionary, all.clone(), object));
        objects.push(matched(dictionary, template, object)?);
    }
    objects.sort_by_key(|matched| {
        let place = matched.template.unwrap_or(usize::MAX);
        (!own.contains(&place), place)
    });
    let mut others: Vec<&MemberName> = Vec::new();
    for object in &objects {
        others.clear();
        others.extend(object.others.iter().map(|column| &column.name));
        others.sort_unstable();
        if others.windows(2).any(|pair| pair[0] == pair[1]) {
            return None;
        }
    }
    let mut ids: Vec<_> = reports.objects().iter().map(|object| (&object.id, &object.stats_type)).collect();
    ids.sort_unstable();
    if ids.windows(2).any(|pair| pair[0] == pair[1]) { None } else { Some((family, objects)) }
}
