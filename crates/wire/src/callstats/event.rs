//! What a client tells, as events of ours.
//!
//! The path says what it is; only where one path serves several events does `eventType` decide, in any letter case. What is not known becomes
//! an event whose kind begins with `callstats_`. Payloads hold our members as `event_table` names them, and the body as it came in `raw`.

use serde_json::{Map, Value, json};
use sidetone_engine::units::Timestamp;

use super::{
    body::{self, Body},
    event_table::{EVENTS, Known},
};
use crate::batch::{Event, KIND_BYTES_MAX};

/// Longest text of a log, as the service documented it; what is longer is cut.
pub const LOG_BYTES_MAX: usize = 20_000;

/// How long before its body an entry of a list may have happened.
const OWN_TIME_US_MAX: i64 = 3_600_000_000;

/// What a keep-alive is called: it is no event, it only says that the participant is there.
const KEEP_ALIVE: &str = "userAlive";

impl Body {
    /// The events that the body holds: one as a rule, none of a keep-alive, several where the body is a list.
    #[must_use]
    pub fn into_events(mut self, topic: &str, time: Timestamp) -> Vec<Event> {
        let event_type = self.text("eventType");
        match known(topic, &event_type) {
            Some(Known { name: KEEP_ALIVE, .. }) => Vec::new(),
            Some(row) => {
                let mut kind = row.kind.to_owned();
                let mut lifted = Map::new();
                for (from, to) in row.members {
                    lifted.extend(self.get(from).filter(|value| !value.is_null()).map(|value| ((*to).to_owned(), value.clone())));
                }
                match row.name {
                    "userJoined" => lifted = self.joined(),
                    "fabricStateChange" => kind = state_kind(&self.text("changedState")),
                    "fabricSetupFailed" if self.text("function").eq_ignore_ascii_case("getUserMedia") => {
                        "get_user_media_failed".clone_into(&mut kind)
                    }
                    "applicationErrorLog" => self.cut(&mut lifted),
                    "sdpSubmissionEvent" => {
                        self.members.retain(|name, _| !name.eq_ignore_ascii_case("localSDP") && !name.eq_ignore_ascii_case("remoteSDP"))
                    }
                    "userFeedbackEvent" => lifted = self.feedback(),
                    "connectedDeviceList" | "activeDeviceList" => devices(&mut lifted),
                    "ssrcMap" => return self.list("ssrcData", time, |entry| (row.kind.to_owned(), label(entry))),
                    "customEvent" => return self.list("eventList", time, |entry| (row.kind.to_owned(), named(entry))),
                    _ => {}
                }
                set_ssrc(&mut lifted);
                lifted.extend(row.constants.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
                vec![self.into_event(time, kind, lifted)]
            }
            None => {
                let words = words(if event_type.is_empty() { topic } else { &event_type });
                vec![self.into_event(time, format!("callstats_{words}"), Map::new())]
            }
        }
    }

    fn into_event(self, time: Timestamp, kind: String, mut payload: Map<String, Value>) -> Event {
        payload.insert("raw".to_owned(), Value::Object(self.members));
        Event { time, kind, payload: Value::Object(payload).to_string() }
    }

    /// An event for each entry of a list. An entry's own time counts where it can be one. The body without the list goes with the first.
    fn list(mut self, name: &str, time: Timestamp, read: impl Fn(&Map<String, Value>) -> (String, Map<String, Value>)) -> Vec<Event> {
        let Some(Value::Array(entries)) = self.get(name).cloned() else {
            return vec![self.into_event(time, format!("callstats_{}", words(name)), Map::new())];
        };
        self.members.retain(|held, _| !held.eq_ignore_ascii_case(name));
        let mut events = Vec::new();
        for entry in entries {
            let entry = match entry {
                Value::Object(entry) => entry,
                other => Map::from_iter([("value".to_owned(), other)]),
            };
            let own = entry.get("timestamp").and_then(body::time).filter(|own| is_near(*own, time));
            let (kind, mut payload) = read(&entry);
            let mut raw = std::mem::take(&mut self.members);
            raw.insert(name.to_owned(), Value::Object(entry));
            payload.insert("raw".to_owned(), Value::Object(raw));
            events.push(Event { time: own.unwrap_or(time), kind, payload: Value::Object(payload).to_string() });
        }
        events
    }

    /// The members of `joined`. An additional id that is no text is kept in the body as it came.
    fn joined(&self) -> Map<String, Value> {
        let endpoint = match self.get("endpointInfo") {
            Some(Value::Object(members)) => Self { members: members.clone(), stats: None },
            _ => Self::default(),
        };
        let version = self.text("callstatsVersion");
        let sdk = match (version.is_empty(), self.get("originID").is_some()) {
            (false, _) => format!("callstats.js {version}"),
            (true, true) => "callstats server SDK".to_owned(),
            (true, false) => "callstats".to_owned(),
        };
        let user_name = self.text("userName");
        let os = [endpoint.text("os"), endpoint.text("osVersion")].join(" ");
        let mut ids: Map<String, Value> = Map::new();
        if let Some(Value::Object(told)) = self.get("additionalIDs") {
            ids.extend(told.iter().filter_map(|(name, id)| Some((name.clone(), Value::String(body::text(id)?)))));
        }
        ids.extend(
            [("loginID", self.text("loginID"))].into_iter().filter(|(_, id)| !id.is_empty()).map(|(name, id)| (name.to_owned(), id.into())),
        );
        let first = |names: [&str; 2]| names.into_iter().map(|name| endpoint.text(name)).find(|text| !text.is_empty()).unwrap_or_default();
        let texts = [
            ("alias_name", if user_name.is_empty() { String::new() } else { self.text("localID") }),
            ("user_name", user_name),
            ("site", self.text("siteID")),
            ("app_version", endpoint.text("appVersion")),
            ("user_agent", endpoint.text("userAgent")),
            ("browser", first(["buildName", "name"])),
            ("browser_version", first(["buildVersion", "version"])),
            ("os", os.trim().to_owned()),
            ("sdk", sdk),
            ("device_id", self.text("deviceID")),
            ("remote_user_id", self.text("remoteID")),
            ("endpoint_type", endpoint.text("type")),
        ];
        let mut joined: Map<String, Value> =
            texts.into_iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| (name.to_owned(), text.into())).collect();
        if !ids.is_empty() {
            joined.insert("additional_ids".to_owned(), Value::Object(ids));
        }
        joined
    }

