//! How a video stream looks (`mos_v`): a documented first model of our own, for there is no open one with ground truth.
//!
//! `mos_v = coding − size − rate − freeze`, clamped to 1..=5:
//! - *coding*: from the mean quantiser where it is counted: 4.5 at the fine end of libwebrtc's quality-scaler band for the
//!   codec, 2.0 at its coarse end, linear; else from bits per pixel and frame, `0.56·ln(factor·bpp) + 5.36` (the form and
//!   constants of the open rtcscore), at most 4.5;
//! - *size*: 0.35 for each halving of the pixels below the largest picture that this stream (outbound: its source) had;
//! - *rate*: `0.9·ln(expected/actual)` frames a second; expected is the best of this stream (outbound: its source), within 15 to 30;
//! - *freeze*: 3.5 times the share of time in which the picture stood: a picture that stands throughout scores 1.
//!
//! Absent when no frame was due: paused, inactive, or the first report; [`Unjudged`] says which. Loss, delay and jitter act through freezes, rate and coding.

use libm::log;

use super::unjudged::Unjudged;

/// Score of a picture whose coding cannot be told from the source.
const CODING_MAX: f64 = 4.5;
/// What coding costs across the quality-scaler band of a codec.
const CODING_RANGE: f64 = 2.5;
/// For each halving of the pixels.
const SIZE_PENALTY: f64 = 0.35;
/// For each factor of e in frame rate.
const RATE_PENALTY: f64 = 0.9;
/// For a picture that stands throughout.
const FREEZE_PENALTY: f64 = 3.5;

/// What is known of a video stream in one interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Watching<'a> {
    /// MIME type of the codec.
    pub codec: Option<&'a str>,
    /// Mean quantiser.
    pub qp: Option<f64>,
    /// Media bit rate, bit/s.
    pub bitrate_bps: Option<f64>,
    /// Pixels of a frame.
    pub pixels: Option<f64>,
    /// Pixels that a frame could have.
    pub pixels_expected: Option<f64>,
    /// Frames a second.
    pub frame_rate: Option<f64>,
    /// Frames a second that there could be.
    pub frame_rate_expected: Option<f64>,
    /// Share of time in which the picture stood, 0..=1.
    pub frozen_ratio: Option<f64>,
}

/// Fine and coarse end of libwebrtc's quality scaler for the codec.
fn quantiser_band(codec: &str) -> Option<(f64, f64)> {
    const BANDS: [(&str, f64, f64); 5] = [
        ("video/vp8", 29.0, 95.0),
        ("video/vp9", 149.0, 205.0),
        ("video/av1", 145.0, 205.0),
        ("video/h264", 24.0, 37.0),
        ("video/h265", 24.0, 37.0),
    ];
    BANDS.iter().find(|(name, ..)| name.eq_ignore_ascii_case(codec)).map(|&(_, fine, coarse)| (fine, coarse))
}

/// How much better than VP8 and H.264 a codec uses its bits (rtcscore, LiveKit's port).
fn codec_factor(codec: Option<&str>) -> f64 {
    match codec {
        Some(codec) if codec.eq_ignore_ascii_case("video/vp9") || codec.eq_ignore_ascii_case("video/h265") => 1.2,
        Some(codec) if codec.eq_ignore_ascii_case("video/av1") => 1.43,
        _ => 1.0,
    }
}

