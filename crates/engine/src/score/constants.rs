//! The constants of `mos_lq`.

/// What `mos_lq` is computed with. Weights are per ratio of 0..=1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constants {
    /// Clean Opus from `opus_full_kbps` on.
    pub opus_ceiling: f64,
    /// What each factor e below `opus_full_kbps` costs.
    pub opus_slope: f64,
    /// Bit rate that more does not improve, kbit/s.
    pub opus_full_kbps: f64,
    /// Clean G.711.
    pub narrow_ceiling: f64,
    /// Weight of audible concealment by Opus.
    pub opus: f64,
    /// The same for narrow-band codecs.
    pub narrow: f64,
    /// The same for G.722 and its like.
    pub wide: f64,
    /// Exponent of the mean concealed run in frames.
    pub burst: f64,
    /// Weight of concealment that faded to silence.
    pub silent: f64,
    /// Weight of stretched samples.
    pub stretched: f64,
    /// Concealment guessed from packet loss, with in-band FEC: `loss·(linear + square·loss)`.
    pub fec_linear: f64,
    /// See `fec_linear`.
    pub fec_square: f64,
    /// Concealment guessed from packet loss, without FEC: `loss·linear`.
    pub plain_linear: f64,
    /// The same of packets that carry the sound of the one before as well (RED, RFC 2198): what is heard is a packet whose copy is lost too.
    /// Fitted to what was concealed of what was lost.
    pub red_linear: f64,
}

/// Fitted by `cargo xtask lab fit` to PESQ-WB of the 285 undisturbed segments (86 conditions) in the fit part of
/// `testdata/quality/segments.csv`: least squares, downhill simplex.
pub const FITTED: Constants = Constants {
    opus_ceiling: 4.33,
    opus_slope: 1.347,
    opus_full_kbps: 21.09,
    narrow_ceiling: 2.964,
    opus: 11.36,
    narrow: 8.22,
    wide: 15.04,
    burst: 0.1177,
    silent: 4.121,
    stretched: 31.11,
    fec_linear: 0.6072,
    fec_square: 0.0007933,
    plain_linear: 1.238,
    red_linear: 0.2712,
};
