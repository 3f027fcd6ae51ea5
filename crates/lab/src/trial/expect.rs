//! What each fault must be told as, what it may be told as besides, and where it truly lies. Written down before any trial was looked at.

use sidetone_engine::diagnosis::{Cause, Hop, Side};

use super::{Trial, replay::Explained};

/// At which end something is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// At the end that has the fault, or whose media suffers from it.
    Own,
    /// At each of the others.
    Others,
    /// At any.
    Any,
}

/// Something that must be told: one of these rules is enough.
#[derive(Clone, Copy, Debug)]
pub struct Must {
    /// What it is called in the report.
    pub name: &'static str,
    /// Where.
    pub at: At,
    /// Rules of which one must fire.
    pub rules: &'static [&'static str],
    /// The one of them that it is about, where it is about one: what the recall of that kind is counted by.
    pub kind: Option<&'static str>,
    /// Whether it is so from the begin of the call on, and not only of the fault.
    pub is_always: bool,
}

/// What is expected of a fault.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expected {
    /// What must be told.
    pub musts: &'static [Must],
    /// What may be told besides: consequences, each of them true.
    pub may: &'static [&'static str],
    /// Where the fault lies; `None`: there is none, or it is of no call that was.
    pub place: Option<Place>,
    /// Why the call never came to be.
    pub cause: Option<Cause>,
}

impl Expected {
    /// Whether anything at all is wrong with the call.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        !self.musts.is_empty() || self.place.is_some() || self.cause.is_some()
    }
}

/// Where a fault lies, as seen from the end that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Its microphone or camera.
    CaptureDevice,
    /// Its computer: what it encodes, or what it decodes and plays.
    Machine,
    /// Its way out.
    Uplink,
    /// Its way in.
    Downlink,
    /// Its network as a whole.
    Network,
    /// Between two who talk directly: nobody can tell whose access network it is.
    Path,
    /// A TURN server.
    Relay,
    /// Any of these, of an end that has no fault.
    Innocent,
    /// The cause is not told.
    Untold,
}

impl Place {
    /// Every place.
    pub const ALL: [Self; 9] = [
        Self::CaptureDevice,
        Self::Machine,
        Self::Uplink,
        Self::Downlink,
        Self::Network,
        Self::Path,
        Self::Relay,
        Self::Innocent,
        Self::Untold,
    ];

    /// As the report calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CaptureDevice => "capture device",
            Self::Machine => "machine",
            Self::Uplink => "uplink",
            Self::Downlink => "downlink",
            Self::Network => "its network",
            Self::Path => "path",
            Self::Relay => "relay",
            Self::Innocent => "an innocent end",
            Self::Untold => "untold",
        }
    }

    /// The place that a diagnosis names.
    #[must_use]
    pub fn told(explained: &Explained, trial: &Trial) -> Self {
        let diagnosis = &explained.diagnosis;
        if diagnosis.cause == Cause::Unknown {
            return Self::Untold;
        }
        match (diagnosis.side, diagnosis.hop) {
            (_, Some(Hop::Relay)) => return Self::Relay,
            (Side::Path | Side::Server | Side::Unknown, _) => return Self::Path,
            _ => {}
        }
        if explained.culprit.as_deref() != Some(trial.whose.as_str()) {
            return Self::Innocent;
        }
        match diagnosis.hop {
            Some(Hop::CaptureDevice) => Self::CaptureDevice,
            Some(Hop::Encoder | Hop::Playout) => Self::Machine,
            Some(Hop::Uplink) => Self::Uplink,
            Some(Hop::Downlink) => Self::Downlink,
            Some(Hop::Relay) => Self::Relay,
            None if matches!(diagnosis.cause, Cause::NetworkChange | Cause::SlowGathering) => Self::Network,
            // What its sender does not send, and nobody knows why, is the sender's; no hop is told.
            None => Self::Machine,
        }
    }
}

