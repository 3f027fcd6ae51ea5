//! Codec constants of the E-model, on one full-band scale, with where each comes from.
//!
//! A narrow-band score and a full-band score must not be compared, so every codec is put on the full-band scale.
//! Narrow- and wide-band `Ie` are moved there by the distance between a clean call of that band and a clean full-band
//! call: 148 − 93.2 (G.107 default R) and 148 − 129 (G.107.1), the rule by which G.113 gives G.711 `Ie,WB` ≈ 36.

use super::emodel::Equipment;

/// What a narrow-band channel costs on the full-band scale.
const NARROW_BAND: f64 = 148.0 - 93.2;
/// What a wide-band channel costs on the full-band scale.
const WIDE_BAND: f64 = 148.0 - 129.0;

/// Opus in speech mode, super-wide band, VBR: kbit/s, `Ie`, `Bpl` for random loss, on the full-band scale.
///
/// Source: Alahmadi, Počta, Melvin, ACM TOMM 2021 (doi 10.1145/3458751), which derives them from an instrumental model.
/// The published `Ie` at 22 and 25 kbit/s differ by 0.01, noise of the fit.
const OPUS: [(f64, f64, f64); 10] = [
    (14.0, 38.06, 16.51),
    (16.0, 30.16, 11.83),
    (19.0, 23.81, 10.67),
    (22.0, 20.22, 10.47),
    (25.0, 20.21, 11.28),
    (28.0, 18.48, 10.63),
    (31.0, 16.83, 10.44),
    (34.0, 14.76, 10.12),
    (37.0, 12.08, 10.38),
    (40.0, 10.67, 9.79),
];

/// `Ie` and `Bpl` by MIME type in lower case, on the codec's own scale, and what its band costs.
///
/// G.711: G.113 Appendix I, with packet-loss concealment as every WebRTC endpoint has it. G.722: G.113 Appendix IV for `Ie`,
/// a public engine's 10 for `Bpl`. G.729A: G.113 Appendix I. iLBC: literature, differs by source.
/// AMR-WB: G.113 Appendix IV at 12.65 kbit/s, `Bpl` 13 of a public engine.
const FIXED: [(&str, f64, f64, f64); 6] = [
    ("audio/pcmu", 0.0, 25.1, NARROW_BAND),
    ("audio/pcma", 0.0, 25.1, NARROW_BAND),
    ("audio/g722", 13.0, 10.0, WIDE_BAND),
    ("audio/g729", 11.0, 19.0, NARROW_BAND),
    ("audio/ilbc", 11.0, 32.0, NARROW_BAND),
    ("audio/amr-wb", 13.0, 13.0, WIDE_BAND),
];

/// Bit rate taken for Opus when it is not known: Chromium's default of 32 kbit/s.
const OPUS_DEFAULT_BPS: f64 = 32_000.0;

/// The constants of a codec at a bit rate, full-band scale. `audio/red` and unknown codecs are taken as Opus.
///
/// `mime_type` in any case; `None` and `bitrate_bps` `None` mean Opus at 32 kbit/s.
#[must_use]
pub fn equipment(mime_type: Option<&str>, bitrate_bps: Option<f64>) -> Equipment {
    if let Some(mime_type) = mime_type
        && let Some(&(_, ie, bpl, band)) = FIXED.iter().find(|(name, ..)| name.eq_ignore_ascii_case(mime_type))
    {
        return Equipment { ie: ie + band, bpl };
    }
    let kbps = bitrate_bps.filter(|bps| bps.is_finite()).unwrap_or(OPUS_DEFAULT_BPS) / 1000.0;
    let above = OPUS.iter().position(|&(rate, ..)| rate > kbps);
    let (low, high) = match above {
        Some(0) => (OPUS[0], OPUS[0]),
        Some(index) => (OPUS[index - 1], OPUS[index]),
        None => (OPUS[OPUS.len() - 1], OPUS[OPUS.len() - 1]),
    };
    let share = if high.0 > low.0 { (kbps - low.0) / (high.0 - low.0) } else { 0.0 };
    Equipment { ie: low.1 + share * (high.1 - low.1), bpl: low.2 + share * (high.2 - low.2) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::emodel::{mos_fb, rating_fb};

    #[test]
    fn opus_is_tabled_by_bit_rate() {
        assert_eq!(equipment(Some("audio/opus"), Some(31_000.0)), Equipment { ie: 16.83, bpl: 10.44 });
        let between = equipment(Some("audio/OPUS"), Some(38_500.0));
        assert!((between.ie - 11.375).abs() < 1e-9 && (between.bpl - 10.085).abs() < 1e-9);
        assert_eq!(equipment(None, Some(6000.0)).ie, 38.06);
        assert_eq!(equipment(None, Some(510_000.0)).ie, 10.67);
    }

    #[test]
    fn bands_rank_as_people_hear_them() {
        let clean = |mime| mos_fb(rating_fb(equipment(Some(mime), None), 0.0, 1.0, 0.0));
        assert!(clean("audio/opus") > clean("audio/G722") && clean("audio/G722") > clean("audio/PCMU"));
        assert!((3.0..3.4).contains(&clean("audio/PCMU")), "{}", clean("audio/PCMU"));
    }
}
