//! ObserveRTC: the `ClientSample`s of client-monitor-js, one JSON object each, every some seconds.
//!
//! A sample holds the objects of one getStats report by kind, with their W3C members and ids but without their `type`.

use std::collections::BTreeSet;

use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use super::{
    Dump, ImportError, ImportedConnection, Limits, Skipped,
    runs::{Budget, Runs},
    time::instant,
};
use crate::{
    batch::{Event, kind},
    json::report_from_value,
};

/// The arrays of a peer connection, and the type of what is in them. Candidates are told apart by the pairs that name them.
const KINDS: [(&str, &str); 13] = [
    ("codecs", "codec"),
    ("inboundRtps", "inbound-rtp"),
    ("remoteOutboundRtps", "remote-outbound-rtp"),
    ("outboundRtps", "outbound-rtp"),
    ("remoteInboundRtps", "remote-inbound-rtp"),
    ("mediaSources", "media-source"),
    ("mediaPlayouts", "media-playout"),
    ("peerConnectionTransports", "peer-connection"),
    ("iceTransports", "transport"),
    ("iceCandidates", ""),
    ("iceCandidatePairs", "candidate-pair"),
    ("certificates", "certificate"),
    ("dataChannels", "data-channel"),
];

/// What the monitor makes of the objects above; nothing is lost without it.
const DERIVED: [&str; 2] = ["inboundTracks", "outboundTracks"];

/// A peer connection as it is being read.
#[derive(Default)]
struct Connection {
    id: String,
    events: Vec<Event>,
    runs: Runs,
}

/// A file as it is being read.
struct Samples {
    dump: Dump,
    skipped: Vec<Skipped>,
    connections: Vec<Connection>,
    budget: Budget,
    client: Option<Value>,
}

/// Every sample of the text, one after the other.
pub(super) fn read(text: &str, limits: &Limits) -> Result<(Dump, Vec<Skipped>), ImportError> {
    let mut samples =
        Samples { dump: Dump::default(), skipped: Vec::new(), connections: Vec::new(), budget: Budget::new(limits), client: None };
    let mut documents = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    let mut start = 0;
    while let Some(document) = documents.next() {
        document.map_err(|error| ImportError::json(0, &error))?;
        let end = documents.byte_offset();
        let sample = &text[start..end];
        let blank = sample.len() - sample.trim_start().len();
        let lines_before = text[..start + blank].matches('\n').count();
        let sample = serde_json::from_str(sample.trim_start()).map_err(|error| ImportError::json(lines_before, &error))?;
        samples.sample(lines_before + 1, sample)?;
        start = end;
    }
    let Samples { mut dump, skipped, connections, .. } = samples;
    let imported = |Connection { id, events, runs }| ImportedConnection { id, events, runs: runs.finish() };
    dump.connections = connections.into_iter().map(imported).collect();
    Ok((dump, skipped))
}

impl Samples {
    fn sample(&mut self, line: usize, mut sample: Map<String, Value>) -> Result<(), ImportError> {
        self.same_client(line, &sample)?;
        let time = sample.get("timestamp").cloned().unwrap_or_default();
        let Some(time) = instant(&time) else {
            return Err(ImportError::line(line, format!("timestamp is {time}, expected milliseconds since 1970")));
        };
        for entry in list(sample.remove("clientMetaItems")) {
            self.learn(&entry);
        }
        for (name, prefix) in [("clientEvents", ""), ("clientIssues", "issue_")] {
            for entry in list(sample.remove(name)) {
                self.event(line, prefix, entry);
            }
        }
        for (index, connection) in list(sample.remove("peerConnections")).into_iter().enumerate() {
            let place = || format!("line {line}: peerConnections[{index}]");
            let Value::Object(connection) = connection else {
                return Err(ImportError::broken(place(), format!("is {connection}, expected an object")));
            };
            let Some(id) = connection.get("peerConnectionId").and_then(Value::as_str) else {
                return Err(ImportError::broken(place(), "peerConnectionId is missing: the name of the peer connection"));
            };
            let position = self.position(id);
            let stats = self.objects(line, index, &connection)?;
            let report = report_from_value(time, &Value::Object(stats)).map_err(|error| ImportError::broken(place(), error))?;
            self.connections[position].runs.push(&report, &mut self.budget)?;
        }
        Ok(())
    }

