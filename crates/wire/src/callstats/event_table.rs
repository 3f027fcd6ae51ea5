//! The events of callstats: where each is posted, what it becomes, and which members it has by our names.

use crate::batch::kind;

/// An event that is known.
pub(super) struct Known {
    /// Its `eventType`.
    pub(super) name: &'static str,
    /// Where it is posted: below the ucID (the second as in the oldest description), or below `events/` when it belongs to no conference.
    pub(super) paths: &'static [&'static str],
    /// Our kind.
    pub(super) kind: &'static str,
    /// Members by callstats' name and by ours.
    pub(super) members: &'static [(&'static str, &'static str)],
    /// Members that the kind implies.
    pub(super) constants: &'static [(&'static str, &'static str)],
}

const fn row(
    name: &'static str,
    paths: &'static [&'static str],
    kind: &'static str,
    members: &'static [(&'static str, &'static str)],
) -> Known {
    Known { name, paths, kind, members, constants: &[] }
}

const fn of_media(name: &'static str, kind: &'static str, media: &'static [(&'static str, &'static str)]) -> Known {
    Known { name, paths: &["events/media/actions"], kind, members: &[("ssrc", "ssrc"), ("mediaDeviceID", "device_id")], constants: media }
}

const AUDIO: &[(&str, &str)] = &[("kind", "audio")];
const VIDEO: &[(&str, &str)] = &[("kind", "video")];

const FAILURE: &[(&str, &str)] = &[
    ("reason", "reason"),
    ("function", "function"),
    ("name", "error"),
    ("message", "message"),
    ("messageType", "message_type"),
    ("stack", "stack"),
    ("level", "level"),
    ("delay", "delay_ms"),
];

const ICE: &[(&str, &str)] = &[
    ("prevIceConnectionState", "previous"),
    ("currIceConnectionState", "state"),
    ("delay", "delay_ms"),
    ("currIceCandidatePair", "candidate_pair"),
    ("prevIceCandidatePair", "previous_candidate_pair"),
];

const DISRUPTION: &[(&str, &str)] = &[("mediaType", "kind"), ("disruptionType", "disruption"), ("ssrc", "ssrc")];

const PLAYBACK: &[(&str, &str)] = &[("ssrc", "ssrc"), ("kind", "kind")];

const SETUP: &[(&str, &str)] = &[
    ("delay", "setup_ms"),
    ("iceGatheringDelay", "gathering_ms"),
    ("iceConnectivityDelay", "connectivity_ms"),
    ("remoteID", "remote_user_id"),
    ("remoteEndpointType", "remote_endpoint_type"),
    ("fabricTransmissionDirection", "direction"),
    ("selectedCandidatePairID", "candidate_pair_id"),
    ("iceServers", "ice_servers"),
];

const SYSTEM: &[(&str, &str)] = &[
    ("cpuUsage", "cpu_usage"),
    ("cpuLevel", "cpu_usage"),
    ("memoryUsage", "memory_usage"),
    ("totalMemory", "total_memory"),
    ("memoryAvailable", "memory_available"),
    ("threadCount", "thread_count"),
    ("batteryLevel", "battery_level"),
];

/// Where an ICE event is posted.
const ICE_PATH: &[&str] = &["events/ice/status"];
/// Where the setup, failure and end of a connection were posted in the oldest description.
const FABRIC: &str = "events/fabric";

