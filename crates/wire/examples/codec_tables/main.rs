//! Makes the codec's tables from recorded calls: `cargo run --release -p sidetone-wire --features train --example codec_tables -- FOLDER`.
//!
//! The folder holds `*.jsonl`, a line `{t, pc, report}` per report; files whose name begins with `firefox` are of that family.
//! It prints `tables.txt`, and on the error output what each call then takes.

mod relations;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    error::Error,
    fmt::Write,
    path::Path,
};

use sidetone_engine::{
    report::{Column, Data, MemberName, Object, Report, Reports, Value},
    units::Timestamp,
};
use sidetone_wire::codec::train::{MemberPlace, Tables, Tally, scale};

/// Symbols of a model, contexts of a class, the first symbol of likely values: as in the codec.
const SYMBOLS: usize = 32;
const CONTEXTS: usize = 13;
const VALUES: usize = 20;
const CLASSES_FIXED: usize = 4;
const CLASSES: usize = 32;
const PARTS: usize = 18;
const SCALE_DIVISORS: [i64; 16] =
    [1, 1000, 1_000_000, 100, 10, 48_000, 32_767, 256, 65_536, 10_000, 100_000, 107_367_628_900, 90_000, 1_000_000_000, 1, 1];
/// All `timestamp`s have this scale.
const CLOCK_SCALE: usize = 1;
const REPORTS_PER_BATCH: usize = 10;
/// Strings that are no likely values of one member, but stand within ids and others.
const WORDS_OTHER: [&str; 12] =
    ["_", ".local", "{", "}", "0", "1", "minptime=10;useinbandfec=1", "trackless", "inboundrtp", "outboundrtp", ":", "-"];

struct Call {
    family: usize,
    name: String,
    batches: Vec<Reports>,
}

fn calls(folder: &Path) -> Result<Vec<Call>, Box<dyn Error>> {
    let mut files: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?.into_iter().map(|entry| entry.path()).collect();
    files.sort();
    let mut calls = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "jsonl")) {
        let name = file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let mut reports: BTreeMap<String, Vec<Report>> = BTreeMap::new();
        for line in std::fs::read_to_string(file)?.lines() {
            let line: serde_json::Value = serde_json::from_str(line)?;
            let time = line["t"].as_f64().and_then(Timestamp::from_millis_f64).ok_or("a line without time")?;
            let report = sidetone_wire::json::report_from_value(time, &line["report"])?;
            reports.entry(line["pc"].to_string()).or_default().push(report);
        }
        for (pc, reports) in reports {
            let batches = reports.chunks(REPORTS_PER_BATCH).map(|batch| batch.iter().cloned().collect()).collect();
            calls.push(Call { family: usize::from(name.starts_with("firefox")), name: format!("{name} {pc}"), batches });
        }
    }
    Ok(calls)
}

/// What tells templates of one family apart: place of the type, kind of media, what ids begin with.
type TemplateKey = (usize, usize, String, String);

fn key(family: usize, object: &Object) -> Option<TemplateKey> {
    let place = relations::TYPES.iter().position(|&known| known == &*object.stats_type)?;
    let text = |member: &str| match object.column(member)?.data {
        Data::Constant(Value::Text(ref text)) => Some(text.to_string()),
        _ => None,
    };
    let kind = text("kind").or_else(|| Some(text("mimeType")?.split('/').next()?.to_owned())).unwrap_or_default();
    let beginning = if &*object.stats_type == "codec" && family == 0 { object.id.chars().take(2).collect() } else { String::new() };
    Some((family, place, kind, beginning))
}

#[derive(Default)]
struct Seen {
    ids: BTreeSet<String>,
    members: BTreeMap<MemberName, SeenMember>,
}

#[derive(Default)]
struct SeenMember {
    scales: HashMap<usize, usize>,
    constants: BTreeMap<String, (usize, BTreeSet<String>)>,
    targets: HashMap<String, usize>,
    texts: usize,
    changing: usize,
}

struct Member {
    name: MemberName,
    scale: usize,
    class: usize,
    factor: (i64, i64),
    references: [String; 2],
    target: String,
    values: Vec<String>,
}

