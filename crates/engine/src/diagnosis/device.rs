//! Suspicions of devices, machines and pages.

use super::{
    Cause, Hop, Side, What,
    case::{Case, NOTHING_BPS, Reading, Suspicion},
    network::signs_of_full_line,
};
use crate::{
    analysis::MediaKind,
    metric::Metric,
    series::{BUSY_MS, STARVED},
};

/// Every suspicion of this file.
pub(super) const SUSPECT: &[fn(&Case<'_>) -> Option<Suspicion>] = &[
    gone_away,
    page_suspended,
    microphone,
    microphone_level,
    microphone_clock,
    silent_server,
    camera,
    encoder,
    stammering,
    decoder,
    slowed,
    late_reader,
    playout,
    late_playout,
];

/// −60 dB of full scale: silence.
const SILENCE: f64 = 0.001;
/// −40 dB: somebody is there.
const VOICE: f64 = 0.01;
/// Loss that can be heard or seen.
const LOSS: f64 = 0.01;
/// Frames a second that look like a slide show.
const FEW_FRAMES: f64 = 12.0;
/// Less of the sound made up than this is not told apart from what the clocks of two computers differ by.
const A_TENTH: f64 = 0.1;
/// How long the sound of a packet lasts, as browsers and phones send it (RFC 3551, RFC 7587), ms.
const PACKET_MS: [f64; 5] = [10.0, 20.0, 30.0, 40.0, 60.0];
/// So many times as long as before is much longer.
const SLOWED: f64 = 1.8;

fn suspicion<'a>(
    case: &Case<'_>,
    (cause, side, hop): (Cause, Side, Hop),
    confidence: f64,
    readings: impl IntoIterator<Item = &'a Reading>,
) -> Suspicion {
    let evidence = readings.into_iter().map(|reading| case.evidence(reading)).collect();
    Suspicion { cause, side, hop: Some(hop), confidence, evidence }
}

/// An end that is there no more explains everything that its far end misses.
fn gone_away(case: &Case<'_>) -> Option<Suspicion> {
    if !case.fired(&["no_inbound_audio", "no_inbound_video", "ice_disconnected", "ice_failed", "video_freeze", "missing_stream"]) {
        return None;
    }
    let [from, to] = [case.flow().from, case.flow().to];
    [(from, Side::Sender), (to, Side::Receiver)].into_iter().find_map(|(end, side)| {
        let event = case.happened(end, 10, |what| matches!(what, What::Left | What::Closed))?;
        // It left because of the break, not the other way round.
        if event.time > case.onset().plus_micros(3_000_000) {
            return None;
        }
        Some(Suspicion { cause: Cause::GoneAway, side, hop: None, confidence: 0.95, evidence: vec![Case::event(event)] })
    })
}

fn page_suspended(case: &Case<'_>) -> Option<Suspicion> {
    let [from, to] = [case.flow().from, case.flow().to];
    [(from, Side::Sender), (to, Side::Receiver)].into_iter().find_map(|(end, side)| {
        let event = case.happened(end, 10, |what| matches!(what, What::PageFrozen))?;
        Some(Suspicion { cause: Cause::PageSuspended, side, hop: None, confidence: 0.95, evidence: vec![Case::event(event)] })
    })
}

/// The sender's microphone gives nothing.
fn microphone(case: &Case<'_>) -> Option<Suspicion> {
    if !case.carries(MediaKind::Audio) || !case.fired(&["dead_microphone", "silent_inbound_audio", "no_inbound_audio"]) {
        return None;
    }
    let from = case.flow().from;
    let lost = case.happened(from, 15, |what| *what == What::DeviceLost(MediaKind::Audio));
    let level = case.sent(Metric::AudioRms).or_else(|| case.sent(Metric::AudioLevel));
    let is_silent = level.is_some_and(|level| level.value < SILENCE);
    let found = (Cause::DeadMicrophone, Side::Sender, Hop::CaptureDevice);
    let is_quiet = is_silent || level.is_none() || case.sent(Metric::Bitrate).is_some_and(|sent| sent.value < NOTHING_BPS);
    if let Some(lost) = lost.filter(|_| is_quiet) {
        let mut found = suspicion(case, (Cause::DeviceLost, found.1, found.2), 0.95, &level);
        found.evidence.insert(0, Case::event(lost));
        return Some(found);
    }
    let heard = case.received(Metric::AudioRms).or_else(|| case.received(Metric::AudioLevel));
    let level = level.filter(|_| is_silent)?;
    let agrees = heard.is_none_or(|heard| heard.value < VOICE);
    agrees.then(|| suspicion(case, found, if heard.is_some() { 0.95 } else { 0.85 }, [Some(level), heard].iter().flatten()))
}

fn microphone_level(case: &Case<'_>) -> Option<Suspicion> {
    let cause = match () {
        () if case.fired(&["loud_microphone"]) => Cause::LoudMicrophone,
        () if case.fired(&["quiet_microphone"]) => Cause::QuietMicrophone,
        () => return None,
    };
    Some(suspicion(case, (cause, Side::Sender, Hop::CaptureDevice), 0.75, &case.sent(Metric::AudioRms)))
}

