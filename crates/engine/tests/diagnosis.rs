//! Made calls with known faults: whose side and which hop the diagnosis names, and how often it abstains.
//!
//! `cargo test -p sidetone-engine --test diagnosis -- --nocapture` prints the confusion matrix.
#![expect(clippy::unwrap_used, reason = "a test that meets nothing where something must be should fail")]

use std::{collections::BTreeMap, ops::Range};

use sidetone_engine::{
    analysis::{Analyzer, MediaKind, Output},
    diagnosis::{Cause, Connection, Diagnosis, Happening, Hop, Inquiry, Side, What},
    ids::{ParticipantKey, PeerConnectionKey},
    issue::RuleSet,
    report::{MemberName, Reports, Value},
    units::Timestamp,
};
use sidetone_testkit::{
    call::{Call, Conditions},
    traces,
};

const FAULT: Range<u32> = 30..60;

fn participant(number: u8) -> ParticipantKey {
    ParticipantKey::from_bytes([number; 16])
}

fn connection(number: usize) -> PeerConnectionKey {
    PeerConnectionKey::from_bytes([u8::try_from(number).unwrap(); 16])
}

/// What the engine says of a conference of these connections.
fn diagnose(ends: &[(u8, Reports)], happenings: Vec<Happening>) -> Vec<Diagnosis> {
    let connections = ends.iter().enumerate().map(|(number, (whose, reports))| {
        let mut analyzer = Analyzer::new(&RuleSet::sidetone());
        analyzer.push(reports, &mut |_| {});
        let analysis = analyzer.finish();
        Connection {
            key: connection(number),
            participant: participant(*whose),
            span: analysis.span.unwrap(),
            streams: analysis.streams.into_iter().map(|stream| stream.stream).collect(),
            issues: analysis.issues,
            network: analysis.network,
        }
    });
    let mut inquiry = Inquiry::new(connections.collect(), happenings);
    for (number, (_, reports)) in ends.iter().enumerate() {
        if inquiry.wanted(connection(number)).is_none() {
            continue;
        }
        let mut analyzer = Analyzer::live(&RuleSet::sidetone());
        analyzer.push(reports, &mut |output| {
            if let Output::Tick(tick) = output {
                inquiry.read(connection(number), tick);
            }
        });
    }
    inquiry.finish()
}

type Change = fn(&mut Conditions);

/// How the connections of a conference lie; participant 0 has the fault.
#[derive(Clone, Copy, Debug)]
enum Topology {
    /// 0 and 1 talk directly.
    Direct,
    /// 0, 1 and 2, each with each.
    Mesh,
    /// 0, 1 and 2 by way of a server that gives every stream an SSRC of its own.
    Server,
    /// Only 0 reports.
    Alone,
}

/// A fault as the end that has it sees it, and as the far ends do.
struct Fault {
    name: &'static str,
    topology: Topology,
    own: Change,
    /// What the far end sees on a direct connection with 0.
    far: Change,
    happening: Option<(&'static str, What)>,
    cause: Cause,
    place: Place,
}

/// Where a fault is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    /// At participant 0, at this hop where one is to be named.
    Zero(Option<Hop>),
    /// Between the two.
    Path(Option<Hop>),
    /// Not to be told.
    Unknown,
}

const fn nothing(_: &mut Conditions) {}

fn call() -> Call {
    Call::of_seconds(90).with_video()
}

fn run(fault: &Fault) -> Vec<Diagnosis> {
    let (own, far) = (fault.own, fault.far);
    let direct = |ssrc| {
        let call = || call().ssrcs_from(ssrc);
        (call().during(FAULT, own).reports(), call().answering().during(FAULT, far).reports())
    };
    let ends = match fault.topology {
        Topology::Direct => {
            let (one, other) = direct(1000);
            vec![(0, one), (1, other)]
        }
        Topology::Mesh => {
            let ((a, b), (c, d)) = (direct(1000), direct(2000));
            let well = |call: Call| call.ssrcs_from(3000).reports();
            vec![(0, a), (1, b), (0, c), (2, d), (1, well(call())), (2, well(call().answering()))]
        }
        Topology::Server => {
            let well = |ssrc| call().ssrcs_from(ssrc).reports();
            let far = call().ssrcs_from(2000).during(FAULT, far).reports();
            vec![(0, call().ssrcs_from(1000).during(FAULT, own).reports()), (1, far), (2, well(3000))]
        }
        Topology::Alone => vec![(0, call().during(FAULT, own).reports())],
    };
    let start = Timestamp::from_micros(1_795_226_400_000_000 + 29_500_000);
    let happening = |(kind, what): &(&str, What)| Happening {
        participant: participant(0),
        connection: None,
        time: start,
        kind: (*kind).into(),
        what: what.clone(),
    };
    diagnose(&ends, fault.happening.iter().map(happening).collect())
}

