//! Messenger's `call_metrics`: the page's own example, its script's output, and every contradiction between page, script and specification.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};
use sidetone_engine::units::Timestamp;
use sidetone_wire::messenger::{self, CallMetrics, EndReason, Form, Reading, Refused};

/// The example as Meta's page prints it; note the comma before the last bracket.
const PRINTED: &str = r#"{ "platform": "messenger", "call_id": "c_M5YPhGE5jm0L_PMQdScLlYJlR7tU_f0rgXinCqnTQ", "end_call_reason": "Hangup_Call", "end_call_subreason": "Conversation was finished", "call_ended_time": 123456, "first_audio_packet_received_time": 12345, "audio_stats": { "jitter_sec": 0.01, "packets_lost": 0, "packets_received": 1000, "round_trip_time_sec": 10.5, "jitter_buffer_delay_sec": 4000.5, "concealed_samples": 2000, "silent_concealed_samples": 16000, "total_samples_duration_sec": 316.5 }, }"#;

/// 2026-11-21 02:44:36 UTC.
const NOW_S: f64 = 1_795_229_076.0;

fn now() -> Timestamp {
    Timestamp::from_millis_f64(NOW_S * 1000.0).unwrap()
}

fn reading(form: Form) -> Reading<'static> {
    Reading { form, page_id: "1234", strict: false, received: now() }
}

fn read(body: &str) -> Result<CallMetrics, Refused> {
    messenger::read(body.as_bytes(), reading(Form::Json))
}

/// A good body of a call of 20 s, as the page's script measured one in Chromium.
fn body() -> Value {
    json!({
        "platform": "messenger", "call_id": "c_1", "end_call_reason": "Hangup_Call",
        "call_ended_time": NOW_S - 10.0, "first_audio_packet_received_time": NOW_S - 30.0,
        "audio_stats": {
            "jitter_sec": 0.004, "packets_lost": 7, "packets_received": 1000, "round_trip_time_sec": 0.003_266,
            "jitter_buffer_delay_sec": 29_020.8, "concealed_samples": 4800, "silent_concealed_samples": 960,
            "total_samples_duration_sec": 20.03
        }
    })
}

fn with(change: impl FnOnce(&mut Value)) -> Result<CallMetrics, Refused> {
    let mut body = body();
    change(&mut body);
    read(&body.to_string())
}

fn close(left: Option<f64>, right: f64) {
    let left = left.unwrap();
    assert!((left - right).abs() < 1e-9 * right.abs().max(1.0), "{left} is not {right}");
}

#[test]
fn the_printed_example_is_accepted_to_the_byte() {
    let metrics = read(PRINTED).unwrap();
    assert_eq!(metrics.call_id, "c_M5YPhGE5jm0L_PMQdScLlYJlR7tU_f0rgXinCqnTQ");
    assert_eq!(metrics.notes, ["lenient_json", "time_implausible", "cumulative_rtt", "silent_gt_concealed", "duration_mismatch"]);
    assert_eq!(metrics.believed_end(now()), None, "January 1970 is no end of a call");
    assert_eq!(metrics.audio.audible_concealment_ratio(), None);
    assert_eq!(metrics.payload()["end_reason"], "HANGUP_CALL");
}

#[test]
fn a_good_body_says_what_happened() {
    let metrics = read(&body().to_string()).unwrap();
    assert_eq!(metrics.notes, ["cumulative_rtt"]);
    assert_eq!(metrics.believed_end(now()).unwrap().as_millis_f64(), (NOW_S - 10.0) * 1000.0);
    assert_eq!(metrics.believed_start(now()).unwrap().as_millis_f64(), (NOW_S - 30.0) * 1000.0);
    close(metrics.audio.loss_ratio(), 7.0 / 1007.0);
    close(metrics.audio.audible_concealment_ratio(), 3840.0 / (20.03 * 48_000.0));
    // Measured in that call: 29 020.8 s over 958 080 emitted samples are 30.3 ms on average.
    let mean = metrics.audio.jitter_buffer_delay_mean_s.unwrap();
    assert!((mean / 0.0303 - 1.0).abs() < 0.25 && metrics.audio.jitter_buffer_delay_is_estimated, "{mean}");
    assert_eq!(metrics.audio.rtt_mean_s, None, "a sum without its count is no round trip");
    let mos = metrics.audio.mos_lq().unwrap();
    assert!((1.0..=5.0).contains(&mos), "{mos}");
}

