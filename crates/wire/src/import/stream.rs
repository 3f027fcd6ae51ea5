//! rtcstats: a line for everything that happened, reports as differences.
//!
//! File format 3 (rtcstats-js, and Chrome's own dump) gives each line the time since the one before, and codes for names;
//! the older scheme (2016; Jitsi adds a sequence number) gives each line its time and names in full.

mod codes;
mod delta;
mod sdp;

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};
use sidetone_engine::units::Timestamp;

use self::{delta::Base, sdp::Descriptions};

pub(super) use self::delta::is_callback_type;
use super::{
    Dump, Format, ImportError, ImportedConnection, Limits, Skipped,
    event::{event, unquoted},
    runs::{Budget, Runs},
    time::{instant, is_absolute},
};
use crate::{batch::Event, json::Reader};

/// Skipped lines that are listed; more are left out of the list.
const SKIPPED_MAX: usize = 1000;

/// Lines of arrays, perhaps after `RTCStatsDump` and a line of metadata.
pub(super) fn read(text: &str, limits: &Limits) -> Result<(Format, Dump, Vec<Skipped>), ImportError> {
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line)).filter(|(_, line)| !line.trim().is_empty()).peekable();
    let magic = lines.next_if(|(_, line)| line.trim_end() == "RTCStatsDump").is_some();
    let mut trace = Trace::new(limits);
    let mut file_format = None;
    if let Some((number, line)) = lines.next_if(|(_, line)| line.trim_start().starts_with('{')) {
        let metadata: Map<String, Value> = serde_json::from_str(line).map_err(|error| ImportError::json(number - 1, &error))?;
        file_format = metadata.get("fileFormat").and_then(Value::as_u64);
        trace.learn_metadata(&metadata);
    }
    let legacy = match file_format {
        _ if magic => false,
        Some(format) => format < 3,
        None => is_legacy(lines.clone().map(|(_, line)| line)),
    };
    for (number, line) in lines {
        if legacy && line.trim_start().starts_with('{') {
            let entry: Map<String, Value> = serde_json::from_str(line).map_err(|error| ImportError::json(number - 1, &error))?;
            trace.legacy_entry(number, &entry)?;
        } else if line.trim_start().starts_with('[') {
            let row: Vec<Value> = serde_json::from_str(line).map_err(|error| ImportError::json(number - 1, &error))?;
            if legacy { trace.legacy_row(number, row)? } else { trace.row(number, row)? }
        } else if serde_json::from_str::<Value>(line).is_ok() {
            trace.skip(number, "is no JSON array");
        } else {
            return Err(ImportError::line(number, "is no JSON array"));
        }
    }
    let (dump, skipped) = trace.finish();
    Ok((if legacy { Format::RtcstatsLegacy } else { Format::Rtcstats }, dump, skipped))
}

/// What Jitsi's client sends over its socket: envelopes `{type, statsSessionId, data}`, a line each. `data` of a `stats-entry` is the text of
/// a row; `identity` tells who and where; the others keep the socket alive or close it.
pub(super) fn read_envelopes(text: &str, limits: &Limits) -> Result<(Dump, Vec<Skipped>), ImportError> {
    let mut trace = Trace::new(limits);
    let mut session: Option<String> = None;
    for (number, line) in text.lines().enumerate().map(|(index, line)| (index + 1, line)).filter(|(_, line)| !line.trim().is_empty()) {
        let envelope: Map<String, Value> = serde_json::from_str(line).map_err(|error| ImportError::json(number - 1, &error))?;
        let text = |name: &str| envelope.get(name).and_then(Value::as_str);
        let Some(id) = text("statsSessionId") else {
            return Err(ImportError::line(number, "statsSessionId is missing: whose entry this is"));
        };
        if session.get_or_insert_with(|| id.to_owned()) != id {
            trace.skip(number, &format!("is of another session, {id:?}: give each session a file of its own"));
            continue;
        }
        let data = envelope.get("data").cloned().unwrap_or_default();
        match text("type") {
            Some("stats-entry") => {
                let row = match data {
                    Value::String(row) => {
                        serde_json::from_str(&row).map_err(|error| ImportError::line(number, format!("data: {error}")))?
                    }
                    row => row,
                };
                let Value::Array(row) = row else { return Err(ImportError::line(number, "data is no JSON array")) };
                trace.legacy_row(number, row)?;
            }
            Some("identity") => trace.learn_identity(&unquoted(data)),
            Some("keepalive" | "close") => {}
            other => trace.skip(number, &format!("is of the type {other:?}, which is unknown")),
        }
    }
    Ok(trace.finish())
}

