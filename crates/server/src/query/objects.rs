//! The stats objects of a peer connection with all their members, as webrtc-internals lists them.

use std::collections::BTreeMap;

use serde::Serialize;
use sidetone_engine::{
    ids::AppKey,
    report::{Object, Report, Reports, Value},
};
use sidetone_store::{
    chunks::{Chunks, ReportExtent},
    record::{ConferenceDetail, PeerConnection},
};
use sidetone_wire::{internals, json};

use super::{
    events::{self, EventParameters},
    names::Reader,
};
use crate::{model::Millis, problem::Problem, run, state::AppState};

/// Points of a member's chart.
const POINTS_MAX: usize = 600;

/// One object with the last value of each member.
#[derive(Debug)]
pub(crate) struct StatsObject {
    pub(crate) stats_type: String,
    pub(crate) id: String,
    /// By order of first appearance.
    pub(crate) members: Vec<(String, String)>,
}

impl StatsObject {
    /// What a search looks in.
    pub(crate) fn search_text(&self) -> String {
        let members: Vec<&str> = self.members.iter().map(|(name, _)| name.as_str()).collect();
        format!("{} {} {}", self.stats_type, self.id, members.join(" ")).to_lowercase()
    }

    /// What tells it from others of its type.
    pub(crate) fn gist(&self) -> String {
        let told = ["kind", "ssrc", "mimeType", "state", "candidateType", "protocol", "trackIdentifier"];
        let values = told.iter().filter_map(|wanted| self.members.iter().find(|(name, _)| name == wanted)).map(|(_, value)| value.as_str());
        values.take(3).collect::<Vec<_>>().join(" · ")
    }
}

/// The members of one object, a value for each time.
#[derive(Serialize)]
pub(crate) struct ObjectSeries {
    times_ms: Vec<Millis>,
    /// Numbers as such, everything else as text; `null` where absent.
    members: BTreeMap<String, Vec<serde_json::Value>>,
}

/// Every object that appeared.
pub(crate) async fn list(state: &AppState, app: AppKey, key: &str) -> Result<Vec<StatsObject>, Problem> {
    let chunks = chunks(state, app, key).await?;
    blocking(move || {
        let mut objects: Vec<StatsObject> = Vec::new();
        for run in run::in_order(chunks) {
            let run = run.map_err(Problem::internal)?;
            for object in run.objects() {
                let found = objects.iter_mut().position(|held| held.id == *object.id && held.stats_type == *object.stats_type);
                let at = found.unwrap_or_else(|| {
                    objects.push(StatsObject { stats_type: object.stats_type.to_string(), id: object.id.to_string(), members: Vec::new() });
                    objects.len() - 1
                });
                merge(&mut objects[at], object, run.len());
            }
        }
        objects.sort_by(|a, b| (rank(&a.stats_type), &a.stats_type, &a.id).cmp(&(rank(&b.stats_type), &b.stats_type, &b.id)));
        Ok(objects)
    })
    .await
}

/// What people look for comes first.
fn rank(stats_type: &str) -> usize {
    const FIRST: [&str; 8] = [
        "peer-connection",
        "transport",
        "candidate-pair",
        "inbound-rtp",
        "outbound-rtp",
        "remote-inbound-rtp",
        "remote-outbound-rtp",
        "media-source",
    ];
    FIRST.iter().position(|first| *first == stats_type).unwrap_or(FIRST.len())
}

fn merge(held: &mut StatsObject, object: &Object, rows: usize) {
    for column in &object.columns {
        let last = (0..rows).rev().find_map(|row| column.value(row));
        let Some(value) = last.map(|value| text(&value)) else { continue };
        let name = member(column);
        match held.members.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => held.members.push((name, value)),
        }
    }
}

fn member(column: &sidetone_engine::report::Column) -> String {
    match &column.name.key {
        Some(key) => format!("{}[{key}]", column.name.name),
        None => column.name.name.to_string(),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Number(number) => format!("{number}"),
        Value::Bool(is) => is.to_string(),
        Value::Text(text) | Value::Json(text) => text.to_string(),
    }
}

