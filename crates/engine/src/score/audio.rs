//! How an audio stream sounds (`mos_lq`) and how one can talk over it (`mos_cq`).
//!
//! Both are the full-band E-model (G.107.2). Where the receiver counts concealment, the share of audible concealment stands for
//! `Ppl`: it is what remains after the jitter buffer, FEC and RED, and it follows measured quality better than packet loss
//! does (Pearson 0.89 against 0.81 with PESQ-WB over 265 segments of real calls, published codec constants). Where it does
//! not (older browsers; the far end as RTCP describes it), packet loss stands in, lowered by what in-band FEC was measured to repair.
//!
//! **Nothing to judge.** A score is absent when fewer than [`PACKETS_PER_SECOND_MIN`] packets a second were due (DTX, a
//! muted or paused sender, an outage that the "no inbound audio" rule reports), and `mos_cq` also while no round trip is known.

use super::{codec, emodel};

/// Fewer packets due per second than this are DTX or silence: Opus DTX sends 2.5, the longest usual frame (120 ms) 8.3.
pub const PACKETS_PER_SECOND_MIN: f64 = 5.0;

/// Capture, echo cancelling, encoding and packetisation at the sender, ms: 20 to 40 in practice.
const CAPTURE_MS: f64 = 30.0;

/// Time in the far end's jitter buffer when it can only be guessed: a floor, or twice the jitter, ms.
const FAR_BUFFER_MIN_MS: f64 = 40.0;

/// How much a stretched sample counts beside a concealed one. PESQ would say 2.5, ViSQOL next to nothing; PESQ is known to
/// over-punish time-warping, so a weight between, on the low side.
const STRETCH_WEIGHT: f64 = 0.25;

/// One speech frame, ms: burst lengths are counted in these.
const FRAME_MS: f64 = 20.0;

/// Longest mean burst that counts, in frames.
const BURST_RATIO_MAX: f64 = 8.0;

/// What is known of an audio stream in one interval. Ratios are 0..=1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Listening<'a> {
    /// MIME type of the codec.
    pub codec: Option<&'a str>,
    /// Whether the codec's parameters ask for in-band FEC.
    pub has_fec: bool,
    /// Media bit rate while there is sound, bit/s.
    pub bitrate_bps: Option<f64>,
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

/// The share of packet loss that in-band FEC leaves to be concealed.
///
/// Measured in Chromium calls: 5, 10, 20 and 30 % loss left 1.1, 2.6, 7.3 and 13 % concealed with FEC and 3.9, 8.6 and 15.6 % without.
fn residual_loss(loss_ratio: f64, has_fec: bool) -> f64 {
    if has_fec { loss_ratio * (0.18 + 0.85 * loss_ratio).min(1.0) } else { loss_ratio * 0.85 }
}

impl Listening<'_> {
    /// Rating on the full-band scale without delay; `None` when there is nothing to judge.
    #[must_use]
    pub fn rating(&self) -> Option<f64> {
        if self.packets_per_second.is_some_and(|rate| rate < PACKETS_PER_SECOND_MIN) {
            return None;
        }
        let loss = self.loss_ratio.map(|loss| loss.clamp(0.0, 1.0));
        let (concealed, burst_ratio) = match self.audible_concealment_ratio {
            Some(audible) => {
                let silent = self.silent_concealment_ratio.filter(|_| loss.is_some_and(|loss| loss > 0.0)).unwrap_or(0.0);
                let burst = self.concealment_burst_ms.unwrap_or(FRAME_MS) / FRAME_MS;
                (audible.max(0.0) + silent.max(0.0), burst.clamp(1.0, BURST_RATIO_MAX))
            }
            None => (residual_loss(loss?, self.has_fec), 1.0),
        };
        let stretched = STRETCH_WEIGHT * self.time_stretch_ratio.unwrap_or(0.0).max(0.0);
        let ppl = 100.0 * (concealed + stretched).min(1.0);
        let rating = emodel::rating_fb(codec::equipment(self.codec, self.bitrate_bps), ppl, burst_ratio, 0.0);
        rating.is_finite().then_some(rating)
    }

    /// Listening quality, 1 to 5; `None` when there is nothing to judge.
    #[must_use]
    pub fn mos_lq(&self) -> Option<f64> {
        self.rating().map(emodel::mos_fb)
    }

    /// Conversational quality, 1 to 5; `None` when there is nothing to judge or the delay is unknown.
    #[must_use]
    pub fn mos_cq(&self, delay: &Delay) -> Option<f64> {
        conversational(self.rating()?, delay)
    }
}

