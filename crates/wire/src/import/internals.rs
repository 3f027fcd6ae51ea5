//! Dumps of `chrome://webrtc-internals`: a series of values for each member of each stats object.
//!
//! The page polls `getStats` about once a second and appends what it gets, series by series; a report is put together again
//! from the values that were appended in one poll. Objects that are taken at the poll carry its time; objects that say what the other end
//! said carry an older one and are placed in the first poll that can have seen them. Series of one object that are shorter than its
//! times began later: they are aligned at the end.

mod series;

use serde_json::{Map, Value, json};
use sidetone_engine::units::Timestamp;

use self::series::Table;
use super::{
    Dump, ImportError, ImportedConnection, Limits, Skipped,
    event::event,
    runs::{Budget, Runs},
    time::instant,
};
use crate::{batch::Event, json::Reader};

/// The document as a whole.
pub(super) fn read(text: &str, limits: &Limits) -> Result<(Dump, Vec<Skipped>), ImportError> {
    let document: Map<String, Value> = serde_json::from_str(text).map_err(|error| ImportError::json(0, &error))?;
    let mut dump = Dump::default();
    let mut skipped = Vec::new();
    if let Some(user_agent) = document.get("UserAgent").and_then(Value::as_str) {
        dump.facts.learn_user_agent(user_agent);
    }
    dump.facts.learn_user_agent_data(document.get("UserAgentData").unwrap_or(&Value::Null));
    let mut budget = Budget::new(limits);
    let reader = Reader::default();
    let connections = document.get("PeerConnections").unwrap_or(&Value::Null);
    let Some(connections) = connections.as_object() else {
        return Err(ImportError::broken("PeerConnections", format!("is {}, expected an object of peer connections", kind_of(connections))));
    };
    for (id, connection) in connections {
        let path = format!("PeerConnections[{id:?}]");
        if dump.facts.url.is_empty() {
            connection.get("url").and_then(Value::as_str).unwrap_or_default().clone_into(&mut dump.facts.url);
        }
        let table = match connection.get("stats") {
            None => Table::default(),
            Some(Value::Object(stats)) => Table::read(&path, stats, &reader, &mut skipped)?,
            Some(other) => return Err(ImportError::broken(format!("{path}.stats"), format!("is {}, expected an object", kind_of(other)))),
        };
        let mut runs = Runs::default();
        let polls = table.polls();
        for row in 0..polls.len() {
            runs.push(&table.report(row), &mut budget)?;
        }
        let events = update_log(&path, connection, polls.first().copied(), &mut skipped);
        dump.connections.push(ImportedConnection { id: id.clone(), events, runs: runs.finish() });
    }
    for (index, row) in document.get("getUserMedia").and_then(Value::as_array).into_iter().flatten().enumerate() {
        match user_media(row) {
            Some(event) => dump.events.push(event),
            None => skipped.push(Skipped { position: format!("getUserMedia[{index}]"), reason: "has no time".to_owned() }),
        }
    }
    Ok((dump, skipped))
}

/// What a JSON value is, for a person.
fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "missing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// The calls and events of one peer connection. Where there is only a time in the words of the user's country, the event stands
/// where the one before it stood, or at the first report.
fn update_log(path: &str, connection: &Value, first: Option<Timestamp>, skipped: &mut Vec<Skipped>) -> Vec<Event> {
    let mut events = Vec::new();
    let mut latest = first;
    let configuration = connection.get("rtcConfiguration").cloned().unwrap_or_default();
    let rows = connection.get("updateLog").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    // The log does not hold the creation itself.
    let created = rows.iter().find_map(|row| instant(row.get("timestamp")?)).or(first);
    if let Some(created) = created {
        events.push(event(created, "create", configuration, Vec::new(), true));
    }
    for (index, row) in rows.iter().enumerate() {
        let mut skip = |reason: &str| skipped.push(Skipped { position: format!("{path}.updateLog[{index}]"), reason: reason.to_owned() });
        let Some(method) = row.get("type").and_then(Value::as_str) else {
            skip("has no type");
            continue;
        };
        let own = row.get("timestamp").and_then(instant);
        let Some(time) = own.or(latest) else {
            skip("has no time");
            continue;
        };
        latest = Some(time);
        let mut event = event(time, method, row.get("value").cloned().unwrap_or_default(), Vec::new(), true);
        if let (None, Some(local)) = (own, row.get("time").and_then(Value::as_str)) {
            let mut payload: Map<String, Value> = serde_json::from_str(&event.payload).unwrap_or_default();
            payload.insert("local_time".to_owned(), json!(local));
            event.payload = Value::Object(payload).to_string();
        }
        events.push(event);
    }
    events
}

/// A request for a camera, a microphone or a screen, or what became of it.
fn user_media(row: &Value) -> Option<Event> {
    let time = row.get("timestamp").and_then(instant)?;
    let display = row.get("request_type").and_then(Value::as_str) == Some("getDisplayMedia");
    let method = if display { "getDisplayMedia" } else { "getUserMedia" };
    let mut value = Map::new();
    let suffix = if row.get("error").is_some() {
        for (from, to) in [("error", "error"), ("error_message", "message"), ("message", "message")] {
            if let Some(text) = row.get(from) {
                value.insert(to.to_owned(), text.clone());
            }
        }
        "OnFailure"
    } else if row.get("stream_id").is_some() {
        let mut tracks = Vec::new();
        for (kind, name) in [("audio", "audio_track_info"), ("video", "video_track_info")] {
            let info = row.get(name).and_then(Value::as_str).and_then(|text| serde_json::from_str::<Map<String, Value>>(text).ok());
            if let Some(mut track) = info {
                track.insert("kind".to_owned(), json!(kind));
                tracks.push(Value::Object(track));
            }
        }
        value.insert("tracks".to_owned(), Value::Array(tracks));
        value.insert("stream_id".to_owned(), row.get("stream_id").cloned().unwrap_or_default());
        "OnSuccess"
    } else {
        for name in ["audio", "video"] {
            if let Some(asked) = row.get(name) {
                value.insert(name.to_owned(), asked.clone());
            }
        }
        ""
    };
    if let Some(request) = row.get("request_id") {
        value.insert("request_id".to_owned(), request.clone());
    }
    Some(event(time, &format!("{method}{suffix}"), Value::Object(value), Vec::new(), false))
}
