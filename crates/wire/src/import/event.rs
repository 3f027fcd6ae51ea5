//! How traced calls and events of dumps become events of ours.
//!
//! A name ends in `_success` or `_failed` where the dump says `…OnSuccess` or `…OnFailure` of the same call.
//! Names that are not in [`KINDS`] become words joined by `_`. Payloads are objects:
//!
//! | kind | payload |
//! | --- | --- |
//! | `…_state_change` | `{"state": "connected"}` |
//! | `set_local_description` and its like | `{"type": "offer", "sdp": "…"}` |
//! | `ice_candidate`, `add_ice_candidate` | the candidate as an object; `{}` at the end of candidates |
//! | `track`, `add_track` | `{"kind": "audio", "id": "…", "label": "…", "streams": ["…"]}` |
//! | `get_user_media`, `get_display_media` | the constraints |
//! | `get_user_media_success` | `{"tracks": [{"kind": …, "id": …, "label": …}]}` |
//! | `get_user_media_failed` | `{"error": "…", "message": "…"}` |
//! | `custom` | `{"name": "…", "value": …}`: what the app traced under a name of its own |
//! | anything else | the traced object, or `{"value": …}` |
//!
//! Further arguments of a traced call stand in `extra`, an array. A time that could not be understood stands in `local_time`.

use serde_json::{Map, Value, json};
use sidetone_engine::units::Timestamp;

use crate::batch::{Event, kind};

/// The names that dumps use (without `on`, `OnSuccess`, `OnFailure`, in lower case) and the kinds that they become.
pub const KINDS: &[(&str, &str)] = &[
    ("addicecandidate", "add_ice_candidate"),
    ("addstream", "add_stream"),
    ("addtrack", "add_track"),
    ("addtransceiver", "add_transceiver"),
    ("close", kind::CLOSED),
    ("connectionstatechange", "connection_state_change"),
    ("create", "peer_connection_created"),
    ("createanswer", "create_answer"),
    ("createdatachannel", "create_data_channel"),
    ("createoffer", "create_offer"),
    ("datachannel", "data_channel"),
    ("devicechange", "device_change"),
    ("enumeratedevices", "enumerate_devices"),
    ("getdisplaymedia", "get_display_media"),
    ("getusermedia", "get_user_media"),
    ("htmlmediaelement.resize", "video_resize"),
    ("icecandidate", "ice_candidate"),
    ("icecandidateerror", "ice_candidate_error"),
    ("iceconnectionstatechange", "ice_connection_state_change"),
    ("icegatheringstatechange", "ice_gathering_state_change"),
    ("mediastreamtrack.applyconstraints", "track_apply_constraints"),
    ("mediastreamtrack.onended", "track_ended"),
    ("mediastreamtrack.onmute", "track_mute"),
    ("mediastreamtrack.onunmute", "track_unmute"),
    ("mediastreamtrack.stop", "track_stop"),
    ("negotiationneeded", "negotiation_needed"),
    ("removestream", "remove_stream"),
    ("removetrack", "remove_track"),
    ("renegotiationneeded", "negotiation_needed"),
    ("replacetrack", "replace_track"),
    ("restartice", "restart_ice"),
    ("setcodecpreferences", "set_codec_preferences"),
    ("setconfiguration", "set_configuration"),
    ("setheaderextensionstonegotiate", "set_header_extensions_to_negotiate"),
    ("setlocaldescription", "set_local_description"),
    ("setparameters", "set_parameters"),
    ("setremotedescription", "set_remote_description"),
    ("signalingstatechange", "signaling_state_change"),
    ("stop", kind::CLOSED),
    ("track", "track"),
    ("transceiveradded", "transceiver_added"),
    ("transceivermodified", "transceiver_modified"),
];

/// The event for a traced call. `on_connection` tells whether it belongs to a peer connection.
pub(super) fn event(time: Timestamp, method: &str, value: Value, extra: Vec<Value>, on_connection: bool) -> Event {
    let kind = event_kind(method, on_connection);
    let mut payload = if kind == "custom" {
        let name = method.strip_prefix(':').unwrap_or(method);
        Map::from_iter([("name".to_owned(), json!(name)), ("value".to_owned(), value)])
    } else {
        payload(&kind, value)
    };
    if !extra.is_empty() {
        payload.insert("extra".to_owned(), Value::Array(extra));
    }
    Event { time, kind, payload: Value::Object(payload).to_string() }
}

