//! Single settings from the environment and from flags, laid over the file.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
};

use anyhow::{Result, anyhow, bail};
use serde::Deserialize;
use serde_json::Value as Json;
use toml::Value;

use super::Config;

/// One setting as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// Section and name, such as `limits.body_size_max`.
    pub(crate) path: String,
    /// As it was written.
    pub(crate) value: String,
    /// Where it was written, for messages: a flag or a variable.
    pub(crate) source: String,
}

/// What a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Text,
    Whole,
    Real,
    Truth,
    List,
}

/// Every setting with what it takes, by path.
fn settings() -> BTreeMap<String, Shape> {
    let schema = Json::from(schemars::schema_for!(Config));
    let mut found = BTreeMap::new();
    collect(&schema, &schema, "", &mut found);
    found
}

fn collect(root: &Json, schema: &Json, path: &str, found: &mut BTreeMap<String, Shape>) {
    let schema = resolve(root, schema);
    let alternatives = ["oneOf", "anyOf"].iter().filter_map(|name| schema[name].as_array()).flatten();
    let mut of_objects = false;
    for part in std::iter::once(schema).chain(alternatives.map(|part| resolve(root, part))) {
        for (name, member) in part["properties"].as_object().into_iter().flatten() {
            of_objects = true;
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            collect(root, member, &path, found);
        }
    }
    if !of_objects && !path.is_empty() {
        let named =
            |name: &str| schema["type"] == name || schema["type"].as_array().is_some_and(|types| types.iter().any(|held| held == name));
        let shape = match () {
            () if named("integer") => Shape::Whole,
            () if named("number") => Shape::Real,
            () if named("boolean") => Shape::Truth,
            () if named("array") => Shape::List,
            () => Shape::Text,
        };
        found.insert(path.to_owned(), shape);
    }
}

/// Follows a `$ref` into the schema's definitions.
pub(super) fn resolve<'a>(root: &'a Json, schema: &'a Json) -> &'a Json {
    schema["$ref"].as_str().and_then(|reference| root.pointer(reference.strip_prefix('#')?)).unwrap_or(schema)
}

/// The settings among the variables: `SIDETONE_LIMITS_BODY_SIZE_MAX` is `limits.body_size_max`. Other variables are left alone.
pub(super) fn from_environment(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Vec<Setting>> {
    let by_variable: BTreeMap<String, String> =
        settings().into_keys().map(|path| (format!("SIDETONE_{}", path.to_uppercase().replace('.', "_")), path)).collect();
    let mut found = Vec::new();
    for (name, value) in variables {
        let Some((name, path)) = name.to_str().and_then(|name| by_variable.get_key_value(name)) else { continue };
        let value = value.into_string().map_err(|_| anyhow!("{name}: the value is not UTF-8"))?;
        found.push(Setting { path: path.clone(), value, source: name.clone() });
    }
    Ok(found)
}

/// Variables that read like a setting of a section, and are none: slips of a key, as a rule. No error, for Kubernetes sets some of its own making.
pub(super) fn unknown_variables(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let known = settings();
    let variable = |path: &str| format!("SIDETONE_{}", path.to_uppercase().replace('.', "_"));
    let sections: BTreeSet<String> = known.keys().filter_map(|path| Some(variable(path.split_once('.')?.0) + "_")).collect();
    let known: BTreeSet<String> = known.keys().map(|path| variable(path)).collect();
    let reads_like_one = |name: &String| sections.iter().any(|section| name.starts_with(section));
    names.into_iter().filter(|name| reads_like_one(name) && !known.contains(name)).collect()
}

/// The configuration of a file with settings laid over it, in order.
pub(super) fn apply(file: toml::Table, settings: &[Setting]) -> Result<Config> {
    let shapes = self::settings();
    let mut table = file.clone();
    for setting in settings {
        set(&mut table, setting, &shapes)?;
    }
    let read = |table: toml::Table| Config::deserialize(Value::Table(table));
    read(table).map_err(|error| {
        // Which one is at fault shows when each stands alone.
        let culprit = settings.iter().find(|setting| {
            let mut table = file.clone();
            set(&mut table, setting, &shapes).is_ok() && read(table).is_err()
        });
        let message = error.message().replace('\n', ", ");
        match culprit.or(settings.last()) {
            Some(setting) => anyhow!("{}: {message}", setting.source),
            None => anyhow!("{message}"),
        }
    })
}

fn set(table: &mut toml::Table, setting: &Setting, shapes: &BTreeMap<String, Shape>) -> Result<()> {
    let Setting { path, value, source } = setting;
    let Some(shape) = shapes.get(path) else {
        let section = path.rsplit_once('.').map_or("", |(section, _)| section);
        let siblings: Vec<&str> = shapes
            .keys()
            .filter_map(|known| if section.is_empty() { Some(known.as_str()) } else { known.strip_prefix(section)?.strip_prefix('.') })
            .collect();
        if siblings.is_empty() {
            bail!("{source}: there is no section [{section}]; `sidetone serve --print-config` shows every setting");
        }
        bail!("{source}: there is no such setting; [{section}] has {}", siblings.join(", "));
    };
    let value = match shape {
        Shape::Text => Value::String(value.clone()),
        Shape::Whole => Value::Integer(value.trim().parse().map_err(|_| anyhow!("{source}: {value:?} is not a whole number"))?),
        Shape::Real => Value::Float(value.trim().parse().map_err(|_| anyhow!("{source}: {value:?} is not a number"))?),
        Shape::Truth => Value::Boolean(value.trim().parse().map_err(|_| anyhow!("{source}: {value:?} is neither true nor false"))?),
        // As a file has it, or with commas alone.
        Shape::List if value.trim_start().starts_with('[') => toml::from_str::<toml::Table>(&format!("list = {value}"))
            .ok()
            .and_then(|mut table| table.remove("list"))
            .ok_or_else(|| anyhow!("{source}: {value:?} is no list; write a,b or [\"a\", \"b\"]"))?,
        Shape::List => {
            let parts = value.split(',').map(str::trim).filter(|part| !part.is_empty());
            Value::Array(parts.map(|part| Value::String(part.to_owned())).collect())
        }
    };
    let mut place = table;
    let mut names = path.split('.').peekable();
    while let Some(name) = names.next() {
        if names.peek().is_none() {
            place.insert(name.to_owned(), value);
            break;
        }
        let inner = place.entry(name).or_insert_with(|| Value::Table(toml::Table::new()));
        place = inner.as_table_mut().ok_or_else(|| anyhow!("{source}: {name} is no section in the file"))?;
    }
    Ok(())
}
