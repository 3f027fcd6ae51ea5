//! Objects in former shapes, and their standard form.
//!
//! | shape | from |
//! | --- | --- |
//! | `inboundrtp`, `outboundrtp`, `localcandidate`, `remotecandidate`, `candidatepair` | Firefox before 66 and its contemporaries: the standard's members under types without hyphens |
//! | `ssrc`, `googCandidatePair` | Chrome's callback statistics: values as text, times in milliseconds, levels from 0 to 32767 |
//! | `inbound`, `outbound` | Jitsi Videobridge: what the bridge received from and sent to a participant, times in milliseconds |

use sidetone_engine::report::{MemberName, Stats, Text, Value};

/// Full scale of a level in Chrome's callback statistics.
const LEVEL_MAX: f64 = 32_767.0;

/// What becomes of the values of a member.
#[derive(Clone, Copy)]
enum As {
    /// The same.
    Same,
    /// A number, where it may be text.
    Number,
    /// A number that is divided by this.
    Divided(f64),
    /// A boolean, where it may be text.
    Bool,
}

type Members = &'static [(&'static str, &'static str, As)];

const FIREFOX_STREAM: Members = &[("ssrc", "ssrc", As::Number), ("mozRtt", "roundTripTime", As::Divided(1000.0))];

const FIREFOX_CANDIDATE: Members =
    &[("ipAddress", "address", As::Same), ("portNumber", "port", As::Number), ("transport", "protocol", As::Same)];

const CHROME_PAIR: Members = &[
    ("googRtt", "currentRoundTripTime", As::Divided(1000.0)),
    ("bytesSent", "bytesSent", As::Number),
    ("bytesReceived", "bytesReceived", As::Number),
    ("packetsSent", "packetsSent", As::Number),
    ("responsesReceived", "responsesReceived", As::Number),
    ("googActiveConnection", "nominated", As::Bool),
    ("googActiveConnection", "selected", As::Bool),
    ("localCandidateId", "localCandidateId", As::Same),
    ("remoteCandidateId", "remoteCandidateId", As::Same),
    ("timestamp", "timestamp", As::Same),
];

const CHROME_STREAM: Members = &[
    ("ssrc", "ssrc", As::Number),
    ("mediaType", "kind", As::Same),
    ("googTrackId", "trackIdentifier", As::Same),
    ("timestamp", "timestamp", As::Same),
];

const CHROME_RECEIVED: Members = &[
    ("packetsReceived", "packetsReceived", As::Number),
    ("packetsLost", "packetsLost", As::Number),
    ("bytesReceived", "bytesReceived", As::Number),
    ("googJitterReceived", "jitter", As::Divided(1000.0)),
    ("audioOutputLevel", "audioLevel", As::Divided(LEVEL_MAX)),
    ("totalAudioEnergy", "totalAudioEnergy", As::Number),
    ("totalSamplesDuration", "totalSamplesDuration", As::Number),
    ("framesDecoded", "framesDecoded", As::Number),
    ("qpSum", "qpSum", As::Number),
    ("googFrameRateReceived", "framesPerSecond", As::Number),
    ("googFrameWidthReceived", "frameWidth", As::Number),
    ("googFrameHeightReceived", "frameHeight", As::Number),
    ("googNacksSent", "nackCount", As::Number),
    ("googPlisSent", "pliCount", As::Number),
    ("googFirsSent", "firCount", As::Number),
];

const CHROME_SENT: Members = &[
    ("packetsSent", "packetsSent", As::Number),
    ("bytesSent", "bytesSent", As::Number),
    ("framesEncoded", "framesEncoded", As::Number),
    ("qpSum", "qpSum", As::Number),
    ("googFrameRateSent", "framesPerSecond", As::Number),
    ("googFrameWidthSent", "frameWidth", As::Number),
    ("googFrameHeightSent", "frameHeight", As::Number),
    ("googNacksReceived", "nackCount", As::Number),
    ("googPlisReceived", "pliCount", As::Number),
    ("googFirsReceived", "firCount", As::Number),
];

/// What the far end said of a stream that Chrome sends.
const CHROME_TOLD: Members = &[
    ("packetsLost", "packetsLost", As::Number),
    ("googRtt", "roundTripTime", As::Divided(1000.0)),
    ("googJitterReceived", "jitter", As::Divided(1000.0)),
];

