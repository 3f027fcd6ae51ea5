//! How an audio stream sounds (`mos_lq`) and how one can talk over it (`mos_cq`).
//!
//! `mos_lq` is a model of our own, fitted to PESQ-WB (ITU-T P.862.2) of recorded calls; `docs/accuracy.md` says how well it
//! does on calls that it was not fitted to. A codec has a ceiling, which is what a clean call of its bit rate scores. From
//! there it falls with what the listener heard the decoder make up, after jitter buffer, FEC and RED:
//!
//! `mos_lq = 1 + (ceiling − 1)·exp(−(fragility·audible·burst^b + silent·s + stretched·t))`
//!
//! Impairments add up in the exponent, so the score of a call is much the same whether its seconds are judged together or one by one.
//!
//! Where concealment is not counted (older browsers; the far end as RTCP describes it), it is estimated from packet loss.
//! `mos_cq` takes the delay impairment of G.107 from it, on the R scale: delay is in no other term.
//!
//! **Nothing to judge.** [`Unjudged`] says why there is no score.

use libm::exp;

use super::{
    codec::{self, Channel},
    constants::{Constants, FITTED},
    emodel::{DelaySensitivity, delay_impairment},
    mos, power,
    unjudged::Unjudged,
};

/// Fewer packets due per second than this are DTX or silence: Opus DTX sends 2.5, the longest usual frame (120 ms) 8.3.
pub const PACKETS_PER_SECOND_MIN: f64 = 5.0;

/// Until its jitter buffer has found its size a stream has no score, s: that stretches the sound of every call in its first second (1.6 % of it in
/// the median of 350 recorded streams, nothing in the median of any second after it) and nobody calls it poor.
pub const SETTLING_S: f64 = 1.5;

/// Capture, echo cancelling, encoding and packetisation at the sender, ms: 20 to 40 in practice.
const CAPTURE_MS: f64 = 30.0;

/// Time in the far end's jitter buffer when it can only be guessed: a floor, or twice the jitter, ms.
const FAR_BUFFER_MIN_MS: f64 = 40.0;

/// One speech frame, ms: burst lengths are counted in these.
const FRAME_MS: f64 = 20.0;

/// Longest mean burst that counts, in frames: what is longer is mostly silent, and counted as that.
const BURST_FRAMES_MAX: f64 = 10.0;

/// What is known of an audio stream in one interval. Ratios are 0..=1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Listening<'a> {
    /// MIME type of the codec.
    pub codec: Option<&'a str>,
    /// Whether the codec's parameters ask for in-band FEC.
    pub has_fec: bool,
    /// Media bit rate while there is sound, bit/s.
    pub bitrate_bps: Option<f64>,
    /// How long the stream has been there, s.
    pub age_s: Option<f64>,
    /// Packets due per second: received and lost.
    pub packets_per_second: Option<f64>,
    /// Packets lost of those due.
    pub loss_ratio: Option<f64>,
    /// Audible concealed samples of all.
    pub audible_concealment_ratio: Option<f64>,
    /// Silent concealed samples of all: counted only together with packet loss, for otherwise they are DTX pauses.
    pub silent_concealment_ratio: Option<f64>,
    /// Mean concealed run, ms.
    pub concealment_burst_ms: Option<f64>,
    /// Stretched samples of all.
    pub time_stretch_ratio: Option<f64>,
}

/// What adds up to the one-way delay. ms.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Delay {
    /// Round trip of the network.
    pub rtt_ms: Option<f64>,
    /// Time in the jitter buffer; guessed from `jitter_ms` when absent.
    pub jitter_buffer_ms: Option<f64>,
    /// Playout device.
    pub playout_ms: Option<f64>,
    /// Interarrival jitter.
    pub jitter_ms: Option<f64>,
}

