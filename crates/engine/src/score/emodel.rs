//! The E-model: narrow band complete (ITU-T G.107), wide band (G.107.1) and full band (G.107.2).
//!
//! Delays in ms, loss in percent, impairments on the R scale of the band: clean is 93.2, 129 and 148.
//! The full-band form with `Is` = 0 and a plain delay term is what public implementations of G.107.2 use.

use libm::{exp, log10, pow};

use super::{log2, mos};

/// Greatest impairment by loss in narrow and wide band (G.107, G.107.1).
const IE_EFF_MAX: f64 = 95.0;
/// The same in full band (G.107.2).
const IE_EFF_MAX_FB: f64 = 132.0;
/// Rating of a clean wide-band call (G.107.1).
const RO_WB: f64 = 129.0;
/// Rating of a clean full-band call (G.107.2).
const RO_FB: f64 = 148.0;

/// How much people mind delay: the classes of G.107 since 2014.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DelaySensitivity {
    /// sT, the slope.
    pub slope: f64,
    /// mT, the one-way delay in ms from which it is minded.
    pub onset_ms: f64,
}

impl DelaySensitivity {
    /// The default; classic editions know only this.
    pub const DEFAULT: Self = Self { slope: 1.0, onset_ms: 100.0 };
    /// Low sensitivity.
    pub const LOW: Self = Self { slope: 0.55, onset_ms: 120.0 };
    /// Very low sensitivity.
    pub const VERY_LOW: Self = Self { slope: 0.4, onset_ms: 150.0 };
}

/// Impairment `Idd` by a pure one-way mouth-to-ear delay in ms.
#[must_use]
pub fn delay_impairment(ta_ms: f64, sensitivity: DelaySensitivity) -> f64 {
    if ta_ms.is_nan() || ta_ms <= sensitivity.onset_ms {
        return 0.0;
    }
    let x = log2(ta_ms / sensitivity.onset_ms);
    let k = 6.0 * sensitivity.slope;
    let norm = |x: f64| super::power(1.0 + super::power(x, k), 1.0 / k);
    25.0 * (norm(x) - 3.0 * norm(x / 3.0) + 2.0)
}

/// What a codec and its concealment cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Equipment {
    /// `Ie`: without loss.
    pub ie: f64,
    /// `Bpl`: how well it bears loss.
    pub bpl: f64,
}

impl Equipment {
    /// `Ie,eff` at `ppl` percent of loss in bursts `burst_ratio` times as long as random loss, on a scale that ends at `max`.
    ///
    /// Clamped to `max`: for long bursts and high loss the formula passes it.
    fn impairment(self, ppl: f64, burst_ratio: f64, max: f64) -> f64 {
        let ppl = ppl.clamp(0.0, 100.0);
        (self.ie + (max - self.ie) * ppl / (ppl / burst_ratio.max(f64::MIN_POSITIVE) + self.bpl)).min(max)
    }

    /// `Ie,eff` in narrow or wide band.
    #[must_use]
    pub fn impairment_nb(self, ppl: f64, burst_ratio: f64) -> f64 {
        self.impairment(ppl, burst_ratio, IE_EFF_MAX)
    }

    /// `Ie,eff` in full band.
    #[must_use]
    pub fn impairment_fb(self, ppl: f64, burst_ratio: f64) -> f64 {
        self.impairment(ppl, burst_ratio, IE_EFF_MAX_FB)
    }
}

/// `BurstR` of two-state Markov loss: `p` is the chance to turn bad, `q` to turn good again.
#[must_use]
pub fn burst_ratio(p: f64, q: f64) -> f64 {
    1.0 / (p + q)
}

/// The parameters of the narrow-band E-model, with the defaults of G.107 (R = 93.2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NarrowBand {
    /// Send loudness rating, dB.
    pub slr: f64,
    /// Receive loudness rating, dB.
    pub rlr: f64,
    /// Sidetone masking rating, dB.
    pub stmr: f64,
    /// Listener sidetone rating, dB.
    pub lstr: f64,
    /// D-value of the telephone at the sending side.
    pub ds: f64,
    /// Talker echo loudness rating, dB.
    pub telr: f64,
    /// Weighted echo path loss, dB.
    pub wepl: f64,
    /// Mean one-way delay of the echo path, ms.
    pub t: f64,
    /// Round-trip delay in the four-wire loop, ms.
    pub tr: f64,
    /// Absolute one-way mouth-to-ear delay, ms.
    pub ta: f64,
    /// Quantising distortion units.
    pub qdu: f64,
    /// Codec.
    pub equipment: Equipment,
    /// Packet loss in percent.
    pub ppl: f64,
    /// Burst ratio.
    pub burst_ratio: f64,
    /// Circuit noise, dBm0p.
    pub nc: f64,
    /// Noise floor at the receiving side, dBmp.
    pub nfor: f64,
    /// Room noise at the sending side, dB(A).
    pub ps: f64,
    /// Room noise at the receiving side, dB(A).
    pub pr: f64,
    /// Advantage factor.
    pub a: f64,
    /// Delay-sensitivity class.
    pub sensitivity: DelaySensitivity,
}

impl Default for NarrowBand {
    fn default() -> Self {
        Self {
            slr: 8.0,
            rlr: 2.0,
            stmr: 15.0,
            lstr: 18.0,
            ds: 3.0,
            telr: 65.0,
            wepl: 110.0,
            t: 0.0,
            tr: 0.0,
            ta: 0.0,
            qdu: 1.0,
            equipment: Equipment { ie: 0.0, bpl: 4.3 },
            ppl: 0.0,
            burst_ratio: 1.0,
            nc: -70.0,
            nfor: -64.0,
            ps: 35.0,
            pr: 35.0,
            a: 0.0,
            sensitivity: DelaySensitivity::DEFAULT,
        }
    }
}

