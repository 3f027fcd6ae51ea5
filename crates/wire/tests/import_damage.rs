//! Damaged and hostile files: an error or a dump, never a panic, never out of proportion.

use sidetone_engine::ids::ConferenceId;
use sidetone_testkit::traces;
use sidetone_wire::import::{Content, ImportError, Limits, import};

const FILES: [&str; 4] =
    ["webrtc-internals-av.json", "chrome-rtcstats-dump-av.gz", "sdk-audio-rtcstats-ws.jsonl", "sdk-av-rtcstats-ws.jsonl"];

fn bytes(name: &str) -> Vec<u8> {
    traces::file(&format!("traces/{name}"))
}

/// Whatever comes of it, it must be usable.
fn survive(bytes: &[u8]) -> Result<usize, ImportError> {
    let import = import(bytes, &Limits::default())?;
    let batches = import.into_batches(&ConferenceId::default()).unwrap_or_default();
    Ok(batches.iter().map(|batch| batch.reports.len()).sum())
}

#[test]
fn a_file_cut_anywhere_is_an_error_or_a_shorter_dump() {
    for name in FILES {
        let whole = bytes(name);
        let reports = survive(&whole).unwrap();
        let mut errors = 0;
        for end in (0..whole.len()).step_by(997) {
            match survive(&whole[..end]) {
                Ok(fewer) => assert!(fewer < reports, "{name} cut at {end} still has {fewer} reports"),
                Err(error) => {
                    errors += 1;
                    assert!(error.to_string().len() < 500, "{error}");
                }
            }
        }
        // Lines end somewhere; a cut within one is an error.
        assert!(errors > whole.len() / 997 / 2, "{name}: {errors} errors");
    }
}

#[test]
fn a_file_with_a_flipped_bit_never_panics() {
    let mut state = 0x5eed_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    for name in FILES {
        let whole = bytes(name);
        for _ in 0..60 {
            let mut damaged = whole.clone();
            for _ in 0..=random(3) {
                damaged[random(whole.len())] ^= 1 << random(8);
            }
            let _ = survive(&damaged);
        }
    }
}

#[test]
fn lines_in_any_order_never_panic() {
    let text = String::from_utf8(bytes("sdk-av-rtcstats-ws.jsonl")).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    let first = lines.remove(0);
    lines.reverse();
    lines.insert(0, first);
    assert!(survive(lines.join("\n").as_bytes()).is_ok());
}

#[test]
fn a_small_file_cannot_ask_for_much() {
    // Each difference repeats a large report in a few bytes.
    let objects: Vec<String> = (0..2000).map(|id| format!("\"{id}\":{{\"type\":1,\"10\":{id},\"14\":{id},\"17\":\"x\"}}")).collect();
    let mut text = format!("RTCStatsDump\n{{}}\n[1,\"P\",{{{},\"t\":1795228900000}},1795228900000]\n", objects.join(","));
    for _ in 0..2000 {
        text.push_str("[1,\"P\",{},1]\n");
    }
    let limits = Limits { values_max: 1_000_000, ..Limits::default() };
    let error = import(text.as_bytes(), &limits).unwrap_err();
    assert_eq!(error.to_string(), "the number of values in the reports is over the limit of 1000000");
}

#[test]
fn objects_that_come_and_go_do_not_make_the_table_grow() {
    let mut text = String::from("RTCStatsDump\n{}\n[39,\"P\",null,1795228900000]\n");
    for id in 0..4000 {
        let gone = if id > 0 { format!("\"{}\":null,", id - 1) } else { String::new() };
        text.push_str(&format!(
            "[1,\"P\",{{{gone}\"{id}\":{{\"type\":1,\"10\":{id},\"14\":{id}}},\"t\":{}}},1]\n",
            1_795_228_900_001_i64 + id
        ));
    }
    let Content::Dump(dump) = import(text.as_bytes(), &Limits::default()).unwrap().content else { unreachable!() };
    assert_eq!(dump.connections[0].report_count(), 4000);
    for run in &dump.connections[0].runs {
        let cells = run.len() * run.objects().iter().map(|object| object.columns.len() + 1).sum::<usize>();
        assert!(cells <= 300_000 + 4 * 5 * run.len(), "{cells} cells for {} reports", run.len());
    }
    // The same as webrtc-internals writes it: each object with one sample of its own.
    let series = (0..4000).map(|id| {
        let time = 1_795_228_900_001_i64 + id;
        format!(
            "\"I{id}-timestamp\":{{\"statsType\":\"inbound-rtp\",\"values\":\"[{time}]\"}},\"I{id}-ssrc\":{{\"statsType\":\"inbound-rtp\",\"values\":\"[{id}]\"}}"
        )
    });
    let text = format!("{{\"PeerConnections\":{{\"1-1\":{{\"updateLog\":[],\"stats\":{{{}}}}}}}}}", series.collect::<Vec<_>>().join(","));
    assert_eq!(survive(text.as_bytes()).unwrap(), 4000);
}

#[test]
fn series_of_very_different_lengths_are_quick_to_read() {
    // A product of the two numbers would be 4 * 10^9 steps.
    let times: Vec<String> = (0..20_000).map(|poll| (1_795_228_900_000_i64 + poll).to_string()).collect();
    let short = (0..200_000).map(|member| format!(",\"A-m{member}\":{{\"statsType\":\"transport\",\"values\":\"[1]\"}}"));
    let text = format!(
        "{{\"PeerConnections\":{{\"1-1\":{{\"updateLog\":[],\"stats\":{{\"A-timestamp\":{{\"statsType\":\"transport\",\"values\":\"[{}]\"}}{}}}}}}}}}",
        times.join(","),
        short.collect::<String>()
    );
    match survive(text.as_bytes()) {
        Ok(reports) => assert_eq!(reports, 20_000),
        Err(error) => assert!(matches!(error, ImportError::TooLarge { .. }), "{error}"),
    }
}
