//! What holds for every score of sound, whatever the constants.

use proptest::prelude::*;

use super::*;

fn clean() -> Listening<'static> {
    Listening {
        codec: Some("audio/opus"),
        bitrate_bps: Some(32_000.0),
        packets_per_second: Some(50.0),
        loss_ratio: Some(0.0),
        audible_concealment_ratio: Some(0.0),
        silent_concealment_ratio: Some(0.0),
        ..Listening::default()
    }
}

fn heard(listening: &Listening<'_>) -> f64 {
    listening.mos_lq().unwrap()
}

#[test]
fn a_clean_call_has_the_ceiling_of_its_codec() {
    assert_eq!(clean().mos_lq(), Ok(codec::ceiling(Some("audio/opus"), Some(32_000.0), &FITTED)));
}

#[test]
fn packet_loss_that_was_repaired_does_not_count() {
    let repaired = Listening { loss_ratio: Some(0.1), ..clean() };
    assert_eq!(repaired.mos_lq(), clean().mos_lq());
    let unknown = Listening { audible_concealment_ratio: None, ..repaired };
    assert!(heard(&unknown) < heard(&clean()));
    assert!(heard(&Listening { has_fec: true, ..unknown }) > heard(&unknown));
}

#[test]
fn what_redundancy_makes_up_for_is_not_heard() {
    let lossy = Listening { audible_concealment_ratio: None, loss_ratio: Some(0.1), has_fec: true, ..clean() };
    let redundant = Listening { codec: Some("audio/red"), ..lossy };
    assert!(heard(&redundant) > heard(&lossy) && heard(&redundant) < heard(&clean()));
    // One that says the same of the same loss, and counts what it conceals: a quarter of it.
    let counted = Listening { audible_concealment_ratio: Some(0.1 * FITTED.red_linear), ..redundant };
    assert!((heard(&redundant) - heard(&counted)).abs() < 1e-9);
}

#[test]
fn a_pause_of_dtx_is_not_a_gap() {
    let pause = Listening { silent_concealment_ratio: Some(0.6), ..clean() };
    assert_eq!(pause.mos_lq(), clean().mos_lq());
    assert!(heard(&Listening { loss_ratio: Some(0.5), ..pause }) < heard(&clean()));
}

#[test]
fn a_second_of_which_most_is_missing_is_bad() {
    let gone = Listening { audible_concealment_ratio: Some(0.15), silent_concealment_ratio: Some(0.7), loss_ratio: Some(0.9), ..clean() };
    assert!(heard(&gone) < 1.5, "{}", heard(&gone));
}

#[test]
fn nothing_to_judge_has_a_reason() {
    let rate = |packets| Listening { packets_per_second: Some(packets), ..clean() }.mos_lq();
    assert_eq!(rate(0.0), Err(Unjudged::NothingDue));
    assert_eq!(rate(2.5), Err(Unjudged::Sparse));
    let aged = |age_s| Listening { age_s: Some(age_s), ..clean() }.mos_lq();
    assert_eq!(aged(1.0), Err(Unjudged::Settling));
    assert_eq!(aged(2.0), clean().mos_lq());
    assert_eq!(Listening { loss_ratio: None, audible_concealment_ratio: None, ..clean() }.mos_lq(), Err(Unjudged::NotCounted));
    assert_eq!(clean().mos_cq(&Delay::default()), None);
}

#[test]
fn delay_lowers_conversation_and_not_listening() {
    let far = Delay { rtt_ms: Some(600.0), jitter_buffer_ms: Some(60.0), ..Delay::default() };
    let near = Delay { rtt_ms: Some(20.0), ..far };
    assert_eq!(clean().mos_cq(&near), clean().mos_lq().ok());
    assert!(clean().mos_cq(&far).unwrap() < 3.7);
}

#[test]
fn conversation_loses_what_g107_says() {
    // A rating of 93.2 is a MOS of 4.409; 150 ms one way leave 93.04, 400 ms 69.13.
    let after = |ta_ms: f64| {
        let delay = Delay { rtt_ms: Some(2.0 * (ta_ms - CAPTURE_MS)), jitter_buffer_ms: Some(0.0), ..Delay::default() };
        conversational(mos::from_r(93.2), &delay).unwrap()
    };
    for (ta_ms, expected) in [(100.0, 4.409), (150.0, 4.406), (200.0, 4.343), (400.0, 3.556), (800.0, 2.700)] {
        assert!((after(ta_ms) - expected).abs() < 0.001, "{ta_ms} ms: {}", after(ta_ms));
    }
}