fn power(db: f64) -> f64 {
    pow(10.0, db / 10.0)
}

impl NarrowBand {
    /// Sum of all noise, `No`, dBm0p.
    #[must_use]
    pub fn noise(&self) -> f64 {
        let olr = self.slr + self.rlr;
        let nos = self.ps - self.slr - self.ds - 100.0 + 0.004 * pow(self.ps - olr - self.ds - 14.0, 2.0);
        let pre = self.pr + 10.0 * log10(1.0 + power(10.0 - self.lstr));
        let nor = self.rlr - 121.0 + pre + 0.008 * pow(pre - 35.0, 2.0);
        let nfo = self.nfor + self.rlr;
        10.0 * log10(power(self.nc) + power(nos) + power(nor) + power(nfo))
    }

    /// Basic signal-to-noise ratio, `Ro`.
    #[must_use]
    pub fn basic(&self) -> f64 {
        15.0 - 1.5 * (self.slr + self.noise())
    }

    /// `Ist`: too strong a sidetone.
    fn sidetone(&self) -> f64 {
        let stmro = -10.0 * log10(power(-self.stmr) + exp(-self.t / 4.0) * power(-self.telr));
        12.0 * pow(1.0 + pow((stmro - 13.0) / 6.0, 8.0), 1.0 / 8.0)
            - 28.0 * pow(1.0 + pow((stmro + 1.0) / 19.4, 35.0), 1.0 / 35.0)
            - 13.0 * pow(1.0 + pow((stmro - 3.0) / 33.0, 13.0), 1.0 / 13.0)
            + 29.0
    }

    /// Simultaneous impairments `(Iolr, Ist, Iq)`: loudness, sidetone, quantising.
    #[must_use]
    pub fn simultaneous(&self) -> (f64, f64, f64) {
        let xolr = self.slr + self.rlr + 0.2 * (64.0 + self.noise() - self.rlr);
        let iolr = 20.0 * (pow(1.0 + pow(xolr / 8.0, 8.0), 1.0 / 8.0) - xolr / 8.0);
        let q = 37.0 - 15.0 * log10(self.qdu);
        let g = 1.07 + 0.258 * q + 0.0602 * q * q;
        let y = (self.basic() - 100.0) / 15.0 + 46.0 / 8.4 - g / 9.0;
        let z = 46.0 / 30.0 - g / 40.0;
        let iq = 15.0 * log10(1.0 + pow(10.0, y) + pow(10.0, z));
        (iolr, self.sidetone(), iq)
    }

    /// `Idte`: talker echo.
    fn talker_echo(&self) -> f64 {
        if self.t < 1.0 {
            return 0.0;
        }
        let t = self.t;
        let mut terv = self.telr - 40.0 * log10((1.0 + t / 10.0) / (1.0 + t / 150.0)) + 6.0 * exp(-0.3 * t * t);
        if self.stmr < 9.0 {
            terv += self.sidetone() / 2.0;
        }
        let re = 80.0 + 2.5 * (terv - 14.0);
        let half = (-1.5 * (self.noise() - self.rlr) - re) / 2.0;
        let echo = (half + (half * half + 100.0).sqrt() - 1.0) * (1.0 - exp(-t));
        if self.stmr > 20.0 {
            let sidetone = self.sidetone();
            return (echo * echo + sidetone * sidetone).sqrt();
        }
        echo
    }

    /// `Idle`: listener echo.
    #[must_use]
    pub fn listener_echo(&self) -> f64 {
        let rle = 10.5 * (self.wepl + 7.0) * pow(self.tr + 1.0, -0.25);
        let half = (self.basic() - rle) / 2.0;
        half + (half * half + 169.0).sqrt()
    }

    /// The rating `R = Ro − Is − Id − Ie,eff + A`.
    #[must_use]
    pub fn rating(&self) -> f64 {
        let (iolr, ist, iq) = self.simultaneous();
        let delay = self.talker_echo() + self.listener_echo() + delay_impairment(self.ta, self.sensitivity);
        self.basic() - (iolr + ist + iq) - delay - self.equipment.impairment_nb(self.ppl, self.burst_ratio) + self.a
    }
}

/// Rating on the wide-band scale of 0 to 129 (G.107.1), `Is` taken as 0.
#[must_use]
pub fn rating_wb(equipment: Equipment, ppl: f64, burst_ratio: f64, ta_ms: f64) -> f64 {
    RO_WB - delay_impairment(ta_ms, DelaySensitivity::DEFAULT) - equipment.impairment_nb(ppl, burst_ratio)
}

/// MOS of a wide-band rating.
#[must_use]
pub fn mos_wb(rating: f64) -> f64 {
    mos::from_r(rating / 1.29)
}

/// Rating on the full-band scale of 0 to 148 (G.107.2), `Is` taken as 0.
#[must_use]
pub fn rating_fb(equipment: Equipment, ppl: f64, burst_ratio: f64, ta_ms: f64) -> f64 {
    RO_FB - 1.48 * delay_impairment(ta_ms, DelaySensitivity::DEFAULT) - equipment.impairment_fb(ppl, burst_ratio)
}

/// MOS of a full-band rating.
#[must_use]
pub fn mos_fb(rating: f64) -> f64 {
    mos::from_r(rating / 1.48)
}

#[cfg(test)]
#[path = "emodel_tests.rs"]
mod tests;