/// Conversational quality of a listening `rating`.
#[must_use]
pub fn conversational(rating: f64, delay: &Delay) -> Option<f64> {
    let ta = delay.one_way_ms().filter(|ta| ta.is_finite())?;
    Some(emodel::mos_fb(rating - 1.48 * emodel::delay_impairment(ta, emodel::DelaySensitivity::DEFAULT)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn clean() -> Listening<'static> {
        Listening {
            codec: Some("audio/opus"),
            bitrate_bps: Some(31_000.0),
            packets_per_second: Some(50.0),
            loss_ratio: Some(0.0),
            audible_concealment_ratio: Some(0.0),
            silent_concealment_ratio: Some(0.0),
            ..Listening::default()
        }
    }

    #[test]
    fn a_clean_opus_call_has_the_score_of_its_table() {
        assert!((clean().mos_lq().unwrap() - 4.304).abs() < 0.01);
        let two_percent = Listening { audible_concealment_ratio: Some(0.02), ..clean() };
        assert!((two_percent.mos_lq().unwrap() - 3.869).abs() < 0.01);
    }

    #[test]
    fn packet_loss_that_was_repaired_does_not_count() {
        let repaired = Listening { loss_ratio: Some(0.1), ..clean() };
        assert_eq!(repaired.mos_lq(), clean().mos_lq());
        let unknown = Listening { audible_concealment_ratio: None, ..repaired };
        assert!(unknown.mos_lq() < clean().mos_lq());
        assert!(Listening { has_fec: true, ..unknown }.mos_lq() > unknown.mos_lq());
    }

    #[test]
    fn nothing_to_judge_is_no_score() {
        assert_eq!(Listening { packets_per_second: Some(2.5), ..clean() }.mos_lq(), None);
        assert_eq!(Listening { loss_ratio: None, audible_concealment_ratio: None, ..clean() }.mos_lq(), None);
        assert_eq!(clean().mos_cq(&Delay::default()), None);
    }

    #[test]
    fn delay_lowers_conversation_and_not_listening() {
        let far = Delay { rtt_ms: Some(600.0), jitter_buffer_ms: Some(60.0), ..Delay::default() };
        let near = Delay { rtt_ms: Some(20.0), ..far };
        assert!((clean().mos_cq(&near).unwrap() - 4.304).abs() < 0.01);
        assert!(clean().mos_cq(&far).unwrap() < 3.6);
    }

    fn anything() -> impl Strategy<Value = f64> {
        prop_oneof![0.0..1.0f64, 0.0..5000.0f64, proptest::num::f64::ANY]
    }

    fn option(strategy: impl Strategy<Value = f64> + 'static) -> impl Strategy<Value = Option<f64>> {
        prop::option::of(strategy)
    }

    prop_compose! {
        fn listening()(codec in prop::option::of(prop::sample::select(vec!["audio/opus", "audio/PCMU", "audio/G722", "x"])),
            has_fec: bool, bitrate_bps in option(anything()), packets_per_second in option(anything()), loss_ratio in option(anything()),
            audible in option(anything()), silent in option(anything()), burst in option(anything()), stretch in option(anything()))
            -> Listening<'static> {
            Listening { codec, has_fec, bitrate_bps, packets_per_second, loss_ratio, audible_concealment_ratio: audible,
                silent_concealment_ratio: silent, concealment_burst_ms: burst, time_stretch_ratio: stretch }
        }
    }

    proptest! {
        #[test]
        fn a_score_is_always_on_its_scale(listening in listening(), rtt in option(anything()), buffer in option(anything()), jitter in option(anything())) {
            let delay = Delay { rtt_ms: rtt, jitter_buffer_ms: buffer, playout_ms: None, jitter_ms: jitter };
            for score in [listening.mos_lq(), listening.mos_cq(&delay)].into_iter().flatten() {
                prop_assert!((1.0..=5.0).contains(&score), "{score}");
            }
        }

        #[test]
        fn more_loss_never_sounds_better(listening in listening(), a in 0.0..1.0f64, b in 0.0..1.0f64) {
            let (less, more) = if a < b { (a, b) } else { (b, a) };
            let with = |loss| Listening { loss_ratio: Some(loss), ..listening }.mos_lq();
            if let (Some(better), Some(worse)) = (with(less), with(more)) { prop_assert!(worse <= better); }
            let with = |audible| Listening { audible_concealment_ratio: Some(audible), ..listening }.mos_lq();
            if let (Some(better), Some(worse)) = (with(less), with(more)) { prop_assert!(worse <= better); }
            let with = |silent| Listening { silent_concealment_ratio: Some(silent), ..listening }.mos_lq();
            if let (Some(better), Some(worse)) = (with(less), with(more)) { prop_assert!(worse <= better); }
        }

        #[test]
        fn longer_bursts_never_sound_better(listening in listening(), a in 0.0..2000.0f64, b in 0.0..2000.0f64) {
            let (less, more) = if a < b { (a, b) } else { (b, a) };
            let with = |burst| Listening { concealment_burst_ms: Some(burst), ..listening }.mos_lq();
            if let (Some(better), Some(worse)) = (with(less), with(more)) { prop_assert!(worse <= better); }
        }

        #[test]
        fn more_delay_or_jitter_never_talks_better(rating in 0.0..148.0f64, rtt in 0.0..4000.0f64, more_rtt in 0.0..4000.0f64,
            jitter in 0.0..500.0f64, more_jitter in 0.0..500.0f64, buffer in option(0.0..1000.0f64)) {
            let near = Delay { rtt_ms: Some(rtt), jitter_ms: Some(jitter), jitter_buffer_ms: buffer, playout_ms: None };
            let far = Delay { rtt_ms: Some(rtt + more_rtt), jitter_ms: Some(jitter + more_jitter), ..near };
            prop_assert!(conversational(rating, &far) <= conversational(rating, &near));
        }
    }
}
