//! The map between the R scale and MOS. Source: ITU-T G.107 Annex B (R to MOS-CQE).
//! Its inverse is that of Appendix I, by steps instead of arc tangent and cosine, which are 3 kB that every page would download.

/// Greatest MOS that the map gives.
pub const MOS_MAX: f64 = 4.5;

/// MOS of a rating `r` on the narrow-band scale of 0 to 100: 1.0..=4.5. NaN counts as 0.
///
/// The cubic of G.107 dips slightly below 1 for 0 < R < 6.515; it is clamped there.
#[must_use]
pub fn from_r(r: f64) -> f64 {
    if r >= 100.0 {
        return MOS_MAX;
    }
    if r > 0.0 { (1.0 + 0.035 * r + 7e-6 * r * (r - 60.0) * (100.0 - r)).clamp(1.0, MOS_MAX) } else { 1.0 }
}

/// Where the cubic is steepest: from there Newton's steps reach every root without passing it.
const STEEPEST: f64 = 160.0 / 3.0;
/// After so many no step changes anything.
const STEPS: usize = 8;

/// Rating of a `mos`, which is clamped to 1.0..=4.5: 6.52..=100.
#[must_use]
pub fn to_r(mos: f64) -> f64 {
    let mos = if mos.is_nan() { 1.0 } else { mos.clamp(1.0, MOS_MAX) };
    let mut r = STEEPEST;
    for _ in 0..STEPS {
        let excess = 1.0 + 0.035 * r + 7e-6 * r * (r - 60.0) * (100.0 - r) - mos;
        r -= excess / (0.035 + 7e-6 * (320.0 * r - 3.0 * r * r - 6000.0));
    }
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_map_has_the_values_of_g107() {
        let table = [
            (0.0, 1.0),
            (10.0, 1.0350),
            (20.0, 1.2520),
            (30.0, 1.6090),
            (40.0, 2.0640),
            (50.0, 2.5750),
            (60.0, 3.1000),
            (70.0, 3.5970),
            (80.0, 4.0240),
            (90.0, 4.3390),
            (93.2, 4.4093),
            (94.2, 4.4278),
            (100.0, 4.5),
            (110.0, 4.5),
        ];
        for (r, expected) in table {
            assert!((from_r(r) - expected).abs() < 5e-5, "R {r}: {}", from_r(r));
        }
    }

    #[test]
    fn the_inverse_has_the_values_of_g107() {
        let table = [(1.5, 27.269), (2.0, 38.684), (2.5, 48.568), (3.0, 58.079), (3.5, 67.962), (4.0, 79.371), (4.4, 92.730), (4.5, 100.0)];
        for (mos, expected) in table {
            assert!((to_r(mos) - expected).abs() < 1e-3, "MOS {mos}: {}", to_r(mos));
        }
    }

    proptest! {
        #[test]
        fn there_and_back(r in 6.6..99.9f64) {
            prop_assert!((to_r(from_r(r)) - r).abs() < 1e-6);
        }

        #[test]
        fn the_map_never_falls(a in proptest::num::f64::ANY, b in proptest::num::f64::ANY) {
            prop_assert!((1.0..=4.5).contains(&from_r(a)));
            if a <= b { prop_assert!(from_r(a) <= from_r(b)); }
        }
    }
}