/// The sender's microphone gives more or less sound than its time needs. It is there all the time: what else is wrong with a stretch weighs more.
fn microphone_clock(case: &Case<'_>) -> Option<Suspicion> {
    let drift = case.sent(Metric::ClockDrift).filter(|_| case.fired(&["clock_drift"]))?;
    Some(suspicion(case, (Cause::WrongClock, Side::Sender, Hop::CaptureDevice), 0.62, [&drift]))
}

/// The sender speaks, the receiver gets packets of silence: it happened in between.
fn silent_server(case: &Case<'_>) -> Option<Suspicion> {
    if !case.carries(MediaKind::Audio) || !case.fired(&["silent_inbound_audio"]) || !case.has_server() {
        return None;
    }
    let sent = case.sent(Metric::AudioRms).filter(|sent| sent.value >= VOICE)?;
    let heard = case.received(Metric::AudioRms).filter(|heard| heard.value < SILENCE)?;
    let evidence = [sent, heard].iter().map(|reading| case.evidence(reading)).collect();
    Some(Suspicion { cause: Cause::NotForwarded, side: Side::Server, hop: None, confidence: 0.75, evidence })
}

/// The sender's camera gives few pictures.
fn camera(case: &Case<'_>) -> Option<Suspicion> {
    if !case.carries(MediaKind::Video) {
        return None;
    }
    let source = case.sent(Metric::SourceFrameRate)?;
    let found = (Cause::SlowCamera, Side::Sender, Hop::CaptureDevice);
    if let Some(lost) = case.happened(case.flow().from, 15, |what| *what == What::DeviceLost(MediaKind::Video)) {
        let mut found = suspicion(case, (Cause::DeviceLost, found.1, found.2), 0.95, [&source]);
        found.evidence.insert(0, Case::event(lost));
        return Some(found);
    }
    let is_busy = case.sent(Metric::LimitedByCpu).is_some_and(|share| share.value >= 0.3) || is_encoding_all_the_time(case).is_some();
    let fell = source.before.is_none_or(|before| source.value < 0.7 * before);
    (source.value < FEW_FRAMES && fell && !is_busy).then(|| suspicion(case, found, 0.85, [&source]))
}

fn is_encoding_all_the_time(case: &Case<'_>) -> Option<Reading> {
    let time = case.sent(Metric::EncodeTime)?;
    let rate = case.sent(Metric::EncodedFrameRate)?;
    (time.value * rate.value >= BUSY_MS).then_some(time)
}

/// The sender's computer cannot encode in time.
fn encoder(case: &Case<'_>) -> Option<Suspicion> {
    if !case.carries(MediaKind::Video) {
        return None;
    }
    let found = (Cause::Overload, Side::Sender, Hop::Encoder);
    let limited = case.sent(Metric::LimitedByCpu).filter(|share| share.value >= 0.3);
    let busy = is_encoding_all_the_time(case);
    if limited.is_some() || busy.is_some() {
        let confidence = if limited.is_some_and(|share| share.value >= 0.5) { 0.9 } else { 0.75 };
        return Some(suspicion(case, found, confidence, [limited, busy].iter().flatten()));
    }
    // Frames that the camera gave were not encoded, and it was not for want of bandwidth.
    let source = case.sent(Metric::SourceFrameRate).filter(|source| source.value >= FEW_FRAMES)?;
    let encoded = case.sent(Metric::EncodedFrameRate).filter(|encoded| encoded.value < 0.6 * source.value)?;
    let is_narrow = case.sent(Metric::LimitedByBandwidth).is_some_and(|share| share.value >= 0.3);
    (!is_narrow).then(|| suspicion(case, found, 0.65, [&encoded, &source]))
}

/// Sound of which fewer packets leave than before, or than its time needs, and none of them is lost: the sender's computer is late.
fn stammering(case: &Case<'_>) -> Option<Suspicion> {
    if !case.carries(MediaKind::Audio) || !case.fired(&["audible_concealment", "low_mos"]) {
        return None;
    }
    let concealed = case.received(Metric::AudibleConcealmentRatio).filter(|concealed| concealed.value >= LOSS)?;
    let loss = case.received(Metric::LossRatio).filter(|loss| loss.value < 0.3 * concealed.value)?;
    let rate = case.sent(Metric::PacketRate)?;
    let is_fewer = rate.before.is_some_and(|before| rate.value < 0.85 * before);
    (is_fewer || is_played_whole(case))
        .then(|| suspicion(case, (Cause::Overload, Side::Sender, Hop::Encoder), 0.8, [&rate, &concealed, &loss]))
}

