//! Twilio's network and audio warnings: one level, which is [`Severity::Major`](super::super::Severity::Major) here.
//!
//! Source: the documentation of Voice Insights and the code of twilio-voice.js. Where the two disagree (`low-mos`: 3.5 and 3) the documentation
//! counts. A warning ends when none of the last five samples is bad and it has lasted 5 s, as with our rules.

use Bound::{Above, AtLeast, Below};

use super::*;

/// 1 % of full scale: the standard deviation of the level over 10 s (327.67 of 32767).
const CONSTANT_LEVEL: f64 = 0.01;

pub(super) const RULES: &[Rule] = {
    &[
        rule("high_rtt", Metric::Rtt, CONNECTION, THREE_OF_FIVE, Above, only_major(400.0)),
        rule("high_jitter", Metric::Jitter, INBOUND_AUDIO, THREE_OF_FIVE, Above, only_major(30.0)),
        rule("high_loss", Metric::LossRatio, INBOUND_AUDIO, THREE_OF_FIVE, Above, only_major(0.01)),
        // high-packets-lost-fraction: the mean of 7 samples above 3 %, gone at 1 %.
        Rule {
            clear_at: Some(0.01),
            ..rule("bursty_loss", Metric::LossRatio, INBOUND_AUDIO, Statistic::Mean(seconds(7)), Above, only_major(0.03))
        },
        // Its formula knows no codec: a clean narrow-band call is no alarm there, and has less than this here.
        Rule { condition: Condition::Impaired, ..rule("low_mos", Metric::MosCq, AUDIO, THREE_OF_FIVE, Below, only_major(3.5)) },
        // low-bytes-received: less than a byte in 3 samples.
        Rule {
            condition: Condition::OffHold,
            ..rule("no_inbound_audio", Metric::AudioReceiveBitrate, CONNECTION, Statistic::Lasting(0.0), AtLeast, only_major(3.0))
        },
        // low-bytes-sent: the same of what is sent. Theirs tells of a muted microphone too, which sends nothing with some browsers.
        Rule {
            condition: Condition::OnAir,
            ..rule("no_outbound_audio", Metric::Bitrate, OUTBOUND_AUDIO, Statistic::Lasting(0.0), AtLeast, only_major(3.0))
        },
        // constant-audio-input-level; the one of the output is not told to the app.
        Rule {
            condition: Condition::MicrophoneOpen,
            ..rule(
                "dead_microphone",
                Metric::AudioLevel,
                OUTBOUND_AUDIO,
                Statistic::Deviation(seconds(10)),
                Below,
                only_major(CONSTANT_LEVEL),
            )
        },
        // ice-connectivity-lost
        ice_disconnected(),
    ]
};
