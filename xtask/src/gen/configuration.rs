//! `docs/configuration.md`: the configuration from its JSON Schema and its defaults.

use std::fmt::Write;

use anyhow::{Context, Result};
use serde_json::Value;

const HEAD: &str = "\
<!-- Written by `cargo xtask gen`. -->

# Configuration

`sidetone serve --config sidetone.toml` reads one TOML file; a setting that is not in it has its default, and a setting that does not
exist is an error. `sidetone serve --print-config` prints what holds after file, environment and flags ([command line](command-line.md)).
Every default is safe to expose to the internet.

Spans are written `\"250ms\"`, `\"10s\"`, `\"1h30m\"`, `\"30d\"`; sizes `\"64KiB\"`, `\"10MB\"`.
";

/// The page, a table for each section.
pub(super) fn page(schema: &Value, defaults: &Value) -> Result<String> {
    let mut page = HEAD.to_owned();
    for (name, section) in schema["properties"].as_object().context("the schema has no properties")? {
        let description = section["description"].as_str().unwrap_or_default();
        let settings = resolve(schema, section);
        write!(page, "\n## `[{name}]`\n\n{}\n\n| setting | default | meaning |\n|---|---|---|\n", description.trim())?;
        for (setting, property) in settings["properties"].as_object().with_context(|| format!("section {name} has no settings"))? {
            let meaning = property["description"].as_str().with_context(|| format!("{name}.{setting} has no description"))?;
            let default = &defaults[name][setting];
            writeln!(page, "| `{setting}` | {} | {} |", toml(default), cell(meaning))?;
            for (variant, meaning) in variants(resolve(schema, property)) {
                writeln!(page, "| | {variant} | {} |", cell(&meaning))?;
            }
        }
    }
    Ok(page)
}

/// What `$ref` leads to, or the schema itself.
fn resolve<'a>(schema: &'a Value, part: &'a Value) -> &'a Value {
    let reference = part["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    reference.and_then(|pointer| schema.pointer(pointer)).unwrap_or(part)
}

/// The shapes of a setting that has several: each as TOML, with its meaning.
fn variants(property: &Value) -> Vec<(String, String)> {
    let shapes = property["oneOf"].as_array().map(Vec::as_slice).unwrap_or_default();
    shapes.iter().filter_map(|shape| Some((shape_as_toml(shape)?, shape["description"].as_str()?.to_owned()))).collect()
}

fn shape_as_toml(shape: &Value) -> Option<String> {
    if let Some(value) = shape.get("const") {
        return Some(toml(value));
    }
    let members = shape["properties"].as_object()?.iter().map(|(name, member)| match member.get("const") {
        Some(value) => format!("{name} = {value}"),
        None => format!("{name} = …"),
    });
    Some(format!("`{{ {} }}`", members.collect::<Vec<_>>().join(", ")))
}

/// A value as TOML writes it, in code style.
fn toml(value: &Value) -> String {
    match value {
        Value::Null => "–".into(),
        Value::Object(members) => {
            let members: Vec<String> = members.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            format!("`{{ {} }}`", members.join(", "))
        }
        other => format!("`{other}`"),
    }
}

/// Text in one cell of a table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_setting_has_a_line_with_default_and_meaning() {
        let schema = json!({
            "properties": {"limits": {"$ref": "#/$defs/Limits", "description": "Bounds."}},
            "$defs": {"Limits": {"properties": {
                "body_size_max": {"description": "Largest body;\nlarger | is refused.", "type": "string"},
                "tls": {"description": "How.", "$ref": "#/$defs/Tls"},
            }}, "Tls": {"oneOf": [
                {"description": "Not at all.", "properties": {"mode": {"const": "off"}}},
                {"description": "From files.", "properties": {"mode": {"const": "files"}, "key": {"type": "string"}}},
            ]}},
        });
        let defaults = json!({"limits": {"body_size_max": "1MiB", "tls": {"mode": "off"}}});
        let page = page(&schema, &defaults).unwrap();
        let table = page.split("## ").nth(1).unwrap();
        assert_eq!(
            table,
            "`[limits]`\n\nBounds.\n\n| setting | default | meaning |\n|---|---|---|\n\
             | `body_size_max` | `\"1MiB\"` | Largest body; larger \\| is refused. |\n\
             | `tls` | `{ mode = \"off\" }` | How. |\n\
             | | `{ mode = \"off\" }` | Not at all. |\n\
             | | `{ key = …, mode = \"files\" }` | From files. |\n"
        );
    }

    #[test]
    fn a_setting_without_a_description_is_an_error() {
        let schema = json!({"properties": {"limits": {"properties": {"x": {}}}}});
        assert_eq!(page(&schema, &json!({})).unwrap_err().to_string(), "limits.x has no description");
    }
}
