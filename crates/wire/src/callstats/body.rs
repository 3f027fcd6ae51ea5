//! The body of a request: the members that all have, and the stats where it has some.

use std::{collections::BTreeMap, fmt};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};
use sidetone_engine::{
    report::{Stats, Text},
    units::Timestamp,
};

use super::stats::Entries;
use crate::json::{self, JsonError, Reader};

/// What a client posted about a conference.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// Every member but the stats.
    pub(super) members: Map<String, Value>,
    /// The stats objects by id, of a body that was read as one of statistics.
    pub(super) stats: Option<BTreeMap<Text, Stats>>,
}

impl Body {
    /// Reads the body of an event.
    ///
    /// # Errors
    /// When it is no JSON object.
    pub fn event(text: &[u8]) -> Result<Self, JsonError> {
        let members = json::parse(text, |text| serde_json::from_slice(text)).map_err(|error| JsonError::new(String::new(), &error))?;
        Ok(Self { members, stats: None })
    }

    /// Reads the body of a statistics report: its member `stats` without a tree in between.
    ///
    /// # Errors
    /// When it is no JSON object, or its stats are no objects.
    pub fn report(text: &[u8]) -> Result<Self, JsonError> {
        json::parse(text, |text| {
            let reader = Reader::default();
            let mut parser = serde_json::Deserializer::from_slice(text);
            let body = ReportSeed(&reader).deserialize(&mut parser).map_err(|error| JsonError::new(reader.place(), &error))?;
            parser.end().map_err(|error| JsonError::new(String::new(), &error))?;
            Ok(body)
        })
    }

    /// A member by its name in any letter case: clients write `localID`, `localId` …
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        let exact = self.members.get(name);
        exact.or_else(|| self.members.iter().find(|(held, _)| held.eq_ignore_ascii_case(name)).map(|(_, value)| value))
    }

    /// A member that is a text, or a number as text; empty when it is neither.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        self.get(name).and_then(text).unwrap_or_default()
    }

    /// When the client says it happened.
    #[must_use]
    pub fn time(&self) -> Option<Timestamp> {
        self.get("timestamp").and_then(time)
    }

    /// Whether the client's clock was set by ours, as the browser's is before it sends anything but its join.
    #[must_use]
    pub fn has_our_clock(&self) -> bool {
        self.get("callstatsVersion").is_some()
    }

    /// The name of the `RTCPeerConnection`; `None` when the body is about none. What belongs to no connection carries the local id there,
    /// percent-encoded.
    #[must_use]
    pub fn connection_id(&self) -> Option<String> {
        let connection = self.text("connectionID");
        let local = self.text("localID");
        let is_self = self.text("remoteID") == local && super::escape::encode_uri_component(&local) == connection;
        (!connection.is_empty() && !is_self).then_some(connection)
    }
}

pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Milliseconds since 1970, as a number or as text.
pub(super) fn time(value: &Value) -> Option<Timestamp> {
    let millis = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    Timestamp::from_millis_f64(millis)
}

struct ReportSeed<'a>(&'a Reader);

impl<'de> DeserializeSeed<'de> for ReportSeed<'_> {
    type Value = Body;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Body, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ReportSeed<'_> {
    type Value = Body;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the member `stats`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Body, A::Error> {
        let mut body = Body::default();
        while let Some(name) = map.next_key::<String>()? {
            if name.eq_ignore_ascii_case("stats") {
                body.stats = Some(self.0.member("stats", || map.next_value_seed(Entries(self.0)))?);
            } else {
                let value = map.next_value()?;
                body.members.insert(name, value);
            }
        }
        Ok(body)
    }
}