/// The oldest form: one document, `{peerConnections: {id: [{type, value, time}]}, getUserMedia: […], userAgent, url}`.
pub(super) fn read_document(text: &str, limits: &Limits) -> Result<(Dump, Vec<Skipped>), ImportError> {
    let document: Map<String, Value> = serde_json::from_str(text).map_err(|error| ImportError::json(0, &error))?;
    let mut trace = Trace::new(limits);
    trace.learn_metadata(&document);
    let mut number = 0;
    let mut entries = |trace: &mut Trace, id: &Value, entries: &Value| {
        for entry in entries.as_array().into_iter().flatten() {
            number += 1;
            let method = entry.get("type").or(entry.get("method")).cloned().unwrap_or_default();
            let value = entry.get("value").cloned().unwrap_or_default();
            let time = entry.get("timestamp").or(entry.get("time")).cloned().unwrap_or_default();
            trace.legacy_row(number, vec![method, id.clone(), value, time])?;
        }
        Ok::<_, ImportError>(())
    };
    entries(&mut trace, &Value::Null, document.get("getUserMedia").unwrap_or(&Value::Null))?;
    for (id, rows) in document.get("peerConnections").and_then(Value::as_object).into_iter().flatten() {
        entries(&mut trace, &Value::String(id.clone()), rows)?;
    }
    Ok(trace.finish())
}

/// Whether the first lines carry their time since 1970 as fourth element. One line alone cannot tell: the first line always does.
fn is_legacy<'a>(lines: impl Iterator<Item = &'a str>) -> bool {
    let rows = lines.take(20).filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut told = rows.skip(1).filter_map(|row| match &row {
        Value::Array(row) => Some(row.get(3).is_some_and(|time| instant(time).is_some() && time.as_f64().is_none_or(is_absolute))),
        _ => None,
    });
    told.next().unwrap_or(false)
}

/// One peer connection as it is being read.
#[derive(Default)]
struct Connection {
    id: String,
    events: Vec<Event>,
    runs: Runs,
    base: Base,
    descriptions: Descriptions,
}

/// A file as it is being read.
struct Trace {
    dump: Dump,
    skipped: Vec<Skipped>,
    connections: Vec<Connection>,
    positions: HashMap<String, usize>,
    /// Milliseconds since 1970 of the line before.
    clock: Option<f64>,
    sequences: HashSet<u64>,
    budget: Budget,
    reader: Reader,
}

/// What a line says, its time and names understood.
struct Call {
    number: usize,
    time: Timestamp,
    method: String,
    connection: Option<String>,
    value: Value,
    extra: Vec<Value>,
}

impl Trace {
    fn new(limits: &Limits) -> Self {
        Self {
            dump: Dump::default(),
            skipped: Vec::new(),
            connections: Vec::new(),
            positions: HashMap::new(),
            clock: None,
            sequences: HashSet::new(),
            budget: Budget::new(limits),
            reader: Reader::default(),
        }
    }

    fn learn_metadata(&mut self, metadata: &Map<String, Value>) {
        let text = |name: &str| metadata.get(name).and_then(Value::as_str);
        if let Some(user_agent) = text("userAgent") {
            self.dump.facts.learn_user_agent(user_agent);
        }
        if let Some(url) = text("url") {
            url.clone_into(&mut self.dump.facts.url);
        }
        if let Some(protocol) = text("clientProtocol") {
            protocol.clone_into(&mut self.dump.facts.sdk);
        }
        self.clock = metadata.get("startTime").and_then(Value::as_f64).filter(|&start| is_absolute(start));
    }

    /// What Jitsi tells first of who and where.
    fn learn_identity(&mut self, identity: &Value) {
        let text = |name: &str| identity.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        self.dump.facts.conference_id = text("confName");
        self.dump.facts.user_name = text("displayName");
        self.dump.facts.sdk = text("applicationName");
        if let Some(user_agent) = identity.get("userAgent").or(identity.get("browser")).and_then(Value::as_str) {
            self.dump.facts.learn_user_agent(user_agent);
        }
    }

    fn skip(&mut self, number: usize, reason: &str) {
        if self.skipped.len() < SKIPPED_MAX {
            self.skipped.push(Skipped { position: format!("line {number}"), reason: reason.to_owned() });
        }
    }

