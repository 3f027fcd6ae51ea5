//! Calls that came to be, and late: what the diagnosis says they waited for.
#![expect(clippy::unwrap_used, reason = "a test that meets nothing where something must be should fail")]

use sidetone_engine::{
    analysis::{Analyzer, Notice, Noticed, Output},
    diagnosis::{Cause, Connection, Diagnosis, Happening, Inquiry, Side, What},
    ids::{ParticipantKey, PeerConnectionKey},
    issue::RuleSet,
    report::Reports,
};
use sidetone_testkit::call::Call;

/// What an event tells of how a call begins.
#[derive(Clone, Copy, Debug)]
enum Event {
    Gathering,
    Gathered,
    Offered,
    Described,
    Path,
    Connected,
    FirstMedia,
}

impl Event {
    fn noticed(self) -> Option<Noticed> {
        Some(match self {
            Self::Gathering => Noticed::Gathering,
            Self::Gathered => Noticed::Gathered,
            Self::Described => Noticed::Described,
            Self::Path => Noticed::Ice("connected".into()),
            Self::Connected => Noticed::Connected,
            Self::FirstMedia => Noticed::FirstMedia,
            Self::Offered => return None,
        })
    }

    fn what(self) -> Option<What> {
        Some(match self {
            Self::Gathering => What::Gathering("gathering".into()),
            Self::Gathered => What::Gathering("complete".into()),
            Self::Offered => What::Signaling("have-remote-offer".into()),
            Self::Described => What::Signaling("stable".into()),
            Self::Path => What::Ice("connected".into()),
            Self::Connected => What::Connection("connected".into()),
            Self::FirstMedia => return None,
        })
    }
}

fn participant(number: usize) -> ParticipantKey {
    ParticipantKey::from_bytes([u8::try_from(number).unwrap(); 16])
}

/// Events of one end by milliseconds since its first report.
type Told<'a> = &'a [(i64, Event)];

/// What is said of two who talk directly.
fn diagnose(ends: [(Reports, Told<'_>); 2]) -> Vec<Diagnosis> {
    let key = |number: usize| PeerConnectionKey::from_bytes([u8::try_from(number).unwrap(); 16]);
    let (mut connections, mut happenings) = (Vec::new(), Vec::new());
    for (number, (reports, told)) in ends.iter().enumerate() {
        let mut analyzer = Analyzer::new(&RuleSet::sidetone());
        for (millis, event) in *told {
            let time = reports.times()[0].plus_micros(millis * 1000);
            event.noticed().into_iter().for_each(|what| analyzer.notice(Notice { time, what }));
            let happening =
                |what| Happening { participant: participant(number), connection: Some(key(number)), time, kind: "event".into(), what };
            happenings.extend(event.what().map(happening));
        }
        analyzer.push(reports, &mut |_| {});
        connections.push(Connection::new(key(number), participant(number), &analyzer.finish()).unwrap());
    }
    let mut inquiry = Inquiry::new(connections, happenings);
    for (number, (reports, _)) in ends.iter().enumerate() {
        Analyzer::live(&RuleSet::sidetone()).push(reports, &mut |output| {
            if let Output::Tick(tick) = output {
                inquiry.read(key(number), tick);
            }
        });
    }
    inquiry.finish()
}

fn call() -> Call {
    Call::of_seconds(60).with_video()
}

/// Cause, side, and whose side, of calls in which nothing but their beginning is told of.
fn told(one: Told<'_>, other: Told<'_>) -> Vec<(Cause, Side, Option<ParticipantKey>)> {
    let diagnoses = diagnose([(call().reports(), one), (call().answering().reports(), other)]);
    diagnoses.iter().map(|told| (told.cause, told.side, told.culprit())).collect()
}

#[test]
fn what_a_setup_was_spent_with_is_told() {
    use Event::*;
    let at = |path, connected| [(200, Described), (path, Path), (connected, Connected), (connected + 50, FirstMedia)];
    let quick = at(400, 600);
    let ends = |end: &[(i64, Event)]| told(end, end);
    assert_eq!(ends(&quick), []);
    assert_eq!(ends(&at(6000, 6100)), [(Cause::SlowPath, Side::Path, None)]);
    assert_eq!(ends(&at(400, 6100)), [(Cause::SlowKeys, Side::Path, None)]);
    assert_eq!(ends(&[(200, Described), (6000, Connected)]), [(Cause::Unknown, Side::Unknown, None); 2], "without an event of ICE");
    // The answer is given, and comes six seconds later.
    let waits = [(100, Offered), (200, Described), (6300, Path), (6400, Connected)];
    let comes = [(0, Gathering), (200, Gathered), (6200, Described), (6300, Path), (6400, Connected)];
    assert_eq!(told(&comes, &waits), [(Cause::SlowSignalling, Side::Server, None)]);
}

#[test]
fn gathering_is_a_cause_only_where_the_call_waited_for_it() {
    use Event::*;
    let answers = [(100, Offered), (200, Described), (200, Gathering), (6200, Gathered), (6400, Path), (6500, Connected)];
    let asks = [(0, Gathering), (150, Gathered), (6300, Described), (6400, Path), (6500, Connected)];
    assert_eq!(told(&asks, &answers), [(Cause::SlowGathering, Side::Sender, Some(participant(1)))]);
    let asks = [(0, Gathering), (8000, Gathered), (8300, Described), (8400, Path), (8500, Connected)];
    let answers = [(8100, Offered), (8200, Described), (8400, Path), (8500, Connected)];
    assert_eq!(told(&asks, &answers), [(Cause::SlowGathering, Side::Sender, Some(participant(0)))]);
    // Candidates go as they come, and the last one is late; or somebody let it ring meanwhile.
    let asks = [(0, Gathering), (300, Described), (400, Path), (500, Connected), (8000, Gathered)];
    let answers = [(100, Offered), (200, Described), (400, Path), (500, Connected)];
    assert_eq!(told(&asks, &answers), []);
    let asks = [(0, Gathering), (8000, Gathered), (30_300, Described), (30_400, Path), (30_500, Connected)];
    let answers = [(100, Offered), (30_200, Described), (30_400, Path), (30_500, Connected)];
    assert_eq!(told(&asks, &answers), []);
}

#[test]
fn late_media_is_whose_it_was_to_send() {
    use Event::*;
    let begins = |media| [(100, Described), (200, Path), (300, Connected), (media, FirstMedia)];
    let causes = |sends_nothing: bool| {
        let sender = call().during(0..8, move |line| line.sends_nothing = sends_nothing).reports();
        let listener = call().answering().during(0..8, |line| line.blocked = true).reports();
        let diagnoses = diagnose([(sender, &begins(350)), (listener, &begins(8300))]);
        let begun = diagnoses.iter().find(|told| told.rules.contains("slow_first_media")).unwrap();
        assert_eq!((begun.sender, begun.receiver), (Some(participant(0)), Some(participant(1))));
        let sentence = begun.sentence(&|key| if key == participant(0) { "Ada".into() } else { "Bob".into() });
        assert!(sentence.contains("at first"), "{sentence}");
        (begun.cause, begun.side)
    };
    assert_eq!(causes(false), (Cause::Blocked, Side::Path));
    assert_eq!(causes(true), (Cause::NotSent, Side::Sender));
}
