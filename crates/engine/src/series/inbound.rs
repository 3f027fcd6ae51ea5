//! Values of received streams.

use super::{
    counters::{over, rms},
    field::Field,
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

/// A freeze: no frame for this many times the mean time between frames, and at least [`FREEZE_MORE_S`] longer than that.
/// Source: W3C webrtc-stats, `freezeCount`.
const FREEZE_TIMES: f64 = 3.0;
/// See [`FREEZE_TIMES`].
const FREEZE_MORE_S: f64 = 0.150;
/// With no frame for longer than this and no packets either, the sender paused. Source: W3C webrtc-stats, `pauseCount`.
const PAUSE_S: f64 = 5.0;
/// No packet for this long, of audio that is sent every 20 or 60 ms: the sender has stopped, or nothing comes through any more.
const STOPPED_MS: f64 = 100.0;
/// How much the newest interval counts in the mean time between frames.
const FRAME_GAP_WEIGHT: f64 = 0.2;

impl StreamState {
    /// What received sound and pictures have in common: bit rate, packets per second that were due, loss.
    fn inbound(&mut self, moment: &Moment, seconds: f64, values: &mut Draft) -> (Option<f64>, Option<f64>, Option<f64>) {
        let bitrate = self.bitrate(Field::BytesReceived, seconds, values);
        values.set(Metric::PacketRate, self.rate(Field::PacketsReceived, seconds));
        let received = self.own.growth(Field::PacketsReceived);
        let lost = self.own.change(Field::PacketsLost).map(|lost| lost.max(0.0));
        let due = received.map(|received| received + lost.unwrap_or(0.0));
        let loss = lost.zip(due).and_then(|(lost, due)| over(lost, due));
        values.set(Metric::LossRatio, loss);
        values.set(Metric::Jitter, self.level_ms(Field::Jitter));
        values.set(Metric::DiscardRatio, self.own.share(Field::PacketsDiscarded, Field::PacketsReceived));
        values.set(Metric::RetransmissionRatio, self.own.share(Field::RetransmittedPacketsReceived, Field::PacketsReceived));
        values.set(Metric::NackRate, self.rate(Field::NackCount, seconds));
        values.set(Metric::JitterBufferDelay, self.mean_ms(Field::JitterBufferDelay, Field::JitterBufferEmittedCount));
        values.set(Metric::JitterBufferTarget, self.mean_ms(Field::JitterBufferTargetDelay, Field::JitterBufferEmittedCount));
        values.set(Metric::Rtt, self.rtcp.told(moment.time).rtt_ms);
        let latency = moment.rtt_ms.zip(values.get(Metric::JitterBufferDelay)).map(|(rtt, buffer)| rtt / 2.0 + buffer);
        values.set(Metric::MediaLatency, latency);
        (bitrate, due.and_then(|due| over(due, seconds)), loss)
    }

    pub(super) fn inbound_audio(&mut self, moment: &Moment, seconds: f64, values: &mut Draft) -> Judged {
        let (_, packets_per_second, loss_ratio) = self.inbound(moment, seconds, values);
        let own = &self.own;
        let samples = own.growth(Field::TotalSamplesReceived);
        let concealed = own.growth(Field::ConcealedSamples);
        let silent = own.growth(Field::SilentConcealedSamples);
        let share = |part: Option<f64>| over(part?, samples?).map(|share| share.min(1.0));
        let audible = concealed.map(|concealed| (concealed - silent.unwrap_or(0.0)).max(0.0));
        let stretched = own.growth(Field::InsertedSamples).zip(own.growth(Field::RemovedSamples)).map(|(a, b)| a + b);
        // Samples per second: of this stream where both are counted, for `concealedSamples` need not be at 48 kHz.
        let sample_rate = samples.zip(own.growth(Field::TotalSamplesDuration)).and_then(|(samples, time)| over(samples, time));
        let burst = concealed
            .zip(own.growth(Field::ConcealmentEvents))
            .and_then(|(concealed, events)| over(concealed, events))
            .map(|samples| samples / sample_rate.unwrap_or(48_000.0) * 1000.0);
        values.set(Metric::ConcealmentRatio, share(concealed));
        values.set(Metric::AudibleConcealmentRatio, share(audible));
        values.set(Metric::SilentConcealmentRatio, share(silent));
        values.set(Metric::ConcealmentBurst, burst);
        values.set(Metric::TimeStretchRatio, share(stretched));
        values.set(Metric::ClockDrift, self.drift.ppm());
        values.set(Metric::ProcessingDelay, self.mean_ms(Field::TotalProcessingDelay, Field::JitterBufferEmittedCount));
        values.set(Metric::AudioLevel, own.level(Field::AudioLevel));
        values.set(Metric::AudioRms, rms(own));
        let used_fec =
            own.growth(Field::FecPacketsReceived).map(|fec| (fec - own.growth(Field::FecPacketsDiscarded).unwrap_or(0.0)).max(0.0));
        let received = own.growth(Field::PacketsReceived);
        values.set(Metric::FecRatio, used_fec.zip(received).and_then(|(fec, received)| over(fec, received)).map(|share| share.min(1.0)));
        let playout = self.playout.mean(Field::TotalPlayoutDelay, Field::TotalSamplesCount).map(|seconds| seconds * 1000.0);
        values.set(Metric::PlayoutDelay, playout);
        values.set(Metric::SynthesizedPlayoutRatio, self.playout.share(Field::SynthesizedSamplesDuration, Field::TotalSamplesDuration));
        // Not where the two times are of different clocks.
        let quiet_ms = own.level(Field::LastPacketReceived).map(|last| moment.time.as_millis_f64() - last);
        self.has_stopped = quiet_ms.is_some_and(|quiet| quiet > STOPPED_MS && (received == Some(0.0) || quiet < seconds * 1000.0));
        self.was_heard |= [Metric::AudioLevel, Metric::AudioRms].iter().any(|&metric| values.get(metric).is_some_and(|level| level > 0.0));

        let listening = Listening {
            codec: self.stream.codec.as_deref(),
            has_fec: self.has_fec,
            bitrate_bps: Some(self.peak_bps),
            age_s: moment.time.since(self.stream.first).map(|age| age.as_secs_f64()),
            packets_per_second,
            loss_ratio,
            audible_concealment_ratio: values.get(Metric::AudibleConcealmentRatio),
            silent_concealment_ratio: values.get(Metric::SilentConcealmentRatio),
            concealment_burst_ms: burst,
            time_stretch_ratio: values.get(Metric::TimeStretchRatio),
        };
        packets_per_second.ok_or(Unjudged::NotCounted)?;
        let mos_lq = listening.mos_lq()?;
        let delay = Delay {
            rtt_ms: moment.rtt_ms,
            jitter_buffer_ms: values.get(Metric::JitterBufferDelay),
            playout_ms: playout,
            jitter_ms: values.get(Metric::Jitter),
        };
        Ok(Score::Sound(mos_lq, conversational(mos_lq, &delay)))
    }

    pub(super) fn inbound_video(&mut self, moment: &Moment, seconds: f64, values: &mut Draft) -> Judged {
        let (bitrate_bps, packets_per_second, _) = self.inbound(moment, seconds, values);
        let pixels = self.picture(Field::FramesDecoded, Field::KeyFramesDecoded, seconds, values);
        values.set(Metric::ProcessingDelay, self.mean_ms(Field::TotalProcessingDelay, Field::FramesDecoded));
        values.set(Metric::ReceivedFrameRate, self.rate(Field::FramesReceived, seconds));
        let frame_rate = self.rate(Field::FramesDecoded, seconds);
        values.set(Metric::DecodedFrameRate, frame_rate);
        values.set(Metric::DroppedFrameRatio, self.own.share(Field::FramesDropped, Field::FramesReceived));
        values.set(Metric::DecodeTime, self.mean_ms(Field::TotalDecodeTime, Field::FramesDecoded));
        values.set(Metric::FrameIntervalVariation, self.frame_interval_variation());
        values.set(Metric::Freezes, self.own.growth(Field::FreezeCount));
        let frozen_ratio = self.freeze(moment, seconds, packets_per_second, values);

        if let Some(frame_rate) = frame_rate {
            self.frame_rate_max = self.frame_rate_max.max(frame_rate);
        }
        let watching = Watching {
            codec: self.stream.codec.as_deref(),
            qp: values.get(Metric::Qp),
            bitrate_bps,
            pixels,
            pixels_expected: Some(self.pixels_max),
            frame_rate,
            frame_rate_expected: Some(self.frame_rate_max),
            frozen_ratio,
        };
        watching.mos_v().map(Score::Picture)
    }

    /// Standard deviation over mean of the time between frames.
    fn frame_interval_variation(&self) -> Option<f64> {
        let frames = self.own.growth(Field::FramesDecoded).filter(|&frames| frames >= 2.0)?;
        let delay = self.own.growth(Field::TotalInterFrameDelay)?;
        let squared = self.own.growth(Field::TotalSquaredInterFrameDelay)?;
        let mean = over(delay, frames)?;
        over(((squared - delay * mean) / frames).max(0.0).sqrt(), mean)
    }

    /// Sets [`Metric::CurrentFreeze`] and [`Metric::FrozenRatio`].
    ///
    /// `totalFreezesDuration` counts a freeze when it has ended. One that lasts is told at once, and taken off when it is counted.
    fn freeze(&mut self, moment: &Moment, seconds: f64, packets_per_second: Option<f64>, values: &mut Draft) -> Option<f64> {
        let frames = self.own.growth(Field::FramesDecoded)?;
        if frames > 0.0 {
            self.moved = Some(moment.time);
            let gap = seconds / frames;
            let mean = self.frame_gap.map_or(gap, |mean| mean + FRAME_GAP_WEIGHT * (gap - mean));
            self.frame_gap = Some(mean);
            values.set(Metric::CurrentFreeze, Some(0.0));
            let ended = self.own.growth(Field::TotalFreezesDuration);
            let frozen = ended.map(|ended| (ended - std::mem::take(&mut self.frozen_ahead)).clamp(0.0, seconds));
            let ratio = frozen.and_then(|frozen| over(frozen, seconds));
            values.set(Metric::FrozenRatio, ratio);
            return ratio;
        }
        let standing = moment.time.since(self.moved?)?.as_secs_f64();
        let gap = self.frame_gap?;
        let is_paused = standing > PAUSE_S && packets_per_second.is_none_or(|packets| packets == 0.0);
        if is_paused {
            return None;
        }
        let is_frozen = standing >= (FREEZE_TIMES * gap).max(gap + FREEZE_MORE_S);
        values.set(Metric::CurrentFreeze, Some(if is_frozen { standing * 1000.0 } else { 0.0 }));
        let ratio = if is_frozen { 1.0 } else { 0.0 };
        if is_frozen {
            self.frozen_ahead += seconds;
        }
        values.set(Metric::FrozenRatio, Some(ratio));
        Some(ratio)
    }
}