/// Told of how a call goes its way, and no alarm.
pub const REMARKS: [&str; 7] =
    ["candidate_pair_change", "clock_drift", "ice_restart", "network_change", "relayed_over_tcp", "encoder_fallback", "decoder_fallback"];

/// Makes one list of several.
macro_rules! joined {
    ($(#[$doc:meta])* $name:ident = $($part:expr),+) => {
        $(#[$doc])*
        const $name: &[&str] = {
            const PARTS: &[&[&str]] = &[$($part),+];
            const ALL: [&str; length(PARTS)] = join(PARTS);
            &ALL
        };
    };
}

const fn length(parts: &[&[&str]]) -> usize {
    let (mut part, mut length) = (0, 0);
    while part < parts.len() {
        length += parts[part].len();
        part += 1;
    }
    length
}

const fn join<const N: usize>(parts: &[&[&'static str]]) -> [&'static str; N] {
    let (mut all, mut next, mut part) = ([""; N], 0, 0);
    while part < parts.len() {
        let mut place = 0;
        while place < parts[part].len() {
            all[next] = parts[part][place];
            (next, place) = (next + 1, place + 1);
        }
        part += 1;
    }
    all
}

const SILENT: &[&str] = &["silent_inbound_audio", "dead_microphone", "no_inbound_audio", "missing_stream"];
const NO_PICTURE: &[&str] = &["video_freeze", "low_frame_rate", "missing_stream", "no_inbound_video"];
const LOST: &[&str] = &["high_loss", "bursty_loss"];
/// Packets that come unevenly, and a sender that holds back because of them.
const UNEVEN: &[&str] = &["high_jitter", "bandwidth_limited"];
/// What a person hears of both …
const HEARD: &[&str] = &["audible_concealment", "low_mos", "high_media_latency"];
/// … and sees.
const SEEN: &[&str] = &["video_freeze", "low_frame_rate", "av_skew"];
const QUEUED: &[&str] = &["high_rtt"];
/// A connection that is found, lost and found again.
const RESTARTED: &[&str] = &["ice_restart", "candidate_pair_change"];
/// Checks that nobody answers: an end that waits long enough gives up.
const UNANSWERED: &[&str] = &["slow_connecting", "ice_failed", "ice_disconnected"];
joined! {
    /// What a path that spoils packets does to sound and picture.
    SPOILED = LOST, UNEVEN, HEARD, SEEN
}
joined! {
    /// The same with a queue, or a long way.
    LATE = SPOILED, QUEUED, &["relayed_over_tcp"]
}
joined! {
    /// When nothing comes through.
    BROKEN = SPOILED, QUEUED, RESTARTED, &["ice_disconnected", "network_change", "no_inbound_audio", "silent_inbound_audio", "missing_stream"]
}
joined! {
    /// A call that begins late, or not at all.
    LATE_BEGIN = SPOILED, QUEUED, &["slow_connecting", "slow_first_media", "missing_stream", "ice_disconnected", "no_inbound_audio", "no_inbound_video"]
}
joined! {
    BUSY = SPOILED, QUEUED, &["cpu_limited", "starved_playout"]
}
joined! {
    /// A restart with which the relay of the seeds up to 24 lost packets of its own: old ports went on asking (see the data card).
    RESTARTED_WITH_LOSS = SPOILED, RESTARTED
}

/// The first of the rules is what it is about; the others say the same to a person.
const fn must(name: &'static str, at: At, rules: &'static [&'static str]) -> Must {
    Must { name, at, rules, kind: Some(rules[0]), is_always: false }
}

/// Each of the rules is as good.
const fn any(name: &'static str, at: At, rules: &'static [&'static str]) -> Must {
    Must { kind: None, ..must(name, at, rules) }
}

const fn never(cause: Cause) -> Expected {
    Expected { musts: &[], may: &[], place: None, cause: Some(cause) }
}

macro_rules! expect {
    ($place:expr, $may:expr, $($must:expr),* $(,)?) => {
        Expected { musts: { const MUSTS: &[Must] = &[$($must),*]; MUSTS }, may: $may, place: $place, cause: None }
    };
}

/// What is expected of a fault by its name; nothing at all of one that is none.
#[must_use]
pub fn of(fault: &str) -> Expected {
    use At::{Any, Others, Own};
    match fault {
        "muted" => Expected { may: &["speaking_while_muted"], ..Expected::default() },
        "ice_restart" => Expected { may: RESTARTED, ..Expected::default() },
        "ice_restart_with_loss" => Expected { may: RESTARTED_WITH_LOSS, place: Some(Place::Path), ..Expected::default() },
        "unplugged_microphone" | "silent_microphone" => {
            expect!(Some(Place::CaptureDevice), &["low_mos"], any("silence", Any, SILENT))
        }
        "quiet_microphone" => expect!(Some(Place::CaptureDevice), &[], must("too quiet", Own, &["quiet_microphone"])),
        "clipped_microphone" => expect!(Some(Place::CaptureDevice), &[], must("clipping", Own, &["loud_microphone"])),
        "frozen_camera" => expect!(Some(Place::CaptureDevice), &["av_skew"], must("no picture", Others, NO_PICTURE)),
        "busy" => expect!(Some(Place::Machine), BUSY, any("overload", Any, BUSY)),
        "one_way_audio" => expect!(Some(Place::Path), SPOILED, must("no sound arrives", Others, &["no_inbound_audio"])),
        "one_way_video" => expect!(Some(Place::Path), SPOILED, must("no picture arrives", Others, NO_PICTURE)),
        "one_way_audio_from_start" => {
            expect!(Some(Place::Path), LATE_BEGIN, must("no sound ever arrives", Others, &["no_inbound_audio"]))
        }
        "one_way_video_from_start" => {
            expect!(Some(Place::Path), LATE_BEGIN, must("no picture ever arrives", Others, &["no_inbound_video"]))
        }
        "dropped_stream" => expect!(
            Some(Place::Path),
            &["no_inbound_video", "video_freeze", "low_frame_rate", "av_skew"],
            must("a stream is missing", Others, &["missing_stream"])
        ),
        "heavy_loss" => expect!(
            Some(Place::Path),
            SPOILED,
            must("sound that is made up", Others, &["audible_concealment"]),
            must("bad sound", Others, &["low_mos"])
        ),
        "patchy_loss" => expect!(Some(Place::Path), SPOILED, must("holes", Others, &["bursty_loss"])),
        "far_apart" => expect!(
            Some(Place::Path),
            LATE,
            must("a long way", Any, &["high_rtt"]),
            must("late sound", Own, &["high_media_latency"]),
            must("late sound of the other", Others, &["high_media_latency"])
        ),
        "slow_camera" => {
            expect!(Some(Place::CaptureDevice), &["video_freeze", "av_skew"], must("few pictures", Others, &["low_frame_rate"]))
        }
        "headset_switch" => {
            expect!(Some(Place::CaptureDevice), &["dead_microphone"], must("silence arrives", Others, &["silent_inbound_audio"]))
        }
        "overloaded" => expect!(Some(Place::Machine), BUSY, must("starved playout", Own, &["starved_playout"])),
        "rescued" => expect!(Some(Place::Path), BROKEN, must("a restart", Any, &["ice_restart"])),
        "loss" | "bursty_loss" => expect!(Some(Place::Path), SPOILED, must("loss", Others, LOST)),
        "jitter" => expect!(Some(Place::Path), LATE, must("jitter", Others, &["high_jitter"])),
        "narrow" => expect!(
            Some(Place::Path),
            LATE,
            any("a full line", Any, &["bandwidth_limited", "high_rtt", "high_loss", "video_freeze", "low_frame_rate"])
        ),
        "bloated" => expect!(Some(Place::Path), LATE, must("a queue", Any, &["high_rtt", "high_media_latency"])),
        "delay" => expect!(Some(Place::Path), LATE, must("a long way", Any, &["high_rtt"])),
        "outage" => expect!(
            Some(Place::Path),
            BROKEN,
            must("no connection", Any, &["ice_disconnected", "ice_failed"]),
            must("no sound arrives", Others, &["no_inbound_audio"])
        ),
        "network_change" => {
            expect!(
                Some(Place::Network),
                BROKEN,
                any("another network", Any, &["candidate_pair_change", "network_change", "ice_disconnected"]),
                must("another way", Others, &["candidate_pair_change"])
            )
        }
        "turn_tcp" => expect!(
            Some(Place::Relay),
            LATE,
            Must { is_always: true, ..must("TCP", Own, &["relayed_over_tcp"]) },
            any("lateness", Others, &["high_jitter", "high_rtt", "high_media_latency", "audible_concealment", "video_freeze", "low_mos"]),
        ),
        "uplink_loss" => expect!(Some(Place::Uplink), SPOILED, must("loss", Others, LOST)),
        "downlink_loss" => expect!(Some(Place::Downlink), SPOILED, must("loss", Own, LOST)),
        "uplink_jitter" => expect!(Some(Place::Uplink), LATE, must("jitter", Others, &["high_jitter"])),
        "downlink_jitter" => expect!(Some(Place::Downlink), LATE, must("jitter", Own, &["high_jitter"])),
        "dead_microphone" => expect!(Some(Place::CaptureDevice), SILENT, must("silence", Own, &["dead_microphone"])),
        "drifting_microphone" => expect!(
            Some(Place::CaptureDevice),
            &["audible_concealment", "high_media_latency", "av_skew"],
            must("a wrong clock", Own, &["clock_drift"])
        ),
        "speaking_while_muted" => expect!(None, &[], must("speech", Own, &["speaking_while_muted"])),
        "narrow_large" => expect!(Some(Place::Path), LATE, must("a full line", Own, &["bandwidth_limited"])),
        "busy_large" => expect!(Some(Place::Machine), BUSY, must("overload", Own, &["cpu_limited"])),
        "reordered" => expect!(Some(Place::Path), LATE, must("jitter", Others, &["high_jitter"])),
        "stalled" => expect!(
            Some(Place::Path),
            BROKEN,
            must("no sound arrives", Others, &["no_inbound_audio"]),
            must("no picture arrives", Others, NO_PICTURE)
        ),
        "late_sound" => expect!(Some(Place::Path), LATE, must("sound after the picture", Others, &["av_skew"])),
        "network_type" => expect!(Some(Place::Network), BROKEN, must("another network", Own, &["network_change"])),
        // Who answers only with all candidates has nobody who answers its checks meanwhile.
        "slow_gathering" => expect!(Some(Place::Network), UNANSWERED, must("gathering", Own, &["slow_gathering"])),
        "slow_connecting" => expect!(Some(Place::Path), LATE_BEGIN, must("a long setup", Any, &["slow_connecting"])),
        "late_media" => expect!(Some(Place::Path), LATE_BEGIN, must("late media", Others, &["slow_first_media"])),
        "ice_blocked" => Expected { cause: Some(Cause::IceFailed), ..expect!(None, LATE_BEGIN, must("no path", Any, &["ice_failed"])) },
        "dtls_blocked" => {
            Expected { cause: Some(Cause::DtlsFailed), ..expect!(None, LATE_BEGIN, must("a long setup", Any, &["slow_connecting"])) }
        }
        "wrong_fingerprint" => {
            Expected { cause: Some(Cause::DtlsFailed), ..expect!(None, LATE_BEGIN, must("no keys", Any, &["dtls_failed"])) }
        }
        "denied_microphone" => never(Cause::PermissionDenied),
        "no_microphone" => never(Cause::NoDevice),
        "wrong_answer" => Expected { may: &["slow_connecting"], ..never(Cause::NegotiationFailed) },
        "never_answered" => never(Cause::NeverAnswered),
        _ => Expected::default(),
    }
}