fn faults() -> Vec<Fault> {
    use Topology::{Alone, Direct, Mesh, Server};
    let fault =
        |name, topology, own: Change, far: Change, (cause, place)| Fault { name, topology, own, far, happening: None, cause, place };
    let because = |fault: Fault, kind, what| Fault { happening: Some((kind, what)), ..fault };
    let hop = |hop| Place::Zero(Some(hop));
    let (path, uplink, downlink, capture) = (Place::Path(None), hop(Hop::Uplink), hop(Hop::Downlink), hop(Hop::CaptureDevice));
    vec![
        // Loss, one way and both.
        fault("loss", Direct, |line| line.loss_out = 0.08, |line| line.loss_in = 0.08, (Cause::PacketLoss, path)),
        fault("loss back", Direct, |line| line.loss_in = 0.08, |line| line.loss_out = 0.08, (Cause::PacketLoss, path)),
        fault("loss up", Mesh, |line| line.loss_out = 0.08, |line| line.loss_in = 0.08, (Cause::PacketLoss, uplink)),
        fault("loss down", Mesh, |line| line.loss_in = 0.08, |line| line.loss_out = 0.08, (Cause::PacketLoss, downlink)),
        fault("loss up", Server, |line| line.loss_out = 0.08, nothing, (Cause::PacketLoss, uplink)),
        fault("loss down", Server, |line| line.loss_in = 0.08, nothing, (Cause::PacketLoss, downlink)),
        fault("loss", Alone, |line| line.loss_out = 0.08, nothing, (Cause::PacketLoss, path)),
        // A full line.
        fault(
            "queue up",
            Mesh,
            |line| (line.loss_out, line.rtt_ms, line.available_bps, line.limited_by) = (0.04, 600.0, 300_000.0, "bandwidth"),
            |line| (line.loss_in, line.rtt_ms) = (0.04, 600.0),
            (Cause::Congestion, uplink),
        ),
        fault(
            "queue up",
            Server,
            |line| (line.loss_out, line.rtt_ms, line.available_bps, line.limited_by) = (0.04, 600.0, 300_000.0, "bandwidth"),
            nothing,
            (Cause::Congestion, uplink),
        ),
        fault(
            "queue",
            Direct,
            |line| (line.rtt_ms, line.available_bps, line.limited_by) = (600.0, 300_000.0, "bandwidth"),
            |line| line.rtt_ms = 600.0,
            (Cause::Congestion, path),
        ),
        fault("queue down", Server, |line| (line.loss_in, line.rtt_ms) = (0.05, 700.0), nothing, (Cause::Congestion, downlink)),
        // Uneven packets.
        fault(
            "jitter up",
            Mesh,
            |line| line.jitter_out_ms = Some(80.0),
            |line| (line.jitter_ms, line.jitter_out_ms) = (80.0, Some(2.0)),
            (Cause::Jitter, uplink),
        ),
        // The worst of its streams passes the threshold, the others suffer almost as much.
        fault(
            "jitter up",
            Mesh,
            |line| line.jitter_out_ms = Some(29.0),
            |line| (line.jitter_ms, line.jitter_out_ms) = (34.0, Some(2.0)),
            (Cause::Jitter, uplink),
        ),
        fault("jitter down", Server, |line| (line.jitter_ms, line.jitter_out_ms) = (80.0, Some(2.0)), nothing, (Cause::Jitter, downlink)),
        // Devices.
        fault(
            "dead microphone",
            Direct,
            |line| line.mic_level = 0.0001,
            |line| line.heard_level = 0.0001,
            (Cause::DeadMicrophone, capture),
        ),
        fault("dead microphone", Server, |line| line.mic_level = 0.0001, nothing, (Cause::DeadMicrophone, capture)),
        because(
            fault("unplugged", Direct, |line| line.mic_level = 0.0001, |line| line.heard_level = 0.0, (Cause::DeviceLost, capture)),
            "track_ended",
            What::DeviceLost(MediaKind::Audio),
        ),
        fault("loud microphone", Direct, |line| line.mic_level = 0.8, |line| line.heard_level = 0.8, (Cause::LoudMicrophone, capture)),
        fault(
            "slow camera",
            Direct,
            |line| (line.fps, line.fps_in) = (4.0, Some(30.0)),
            |line| line.fps_in = Some(4.0),
            (Cause::SlowCamera, capture),
        ),
        // Machines.
        fault(
            "busy encoder",
            Direct,
            |line| (line.fps, line.fps_in, line.camera_fps, line.limited_by) = (6.0, Some(30.0), Some(30.0), "cpu"),
            |line| line.fps_in = Some(6.0),
            (Cause::Overload, hop(Hop::Encoder)),
        ),
        fault("busy encoder", Server, |line| line.limited_by = "cpu", nothing, (Cause::Overload, hop(Hop::Encoder))),
        fault("busy decoder", Direct, |line| line.dropped = 0.8, nothing, (Cause::Overload, hop(Hop::Playout))),
        fault("starved playout", Direct, |line| line.starved = 0.1, nothing, (Cause::StarvedPlayout, hop(Hop::Playout))),
        fault("late playout", Server, |line| line.concealed = Some(0.15), nothing, (Cause::Overload, hop(Hop::Playout))),
        // Ways.
        fault("blocked", Direct, |line| line.blocked = true, nothing, (Cause::Blocked, path)),
        fault("sends nothing", Direct, |line| line.sends_nothing = true, |line| line.blocked = true, (Cause::NotSent, Place::Zero(None))),
        fault("break", Direct, |line| line.dead = true, |line| line.dead = true, (Cause::ConnectionLost, path)),
        fault("break", Mesh, |line| line.dead = true, |line| line.dead = true, (Cause::ConnectionLost, Place::Zero(None))),
        because(
            fault("offline", Direct, |line| line.dead = true, |line| line.dead = true, (Cause::NetworkChange, Place::Zero(None))),
            "offline",
            What::Offline,
        ),
        because(
            fault("hung up", Direct, |line| line.dead = true, |line| line.dead = true, (Cause::GoneAway, Place::Zero(None))),
            "left",
            What::Left,
        ),
        because(
            fault(
                "frozen page",
                Direct,
                |line| line.sends_nothing = true,
                |line| line.blocked = true,
                (Cause::PageSuspended, Place::Zero(None)),
            ),
            "page_frozen",
            What::PageFrozen,
        ),
        fault(
            "tcp relay",
            Direct,
            |line| (line.relay_protocol, line.jitter_ms, line.rtt_ms) = (Some("tls"), 70.0, 260.0),
            |line| (line.jitter_ms, line.rtt_ms) = (70.0, 260.0),
            (Cause::TcpRelay, Place::Path(Some(Hop::Relay))),
        ),
        // What TCP holds up looks like a queue to the sender, and a burst that is half arrived like loss to RTCP.
        fault(
            "tcp relay that stalls",
            Direct,
            |line| (line.relay_protocol, line.loss_out, line.rtt_ms, line.available_bps) = (Some("tcp"), 0.04, 300.0, 600_000.0),
            |line| (line.jitter_ms, line.rtt_ms) = (45.0, 300.0),
            (Cause::TcpRelay, Place::Path(Some(Hop::Relay))),
        ),
        fault(
            "loss",
            Direct,
            |line| (line.relay_protocol, line.loss_out) = (Some("tcp"), 0.08),
            |line| line.loss_in = 0.08,
            (Cause::PacketLoss, path),
        ),
        // What cannot be told.
        fault("skew", Direct, |line| line.skew_ms = 450.0, nothing, (Cause::OutOfStep, path)),
        fault("skew", Alone, |line| line.skew_ms = 450.0, nothing, (Cause::Unknown, Place::Unknown)),
        fault("silence", Alone, |line| line.heard_level = 0.0, nothing, (Cause::Unknown, Place::Unknown)),
    ]
}

