//! Network addresses and SDP in what a client sent, hidden for apps that may not keep them.
//!
//! What takes the place of an address tells its family and whether it is private or public, and nothing else: the same address always
//! becomes the same word. Looked at are the texts of reports and events, of known and unknown members alike. Not looked at are the ids, and
//! what an app says of a participant in `joined`: these are the app's own words. An address that somebody disguises is not found.

mod text;

use serde_json::{Map, Value as Json};
use sidetone_engine::report::{Column, Data, Object, Reports, Text, Value};

use crate::batch::{Batch, Event, kind};
use text::{HIDDEN, SDP, hide, is_word};

/// Members that hold an address whatever its form is.
const ADDRESS_MEMBERS: [&str; 6] = ["address", "ip", "ipAddress", "relatedAddress", "localAddress", "remoteAddress"];

/// In some browsers a checksum of the address (RFC 8445, section 5.1.1.3), from which it can be found by trying all.
const FOUNDATION: &str = "foundation";

/// What an app says of a participant.
const FACTS: [&str; 9] = ["user_name", "alias_name", "site", "app_version", "user_agent", "browser", "browser_version", "os", "sdk"];
const ADDITIONAL_IDS: &str = "additional_ids";

/// What was hidden in a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    /// Whether the reports have changed.
    pub reports: bool,
    /// How many events have changed.
    pub events: usize,
}

/// Hides every address and session description in the reports and events of a batch.
pub fn hide_in(batch: &mut Batch) -> Hidden {
    let reports = hidden_reports(&batch.reports);
    let changed = reports.is_some();
    if let Some(reports) = reports {
        batch.reports = reports;
    }
    Hidden { reports: changed, events: batch.events.iter_mut().map(hide_in_event).filter(|&changed| changed).count() }
}

/// What becomes of a part.
enum Fate<T> {
    Stays,
    Becomes(T),
    Goes,
}

/// `None` when there is nothing to hide.
fn hidden_reports(reports: &Reports) -> Option<Reports> {
    let fates: Vec<Fate<Object>> = reports.objects().iter().map(object).collect();
    if fates.iter().all(|fate| matches!(fate, Fate::Stays)) {
        return None;
    }
    let objects = apply(reports.objects(), fates);
    // Rows are not touched, so the table cannot have become ragged; rather no report than one with an address.
    Some(Reports::from_columns(reports.times().to_vec(), objects).unwrap_or_default())
}

fn apply<T: Clone>(parts: &[T], fates: Vec<Fate<T>>) -> Vec<T> {
    let fate = |(part, fate): (&T, Fate<T>)| match fate {
        Fate::Stays => Some(part.clone()),
        Fate::Becomes(part) => Some(part),
        Fate::Goes => None,
    };
    parts.iter().zip(fates).filter_map(fate).collect()
}

fn object(object: &Object) -> Fate<Object> {
    if hide(&object.id).is_some() || hide(&object.stats_type).is_some() {
        return Fate::Goes;
    }
    // Looked at twice rather than gathered: in nearly every object all stays.
    if object.columns.iter().all(|given| matches!(column(given), Fate::Stays)) {
        return Fate::Stays;
    }
    let fates = object.columns.iter().map(column).collect();
    Fate::Becomes(Object { columns: apply(&object.columns, fates), ..object.clone() })
}

fn column(column: &Column) -> Fate<Column> {
    let name = &*column.name.name;
    if name == FOUNDATION || hide(name).is_some() || column.name.key.as_deref().is_some_and(|key| hide(key).is_some()) {
        return Fate::Goes;
    }
    let data = match &column.data {
        Data::Constant(constant) => value(name, constant).map(Data::Constant),
        Data::Numbers(_) => is_address(name).then(|| Data::Constant(Value::Text(HIDDEN.into()))),
        Data::Values(values) => {
            let hidden: Vec<Option<Value>> = values.iter().map(|given| value(name, given)).collect();
            hidden
                .iter()
                .any(Option::is_some)
                .then(|| Data::Values(values.iter().zip(hidden).map(|(given, hidden)| hidden.unwrap_or_else(|| given.clone())).collect()))
        }
    };
    match data {
        None => Fate::Stays,
        Some(data) => Fate::Becomes(Column { data, ..column.clone() }),
    }
}

fn is_address(name: &str) -> bool {
    ADDRESS_MEMBERS.contains(&name)
}

/// The value that takes the place of one of the member `name`; `None` when it may stay.
fn value(name: &str, given: &Value) -> Option<Value> {
    let hidden: Text = match given {
        Value::Text(text) => member(name, text)?.into(),
        Value::Json(text) => {
            // What nobody can read, nobody can look through.
            let Ok(mut json) = serde_json::from_str(text) else { return Some(Value::Text(HIDDEN.into())) };
            return hide_in_json(name, &mut json).then(|| match json {
                Json::String(text) => Value::Text(text.into()),
                json => Value::Json(json.to_string().into()),
            });
        }
        Value::Number(_) | Value::Bool(_) if is_address(name) => HIDDEN.into(),
        Value::Number(_) | Value::Bool(_) => return None,
    };
    Some(Value::Text(hidden))
}

/// The text that takes the place of one of the member `name`; `None` when it may stay.
fn member(name: &str, text: &str) -> Option<String> {
    if text.is_empty() || is_word(text) {
        return None;
    }
    match name {
        "sdp" => Some(SDP.to_owned()),
        _ if is_address(name) => Some(hide(text).filter(|hidden| is_word(hidden)).unwrap_or_else(|| HIDDEN.to_owned())),
        _ => hide(text),
    }
}

/// Whether something was hidden in the value of the member `name`.
fn hide_in_json(name: &str, json: &mut Json) -> bool {
    match json {
        Json::String(text) => member(name, text).map(|hidden| *text = hidden).is_some(),
        Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) if is_address(name) => {
            *json = HIDDEN.into();
            true
        }
        Json::Array(entries) => entries.iter_mut().fold(false, |changed, entry| hide_in_json(name, entry) | changed),
        Json::Object(members) => hide_in_object(members, |_, _| false),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

fn hide_in_object(members: &mut Map<String, Json>, stays: fn(&str, &Json) -> bool) -> bool {
    let given = members.len();
    members.retain(|name, _| name != FOUNDATION && hide(name).is_none());
    let looked_at = members.iter_mut().filter(|(name, value)| !stays(name, value));
    let changed = looked_at.fold(false, |changed, (name, value)| hide_in_json(name, value) | changed);
    changed || members.len() < given
}

/// Whether a member of `joined` is what the app says of the participant.
fn is_fact(name: &str, value: &Json) -> bool {
    match value {
        Json::String(_) => FACTS.contains(&name),
        Json::Object(ids) => name == ADDITIONAL_IDS && ids.values().all(Json::is_string),
        _ => false,
    }
}

fn hide_in_event(event: &mut Event) -> bool {
    let stays = if event.kind == kind::JOINED { is_fact } else { |_: &str, _: &Json| false };
    let payload = match serde_json::from_str::<Map<String, Json>>(&event.payload) {
        Ok(mut payload) => hide_in_object(&mut payload, stays).then(|| Json::Object(payload).to_string()),
        // What nobody can read, nobody can look through.
        Err(_) => Some("{}".to_owned()),
    };
    let kind = hide(&event.kind);
    let changed = kind.is_some() || payload.is_some();
    event.kind = kind.unwrap_or_else(|| std::mem::take(&mut event.kind));
    event.payload = payload.unwrap_or_else(|| std::mem::take(&mut event.payload));
    changed
}