/// The kind for the name of a traced call.
fn event_kind(method: &str, on_connection: bool) -> String {
    if method.starts_with(':') {
        return "custom".to_owned();
    }
    let method = method.strip_prefix("navigator.mediaDevices.").unwrap_or(method);
    let (stem, suffix) = if let Some(stem) = method.strip_suffix("OnSuccess") {
        (stem, "_success")
    } else if let Some(stem) = method.strip_suffix("OnFailure") {
        (stem, "_failed")
    } else {
        (method, "")
    };
    let lower = stem.to_ascii_lowercase();
    let found = [&*lower, lower.strip_prefix("on").unwrap_or(&lower)].into_iter().find_map(|name| {
        let position = KINDS.binary_search_by_key(&name, |(known, _)| known).ok()?;
        Some(KINDS[position].1)
    });
    match found {
        Some(kind::CLOSED) if !on_connection => "socket_closed".to_owned(),
        Some("peer_connection_created") if !on_connection => "client".to_owned(),
        Some(kind) => format!("{kind}{suffix}"),
        None => match words(stem) {
            // What the server acts upon must come from us, not from a name in a dump.
            words if [kind::JOINED, kind::LEFT, kind::CLOSED, kind::DROPPED, "", kind::FEEDBACK].contains(&&*words) => "custom".to_owned(),
            words => format!("{words}{suffix}"),
        },
    }
}

/// `fooBar.baz` as `foo_bar_baz`.
fn words(name: &str) -> String {
    let mut words = String::new();
    for character in name.chars().take(200) {
        if character.is_ascii_uppercase() && !words.is_empty() && !words.ends_with('_') {
            words.push('_');
        }
        if character.is_alphanumeric() {
            words.extend(character.to_lowercase());
        } else if !words.ends_with('_') {
            words.push('_');
        }
    }
    words.trim_matches('_').to_owned()
}

fn payload(kind: &str, value: Value) -> Map<String, Value> {
    let value = unquoted(value);
    match (kind, value) {
        (_, Value::Null) => Map::new(),
        (_, Value::Object(mut members)) => {
            if kind.starts_with("get_") {
                // Chrome writes an empty text for `true` and constraints as text.
                for name in ["audio", "video"] {
                    if let Some(asked) = members.get_mut(name) {
                        *asked = match std::mem::take(asked) {
                            Value::String(text) if text.is_empty() => Value::Bool(true),
                            other => unquoted(other),
                        };
                    }
                }
            }
            members
        }
        (_, Value::String(state)) if kind.ends_with("_state_change") => Map::from_iter([("state".to_owned(), Value::String(state))]),
        (_, Value::String(text)) if text.starts_with("type: ") || text.starts_with("sdpMid: ") => loose(&text),
        ("track" | "add_track", Value::Array(parts)) => track(kind == "track", parts),
        (_, Value::Array(tracks)) if kind.ends_with("_media_success") => {
            let tracks = tracks.into_iter().map(|entry| match entry {
                Value::Array(parts) => Value::Object(track(true, parts)),
                other => other,
            });
            Map::from_iter([("tracks".to_owned(), Value::Array(tracks.collect()))])
        }
        (_, Value::String(message)) if kind.ends_with("_failed") => Map::from_iter([("error".to_owned(), Value::String(message))]),
        (_, value) => Map::from_iter([("value".to_owned(), value)]),
    }
}

/// Text that holds JSON (`"\"connected\""`, `{"type": …}`) as what it holds; other values as they are.
pub(super) fn unquoted(value: Value) -> Value {
    match value {
        Value::String(text) if text.starts_with(['"', '{', '[']) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        Value::String(text) if text.is_empty() => Value::Null,
        other => other,
    }
}

