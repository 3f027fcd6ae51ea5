//! The effective configuration as a TOML file with the meaning of each setting above it.

use serde_json::Value as Json;

use super::{Config, layer::resolve};

/// Most characters of a line of comment.
const COMMENT_WIDTH: usize = 110;

/// The configuration as TOML with comments; reads back as the same configuration.
pub(crate) fn print(config: &Config) -> String {
    let schema = Json::from(schemars::schema_for!(Config));
    // Every value of the configuration has a TOML form.
    let plain = toml::to_string(config).unwrap_or_default();
    let held: toml::Table = toml::from_str(&plain).unwrap_or_default();
    let mut text =
        String::from("# The configuration of `sidetone serve`. Each setting may also be given as a variable of the environment\n");
    text += "# (`limits.body_size_max` is SIDETONE_LIMITS_BODY_SIZE_MAX) or as a flag (`--set limits.body_size_max=2MiB`).\n\n";
    let mut section = Vec::new();
    for line in plain.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            unset(&mut text, &schema, &section, &held);
            section = name.split('.').collect();
            comment(&mut text, description(&schema, &section));
        } else if let Some((name, _)) = line.split_once(" = ") {
            let path: Vec<&str> = section.iter().copied().chain([name]).collect();
            comment(&mut text, description(&schema, &path));
        }
        text += line;
        text.push('\n');
    }
    unset(&mut text, &schema, &section, &held);
    text
}

/// Ends a section with what has no value in it now, as comments: settings that stand for nothing, and those of another choice.
fn unset(text: &mut String, schema: &Json, section: &[&str], config: &toml::Table) {
    let place = section.iter().try_fold(schema, |place, name| resolve(schema, place)["properties"].get(*name));
    let Some(place) = place.map(|place| resolve(schema, place)) else { return };
    let held = section.iter().try_fold(config, |table, name| table.get(*name)?.as_table());
    let gap = text.len() - text.trim_end_matches('\n').len();
    text.truncate(text.len() - gap);
    text.push('\n');
    for choice in std::iter::once(place).chain(place["oneOf"].as_array().into_iter().flatten()) {
        let members = || choice["properties"].as_object().into_iter().flatten();
        let tag = members().find_map(|(name, member)| Some((name, member["const"].as_str()?)));
        for (name, member) in members().filter(|(name, _)| held.is_none_or(|held| !held.contains_key(*name))) {
            let path: Vec<&str> = section.iter().copied().chain([name.as_str()]).collect();
            let meaning = description(schema, &path).unwrap_or_default();
            comment(text, Some(tag.map_or(meaning.clone(), |(tag, value)| format!("With {tag} = {value:?}: {meaning}"))));
            *text += &format!("# {name} = {}\n", if member["type"] == "array" { "[\"…\"]" } else { "\"…\"" });
        }
    }
    text.extend(std::iter::repeat_n('\n', gap.saturating_sub(1)));
}

/// What the schema says of a setting, and of its choices where it has some.
fn description(schema: &Json, path: &[&str]) -> Option<String> {
    let mut place = schema;
    for name in path {
        let held = resolve(schema, place);
        place = match &held["properties"][*name] {
            Json::Null => held["oneOf"].as_array()?.iter().find_map(|part| part["properties"].get(*name))?,
            found => found,
        };
    }
    let own = place["description"].as_str();
    let held = resolve(schema, place);
    if let (Some(choice), Some(alternatives)) = (place["const"].as_str(), parent_choices(schema, path)) {
        return Some(format!("{choice:?} is one of {}.", alternatives.join(", ")));
    }
    let own = own.or(held["description"].as_str())?;
    Some(own.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect::<Vec<_>>().join(" "))
}

/// The values that the tag `path` may have, each with its meaning.
fn parent_choices(schema: &Json, path: &[&str]) -> Option<Vec<String>> {
    let (tag, parents) = path.split_last()?;
    let mut place = schema;
    for name in parents {
        place = &resolve(schema, place)["properties"][*name];
    }
    let choices = resolve(schema, place)["oneOf"].as_array()?.iter();
    let told = choices.filter_map(|choice| {
        let meaning = choice["description"].as_str()?.split('\n').next()?.trim_end_matches('.').to_owned();
        Some(format!("{} ({meaning})", choice["properties"][*tag]["const"]))
    });
    Some(told.collect())
}

fn comment(text: &mut String, description: Option<String>) {
    let mut line = String::new();
    for word in description.unwrap_or_default().split_whitespace() {
        if !line.is_empty() && line.chars().count() + word.chars().count() + 3 > COMMENT_WIDTH {
            *text += &format!("#{line}\n");
            line.clear();
        }
        line.push(' ');
        line += word;
    }
    if !line.is_empty() {
        *text += &format!("#{line}\n");
    }
}
