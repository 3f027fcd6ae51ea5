//! Voximplant's quality issues: three levels, as ours.
//!
//! Source: the quality-issue detectors of its web SDK, version 4.3. Theirs judge 2.5 s at a time and have no hysteresis; ours end with a whole
//! window without a bad value. Left out: `CodecMismatch`, which says nothing of a
//! stretch of time, and `LowBandwidth`, which has no detector.

use Bound::{Above, AtLeast, Below};

use super::*;

/// At most 0.85 and 0.70, and less than 0.50.
const AT_MOST: Thresholds = thresholds(0.85 + 1e-6, 0.70 + 1e-6, 0.50);

pub(super) const RULES: &[Rule] = {
    &[
        // HighMediaLatency
        rule("high_media_latency", Metric::MediaLatency, INBOUND_AUDIO, THREE_OF_FIVE, Above, thresholds(100.0, 200.0, 300.0)),
        // PacketLoss: inbound, over 2.5 s
        rule("high_loss", Metric::LossRatio, INBOUND, Statistic::Mean(Duration::from_millis(2500)), AtLeast, thresholds(0.05, 0.10, 0.15)),
        // LocalVideoDegradation of a camera: the shorter side of what is sent, of that which it gives; theirs takes what the app asked for.
        Rule {
            condition: Condition::Camera,
            ..rule("low_resolution", Metric::SentSizeRatio, OUTBOUND_VIDEO, Statistic::Mean(seconds(5)), Below, AT_MOST)
        },
        // The same of a shared screen: frames a second.
        Rule {
            condition: Condition::Screen,
            ..rule("low_frame_rate", Metric::SentFrameRate, OUTBOUND_VIDEO, Statistic::Mean(seconds(5)), Below, thresholds(15.0, 8.0, 4.0))
        },
        // ICEDisconnected: theirs tells `failed` only.
        ice_disconnected(),
        at_once("ice_failed", Metric::IceFailed, only_critical(1.0)),
        // NoAudioSignal: exactly 0 at the microphone, known to be open.
        Rule {
            condition: Condition::MicrophoneOpen,
            ..rule("dead_microphone", Metric::AudioLevel, OUTBOUND_AUDIO, Statistic::Lasting(0.0), AtLeast, only_critical(10.0))
        },
        // no-audio-received of its mobile SDKs
        Rule {
            condition: Condition::OffHold,
            ..rule("no_inbound_audio", Metric::AudioReceiveBitrate, CONNECTION, Statistic::Lasting(0.0), AtLeast, only_critical(3.0))
        },
        // no-video-received of the same
        Rule {
            condition: Condition::OffHold,
            ..rule("no_inbound_video", Metric::VideoReceiveBitrate, CONNECTION, Statistic::Lasting(0.0), AtLeast, only_critical(3.0))
        },
    ]
};
