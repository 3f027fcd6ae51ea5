//! Suspicions of the network: lost, late and blocked packets, full lines, long ways, broken connections.

use super::{
    Cause, Evidence, Hop, Side, What,
    case::{Case, NOTHING_BPS, Reading, Suspicion},
    flow::{Beginning, Flow},
    values::Part,
};
use crate::{
    analysis::{Direction, MediaKind},
    metric::Metric,
    series::has_room,
};

/// Every suspicion of this file.
pub(super) const SUSPECT: &[fn(&Case<'_>) -> Option<Suspicion>] =
    &[network_change, connection_lost, not_sent, blocked, congestion, loss, jitter, tcp_relay, out_of_step, long_way];

/// Loss that can be heard or seen.
const LOSS: f64 = 0.01;
/// Jitter that a buffer pays for with delay that can be felt.
const JITTER_MS: f64 = 30.0;
/// Streams that share a part of the way suffer much the same there: at least this part of what the judged one does …
const ALIKE: f64 = 0.6;
/// … and at least this many times what they suffered before.
const GREW: f64 = 2.5;
/// A round trip that grew by this much, and by half, has met a queue.
const QUEUE_MS: f64 = 80.0;
/// A connection that is down for this share of a stretch is what makes it poor.
const BROKEN: f64 = 0.3;
/// Sound and pictures that are this much further apart than buffers explain were so before they arrived (ITU-R BT.1359: noticed from 125 ms).
const APART_MS: f64 = 125.0;
/// A way that takes this long there and back is long.
const LONG_MS: f64 = 150.0;

/// Where something is that streams suffer.
struct Place {
    side: Side,
    hop: Option<Hop>,
    confidence: f64,
    evidence: Vec<Evidence>,
}

/// Where it is that makes `metric` at least `bad`, judged by all streams that share a part of the way.
fn place(case: &Case<'_>, metric: Metric, bad: f64) -> Option<Place> {
    let is_bad = |reading: &Reading| reading.value >= bad;
    let heard = case.received(metric);
    // What is half arrived RTCP tells as lost. Who receives it directly knows better.
    let is_known = heard.is_some() && case.flow().from.is_some() && !case.has_server();
    let heard = heard.filter(is_bad);
    let told = case.sent(metric).filter(|told| is_bad(told) && (heard.is_some() || !is_known));
    if told.is_none() && heard.is_none() {
        return None;
    }
    let Flow { from, to, .. } = case.flow();
    let mut evidence: Vec<Evidence> = [heard, told].iter().flatten().map(|reading| case.evidence(reading)).collect();
    let to_receiver = others(case, to, Direction::Inbound, metric, from);
    let from_sender = others(case, from, Direction::Outbound, metric, to);
    let worst = [&told, &heard].into_iter().flatten().map(|reading| reading.value).fold(0.0, f64::max);
    let suffers = |reading: &&Reading| {
        is_bad(reading) || reading.value >= ALIKE * worst && reading.before.is_some_and(|before| reading.value >= GREW * before)
    };
    let share =
        |readings: &[Reading]| (!readings.is_empty()).then(|| readings.iter().filter(suffers).count() as f64 / readings.len() as f64);
    let (downlink, uplink) = (share(&to_receiver), share(&from_sender));
    evidence.extend(to_receiver.iter().chain(&from_sender).take(4).map(|reading| case.evidence(reading)));
    let at = |side, hop, confidence| Some((side, hop, confidence));
    let (side, hop, confidence) = match (downlink, uplink) {
        (Some(down), Some(up)) if down > 0.5 && up > 0.5 => at(Side::Path, None, 0.55),
        (Some(down), _) if down > 0.5 => at(Side::Receiver, Some(Hop::Downlink), 0.9),
        (_, Some(up)) if up > 0.5 => at(Side::Sender, Some(Hop::Uplink), 0.9),
        _ if case.has_server() => by_server(case, metric, bad, (told.is_some(), heard.is_some()), downlink.is_some()),
        (Some(_), Some(_)) => at(Side::Path, None, 0.75),
        _ => at(Side::Path, None, if from.is_some() && to.is_some() { 0.8 } else { 0.65 }),
    }?;
    Some(Place { side, hop, confidence, evidence })
}

/// The same of the streams that the connections of an end's participant have with others.
fn others(case: &Case<'_>, end: Option<usize>, direction: Direction, metric: Metric, far: Option<usize>) -> Vec<Reading> {
    let Some(end) = end else { return Vec::new() };
    let participant = case.connections[end].participant;
    let own = case.witnesses().filter(|&place| case.connections[place].participant == participant);
    let has_far = |reading: &Reading| match (case.far(reading), far) {
        (Some(found), Some(far)) => found != far,
        // One server connection carries the streams of all others; of the judged stream itself nothing is learned.
        (_, None) => direction == Direction::Inbound && case.received(metric).is_none_or(|judged| judged.stream != reading.stream),
        (None, Some(_)) => reading.connection != end,
    };
    let readings = own.chain([end]).flat_map(|place| case.streams(place, direction, metric));
    readings.filter(has_far).collect()
}

/// With a server in between, its RTCP tells the way to it apart from the way on.
fn by_server(
    case: &Case<'_>,
    metric: Metric,
    bad: f64,
    (is_told, is_heard): (bool, bool),
    has_others: bool,
) -> Option<(Side, Option<Hop>, f64)> {
    let Flow { from, to, .. } = case.flow();
    if is_told {
        return Some((Side::Sender, Some(Hop::Uplink), 0.85));
    }
    if from.is_some() && is_heard {
        // The server had it whole.
        return Some(if has_others { (Side::Server, None, 0.6) } else { (Side::Receiver, Some(Hop::Downlink), 0.75) });
    }
    let participant = case.connections[to?].participant;
    let senders = case.witnesses().filter(|&place| case.connections[place].participant != participant);
    let told: Vec<Reading> = senders.flat_map(|place| case.streams(place, Direction::Outbound, metric)).collect();
    let bad_senders = told.iter().filter(|reading| reading.value >= bad).count();
    match (told.len(), bad_senders) {
        (0, _) => None,
        // What arrived whole at the server was lost after it, unless others receive it whole.
        (_, 0) if !has_others => Some((Side::Receiver, Some(Hop::Downlink), 0.75)),
        (_, 0) => None,
        (_, 1) => Some((Side::Sender, Some(Hop::Uplink), 0.7)),
        _ => None,
    }
}

/// An end lost its network or came to another one.
fn network_change(case: &Case<'_>) -> Option<Suspicion> {
    let Flow { from, to, .. } = case.flow();
    [(from, Side::Sender), (to, Side::Receiver)].into_iter().find_map(|(end, side)| {
        let event = case.happened(end, 10, |what| *what == What::Offline).or_else(|| changed_network(case, end?))?;
        Some(Suspicion { cause: Cause::NetworkChange, side, hop: None, confidence: 0.92, evidence: vec![Case::event(event)] })
    })
}

/// The event that tells of another network than the one before, if it came about when the stretch began.
fn changed_network<'a>(case: &'a Case<'_>, end: usize) -> Option<&'a super::Happening> {
    let mut before = None;
    for happening in case.history(end) {
        let What::Network(Some(network)) = &happening.what else { continue };
        let is_new = before.is_some_and(|before| before != network);
        before = Some(network);
        if is_new && happening.time >= case.onset().plus_micros(-10_000_000) {
            return Some(happening);
        }
    }
    None
}

/// At which end all the other connections have it as well while those of the other end have not, and what they have; [`Side::Path`]: at neither.
fn side_of_others(case: &Case<'_>, metric: Metric, is_bad: &dyn Fn(&Reading) -> bool) -> (Side, Vec<Reading>) {
    let lines = |end: Option<usize>| -> Vec<Reading> {
        let Some(end) = end else { return Vec::new() };
        let participant = case.connections[end].participant;
        let own = case.witnesses().filter(|&place| case.connections[place].participant == participant);
        own.filter_map(|place| case.line(Some(place), metric)).collect()
    };
    let Flow { from, to, .. } = case.flow();
    let (senders, receivers) = (lines(from), lines(to));
    let are_bad = |lines: &[Reading]| !lines.is_empty() && lines.iter().all(is_bad);
    match (are_bad(&senders), are_bad(&receivers)) {
        (true, false) => (Side::Sender, senders),
        (false, true) => (Side::Receiver, receivers),
        _ => (Side::Path, Vec::new()),
    }
}

fn connection_lost(case: &Case<'_>) -> Option<Suspicion> {
    let broken = |end| case.line(Some(end), Metric::IceDisconnected).filter(|state| state.value >= BROKEN);
    let evidence: Vec<_> = case.ends().filter_map(broken).map(|reading| case.evidence(&reading)).collect();
    if evidence.is_empty() {
        return None;
    }
    let (side, _) = side_of_others(case, Metric::IceDisconnected, &|state| state.value >= BROKEN);
    // What is lost meanwhile is a consequence.
    Some(Suspicion { cause: Cause::ConnectionLost, side, hop: None, confidence: 0.91, evidence })
}

/// What is told when nothing of a flow arrives any more, or ever.
const NOTHING: &[&str] = &["no_inbound_audio", "no_inbound_video", "video_freeze", "low_frame_rate", "missing_stream"];

/// Whether nothing of this flow arrives: in which part of the stretch, and the stream that says so; of what never came there is none.
///
/// What began with nothing at all was no other fault: what comes after a short break (lateness, loss that is counted when the next packet
/// comes) lasts longer than it, and follows from it.
fn nothing_arrives<'a>(case: &Case<'a>) -> Option<(Case<'a>, Option<Reading>)> {
    // The issue says so.
    if case.beginning() == Some(Beginning::FirstMedia) {
        return Some((case.over(Part::Onset), None));
    }
    if !is_connected(case) || !case.fired(NOTHING) {
        return None;
    }
    // And here: its first packets may come within the seconds that are looked at.
    if case.begins_with_nothing() {
        let onset = case.over(Part::Onset);
        let received = onset.received(Metric::Bitrate).filter(|received| received.value < NOTHING_BPS);
        return Some((onset, received));
    }
    [Part::Onset, Part::Whole].into_iter().find_map(|part| {
        let part = case.over(part);
        let received = part.received(Metric::Bitrate);
        let is_missed = || part.is_seen(part.flow().to) && part.fired(&["no_inbound_audio", "no_inbound_video"]);
        let is_nothing = received.map_or_else(is_missed, |received| received.value < NOTHING_BPS);
        is_nothing.then_some((part, received))
    })
}

fn is_connected(case: &Case<'_>) -> bool {
    case.ends().all(|end| case.line(Some(end), Metric::IceDisconnected).is_none_or(|state| state.value < BROKEN))
}

/// Nothing arrives because nothing is sent.
pub(super) fn not_sent(case: &Case<'_>) -> Option<Suspicion> {
    let (part, received) = nothing_arrives(case)?;
    let sent = part.sent(Metric::Bitrate);
    let is_sent = match sent {
        Some(sent) => sent.value >= NOTHING_BPS,
        // It reports, and has nothing of the kind.
        None => !part.is_seen(part.flow().from),
    };
    if is_sent {
        return None;
    }
    let evidence = [sent, received].iter().flatten().map(|reading| case.evidence(reading)).collect();
    Some(Suspicion { cause: Cause::NotSent, side: Side::Sender, hop: None, confidence: 0.8, evidence })
}

/// What is sent does not arrive, though the connection stands: one way, or for a moment both.
pub(super) fn blocked(case: &Case<'_>) -> Option<Suspicion> {
    let (part, received) = nothing_arrives(case)?;
    // Between one network and the next nothing arrives either.
    if network_change(case).is_some() {
        return None;
    }
    let least = received.map_or(NOTHING_BPS, |received| 10.0 * received.value);
    let sent = part.sent(Metric::Bitrate).filter(|sent| sent.value >= 5_000.0 || sent.value > least)?;
    let evidence = [Some(sent), received].iter().flatten().map(|reading| case.evidence(reading)).collect();
    if !case.has_server() {
        return Some(Suspicion { cause: Cause::Blocked, side: Side::Path, hop: None, confidence: 0.85, evidence });
    }
    // Does the server have it? It then loses nothing that it tells of.
    let has_server_it = case.sent(Metric::LossRatio).is_some_and(|loss| loss.value < 0.5);
    let (cause, side) = if has_server_it { (Cause::NotForwarded, Side::Server) } else { (Cause::Blocked, Side::Path) };
    Some(Suspicion { cause, side, hop: None, confidence: 0.75, evidence })
}

/// Whether a round trip grew as it does where a queue stands.
fn has_grown(trip: &Reading) -> bool {
    trip.before.is_some_and(|before| trip.value > before + QUEUE_MS.max(before / 2.0))
}

/// Whether the queue of a full line stands somewhere on the round trip.
fn queue(case: &Case<'_>) -> Option<Reading> {
    case.ends().filter_map(|end| case.line(Some(end), Metric::Rtt)).find(has_grown)
}

/// Whether the sender's encoder gives less because of the line, which has no room for more.
fn limited(case: &Case<'_>) -> Option<Reading> {
    let [available, sent] = [Metric::AvailableOutgoingBitrate, Metric::SendBitrate].map(|metric| case.line(case.flow().from, metric));
    let is_free = available.zip(sent).is_some_and(|(available, sent)| has_room(available.value, sent.value));
    case.sent(Metric::LimitedByBandwidth).filter(|share| share.value >= 0.3 && !is_free)
}

/// What speaks for a full line: a queue, and what the sender's congestion control and encoder say.
pub(super) fn signs_of_full_line(case: &Case<'_>) -> (Option<Reading>, Vec<Reading>) {
    let fell = |reading: &Reading| reading.before.is_some_and(|before| reading.value < 0.6 * before);
    let available = case.line(case.flow().from, Metric::AvailableOutgoingBitrate).filter(fell);
    (queue(case), [limited(case), available].into_iter().flatten().collect())
}

/// A full line. A round trip that grew says that there is a queue, but not on which way: that the sender's congestion control and encoder say,
/// or the loss.
fn congestion(case: &Case<'_>) -> Option<Suspicion> {
    // What TCP holds up congestion control takes for a queue; of an encoder that has to give less it is one.
    if over_tcp(case).is_some() && limited(case).is_none() {
        return None;
    }
    let there = one_way(case);
    // What listens to one way suffers from the other one's queue as well: the round trip is part of its delay.
    let looks_back = case.is_line() || case.fired(&["high_media_latency", "high_rtt"]);
    let back = if looks_back { one_way(&case.reversed()) } else { None };
    let back = back.map(|found| {
        let side = match found.side {
            Side::Sender => Side::Receiver,
            Side::Receiver => Side::Sender,
            other => other,
        };
        Suspicion { side, ..found }
    });
    match (there, back) {
        (Some(there), Some(back)) if (there.side, there.hop) != (back.side, back.hop) && there.confidence == back.confidence => {
            Some(Suspicion { side: Side::Path, hop: None, confidence: 0.7, ..there })
        }
        (Some(there), Some(back)) => Some(if back.confidence > there.confidence { back } else { there }),
        (there, back) => there.or(back).or_else(|| {
            let queue = queue(case)?;
            Some(Suspicion {
                cause: Cause::Congestion,
                side: Side::Path,
                hop: None,
                confidence: 0.6,
                evidence: vec![case.evidence(&queue)],
            })
        }),
    }
}

/// Whether the way from sender to receiver is full.
fn one_way(case: &Case<'_>) -> Option<Suspicion> {
    let Flow { from, .. } = case.flow();
    let (queue, told) = signs_of_full_line(case);
    let is_told = !told.is_empty();
    let signs: Vec<Reading> = queue.into_iter().chain(told).collect();
    let harm = place(case, Metric::LossRatio, LOSS).or_else(|| place(case, Metric::Jitter, JITTER_MS));
    if signs.is_empty() || !is_told && harm.is_none() {
        return None;
    }
    let mut evidence: Vec<_> = signs.iter().map(|sign| case.evidence(sign)).collect();
    let (side, hop, confidence) = match harm {
        Some(Place { side, hop, confidence, evidence: harm }) => {
            evidence.extend(harm);
            (side, hop, confidence)
        }
        // A media server answers for the way to it alone.
        None if case.has_server() && from.is_some() => (Side::Sender, Some(Hop::Uplink), 0.8),
        None => others_are_narrow(case).map_or((Side::Path, None, 0.75), |(side, hop)| (side, Some(hop), 0.85)),
    };
    // Which way the queue stands is known by now, and the round trips of the others say at whose end.
    let (whose, trips) = if side == Side::Path { side_of_others(case, Metric::Rtt, &has_grown) } else { (Side::Path, Vec::new()) };
    evidence.extend(trips.iter().map(|trip| case.evidence(trip)));
    let (side, hop, confidence) = match whose {
        Side::Sender => (whose, Some(Hop::Uplink), 0.85),
        Side::Receiver => (whose, Some(Hop::Downlink), 0.85),
        _ => (side, hop, confidence),
    };
    // One sign alone may be an encoder that had little to send.
    let confidence = if signs.len() + usize::from(side != Side::Path) >= 2 { confidence + 0.05 } else { confidence - 0.15 };
    Some(Suspicion { cause: Cause::Congestion, side, hop, confidence, evidence })
}

/// Whether the sender's other connections are full too: then it is the sender's uplink.
fn others_are_narrow(case: &Case<'_>) -> Option<(Side, Hop)> {
    let participant = case.connections[case.flow().from?].participant;
    let own = case.witnesses().filter(|&place| case.connections[place].participant == participant);
    let shares: Vec<f64> =
        own.flat_map(|place| case.streams(place, Direction::Outbound, Metric::LimitedByBandwidth)).map(|share| share.value).collect();
    (!shares.is_empty() && shares.iter().all(|share| *share >= 0.3)).then_some((Side::Sender, Hop::Uplink))
}

fn loss(case: &Case<'_>) -> Option<Suspicion> {
    let Place { side, hop, confidence, evidence } = place(case, Metric::LossRatio, LOSS)?;
    Some(Suspicion { cause: Cause::PacketLoss, side, hop, confidence, evidence })
}

fn jitter(case: &Case<'_>) -> Option<Suspicion> {
    let Place { side, hop, confidence, evidence } = place(case, Metric::Jitter, JITTER_MS)?;
    // An encoder that is late sends unevenly too.
    let is_busy = case.carries(MediaKind::Video) && case.sent(Metric::LimitedByCpu).is_some_and(|share| share.value >= 0.3);
    let confidence = if is_busy { 0.5 } else { confidence - 0.05 };
    Some(Suspicion { cause: Cause::Jitter, side, hop, confidence, evidence })
}

/// A relay that is reached over TCP, while nothing is lost: TCP repeats it, and what waits behind it is late.
fn over_tcp(case: &Case<'_>) -> Option<Reading> {
    let over_tcp = case.ends().find_map(|end| case.line(Some(end), Metric::RelayedOverTcp).filter(|share| share.value >= 0.5))?;
    place(case, Metric::LossRatio, LOSS).is_none().then_some(over_tcp)
}

/// A relay over TCP makes loss into lateness.
fn tcp_relay(case: &Case<'_>) -> Option<Suspicion> {
    let over_tcp = over_tcp(case)?;
    let late = [(Metric::Jitter, JITTER_MS), (Metric::AudibleConcealmentRatio, LOSS), (Metric::MediaLatency, LONG_MS)]
        .into_iter()
        .find_map(|(metric, bad)| case.received(metric).or_else(|| case.sent(metric)).filter(|reading| reading.value >= bad));
    let slow = case.ends().find_map(|end| case.line(Some(end), Metric::Rtt).filter(|rtt| rtt.value >= LONG_MS));
    let late = late.or(slow)?;
    let evidence = [over_tcp, late].iter().map(|reading| case.evidence(reading)).collect();
    Some(Suspicion { cause: Cause::TcpRelay, side: Side::Path, hop: Some(Hop::Relay), confidence: 0.85, evidence })
}

/// Sound and pictures are further apart than the receiver's buffers put them, and both come whole and evenly: one took longer on the way. A media
/// server may tell their times wrongly, so only of what goes directly.
fn out_of_step(case: &Case<'_>) -> Option<Suspicion> {
    let skew = case.line(case.flow().to, Metric::AvSkew).filter(|_| case.fired(&["av_skew"]) && case.flow().from.is_some())?;
    let [sound, pictures] = [MediaKind::Audio, MediaKind::Video].map(|media| case.of(media).received(Metric::JitterBufferDelay));
    let (sound, pictures) = sound.zip(pictures)?;
    let is_spoilt =
        [(Metric::LossRatio, LOSS), (Metric::Jitter, JITTER_MS)].into_iter().any(|(metric, bad)| place(case, metric, bad).is_some());
    let is_between = skew.value > (sound.value - pictures.value).abs() + APART_MS;
    (is_between && !is_spoilt && !case.has_server()).then(|| {
        let evidence = [skew, sound, pictures].iter().map(|reading| case.evidence(reading)).collect();
        Suspicion { cause: Cause::OutOfStep, side: Side::Path, hop: None, confidence: 0.7, evidence }
    })
}

/// It was slow all the time, and not because of a queue.
fn long_way(case: &Case<'_>) -> Option<Suspicion> {
    if !case.fired(&["high_rtt", "high_media_latency"]) {
        return None;
    }
    let rtt = case.ends().find_map(|end| case.line(Some(end), Metric::Rtt).filter(|rtt| rtt.value >= LONG_MS))?;
    if rtt.before.is_some_and(|before| before < 0.7 * rtt.value) {
        return None;
    }
    let relayed = case.ends().find_map(|end| case.line(Some(end), Metric::Relayed).filter(|share| share.value >= 0.5));
    let evidence = [Some(rtt), relayed].iter().flatten().map(|reading| case.evidence(reading)).collect();
    Some(Suspicion { cause: Cause::LongWay, side: Side::Path, hop: relayed.map(|_| Hop::Relay), confidence: 0.75, evidence })
}