    /// What somebody thought of the call, by the client's names and by those of the oldest description.
    fn feedback(&self) -> Map<String, Value> {
        const NAMES: &[(&str, &str)] = &[
            ("overall", "overall"),
            ("overallRating", "overall"),
            ("audio", "audio"),
            ("audioQualityRating", "audio"),
            ("video", "video"),
            ("videoQualityRating", "video"),
            ("screen", "screen"),
            ("screenQualityRating", "screen"),
            ("comment", "comment"),
            ("comments", "comment"),
        ];
        self.get("feedback").and_then(Value::as_object).map(|told| renamed(told, NAMES)).unwrap_or_default()
    }

    /// Cuts the text of a log, in the body too.
    fn cut(&mut self, lifted: &mut Map<String, Value>) {
        let mut is_cut = false;
        for members in [&mut *lifted, &mut self.members] {
            for (_, value) in members.iter_mut() {
                if let Value::String(text) = value
                    && text.len() > LOG_BYTES_MAX
                {
                    text.truncate(text.floor_char_boundary(LOG_BYTES_MAX));
                    is_cut = true;
                }
            }
        }
        if is_cut {
            lifted.insert("cut".to_owned(), Value::Bool(true));
        }
    }
}

/// Whether an entry of a body that was sent at `sent` can have happened then. Pages write any number there: seconds, or the time since they were
/// loaded.
fn is_near(own: Timestamp, sent: Timestamp) -> bool {
    (0..=OWN_TIME_US_MAX).contains(&sent.as_micros().saturating_sub(own.as_micros()))
}