pub(super) const EVENTS: &[Known] = &[
    row("userJoined", &[""], kind::JOINED, &[]),
    row("userDetails", &["events/userdetails"], "user_details", &[("userName", "user_name"), ("localIpAddressInfo", "addresses")]),
    row("userAlive", &["events/user/alive"], "alive", &[]),
    row("userLeft", &["events/user/left"], kind::LEFT, &[]),
    row("fabricSetup", &["events/fabric/setup", FABRIC], "connected", SETUP),
    row("fabricSetupFailed", &["events/fabric/setupfailed", FABRIC], "connecting_failed", FAILURE),
    row("fabricTerminated", &["events/fabric/terminated", FABRIC], kind::CLOSED, &[]),
    row("fabricHold", &["events/fabric/actions"], "held", &[]),
    row("fabricResume", &["events/fabric/actions"], "resumed", &[]),
    row("callUnAnswered", &["events/fabric/actions"], "unanswered", &[]),
    row("fabricStateChange", &["events/fabric/statechange"], "", &[("newState", "state"), ("prevState", "previous")]),
    row("fabricTransportSwitch", &["events/fabric/transportchange"], "candidate_pair_change", ICE),
    row("fabricDropped", &["events/fabric/status"], "connection_dropped", ICE),
    row(
        "callDetails",
        &["events/fabric/details"],
        "call_details",
        &[
            ("callType", "call_type"),
            ("role", "role"),
            ("contactID", "contact_id"),
            ("originalContactID", "original_contact_id"),
            ("contactQueue", "contact_queue"),
            ("contactQueueID", "contact_queue_id"),
            ("routingProfile", "routing_profile"),
            ("routingProfileID", "routing_profile_id"),
            ("acceptedAt", "accepted_ms"),
            ("connectedAt", "connected_ms"),
        ],
    ),
    row("oneWayMedia", &["events/fabric/disruptions"], "one_way_media_started", DISRUPTION),
    row("oneWayMediaStart", &["events/fabric/disruptions"], "one_way_media_started", DISRUPTION),
    row("oneWayMediaStop", &["events/fabric/disruptions"], "one_way_media_ended", DISRUPTION),
    row("circuitBreaker", &["events/fabric/disruptions"], "circuit_breaker", DISRUPTION),
    of_media("audioMute", "muted", AUDIO),
    of_media("audioUnmute", "unmuted", AUDIO),
    of_media("videoPause", "muted", VIDEO),
    of_media("videoResume", "unmuted", VIDEO),
    of_media("screenShareStart", "screen_share_started", &[]),
    of_media("screenShareStop", "screen_share_ended", &[]),
    row("mediaPlaybackStart", &["events/media/pipeline"], "playback_started", PLAYBACK),
    row("mediaPlaybackSuspended", &["events/media/pipeline"], "playback_suspended", PLAYBACK),
    row("mediaPlaybackStalled", &["events/media/pipeline"], "playback_stalled", PLAYBACK),
    row("connectedDeviceList", &["events/devices/list"], "connected_devices", &[("mediaDeviceList", "devices")]),
    row("activeDeviceList", &["events/devices/list"], "active_devices", &[("mediaDeviceList", "devices")]),
    row("iceDisruptionStart", ICE_PATH, "ice_disruption_started", ICE),
    row("iceDisruptionEnd", ICE_PATH, "ice_disruption_ended", ICE),
    row("iceConnectionDisruptionStart", ICE_PATH, "ice_connection_disruption_started", ICE),
    row("iceConnectionDisruptionEnd", ICE_PATH, "ice_connection_disruption_ended", ICE),
    row("iceAborted", ICE_PATH, "ice_aborted", ICE),
    row("iceTerminated", ICE_PATH, "ice_terminated", ICE),
    row("iceFailed", ICE_PATH, "ice_failed", ICE),
    row("iceRestarted", ICE_PATH, "ice_restarted", ICE),
    row("sdpSubmissionEvent", &["events/sdp"], "sdp", &[("localSDP", "local_sdp"), ("remoteSDP", "remote_sdp")]),
    row("ssrcMap", &["events/ssrcmap"], "stream_label", &[]),
    row("dominantSpeaker", &["events/dominantspeaker"], "dominant_speaker", &[]),
    row("applicationErrorLog", &["events/app/logs"], "log", FAILURE),
    row("userFeedbackEvent", &["events/feedback"], "feedback", &[]),
    row("customEvent", &["events/customevent"], "custom", &[]),
    row(
        "conferenceSummary",
        &["events/conferencesummary"],
        "conference_summary",
        &[
            ("pstnTime", "pstn_time"),
            ("ringingTime", "ringing_time"),
            ("contactID", "contact_id"),
            ("isCallForwarded", "is_call_forwarded"),
        ],
    ),
    row("preCallTestAssociate", &["events/precall"], "pre_call_tests", &[("ids", "ids")]),
    row("preCallTestResults", &["precall"], "pre_call_test", &[("results", "results"), ("siteID", "site")]),
    row(
        "preCallTestNotification",
        &["precallnotification"],
        "pre_call_notification",
        &[("notification", "notification"), ("notificationID", "notification_id")],
    ),
    row("customStats", &["customstats"], "custom_stats", &[("stats", "values")]),
    row("systemStatus", &["system/status"], "system_status", SYSTEM),
    row("senderConfiguration", &["configurations"], "sender_parameters", &[("rtc_rtp_parameters", "parameters")]),
];