struct Template {
    key: TemplateKey,
    prefix: String,
    members: Vec<Member>,
}

fn likely(value: &Value, scale: usize) -> Option<String> {
    Some(match value {
        Value::Number(number) => {
            let whole = (number * SCALE_DIVISORS[scale] as f64).round();
            if scale >= 14 || (whole / SCALE_DIVISORS[scale] as f64).to_bits() != number.to_bits() || whole.abs() > 9e15 {
                return None;
            }
            format!("n{whole}")
        }
        Value::Bool(value) => format!("b{}", u8::from(*value)),
        Value::Text(text) if !text.contains(['\t', '\n']) => format!("t{text}"),
        Value::Json(text) if !text.contains(['\t', '\n']) => format!("j{text}"),
        _ => return None,
    })
}

fn survey(calls: &[Call]) -> BTreeMap<TemplateKey, Seen> {
    let mut all: BTreeMap<TemplateKey, Seen> = BTreeMap::new();
    for pass in 0..2 {
        for call in calls {
            for batch in &call.batches {
                let types: HashMap<&str, &str> = batch.objects().iter().map(|object| (&*object.id, &*object.stats_type)).collect();
                for object in batch.objects() {
                    let Some(key) = key(call.family, object) else { continue };
                    let seen = all.entry(key).or_default();
                    seen.ids.insert(object.id.to_string());
                    for column in &object.columns {
                        survey_column(
                            &object.stats_type,
                            seen.members.entry(column.name.clone()).or_default(),
                            column,
                            pass,
                            &call.name,
                            &types,
                        );
                    }
                }
            }
        }
    }
    all
}

fn survey_column(stats_type: &str, seen: &mut SeenMember, column: &Column, pass: usize, call: &str, types: &HashMap<&str, &str>) {
    if pass == 0 {
        match &column.data {
            Data::Numbers(numbers) => {
                *seen.scales.entry(scale(numbers)).or_default() += 10;
                seen.changing += 1;
            }
            Data::Constant(Value::Number(number)) if *number != 0.0 => *seen.scales.entry(scale(&[*number])).or_default() += 1,
            _ => {}
        }
        return;
    }
    let scale = best_scale(stats_type, &column.name, seen);
    if let Data::Constant(value) = &column.data {
        if let Value::Text(text) = value {
            seen.texts += 1;
            if let Some(target) = types.get(&**text) {
                *seen.targets.entry((*target).to_owned()).or_default() += 1;
            }
        }
        if let Some(text) = likely(value, scale) {
            let count = seen.constants.entry(text).or_default();
            count.0 += 1;
            count.1.insert(call.split(' ').next().unwrap_or("").to_owned());
        }
    }
}

fn best_scale(stats_type: &str, name: &MemberName, seen: &SeenMember) -> usize {
    let is_of = |of: &str, member: &str| (of == "*" || of == stats_type) && member == &*name.name;
    if let Some((_, _, scale)) = relations::SCALES.iter().find(|(of, member, _)| is_of(of, member)) {
        return *scale;
    }
    seen.scales.iter().max_by_key(|(scale, count)| (**count, usize::MAX - **scale)).map_or(0, |(scale, _)| *scale)
}