    /// `[method, connection, value, …extra, milliseconds since the line before]`.
    fn row(&mut self, number: usize, mut row: Vec<Value>) -> Result<(), ImportError> {
        let last = row.pop().unwrap_or_default();
        let Some(millis) = last.as_f64() else {
            let message = format!("the last element is {last}, expected the milliseconds since the line before as a number");
            return Err(ImportError::line(number, message));
        };
        let clock = match self.clock {
            _ if is_absolute(millis) => millis,
            Some(clock) => clock + millis,
            None => return Err(ImportError::line(number, format!("the time is {millis}, but the first line must give it since 1970"))),
        };
        self.clock = Some(clock);
        let time = Timestamp::from_millis_f64(clock)
            .ok_or_else(|| ImportError::line(number, format!("the time comes to {clock}, which is no instant up to the year 2200")))?;
        let mut row = row.into_iter();
        let Some(method) = row.next().as_ref().and_then(method_name) else {
            self.skip(number, "has no method");
            return Ok(());
        };
        let connection = row.next().as_ref().and_then(name);
        let value = row.next().unwrap_or_default();
        self.call(Call { number, time, method, connection, value, extra: row.collect() })
    }

    /// `[method, connection, value, time, sequence?]`.
    fn legacy_row(&mut self, number: usize, row: Vec<Value>) -> Result<(), ImportError> {
        let time = row.get(3).unwrap_or(&Value::Null);
        let Some(time) = instant(time) else {
            return Err(ImportError::line(number, format!("the fourth element is {time}, expected the time in milliseconds since 1970")));
        };
        if let Some(sequence) = row.get(4).and_then(Value::as_u64)
            && !self.sequences.insert(sequence)
        {
            self.skip(number, &format!("repeats sequence number {sequence}"));
            return Ok(());
        }
        let mut row = row.into_iter();
        let Some(method) = row.next().as_ref().and_then(name) else {
            self.skip(number, "has no method");
            return Ok(());
        };
        let connection = row.next().as_ref().and_then(name);
        let value = unquoted(row.next().unwrap_or_default());
        self.call(Call { number, time, method, connection, value, extra: Vec::new() })
    }

    /// `{"0": method, "1": connection, "2": value, "time": …}`: an array that was given a property.
    fn legacy_entry(&mut self, number: usize, entry: &Map<String, Value>) -> Result<(), ImportError> {
        let part = |name: &str| entry.get(name).cloned().unwrap_or_default();
        let time = entry.get("time").or(entry.get("3")).cloned().unwrap_or_default();
        self.legacy_row(number, vec![part("0"), part("1"), part("2"), time])
    }

    fn call(&mut self, call: Call) -> Result<(), ImportError> {
        let Call { number, time, method, connection, mut value, extra } = call;
        let of_participant = method.starts_with("navigator.mediaDevices.") || method.starts_with("getUserMedia");
        let Some(id) = connection.filter(|_| !of_participant) else {
            match &*method {
                "getStats" | "getstats" => self.skip(number, "is a report of no peer connection"),
                "identity" => self.learn_identity(&value),
                "create" => {
                    self.dump.facts.learn_user_agent_data(value.get("userAgentData").unwrap_or(&Value::Null));
                    self.dump.events.push(event(time, &method, value, extra, false));
                }
                _ => self.dump.events.push(event(time, &method, value, extra, false)),
            }
            return Ok(());
        };
        let position = *self.positions.entry(id.clone()).or_insert_with(|| {
            self.connections.push(Connection { id, ..Connection::default() });
            self.connections.len() - 1
        });
        let connection = &mut self.connections[position];
        if !matches!(&*method, "getStats" | "getstats") {
            connection.descriptions.restore(&method, &mut value);
            connection.events.push(event(time, &method, value, extra, true));
            return Ok(());
        }
        let Value::Object(stats) = value else {
            self.skip(number, "is a report without objects");
            return Ok(());
        };
        connection.base.apply(number, time, stats, &self.reader)?;
        connection.runs.push(connection.base.report(), &mut self.budget)
    }

    fn finish(mut self) -> (Dump, Vec<Skipped>) {
        self.dump.connections = self
            .connections
            .into_iter()
            .map(|connection| ImportedConnection { id: connection.id, events: connection.events, runs: connection.runs.finish() })
            .collect();
        (self.dump, self.skipped)
    }
}

/// A method by name or code.
fn method_name(value: &Value) -> Option<String> {
    let name = name(value)?;
    if name == "g" {
        return Some("getStats".to_owned());
    }
    let known = name.parse().ok().and_then(codes::method).map(str::to_owned);
    Some(known.unwrap_or(name))
}

/// A name, which may be a number.
fn name(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
