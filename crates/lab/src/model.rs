//! The formulas that are compared: ours, and those of other tools with their published constants.
//!
//! Each is a function of a segment and a list of constants, so that all can be refitted the same way. Round trip, jitter and
//! buffer are those measured in the call: what the published formulas take from them stays, though PESQ hears no delay.

use libm::log;
use sidetone_engine::score::{
    constants::{Constants, FITTED},
    emodel::{self, Equipment},
    mos,
};

use crate::segment::Segment;

/// A score, 1 to 5, of a segment with a list of constants.
pub type Score = Box<dyn Fn(&Segment, &[f64]) -> f64>;

/// A formula for listening quality.
pub struct Model {
    /// Whose it is.
    pub name: &'static str,
    /// As published, all above zero.
    pub constants: Vec<f64>,
    /// The formula.
    pub score: Score,
}

fn model(name: &'static str, constants: &[f64], score: impl Fn(&Segment, &[f64]) -> f64 + 'static) -> Model {
    Model { name, constants: constants.to_vec(), score: Box::new(score) }
}

/// Ours by the receiver's counters.
#[must_use]
pub fn ours() -> Model {
    model("**Sidetone**", &to_list(&FITTED)[..COUNTED], |segment, c| segment.listening().mos_lq_with(&from_list(c, &[])).unwrap_or(1.0))
}

/// Ours where concealment is not counted; what it has in common with the other is `counted`.
#[must_use]
pub fn ours_by_loss(counted: &[f64]) -> Model {
    let counted = counted.to_vec();
    model("Sidetone where only packet loss is known", &to_list(&FITTED)[COUNTED..], move |segment, c| {
        segment.listening_by_loss().mos_lq_with(&from_list(&counted, c)).unwrap_or(1.0)
    })
}

/// How many constants speak of what receivers count; the others stand in for that.
pub const COUNTED: usize = 10;

/// Names in the order of the list, as in [`Constants`].
pub const NAMES: [&str; 13] = [
    "opus_ceiling",
    "opus_slope",
    "opus_full_kbps",
    "narrow_ceiling",
    "opus",
    "narrow",
    "wide",
    "burst",
    "silent",
    "stretched",
    "fec_linear",
    "fec_square",
    "plain_linear",
];

/// The constants as a list.
#[must_use]
pub fn to_list(c: &Constants) -> [f64; 13] {
    [
        c.opus_ceiling,
        c.opus_slope,
        c.opus_full_kbps,
        c.narrow_ceiling,
        c.opus,
        c.narrow,
        c.wide,
        c.burst,
        c.silent,
        c.stretched,
        c.fec_linear,
        c.fec_square,
        c.plain_linear,
    ]
}

/// The constants of two lists, the second of which may be empty.
#[must_use]
pub fn from_list(counted: &[f64], by_loss: &[f64]) -> Constants {
    let (c, l) = (counted, by_loss);
    let or = |place: usize, held: f64| l.get(place).copied().unwrap_or(held);
    Constants {
        opus_ceiling: c[0],
        opus_slope: c[1],
        opus_full_kbps: c[2],
        narrow_ceiling: c[3],
        opus: c[4],
        narrow: c[5],
        wide: c[6],
        burst: c[7],
        silent: c[8],
        stretched: c[9],
        fec_linear: or(0, FITTED.fec_linear),
        fec_square: or(1, FITTED.fec_square),
        plain_linear: or(2, FITTED.plain_linear),
        red_linear: FITTED.red_linear,
    }
}

/// The cubic of G.107 as these tools use it, without a floor.
fn cubic(r: f64) -> f64 {
    1.0 + 0.035 * r + 7e-6 * r * (r - 60.0) * (100.0 - r)
}

/// Rating of the "effective latency" family: R0, weight of latency, weight of a percent of loss.
fn effective_latency(segment: &Segment, r0: f64, latency_weight: f64, loss: f64, c_loss: f64) -> f64 {
    let latency = latency_weight * (segment.rtt_ms() + 2.0 * segment.jitter_ms() + 10.0);
    let penalty = if latency < 160.0 { latency / 40.0 } else { (latency - 120.0) / 10.0 };
    r0 - penalty - c_loss * loss
}

fn bounded(score: f64) -> f64 {
    score.clamp(1.0, 5.0)
}

