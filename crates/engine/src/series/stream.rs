//! One RTP stream through time: its counters, and what must be remembered between reports.

use std::{sync::Arc, time::Duration};

use super::{
    counters::{Counters, over, rms},
    drift::Drift,
    field::Field,
    kind::Kind,
    rtcp::Rtcp,
    table::{Bound, Table},
};
use crate::{
    analysis::{Direction, MediaKind, Stream, StreamId},
    metric::{Draft, Metric},
    report::Text,
    score::unjudged::Unjudged,
    units::Timestamp,
};

/// The report being read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Its time.
    pub(crate) time: Timestamp,
    /// Time since the report before; zero when no rate can be given.
    pub(crate) interval: Duration,
    /// Its number, counted from 1.
    pub(crate) number: u64,
    /// Round-trip time of the connection.
    pub(crate) rtt_ms: Option<f64>,
    /// The greatest [`Metric::SynthesizedPlayoutRatio`] of the streams that are received.
    pub(crate) starved_ratio: f64,
}

/// Longest time between two readings of a stream that still gives rates, s: RTCP and browser caches included.
const SECONDS_MAX: f64 = 120.0;

/// What parameters of Opus that ask for in-band FEC hold (RFC 7587).
const IN_BAND_FEC: &[u8] = b"useinbandfec=1";

/// What stands in the name of a codec implementation that took over (libwebrtc, `VideoDecoderSoftwareFallbackWrapper`).
const FALLBACK: &[u8] = b"fallback from";

/// The least step of A-law (ITU-T G.711), of full scale: −72 dB. What is no louder is nothing to hear.
pub(crate) const A_LAW_STEP: f64 = 8.0 / 32_768.0;

/// Nobody who is heard pauses for longer, s: a pause of a talker lasts 1.59 s on average (ITU-T P.59, exponential), so one in twenty lasts so long.
const PAUSE_S: f64 = 5.0;

/// Which part of the remembered bit rate of sound is forgotten each second, so that a pause in speech does not look like a poor codec …
const PEAK_DECAY: f64 = 0.02;
/// … and none of it while there is only silence, −60 dB of full scale: a muted microphone takes next to nothing for as long as it is muted.
const SILENCE: f64 = 0.001;

/// One RTP stream.
#[derive(Debug)]
pub(crate) struct StreamState {
    /// As its latest report describes it.
    pub(crate) stream: Stream,
    /// Whether any used report named it.
    pub(crate) is_seen: bool,
    /// Number of the last report that named it.
    pub(crate) last_number: u64,
    pub(super) own: Counters,
    pub(super) source: Counters,
    pub(super) playout: Counters,
    pub(crate) rtcp: Rtcp,
    /// Of what is received, the far end's clock against ours; of what is sent, the microphone's.
    pub(super) drift: Drift,
    codec_parameters: Option<Text>,
    /// What encodes or decodes it, and whether its name says that it took over.
    implementation: Option<Text>,
    is_named_fallback: bool,
    /// Whether they ask for in-band FEC.
    pub(super) has_fec: bool,
    /// Why the quality is limited, where durations are not counted.
    pub(super) limitation: Option<Text>,
    /// Whether it shows a screen, which may stand still.
    pub(crate) is_screen: bool,
    /// Whether software does now what hardware did; `None` where the browser does not say.
    pub(super) has_fallen_back: Option<bool>,
    /// Whether hardware ever did.
    was_efficient: bool,
    /// Whether it ever carried media.
    pub(crate) has_carried: bool,
    /// Whether it was ever louder than digital silence.
    pub(crate) was_heard: bool,
    /// Whether received audio had stopped when the report was made; `false` where the browser does not tell.
    pub(crate) has_stopped: bool,
    /// How loud the microphone is when nobody speaks: its quietest second of late, of full scale.
    pub(super) floor: f64,
    pub(super) peak_bps: f64,
    pub(super) pixels_max: f64,
    pub(super) frame_rate_max: f64,
    /// Mean time between frames lately, s.
    pub(super) frame_gap: Option<f64>,
    /// When frames last moved.
    pub(super) moved: Option<Timestamp>,
    /// Frozen seconds told before `totalFreezesDuration` counted them.
    pub(super) frozen_ahead: f64,
    /// For how long the sound has been as good as none, s.
    silent_s: f64,
    /// Why the last report left it without a score; `None` when it has one.
    pub(crate) unjudged: Option<Unjudged>,
}

