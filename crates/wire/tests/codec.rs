//! The report codec: exact, small, and safe from whatever comes.

use sidetone_engine::{
    ids::{ConferenceId, ParticipantId, PeerConnectionId, UserId},
    report::{MemberName, Report, Reports, Stats, Text, Value},
    units::Timestamp,
};
use sidetone_testkit::traces;
use sidetone_wire::{
    batch::{self, Batch, Event},
    codec::{decode, encode, fold},
};

fn runs(reports: &Reports, rows: usize) -> Vec<Reports> {
    let all: Vec<_> = reports.iter().collect();
    all.chunks(rows).map(|rows| rows.iter().cloned().collect()).collect()
}

#[test]
fn every_trace_comes_back_exactly_whole_and_in_tens() {
    for trace in traces::all() {
        let bytes = encode(&trace.reports);
        assert_eq!(decode(&bytes).as_ref(), Ok(&trace.reports), "{}", trace.name);
        for run in runs(&trace.reports, 10) {
            assert_eq!(decode(&encode(&run)).as_ref(), Ok(&run), "{}", trace.name);
        }
    }
}

fn a_batch() -> Batch {
    let trace = traces::load("lite/av-pc0");
    Batch {
        conference_id: ConferenceId::new("インターネット").expect("a short id"),
        user_id: UserId::new("").expect("a short id"),
        participant_id: ParticipantId::new("01JD3V9Q4Z3X5Y7A8B9C0D1E2F").expect("a short id"),
        peer_connection_id: PeerConnectionId::new("pc0").expect("a short id"),
        batch_seq: u32::MAX,
        sent: Timestamp::from_micros(-1),
        events: vec![Event { time: Timestamp::MAX, kind: "joined".into(), payload: r#"{"user_name":"Ö"}"#.into() }],
        reports: runs(&trace.reports, 10).swap_remove(2),
    }
}

#[test]
fn a_batch_comes_back_and_its_chunk_can_be_kept_as_sent() {
    let given = a_batch();
    let bytes = batch::encode(&given);
    let (read, chunk) = batch::split(&bytes).unwrap();
    assert_eq!(read, given);
    assert_eq!(decode(chunk).as_ref(), Ok(&given.reports));
    assert!(bytes[..bytes.len() - 4].ends_with(chunk));
}

#[test]
fn a_batch_cut_anywhere_is_refused() {
    let bytes = batch::encode(&a_batch());
    for end in 0..bytes.len() {
        assert!(batch::decode(&bytes[..end]).is_err(), "cut at {end}");
    }
}

#[test]
fn a_flipped_bit_is_refused() {
    let bytes = batch::encode(&a_batch());
    for bit in 0..bytes.len() * 8 {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(batch::decode(&bytes).is_err(), "bit {bit}");
    }
}

/// Wrong bytes under a right checksum, by a fixed sequence of mutations.
#[test]
fn hostile_chunks_with_a_right_checksum_are_harmless() {
    let good = encode(&a_batch().reports);
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    for _ in 0..1500 {
        let mut bytes = good[..good.len() - 4].to_vec();
        for _ in 0..=next(4) {
            let at = next(bytes.len() - 3) + 3;
            bytes[at] = u8::try_from(next(256)).unwrap();
        }
        bytes.truncate(3 + next(bytes.len() - 2));
        let mut check = flate2::Crc::new();
        check.update(&bytes);
        bytes.extend_from_slice(&check.sum().to_le_bytes());
        let _ = decode(&bytes);
    }
}

#[test]
fn ids_that_are_not_utf_8_or_too_long_are_named() {
    let error = |bytes: &[u8]| batch::decode(bytes).unwrap_err().to_string();
    assert_eq!(error(b"SB\x01\x02\xff\xff"), "conference_id is not UTF-8 at byte 4");
    assert_eq!(error(b"SB\x01\x81\x20"), "conference_id at byte 3 is 4097, at most 4096 is allowed");
    assert_eq!(error(b"SB\x01\x05abc"), "the body ends at byte 7 within conference_id");
    assert_eq!(error(b"SB\x02"), "batch of format version 2, only version 1 is understood");
    assert_eq!(error(b"{}\n"), "not a batch: it does not begin with the bytes `SB`");
}

#[test]
fn folding_orders_reports_and_drops_only_exact_repeats() {
    let trace = traces::load("lite/av-pc0").reports;
    let mut runs: Vec<_> = runs(&trace, 10).iter().map(|run| decode(&encode(run)).unwrap()).collect();
    let in_order = fold(&runs);
    assert_eq!(in_order.len(), 1);
    assert_eq!(decode(&in_order[0]).as_ref(), Ok(&trace));
    runs.push(runs[2].clone());
    runs.reverse();
    let folded = fold(&runs);
    assert_eq!(folded.len(), 1);
    assert_eq!(decode(&folded[0]).as_ref(), Ok(&trace));
    assert!(fold(&[]).is_empty());
}

/// Bytes a report, a little above those measured; `docs/report-codec.md` sets them beside JSON, gzip and a peer.
#[test]
fn sizes_do_not_grow() {
    for (name, wire_max, disk_max) in SIZES {
        let reports = traces::load(name).reports;
        let rows = reports.len();
        let wire = runs(&reports, 10).iter().map(|run| encode(run).len()).sum::<usize>() / rows;
        let disk = fold(&[reports]).iter().map(Vec::len).sum::<usize>() / rows;
        println!("{name}: wire {wire}, disk {disk}");
        assert!(wire <= wire_max && disk <= disk_max, "{name}: wire {wire}, disk {disk}");
    }
}

const SIZES: [(&str, usize, usize); 6] = [
    ("audio-pc0", 103, 47),
    ("av-pc0", 205, 137),
    ("lite/av-pc0", 162, 90),
    ("lite/av-pc1", 164, 93),
    ("firefox/firefox-audio-pc0", 59, 38),
    ("firefox/firefox-av-pc0", 105, 76),
];

/// What was written once is read for ever: format version 1.
#[test]
fn frozen_chunks_are_read() {
    let files = [
        ("chromium-batch", "lite/av-pc0", 20..30),
        ("firefox-batch", "firefox/firefox-av-pc0", 20..30),
        ("chromium-folded", "lite/av-pc0", 0..62),
    ];
    for (file, trace, rows) in files {
        let reports: Reports = traces::load(trace).reports.iter().skip(rows.start).take(rows.len()).collect();
        assert_eq!(decode(&std::fs::read(traces::testdata().join(format!("codec/{file}.sr"))).unwrap()), Ok(reports), "{file}");
    }
}

#[test]
fn ten_thousand_streams_survive() {
    let stats = |ssrc: u32| {
        let members = [("ssrc", f64::from(ssrc)), ("packetsReceived", f64::from(ssrc % 977)), ("jitter", 0.001 * f64::from(ssrc % 31))];
        let members = members.map(|(name, value)| (MemberName::plain(name), Value::Number(value)));
        (Text::from(format!("IT01A{ssrc}")), Stats { stats_type: "inbound-rtp".into(), members: members.into() })
    };
    for rows in [1, 40] {
        let report = |row: i64| Report { time: Timestamp::from_micros(row), stats: (0..10_000).map(stats).collect() };
        let reports: Reports = (0..rows).map(report).collect();
        assert_eq!(decode(&encode(&reports)).map(|decoded| decoded == reports), Ok(true), "{rows} rows");
    }
}

#[test]
fn many_empty_reports_survive() {
    let reports: Reports = (0..100_000).map(|time| Report { time: Timestamp::from_micros(time), ..Report::default() }).collect();
    assert_eq!(decode(&encode(&reports)), Ok(reports));
}

#[test]
fn the_examples_of_the_document_hold() {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let report = |row: u32| {
        let members = [("packetsReceived", f64::from(50 * row)), ("jitter", 0.001 * f64::from(row)), ("x-new", 1.0)];
        let members = members.map(|(name, value)| (MemberName::plain(name), Value::Number(value)));
        let stats = Stats { stats_type: "inbound-rtp".into(), members: members.into() };
        Report { time: Timestamp::from_micros(1_000_000 * i64::from(row)), stats: [("IT01A".into(), stats)].into() }
    };
    assert_eq!(hex(&encode(&Reports::default())), "5352010010000a179a82ee807a9d86004a0009002e6a432ef4");
    assert_eq!(
        hex(&encode(&(1..=3).map(report).collect())),
        "53520106103dfa8038a0550adfa28022000280278043004480090008803200310000b68d918380288004802f97c9002580088018801fa9d680798f47007c002f8256eabc209a800ada3a80b4"
    );
}
