//! Synthetic calls do what their conditions say.

use sidetone_engine::report::Reports;
use sidetone_testkit::{
    call::{Call, Who},
    traces,
};

fn number(reports: &Reports, row: usize, object: &str, member: &str) -> f64 {
    let object = reports.objects().iter().find(|candidate| &*candidate.id == object).unwrap_or_else(|| panic!("no {object}"));
    object.column(member).and_then(|column| column.number(row)).unwrap_or_else(|| panic!("no {member} in row {row}"))
}

#[test]
fn counters_agree_with_the_conditions() {
    let reports = Call::of_seconds(60)
        .with_video()
        .during(10..20, |line| line.loss_in = 0.1)
        .during(30..35, |line| line.frozen = true)
        .during(40..50, |line| line.concealed = Some(0.5))
        .reports();
    assert_eq!(reports.len(), 61);
    assert_eq!(number(&reports, 60, "IT01A", "packetsLost"), 50.0);
    assert_eq!(number(&reports, 60, "IT01A", "packetsReceived"), 60.0 * 50.0 - 50.0);
    assert_eq!(number(&reports, 60, "IT01A", "concealedSamples"), 48_000.0 * (10.0 * 0.1 + 10.0 * 0.5));
    assert_eq!(number(&reports, 60, "IT01V", "freezeCount"), 1.0);
    assert_eq!(number(&reports, 35, "IT01V", "freezeCount"), 0.0);
    assert_eq!(number(&reports, 35, "IT01V", "framesDecoded"), number(&reports, 30, "IT01V", "framesDecoded"));
    let frozen = number(&reports, 60, "IT01V", "totalFreezesDuration");
    assert!((5.0..5.1).contains(&frozen), "{frozen}");
    let gaps = number(&reports, 60, "IT01V", "totalInterFrameDelay");
    assert!((gaps - 60.0).abs() < 1e-9, "{gaps}: the frame gaps fill the call");
    assert_eq!(number(&reports, 60, "OT01V", "qualityLimitationResolutionChanges"), 0.0);
}

#[test]
fn no_counter_ever_falls() {
    let reports = Call::of_seconds(40)
        .with_video()
        .during(5..15, |line| {
            line.loss_in = 0.33;
            line.loss_out = 0.07;
            line.fps = 7.5;
        })
        .during(20..25, |line| line.dead = true)
        .reports();
    for object in reports.objects().iter().filter(|object| object.stats_type.ends_with("bound-rtp")) {
        for column in &object.columns {
            let name = &*column.name.name;
            let counter = name.starts_with("total") || name.ends_with("Received") || name.ends_with("Sent") || name.ends_with("Lost");
            let numbers: Vec<f64> = (0..reports.len()).filter_map(|row| column.number(row)).collect();
            if counter && name != "fractionLost" {
                assert!(numbers.windows(2).all(|pair| pair[0] <= pair[1]), "{}.{name}: {numbers:?}", object.id);
            }
        }
    }
}

#[test]
fn every_member_is_one_that_chromium_reports() {
    let recorded: Vec<Reports> = [traces::load("lite/av-pc0"), traces::load("lite/av-pc1")].map(|trace| trace.reports).into();
    let made = Call::of_seconds(20).with_video().reports();
    for object in made.objects() {
        for column in &object.columns {
            let known = recorded
                .iter()
                .flat_map(Reports::objects)
                .any(|other| other.stats_type == object.stats_type && other.columns.iter().any(|candidate| candidate.name == column.name));
            assert!(known, "{} has no {:?} in Chromium", object.stats_type, column.name);
        }
    }
}

#[test]
fn batches_carry_the_whole_call() {
    let call = Call::of_seconds(25);
    let batches = call.batches(Who { conference: "c", user: "u", participant: "p", peer_connection: "pc" });
    assert_eq!(batches.iter().map(|batch| batch.batch_seq).collect::<Vec<_>>(), [0, 1, 2]);
    let mut all = Reports::default();
    for batch in &batches {
        all.extend(&batch.reports);
    }
    assert_eq!(all, call.reports());
    assert_eq!(batches[0].events[0].kind, "joined");
    assert_eq!(batches[2].events.iter().map(|event| &*event.kind).collect::<Vec<_>>(), ["peer_connection_closed", "left"]);
}
