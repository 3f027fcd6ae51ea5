//! The E-model against computed values of the Recommendations' formulas, made with an independent implementation.

use super::*;

fn near(actual: f64, expected: f64) {
    assert!((actual - expected).abs() < 0.01, "{actual} is not {expected}");
}

const G711: Equipment = Equipment { ie: 0.0, bpl: 4.3 };
const G711_PLC: Equipment = Equipment { ie: 0.0, bpl: 25.1 };
const G729A: Equipment = Equipment { ie: 11.0, bpl: 19.0 };

#[test]
fn the_defaults_give_93_2() {
    let clean = NarrowBand::default();
    let (iolr, ist, iq) = clean.simultaneous();
    for (actual, expected) in [
        (clean.noise(), -61.1792),
        (clean.basic(), 94.7688),
        (iolr, 0.4402),
        (ist, -0.0007),
        (iq, 0.9741),
        (iolr + ist + iq, 1.4136),
        (clean.listener_echo(), 0.1490),
        (clean.rating(), 93.2062),
        (mos::from_r(clean.rating()), 4.409),
    ] {
        assert!((actual - expected).abs() < 5e-4, "{actual} is not {expected}");
    }
}

#[test]
fn delay_impairs_as_tabled() {
    let table = [
        (100.0, 0.0, 93.20, 4.409, 90.66),
        (120.0, 0.001, 93.20, 4.409, 90.26),
        (150.0, 0.164, 93.04, 4.406, 89.54),
        (177.0, 1.154, 92.05, 4.386, 88.08),
        (200.0, 3.044, 90.16, 4.343, 85.80),
        (250.0, 8.917, 84.28, 4.175, 79.18),
        (300.0, 14.761, 78.44, 3.964, 72.67),
        (350.0, 19.811, 73.39, 3.752, 67.03),
        (400.0, 24.070, 69.13, 3.556, 62.25),
        (500.0, 30.636, 62.56, 3.232, 54.80),
        (600.0, 35.247, 57.95, 2.993, 49.48),
        (800.0, 40.832, 52.37, 2.700, 42.82),
    ];
    for (ta, idd, r, mos_cq, full) in table {
        near(delay_impairment(ta, DelaySensitivity::DEFAULT), idd);
        let pure = 93.2 - delay_impairment(ta, DelaySensitivity::DEFAULT);
        near(pure, r);
        near(mos::from_r(pure), mos_cq);
        near(NarrowBand { ta, ..NarrowBand::default() }.rating(), pure + 0.0062);
        near(NarrowBand { ta, t: ta, tr: 2.0 * ta, ..NarrowBand::default() }.rating(), full);
    }
}

#[test]
fn less_sensitive_classes_mind_delay_less() {
    let delays = [100.0, 150.0, 200.0, 300.0, 400.0, 600.0];
    let low = [0.0, 0.16, 2.25, 10.09, 16.89, 25.54];
    let very_low = [0.0, 0.0, 0.95, 6.18, 11.20, 18.03];
    for index in 0..delays.len() {
        near(delay_impairment(delays[index], DelaySensitivity::LOW), low[index]);
        near(delay_impairment(delays[index], DelaySensitivity::VERY_LOW), very_low[index]);
    }
}

#[test]
fn loss_impairs_as_tabled() {
    let table = [
        (0.0, [(0.0, 4.409), (0.0, 4.409), (11.0, 4.104)]),
        (1.0, [(17.925, 3.834), (3.640, 4.328), (15.200, 3.946)]),
        (2.0, [(30.159, 3.256), (7.011, 4.235), (19.000, 3.787)]),
        (3.0, [(39.041, 2.794), (10.142, 4.134), (22.455, 3.632)]),
        (5.0, [(51.075, 2.169), (15.781, 3.923), (28.500, 3.340)]),
        (10.0, [(66.434, 1.481), (27.066, 3.411), (39.966, 2.745)]),
        (20.0, [(78.189, 1.124), (42.129, 2.631), (54.077, 2.021)]),
    ];
    for (ppl, expected) in table {
        for (equipment, (ie_eff, mos_lq)) in [G711, G711_PLC, G729A].into_iter().zip(expected) {
            near(equipment.impairment_nb(ppl, 1.0), ie_eff);
            near(mos::from_r(93.2 - equipment.impairment_nb(ppl, 1.0)), mos_lq);
            let whole = NarrowBand { equipment, ppl, ..NarrowBand::default() };
            near(mos::from_r(whole.rating()), mos_lq);
        }
    }
}

#[test]
fn bursts_impair_more() {
    for (ppl, plc, g729) in [(1.0, 3.711, 15.308), (2.0, 7.280, 19.400), (5.0, 17.210, 30.535), (10.0, 31.561, 46.000)] {
        near(G711_PLC.impairment_nb(ppl, 2.0), plc);
        near(G729A.impairment_nb(ppl, 2.0), g729);
    }
    near(G711.impairment_nb(5.0, 2.0), 69.853);
    near(G711.impairment_nb(10.0, 2.0), 95.0);
    near(G729A.impairment_nb(3.0, 1.5), 23.0);
    near(burst_ratio(0.02, 0.38), 2.5);
}

#[test]
fn wide_band_has_its_own_scale() {
    near(mos_wb(129.0), 4.5);
    for (ie, r, rx, expected) in [(1.0, 128.0, 99.22, 4.494), (13.0, 116.0, 89.92, 4.337), (35.8, 93.2, 72.25, 3.701)] {
        let rating = rating_wb(Equipment { ie, bpl: 10.0 }, 0.0, 1.0, 0.0);
        near(rating, r);
        near(rating / 1.29, rx);
        near(mos_wb(rating), expected);
    }
    near(rating_wb(Equipment { ie: 13.0, bpl: 10.0 }, 0.0, 1.0, 300.0), 116.0 - 14.761);
}

#[test]
fn full_band_has_its_own_scale() {
    let losses = [0.0, 1.0, 2.0, 5.0, 10.0, 20.0];
    let check = |ie, bpl, impairments: Option<[f64; 6]>, scores: [f64; 6]| {
        let equipment = Equipment { ie, bpl };
        for index in 0..losses.len() {
            if let Some(impairments) = impairments {
                near(equipment.impairment_fb(losses[index], 1.0), impairments[index]);
            }
            near(mos_fb(rating_fb(equipment, losses[index], 1.0, 0.0)), scores[index]);
        }
    };
    check(0.0, 10.0, Some([0.0, 12.0, 22.0, 44.0, 66.0, 88.0]), [4.5, 4.383, 4.202, 3.610, 2.860, 2.091]);
    check(16.83, 10.44, Some([16.83, 26.90, 35.35, 54.13, 73.18, 92.50]), [4.304, 4.091, 3.869, 3.276, 2.604, 1.943]);
    check(10.67, 9.79, None, [4.401, 4.204, 3.981, 3.358, 2.647, 1.955]);
    near(rating_fb(Equipment { ie: 0.0, bpl: 10.0 }, 0.0, 1.0, 400.0), 148.0 - 1.48 * 24.070);
}
