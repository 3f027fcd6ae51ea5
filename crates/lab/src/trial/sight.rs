//! Pictures: what was seen of what was filmed, against what the engine says of it.
//!
//! Every picture that was filmed has its number in it as a bar code, so which were shown and when is known, and of one every two seconds
//! how like it was to what was filmed.

use std::{collections::BTreeMap, fmt::Write, path::Path};

use anyhow::{Context, Result};
use serde::Deserialize;
use sidetone_engine::{
    analysis::{Analyzer, Direction, MediaKind, Output, StreamTick},
    issue::RuleSet,
    metric::Metric,
};
use sidetone_wire::portable::PortableConference;

use super::{Trial, recording};
use crate::measure::{Agreement, Interval, Pair, agreement, intervals};

/// A row of `testdata/quality/video.csv`: eight seconds of pictures from one end to another.
#[derive(Clone, Debug, Deserialize)]
pub struct Sight {
    /// Of which trial.
    pub trial: String,
    /// Who was seen.
    pub from: String,
    /// Who saw.
    pub to: String,
    /// Begin, milliseconds since 1970.
    pub begin_ms: f64,
    /// Pictures filmed, and how many of these were ever shown.
    pub filmed: f64,
    /// See `filmed`.
    pub shown: f64,
    /// For how long the picture stood in freezes as webrtc-stats defines them.
    pub frozen_ms: f64,
    /// SSIM of what was shown to what was filmed.
    pub ssim: Option<f64>,
}

/// Length of a row.
const WINDOW_MS: f64 = 8000.0;

/// Borders of SSIM between the five classes of quality. Source: Zinner et al., "Impact of frame rate and resolution on objective QoE metrics",
/// QoMEX 2010; between their middles we interpolate.
const CLASSES: [(f64, f64); 6] = [(0.0, 1.0), (0.5, 1.5), (0.88, 2.5), (0.95, 3.5), (0.99, 4.5), (1.0, 5.0)];

impl Sight {
    /// How good it was, 1 to 5: the class of the likeness of what was shown, for the share of what was filmed that was shown; what was
    /// not shown counts as bad. Absent where no picture could be compared.
    #[must_use]
    pub fn truth(&self) -> Option<f64> {
        let ssim = self.ssim?;
        let (low, high) = CLASSES.iter().zip(&CLASSES[1..]).find(|(_, high)| ssim <= high.0)?;
        let quality = low.1 + (high.1 - low.1) * (ssim - low.0) / (high.0 - low.0);
        Some(1.0 + (quality - 1.0) * self.shown / self.filmed)
    }
}

/// What the engine says of the same eight seconds.
#[derive(Clone, Copy, Debug, Default)]
struct Said {
    mos_v: Option<f64>,
    frozen_ms: f64,
    frames: f64,
    /// Means of the same time, of what the score leaves out.
    left_out: [Option<f64>; LEFT_OUT.len()],
}

/// What `mos_v` leaves out: where it is told, and how it is called on the page.
const LEFT_OUT: [(Metric, Told, &str); 4] = [
    (Metric::LimitedByBandwidth, Told::Sender, "share of the time that the sender was limited by bandwidth"),
    (Metric::LimitedByCpu, Told::Sender, "share of the time that the sender was limited by its processor"),
    (Metric::MediaLatency, Told::Receiver, "delay (`media_latency_ms`)"),
    (Metric::AvSkew, Told::Connection, "sound and picture apart (`av_skew_ms`)"),
];

/// Where a value is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// Of the pictures that are sent.
    Sender,
    /// Of the pictures that are received.
    Receiver,
    /// Of the receiver's connection.
    Connection,
}

/// A row with what the engine says of it.
#[derive(Clone, Debug)]
pub struct Compared {
    sight: Sight,
    said: Said,
    call: usize,
    is_held_out: bool,
}

/// Every row of a table of calls between two whose trial is in `trials` and was not disturbed. Of a held call nothing was to be seen, and of a camera
/// that films too little this truth does not tell.
///
/// # Errors
/// When the table or a recording cannot be read.
pub fn compared(table: &Path, folder: &Path, trials: &[Trial]) -> Result<Vec<Compared>> {
    let mut reader = csv::Reader::from_path(table).with_context(|| table.display().to_string())?;
    let mut rows: BTreeMap<String, Vec<Sight>> = BTreeMap::new();
    for row in reader.deserialize() {
        let sight: Sight = row.with_context(|| table.display().to_string())?;
        rows.entry(sight.trial.clone()).or_default().push(sight);
    }
    let mut compared = Vec::new();
    let used =
        trials.iter().filter(|trial| !trial.is_disturbed() && trial.parties == 2 && !matches!(&*trial.fault, "held" | "slow_camera"));
    for (call, trial) in used.enumerate() {
        let Some(sights) = rows.remove(&trial.id) else { continue };
        let conference = recording(folder, trial)?;
        let is_inside = |sight: &&Sight| sight.begin_ms + WINDOW_MS <= trial.ended_ms && sight.filmed > 0.0;
        compared.extend(sights.iter().filter(is_inside).map(|sight| Compared {
            said: said(&conference, sight),
            sight: sight.clone(),
            call,
            is_held_out: trial.is_held_out(),
        }));
    }
    Ok(compared)
}

