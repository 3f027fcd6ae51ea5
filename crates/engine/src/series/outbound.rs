//! Values of sent streams.

use super::{
    counters::{over, rms},
    field::Field,
    rtcp::Told,
    stream::{Judged, Moment, Score, StreamState},
};
use crate::{
    metric::{Draft, Metric},
    score::{
        audio::{Delay, Listening, conversational},
        unjudged::Unjudged,
        video::Watching,
    },
};

/// By what share the quietest second is forgotten each second: a quarter of a decibel.
const FLOOR_RISE: f64 = 0.03;

/// Speech is this much louder than its pauses: 15 dB. The hiss of a room is within ten from second to second.
const ABOVE_FLOOR: f64 = 5.6;

/// So much of every second spent with one frame after another leaves too little for anything else, ms …
pub(crate) const BUSY_MS: f64 = 700.0;
/// … and then less than this part of the camera's frames is encoded.
const BEHIND: f64 = 0.9;
/// Half of every second is a lot, ms …
const HALF_BUSY_MS: f64 = 500.0;
/// … for a computer that does not have even its sound ready in time, of which it has to make up so much.
pub(crate) const STARVED: f64 = 0.05;

/// Whether an encoder works all the time and does not keep up with its source, or works most of the time of a computer that is short of it.
fn is_overloaded(starved_ratio: f64, values: &Draft) -> bool {
    let of = |metric| values.get(metric);
    let Some((time, rate)) = of(Metric::EncodeTime).zip(of(Metric::EncodedFrameRate)) else { return false };
    let is_behind = of(Metric::SourceFrameRate).is_some_and(|source| rate < BEHIND * source);
    time * rate >= BUSY_MS && is_behind || time * rate >= HALF_BUSY_MS && starved_ratio >= STARVED
}

impl StreamState {
    /// Whether a microphone as loud as this, of full scale, hears more than what it always hears.
    pub(crate) fn stands_out(&self, loudness: f64) -> bool {
        loudness > self.floor * ABOVE_FLOOR
    }

    /// What sent sound and pictures have in common: bit rate, packets per second, what the far end told.
    fn outbound(&mut self, moment: &Moment, seconds: f64, values: &mut Draft) -> (Option<f64>, Option<f64>, Told) {
        let bitrate = self.bitrate(Field::BytesSent, seconds, values);
        let packet_rate = self.rate(Field::PacketsSent, seconds);
        values.set(Metric::PacketRate, packet_rate);
        let told = self.rtcp.told(moment.time);
        values.set(Metric::LossRatio, told.loss_ratio);
        values.set(Metric::Jitter, told.jitter_ms);
        values.set(Metric::Rtt, told.rtt_ms);
        values.set(Metric::NackRate, self.rate(Field::NackCount, seconds));
        values.set(Metric::RetransmissionRatio, self.own.share(Field::RetransmittedPacketsSent, Field::PacketsSent));
        values.set(Metric::SendDelay, self.mean_ms(Field::TotalPacketSendDelay, Field::PacketsSent));
        values.set(Metric::TargetBitrate, self.own.level(Field::TargetBitrate));
        (bitrate, packet_rate, told)
    }

    pub(super) fn outbound_audio(&mut self, moment: &Moment, seconds: f64, values: &mut Draft) -> Judged {
        let (_, packets_per_second, told) = self.outbound(moment, seconds, values);
        // Chrome's former `track` objects held the level of the microphone; they were read with the stream's own.
        let level = self.source.level(Field::AudioLevel).or_else(|| self.own.level(Field::AudioLevel));
        values.set(Metric::AudioLevel, level);
        let loudness = rms(&self.source).or_else(|| rms(&self.own));
        values.set(Metric::AudioRms, loudness);
        // An exact 0 is a muted track.
        if let Some(loudness) = loudness.filter(|&loudness| loudness > 0.0) {
            self.floor = loudness.min(self.floor * (1.0 + FLOOR_RISE * seconds));
        }
        if let Some(seconds) = self.source.level(Field::TotalSamplesDuration) {
            let time = moment.time.as_millis_f64();
            self.drift.read(time, time - 1000.0 * seconds);
        }
        values.set(Metric::ClockDrift, self.drift.ppm());
        values.set(Metric::EchoReturnLoss, self.source.now.get(Field::EchoReturnLoss));
        values.set(Metric::EchoReturnLossEnhancement, self.source.now.get(Field::EchoReturnLossEnhancement));
        self.was_heard |= level.is_some_and(|level| level > 0.0);

        let listening = Listening {
            codec: self.stream.codec.as_deref(),
            has_fec: self.has_fec,
            bitrate_bps: Some(self.peak_bps),
            packets_per_second,
            loss_ratio: told.loss_ratio,
            ..Listening::default()
        };
        packets_per_second.ok_or(Unjudged::NotCounted)?;
        let mos_lq = listening.mos_lq().map_err(|reason| if reason == Unjudged::NotCounted { Unjudged::NotTold } else { reason })?;
        let delay = Delay { rtt_ms: told.rtt_ms.or(moment.rtt_ms), jitter_ms: told.jitter_ms, ..Delay::default() };
        Ok(Score::Sound(mos_lq, conversational(mos_lq, &delay)))
    }

