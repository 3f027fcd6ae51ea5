//! The report codec and batches give back whatever they are given.

use proptest::{collection::vec, option, prelude::*, sample::select};
use sidetone_engine::{
    ids::{ConferenceId, ParticipantId, PeerConnectionId, UserId},
    report::{MemberName, Report, Reports, Stats, Text, Value},
    units::Timestamp,
};
use sidetone_wire::{
    batch::{self, Batch, Event},
    codec::{decode, encode, fold},
};

fn number() -> impl Strategy<Value = f64> {
    let edges = [0.0, -0.0, 1.0, -1.0, f64::MIN_POSITIVE, 5e-324, -5e-324, f64::MAX, f64::MIN, 9_007_199_254_740_993.0, 0.1 + 0.2, 1e21];
    prop_oneof![
        select(edges.to_vec()),
        (-3_i32..200).prop_map(f64::from),
        (0_u32..2_000_000).prop_map(|thousandths| f64::from(thousandths) / 1000.0),
        (0_u32..100_000).prop_map(|samples| f64::from(samples) * 480.0 / 48_000.0),
        any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |number| number.is_finite()),
    ]
}

fn string() -> impl Strategy<Value = String> {
    let known =
        ["", "udp", "succeeded", "0", "1,2,3", "-0,1", "01,2", "3,-4", "9007199254740993,1", ",", "1,", "\n", "\0", "IT01A1234567890"];
    prop_oneof![
        select(known.to_vec()).prop_map(str::to_owned),
        any::<String>(),
        "[0-9a-f]{0,40}",
        "[A-Za-z0-9+/=]{0,400}",
        vec(-300_i64..300, 2..6).prop_map(|numbers| numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(",")),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => number().prop_map(Value::Number),
        1 => any::<bool>().prop_map(Value::Bool),
        2 => string().prop_map(|text| Value::Text(text.into())),
        1 => select(vec!["null", "[]", "{}", "[1,2]", r#"{"a":{"b":null}}"#, "-0.0"]).prop_map(|text| Value::Json(text.into())),
    ]
}

/// Few names, so that members come again in other reports, with values of other kinds.
fn name() -> impl Strategy<Value = MemberName> {
    let names = ["packetsReceived", "jitter", "timestamp", "kind", "qualityLimitationDurations", "größe", "", "x.y"];
    let known = (select(names.to_vec()), option::weighted(0.3, select(vec!["cpu", "", "other"])));
    prop_oneof![
        8 => known.prop_map(|(name, key)| MemberName { name: name.into(), key: key.map(Text::from) }),
        1 => any::<String>().prop_map(MemberName::plain),
    ]
}

fn stats() -> impl Strategy<Value = Stats> {
    let types = select(vec!["inbound-rtp", "outbound-rtp", "codec", "", "invented", "ünbekannt"]);
    (types, vec((name(), value()), 0..7))
        .prop_map(|(stats_type, members)| Stats { stats_type: stats_type.into(), members: members.into_iter().collect() })
}

fn time() -> impl Strategy<Value = Timestamp> {
    let edges = [0, -1, 1, i64::MAX, i64::MIN, 1_795_228_501_553_000];
    prop_oneof![select(edges.to_vec()), any::<i64>(), 0_i64..4].prop_map(Timestamp::from_micros)
}

fn report() -> impl Strategy<Value = Report> {
    let id = prop_oneof![8 => select(vec!["a", "IT01A", "", "P"]).prop_map(str::to_owned), 1 => any::<String>()];
    let stats = vec((id.prop_map(Text::from), stats()), 0..5);
    (time(), stats).prop_map(|(time, stats)| Report { time, stats: stats.into_iter().collect() })
}

/// Reports that have nothing in common, and such as those of a call: the same objects again with some values changed.
fn reports() -> impl Strategy<Value = Vec<Report>> {
    let unlike = vec(report(), 0..10);
    let changes = vec((any::<i32>(), any::<prop::sample::Index>(), option::of(value())), 0..20);
    let alike = (report(), changes).prop_map(|(first, changes)| {
        let mut reports = vec![first];
        for (step, place, value) in changes {
            let mut next = reports[reports.len() - 1].clone();
            next.time = next.time.plus_micros(step.into());
            let mut places: Vec<_> = next.stats.values_mut().flat_map(|stats| stats.members.values_mut()).collect();
            if !places.is_empty() {
                let place = place.index(places.len());
                match (&mut *places[place], value) {
                    (Value::Number(number), None) => *number += 48.0,
                    (_, None) => {}
                    (place, Some(value)) => *place = value,
                }
            }
            drop(places);
            if next
                .stats
                .values()
                .flat_map(|stats| stats.members.values())
                .all(|value| !matches!(value, Value::Number(number) if !number.is_finite()))
            {
                reports.push(next);
            }
        }
        reports
    });
    prop_oneof![unlike, alike]
}

fn batch() -> impl Strategy<Value = Batch> {
    let event = (time(), "\\PC{0,60}", string()).prop_map(|(time, kind, text)| Event {
        time,
        kind,
        payload: serde_json::json!({ "text": text }).to_string(),
    });
    (("\\PC{0,60}", any::<String>(), "\\PC{0,60}", "\\PC{0,60}"), any::<u32>(), time(), vec(event, 0..4), reports()).prop_map(
        |(ids, batch_seq, sent, events, reports)| Batch {
            conference_id: ConferenceId::new(ids.0.as_str()).expect("a short id"),
            user_id: UserId::new(ids.1.as_str()).expect("a short id"),
            participant_id: ParticipantId::new(ids.2.as_str()).expect("a short id"),
            peer_connection_id: PeerConnectionId::new(ids.3.as_str()).expect("a short id"),
            batch_seq,
            sent,
            events,
            reports: reports.into_iter().collect(),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_reports_come_back(given in reports()) {
        let run: Reports = given.iter().cloned().collect();
        let read = decode(&encode(&run)).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(read.iter().collect::<Vec<_>>(), given);
    }

    #[test]
    fn any_batch_comes_back(given in batch()) {
        let read = batch::decode(&batch::encode(&given)).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(read, given);
    }

    #[test]
    fn folding_keeps_every_report_once(given in reports(), rows in 1_usize..5) {
        let runs: Vec<_> = given.chunks(rows).map(|rows| decode(&encode(&rows.iter().cloned().collect())).expect("a chunk")).collect();
        let folded = fold(&runs);
        let kept: Vec<Report> = folded.iter().flat_map(|chunk| decode(chunk).expect("a chunk").iter().collect::<Vec<_>>()).collect();
        prop_assert!(kept.is_sorted_by_key(|report| report.time));
        for (at, report) in kept.iter().enumerate() {
            prop_assert!(given.contains(report) && !kept[..at].contains(report));
        }
        prop_assert!(given.iter().all(|report| kept.contains(report)));
    }
}
