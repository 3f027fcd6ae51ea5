//! `GET /v1/peer-connections/{key}/series`: metrics over time at a chosen resolution.
//!
//! The engine runs over all reports of the connection, since rates need the report before; then values are gathered into slots.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};
use sidetone_engine::{
    analysis::{Analyzer, MuteChange, Output, StreamId, Tick, UnjudgedTime},
    ids::{AppKey, PeerConnectionKey},
    issue::RuleSet,
    metric::{Metric, MetricValues},
    score::unjudged::{SCORES, Unjudged},
    units::Timestamp,
};
use sidetone_store::chunks::Chunks;
use utoipa::{IntoParams, ToSchema};

use super::{NoParameter, NoPeerConnection, Parameters, PeerConnectionPath, names::Reader};
use crate::{
    auth::NotAllowed,
    config::text::HumanDuration,
    finalise,
    model::{Millis, StreamIdentity},
    problem::Problem,
    run,
    state::AppState,
};

/// Most slots that one answer may have.
const SLOTS_MAX: usize = 20_000;

/// Which series.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SeriesParameters {
    /// Names of metrics, separated by commas; all when absent. `GET /v1/metrics-catalogue` lists them.
    #[param(example = "bitrate_bps,mos_lq")]
    pub(crate) metrics: Option<String>,
    /// Length of a slot, such as `1s` or `1m`; `1s` when absent, unless `slots_max` says otherwise.
    #[param(example = "10s")]
    pub(crate) resolution: Option<String>,
    /// Instead of a resolution: the finest of 1, 2, 5, 10, 15, 30 s, 1, 2, 5, 10 min … that needs no more slots than this for the span, such as
    /// the width of a chart in pixels.
    #[param(example = 600)]
    pub(crate) slots_max: Option<u32>,
    /// Slots at or after (ms since 1970); the first report when absent.
    pub(crate) from_ms: Option<f64>,
    /// Slots before (ms since 1970); the last report when absent.
    pub(crate) until_ms: Option<f64>,
}

/// Series of one peer connection. Slot `i` covers `start_ms + i * resolution_ms` up to the next.
#[derive(Serialize, ToSchema)]
pub(crate) struct SeriesBody {
    /// Start of the first slot, a multiple of the resolution; `null` when there is no slot.
    start_ms: Option<Millis>,
    /// Length of a slot.
    resolution_ms: f64,
    /// Number of slots.
    slot_count: usize,
    /// Series of the connection and of its streams.
    series: Vec<OneSeries>,
}

/// One metric of the connection or of a stream.
#[derive(Serialize, ToSchema)]
pub(crate) struct OneSeries {
    /// Which metric; its name tells the unit.
    #[schema(example = "bitrate_bps")]
    metric: &'static str,
    /// The stream; `null` for the connection.
    stream: Option<StreamIdentity>,
    /// Mean by slot, weighted by interval length; `null` where there was no value, which is not 0.
    mean: Vec<Option<f64>>,
    /// Least value by slot.
    min: Vec<Option<f64>>,
    /// Greatest value by slot.
    max: Vec<Option<f64>>,
    /// Of a score: why it is `null`, by slot, for most of the slot: `muted`, `first_second` … (see `unjudged` of a stream), and for `mos_cq` also
    /// `no_round_trip`; `null` where it has a value, and where there was no report. Absent with what is no score.
    #[serde(skip_serializing_if = "Option::is_none")]
    unjudged: Option<Vec<Option<&'static str>>>,
}

pub(crate) fn no_reports(key: PeerConnectionKey) -> Problem {
    Problem::not_found(
        "peer_connection_not_found",
        format!("this app has no peer connection {key} with reports; GET /v1/conferences/{{key}} lists them"),
    )
}

/// Read series
///
/// Metrics of a peer connection and its streams over time. What was not measured is `null`, never 0.
#[utoipa::path(
    get,
    path = "/v1/peer-connections/{key}/series",
    tag = "query",
    params(PeerConnectionPath, SeriesParameters),
    responses(
        (status = 200, body = SeriesBody),
        NoParameter,
        NotAllowed,
        NoPeerConnection,
    ),
    security(("query" = []))
)]
pub(crate) async fn handler(
    State(state): State<AppState>,
    reader: Reader,
    Path(PeerConnectionPath { key }): Path<PeerConnectionPath>,
    Parameters(parameters): Parameters<SeriesParameters>,
) -> Result<Json<SeriesBody>, Problem> {
    read(&state, reader.app, &key, parameters).await.map(Json)
}

