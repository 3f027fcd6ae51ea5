//! What the streams of a connection are together.

use super::{Followed, Memory};
use crate::{
    analysis::{Direction, MediaKind, StreamId},
    metric::Metric,
    report::Text,
    series::Moment,
};

impl Memory {
    /// What the streams of a report are together.
    pub(super) fn connection(&mut self, &Moment { number, time, .. }: &Moment) {
        const WORST: [Metric; 3] = [Metric::MosLq, Metric::MosCq, Metric::MosV];
        let missing = self.notices.knows_tracks().then(|| self.missing(number) as f64);
        let (mut send, mut receive, mut sound, mut pictures) = (None, None, None, None);
        let mut worst = [None; WORST.len()];
        // Of received sound and received pictures: how many there are, and what is played of the last.
        let mut played = [(0, None); 2];
        let mut has_carried = false;
        // Of received pictures and received sound: whether anything ever came.
        let mut has_come = [false; 2];
        for Followed { state, values, .. } in &self.streams {
            let StreamId { direction, kind, .. } = state.stream.id;
            let is_sound = kind == MediaKind::Audio;
            let is_received = direction == Direction::Inbound;
            has_carried |= is_received && is_sound && state.has_carried;
            has_come[usize::from(is_sound)] |= is_received && state.has_come();
            if state.last_number != number {
                continue;
            }
            for (worst, &metric) in worst.iter_mut().zip(&WORST) {
                join(worst, values.get(metric), f64::min);
            }
            let bitrate = values.get(Metric::Bitrate);
            let sum = |a, b| a + b;
            if direction == Direction::Outbound {
                join(&mut send, bitrate, sum);
                continue;
            }
            join(&mut receive, bitrate, sum);
            join(if is_sound { &mut sound } else { &mut pictures }, bitrate, sum);
            let (count, played_ms) = &mut played[usize::from(is_sound)];
            *count += 1;
            *played_ms = state.played_ms();
        }
        // Only with one stream of each: of several nobody can tell which belong together.
        let skew_ms = match played {
            [(1, Some(picture)), (1, Some(sound))] => Some(f64::abs(sound - picture)),
            _ => None,
        };
        let awaits = |kind| !has_come[usize::from(kind == MediaKind::Audio)] && self.notices.awaits(kind, time);
        let awaits_sound = awaits(MediaKind::Audio) && self.mutes.of(None, &[]).far_end != Some(true);
        let awaits_pictures = awaits(MediaKind::Video);
        let values = &mut self.values;
        values.set(Metric::AvSkew, skew_ms);
        values.set(Metric::MissingStreams, missing);
        values.set(Metric::SendBitrate, send);
        values.set(Metric::ReceiveBitrate, receive);
        values.set(Metric::AudioReceiveBitrate, sound.filter(|_| has_carried).or(awaits_sound.then_some(0.0)));
        values.set(Metric::VideoReceiveBitrate, pictures.filter(|bitrate| *bitrate > 0.0).or(awaits_pictures.then_some(0.0)));
        for (&metric, worst) in WORST.iter().zip(worst) {
            values.set(metric, worst);
        }
    }

    /// Received streams that carried media, whose track is to go on, and of which report `number` has nothing under any SSRC.
    fn missing(&self, number: u64) -> usize {
        let received = || self.streams.iter().map(|held| &held.state).filter(|state| state.stream.id.direction == Direction::Inbound);
        let has_track = |track: &Text| received().any(|state| state.last_number == number && state.stream.track.as_ref() == Some(track));
        let gone = received().filter(|state| state.last_number != number && state.has_carried);
        let mut missing: Vec<&Text> = Vec::new();
        for track in gone.filter_map(|state| state.stream.track.as_ref()) {
            if self.notices.is_live(track) && !missing.contains(&track) && !has_track(track) {
                missing.push(track);
            }
        }
        missing.len()
    }
}

/// Brings a value to those so far, where there is one.
fn join(held: &mut Option<f64>, value: Option<f64>, by: fn(f64, f64) -> f64) {
    if let Some(value) = value {
        *held = Some(held.map_or(value, |held| by(held, value)));
    }
}
