//! The values of a stretch: what is typical of it, and of the time before it.

use std::collections::BTreeMap;

use crate::{
    analysis::{StreamId, Tick},
    metric::{Metric, MetricValues},
    units::Timestamp,
};

/// What is compared with a stretch, before its onset.
const BEFORE_US: i64 = 30_000_000;
/// Of a stretch its first half is looked at, at most this much: an issue lasts longer than what raised it …
const DURING_MAX_US: i64 = 120_000_000;
/// … and at least this much: RTCP tells of sound every five seconds, so that the far end sees a short stretch later.
const DURING_MIN_US: i64 = 10_000_000;
/// The last seconds before the onset may be poor already.
const EDGE_US: i64 = 1_500_000;
/// The first seconds, in which is told what came first: no rule of what does not arrive fires before two.
const ONSET_US: i64 = 3_000_000;
/// Most values of one place, at one report a second: memory stays bounded at any rate.
const VALUES_MAX: usize = 160;

/// Where a value stands: place of the connection, stream, metric.
type Place = (usize, Option<StreamId>, Metric);
type Sheet = BTreeMap<Place, Vec<(Timestamp, f64)>>;

/// Which part of a stretch is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// As much of it as is looked at.
    Whole,
    /// Its first seconds: what a short break leaves behind lasts longer than the break.
    Onset,
}

/// The values of one stretch.
#[derive(Debug)]
pub(super) struct Values {
    onset: Timestamp,
    end: Timestamp,
    during: Sheet,
    before: Sheet,
}

impl Values {
    /// Those of a stretch; `is_whole`: to its end.
    pub(super) fn of(from: Timestamp, until: Timestamp, is_whole: bool) -> Self {
        let lasts = until.as_micros() - from.as_micros();
        let wanted = if is_whole { lasts } else { lasts / 2 };
        let end = from.plus_micros(wanted.clamp(DURING_MIN_US, DURING_MAX_US));
        Self { onset: from, end, during: Sheet::new(), before: Sheet::new() }
    }

    /// The span that is looked at.
    pub(super) fn span(&self) -> (Timestamp, Timestamp) {
        (self.onset.plus_micros(-BEFORE_US), self.end)
    }

    pub(super) fn read(&mut self, connection: usize, tick: &Tick) {
        let (begin, end) = self.span();
        let is_edge = tick.time < self.onset && tick.time > self.onset.plus_micros(-EDGE_US);
        if tick.interval.is_zero() || tick.time < begin || tick.time > end || is_edge {
            return;
        }
        let sheet = if tick.time < self.onset { &mut self.before } else { &mut self.during };
        let mut add = |stream, values: &MetricValues| {
            for (metric, value) in values.iter() {
                let held = sheet.entry((connection, stream, metric)).or_default();
                if held.len() < VALUES_MAX {
                    held.push((tick.time, value));
                }
            }
        };
        add(None, &tick.connection);
        for stream in &tick.streams {
            add(Some(stream.stream), &stream.values);
        }
    }

    pub(super) fn during(&self, part: Part, connection: usize, stream: Option<StreamId>, metric: Metric) -> Option<f64> {
        let held = self.during.get(&(connection, stream, metric))?;
        typical(held.iter().filter(|(time, _)| self.is_in(part, *time)), metric)
    }

    pub(super) fn before(&self, connection: usize, stream: Option<StreamId>, metric: Metric) -> Option<f64> {
        typical(self.before.get(&(connection, stream, metric))?, metric)
    }

    /// Whether a time lies in a part; the reading at the onset itself is of the interval before.
    fn is_in(&self, part: Part, time: Timestamp) -> bool {
        part == Part::Whole || time > self.onset && time <= self.onset.plus_micros(ONSET_US)
    }

    /// Whether a connection told anything during a part of the stretch.
    pub(super) fn has(&self, part: Part, connection: usize) -> bool {
        let mut of_it = self.of_connection(connection);
        of_it.any(|(_, held)| held.iter().any(|(time, _)| self.is_in(part, *time)))
    }

    fn of_connection(&self, connection: usize) -> impl Iterator<Item = (&Place, &Vec<(Timestamp, f64)>)> {
        let from = (connection, None, Metric::ALL[0]);
        self.during.range(from..).take_while(move |((place, ..), _)| *place == connection)
    }

    /// The streams of a connection that told something during the stretch.
    pub(super) fn streams(&self, connection: usize) -> impl Iterator<Item = StreamId> {
        let mut streams: Vec<StreamId> = self.of_connection(connection).filter_map(|((_, stream, _), _)| *stream).collect();
        streams.dedup();
        streams.into_iter()
    }
}

/// A ratio is a mean: bursts count. Of anything else the edges of a stretch must not: the median.
fn typical<'a>(held: impl IntoIterator<Item = &'a (Timestamp, f64)>, metric: Metric) -> Option<f64> {
    let mut values: Vec<f64> = held.into_iter().map(|(_, value)| *value).collect();
    let is_level = matches!(metric, Metric::AudioLevel | Metric::AudioRms);
    if metric.unit().is_empty() && !is_level {
        return (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
    }
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