/// Series of an app's peer connection.
pub(crate) async fn read(state: &AppState, app: AppKey, key: &str, parameters: SeriesParameters) -> Result<SeriesBody, Problem> {
    let key = super::peer_connection_key(key)?;
    let metrics = metrics(parameters.metrics.as_deref())?;
    let extent = state.store.report_extent(app, key).await.map_err(super::store(state))?.ok_or_else(|| no_reports(key))?;
    let grid = Grid::new(&parameters, extent.span)?;
    let mutes = if SCORES.iter().any(|score| metrics.contains(score)) {
        finalise::mutes_of(&*state.store, app, key).await.map_err(super::store(state))?
    } else {
        Vec::new()
    };
    // Values alone are wanted.
    let rules = RuleSet { rules: Vec::new(), ..RuleSet::default() };
    let chunks = state.store.chunks(app, key).await.map_err(super::store(state))?;
    tokio::task::spawn_blocking(move || gather(chunks, mutes, &rules, &metrics, &grid)).await.map_err(Problem::internal)?
}

fn metrics(names: Option<&str>) -> Result<Vec<Metric>, Problem> {
    let Some(names) = names else { return Ok(Metric::ALL.to_vec()) };
    let metric = |name: &str| {
        Metric::from_name(name.trim()).ok_or_else(|| {
            let given: String = name.chars().take(60).collect();
            Problem::bad_request(
                "parameter_invalid",
                format!("metrics: there is no metric {given:?}; GET /v1/metrics-catalogue lists them"),
            )
        })
    };
    names.split(',').map(metric).collect()
}

/// The finest resolution of a round number of seconds at which a span needs no more than so many slots.
fn finest(span_us: i64, slots_max: u32) -> i64 {
    const SECONDS: [i64; 14] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
    // A span that begins within a slot needs one slot more.
    let fits = |resolution_us: &i64| span_us / resolution_us < i64::from(slots_max);
    SECONDS.iter().map(|seconds| seconds * 1_000_000).find(fits).unwrap_or(86_400_000_000)
}