/// The score of one interval.
#[derive(Clone, Copy, Debug)]
pub(super) enum Score {
    /// `mos_lq`, and `mos_cq` where a round trip is known.
    Sound(f64, Option<f64>),
    /// `mos_v`.
    Picture(f64),
}

/// A score, or why there is none.
pub(super) type Judged = Result<Score, Unjudged>;

impl StreamState {
    /// A stream that no report has named yet.
    pub(crate) fn new(id: StreamId) -> Self {
        let at = Timestamp::default();
        Self {
            stream: Stream { id, mid: None, rid: None, codec: None, track: None, first: at, last: at },
            is_seen: false,
            last_number: 0,
            own: Counters::default(),
            source: Counters::default(),
            playout: Counters::default(),
            rtcp: Rtcp::default(),
            drift: Drift::default(),
            codec_parameters: None,
            implementation: None,
            is_named_fallback: false,
            has_fec: false,
            limitation: None,
            is_screen: false,
            has_fallen_back: None,
            was_efficient: false,
            has_carried: false,
            was_heard: false,
            has_stopped: false,
            floor: f64::INFINITY,
            peak_bps: 0.0,
            pixels_max: 0.0,
            frame_rate_max: 0.0,
            frame_gap: None,
            moved: None,
            frozen_ahead: 0.0,
            silent_s: 0.0,
            unjudged: None,
        }
    }

    /// Whether any packet of it was ever counted.
    pub(crate) fn has_come(&self) -> bool {
        self.has_carried || self.own.before.get(Field::PacketsReceived).is_some_and(|packets| packets > 0.0)
    }

    /// Whether the packets counted in `row` are fewer or more than those read last.
    pub(crate) fn progress(&self, object: Bound<'_>, row: usize) -> Option<std::cmp::Ordering> {
        [Field::PacketsReceived, Field::PacketsSent, Field::BytesReceived, Field::BytesSent]
            .into_iter()
            .find_map(|field| object.number(field, row)?.partial_cmp(&self.own.before.get(field)?))
    }

    /// Reads the stream's own object and those it points to. `false` when this report named the stream already.
    pub(crate) fn read(&mut self, table: Table<'_>, object: Bound<'_>, row: usize, moment: &Moment) -> bool {
        if self.last_number == moment.number {
            return false;
        }
        if self.last_number + 1 != moment.number || moment.interval.is_zero() {
            self.own.before.clear();
            self.source.before.clear();
            self.playout.before.clear();
            self.drift.clear();
            self.moved = None;
        }
        self.last_number = moment.number;
        if !self.is_seen {
            self.stream.first = moment.time;
            self.is_seen = true;
        }
        self.stream.last = moment.time;

        self.own.now.load(object, row);
        let follow = |field, kind| object.linked(field, row).filter(|linked| linked.kind() == kind && linked.is_in(row));
        let track = follow(Field::TrackId, Kind::Track);
        if let Some(track) = track {
            self.own.now.load(track, row);
        }
        match self.stream.id.direction {
            Direction::Inbound if self.stream.id.kind == MediaKind::Audio => {
                let playout = follow(Field::PlayoutId, Kind::Playout);
                if let Some(playout) = playout.or_else(|| only(table, Kind::Playout, None, row)) {
                    self.playout.now.load(playout, row);
                }
            }
            Direction::Inbound => {}
            Direction::Outbound => {
                let source = follow(Field::MediaSourceId, Kind::Source);
                let source = source.or_else(|| only(table, Kind::Source, Some(self.stream.id.kind), row));
                if let Some(source) = source {
                    self.source.now.load(source, row);
                    keep(&mut self.stream.track, source.text(Field::TrackIdentifier, row));
                }
                keep(&mut self.limitation, object.text(Field::QualityLimitationReason, row));
            }
        }
        self.is_screen = object.text(Field::ContentType, row).is_some_and(|content| &**content == "screenshare");
        self.fallback(object, row);
        keep(&mut self.stream.mid, object.text(Field::Mid, row));
        keep(&mut self.stream.rid, object.text(Field::Rid, row));
        keep(&mut self.stream.track, object.text(Field::TrackIdentifier, row));
        if let Some(track) = track {
            keep(&mut self.stream.track, track.text(Field::TrackIdentifier, row));
        }
        if let Some(codec) = follow(Field::CodecId, Kind::Codec) {
            keep(&mut self.stream.codec, codec.text(Field::MimeType, row));
            let parameters = codec.text(Field::SdpFmtpLine, row);
            if !is_same(self.codec_parameters.as_ref(), parameters) {
                self.codec_parameters = parameters.cloned();
                self.has_fec = has_part(parameters, IN_BAND_FEC);
            }
        }
        true
    }

