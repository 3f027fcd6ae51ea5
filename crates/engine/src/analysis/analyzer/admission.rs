//! Whether a value of a stream is judged.

use crate::{
    analysis::mute::Mute,
    issue::{Admission, Condition},
    metric::{Draft, Metric},
    series::StreamState,
};

/// A microphone whose level reaches this (−40 dB of full scale) hears something, be it a tone that never changes.
const HEARING: f64 = 0.01;

/// Below this (−50 dB of full scale) nobody speaks: 24 dB under the −26 dB that ITU-T P.56 levels speech to, where a room hisses.
const SPEAKING: f64 = 0.003;

/// More pictures dropped than this, and a decoder does not keep up.
const DROPPING: f64 = 0.05;

/// Plivo's documentation: PCMU is poor above 20 % of loss, Opus above 10 %.
const PCMU_LOSS: f64 = 0.20;

/// Limited by the processor for more of the time than this, and an encoder does not keep up.
const HALF: f64 = 0.5;

/// What becomes of a value for a rule of this condition.
pub(super) fn admission(condition: Condition, value: f64, state: &StreamState, values: &Draft, mute: Mute, has_room: bool) -> Admission {
    Admission::only(match condition {
        Condition::Always => true,
        Condition::OffHold => !mute.is_held,
        Condition::Arriving if state.has_stopped && !mute.is_held => return Admission::Awaited,
        Condition::Arriving => !mute.is_held,
        Condition::Impaired => {
            [Metric::LossRatio, Metric::AudibleConcealmentRatio].iter().any(|&metric| values.get(metric).is_some_and(|share| share > 0.0))
        }
        Condition::Camera => !state.is_screen && !mute.is_held,
        Condition::Screen => state.is_screen && !mute.is_held,
        Condition::OnAir => !mute.is_held && mute.microphone != Some(true),
        Condition::LossOfCodec => {
            value > PCMU_LOSS || !state.stream.codec.as_ref().is_some_and(|codec| codec.eq_ignore_ascii_case("audio/pcmu"))
        }
        Condition::Struggling => [(Metric::DroppedFrameRatio, DROPPING), (Metric::LimitedByCpu, HALF)]
            .iter()
            .any(|&(metric, least)| values.get(metric).is_some_and(|share| share > least)),
        Condition::LineFull => !has_room,
        Condition::MicrophoneOpen => {
            value < HEARING
                && match mute.microphone {
                    Some(is_muted) => !is_muted,
                    // A virtual microphone gives an exact 0 between words: only of one that was never heard it is a fault.
                    None => value > 0.0 || mute.began_open && !state.was_heard,
                }
        }
        Condition::MicrophoneSpeaks => value > SPEAKING && state.stands_out(value) && mute.microphone != Some(true),
        Condition::FarEndOpen => {
            let has_media = values.get(Metric::Bitrate).is_some_and(|bitrate| bitrate > 0.0);
            has_media
                && match mute.far_end {
                    Some(is_muted) => !is_muted,
                    None => value > 0.0 || state.was_heard,
                }
        }
    })
}