#[test]
fn counts_beside_the_sums_give_true_averages() {
    let metrics = with(|body| {
        body["audio_stats"]["round_trip_time_measurements"] = json!(3);
        body["audio_stats"]["jitter_buffer_emitted_count"] = json!(958_080);
        body["audio_stats"]["total_samples_received"] = json!(961_440);
    })
    .unwrap();
    assert_eq!(metrics.notes, [""; 0]);
    close(metrics.audio.rtt_mean_s, 0.003_266 / 3.0);
    close(metrics.audio.jitter_buffer_delay_mean_s, 29_020.8 / 958_080.0);
    assert!(!metrics.audio.jitter_buffer_delay_is_estimated);
    close(metrics.audio.audible_concealment_ratio(), 3840.0 / 961_440.0);
}

#[test]
fn every_reason_is_understood_in_every_spelling() {
    for reason in EndReason::ALL {
        let camel = reason.documented().replace('_', "");
        let kebab = reason.documented().to_lowercase().replace('_', "-");
        for (spelling, is_alias) in
            [(reason.documented(), false), (reason.canonical(), false), (camel.as_str(), camel != reason.documented()), (&kebab, true)]
        {
            let metrics = with(|body| body["end_call_reason"] = json!(spelling)).unwrap();
            assert_eq!(metrics.reason, reason, "{spelling}");
            assert_eq!(metrics.notes.contains(&"reason_alias".to_owned()), is_alias, "{spelling}");
            assert_eq!(metrics.payload()["end_reason_text"], spelling);
        }
    }
    assert_eq!(EndReason::parse("WebrtcError"), Some(EndReason::WebRtcError));
    let error = with(|body| body["end_call_reason"] = json!("Bored")).unwrap_err().to_string();
    assert!(error.contains("\"Bored\"") && error.contains("Hangup_Call") && error.contains("WebRTC_Error"), "{error}");
}

#[test]
fn milliseconds_and_seconds_store_the_same() {
    let in_ms = with(|body| {
        body["audio_stats"] = json!({
            "jitter": 0.004, "packets_lost": 7, "packets_received": 1000, "round_trip_time_ms": 3.266, "jitter_buffer_delay_ms": 29_020_800.0,
            "concealed_samples": 4800, "silent_concealed_samples": 960, "total_samples_duration_ms": 20_030.0
        });
    })
    .unwrap();
    let in_seconds = read(&body().to_string()).unwrap();
    assert_eq!(in_ms.audio, in_seconds.audio);
    assert_eq!(in_ms.notes, ["unit_ms", "cumulative_rtt"]);
}

#[test]
fn what_contradicts_itself_is_taken_and_noted() {
    let noted = |name: &str, value: Value| with(|body| body["audio_stats"][name] = value).unwrap();
    assert!(noted("round_trip_time_ms", json!(3.266)).notes == ["cumulative_rtt"], "two spellings that agree are no conflict");
    let conflict = noted("total_samples_duration_ms", json!(99_000));
    assert!(conflict.notes.contains(&"unit_conflict".to_owned()));
    close(conflict.audio.duration_s, 20.03);
    let guessed = with(|body| body["audio_stats"] = json!({"jitter": 12.0})).unwrap();
    close(guessed.audio.jitter_s, 0.012);
    assert!(guessed.notes.contains(&"unit_guess".to_owned()));
    assert!(guessed.notes.contains(&"missing:packets_lost".to_owned()));
    assert!(noted("call_ended_time", json!(NOW_S - 300.0)).notes.contains(&"time_conflict".to_owned()));
    let negative = noted("packets_lost", json!(-3));
    assert_eq!((negative.audio.packets_lost, negative.audio.loss_ratio()), (Some(-3.0), None));
    let unanswered = with(|body| body["first_audio_packet_received_time"] = json!(0)).unwrap();
    assert_eq!(unanswered.first_audio, None);
    assert!(unanswered.notes.contains(&"no_audio".to_owned()));
}