/// The slots.
struct Grid {
    resolution_us: i64,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Grid {
    /// `span`: first and last report.
    fn new(parameters: &SeriesParameters, span: (Timestamp, Timestamp)) -> Result<Self, Problem> {
        let invalid = |detail: String| Problem::bad_request("parameter_invalid", detail);
        let from = super::time("from_ms", parameters.from_ms)?;
        let until = super::time("until_ms", parameters.until_ms)?;
        let resolution_us = match (parameters.resolution.as_deref(), parameters.slots_max) {
            (Some(_), Some(_)) => return Err(invalid("resolution and slots_max exclude each other; give one".into())),
            (None, Some(0)) => return Err(invalid("slots_max is 0, at least 1 is needed".into())),
            (None, Some(slots_max)) => {
                let (start, end) = (from.map_or(span.0, |from| from.max(span.0)), until.map_or(span.1, |until| until.min(span.1)));
                finest(end.as_micros().saturating_sub(start.as_micros()), slots_max)
            }
            (resolution, None) => {
                let resolution: HumanDuration =
                    resolution.unwrap_or("1s").parse().map_err(|error| invalid(format!("resolution: {error}")))?;
                if resolution < HumanDuration::millis(100) || resolution > HumanDuration::days(1) {
                    return Err(invalid(format!("resolution is {resolution}, allowed is 100ms to 1d")));
                }
                resolution.as_micros()
            }
        };
        Ok(Self { resolution_us, from, until })
    }

    fn slot(&self, time: Timestamp) -> i64 {
        time.as_micros().div_euclid(self.resolution_us)
    }
}

#[derive(Clone, Copy)]
struct Slot {
    sum: f64,
    weight: f64,
    min: f64,
    max: f64,
}

/// One series in the making.
#[derive(Default)]
struct Column {
    slots: BTreeMap<i64, Slot>,
    /// Why there is no value, and for how long each.
    unjudged: BTreeMap<i64, Vec<UnjudgedTime>>,
}

impl Column {
    /// The reason that held for most of a slot, where that has no value.
    fn why_absent(&self, slot: i64) -> Option<Unjudged> {
        let held = self.unjudged.get(&slot).filter(|_| !self.slots.contains_key(&slot))?;
        held.iter().max_by(|a, b| a.seconds.total_cmp(&b.seconds)).map(|held| held.reason)
    }
}

type Gathered = BTreeMap<(Option<StreamId>, Metric), Column>;

fn gather(chunks: Chunks, mutes: Vec<MuteChange>, rules: &RuleSet, metrics: &[Metric], grid: &Grid) -> Result<SeriesBody, Problem> {
    let mut gathered = Gathered::new();
    let mut analyzer = Analyzer::live(rules);
    mutes.into_iter().for_each(|change| analyzer.set_mute(change));
    for run in run::in_order(chunks) {
        let run = run.map_err(Problem::internal)?;
        if grid.until.is_some_and(|until| run.times().first().is_some_and(|first| *first >= until)) {
            break;
        }
        analyzer.push(&run, &mut |output| {
            if let Output::Tick(tick) = output {
                put(&mut gathered, tick, metrics, grid);
            }
        });
    }
    let slots = || gathered.values().flat_map(|column| column.slots.keys().chain(column.unjudged.keys()));
    let (Some(&first), Some(&last)) = (slots().min(), slots().max()) else {
        let resolution_ms = grid.resolution_us as f64 / 1000.0;
        return Ok(SeriesBody { start_ms: None, resolution_ms, slot_count: 0, series: Vec::new() });
    };
    let count = usize::try_from(last - first + 1).unwrap_or(usize::MAX);
    if count > SLOTS_MAX {
        return Err(Problem::bad_request(
            "parameter_invalid",
            format!("that would be {count} slots, at most {SLOTS_MAX} are given; choose a coarser resolution or a shorter span"),
        ));
    }
    let series = gathered
        .iter()
        .map(|((stream, metric), gathered)| {
            let column = |value: fn(&Slot) -> f64| (first..=last).map(|slot| gathered.slots.get(&slot).map(value)).collect();
            let why = || (first..=last).map(|slot| gathered.why_absent(slot).map(Unjudged::name)).collect();
            OneSeries {
                metric: metric.name(),
                stream: stream.map(Into::into),
                mean: column(|slot| slot.sum / slot.weight),
                min: column(|slot| slot.min),
                max: column(|slot| slot.max),
                unjudged: SCORES.contains(metric).then(why),
            }
        })
        .collect();
    Ok(SeriesBody {
        start_ms: Some(Millis(Timestamp::from_micros(first.saturating_mul(grid.resolution_us)))),
        resolution_ms: grid.resolution_us as f64 / 1000.0,
        slot_count: count,
        series,
    })
}

fn put(gathered: &mut Gathered, tick: &Tick, metrics: &[Metric], grid: &Grid) {
    if grid.from.is_some_and(|from| tick.time < from) || grid.until.is_some_and(|until| tick.time >= until) {
        return;
    }
    // A first report has no interval, but what it says of an instant counts.
    let weight = tick.interval.as_secs_f64().max(1e-6);
    let slot = grid.slot(tick.time);
    let mut add = |stream: Option<StreamId>, values: &MetricValues| {
        for (metric, value) in values.iter().filter(|(metric, _)| metrics.contains(metric)) {
            let slots = &mut gathered.entry((stream, metric)).or_default().slots;
            let held = slots.entry(slot).or_insert(Slot { sum: 0.0, weight: 0.0, min: value, max: value });
            held.sum += value * weight;
            held.weight += weight;
            held.min = held.min.min(value);
            held.max = held.max.max(value);
        }
    };
    add(None, &tick.connection);
    for stream in &tick.streams {
        add(Some(stream.stream), &stream.values);
    }
    let mut excuse = |stream: Option<StreamId>, score: Metric, reason: Option<Unjudged>| {
        let Some(reason) = reason else { return };
        let held = gathered.entry((stream, score)).or_default().unjudged.entry(slot).or_default();
        match held.iter_mut().find(|held| held.reason == reason) {
            Some(held) => held.seconds += weight,
            None => held.push(UnjudgedTime { reason, seconds: weight }),
        }
    };
    for score in SCORES.into_iter().filter(|score| metrics.contains(score)) {
        excuse(None, score, tick.why_absent(score));
        for stream in &tick.streams {
            excuse(Some(stream.stream), score, stream.why_absent(score));
        }
    }
}