fn anything() -> impl Strategy<Value = f64> {
    prop_oneof![0.0..1.0f64, 0.0..5000.0f64, proptest::num::f64::ANY]
}

fn option(strategy: impl Strategy<Value = f64> + 'static) -> impl Strategy<Value = Option<f64>> {
    prop::option::of(strategy)
}

prop_compose! {
    fn listening()(codec in prop::option::of(prop::sample::select(vec!["audio/opus", "audio/red", "audio/PCMU", "audio/G722", "audio/g729", "x"])),
        has_fec: bool, age_s in option(anything()), bitrate_bps in option(anything()), packets_per_second in option(anything()), loss_ratio in option(anything()),
        audible in option(anything()), silent in option(anything()), burst in option(anything()), stretch in option(anything()))
        -> Listening<'static> {
        Listening { codec, has_fec, age_s, bitrate_bps, packets_per_second, loss_ratio, audible_concealment_ratio: audible,
            silent_concealment_ratio: silent, concealment_burst_ms: burst, time_stretch_ratio: stretch }
    }
}

/// Whether the score of the second is not above that of the first, where both have one.
fn falls(better: &Listening<'_>, worse: &Listening<'_>) -> bool {
    match (better.mos_lq(), worse.mos_lq()) {
        (Ok(better), Ok(worse)) => worse <= better,
        _ => true,
    }
}

proptest! {
    #[test]
    fn a_score_is_always_on_its_scale(listening in listening(), rtt in option(anything()), buffer in option(anything()), jitter in option(anything())) {
        let delay = Delay { rtt_ms: rtt, jitter_buffer_ms: buffer, playout_ms: None, jitter_ms: jitter };
        for score in [listening.mos_lq().ok(), listening.mos_cq(&delay)].into_iter().flatten() {
            prop_assert!((1.0..=4.5).contains(&score), "{score}");
        }
    }

    #[test]
    fn worse_never_sounds_better(listening in listening(), a in 0.0..1.0f64, b in 0.0..1.0f64) {
        let (less, more) = if a < b { (a, b) } else { (b, a) };
        let loss = |ratio| Listening { loss_ratio: Some(ratio), ..listening };
        prop_assert!(falls(&loss(less), &loss(more)));
        let audible = |ratio| Listening { audible_concealment_ratio: Some(ratio), ..listening };
        prop_assert!(falls(&audible(less), &audible(more)));
        let silent = |ratio| Listening { silent_concealment_ratio: Some(ratio), ..listening };
        prop_assert!(falls(&silent(less), &silent(more)));
        let burst = |share| Listening { concealment_burst_ms: Some(2000.0 * share), ..listening };
        prop_assert!(falls(&burst(less), &burst(more)));
        let stretch = |ratio| Listening { time_stretch_ratio: Some(ratio), ..listening };
        prop_assert!(falls(&stretch(less), &stretch(more)));
        let missing = |share| Listening { bitrate_bps: Some(128_000.0 * (1.0 - share)), ..listening };
        prop_assert!(falls(&missing(less), &missing(more)));
    }

    #[test]
    fn more_delay_or_jitter_never_talks_better(mos_lq in 1.0..4.5f64, rtt in 0.0..4000.0f64, more_rtt in 0.0..4000.0f64,
        jitter in 0.0..500.0f64, more_jitter in 0.0..500.0f64, buffer in option(0.0..1000.0f64)) {
        let near = Delay { rtt_ms: Some(rtt), jitter_ms: Some(jitter), jitter_buffer_ms: buffer, playout_ms: None };
        let far = Delay { rtt_ms: Some(rtt + more_rtt), jitter_ms: Some(jitter + more_jitter), ..near };
        // The map to R and back is exact to nine digits.
        prop_assert!(conversational(mos_lq, &far).unwrap() <= conversational(mos_lq, &near).unwrap() + 1e-9);
    }
}
