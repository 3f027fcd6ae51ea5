//! Plivo's `mediaMetrics`: one level, a warning, which is [`Severity::Major`](super::super::Severity::Major) here.
//!
//! Source: the documentation of its browser SDK (3 of the last 5 samples), and the code of version 2.2 (samples judged in groups of 3, 2 of
//! them bad, and other limits of loss and MOS). What fails before there are reports (`no_microphone_access`, `ice_connection`) is told by the diagnosis.

use Bound::{Above, AtLeast, Below};

use super::*;

/// As the documentation has it.
pub(super) const DOCUMENTED: &[Rule] = {
    // 10 % of Opus, 20 % of PCMU.
    &warnings(THREE_OF_FIVE, Above, 0.10, 3.0, Condition::LossOfCodec)
};

/// As the code has it: the codec is never known to it, so that 2 % counts for all.
pub(super) const SHIPPED: &[Rule] = &warnings(sustained(2, 3), AtLeast, 0.02, 3.5, Condition::Always);

const fn warnings(window: Statistic, loss_bound: Bound, loss: f64, mos: f64, loss_of: Condition) -> [Rule; 9] {
    [
        rule("high_rtt", Metric::Rtt, CONNECTION, window, Above, only_major(400.0)),
        rule("high_jitter", Metric::Jitter, AUDIO, window, Above, only_major(30.0)),
        Rule { condition: loss_of, ..rule("high_loss", Metric::LossRatio, AUDIO, window, loss_bound, only_major(loss)) },
        // Its formula is another one: delay counts in it, as in ours of the conversation, and the codec does not.
        Rule { condition: Condition::Impaired, ..rule("low_mos", Metric::MosCq, AUDIO, window, Below, only_major(mos)) },
        // no_audio_received
        Rule {
            condition: Condition::FarEndOpen,
            ..rule("silent_inbound_audio", Metric::AudioRms, INBOUND_AUDIO, Statistic::Lasting(0.001), AtLeast, only_major(10.0))
        },
        Rule {
            condition: Condition::MicrophoneOpen,
            ..rule("dead_microphone", Metric::AudioLevel, OUTBOUND_AUDIO, Statistic::Deviation(seconds(10)), Below, only_major(0.0003))
        },
        // ice_timeout
        at_once("slow_gathering", Metric::GatheringTime, only_major(2000.0)),
        // speaking_on_mute
        rule("speaking_while_muted", Metric::MutedSpeechRatio, CONNECTION, Statistic::Share(seconds(5)), AtLeast, only_major(0.3)),
        ice_disconnected(),
    ]
}