/// `type: offer, sdp: v=0…` or `sdpMid: 0, sdpMLineIndex: 0, candidate: …` of older Chromes. The last member takes the rest.
fn loose(text: &str) -> Map<String, Value> {
    let mut members = Map::new();
    let mut rest = text;
    while let Some((name, value)) = rest.split_once(": ") {
        let last = matches!(name, "sdp" | "candidate");
        let (value, next) = if last { (value, "") } else { value.split_once(", ").unwrap_or((value, "")) };
        let number = if name == "sdpMLineIndex" { value.parse::<u32>().ok() } else { None };
        members.insert(name.to_owned(), number.map_or_else(|| json!(value), |number| json!(number)));
        rest = next;
    }
    members
}

/// `[kind, id, label, …streams]`; Chrome's own dump has no label in `addTrack`.
fn track(labelled: bool, parts: Vec<Value>) -> Map<String, Value> {
    // A label may be missing: then all that follows the id are streams.
    let label = (labelled || parts.len() > 3).then(|| parts.get(2).cloned()).flatten();
    let streams = parts.iter().skip(if label.is_some() { 3 } else { 2 }).cloned().collect();
    let mut members = Map::new();
    for (name, part) in [("kind", parts.first().cloned()), ("id", parts.get(1).cloned()), ("label", label)] {
        if let Some(part) = part {
            members.insert(name.to_owned(), part);
        }
    }
    members.insert("streams".to_owned(), Value::Array(streams));
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(method: &str, value: Value) -> (String, String) {
        let event = event(Timestamp::default(), method, value, Vec::new(), true);
        (event.kind, event.payload)
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(KINDS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn all_four_spellings_of_a_state_are_one() {
        for method in ["oniceconnectionstatechange", "iceconnectionstatechange", "iceConnectionStateChange"] {
            for value in ["connected", "\"connected\""] {
                assert_eq!(made(method, json!(value)), ("ice_connection_state_change".into(), r#"{"state":"connected"}"#.into()));
            }
        }
    }

    #[test]
    fn payloads_have_one_shape() {
        for (method, value, kind, payload) in [
            ("createOfferOnSuccess", json!({"type": "offer", "sdp": "v=0"}), "create_offer_success", r#"{"sdp":"v=0","type":"offer"}"#),
            (
                "setLocalDescription",
                json!("type: offer, sdp: v=0\r\na=x: y, z"),
                "set_local_description",
                r#"{"sdp":"v=0\r\na=x: y, z","type":"offer"}"#,
            ),
            (
                "icecandidate",
                json!("sdpMid: 0, sdpMLineIndex: 0, candidate: candidate:1 1 udp"),
                "ice_candidate",
                r#"{"candidate":"candidate:1 1 udp","sdpMLineIndex":0,"sdpMid":"0"}"#,
            ),
            ("onicecandidate", Value::Null, "ice_candidate", "{}"),
            ("ontrack", json!(["audio", "t", "mic", "s1"]), "track", r#"{"id":"t","kind":"audio","label":"mic","streams":["s1"]}"#),
            ("addTrack", json!(["audio", "t", "s1"]), "add_track", r#"{"id":"t","kind":"audio","streams":["s1"]}"#),
            ("addTrack", json!(["audio", "t", "mic", "s1"]), "add_track", r#"{"id":"t","kind":"audio","label":"mic","streams":["s1"]}"#),
            (
                "navigator.mediaDevices.getUserMedia",
                json!({"audio": "", "video": "{\"width\":640}"}),
                "get_user_media",
                r#"{"audio":true,"video":{"width":640}}"#,
            ),
            (
                "navigator.mediaDevices.getUserMediaOnFailure",
                json!("NotAllowedError"),
                "get_user_media_failed",
                r#"{"error":"NotAllowedError"}"#,
            ),
            ("somethingNew", json!(7), "something_new", r#"{"value":7}"#),
            (":left", json!({"a": 1}), "custom", r#"{"name":"left","value":{"a":1}}"#),
            ("left", Value::Null, "custom", r#"{"name":"left","value":null}"#),
            ("MediaStreamTrack.onunmute", json!("t"), "track_unmute", r#"{"value":"t"}"#),
            ("close", Value::Null, "peer_connection_closed", "{}"),
        ] {
            assert_eq!(made(method, value), (kind.to_owned(), payload.to_owned()), "{method}");
        }
    }
}