#[test]
fn known_faults_are_found_where_they_are() {
    let mut matrix: BTreeMap<(String, String), u32> = BTreeMap::new();
    let name = |who: &str, hop: Option<Hop>| hop.map_or_else(|| who.to_owned(), |hop| format!("{who}/{}", hop.name()));
    let mut wrong = Vec::new();
    let (mut answered, mut right, mut total) = (0, 0, 0);
    for fault in faults() {
        let diagnoses = run(&fault);
        assert!(!diagnoses.is_empty(), "{} ({:?}): no poor stretch", fault.name, fault.topology);
        let expected = match fault.place {
            Place::Zero(hop) => name("participant 0", hop),
            Place::Path(hop) => name("path", hop),
            Place::Unknown => name("unknown", None),
        };
        for diagnosis in &diagnoses {
            let told = match diagnosis.culprit() {
                Some(culprit) => name(&format!("participant {}", culprit.to_bytes()[0]), diagnosis.hop),
                None => name(diagnosis.side.name(), diagnosis.hop),
            };
            total += 1;
            assert!((0.0..=1.0).contains(&diagnosis.confidence), "{diagnosis:?}");
            assert_eq!(diagnosis.cause == Cause::Unknown, diagnosis.confidence == 0.0);
            assert!(!diagnosis.evidence.is_empty(), "{diagnosis:?}");
            answered += u32::from(diagnosis.side != Side::Unknown);
            let is_right = told == expected;
            right += u32::from(is_right && diagnosis.side != Side::Unknown);
            if !is_right || diagnosis.cause != fault.cause {
                wrong.push(format!(
                    "{} ({:?}): {:?} at {told}, {:.2} sure, of {:?} {:?}, should be {:?} at {expected}\n    {:?}",
                    fault.name,
                    fault.topology,
                    diagnosis.cause,
                    diagnosis.confidence,
                    diagnosis.media,
                    diagnosis.rules,
                    fault.cause,
                    diagnosis.evidence
                ));
            }
            *matrix.entry((expected.clone(), told)).or_default() += 1;
        }
    }
    println!("{:<28} {:<28} stretches", "fault at", "told");
    for ((expected, told), count) in &matrix {
        println!("{expected:<28} {told:<28} {count}");
    }
    println!("{total} stretches, {answered} answered, {right} right");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_good_call_needs_no_diagnosis() {
    let (one, other) = (call().reports(), call().answering().reports());
    assert_eq!(diagnose(&[(0, one), (1, other)], Vec::new()), []);
}

#[test]
fn recorded_calls_on_a_starved_machine_are_no_fault_of_the_network() {
    let (one, other) = (traces::load("av-pc0").reports, traces::load("av-pc1").reports);
    let diagnoses = diagnose(&[(0, one), (1, other)], Vec::new());
    assert!(!diagnoses.is_empty());
    for diagnosis in &diagnoses {
        assert_eq!(diagnosis.cause, Cause::Overload, "{diagnosis:?}");
    }
    let calm = [(0, traces::load("lite/av-pc0").reports), (1, traces::load("lite/av-pc1").reports)];
    assert_eq!(diagnose(&calm, Vec::new()), []);
}

#[test]
fn a_microphone_that_ends_while_somebody_speaks_is_a_lost_device() {
    // Chromium counts it no more, so that its last level is that of speech.
    let ends = Call::of_seconds(90).during(FAULT, |line| line.sends_nothing = true).reports();
    let far = Call::of_seconds(90).answering().during(FAULT, |line| line.blocked = true).reports();
    let start = ends.times()[0];
    let track_ended = Happening {
        participant: participant(0),
        connection: Some(connection(0)),
        time: start.plus_micros(30_000_000),
        kind: "track_ended".into(),
        what: What::DeviceLost(MediaKind::Audio),
    };
    let diagnoses = diagnose(&[(0, ends), (1, far)], vec![track_ended]);
    let told: Vec<_> = diagnoses.iter().map(|diagnosis| (diagnosis.cause, diagnosis.side, diagnosis.hop)).collect();
    assert_eq!(told, [(Cause::DeviceLost, Side::Sender, Some(Hop::CaptureDevice))], "{diagnoses:#?}");
}

#[test]
fn a_short_block_is_told_by_itself_and_not_by_what_comes_after() {
    // Four seconds in which nothing arrives; what comes after is late, uneven and partly lost for much longer.
    let after = |line: &mut Conditions| (line.jitter_ms, line.loss_in, line.concealed) = (80.0, 0.04, Some(0.2));
    let far = |is_blocked: bool| {
        let call = call().answering().during(34..50, after);
        (if is_blocked { call.during(30..34, |line| line.blocked = true) } else { call }).reports()
    };
    let sent = || call().during(34..50, |line| (line.jitter_out_ms, line.loss_out) = (Some(80.0), 0.04)).reports();
    let causes = |is_blocked| {
        let told = diagnose(&[(0, sent()), (1, far(is_blocked))], Vec::new());
        told.iter().map(|told| (told.cause, told.side)).collect::<Vec<_>>()
    };
    let told = causes(true);
    assert_eq!(told.first(), Some(&(Cause::Blocked, Side::Path)), "{told:?}");
    assert!(!causes(false).contains(&(Cause::Blocked, Side::Path)), "what comes late has come");
}

#[test]
fn sound_of_which_less_is_sent_than_its_time_needs_is_the_senders() {
    // From the first second on, so that there is no before: two frames of five never become packets, and nothing is lost.
    let fewer = |reports: Reports| -> Reports {
        let scaled = reports.iter().map(|mut report| {
            for stats in report.stats.values_mut() {
                for name in ["packetsSent", "packetsReceived"] {
                    if let Some(Value::Number(packets)) = stats.members.get_mut(&MemberName::plain(name)) {
                        *packets = (*packets * 0.6).floor();
                    }
                }
            }
            report
        });
        scaled.collect()
    };
    let sends = fewer(Call::of_seconds(60).reports());
    let hears = fewer(Call::of_seconds(60).answering().throughout(|line| line.concealed = Some(0.4)).reports());
    let diagnoses = diagnose(&[(0, sends), (1, hears)], Vec::new());
    let told: Vec<_> = diagnoses.iter().map(|diagnosis| (diagnosis.cause, diagnosis.culprit(), diagnosis.hop)).collect();
    assert_eq!(told, [(Cause::Overload, Some(participant(0)), Some(Hop::Encoder))], "{diagnoses:#?}");
}

#[test]
fn a_sound_card_that_runs_slowly_is_named_and_explains_nothing_else() {
    let slow = |reports: Reports| {
        let slowed = reports.iter().map(|mut report| {
            for stats in report.stats.values_mut().filter(|stats| &*stats.stats_type == "media-source") {
                if let Some(Value::Number(seconds)) = stats.members.get_mut(&MemberName::plain("totalSamplesDuration")) {
                    *seconds *= 0.999;
                }
            }
            report
        });
        slowed.collect()
    };
    let told = |fault: Range<u32>| {
        let sends = slow(Call::of_seconds(300).during(fault.clone(), |line| line.loss_out = 0.08).reports());
        let hears = Call::of_seconds(300).answering().during(fault, |line| line.loss_in = 0.08).reports();
        let diagnoses = diagnose(&[(0, sends), (1, hears)], Vec::new());
        diagnoses.iter().map(|diagnosis| (diagnosis.cause, diagnosis.culprit(), diagnosis.hop)).collect::<Vec<_>>()
    };
    assert_eq!(told(0..0), [(Cause::WrongClock, Some(participant(0)), Some(Hop::CaptureDevice))]);
    assert!(told(200..230).contains(&(Cause::PacketLoss, None, None)), "{:?}", told(200..230));
}

#[test]
fn what_pictures_suffer_with_their_sound_has_the_same_cause() {
    // A computer that stands still: sound stammers, and of the pictures only their lateness is told.
    let own: Change = |line| (line.fps_in, line.audio_bps) = (Some(30.0), 18_000.0);
    let far: Change = |line| (line.concealed, line.skew_ms) = (Some(0.2), 450.0);
    let (busy, hears) = (call().during(FAULT, own).reports(), call().answering().during(FAULT, far).reports());
    let diagnoses = diagnose(&[(0, busy), (1, hears)], Vec::new());
    assert!(diagnoses.iter().any(|diagnosis| diagnosis.rules.contains("av_skew")), "{diagnoses:#?}");
    assert!(diagnoses.iter().all(|diagnosis| diagnosis.cause == Cause::Overload), "{diagnoses:#?}");
}

/// Second and what.
type Told = (i64, What);

/// Events of participant 0 on a connection that never had a report.
fn setup(events: &[Told]) -> Vec<Diagnosis> {
    let happening = |(second, what): &Told| Happening {
        participant: participant(0),
        connection: Some(connection(0)),
        time: Timestamp::from_micros(second * 1_000_000),
        kind: "event".into(),
        what: what.clone(),
    };
    diagnose(&[], events.iter().map(happening).collect())
}

#[test]
fn a_call_that_never_came_to_be_says_why() {
    let (signaling, ice, state) =
        (|state: &str| What::Signaling(state.into()), |state: &str| What::Ice(state.into()), |state: &str| What::Connection(state.into()));
    let refused = |error: &str| What::MediaRefused(error.into());
    let cases: [(&[Told], Option<Cause>); 19] = [
        (&[(0, refused("NotAllowedError"))], Some(Cause::PermissionDenied)),
        (&[(0, refused("NotFoundError"))], Some(Cause::NoDevice)),
        (&[(0, refused("NotReadableError"))], Some(Cause::DeviceBusy)),
        // Asked again, and allowed.
        (&[(0, refused("NotAllowedError")), (4, What::MediaGranted)], None),
        (&[(0, signaling("have-local-offer")), (1, What::NegotiationFailed)], Some(Cause::NegotiationFailed)),
        // Refused at first, and then another was taken.
        (
            &[
                (0, signaling("have-local-offer")),
                (1, What::NegotiationFailed),
                (2, signaling("stable")),
                (3, ice("checking")),
                (19, ice("failed")),
            ],
            Some(Cause::IceFailed),
        ),
        (&[(0, signaling("stable")), (1, ice("checking")), (16, ice("failed"))], Some(Cause::IceFailed)),
        (&[(0, signaling("stable")), (1, ice("checking")), (9, What::Closed)], Some(Cause::IceFailed)),
        (&[(1, ice("checking")), (2, ice("connected")), (9, state("failed"))], Some(Cause::DtlsFailed)),
        (&[(1, ice("connected")), (2, What::DtlsFailed)], Some(Cause::DtlsFailed)),
        (&[(1, ice("checking")), (2, ice("connected")), (30, What::Closed)], Some(Cause::DtlsFailed)),
        // Candidates came late, and it was given up as soon as they were tried.
        (&[(0, signaling("have-local-offer")), (40, ice("checking")), (41, What::Closed)], None),
        (&[(0, signaling("have-local-offer")), (30, What::Closed)], Some(Cause::NeverAnswered)),
        (&[(0, signaling("have-remote-offer")), (30, What::Closed)], Some(Cause::NeverAnswered)),
        (&[(0, What::Network(None)), (30, What::Left)], Some(Cause::NeverOffered)),
        (&[(0, signaling("have-local-offer")), (1, What::SignallingFailed)], Some(Cause::SignallingFailed)),
        (&[(0, What::Unanswered)], Some(Cause::NeverAnswered)),
        // Given up at once: no failure.
        (&[(0, signaling("have-local-offer")), (2, What::Closed)], None),
        (&[(0, ice("checking")), (1, ice("connected")), (1, state("connected")), (60, What::Closed)], None),
    ];
    for (events, cause) in cases {
        let told = setup(events);
        assert_eq!(told.first().map(|diagnosis| diagnosis.cause), cause, "{events:?}");
        assert!(told.iter().all(|diagnosis| diagnosis.cause.is_setup_failure()));
    }
}

#[test]
fn a_diagnosis_says_what_happened_and_what_to_try() {
    let name = |key: ParticipantKey| ["Ada", "Bob", "Eve"][usize::from(key.to_bytes()[0])].to_owned();
    let sentence = |name_of: &str, topology: Topology| {
        let fault = faults()
            .into_iter()
            .find(|fault| fault.name == name_of && std::mem::discriminant(&fault.topology) == std::mem::discriminant(&topology));
        let diagnosis = run(&fault.unwrap()).remove(0);
        assert!(diagnosis.advice().ends_with('.'), "{}", diagnosis.advice());
        diagnosis.sentence(&name)
    };
    assert_eq!(sentence("dead microphone", Topology::Direct), "Ada's microphone gave no sound, so Bob heard nothing.");
    assert_eq!(
        sentence("loss up", Topology::Server),
        "Packets of media between Ada and the other side were lost on Ada's own network, on the way out (8 %)."
    );
    assert_eq!(sentence("break", Topology::Direct), "The connection between Ada and Bob broke.");
    assert_eq!(sentence("hung up", Topology::Direct), "Ada had left; what Bob missed is the end of the call.");
}
