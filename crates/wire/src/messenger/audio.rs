//! `audio_stats`: names with and without units, sums turned into averages where that is possible.

use serde_json::{Map, Value, json};
use sidetone_engine::{score::audio::Listening, units::Timestamp};

use super::{Notes, Refused, kind_of, time};

/// A bare `jitter` above this cannot be seconds.
const JITTER_SECONDS_MAX: f64 = 10.0;

/// Samples a second of Opus, and of every decoder's output in browsers.
const SAMPLE_RATE: f64 = 48_000.0;

/// Packets a second of speech in frames of 20 ms.
const PACKETS_PER_SECOND: f64 = 50.0;

/// How far the number of packets may be off the duration.
const DURATION_TIMES: f64 = 5.0;

/// How much two spellings of one value may differ.
const AGREEMENT: f64 = 0.01;

/// How far the two `call_ended_time` may lie apart, µs.
const ENDED_SLACK_US: i64 = 2_000_000;

/// The audio counters, in seconds, samples and packets. `None`: not sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AudioStats {
    /// Interarrival jitter at the end.
    pub jitter_s: Option<f64>,
    /// Packets lost; negative when duplicates came.
    pub packets_lost: Option<f64>,
    /// Packets received.
    pub packets_received: Option<f64>,
    /// Sum of all round trips, as browsers count it. Not a round trip.
    pub rtt_total_s: Option<f64>,
    /// Mean round trip; known only with `round_trip_time_measurements`.
    pub rtt_mean_s: Option<f64>,
    /// Sum of the delays of all emitted samples, as browsers count it.
    pub jitter_buffer_delay_total_s: Option<f64>,
    /// Mean delay in the jitter buffer.
    pub jitter_buffer_delay_mean_s: Option<f64>,
    /// Whether that mean rests on an estimated number of samples.
    pub jitter_buffer_delay_is_estimated: bool,
    /// Concealed samples.
    pub concealed_samples: Option<f64>,
    /// Concealed samples that were silent.
    pub silent_concealed_samples: Option<f64>,
    /// Duration of all samples.
    pub duration_s: Option<f64>,
    /// Samples of the stream, concealed ones included: as sent, else from the duration.
    pub samples: Option<f64>,
    /// MIME type of the codec, if told.
    pub codec: Option<String>,
}

/// Reads the dictionary. `ended` is the `call_ended_time` beside it.
pub(super) fn read(stats: &Map<String, Value>, ended: Option<Timestamp>, strict: bool, notes: &mut Notes) -> Result<AudioStats, Refused> {
    let mut reader = Reader { stats, strict, notes };
    let mut audio = AudioStats {
        jitter_s: reader.jitter()?,
        packets_lost: reader.counter("packets_lost")?,
        packets_received: reader.counter("packets_received")?,
        rtt_total_s: reader.seconds("round_trip_time")?,
        jitter_buffer_delay_total_s: reader.seconds("jitter_buffer_delay")?,
        concealed_samples: reader.counter("concealed_samples")?,
        silent_concealed_samples: reader.counter("silent_concealed_samples")?,
        duration_s: reader.seconds("total_samples_duration")?,
        ..AudioStats::default()
    };
    let measurements = reader.positive("round_trip_time_measurements")?;
    let emitted = reader.positive("jitter_buffer_emitted_count")?;
    let samples = reader.positive("total_samples_received")?;
    audio.samples = samples.or_else(|| audio.duration_s.map(|duration| duration * SAMPLE_RATE));
    audio.codec = stats.get("codec").and_then(Value::as_str).map(str::to_owned);
    audio.rtt_mean_s = audio.rtt_total_s.zip(measurements).map(|(total, count)| total / count);
    if audio.rtt_total_s.is_some() && audio.rtt_mean_s.is_none() {
        notes.add("cumulative_rtt");
    }
    audio.jitter_buffer_delay_is_estimated = emitted.is_none();
    let emitted = emitted.or(audio.samples).filter(|count| *count > 0.0);
    audio.jitter_buffer_delay_mean_s = audio.jitter_buffer_delay_total_s.zip(emitted).map(|(total, count)| total / count);
    if let (Some(silent), Some(concealed)) = (audio.silent_concealed_samples, audio.concealed_samples)
        && silent > concealed
    {
        notes.add("silent_gt_concealed");
    }
    if let (Some(packets), Some(duration)) = (audio.packets_received, audio.duration_s) {
        let expected = duration * PACKETS_PER_SECOND;
        if packets > expected * DURATION_TIMES || packets < expected / DURATION_TIMES {
            notes.add("duration_mismatch");
        }
    }
    if let Some(value) = stats.get("call_ended_time").filter(|value| !value.is_null())
        && let (Some(inner), Some(outer)) = (time::read("audio_stats.call_ended_time", value)?, ended)
        && (inner.as_micros() - outer.as_micros()).abs() > ENDED_SLACK_US
    {
        notes.add("time_conflict");
    }
    Ok(audio)
}

impl AudioStats {
    /// Packets lost of those due, 0..=1; `None` when packets were counted twice or none were due.
    #[must_use]
    pub fn loss_ratio(&self) -> Option<f64> {
        let (lost, received) = (self.packets_lost?, self.packets_received?);
        (lost >= 0.0 && lost + received > 0.0).then(|| lost / (lost + received))
    }