fn common_prefix(ids: &BTreeSet<String>) -> String {
    let (Some(first), Some(last)) = (ids.first(), ids.last()) else { return String::new() };
    let common: String = first.chars().zip(last.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect();
    common
}

fn relation<'a>(stats_type: &str, kind: &str, name: &MemberName) -> Option<Vec<&'a str>> {
    let full = name.key.as_ref().map_or_else(|| name.name.to_string(), |key| format!("{}.{key}", name.name));
    let lines = relations::RELATIONS.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let is_of = |line: &Vec<&str>| (line[0] == stats_type || line[0] == "*") && (line[1] == kind || line[1] == "*") && line[2] == full;
    lines.filter(|line| line.len() == 6).filter(is_of).reduce(|_, later| later)
}

fn templates(seen: &BTreeMap<TemplateKey, Seen>) -> Vec<Template> {
    let mut templates: Vec<Template> = Vec::new();
    for (key, seen) in seen {
        let stats_type = relations::TYPES[key.1];
        let mut names: Vec<&MemberName> = seen.members.keys().collect();
        // What others are predicted from stands first.
        let mut order: Vec<&MemberName> = Vec::new();
        let is_first = |name: &&MemberName| ["kind", "timestamp"].contains(&&*name.name);
        let is_last = |name: &&MemberName| relations::LAST.contains(&&*name.name);
        names.sort_by_key(|name| (is_last(name), !is_first(name)));
        while !names.is_empty() {
            let ready = |name: &MemberName| {
                relation(stats_type, &key.2, name).is_none_or(|line| {
                    line[3..5].iter().all(|reference| {
                        order.iter().any(|done| &*done.name == *reference) || !names.iter().any(|waiting| &*waiting.name == *reference)
                    })
                })
            };
            let next = names.iter().position(|name| ready(name)).expect("relations without circles");
            order.push(names.remove(next));
        }
        let members: Vec<Member> = order
            .iter()
            .map(|&name| {
                let member = &seen.members[name];
                let scale = best_scale(stats_type, name, member);
                let total: usize = member.constants.values().map(|(count, _)| count).sum();
                let target = member.targets.iter().max_by_key(|(_, count)| **count).filter(|(_, count)| **count * 2 > member.texts);
                let mut values: Vec<_> = member
                    .constants
                    .iter()
                    .filter(|_| !relations::OWN_TO_A_MACHINE.contains(&&*name.name))
                    .filter(|(text, (count, calls))| calls.len() > 1 && count * 50 >= total && (target.is_none() || !text.starts_with('t')))
                    .collect();
                values.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
                let values = values.into_iter().take(SYMBOLS - VALUES).map(|(text, _)| text.clone()).collect();
                let target = target.map_or_else(|| "-".to_owned(), |(target, _)| target.clone());
                let references = ["-".to_owned(), "-".to_owned()];
                Member { name: name.clone(), scale, class: 0, factor: (1, 1), references, target, values }
            })
            .collect();
        templates.push(Template { key: key.clone(), prefix: common_prefix(&seen.ids), members });
    }
    refer(&mut templates);
    templates
}

/// Turns the names in relations into places.
fn refer(templates: &mut [Template]) {
    let find = |templates: &[Template], from: usize, to: &str| -> Option<(String, usize)> {
        if to == "clock" {
            return Some(("clock".to_owned(), CLOCK_SCALE));
        }
        let (place, member) = match to.strip_prefix('=').and_then(|to| to.split_once('.')) {
            Some((stats_type, member)) => {
                let (stats_type, kind) =
                    stats_type.split_once(':').map_or((stats_type, None), |(stats_type, kind)| (stats_type, Some(kind)));
                let key = &templates[from].key;
                let same = |template: &Template| {
                    template.key.0 == key.0
                        && relations::TYPES[template.key.1] == stats_type
                        && (template.key.2 == kind.unwrap_or(&key.2) || template.key.2.is_empty())
                };
                (templates.iter().position(same)?, member)
            }
            None => (from, to),
        };
        let number = templates[place].members.iter().position(|other| &*other.name.name == member && other.name.key.is_none())?;
        Some((format!("{place}.{number}"), templates[place].members[number].scale))
    };
    for place in 0..templates.len() {
        for number in 0..templates[place].members.len() {
            let (stats_type, kind) = (relations::TYPES[templates[place].key.1], templates[place].key.2.clone());
            let Some(line) = relation(stats_type, &kind, &templates[place].members[number].name) else { continue };
            let found = [find(templates, place, line[3]), find(templates, place, line[4])];
            let (over, under) = line[5].split_once('/').unwrap_or((line[5], "1"));
            let (over, under): (i64, i64) = (over.parse().expect("a number"), under.parse().expect("a number"));
            let member = &mut templates[place].members[number];
            let own = SCALE_DIVISORS[member.scale];
            let theirs = found[0].as_ref().map_or(1, |(_, scale)| SCALE_DIVISORS[*scale]);
            let (mut over, mut under) = (over * own, under * theirs);
            let mut common = (over, under);
            while common.1 != 0 {
                common = (common.1, common.0 % common.1);
            }
            if common.0 != 0 {
                (over, under) = (over / common.0, under / common.0);
            }
            member.factor = (over, under);
            member.references = found.map(|found| found.map_or_else(|| "-".to_owned(), |(reference, _)| reference));
        }
    }
}

type Counts = [f64; SYMBOLS];
type ClassCounts = [Counts; CONTEXTS];

/// What the models are made of.
struct Models {
    objects: HashMap<usize, Counts>,
    modes: HashMap<MemberPlace, Counts>,
    exact: HashMap<MemberPlace, (f64, f64)>,
    parts: Vec<Counts>,
    classes: Vec<ClassCounts>,
}

fn gathered(tallies: &[Tally], classes: usize) -> Models {
    let mut models = Models {
        objects: HashMap::new(),
        modes: HashMap::new(),
        exact: HashMap::new(),
        parts: vec![[0.0; SYMBOLS]; PARTS],
        classes: vec![[[0.0; SYMBOLS]; CONTEXTS]; classes],
    };
    for tally in tallies {
        tally.objects.iter().for_each(|&(template, symbol)| models.objects.entry(template).or_insert([0.0; SYMBOLS])[symbol] += 1.0);
        for &(place, mode) in &tally.modes {
            if let Some(place) = place {
                models.modes.entry(place).or_insert([0.0; SYMBOLS])[mode] += 1.0;
            }
        }
        for &(place, is_exact) in &tally.exact {
            if let Some(place) = place {
                let counts = models.exact.entry(place).or_default();
                if is_exact { counts.0 += 1.0 } else { counts.1 += 1.0 }
            }
        }
        tally.parts.iter().for_each(|&(context, kind)| models.parts[context][kind] += 1.0);
        tally.residuals.iter().for_each(|&(class, context, symbol)| models.classes[class][context][symbol] += 1.0);
    }
    models
}

/// What the digits of a model stand for.
const LEVELS: [f64; 21] =
    [0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 11.0, 16.0, 23.0, 32.0, 45.0, 64.0, 91.0, 128.0, 181.0, 256.0, 362.0, 512.0, 724.0, 1024.0];

/// Counts as they are written: a digit for each, the largest the last there is; what was not seen but may be gets a little.
fn written(counts: &Counts, little: &[(usize, f64)]) -> String {
    let mut counts = *counts;
    little.iter().for_each(|&(symbol, weight)| counts[symbol] += weight);
    let most = counts.iter().copied().fold(1e-9, f64::max);
    let level = |count: f64| {
        let count = count * LEVELS[LEVELS.len() - 1] / most;
        let over = LEVELS.iter().position(|&level| level >= count).unwrap_or(LEVELS.len() - 1);
        if over > 0 && count * count < LEVELS[over] * LEVELS[over - 1].max(0.5) { over - 1 } else { over }
    };
    let digits: String = counts.iter().filter_map(|&count| char::from_digit(u32::try_from(level(count)).ok()?, 36)).collect();
    digits.trim_end_matches('0').to_owned()
}

/// Lengths next to those seen are likely too.
fn smoothed(counts: &Counts) -> Counts {
    let mut smooth = [0.02; SYMBOLS];
    for (symbol, count) in counts.iter().enumerate() {
        smooth[symbol] += count;
        for (near, share) in [(1, 0.01), (2, 0.02), (4, 0.005)] {
            if symbol >= near && symbol > 0 {
                smooth[symbol - near] += count * share;
            }
            if symbol + near < SYMBOLS {
                smooth[symbol + near] += count * share;
            }
        }
    }
    smooth
}

/// Of a member that nobody knew most are constants or plain counters.
const OTHER_MODES: &str = "15aa740000881000060140caa";
const MODES_LITTLE: [(usize, f64); 12] =
    [(0, 0.6), (1, 0.1), (2, 0.4), (3, 0.1), (4, 0.02), (8, 0.1), (9, 0.1), (10, 0.3), (11, 0.2), (12, 0.1), (13, 0.1), (14, 0.1)];

fn print(templates: &[Template], models: Option<&Models>, words: &BTreeSet<String>) -> String {
    let mut text = String::new();
    let flat = |symbols: usize| "1".repeat(symbols);
    for word in words {
        let _ = writeln!(text, "word\t{word}");
    }
    let classes = models
        .map_or(CLASSES_FIXED + templates.iter().map(|template| template.members.len()).sum::<usize>(), |models| models.classes.len());
    for class in 0..classes {
        let contexts: Vec<String> = (0..CONTEXTS)
            .map(|context| models.map_or_else(|| flat(SYMBOLS), |models| written(&smoothed(&models.classes[class][context]), &[])))
            .collect();
        let _ = writeln!(text, "class\t{}", contexts.join("\t"));
    }
    for context in 0..PARTS {
        let little: Vec<_> = (0..16).map(|kind| (kind, 0.5)).collect();
        let _ = writeln!(text, "parts\t{}", models.map_or_else(|| flat(16), |models| written(&models.parts[context], &little)));
    }
    let mut family = None;
    for (place, template) in templates.iter().enumerate() {
        if family.replace(template.key.0) != Some(template.key.0) {
            let _ = writeln!(text, "family");
        }
        let objects = models.map_or_else(
            || flat(8),
            |models| {
                written(
                    models.objects.get(&place).unwrap_or(&[1.0; SYMBOLS]),
                    &[(0, 1.0), (1, 0.5), (2, 0.5), (3, 0.2), (4, 0.1), (31, 0.02)],
                )
            },
        );
        let _ = writeln!(text, "template\t{}\t{}\t{objects}", relations::TYPES[template.key.1], template.prefix);
        for (number, member) in template.members.iter().enumerate() {
            let (modes, exact) = match models {
                None => (flat(SYMBOLS), 16_384.0),
                Some(models) => {
                    let (yes, no) = models.exact.get(&(place, number)).copied().unwrap_or_default();
                    let exact = ((yes + 0.9) / (yes + no + 1.0) * 32_768.0).clamp(64.0, 32_704.0).round();
                    (written(models.modes.get(&(place, number)).unwrap_or(&[0.0; SYMBOLS]), &MODES_LITTLE), exact)
                }
            };
            let name = member.name.key.as_ref().map_or_else(|| member.name.name.to_string(), |key| format!("{}.{key}", member.name.name));
            let _ = write!(
                text,
                "member\t{name}\t{}\t{exact}\t{}\t{}/{}\t{}\t{}\t{}\t{modes}",
                member.scale, member.class, member.factor.0, member.factor.1, member.references[0], member.references[1], member.target
            );
            member.values.iter().for_each(|value| {
                let _ = write!(text, "\t{value}");
            });
            text.push('\n');
        }
    }
    // A member that nobody knew: most are constants or plain counters.
    let _ = writeln!(text, "other\t\t0\t30000\t0\t0/1\t-\t-\t-\t{OTHER_MODES}\tn0\tb0\tb1");
    text
}

/// Bits that a context's symbols take under their own counts.
#[expect(clippy::disallowed_methods, reason = "only classes are chosen by it, and the tables that come of it are kept")]
fn bits(counts: &ClassCounts) -> f64 {
    let of = |counts: &Counts| {
        let counts = counts.map(|count| count + 0.03);
        let total: f64 = counts.iter().sum();
        counts.iter().map(|count| -(count - 0.03) * (count / total).log2()).sum::<f64>()
    };
    counts.iter().map(of).sum()
}

fn together(a: &ClassCounts, b: &ClassCounts) -> ClassCounts {
    let mut sum = *a;
    for (sum, b) in sum.iter_mut().flatten().zip(b.iter().flatten()) {
        *sum += b;
    }
    sum
}

/// Puts members whose residuals are alike into one class.
fn classes(own: &[ClassCounts]) -> Vec<usize> {
    let mut groups: Vec<(Vec<usize>, ClassCounts, f64)> = Vec::new();
    for (member, counts) in own.iter().enumerate().skip(CLASSES_FIXED) {
        if counts.iter().flatten().sum::<f64>() > 0.0 {
            groups.push((vec![member], *counts, bits(counts)));
        }
    }
    let cost = |a: &(Vec<usize>, ClassCounts, f64), b: &(Vec<usize>, ClassCounts, f64)| bits(&together(&a.1, &b.1)) - a.2 - b.2;
    let mut costs: Vec<Vec<f64>> = groups.iter().map(|a| groups.iter().map(|b| cost(a, b)).collect()).collect();
    while groups.len() > CLASSES - CLASSES_FIXED {
        let mut best = (f64::MAX, 0, 0);
        for (a, costs) in costs.iter().enumerate() {
            for (b, &cost) in costs.iter().enumerate().skip(a + 1) {
                if cost < best.0 {
                    best = (cost, a, b);
                }
            }
        }
        let (_, a, b) = best;
        let gone = groups.swap_remove(b);
        costs.swap_remove(b);
        costs.iter_mut().for_each(|row| {
            row.swap_remove(b);
        });
        groups[a].0.extend(gone.0);
        groups[a].1 = together(&groups[a].1, &gone.1);
        groups[a].2 = bits(&groups[a].1);
        for other in 0..groups.len() {
            let cost = cost(&groups[a], &groups[other]);
            costs[a][other] = cost;
            costs[other][a] = cost;
        }
    }
    let mut class = vec![0; own.len()];
    for (number, group) in groups.iter().enumerate() {
        group.0.iter().for_each(|&member| class[member] = CLASSES_FIXED + number);
    }
    class
}

fn tallies(tables: &Tables, calls: &[Call]) -> Vec<Tally> {
    let batches = calls.iter().flat_map(|call| &call.batches);
    batches.filter_map(|batch| tables.tally(batch, false)).map(|(_, tally)| tally).collect()
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]
fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("which folder holds the calls?")?;
    let calls = calls(Path::new(&folder))?;
    let seen = survey(&calls);
    let mut templates = templates(&seen);
    let mut words: BTreeSet<String> = WORDS_OTHER.iter().map(|&word| word.to_owned()).collect();
    for line in include_str!("words.txt").split_whitespace() {
        words.insert(line.to_owned());
    }
    for template in &templates {
        for member in &template.members {
            words.insert(member.name.name.to_string());
            member.values.iter().filter_map(|value| value.strip_prefix('t')).for_each(|text| {
                words.insert(text.to_owned());
            });
        }
    }
    let mut class = CLASSES_FIXED;
    for member in templates.iter_mut().flat_map(|template| &mut template.members) {
        member.class = class;
        class += 1;
    }
    let draft = Tables::read(&print(&templates, None, &words)).ok_or("the draft is damaged")?;
    let models = gathered(&tallies(&draft, &calls), class);
    let assigned = classes(&models.classes);
    for member in templates.iter_mut().flat_map(|template| &mut template.members) {
        member.class = assigned[member.class];
    }
    let mut merged = vec![[[0.0; SYMBOLS]; CONTEXTS]; CLASSES];
    for (own, counts) in models.classes.iter().enumerate() {
        let class = if own < CLASSES_FIXED { own } else { assigned[own] };
        merged[class] = together(&merged[class], counts);
        // What is known of no member in particular is known of all.
        merged[0] = together(&merged[0], &counts.map(|counts| counts.map(|count| count * 0.01)));
    }
    let mut text = print(&templates, Some(&Models { classes: merged, ..models }), &words);
    for _ in 0..2 {
        let tables = Tables::read(&text).ok_or("the tables are damaged")?;
        let mut models = gathered(&tallies(&tables, &calls), CLASSES);
        let all = models
            .classes
            .iter()
            .fold([[0.0; SYMBOLS]; CONTEXTS], |sum, counts| together(&sum, &counts.map(|counts| counts.map(|count| count * 0.01))));
        models.classes[0] = together(&models.classes[0], &all);
        text = print(&templates, Some(&models), &words);
    }
    let tables = Tables::read(&text).ok_or("the tables are damaged")?;
    for call in &calls {
        let sizes: Vec<_> = call.batches.iter().map(|batch| tables.tally(batch, false).map_or(0, |(size, _)| size)).collect();
        let reports: usize = call.batches.iter().map(Reports::len).sum();
        eprintln!(
            "{:24} {:6.1} bytes a report, {} batches damaged",
            call.name,
            sizes.iter().sum::<usize>() as f64 / reports as f64,
            sizes.iter().filter(|&&size| size == 0).count()
        );
    }
    print!("{text}");
    Ok(())
}