/// Other tools' formulas.
#[must_use]
pub fn peers() -> Vec<Model> {
    vec![
        model("webrtc-issue-detector (R0 93.2, effective latency)", &[93.2, 1.0, 2.5], |segment, c| {
            bounded(cubic(effective_latency(segment, c[0], c[1], segment.loss_percent().round(), c[2])))
        }),
        model("Plivo browser SDK 2.2.21", &[95.0, 93.2, 1.0, 2.5], |segment, c| {
            let r0 = if segment.is_opus() { c[0] } else { c[1] };
            bounded(mos::from_r(effective_latency(segment, r0, c[2], segment.loss_percent(), c[3])))
        }),
        model("Twilio Voice and Video SDK", &[94.768, 1.0, 2.5, 6.52], twilio),
        model("rtcscore (its defect included)", &[6.0, 55.0, 4.6, 20.0, 10.0, 0.03, 0.1, 150.0], |segment, c| {
            rtcscore(segment, c, c[4], |delay| 0.1 * 10.0 * c[6] * delay - c[7])
        }),
        model("rtcscore-go of LiveKit", &[6.0, 55.0, 4.6, 20.0, 10.0, 0.03, 0.1, 150.0, 90.0], |segment, c| {
            rtcscore(segment, c, c[8], |delay| c[6] * (delay - c[7]))
        }),
        model("OpenTok (Cole and Rosenbluth, G.711)", &[94.2, 0.024, 0.11, 177.3, 19.8, 29.7], |segment, c| {
            let delay = segment.rtt_ms() + 20.0;
            let delay_cost = c[1] * delay + c[2] * (delay - c[3]).max(0.0);
            let r = c[0] - delay_cost - c[4] * log(1.0 + c[5] * segment.loss_percent() / 100.0);
            bounded(match r {
                r if r < 0.0 => 1.0,
                r if r > 100.0 => 4.5,
                r => 1.0 + 0.035 * r + 7.1e-6 * r * (r - 60.0) * (100.0 - r),
            })
        }),
        model("VoIPmonitor", &[93.206_207_723_3, 95.0, 17.2647], |segment, c| {
            let loss = segment.loss_percent();
            let r = c[0] - c[1] * loss / (loss + c[2]);
            let fitted = 2.064_05 + 0.031_738 * r - 0.000_356_641 * r * r + 2.931_43e-6 * r * r * r;
            if loss <= 0.0 { 4.5 } else { fitted.clamp(1.0, 4.5) }
        }),
        model("FreeSWITCH (percent received)", &[100.0, 1.0], |segment, c| {
            bounded(cubic((c[0] - c[1] * segment.loss_percent()).floor().clamp(0.0, 100.0)))
        }),
        model("G.107, G.711 with concealment", &[93.2, 95.0, 25.1], |segment, c| {
            let loss = segment.loss_percent();
            mos::from_r(c[0] - c[1] * loss / (loss + c[2]))
        }),
        model("G.107.2, Opus at 31 kbit/s", &[16.83, 10.44], |segment, c| full_band(segment.loss_percent(), c)),
        model("G.107.2, the same with audible concealment for loss", &[16.83, 10.44], |segment, c| full_band(segment.audible_percent(), c)),
    ]
}

fn full_band(percent: f64, c: &[f64]) -> f64 {
    emodel::mos_fb(emodel::rating_fb(Equipment { ie: c[0], bpl: c[1] }, percent, 1.0, 0.0))
}

fn twilio(segment: &Segment, c: &[f64]) -> f64 {
    let loss = segment.loss_percent();
    let latency = c[1] * (segment.rtt_ms() + 2.0 * segment.jitter_ms() + 10.0);
    let r = if latency >= 1000.0 { 0.0 } else { effective_latency(segment, c[0], c[1], 0.0, 0.0) };
    let r = if loss <= r / c[2] { (r - c[2] * loss).max(c[3]) } else { 0.0 };
    bounded(cubic(r))
}

/// `c`: Ie of an unknown bit rate, the two of the logarithm, Bpl with FEC, Bpl without, weight of delay, weight and onset of long delay.
fn rtcscore(segment: &Segment, c: &[f64], bpl_red: f64, long_delay: impl Fn(f64) -> f64) -> f64 {
    let delay = 20.0 + segment.buffer_ms() + segment.rtt_ms() / 2.0;
    let ie = if segment.bps() > 0.0 { (c[1] - c[2] * log(segment.bps())).clamp(0.0, 30.0) } else { c[0] };
    let bpl = if segment.codec == "red" {
        bpl_red
    } else if segment.has_fec() {
        c[3]
    } else {
        c[4]
    };
    let loss = segment.loss_percent();
    let impairment = ie + (100.0 - ie) * loss / (loss + bpl);
    let delay_cost = c[5] * delay + if delay > 150.0 { long_delay(delay) } else { 0.0 };
    bounded(cubic((100.0 - impairment - delay_cost).clamp(0.0, 100.0)))
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
