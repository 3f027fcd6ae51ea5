//! The scores of a peer connection over its whole life.

use super::{
    moments::{Moment, Moments},
    overall::Overall,
};
use crate::{analysis::Tick, metric::Metric};

/// Scores of a peer connection over its life ([`Overall`]), or of a participant or a conference: the worst of its peer connections'. 1–5, absent
/// where nothing could be judged.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scores {
    /// Listening quality.
    pub mos_lq: Option<f64>,
    /// Conversational quality.
    pub mos_cq: Option<f64>,
    /// Video quality.
    pub mos_v: Option<f64>,
}

impl Scores {
    /// The score that a list shows and a search means: the conversation's, of pictures alone theirs.
    #[must_use]
    pub fn overall(&self) -> Option<f64> {
        self.mos_cq.or(self.mos_v)
    }

    /// Of each score the lower one.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        let lower = |a: Option<f64>, b: Option<f64>| [a, b].into_iter().flatten().reduce(f64::min);
        Self { mos_lq: lower(self.mos_lq, other.mos_lq), mos_cq: lower(self.mos_cq, other.mos_cq), mos_v: lower(self.mos_v, other.mos_v) }
    }
}

/// The life of a peer connection, tick by tick. At each instant its scores are those of its worst stream.
#[derive(Clone, Debug, Default)]
pub struct Life {
    kept: [(Overall, Moments); 3],
}

impl Life {
    /// Adds the interval of a tick.
    pub fn add(&mut self, tick: &Tick) {
        for (metric, (overall, moments)) in [Metric::MosLq, Metric::MosCq, Metric::MosV].into_iter().zip(&mut self.kept) {
            if let Some(score) = tick.connection.get(metric) {
                overall.add(score, tick.interval.as_secs_f64());
                moments.add(tick.time, score, tick.interval.as_secs_f64());
            }
        }
    }

    /// The scores so far.
    #[must_use]
    pub fn scores(&self) -> Scores {
        let [mos_lq, mos_cq, mos_v] = self.kept.each_ref().map(|(overall, _)| overall.score());
        Scores { mos_lq, mos_cq, mos_v }
    }

    /// What pulled [`Scores::overall`] down.
    #[must_use]
    pub fn moments(&self) -> Vec<Moment> {
        let [_, (conversation, of_conversation), (_, of_pictures)] = &self.kept;
        if conversation.score().is_some() { of_conversation.moments() } else { of_pictures.moments() }
    }
}