fn said(conference: &PortableConference, sight: &Sight) -> Said {
    let no_rules = RuleSet { rules: Vec::new(), ..RuleSet::default() };
    let mut said = Said::default();
    let (mut scored_s, mut sum) = (0.0, 0.0);
    let mut left_out = [(0.0, 0.0); LEFT_OUT.len()];
    for batch in &conference.batches {
        let is_receiver = batch.participant_id.as_str() == sight.to;
        if !is_receiver && batch.participant_id.as_str() != sight.from {
            continue;
        }
        Analyzer::live(&no_rules).push(&batch.reports, &mut |output| {
            let Output::Tick(tick) = output else { return };
            let end = tick.time.as_millis_f64();
            if end <= sight.begin_ms || end > sight.begin_ms + WINDOW_MS {
                return;
            }
            let seconds = tick.interval.as_secs_f64();
            let pictures = |direction| {
                let of_it = move |one: &&StreamTick| (one.stream.kind, one.stream.direction) == (MediaKind::Video, direction);
                tick.streams.iter().find(of_it).map(|stream| &stream.values)
            };
            for ((metric, told, _), (known_s, sum)) in LEFT_OUT.into_iter().zip(&mut left_out) {
                let values = match told {
                    Told::Sender if !is_receiver => pictures(Direction::Outbound),
                    Told::Receiver if is_receiver => pictures(Direction::Inbound),
                    Told::Connection if is_receiver => Some(&tick.connection),
                    _ => None,
                };
                if let Some(value) = values.and_then(|values| values.get(metric)) {
                    *known_s += seconds;
                    *sum += seconds * value;
                }
            }
            for stream in tick.streams.iter().filter(|_| is_receiver) {
                if (stream.stream.kind, stream.stream.direction) != (MediaKind::Video, Direction::Inbound) {
                    continue;
                }
                said.frozen_ms += 1000.0 * seconds * stream.values.get(Metric::FrozenRatio).unwrap_or(0.0);
                said.frames += seconds * stream.values.get(Metric::DecodedFrameRate).unwrap_or(0.0);
                if let Some(score) = stream.values.get(Metric::MosV) {
                    scored_s += seconds;
                    sum += seconds * score;
                }
            }
        });
    }
    said.mos_v = (scored_s > 0.0).then(|| sum / scored_s);
    said.left_out = left_out.map(|(known_s, sum)| (known_s > 0.0).then(|| sum / known_s));
    said
}

/// How close `mos_v` comes.
#[must_use]
pub fn score(compared: &[Compared]) -> Agreement {
    agreement(&pairs(compared))
}

fn pairs(compared: &[Compared]) -> Vec<Pair> {
    let pair = |one: &Compared| Some(Pair { call: one.call, said: one.said.mos_v?, truth: one.sight.truth()? });
    compared.iter().filter_map(pair).collect()
}

/// The section of the page.
#[must_use]
pub fn section(compared: &[Compared]) -> String {
    let scored = pairs(compared);
    let Agreement { pearson, spearman, rmse } = agreement(&scored);
    let (Interval(low, high), Interval(least, most)) = intervals(&scored);
    let bias = scored.iter().map(|pair| pair.said - pair.truth).sum::<f64>() / scored.len() as f64;
    let frozen = differences(compared, |one| (one.said.frozen_ms / 1000.0, one.sight.frozen_ms / 1000.0));
    let frames = differences(compared, |one| (one.said.frames / 8.0, one.sight.shown / 8.0));
    let mut text = INTRODUCTION.to_owned();
    let _ = writeln!(text, "{} windows of 8 s, {} of them with a score and a picture to compare.\n", compared.len(), scored.len());
    let _ = writeln!(text, "| | Pearson | Spearman | error | bias |\n|---|--:|--:|--:|--:|");
    let _ =
        writeln!(text, "| `mos_v` | {pearson:.2} ({low:.2}–{high:.2}) | {spearman:.2} | {rmse:.2} ({least:.2}–{most:.2}) | {bias:+.2} |");
    for (name, (agreement, bias)) in [("frozen, s of 8", frozen), ("frames shown a second", frames)] {
        let Agreement { pearson, spearman, rmse } = agreement;
        let _ = writeln!(text, "| {name} | {pearson:.2} | {spearman:.2} | {rmse:.2} | {bias:+.2} |");
    }
    text + &terms(compared)
}