    /// Chromium names both where it had to (`libvpx (fallback from: ExternalDecoder)`); else what was power-efficient is so no more.
    fn fallback(&mut self, object: Bound<'_>, row: usize) {
        let (name, efficient) = match self.stream.id.direction {
            Direction::Inbound => (Field::DecoderName, Field::EfficientDecoder),
            Direction::Outbound => (Field::EncoderName, Field::EfficientEncoder),
        };
        let name = object.text(name, row);
        let efficient = object.bool(efficient, row);
        if !is_same(self.implementation.as_ref(), name) {
            self.implementation = name.cloned();
            self.is_named_fallback = has_part(name, FALLBACK);
        }
        self.was_efficient |= efficient == Some(true);
        self.has_fallen_back =
            (name.is_some() || efficient.is_some()).then_some(self.is_named_fallback || self.was_efficient && efficient == Some(false));
    }

    /// Whether hardware decodes or encodes it, as far as the browser says.
    pub(super) fn is_by_hardware(&self) -> bool {
        self.was_efficient && self.has_fallen_back == Some(false)
    }

    /// What is played now, by the clock of the far end.
    pub(crate) fn played_ms(&self) -> Option<f64> {
        self.own.before.get(Field::EstimatedPlayout).filter(|played| *played > 0.0)
    }

    /// Reads what the far end tells of this stream.
    pub(crate) fn read_remote(&mut self, object: Bound<'_>, row: usize, time: Timestamp) {
        let sent = self.own.before.get(Field::PacketsSent);
        if let Some((came, left)) = self.rtcp.read(object, row, time, sent) {
            self.drift.read(came, came - left);
        }
    }

    /// The values of this report; makes it the baseline of the next. Gives the seconds that its rates are over, 0 without any.
    ///
    /// `meant` says why its sound may be silent on purpose, if it may.
    pub(crate) fn values(&mut self, moment: &Moment, meant: Option<Unjudged>, values: &mut Draft) -> f64 {
        let seconds = self.own.seconds().unwrap_or(moment.interval.as_secs_f64());
        if self.own.was_reset() || !(0.0..=SECONDS_MAX).contains(&seconds) {
            self.own.before.clear();
            self.moved = None;
        }
        if self.source.was_reset() {
            self.source.before.clear();
        }
        if self.playout.was_reset() {
            self.playout.before.clear();
        }
        // The browser answered from its cache: nothing new, and the baseline stays.
        if seconds == 0.0 && !self.own.before.is_empty() {
            self.own.now.clear();
            self.source.now.clear();
            self.playout.now.clear();
            self.unjudged = Some(Unjudged::NoInterval);
            return 0.0;
        }
        let is_baseline = self.own.before.is_empty();
        let judged = match (self.stream.id.direction, self.stream.id.kind) {
            (Direction::Inbound, MediaKind::Audio) => self.inbound_audio(moment, seconds, values),
            (Direction::Inbound, MediaKind::Video) => self.inbound_video(moment, seconds, values),
            (Direction::Outbound, MediaKind::Audio) => self.outbound_audio(moment, seconds, values),
            (Direction::Outbound, MediaKind::Video) => self.outbound_video(moment, seconds, values),
        };
        self.judge(judged, meant, seconds, is_baseline, values);
        self.own.roll();
        self.source.roll();
        self.playout.roll();
        if is_baseline { 0.0 } else { seconds }
    }

    /// Sets the score, unless there was nothing to hear, or says why there is none.
    ///
    /// A mute is believed while nothing is heard; nobody need have told of it when nothing is heard for longer than people pause, and nothing
    /// was lost that might have been. An exact 0 from the first moment on proves nothing: an element of volume 0 gives the same.
    fn judge(&mut self, judged: Judged, meant: Option<Unjudged>, seconds: f64, is_baseline: bool, values: &mut Draft) {
        let is_sound = self.stream.id.kind == MediaKind::Audio;
        let loudness = values.get(Metric::AudioRms);
        let is_silent = loudness.is_some_and(|loudness| loudness <= A_LAW_STEP);
        self.silent_s = if is_silent && (self.was_heard || loudness > Some(0.0)) { self.silent_s + seconds } else { 0.0 };
        let is_received = self.stream.id.direction == Direction::Inbound;
        let is_whole = [Metric::LossRatio, Metric::AudibleConcealmentRatio].iter().all(|&metric| values.get(metric).unwrap_or(0.0) <= 0.0);
        self.unjudged = match (meant, judged) {
            (Some(reason), _) if is_sound && (is_silent || loudness.is_none()) => Some(reason),
            (_, Err(_)) if is_baseline => Some(Unjudged::NoInterval),
            (_, Err(reason)) => Some(reason),
            _ if is_sound && self.silent_s > PAUSE_S && (is_whole || !is_received) => Some(Unjudged::Silent),
            (_, Ok(Score::Sound(mos_lq, mos_cq))) => {
                values.set(Metric::MosLq, Some(mos_lq));
                values.set(Metric::MosCq, mos_cq);
                None
            }
            (_, Ok(Score::Picture(mos_v))) => {
                values.set(Metric::MosV, Some(mos_v));
                None
            }
        };
    }

