//! The data set: 8 s of speech each, as it was sent, as the receiver counted it and as PESQ-WB heard it.
//!
//! `testdata/quality/README.md` is its data card.

use std::{fmt::Write, path::Path};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use sidetone_engine::score::audio::Listening;

/// A row of `testdata/quality/segments.csv`. Counters have the names and units of W3C webrtc-stats, as growth over the segment.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Segment {
    /// Recording session.
    pub set: String,
    /// Call within the session.
    pub call: String,
    /// Who speaks.
    pub talker: String,
    /// PESQ-WB, MOS-LQO (ITU-T P.862.2): the truth.
    pub pesq_wb: f64,
    /// ViSQOL 3 for speech, MOS-LQO, of one segment of each call in the sets that have it.
    pub visqol: Option<f64>,
    /// `opus`, `red`, `pcmu`, `g722`.
    pub codec: String,
    bitrate_kbps: Option<f64>,
    /// 0 where in-band FEC was forbidden.
    fec: Option<f64>,
    loss_percent: Option<f64>,
    burst_packets: Option<f64>,
    delay_ms: Option<f64>,
    jitter_ms: Option<f64>,
    reorder: Option<f64>,
    rate_kbps: Option<f64>,
    queue_ms: Option<f64>,
    stall_every_ms: Option<f64>,
    stall_ms: Option<f64>,
    outage_every_ms: Option<f64>,
    outage_ms: Option<f64>,
    #[serde(rename = "packetsReceived")]
    packets_received: f64,
    #[serde(rename = "packetsLost")]
    packets_lost: f64,
    #[serde(rename = "bytesReceived")]
    bytes_received: f64,
    #[serde(rename = "concealedSamples")]
    concealed_samples: f64,
    #[serde(rename = "silentConcealedSamples")]
    silent_concealed_samples: f64,
    #[serde(rename = "concealmentEvents")]
    concealment_events: f64,
    #[serde(rename = "insertedSamplesForDeceleration")]
    inserted_samples: f64,
    #[serde(rename = "removedSamplesForAcceleration")]
    removed_samples: f64,
    #[serde(rename = "jitterBufferDelay")]
    jitter_buffer_delay: f64,
    #[serde(rename = "jitterBufferEmittedCount")]
    jitter_buffer_emitted: f64,
    #[serde(rename = "totalSamplesReceived")]
    samples: f64,
    #[serde(rename = "totalSamplesDuration")]
    seconds: f64,
    jitter: Option<f64>,
    rtt: Option<f64>,
    gap_ms: f64,
    drift_ms: f64,
    source_drift_ms: f64,
    alignment: f64,
}

/// Which use of a segment its condition and its talker allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Constants are fitted to these.
    Fit,
    /// The form of the model was chosen by these.
    Validation,
    /// Neither the condition nor the talker of these was seen before.
    Test,
    /// Recorded after the constants were fixed and the test part had been looked at: nothing could be chosen by these.
    Later,
    /// Condition and talker are on different sides: not used.
    Neither,
}

/// Sets recorded after the constants were fixed. They join the others when those are fitted anew.
const LATER: [&str; 2] = ["run12", "run13"];

/// Longest time between readings, farthest stray of the clocks, least agreement of what was heard with what was said: beyond, the
/// machine and not the path is to blame.
const GAP_MS_MAX: f64 = 640.0;
const DRIFT_MS_MAX: f64 = 45.0;
const ALIGNMENT_MIN: f64 = 0.6;

/// FNV-1a, 32 bit; `lab/src/random.ts` has the same.
fn fnv1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

impl Segment {
    /// The settings in one spelling: `opus loss_percent=5 delay_ms=20`, as `lab/src/condition.ts` spells them.
    #[must_use]
    pub fn condition(&self) -> String {
        let settings = [
            ("bitrate_kbps", self.bitrate_kbps),
            ("fec", self.fec),
            ("loss_percent", self.loss_percent),
            ("burst_packets", self.burst_packets),
            ("delay_ms", self.delay_ms),
            ("jitter_ms", self.jitter_ms),
            ("reorder", self.reorder),
            ("rate_kbps", self.rate_kbps),
            ("queue_ms", self.queue_ms),
            ("stall_every_ms", self.stall_every_ms),
            ("stall_ms", self.stall_ms),
            ("outage_every_ms", self.outage_every_ms),
            ("outage_ms", self.outage_ms),
        ];
        let mut condition = self.codec.clone();
        for (name, value) in settings {
            if let Some(value) = value {
                let _ = write!(condition, " {name}={value}");
            }
        }
        condition
    }