/// Whether each packet of sound that arrives is played for as long as packets of sound are: then what is missing did not arrive.
fn is_played_whole(case: &Case<'_>) -> bool {
    let packets = case.received(Metric::PacketRate).filter(|packets| packets.value > 0.0);
    let concealed = case.received(Metric::ConcealmentRatio).filter(|concealed| concealed.value >= A_TENTH);
    packets.zip(concealed).is_some_and(|(packets, concealed)| {
        let each_ms = 1000.0 * (1.0 - concealed.value) / packets.value;
        PACKET_MS.iter().any(|&length| (each_ms - length).abs() < 0.03 * length)
    })
}

/// Pictures arrive and are not shown. Dropped ones alone may lack others that they refer to; only with slow decoding is it the computer.
fn decoder(case: &Case<'_>) -> Option<Suspicion> {
    if !case.carries(MediaKind::Video) || case.received(Metric::LossRatio).is_some_and(|loss| loss.value >= LOSS) {
        return None;
    }
    let received = case.received(Metric::ReceivedFrameRate);
    let decoded = case.received(Metric::DecodedFrameRate);
    let skipped = received.zip(decoded).filter(|(received, decoded)| received.value >= 5.0 && decoded.value < 0.8 * received.value);
    let dropped = case.received(Metric::DroppedFrameRatio).filter(|dropped| dropped.value >= 0.1);
    let time = case.received(Metric::DecodeTime)?;
    let is_slow = time.before.is_some_and(|before| before > 0.0 && time.value >= SLOWED * before);
    let is_busy = decoded.is_some_and(|rate| time.value * rate.value >= BUSY_MS);
    if !(is_busy || is_slow && (skipped.is_some() || dropped.is_some())) {
        return None;
    }
    let readings = [Some(time), dropped, skipped.map(|(_, decoded)| decoded), skipped.map(|(received, _)| received)];
    Some(suspicion(case, (Cause::Overload, Side::Receiver, Hop::Playout), 0.85, readings.iter().flatten()))
}

/// A computer needs much longer for the same work than before: something else keeps it busy. Late packets are then its own.
fn slowed(case: &Case<'_>) -> Option<Suspicion> {
    if case.received(Metric::LossRatio).or_else(|| case.sent(Metric::LossRatio)).is_some_and(|loss| loss.value >= LOSS) {
        return None;
    }
    let growth = |end, metric| {
        let time = case.any(end, metric)?;
        let before = time.before.filter(|before| *before > 0.0 && time.value > before + 1.0)?;
        Some((time.value / before, time))
    };
    let sender = growth(case.flow().from, Metric::EncodeTime).map(|(times, time)| (times, time, Side::Sender, Hop::Encoder));
    let receiver = growth(case.flow().to, Metric::DecodeTime).map(|(times, time)| (times, time, Side::Receiver, Hop::Playout));
    let (times, time, side, hop) = [sender, receiver].into_iter().flatten().max_by(|a, b| a.0.total_cmp(&b.0))?;
    (times >= SLOWED).then(|| suspicion(case, (Cause::Overload, side, hop), 0.82, [&time]))
}

/// Pictures come unevenly to a computer that does not have even its sound ready in time: it takes them from the network late.
fn late_reader(case: &Case<'_>) -> Option<Suspicion> {
    if !case.carries(MediaKind::Video) || case.received(Metric::LossRatio).is_some_and(|loss| loss.value >= LOSS) {
        return None;
    }
    let starved = case.any(case.flow().to, Metric::SynthesizedPlayoutRatio).filter(|starved| starved.value >= STARVED)?;
    Some(suspicion(case, (Cause::Overload, Side::Receiver, Hop::Playout), 0.8, [&starved]))
}

/// The loudspeaker asked for sound, and the computer had none ready.
fn playout(case: &Case<'_>) -> Option<Suspicion> {
    let starved = case.received(Metric::SynthesizedPlayoutRatio).filter(|starved| starved.value >= 0.02)?;
    let is_audio = case.carries(MediaKind::Audio);
    is_audio.then(|| suspicion(case, (Cause::StarvedPlayout, Side::Receiver, Hop::Playout), 0.85, [&starved]))
}

/// Sound arrives whole and in time, and is concealed all the same: the computer played it too late.
fn late_playout(case: &Case<'_>) -> Option<Suspicion> {
    if !case.carries(MediaKind::Audio) {
        return None;
    }
    let concealed = case.received(Metric::AudibleConcealmentRatio).filter(|concealed| concealed.value >= LOSS)?;
    let loss = case.received(Metric::LossRatio).filter(|loss| loss.value < 0.3 * concealed.value)?;
    let jitter = case.received(Metric::Jitter).filter(|jitter| jitter.value < 20.0)?;
    // Its packets came as they should.
    let rate = case.received(Metric::PacketRate)?;
    let is_steady = rate.before.is_none_or(|before| rate.value >= 0.95 * before);
    let found = (Cause::Overload, Side::Receiver, Hop::Playout);
    let (queue, told) = signs_of_full_line(case);
    (is_steady && !is_played_whole(case) && queue.is_none() && told.is_empty())
        .then(|| suspicion(case, found, 0.6, [&concealed, &loss, &jitter]))
}