impl Delay {
    /// Absolute one-way mouth-to-ear delay `Ta`; `None` while no round trip is known.
    #[must_use]
    pub fn one_way_ms(&self) -> Option<f64> {
        let guess = FAR_BUFFER_MIN_MS.max(2.0 * self.jitter_ms.unwrap_or(0.0));
        let buffer = self.jitter_buffer_ms.unwrap_or(guess);
        Some(CAPTURE_MS + self.rtt_ms?.max(0.0) / 2.0 + buffer.max(0.0) + self.playout_ms.unwrap_or(0.0).max(0.0))
    }
}

impl Listening<'_> {
    /// Listening quality, 1 to 5.
    pub fn mos_lq(&self) -> Result<f64, Unjudged> {
        self.mos_lq_with(&FITTED)
    }

    /// Conversational quality, 1 to 5; `None` also while the delay is unknown.
    #[must_use]
    pub fn mos_cq(&self, delay: &Delay) -> Option<f64> {
        conversational(self.mos_lq().ok()?, delay)
    }

    /// As [`Listening::mos_lq`], with other constants: for fitting them.
    pub fn mos_lq_with(&self, constants: &Constants) -> Result<f64, Unjudged> {
        match self.packets_per_second {
            Some(rate) if rate <= 0.0 => return Err(Unjudged::NothingDue),
            Some(rate) if rate < PACKETS_PER_SECOND_MIN => return Err(Unjudged::Sparse),
            _ if self.age_s.is_some_and(|age| age < SETTLING_S) => return Err(Unjudged::Settling),
            _ => {}
        }
        let channel = codec::channel(self.codec);
        let mut impairment = self.concealment(channel, constants)?;
        impairment += constants.stretched * ratio(self.time_stretch_ratio);
        let ceiling = codec::ceiling(self.codec, self.bitrate_bps, constants);
        Ok(1.0 + (ceiling - 1.0) * exp(-impairment))
    }

    /// What concealment costs: counted, else guessed from packet loss.
    fn concealment(&self, channel: Channel, constants: &Constants) -> Result<f64, Unjudged> {
        let fragility = match channel {
            Channel::Opus => constants.opus,
            Channel::Narrow => constants.narrow,
            Channel::Wide => constants.wide,
        };
        let Some(audible) = self.audible_concealment_ratio else {
            let loss = ratio(Some(self.loss_ratio.ok_or(Unjudged::NotCounted)?));
            let kept = match channel {
                Channel::Opus if self.codec.is_some_and(codec::is_redundant) => constants.red_linear,
                Channel::Opus if self.has_fec => constants.fec_linear + constants.fec_square * loss,
                _ => constants.plain_linear,
            };
            return Ok(fragility * (loss * kept).min(1.0));
        };
        let burst = (number(self.concealment_burst_ms).unwrap_or(FRAME_MS) / FRAME_MS).clamp(1.0, BURST_FRAMES_MAX);
        let silent = if ratio(self.loss_ratio) > 0.0 { ratio(self.silent_concealment_ratio) } else { 0.0 };
        Ok(fragility * ratio(Some(audible)) * power(burst, constants.burst) + constants.silent * silent)
    }
}

/// 0..=1, with nothing and NaN as 0.
fn ratio(value: Option<f64>) -> f64 {
    number(value).unwrap_or(0.0).clamp(0.0, 1.0)
}

fn number(value: Option<f64>) -> Option<f64> {
    value.filter(|value| !value.is_nan())
}

/// Conversational quality of a listening quality; `None` while the delay is unknown.
#[must_use]
pub fn conversational(mos_lq: f64, delay: &Delay) -> Option<f64> {
    let ta = delay.one_way_ms().filter(|ta| ta.is_finite())?;
    let impairment = delay_impairment(ta, DelaySensitivity::DEFAULT);
    // As it sounds where delay costs nothing: the map there and back is exact only to some digits.
    Some(if impairment > 0.0 { mos::from_r(mos::to_r(mos_lq) - impairment) } else { mos_lq })
}

#[cfg(test)]
#[path = "audio_tests.rs"]
mod tests;
