//! `/import`: files with calls, dropped or chosen, each with what became of it.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use http_body_util::{BodyExt, Limited};
use maud::html;
use serde::{Deserialize, Serialize};
use sidetone_engine::ids::ConferenceId;
use sidetone_store::error::StoreError;
use tokio::time::timeout;

use super::{
    conferences, format, icon,
    refusal::Refusal,
    session::Visitor,
    shell::{self, Place},
};
use crate::{
    import::{self, CallFile, ImportError},
    problem::Problem,
    query::{self, Parameters},
    state::AppState,
};

/// Files that may be imported at a time.
pub(crate) const IMPORTS_MAX: usize = 2;

pub(super) fn routes() -> MethodRouter<AppState> {
    // The body is bounded by `limits.import_size_max`.
    get(page).post(submit).layer(DefaultBodyLimit::disable())
}

async fn page(State(state): State<AppState>, visitor: Visitor) -> Result<Response, Refusal> {
    if visitor.app.is_none() {
        return Ok(conferences::no_app(&visitor, Place::Import, "Import"));
    }
    let most = state.config.limits.import_size_max;
    let main = html! {
        div.page-head { div { h1 { "Import" } p.muted { "Calls that were recorded elsewhere, scored as if they had been sent." } } }
        form.drop method="post" action=(visitor.link("/import")) data-import="" data-conference=(visitor.link("/conferences/KEY")) data-form-token=(visitor.form_token) {
            (icon::upload())
            p { b { "Drop files here" } " or " label.pick { "choose some" input.unseen type="file" multiple name="files"; } }
            p.muted { "webrtc-internals dumps, Chrome's rtcstats dumps, rtcstats-js streams, and conferences downloaded here; plain or gzipped, up to " (most) " each. " a href="/handbook/import.html" { "How to make one" } }
            label.field.drop-id { span { "Conference id for files that name none" } input type="text" name="conference" autocomplete="off" placeholder="the file's name"; }
            noscript { p.hint { "This page needs JavaScript. On the command line: " code { "sidetone import FILE…" } } }
        }
        section.card hidden data-import-results="" aria-labelledby="results-title" { h2 #results-title { "Files" } ul.results aria-live="polite" {} }
    };
    Ok(shell::page(&visitor, Some(Place::Import), "Import", main))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FileName {
    name: String,
    conference: String,
}

/// What became of a file.
#[derive(Serialize)]
struct ImportedBody {
    format: &'static str,
    /// Whether anything was new.
    stored: bool,
    summary: String,
    /// Keys of the conferences, by what they are called.
    conferences: BTreeMap<String, String>,
    skipped: Vec<String>,
}

async fn submit(
    State(state): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    Parameters(file): Parameters<FileName>,
    request: Request,
) -> Response {
    match take(&state, &visitor, &headers, file, request).await {
        Ok(body) => Json(body).into_response(),
        Err(problem) => problem.into_response(),
    }
}

async fn take(state: &AppState, visitor: &Visitor, headers: &HeaderMap, file: FileName, request: Request) -> Result<ImportedBody, Problem> {
    visitor.check_form(headers.get("x-form-token").and_then(|token| token.to_str().ok()).unwrap_or_default())?;
    let app =
        visitor.app.as_ref().ok_or_else(|| Problem::not_found("app_not_found", "there is no app yet; an admin creates one at /apps"))?;
    // A file is in memory as a whole, and again as what it says.
    let _place = state.imports.try_acquire().map_err(|_| {
        let detail = format!("{IMPORTS_MAX} files are being imported already; try again when they are done");
        Problem::busy(detail, state.config.limits.retry_after.get())
    })?;
    let bytes = read(state, request).await?;
    let conference = Some(file.conference).filter(|id| !id.is_empty()).map(ConferenceId::new).transpose();
    let conference = conference.map_err(|error| Problem::unprocessable("conference_id_invalid", error.to_string()))?;
    let parse = move || CallFile::parse(&bytes, &file.name, conference.as_ref());
    let parsed = tokio::task::spawn_blocking(parse).await.map_err(Problem::internal)?;
    let file = parsed.map_err(|error| Problem::unprocessable("file_not_understood", error.to_string()))?;
    let (connection_count, report_count) = (file.connections().len() as u64, file.report_count() as u64);
    let now = state.clock.now();
    let CallFile { format, batches, skipped } = file;
    let failed = |error| match error {
        ImportError::Store(error @ (StoreError::Busy(_) | StoreError::Unwritable(_))) => query::store(state)(error),
        ImportError::Store(error) => Problem::internal(error),
        ImportError::Finalise(error) => Problem::internal(error),
        other => Problem::unprocessable("file_refused", other.to_string()),
    };
    let (first, last) = CallFile::leaving_last(batches);
    let mut imported = import::put(&*state.store, app, format, first, now, &|| ()).await.map_err(failed)?;
    imported.add(import::put(&*state.store, app, format, last, now, &|| ()).await.map_err(failed)?);
    import::finalise_touched(&*state.store, app.key, &imported.touched, now).await.map_err(failed)?;
    let mut conferences = BTreeMap::new();
    for key in &imported.touched {
        let conference = query::conference::head(state, app.key, *key).await?;
        conferences.insert(key.to_string(), conference.conference_id.as_str().to_owned());
    }
    let stored = imported.stored > 0;
    let told = || format!("{}, {}", format::count(connection_count, "peer connection"), format::count(report_count, "report"));
    let summary = if stored { told() } else { "was there already, nothing changed".to_owned() };
    tracing::info!(app.key = %app.key, user = visitor.user.name, format, report_count, stored, "imported a file");
    Ok(ImportedBody { format, stored, summary, conferences, skipped })
}

async fn read(state: &AppState, request: Request) -> Result<Vec<u8>, Problem> {
    let most = state.config.limits.import_size_max;
    let body = Limited::new(request.into_body(), most.as_usize()).collect();
    let read = timeout(state.config.limits.import_timeout.get(), body).await;
    let read = read.map_err(|_| {
        Problem::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", "the file took too long to arrive (limits.import_timeout)")
    })?;
    let read = read.map_err(|_| {
        let detail = format!("the file is larger than {most} (limits.import_size_max), or its upload broke off; `sidetone import` on the server has no such limit");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "file_too_large", detail)
    })?;
    Ok(read.to_bytes().into())
}
