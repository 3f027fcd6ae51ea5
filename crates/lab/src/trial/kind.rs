//! Issues kind by kind: how often what is told is so, and how often what must be told is.

use std::{collections::BTreeMap, fmt::Write};

use sidetone_engine::issue::RuleSet;

use super::score::{Count, Scored, precisions};

/// What is known of one kind.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kind {
    /// Issues of it: all, and those that were the fault or followed from it.
    pub precision: Count,
    /// Ends at which it had to be told, and where it was: by this kind itself, not by another that says the same.
    pub recall: Count,
}

/// Every kind of the default preset by its name. What is told counts in `judged`, what must be told in `held`.
#[must_use]
pub fn kinds(held: &[&Scored], judged: &[&Scored]) -> BTreeMap<String, Kind> {
    let mut kinds: BTreeMap<String, Kind> = RuleSet::default().rules.iter().map(|rule| (rule.name.to_owned(), Kind::default())).collect();
    for (rule, precision) in precisions(judged) {
        kinds.entry(rule).or_default().precision = precision;
    }
    for one in held {
        for must in one.expected().musts {
            let Some(name) = must.kind else { continue };
            let kind = kinds.entry(name.to_owned()).or_default();
            one.answers_by(must, &[name]).iter().for_each(|answer| kind.recall.add(answer.is_some()));
        }
    }
    kinds
}

/// A table of them.
#[must_use]
pub fn table(kinds: &BTreeMap<String, Kind>) -> String {
    let mut text = String::from("| kind | told and true | | had to be told and was | |\n|---|--:|--:|--:|--:|\n");
    for (name, Kind { precision, recall }) in kinds {
        let [told, asked] = [cells(*precision, "never told"), cells(*recall, "not tried")];
        let _ = writeln!(text, "| `{name}` | {told} | {asked} |");
    }
    text
}

fn cells(count: Count, none: &str) -> String {
    count.interval().map_or_else(
        || format!("{none} |"),
        |[least, most]| format!("{} of {} | {:.0} to {:.0} %", count.right, count.all, 100.0 * least, 100.0 * most),
    )
}