/// What each thing that the score leaves out would add to it: a straight line through what the score misses in the trials for tuning, and what that
/// is worth in those that were held out.
fn terms(compared: &[Compared]) -> String {
    let mut text = TERMS.to_owned();
    for (place, (.., name)) in LEFT_OUT.into_iter().enumerate() {
        let rows = |is_held_out: bool| {
            let of_part = compared.iter().filter(move |one| one.is_held_out == is_held_out);
            of_part.filter_map(move |one| Some((one.call, one.said.left_out[place]?, one.said.mos_v?, one.sight.truth()?)))
        };
        let missed: Vec<Pair> = rows(false).map(|(call, value, said, truth)| Pair { call, said: value, truth: truth - said }).collect();
        let count = missed.len() as f64;
        let mean = |of: fn(&Pair) -> f64| missed.iter().map(of).sum::<f64>() / count;
        let (value, miss) = (mean(|pair| pair.said), mean(|pair| pair.truth));
        let spread: f64 = missed.iter().map(|pair| (pair.said - value) * (pair.said - value)).sum();
        if spread <= 0.0 {
            let _ = writeln!(text, "| {name} | {} | never so | | | | |", missed.len());
            continue;
        }
        let slope = missed.iter().map(|pair| (pair.said - value) * (pair.truth - miss)).sum::<f64>() / spread;
        let held: Vec<Pair> = rows(true).map(|(call, _, said, truth)| Pair { call, said: said + miss, truth }).collect();
        let with: Vec<Pair> =
            rows(true).map(|(call, at, said, truth)| Pair { call, said: said + miss + slope * (at - value), truth }).collect();
        let [without, with] = [held, with].map(|pairs| agreement(&pairs));
        let _ = writeln!(
            text,
            "| {name} | {} | {:+.2} | {:.3} | {:.3} | {:.2} | {:.2} |",
            missed.len(),
            agreement(&missed).pearson,
            without.rmse,
            with.rmse,
            without.spearman,
            with.spearman
        );
    }
    text + AFTER_TERMS
}

fn differences(compared: &[Compared], of: impl Fn(&Compared) -> (f64, f64)) -> (Agreement, f64) {
    let pair = |one: &Compared| {
        let (said, truth) = of(one);
        Pair { call: one.call, said, truth }
    };
    let pairs: Vec<Pair> = compared.iter().map(pair).collect();
    let bias = pairs.iter().map(|pair| pair.said - pair.truth).sum::<f64>() / pairs.len() as f64;
    (agreement(&pairs), bias)
}

const INTRODUCTION: &str = "
## Pictures against what was filmed

In the trials every picture has its number in it as a bar code. So which pictures were shown, and when, is known exactly; one every two seconds was kept and compared with what was filmed by ffmpeg's SSIM. The truth is the class of quality of that likeness
(Zinner et al., QoMEX 2010), 1 to 5, times the share of the filmed pictures that were shown. A camera that stands still or films three pictures a second is left out, because then little was filmed that could be missed. Likeness is not what people say of it, and 320×240
at 15 a second is a small picture: this measures whether the score follows what happened.

";

const TERMS: &str = "
**What the score leaves out.** For each 8 s, how what `mos_v` misses (truth less score) goes with what it does not look at: first in the trials for tuning, where a straight line through it is drawn; then whether that line, added to the score,
comes closer in the trials that were held out (both with the mean miss taken off).

| left out | windows for tuning | correlation with the miss | error without | with it | Spearman without | with it |
|---|--:|--:|--:|--:|--:|--:|
";

const AFTER_TERMS: &str = "
Hardly any sender of the trials for tuning was limited, so this data says little of what that would add; what it does to the bit rate, the size, the rate and the quantiser the score has already. Delay, and sound that is apart from its picture, change nothing of
how pictures look, and the figures say no more: models for video telephony keep them apart from the quality of video too, in blocks of their own for interaction and synchronisation (ITU-T P.940; ITU-T G.1070 has interactivity in its multimedia quality).
There is no truth for such a whole in this data, people in conversation, so there is no such score; `high_media_latency` and `av_skew` tell of both.
";