const BRIDGE_STREAM: Members = &[("ssrc", "ssrc", As::Number), ("mediaType", "kind", As::Same)];

const BRIDGE_RECEIVED: Members = &[
    ("packetsReceived", "packetsReceived", As::Number),
    ("packetsLost", "packetsLost", As::Number),
    ("bytesReceived", "bytesReceived", As::Number),
    ("jitter", "jitter", As::Divided(1000.0)),
];

const BRIDGE_SENT: Members = &[("packetsSent", "packetsSent", As::Number), ("bytesSent", "bytesSent", As::Number)];

/// What the participant said of a stream that the bridge sends.
const BRIDGE_TOLD: Members = &[
    ("packetsLost", "packetsLost", As::Number),
    ("fractionalPacketLost", "fractionLost", As::Number),
    ("rtt", "roundTripTime", As::Divided(1000.0)),
    ("jitter", "jitter", As::Divided(1000.0)),
];

/// The standard forms of an object, each with its id; none when it is in standard form.
pub(super) fn standard(id: &Text, object: &Stats) -> Vec<(String, Stats)> {
    let whole = |stats_type: &str, members: Members| {
        let mut stats = form(object, stats_type, &[members]);
        for (name, value) in &object.members {
            stats.members.entry(name.clone()).or_insert_with(|| value.clone());
        }
        vec![(id.to_string(), stats)]
    };
    let parts = |stats_type: &str, members: &[Members]| (id.to_string(), form(object, stats_type, members));
    let told = |members: &[Members]| (format!("{id}:told"), form(object, "remote-inbound-rtp", members));
    match &*object.stats_type {
        "inboundrtp" => whole("inbound-rtp", FIREFOX_STREAM),
        "outboundrtp" => whole("outbound-rtp", FIREFOX_STREAM),
        "localcandidate" => whole("local-candidate", FIREFOX_CANDIDATE),
        "remotecandidate" => whole("remote-candidate", FIREFOX_CANDIDATE),
        "candidatepair" => whole("candidate-pair", &[]),
        "googCandidatePair" => {
            let mut pair = parts("candidate-pair", &[CHROME_PAIR]);
            pair.1.members.insert(MemberName::plain("state"), Value::Text("succeeded".into()));
            vec![pair]
        }
        "ssrc" if has(object, "bytesReceived") => vec![parts("inbound-rtp", &[CHROME_STREAM, CHROME_RECEIVED])],
        "ssrc" => vec![parts("outbound-rtp", &[CHROME_STREAM, CHROME_SENT]), told(&[CHROME_STREAM, CHROME_TOLD])],
        "inbound" => vec![parts("inbound-rtp", &[BRIDGE_STREAM, BRIDGE_RECEIVED])],
        "outbound" => vec![parts("outbound-rtp", &[BRIDGE_STREAM, BRIDGE_SENT]), told(&[BRIDGE_STREAM, BRIDGE_TOLD])],
        _ => Vec::new(),
    }
}

fn has(object: &Stats, name: &str) -> bool {
    object.members.contains_key(&MemberName::plain(name))
}

fn form(object: &Stats, stats_type: &str, members: &[Members]) -> Stats {
    let mut stats = Stats { stats_type: stats_type.into(), ..Stats::default() };
    for (from, to, change) in members.iter().copied().flatten() {
        let value = object.members.get(&MemberName::plain(*from)).and_then(|value| changed(value, *change));
        stats.members.extend(value.map(|value| (MemberName::plain(*to), value)));
    }
    stats
}

/// `None` where the value is not what it should be, or is one that says "unknown" (-1 in Chrome's callback statistics).
fn changed(value: &Value, change: As) -> Option<Value> {
    let number = || match value {
        Value::Number(number) => Some(*number),
        Value::Text(text) => text.parse::<f64>().ok().filter(|number| number.is_finite()),
        _ => None,
    };
    match change {
        As::Same => Some(value.clone()),
        As::Number => number().filter(|number| *number != -1.0).map(Value::Number),
        As::Divided(by) => number().filter(|number| *number >= 0.0).map(|number| Value::Number(number / by)),
        As::Bool => match value {
            Value::Bool(value) => Some(Value::Bool(*value)),
            Value::Text(text) => text.parse().ok().map(Value::Bool),
            _ => None,
        },
    }
}
