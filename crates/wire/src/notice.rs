//! What the events of a peer connection tell its analyzer, in the words of the engine.

use serde_json::{Map, Value};
use sidetone_engine::analysis::{MediaKind, Notice, Noticed};

use crate::batch::Event;

/// The kinds of events that tell an analyzer of its connection; `network_change` is one of the participant.
pub const KINDS: [&str; 14] = [
    "ice_gathering_state_change",
    "signaling_state_change",
    "connection_state_change",
    "ice_connection_state_change",
    "dtls_state_change",
    "first_media",
    "network_change",
    "track",
    "track_unmute",
    "track_mute",
    "track_ended",
    "remove_track",
    // What a phone tells.
    "sip_progress",
    "sip_answer",
];

/// The stream that Jitsi's bridge announces for its own reports (RTCP): nothing is ever sent in it.
const MIXED: &str = "mixedmslabel";

/// What an event tells; `None` when it tells nothing.
#[must_use]
pub fn read(event: &Event) -> Option<Notice> {
    let payload: Map<String, Value> = serde_json::from_str(&event.payload).unwrap_or_default();
    let text = |name: &str| payload.get(name).and_then(Value::as_str);
    let track = |is_live| {
        let track = text("id").filter(|_| text("direction") == Some("inbound"))?;
        Some(Noticed::Track { track: track.into(), is_live })
    };
    let what = match event.kind.as_str() {
        "ice_gathering_state_change" => match text("state")? {
            "gathering" => Noticed::Gathering,
            "complete" => Noticed::Gathered,
            _ => return None,
        },
        "signaling_state_change" if text("state") == Some("stable") => Noticed::Described,
        "connection_state_change" if text("state") == Some("connected") => Noticed::Connected,
        "ice_connection_state_change" => Noticed::Ice(text("state")?.into()),
        "dtls_state_change" if text("state") == Some("failed") => Noticed::DtlsFailed,
        "first_media" => Noticed::FirstMedia,
        "network_change" => Noticed::Network(text("type")?.into()),
        "track" => agreed(&payload)?,
        "sip_progress" if payload.get("early") == Some(&Value::Bool(true)) => Noticed::Ringing,
        "sip_answer" => Noticed::Answered,
        // Muted until its first packet, and again when it is negotiated away.
        "track_unmute" => track(true)?,
        "track_mute" | "track_ended" | "remove_track" => track(false)?,
        _ => return None,
    };
    Some(Notice { time: event.time, what })
}

/// A received track that somebody means to send. One without a stream may have no track behind it: a transceiver that was opened in advance
/// tells the same (`a=msid:-`, RFC 8830).
fn agreed(payload: &Map<String, Value>) -> Option<Noticed> {
    let text = |name: &str| payload.get(name).and_then(Value::as_str);
    let stream = payload.get("streams")?.as_array()?.first()?;
    let track = text("id").filter(|_| text("direction") == Some("inbound") && stream != MIXED)?;
    let kind = match text("kind")? {
        "audio" => MediaKind::Audio,
        "video" => MediaKind::Video,
        _ => return None,
    };
    Some(Noticed::Agreed { track: track.into(), kind })
}

#[cfg(test)]
mod tests {
    use sidetone_engine::units::Timestamp;

    use super::*;

    fn what(kind: &str, payload: &str) -> Option<Noticed> {
        let event = Event { time: Timestamp::from_micros(7), kind: kind.into(), payload: payload.into() };
        read(&event).map(|notice| notice.what)
    }

    #[test]
    fn the_states_of_a_connection_are_told() {
        assert_eq!(what("ice_gathering_state_change", r#"{"state":"gathering"}"#), Some(Noticed::Gathering));
        assert_eq!(what("ice_gathering_state_change", r#"{"state":"complete"}"#), Some(Noticed::Gathered));
        assert_eq!(what("signaling_state_change", r#"{"state":"have-local-offer"}"#), None, "somebody may be ringing");
        assert_eq!(what("signaling_state_change", r#"{"state":"stable"}"#), Some(Noticed::Described));
        assert_eq!(what("connection_state_change", r#"{"state":"connected"}"#), Some(Noticed::Connected));
        assert_eq!(what("ice_connection_state_change", r#"{"state":"failed"}"#), Some(Noticed::Ice("failed".into())));
        assert_eq!(what("ice_connection_state_change", "no JSON"), None);
    }

    #[test]
    fn only_received_tracks_can_be_missing() {
        let track = |is_live| Some(Noticed::Track { track: "t".into(), is_live });
        assert_eq!(what("track_unmute", r#"{"direction":"inbound","kind":"video","id":"t"}"#), track(true));
        assert_eq!(what("track_mute", r#"{"direction":"inbound","id":"t"}"#), track(false));
        assert_eq!(what("track_mute", r#"{"direction":"outbound","id":"t"}"#), None);
    }

    #[test]
    fn a_received_track_of_a_stream_is_meant_to_be_sent() {
        let track = |streams: &str| what("track", &format!(r#"{{"direction":"inbound","kind":"audio","id":"t",{streams}"muted":true}}"#));
        assert_eq!(track(r#""streams":["s"],"#), Some(Noticed::Agreed { track: "t".into(), kind: MediaKind::Audio }));
        assert_eq!(track(r#""streams":[],"#), None, "a transceiver opened in advance");
        assert_eq!(track(""), None, "a client that does not say");
        assert_eq!(track(r#""streams":["mixedmslabel"],"#), None, "Jitsi's bridge");
        assert_eq!(what("add_track", r#"{"direction":"outbound","kind":"audio","id":"t","streams":["s"]}"#), None);
    }

    #[test]
    fn a_phone_that_rings_need_send_nothing() {
        assert_eq!(what("sip_progress", r#"{"status":183,"early":true}"#), Some(Noticed::Ringing));
        assert_eq!(what("sip_progress", r#"{"status":180,"early":false}"#), None);
        assert_eq!(what("sip_answer", r#"{"status":200}"#), Some(Noticed::Answered));
    }
}