impl Watching<'_> {
    fn coding(&self, frame_rate: f64) -> Option<f64> {
        if let (Some(qp), Some((fine, coarse))) = (self.qp, self.codec.and_then(quantiser_band)) {
            return Some((CODING_MAX - CODING_RANGE * (qp - fine) / (coarse - fine)).min(CODING_MAX));
        }
        let bits_per_pixel = self.bitrate_bps? / (self.pixels? * frame_rate);
        (bits_per_pixel > 0.0).then(|| (0.56 * log(codec_factor(self.codec) * bits_per_pixel) + 5.36).min(CODING_MAX))
    }

    /// Video quality, 1 to 5.
    pub fn mos_v(&self) -> Result<f64, Unjudged> {
        let frozen = self.frozen_ratio.unwrap_or(0.0).clamp(0.0, 1.0);
        let frame_rate = self.frame_rate.filter(|rate| !rate.is_nan()).ok_or(Unjudged::NotCounted)?;
        if frame_rate <= 0.0 {
            return if frozen > 0.0 { Ok((CODING_MAX - FREEZE_PENALTY * frozen).max(1.0)) } else { Err(Unjudged::NoPicture) };
        }
        let coding = self.coding(frame_rate).ok_or(Unjudged::NotCounted)?;
        let size = match (self.pixels, self.pixels_expected) {
            (Some(pixels), Some(expected)) if pixels > 0.0 => SIZE_PENALTY * super::log2(expected / pixels).max(0.0),
            _ => 0.0,
        };
        let expected = self.frame_rate_expected.unwrap_or(frame_rate).clamp(15.0, 30.0);
        let rate = RATE_PENALTY * log(expected / frame_rate).max(0.0);
        let score = coding - size - rate - FREEZE_PENALTY * frozen;
        if score.is_nan() { Err(Unjudged::NotCounted) } else { Ok(score.clamp(1.0, 5.0)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn good() -> Watching<'static> {
        Watching {
            codec: Some("video/VP8"),
            qp: Some(23.0),
            bitrate_bps: Some(1_600_000.0),
            pixels: Some(640.0 * 360.0),
            pixels_expected: Some(640.0 * 360.0),
            frame_rate: Some(30.0),
            frame_rate_expected: Some(30.0),
            frozen_ratio: Some(0.0),
        }
    }

    #[test]
    fn each_fault_costs() {
        let clean = good().mos_v().unwrap();
        assert_eq!(clean, 4.5);
        let worse = [
            Watching { qp: Some(74.0), ..good() },
            Watching { pixels: Some(320.0 * 180.0), ..good() },
            Watching { frame_rate: Some(3.0), ..good() },
            Watching { frozen_ratio: Some(0.3), ..good() },
        ];
        for fault in worse {
            assert!(fault.mos_v().unwrap() < clean - 0.5, "{fault:?}: {:?}", fault.mos_v());
        }
        assert_eq!(Watching { frozen_ratio: Some(1.0), frame_rate: Some(0.0), ..good() }.mos_v(), Ok(1.0));
    }

    #[test]
    fn without_a_quantiser_bits_per_pixel_tell() {
        let unknown = Watching { qp: None, ..good() };
        assert!(unknown.mos_v().unwrap() > 4.0);
        assert!(Watching { bitrate_bps: Some(150_000.0), ..unknown }.mos_v().unwrap() < unknown.mos_v().unwrap());
        assert_eq!(Watching { qp: None, bitrate_bps: None, ..good() }.mos_v(), Err(Unjudged::NotCounted));
    }

    #[test]
    fn a_pause_is_no_score() {
        assert_eq!(Watching { frame_rate: Some(0.0), ..good() }.mos_v(), Err(Unjudged::NoPicture));
        assert_eq!(Watching::default().mos_v(), Err(Unjudged::NotCounted));
    }

    fn any() -> impl Strategy<Value = Option<f64>> {
        prop::option::of(prop_oneof![0.0..1.0f64, 0.0..1e7f64, proptest::num::f64::ANY])
    }

    prop_compose! {
        fn watching()(codec in prop::option::of(prop::sample::select(vec!["video/VP8", "video/H264", "video/AV1", "x"])),
            qp in any(), bitrate_bps in any(), pixels in any(), pixels_expected in any(), frame_rate in any(), frame_rate_expected in any(), frozen_ratio in any())
            -> Watching<'static> {
            Watching { codec, qp, bitrate_bps, pixels, pixels_expected, frame_rate, frame_rate_expected, frozen_ratio }
        }
    }

    proptest! {
        #[test]
        fn a_score_is_always_on_its_scale(watching in watching()) {
            if let Ok(score) = watching.mos_v() { prop_assert!((1.0..=5.0).contains(&score), "{score}"); }
        }

        #[test]
        fn more_freezing_never_looks_better(watching in watching(), a in 0.0..1.0f64, b in 0.0..1.0f64) {
            let (less, more) = if a < b { (a, b) } else { (b, a) };
            let with = |frozen| Watching { frozen_ratio: Some(frozen), ..watching }.mos_v();
            if let (Ok(better), Ok(worse)) = (with(less), with(more)) { prop_assert!(worse <= better); }
        }
    }
}
