//! `GET /v1/peer-connections/{key}/reports`: the raw reports, as `getStats` gave them.

use axum::{
    Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};
use sidetone_engine::{report::Report, units::Timestamp};
use sidetone_store::chunks::Chunks;
use sidetone_wire::json;
use utoipa::{IntoParams, ToSchema};

use super::{
    NoParameter, NoPeerConnection, Parameters, PeerConnectionPath,
    cursor::{self, ReportCursor},
    names::Reader,
};
use crate::{auth::NotAllowed, model::Millis, problem::Problem, run, state::AppState};

/// Which reports.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReportParameters {
    /// At or after (ms since 1970).
    from_ms: Option<f64>,
    /// Before (ms since 1970).
    until_ms: Option<f64>,
    /// `next` of the page before.
    after: Option<String>,
    /// Most reports, 1 to 500; 100 when absent.
    limit: Option<usize>,
}

/// Some reports.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReportsBody {
    /// Oldest first.
    reports: Vec<ReportBody>,
    /// To be given as `after` for the next page; `null` at the end.
    next: Option<String>,
}

/// One `RTCStatsReport`.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReportBody {
    /// When `getStats` was called, by the server's clock.
    time_ms: Millis,
    /// The objects by id, members as the browser gave them (their `timestamp` is by the client's clock).
    #[schema(value_type = Object)]
    stats: serde_json::Value,
}

/// Read raw reports
///
/// Everything that was sent, without loss, oldest first, in pages.
#[utoipa::path(
    get,
    path = "/v1/peer-connections/{key}/reports",
    tag = "query",
    params(PeerConnectionPath, ReportParameters),
    responses(
        (status = 200, body = ReportsBody),
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
    Parameters(parameters): Parameters<ReportParameters>,
) -> Result<Json<ReportsBody>, Problem> {
    let key = super::peer_connection_key(&key)?;
    let window = Window {
        from: super::time("from_ms", parameters.from_ms)?.unwrap_or_default(),
        until: super::time("until_ms", parameters.until_ms)?,
        after: cursor::read(parameters.after.as_deref())?,
        limit: super::limit(parameters.limit, 100, 500)?,
    };
    let extent = state.store.report_extent(reader.app, key).await.map_err(super::store(&state))?;
    let (_, end) = extent.ok_or_else(|| super::series::no_reports(key))?.span;
    let span = (window.begin(), window.until.unwrap_or(end));
    let chunks = state.store.chunks_between(reader.app, key, span).await.map_err(super::store(&state))?;
    let body = tokio::task::spawn_blocking(move || window.read(chunks)).await.map_err(Problem::internal)??;
    Ok(Json(body))
}

struct Window {
    from: Timestamp,
    until: Option<Timestamp>,
    after: Option<ReportCursor>,
    limit: usize,
}

impl Window {
    /// Nothing before this is of the page.
    fn begin(&self) -> Timestamp {
        self.from.max(self.after.map_or(Timestamp::default(), |after| after.time))
    }

    /// The page, of the chunks that can hold a report of it.
    fn read(&self, chunks: Chunks) -> Result<ReportsBody, Problem> {
        let from = self.begin();
        let skip = self.after.filter(|after| after.time == from).map_or(0, |after| after.given);
        let is_within = |time: Timestamp| time >= from && self.until.is_none_or(|until| time < until);
        // One more than wanted tells whether there is a next page.
        let wanted = skip + self.limit + 1;
        let mut found: Vec<Report> = Vec::new();
        for run in run::in_order(chunks) {
            let run = run.map_err(Problem::internal)?;
            let rows = run.times().iter().enumerate().filter(|(_, time)| is_within(**time)).map(|(row, _)| row);
            found.extend(rows.take(wanted - found.len()).map(|row| run.report(row)));
            if found.len() == wanted {
                break;
            }
        }
        let is_more = found.len() == wanted;
        let page = found.get(skip..(skip + self.limit).min(found.len())).unwrap_or_default();
        let next = page.last().filter(|_| is_more).map(|last| {
            let given = found[..skip + page.len()].iter().filter(|report| report.time == last.time).count();
            cursor::write(&ReportCursor { time: last.time, given })
        });
        let reports = page.iter().map(|report| ReportBody { time_ms: Millis(report.time), stats: json::report_to_json(report) }).collect();
        Ok(ReportsBody { reports, next })
    }
}