#[test]
fn times_come_in_seconds_milliseconds_text_and_iso() {
    let end = NOW_S - 10.0;
    for value in [json!(end), json!(end.to_string()), json!(end * 1000.0), json!("2026-11-21T02:44:26Z"), json!("2026-11-21T02:44:26+0000")]
    {
        let metrics = with(|body| body["call_ended_time"] = value.clone()).unwrap();
        assert_eq!(metrics.ended.unwrap().as_millis_f64(), end * 1000.0, "{value}");
    }
    for value in [json!("yesterday"), json!(-5), json!(true), json!([1])] {
        let error = with(|body| body["call_ended_time"] = value.clone()).unwrap_err().to_string();
        assert!(error.contains("call_ended_time") && error.contains("Unix timestamp"), "{error}");
    }
}

#[test]
fn a_form_holds_its_map_as_text() {
    let stats = body()["audio_stats"].to_string();
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("platform", "MESSENGER")
        .append_pair("call_id", "c_1")
        .append_pair("end_call_reason", "HANGUP_CALL")
        .append_pair("call_ended_time", &(NOW_S - 10.0).to_string())
        .append_pair("first_audio_packet_received_time", &(NOW_S - 30.0).to_string())
        .append_pair("audio_stats", &stats)
        .append_pair("access_token", "sti_secret")
        .finish();
    let metrics = messenger::read(form.as_bytes(), reading(Form::UrlEncoded)).unwrap();
    assert_eq!(metrics.audio, read(&body().to_string()).unwrap().audio);
    assert_eq!(messenger::access_token(form.as_bytes(), Form::UrlEncoded).as_deref(), Some("sti_secret"));
    assert!(!metrics.payload().to_string().contains("sti_secret"), "a credential is not kept");
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    for property in ["platform", "call_id", "end_call_reason", "call_ended_time", "first_audio_packet_received_time", "audio_stats"] {
        let mut body = body();
        body.as_object_mut().unwrap().remove(property);
        let error = read(&body.to_string()).unwrap_err();
        assert!(matches!(error, Refused::Property { .. }) && error.to_string().contains(property), "{error}");
    }
    assert!(matches!(with(|body| body["audio_stats"]["jitter_sec"] = json!("much")).unwrap_err(), Refused::Property { .. }));
    assert!(matches!(with(|body| body["platform"] = json!("whatsapp")).unwrap_err(), Refused::Unknown { property: "platform", .. }));
    assert!(matches!(with(|body| body["call_id"] = json!("")).unwrap_err(), Refused::CallId(_)));
    assert!(matches!(with(|body| body["page_id"] = json!("99")).unwrap_err(), Refused::PageId { .. }));
    for broken in ["", "[]", "{\"platform\": ", "nonsense", "{\"a\": \",}\" \"b\"}"] {
        assert!(matches!(read(broken), Err(Refused::Malformed(_))), "{broken}");
    }
    let strict = Reading { strict: true, ..reading(Form::Json) };
    let error = messenger::read(json!({"a": 1}).to_string().as_bytes(), strict).unwrap_err();
    assert!(error.to_string().contains("platform"));
    let mut incomplete = body();
    incomplete["audio_stats"].as_object_mut().unwrap().remove("packets_lost");
    let error = messenger::read(incomplete.to_string().as_bytes(), strict).unwrap_err().to_string();
    assert!(error.contains("audio_stats.packets_lost"), "{error}");
}

#[test]
fn a_comma_within_a_string_stays() {
    let metrics = read(&PRINTED.replace("Conversation was finished", "a,} \\\",]")).unwrap();
    assert_eq!(metrics.subreason.as_deref(), Some("a,} \",]"));
}