    /// A file is what one browser saw.
    fn same_client(&mut self, line: usize, sample: &Map<String, Value>) -> Result<(), ImportError> {
        let told = |name: &str| sample.get(name).cloned().unwrap_or_default();
        let client = json!([told("callId"), told("clientId")]);
        if let Some(first) = self.client.as_ref().filter(|first| **first != client) {
            let message =
                format!("this sample is of [callId, clientId] {client}, the file began with {first}; give each client a file of its own");
            return Err(ImportError::line(line, message));
        }
        let text = |name: &str| told(name).as_str().unwrap_or_default().to_owned();
        self.dump.facts.conference_id = text("callId");
        self.dump.facts.user_name = text("clientId");
        "ObserveRTC".clone_into(&mut self.dump.facts.sdk);
        self.client = Some(client);
        Ok(())
    }

    fn position(&mut self, id: &str) -> usize {
        let known = self.connections.iter().position(|connection| connection.id == id);
        known.unwrap_or_else(|| {
            self.connections.push(Connection { id: id.to_owned(), ..Connection::default() });
            self.connections.len() - 1
        })
    }

    /// The objects of one report by id.
    fn objects(&mut self, line: usize, index: usize, connection: &Map<String, Value>) -> Result<Map<String, Value>, ImportError> {
        let entries = |name: &str| connection.get(name).and_then(Value::as_array).into_iter().flatten();
        let named =
            |member: &str| -> BTreeSet<&str> { entries("iceCandidatePairs").filter_map(|pair| pair.get(member)?.as_str()).collect() };
        let (local, remote) = (named("localCandidateId"), named("remoteCandidateId"));
        let mut objects = Map::new();
        for (name, stats_type) in KINDS {
            for (entry_index, entry) in entries(name).enumerate() {
                let place = || format!("line {line}: peerConnections[{index}].{name}[{entry_index}]");
                let Some(id) = entry.get("id").and_then(Value::as_str) else {
                    return Err(ImportError::broken(place(), "id is missing: the name of the stats object"));
                };
                let stats_type = match stats_type {
                    "" if remote.contains(id) => "remote-candidate",
                    "" if local.contains(id) => "local-candidate",
                    other => other,
                };
                let mut object = entry.as_object().cloned().unwrap_or_default();
                if !stats_type.is_empty() {
                    object.insert("type".to_owned(), stats_type.into());
                }
                objects.insert(id.to_owned(), Value::Object(object));
            }
        }
        for (name, value) in connection {
            let is_known = KINDS.iter().any(|(known, _)| known == name) || DERIVED.contains(&name.as_str());
            if value.as_array().is_some_and(|list| !list.is_empty()) && !is_known {
                self.skipped.push(Skipped { position: format!("line {line}: {name}"), reason: "is of no kind that is known".to_owned() });
            }
        }
        Ok(objects)
    }

    /// What the monitor tells of the browser.
    fn learn(&mut self, item: &Value) {
        if item.get("type").and_then(Value::as_str) == Some("USER_AGENT_DATA")
            && let Some(user_agent) = payload(item).get("ua").and_then(Value::as_str)
        {
            self.dump.facts.learn_user_agent(user_agent);
        }
    }

    /// `{type: "PEER_CONNECTION_OPENED", payload, timestamp}`.
    fn event(&mut self, line: usize, prefix: &str, entry: Value) {
        let (Some(name), Some(time)) = (entry.get("type").and_then(Value::as_str), entry.get("timestamp").and_then(instant)) else {
            self.skipped.push(Skipped { position: format!("line {line}"), reason: "has an event without type or time".to_owned() });
            return;
        };
        let kind = match name {
            "PEER_CONNECTION_CLOSED" => kind::CLOSED.to_owned(),
            "PEER_CONNECTION_OPENED" => "peer_connection_created".to_owned(),
            // Whoever imports says that the participant came and went.
            "CLIENT_JOINED" | "CLIENT_LEFT" => return,
            name => format!("{prefix}{}", name.to_ascii_lowercase()),
        };
        let payload = payload(&entry);
        let connection = payload.get("peerConnectionId").and_then(Value::as_str).map(str::to_owned);
        let event = Event { time, kind, payload: Value::Object(payload).to_string() };
        match connection {
            Some(id) => {
                let position = self.position(&id);
                self.connections[position].events.push(event);
            }
            None => self.dump.events.push(event),
        }
    }
}

/// A payload is an object, or (before schema 3.5) the JSON text of one.
fn payload(entry: &Value) -> Map<String, Value> {
    match entry.get("payload") {
        Some(Value::Object(payload)) => payload.clone(),
        Some(Value::String(text)) => {
            serde_json::from_str(text).unwrap_or_else(|_| Map::from_iter([("value".to_owned(), text.clone().into())]))
        }
        _ => Map::new(),
    }
}

fn list(value: Option<Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(entries)) => entries,
        _ => Vec::new(),
    }
}