fn known(topic: &str, event_type: &str) -> Option<&'static Known> {
    let by_type = |row: &&Known| row.name.eq_ignore_ascii_case(event_type);
    let mut here = EVENTS.iter().filter(|row| row.paths.contains(&topic));
    match (here.next(), here.next()) {
        (Some(only), None) => Some(only),
        (Some(_), Some(_)) => EVENTS.iter().filter(|row| row.paths.contains(&topic)).find(by_type),
        (None, _) => EVENTS.iter().find(by_type).filter(|row| row.name != "userJoined"),
    }
}

fn state_kind(changed: &str) -> String {
    match changed {
        "signalingState" => "signaling_state_change",
        "iceConnectionState" => "ice_connection_state_change",
        "iceGatheringState" => "ice_gathering_state_change",
        _ => "callstats_fabric_state_change",
    }
    .to_owned()
}

fn renamed(entry: &Map<String, Value>, names: &[(&str, &str)]) -> Map<String, Value> {
    names.iter().filter_map(|(from, to)| Some(((*to).to_owned(), entry.get(*from).filter(|value| !value.is_null())?.clone()))).collect()
}

fn devices(lifted: &mut Map<String, Value>) {
    const NAMES: &[(&str, &str)] = &[
        ("mediaDeviceID", "device_id"),
        ("deviceId", "device_id"),
        ("groupID", "group_id"),
        ("groupId", "group_id"),
        ("kind", "kind"),
        ("label", "label"),
    ];
    if let Some(Value::Array(devices)) = lifted.get_mut("devices") {
        for device in devices {
            if let Value::Object(members) = device {
                *members = renamed(members, NAMES);
            }
        }
    }
}

/// An SSRC is a number, as in reports; clients write text, and 0 where they do not know it yet.
fn set_ssrc(members: &mut Map<String, Value>) {
    let Some(ssrc) = members.get("ssrc").and_then(body::text).and_then(|ssrc| ssrc.parse::<u32>().ok()) else { return };
    if ssrc == 0 {
        members.remove("ssrc");
    } else {
        members.insert("ssrc".to_owned(), ssrc.into());
    }
}

/// Whose stream an SSRC is, and what it shows.
fn label(entry: &Map<String, Value>) -> Map<String, Value> {
    const NAMES: &[(&str, &str)] = &[
        ("ssrc", "ssrc"),
        ("usageLabel", "label"),
        ("userID", "user_id"),
        ("remoteUserID", "remote_user_id"),
        ("cname", "cname"),
        ("msid", "msid"),
        ("mediaType", "kind"),
        ("streamType", "direction"),
        ("associatedVideoTag", "video_element"),
    ];
    let mut label = renamed(entry, NAMES);
    set_ssrc(&mut label);
    if let Some(Value::String(direction)) = label.get_mut("direction") {
        let known = match direction.as_str() {
            "outbound" | "outbound-rtp" | "local" => "outbound",
            "inbound" | "inbound-rtp" | "remote" => "inbound",
            _ => return label,
        };
        known.clone_into(direction);
    }
    label
}

/// An event of the app's own.
fn named(entry: &Map<String, Value>) -> Map<String, Value> {
    let value: Map<String, Value> =
        entry.iter().filter(|(name, _)| *name != "type").map(|(name, value)| (name.clone(), value.clone())).collect();
    Map::from_iter([("name".to_owned(), entry.get("type").cloned().unwrap_or_default()), ("value".to_owned(), Value::Object(value))])
}

/// `fooBar/baz` as `foo_bar_baz`.
fn words(name: &str) -> String {
    let mut words = String::new();
    for character in name.chars().take(KIND_BYTES_MAX / 8) {
        if character.is_ascii_uppercase() && !words.is_empty() && !words.ends_with('_') {
            words.push('_');
        }
        if character.is_ascii_alphanumeric() {
            words.push(character.to_ascii_lowercase());
        } else if !words.ends_with('_') {
            words.push('_');
        }
    }
    let words = words.trim_matches('_');
    if words.is_empty() { "event".to_owned() } else { words.to_owned() }
}
