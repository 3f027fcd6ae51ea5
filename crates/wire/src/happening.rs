//! What events say that may explain a poor call, in the words of the engine.

use serde_json::{Map, Value};
use sidetone_engine::{
    analysis::MediaKind,
    diagnosis::{Happening, What},
    ids::{ParticipantKey, PeerConnectionKey},
};

use crate::batch::{Event, kind};

/// The kinds of events that may explain something.
pub const KINDS: [&str; 23] = [
    kind::LEFT,
    kind::CLOSED,
    "track_ended",
    "track_mute",
    "network_change",
    "offline",
    "page_frozen",
    "get_user_media_success",
    "get_user_media_failed",
    "ice_gathering_state_change",
    "signaling_state_change",
    "ice_connection_state_change",
    "connection_state_change",
    "dtls_state_change",
    "dtls_error",
    "create_offer_failed",
    "create_answer_failed",
    "set_local_description_failed",
    "set_remote_description_failed",
    // What callstats clients tell.
    "connected",
    "connecting_failed",
    "ice_failed",
    "unanswered",
];

/// The happening that an event is; `None` when it explains nothing.
#[must_use]
pub fn read(participant: ParticipantKey, connection: Option<PeerConnectionKey>, event: &Event) -> Option<Happening> {
    let happening = |what| Happening { participant, connection, time: event.time, kind: event.kind.as_str().into(), what };
    what(event).map(happening)
}

fn what(event: &Event) -> Option<What> {
    let payload: Map<String, Value> = serde_json::from_str(&event.payload).unwrap_or_default();
    let text = |name: &str| payload.get(name).and_then(Value::as_str);
    let media = || if text("kind") == Some("video") { MediaKind::Video } else { MediaKind::Audio };
    let is_sent = text("direction") != Some("inbound");
    let state = || text("state").map(Into::into);
    Some(match event.kind.as_str() {
        kind::LEFT => What::Left,
        kind::CLOSED => What::Closed,
        "track_ended" | "track_mute" if is_sent => What::DeviceLost(media()),
        "network_change" => What::Network(text("type").map(Into::into)),
        "offline" => What::Offline,
        "page_frozen" => What::PageFrozen,
        "get_user_media_success" => What::MediaGranted,
        "get_user_media_failed" => What::MediaRefused(text("error").unwrap_or_default().into()),
        "ice_gathering_state_change" => What::Gathering(state()?),
        "signaling_state_change" => What::Signaling(state()?),
        "ice_connection_state_change" => What::Ice(state()?),
        "connection_state_change" => What::Connection(state()?),
        "dtls_state_change" if text("state") == Some("failed") => What::DtlsFailed,
        "dtls_error" => What::DtlsFailed,
        "create_offer_failed" | "create_answer_failed" | "set_local_description_failed" | "set_remote_description_failed" => {
            What::NegotiationFailed
        }
        "connected" => What::Connection("connected".into()),
        "connecting_failed" => match text("function")? {
            "createOffer" | "createAnswer" | "setLocalDescription" | "setRemoteDescription" | "addIceCandidate" => What::NegotiationFailed,
            "iceConnectionFailure" => What::Ice("failed".into()),
            "signalingError" => What::SignallingFailed,
            _ => return None,
        },
        "ice_failed" => What::Ice("failed".into()),
        "unanswered" => What::Unanswered,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use sidetone_engine::units::Timestamp;

    use super::*;

    fn told(kind: &str, payload: &str) -> Option<What> {
        let event = Event { time: Timestamp::default(), kind: kind.into(), payload: payload.into() };
        read(ParticipantKey::from_bytes([0; 16]), None, &event).map(|happening| happening.what)
    }

    #[test]
    fn events_of_every_dialect_are_understood() {
        let cases = [
            ("track_ended", r#"{"kind":"video","direction":"outbound"}"#, Some(What::DeviceLost(MediaKind::Video))),
            ("track_ended", r#"{"kind":"audio","direction":"inbound"}"#, None),
            ("get_user_media_failed", r#"{"error":"NotAllowedError"}"#, Some(What::MediaRefused("NotAllowedError".into()))),
            ("connecting_failed", r#"{"function":"createAnswer"}"#, Some(What::NegotiationFailed)),
            ("connecting_failed", r#"{"function":"somethingElse"}"#, None),
            ("dtls_state_change", r#"{"state":"connected"}"#, None),
            ("dtls_state_change", r#"{"state":"failed"}"#, Some(What::DtlsFailed)),
            ("network_change", "{}", Some(What::Network(None))),
            ("joined", "{}", None),
        ];
        for (kind, payload, expected) in cases {
            assert_eq!(told(kind, payload), expected, "{kind} {payload}");
        }
    }

    #[test]
    fn every_kind_that_is_asked_for_is_read() {
        let payload = r#"{"state":"failed","type":"wifi","function":"createOffer"}"#;
        assert!(KINDS.iter().all(|kind| told(kind, payload).is_some()));
    }
}