    /// Growth of a counter per second.
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(super) fn rate(&self, field: Field, seconds: f64) -> Option<f64> {
        over(self.own.growth(field)?, seconds)
    }

    /// A member in seconds, as milliseconds.
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(super) fn level_ms(&self, field: Field) -> Option<f64> {
        self.own.level(field).map(|seconds| seconds * 1000.0)
    }

    /// Mean of summed seconds per counted thing, in milliseconds.
    #[cfg_attr(target_family = "wasm", inline(never))]
    pub(super) fn mean_ms(&self, sum: Field, count: Field) -> Option<f64> {
        self.own.mean(sum, count).map(|seconds| seconds * 1000.0)
    }

    /// Bit rate and its remembered peak.
    pub(super) fn bitrate(&mut self, bytes: Field, seconds: f64, values: &mut Draft) -> Option<f64> {
        let bitrate = self.rate(bytes, seconds).map(|rate| rate * 8.0);
        if let Some(bitrate) = bitrate {
            self.has_carried |= bitrate > 0.0;
            let loudness = rms(&self.source).or_else(|| rms(&self.own));
            let decay = if loudness.is_some_and(|loudness| loudness < SILENCE) { 0.0 } else { PEAK_DECAY };
            self.peak_bps = bitrate.max(self.peak_bps * (1.0 - decay * seconds).max(0.0));
        }
        values.set(Metric::Bitrate, bitrate);
        bitrate
    }

    /// What every video stream has.
    pub(super) fn picture(&mut self, frames: Field, key_frames: Field, seconds: f64, values: &mut Draft) -> Option<f64> {
        let pixels = self.own.level(Field::FrameWidth).zip(self.own.level(Field::FrameHeight));
        let pixels = pixels.filter(|&(width, height)| width > 0.0 && height > 0.0);
        values.set(Metric::Width, pixels.map(|(width, _)| width));
        values.set(Metric::Height, pixels.map(|(_, height)| height));
        values.set(Metric::SoftwareFallback, self.has_fallen_back.map(|is| f64::from(u8::from(is))));
        values.set(Metric::Qp, self.own.mean(Field::QpSum, frames));
        values.set(Metric::KeyFrameRate, self.rate(key_frames, seconds));
        values.set(Metric::PliRate, self.rate(Field::PliCount, seconds));
        values.set(Metric::FirRate, self.rate(Field::FirCount, seconds));
        let pixels = pixels.map(|(width, height)| width * height);
        self.pixels_max = pixels.map_or(self.pixels_max, |pixels| pixels.max(self.pixels_max));
        pixels
    }
}

/// The one object of a kind, where there is exactly one.
fn only(table: Table<'_>, kind: Kind, media: Option<MediaKind>, row: usize) -> Option<Bound<'_>> {
    let mut found = table.of(kind).filter(|bound| (media.is_none() || bound.media() == media) && bound.is_in(row));
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Keeps `text` when it is there and new.
fn keep(held: &mut Option<Text>, text: Option<&Text>) {
    if text.is_some() && !is_same(held.as_ref(), text) {
        *held = text.cloned();
    }
}

/// Whether `part` stands in a text.
fn has_part(text: Option<&Text>, part: &[u8]) -> bool {
    text.is_some_and(|text| text.as_bytes().windows(part.len()).any(|held| held == part))
}

/// Whether two texts are equal; most are one and the same.
fn is_same(held: Option<&Text>, text: Option<&Text>) -> bool {
    match (held, text) {
        (Some(held), Some(text)) => Arc::ptr_eq(held, text) || held == text,
        (held, text) => held.is_none() && text.is_none(),
    }
}
