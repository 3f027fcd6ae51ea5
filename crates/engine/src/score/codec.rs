//! What a clean call of a codec scores: the ceiling of `mos_lq`, all codecs on one wide-band scale.
//!
//! Opus and G.711 are measured. Another codec stands as far below the one of its band, on the R scale, as the `Ie` of ITU-T G.113
//! say (Appendix I for narrow band, IV for wide band; iLBC: literature, differs by source).

use libm::log;

use super::{constants::Constants, mos};

/// What a codec does to sound, roughly: how much it passes and how it bears a loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Opus, with or without RED, and whatever is not known.
    Opus,
    /// Narrow band: G.711 and its like.
    Narrow,
    /// Wide band, sample by sample or in frames that stand alone: G.722 and its like.
    Wide,
}

/// `Ie,WB` of G.722 at 64 kbit/s, and of AMR-WB at 12.65, on a scale of 0 to 100 (G.107.1 has one of 129).
const WIDE_BAND: f64 = 13.0 / 1.29;

/// MIME type in lower case, its channel, and what its `Ie` is above that of Opus or G.711.
const CODECS: [(&str, Channel, f64); 6] = [
    ("audio/pcmu", Channel::Narrow, 0.0),
    ("audio/pcma", Channel::Narrow, 0.0),
    ("audio/g722", Channel::Wide, WIDE_BAND),
    ("audio/g729", Channel::Narrow, 11.0),
    ("audio/ilbc", Channel::Narrow, 11.0),
    ("audio/amr-wb", Channel::Wide, WIDE_BAND),
];

/// Bit rate taken for Opus when it is not known: Chromium's default of 32 kbit/s.
const OPUS_DEFAULT_BPS: f64 = 32_000.0;
/// Least bit rate of Opus, kbit/s (RFC 6716). It also bounds the ceiling from below.
const OPUS_KBPS_MIN: f64 = 6.0;

fn find(mime_type: Option<&str>) -> (Channel, f64) {
    let named = |mime_type: &str| CODECS.iter().find(|(name, ..)| name.eq_ignore_ascii_case(mime_type));
    mime_type.and_then(named).map_or((Channel::Opus, 0.0), |&(_, channel, ie)| (channel, ie))
}

/// The channel of a codec; `mime_type` in any case. `audio/red` and unknown codecs are taken as Opus.
#[must_use]
pub fn channel(mime_type: Option<&str>) -> Channel {
    find(mime_type).0
}

/// Whether each packet carries the sound of the one before as well (RFC 2198).
#[must_use]
pub fn is_redundant(mime_type: &str) -> bool {
    mime_type.eq_ignore_ascii_case("audio/red")
}

/// What a clean call scores: 1.0..=4.5.
///
/// Opus is taken at 32 kbit/s when `bitrate_bps` is `None`; other codecs have one rate.
#[must_use]
pub fn ceiling(mime_type: Option<&str>, bitrate_bps: Option<f64>, constants: &Constants) -> f64 {
    let (channel, ie) = find(mime_type);
    let ceiling = match channel {
        Channel::Narrow => constants.narrow_ceiling,
        Channel::Wide => constants.opus_ceiling,
        Channel::Opus => {
            let kbps = bitrate_bps.filter(|bps| bps.is_finite()).unwrap_or(OPUS_DEFAULT_BPS) / 1000.0;
            let missing = log(constants.opus_full_kbps / kbps.max(OPUS_KBPS_MIN)).max(0.0);
            constants.opus_ceiling - constants.opus_slope * missing
        }
    };
    let ceiling = if ie > 0.0 { mos::from_r(mos::to_r(ceiling) - ie) } else { ceiling };
    ceiling.clamp(1.0, mos::MOS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::constants::FITTED;

    fn clean(mime_type: &str, kbps: f64) -> f64 {
        ceiling(Some(mime_type), Some(kbps * 1000.0), &FITTED)
    }

    #[test]
    fn bands_rank_as_people_hear_them() {
        assert!(clean("audio/opus", 32.0) > clean("audio/G722", 64.0));
        assert!(clean("audio/G722", 64.0) > clean("audio/PCMU", 64.0));
        assert!(clean("audio/PCMA", 64.0) > clean("audio/G729", 8.0));
        assert_eq!(ceiling(None, None, &FITTED), clean("audio/OPUS", 32.0));
        assert_eq!(ceiling(Some("audio/red"), None, &FITTED), clean("audio/opus", 32.0));
    }

    #[test]
    fn more_bits_never_sound_worse() {
        let rates = [0.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 64.0, 510.0];
        let ceilings = rates.map(|kbps| clean("audio/opus", kbps));
        assert!(ceilings.is_sorted(), "{ceilings:?}");
        assert!(ceilings[9] - ceilings[2] > 1.0, "{ceilings:?}");
    }
}