/// One object over time, about as fine as a chart is wide: of more reports, every n-th and the last.
pub(crate) async fn over_time(state: &AppState, app: AppKey, key: &str, id: String, stats_type: String) -> Result<ObjectSeries, Problem> {
    let (extent, chunks) = extent_and_chunks(state, app, key).await?;
    blocking(move || {
        let count = extent.count;
        let step = count.div_ceil(POINTS_MAX as u64).max(1);
        let mut series = ObjectSeries { times_ms: Vec::new(), members: BTreeMap::new() };
        let mut index = 0;
        for run in run::in_order(chunks) {
            let run: Reports = run.map_err(Problem::internal)?;
            let object = run.objects().iter().find(|object| *object.id == *id && *object.stats_type == *stats_type);
            for (row, time) in run.times().iter().enumerate() {
                index += 1;
                if index % step != 0 && index != count {
                    continue;
                }
                series.times_ms.push(Millis(*time));
                let filled = series.times_ms.len();
                for column in object.into_iter().flat_map(|object| &object.columns) {
                    let value = column.value(row).map_or(serde_json::Value::Null, |value| match value {
                        Value::Number(number) => number.into(),
                        other => text(&other).into(),
                    });
                    let values = series.members.entry(member(column)).or_default();
                    values.resize(filled - 1, serde_json::Value::Null);
                    values.push(value);
                }
            }
        }
        let filled = series.times_ms.len();
        for values in series.members.values_mut() {
            values.resize(filled, serde_json::Value::Null);
        }
        Ok(series)
    })
    .await
}

/// Every report as JSON: an array of `{"time_ms", "stats"}`.
pub(crate) async fn reports_json(state: &AppState, app: AppKey, key: &str) -> Result<Vec<u8>, Problem> {
    let chunks = chunks(state, app, key).await?;
    blocking(move || {
        let mut out = b"[".to_vec();
        for run in run::in_order(chunks) {
            for report in run.map_err(Problem::internal)?.iter() {
                if out.len() > 1 {
                    out.extend_from_slice(b",\n");
                }
                let line = serde_json::json!({"time_ms": Millis(report.time), "stats": json::report_to_json(&report)});
                serde_json::to_writer(&mut out, &line).map_err(Problem::internal)?;
            }
        }
        out.extend_from_slice(b"]\n");
        Ok(out)
    })
    .await
}

/// Every report and event as chrome://webrtc-internals would have dumped them.
pub(crate) async fn internals_dump(
    state: &AppState,
    reader: &Reader,
    conference: &ConferenceDetail,
    connection: &PeerConnection,
) -> Result<String, Problem> {
    let of_connection = EventParameters { peer_connection: Some(connection.key.to_string()), ..EventParameters::default() };
    let events = events::all(state, reader, &conference.conference.key.to_string(), of_connection).await?;
    let events: Vec<_> = events.into_iter().map(|held| held.event).collect();
    let chunks = chunks(state, reader.app, &connection.key.to_string()).await?;
    let id = connection.peer_connection_id.as_str().to_owned();
    let who = conference.participants.iter().find(|who| who.key == connection.participant);
    let user_agent = who.map(|who| who.facts.user_agent.clone()).unwrap_or_default();
    blocking(move || {
        let mut reports: Vec<Report> = Vec::new();
        for run in run::in_order(chunks) {
            reports.extend(run.map_err(Problem::internal)?.iter());
        }
        let connection = internals::Connection { id: &id, user_agent: &user_agent, events: &events };
        Ok(internals::write(connection, reports))
    })
    .await
}

async fn chunks(state: &AppState, app: AppKey, key: &str) -> Result<Chunks, Problem> {
    extent_and_chunks(state, app, key).await.map(|(_, chunks)| chunks)
}

async fn extent_and_chunks(state: &AppState, app: AppKey, key: &str) -> Result<(ReportExtent, Chunks), Problem> {
    let key = super::peer_connection_key(key)?;
    let extent = state.store.report_extent(app, key).await.map_err(super::store(state))?;
    let extent = extent.ok_or_else(|| super::series::no_reports(key))?;
    Ok((extent, state.store.chunks(app, key).await.map_err(super::store(state))?))
}

async fn blocking<T: Send + 'static>(read: impl FnOnce() -> Result<T, Problem> + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(read).await.map_err(Problem::internal)?
}