    /// The split: by the hash of the condition and that of the talker, both decided before anything was fitted.
    #[must_use]
    pub fn part(&self) -> Part {
        if LATER.contains(&self.set.as_str()) {
            return Part::Later;
        }
        let is_test_talker = fnv1a(&self.talker) % 11 < 8;
        match (fnv1a(&self.condition()) % 10, is_test_talker) {
            (0..5, false) => Part::Fit,
            (5..7, false) => Part::Validation,
            (7.., true) => Part::Test,
            _ => Part::Neither,
        }
    }

    /// Whether the machine stood still, or ran so late that it made an impairment of its own.
    #[must_use]
    pub fn is_disturbed(&self) -> bool {
        let is_clean = self.gap_ms < GAP_MS_MAX
            && self.drift_ms < DRIFT_MS_MAX
            && self.source_drift_ms < DRIFT_MS_MAX
            && self.alignment > ALIGNMENT_MIN;
        !is_clean
    }

    /// Packets lost of those due, percent.
    #[must_use]
    pub fn loss_percent(&self) -> f64 {
        let lost = self.packets_lost.max(0.0);
        if lost > 0.0 { 100.0 * lost / (lost + self.packets_received) } else { 0.0 }
    }

    /// Bit rate, bit/s.
    #[must_use]
    pub fn bps(&self) -> f64 {
        8.0 * self.bytes_received / self.seconds
    }

    /// Round trip, ms.
    #[must_use]
    pub fn rtt_ms(&self) -> f64 {
        1000.0 * self.rtt.unwrap_or(0.0)
    }

    /// Jitter, ms.
    #[must_use]
    pub fn jitter_ms(&self) -> f64 {
        1000.0 * self.jitter.unwrap_or(0.0)
    }

    /// Mean time in the jitter buffer, ms.
    #[must_use]
    pub fn buffer_ms(&self) -> f64 {
        if self.jitter_buffer_emitted > 0.0 { 1000.0 * self.jitter_buffer_delay / self.jitter_buffer_emitted } else { 0.0 }
    }

    /// Concealment that could be heard, percent of all samples.
    #[must_use]
    pub fn audible_percent(&self) -> f64 {
        100.0 * (self.concealed_samples - self.silent_concealed_samples).max(0.0) / self.samples
    }

    /// Whether it is Opus, with or without RED.
    #[must_use]
    pub fn is_opus(&self) -> bool {
        matches!(self.codec.as_str(), "opus" | "red")
    }

    /// Whether in-band FEC was asked for.
    #[must_use]
    pub fn has_fec(&self) -> bool {
        self.is_opus() && self.fec != Some(0.0)
    }

    /// MIME type.
    fn mime_type(&self) -> &'static str {
        match self.codec.as_str() {
            "pcmu" => "audio/PCMU",
            "g722" => "audio/G722",
            "red" => "audio/red",
            _ => "audio/opus",
        }
    }

    /// As the engine sees it.
    #[must_use]
    pub fn listening(&self) -> Listening<'static> {
        let share = |samples: f64| Some((samples / self.samples).clamp(0.0, 1.0));
        let rate = self.samples / self.seconds / 1000.0;
        Listening {
            age_s: None,
            codec: Some(self.mime_type()),
            has_fec: self.has_fec(),
            bitrate_bps: Some(self.bps()),
            packets_per_second: Some((self.packets_received + self.packets_lost.max(0.0)) / self.seconds),
            loss_ratio: Some(self.loss_percent() / 100.0),
            audible_concealment_ratio: Some(self.audible_percent() / 100.0),
            silent_concealment_ratio: share(self.silent_concealed_samples),
            concealment_burst_ms: (self.concealment_events > 0.5).then(|| self.concealed_samples / self.concealment_events / rate),
            time_stretch_ratio: share(self.inserted_samples + self.removed_samples),
        }
    }

    /// As the engine sees it where concealment is not counted.
    #[must_use]
    pub fn listening_by_loss(&self) -> Listening<'static> {
        Listening {
            audible_concealment_ratio: None,
            silent_concealment_ratio: None,
            concealment_burst_ms: None,
            time_stretch_ratio: None,
            ..self.listening()
        }
    }
}

/// Reads the data set.
///
/// # Errors
///
/// When the file is not there or a row lacks what it must have.
pub fn read(path: &Path) -> Result<Vec<Segment>> {
    let mut reader = csv::Reader::from_path(path).with_context(|| path.display().to_string())?;
    let segments: Vec<Segment> = reader.deserialize().collect::<Result<_, _>>().with_context(|| path.display().to_string())?;
    ensure!(!segments.is_empty(), "{} has no rows", path.display());
    Ok(segments)
}