    pub(super) fn outbound_video(&mut self, moment: &Moment, seconds: f64, values: &mut Draft) -> Judged {
        let (bitrate_bps, _, _) = self.outbound(moment, seconds, values);
        let pixels = self.picture(Field::FramesEncoded, Field::KeyFramesEncoded, seconds, values);
        let frame_rate = self.rate(Field::FramesEncoded, seconds);
        let source_rate = self
            .source
            .seconds()
            .filter(|&seconds| seconds > 0.0)
            .or(Some(seconds))
            .and_then(|seconds| over(self.source.growth(Field::Frames)?, seconds));
        values.set(Metric::EncodedFrameRate, frame_rate);
        values.set(Metric::SentFrameRate, self.rate(Field::FramesSent, seconds));
        values.set(Metric::SourceFrameRate, source_rate.or_else(|| self.source.level(Field::FramesPerSecond)));
        values.set(Metric::EncodeTime, self.mean_ms(Field::TotalEncodeTime, Field::FramesEncoded));
        self.limitations(moment.starved_ratio, values);

        if let Some(frame_rate) = frame_rate {
            self.frame_rate_max = self.frame_rate_max.max(frame_rate);
        }
        let source = self.source.level(Field::Width).zip(self.source.level(Field::Height));
        let source_pixels = source.map(|(width, height)| width * height);
        let sent = values.get(Metric::Width).zip(values.get(Metric::Height)).filter(|_| self.stream.rid.is_none());
        let sides = sent.zip(source).and_then(|(sent, source)| over(sent.0.min(sent.1), source.0.min(source.1)));
        values.set(Metric::SentSizeRatio, sides);
        let watching = Watching {
            codec: self.stream.codec.as_deref(),
            qp: values.get(Metric::Qp),
            bitrate_bps,
            pixels,
            // A simulcast layer (one with a `rid`) is small on purpose: it is measured by itself.
            pixels_expected: source_pixels.filter(|_| self.stream.rid.is_none()).or(Some(self.pixels_max)),
            frame_rate,
            frame_rate_expected: values.get(Metric::SourceFrameRate).or(Some(self.frame_rate_max)),
            frozen_ratio: None,
        };
        watching.mos_v().map(Score::Picture)
    }

    /// Shares of the interval by what limited the quality: from durations, else from the reason that stands now. Where encoding fills the time and
    /// frames of the camera stay behind, or sound to be played does, it was the processor: Firefox never says so, and Chromium half a minute later
    /// or not at all. Hardware takes its time with a frame, and has others in work meanwhile.
    fn limitations(&self, starved_ratio: f64, values: &mut Draft) {
        const REASONS: [(Metric, Field, &str); 4] = [
            (Metric::LimitedByNone, Field::LimitedNone, "none"),
            (Metric::LimitedByCpu, Field::LimitedCpu, "cpu"),
            (Metric::LimitedByBandwidth, Field::LimitedBandwidth, "bandwidth"),
            (Metric::LimitedByOther, Field::LimitedOther, "other"),
        ];
        let is_counted = self.own.level(Field::LimitedNone).is_some();
        let sum: f64 = REASONS.iter().filter_map(|&(_, field, _)| self.own.growth(field)).sum();
        for &(metric, field, reason) in &REASONS {
            let share = if is_counted {
                self.own.growth(field).and_then(|part| over(part, sum))
            } else {
                self.limitation.as_deref().map(|held| f64::from(u8::from(held == reason)))
            };
            values.set(metric, share);
        }
        if !self.is_by_hardware() && is_overloaded(starved_ratio, values) {
            for &(metric, ..) in &REASONS {
                values.set(metric, Some(f64::from(u8::from(metric == Metric::LimitedByCpu))));
            }
        }
    }
}