    /// Audible concealed samples of all, 0..=1; `None` when the counters contradict each other.
    #[must_use]
    pub fn audible_concealment_ratio(&self) -> Option<f64> {
        let audible = self.concealed_samples? - self.silent_concealed_samples?;
        let samples = self.samples.filter(|samples| *samples > 0.0)?;
        (audible >= 0.0).then(|| (audible / samples).min(1.0))
    }

    /// Mean listening quality over the whole call, 1 to 5. A summary hides the bad minute in a good hour.
    #[must_use]
    pub fn mos_lq(&self) -> Option<f64> {
        let loss_ratio = self.loss_ratio();
        let audible_concealment_ratio = self.audible_concealment_ratio();
        self.packets_received.filter(|packets| *packets > 0.0)?;
        audible_concealment_ratio.or(loss_ratio)?;
        Listening { codec: self.codec.as_deref(), loss_ratio, audible_concealment_ratio, ..Listening::default() }.mos_lq().ok()
    }

    pub(super) fn payload(&self) -> Value {
        json!({
            "jitter_s": self.jitter_s,
            "packets_lost": self.packets_lost,
            "packets_received": self.packets_received,
            "loss_ratio": self.loss_ratio(),
            "rtt_total_s": self.rtt_total_s,
            "rtt_mean_s": self.rtt_mean_s,
            "jitter_buffer_delay_total_s": self.jitter_buffer_delay_total_s,
            "jitter_buffer_delay_mean_s": self.jitter_buffer_delay_mean_s,
            "jitter_buffer_delay_is_estimated": self.jitter_buffer_delay_mean_s.map(|_| self.jitter_buffer_delay_is_estimated),
            "concealed_samples": self.concealed_samples,
            "silent_concealed_samples": self.silent_concealed_samples,
            "audible_concealment_ratio": self.audible_concealment_ratio(),
            "duration_s": self.duration_s,
            "codec": self.codec,
            "mos_lq": self.mos_lq(),
        })
    }
}

/// Whether Meta's page has this member, in any of its spellings.
pub(super) fn is_documented(name: &str) -> bool {
    let plain = ["_sec", "_ms"].iter().find_map(|unit| name.strip_suffix(unit)).unwrap_or(name);
    let counters = ["packets_lost", "packets_received", "concealed_samples", "silent_concealed_samples"];
    let spans = ["jitter", "round_trip_time", "jitter_buffer_delay", "total_samples_duration"];
    name == "call_ended_time" || counters.contains(&name) || spans.contains(&plain)
}

struct Reader<'a> {
    stats: &'a Map<String, Value>,
    strict: bool,
    notes: &'a mut Notes,
}

impl Reader<'_> {
    /// A finite number, or text of one; `None` when it is not there.
    fn number(&self, name: &str) -> Result<Option<f64>, Refused> {
        let wrong = |given: &str| Refused::property(format!("audio_stats.{name}"), format!("must be a number, not {given}"));
        match self.stats.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Number(number)) => Ok(number.as_f64()),
            Some(Value::String(text)) => {
                let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
                number.map(Some).ok_or_else(|| wrong(&format!("{:?}", super::shortened(text))))
            }
            Some(other) => Err(wrong(kind_of(other))),
        }
    }

    fn positive(&self, name: &str) -> Result<Option<f64>, Refused> {
        Ok(self.number(name)?.filter(|number| *number > 0.0))
    }

    fn required(&mut self, name: &str, value: Option<f64>) -> Result<Option<f64>, Refused> {
        if value.is_none() {
            if self.strict {
                return Err(Refused::property(format!("audio_stats.{name}"), "is missing; it is required"));
            }
            self.notes.add(&format!("missing:{name}"));
        }
        Ok(value)
    }

    fn counter(&mut self, name: &str) -> Result<Option<f64>, Refused> {
        let value = self.number(name)?;
        self.required(name, value)
    }

    /// A span in seconds, from `…_sec` or `…_ms`.
    fn seconds(&mut self, name: &str) -> Result<Option<f64>, Refused> {
        let seconds = self.number(&format!("{name}_sec"))?;
        let millis = self.number(&format!("{name}_ms"))?.map(|millis| millis / 1000.0);
        let value = self.agreed(seconds, millis);
        self.required(name, value)
    }

    /// Jitter in seconds, from `jitter_sec`, `jitter_ms` or a bare `jitter`.
    fn jitter(&mut self) -> Result<Option<f64>, Refused> {
        let bare = self.number("jitter")?;
        let bare = match bare {
            Some(jitter) if jitter > JITTER_SECONDS_MAX => {
                self.notes.add("unit_guess");
                Some(jitter / 1000.0)
            }
            jitter => jitter,
        };
        let seconds = self.number("jitter_sec")?.or(bare);
        let millis = self.number("jitter_ms")?.map(|millis| millis / 1000.0);
        let value = self.agreed(seconds, millis);
        self.required("jitter", value)
    }

    fn agreed(&mut self, seconds: Option<f64>, millis: Option<f64>) -> Option<f64> {
        match (seconds, millis) {
            (Some(seconds), Some(millis)) => {
                if (seconds - millis).abs() > AGREEMENT * seconds.abs().max(millis.abs()) {
                    self.notes.add("unit_conflict");
                }
                Some(seconds)
            }
            (None, Some(millis)) => {
                self.notes.add("unit_ms");
                Some(millis)
            }
            (seconds, None) => seconds,
        }
    }
}
