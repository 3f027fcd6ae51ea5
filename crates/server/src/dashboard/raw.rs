//! `/conferences/{key}/raw/{pc}`: every member of every stats object over time, as webrtc-internals shows it; and downloads.

use axum::{
    Json,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use maud::html;
use serde::Deserialize;
use sidetone_store::record::{ConferenceDetail, PeerConnection};
use sidetone_wire::portable;

use super::{
    conference::person_text,
    conferences::name,
    format, icon,
    refusal::Refusal,
    session::Visitor,
    shell::{self, Place},
};
use crate::{
    problem::Problem,
    query::{self, Parameters, objects},
    state::AppState,
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    q: String,
}

pub(crate) async fn page(
    State(state): State<AppState>,
    visitor: Visitor,
    Path((key, peer_connection)): Path<(String, String)>,
    Parameters(filter): Parameters<Filter>,
) -> Result<Response, Refusal> {
    let reader = visitor.reader("page")?;
    let detail = query::conference::read(&state, &reader, &key).await?;
    let objects = objects::list(&state, reader.app, &peer_connection).await?;
    let connection = connection_of(&detail, &peer_connection)?;
    let who = detail.participants.iter().find(|participant| participant.key == connection.participant);
    let who = who.map_or("", |who| person_text(who));
    let path = format!("/conferences/{key}/raw/{peer_connection}");
    let wanted = filter.q.to_lowercase();
    let main = html! {
        nav.crumbs aria-label="Where this is" {
            a href=(visitor.link("/")) { "Conferences" } (icon::chevron())
            a href=(visitor.link(&format!("/conferences/{key}"))) { (name(detail.conference.conference_id.as_str())) } (icon::chevron())
            span aria-current="page" { "Raw reports" }
        }
        div.page-head {
            div { h1.long { "Raw reports of " (name(who)) } p.facts { span { (format::instant(connection.start, "minute")) } span { (format::count(connection.report_count, "report")) } span { (format::bytes(connection.report_bytes)) " stored" } span { (format::count(objects.len() as u64, "object")) } } }
            p.actions.tight {
                a.button href=(visitor.link(&format!("{path}/reports.json"))) download { (icon::download()) "Reports as JSON" }
                a.button href=(visitor.link(&format!("{path}/webrtc_internals_dump.txt"))) download { (icon::download()) "webrtc-internals dump" }
                a.button href=(visitor.link(&format!("/conferences/{key}/download"))) download { (icon::download()) "Whole conference" }
            }
        }
        form.filters method="get" action=(path) role="search" data-filter="" {
            @if visitor.apps.len() > 1 { @if let Some(app) = &visitor.app { input type="hidden" name="app" value=(app.key); } }
            div.filter-row {
                label.search-field { span.unseen { "Filter by type, id or member" } (icon::search()) input type="search" name="q" value=(filter.q) placeholder="Type, id or member, such as inbound-rtp or jitter" autocomplete="off" spellcheck="false"; }
                button type="submit" { "Filter" }
            }
        }
        div.card.flush.objects {
            @for object in &objects {
                @let text = object.search_text();
                @let is_named = format!("{} {}", object.stats_type, object.id).to_lowercase().contains(&wanted);
                details.object data-text=(text) hidden[!wanted.is_empty() && !text.contains(&wanted)] data-object=(visitor.link(&format!("{path}/object?id={}&type={}", format::percent_encoded(&object.id), format::percent_encoded(&object.stats_type)))) {
                    summary { span.object-type { (object.stats_type) } code.object-id { (object.id) } span.object-facts.muted { (object.gist()) } span.muted.number { (format::count(object.members.len() as u64, "member")) } }
                    div.scroll tabindex="0" role="region" aria-label=(format!("Members of {} {}", object.stats_type, object.id)) {
                        table.figures.members {
                            thead { tr { th scope="col" { "Member" } th scope="col" { "Last value" } th scope="col" { "Over time" } } }
                            tbody { @for (member, value) in &object.members { tr data-member=(member) hidden[!is_named && !member.to_lowercase().contains(&wanted)] { th scope="row" { code { (member) } } td.member-value { (value) } td.member-chart {} } } }
                        }
                    }
                }
            }
            p.empty.small.no-object hidden[objects.is_empty() || wanted.is_empty() || objects.iter().any(|object| object.search_text().contains(&wanted))] { "No object has this in its type, id or members." }
        }
    };
    Ok(shell::page(&visitor, Some(Place::Conferences), "Raw reports", main))
}

fn connection_of<'a>(detail: &'a ConferenceDetail, key: &str) -> Result<&'a PeerConnection, Problem> {
    let found = detail.peer_connections.iter().find(|connection| connection.key.to_string() == key);
    found.ok_or_else(|| Problem::not_found("peer_connection_not_found", "this conference has no such peer connection"))
}

#[derive(Debug, Deserialize)]
pub(crate) struct Which {
    id: String,
    #[serde(rename = "type")]
    stats_type: String,
}

/// The members of one object over time.
pub(crate) async fn object(
    State(state): State<AppState>,
    visitor: Visitor,
    Path((_, peer_connection)): Path<(String, String)>,
    Parameters(which): Parameters<Which>,
) -> Response {
    let read = async { objects::over_time(&state, visitor.app()?, &peer_connection, which.id, which.stats_type).await };
    match read.await {
        Ok(body) => Json(body).into_response(),
        Err(problem) => problem.into_response(),
    }
}

/// Every report, as an array of what `getStats` gave.
pub(crate) async fn reports(
    State(state): State<AppState>,
    visitor: Visitor,
    Path((_, peer_connection)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let bytes = objects::reports_json(&state, visitor.app()?, &peer_connection).await?;
    Ok(attachment("application/json", &format!("{peer_connection}.json"), bytes))
}

/// Reports and events as a dump of chrome://webrtc-internals, for tools that read those.
pub(crate) async fn internals(
    State(state): State<AppState>,
    visitor: Visitor,
    Path((key, peer_connection)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let reader = visitor.reader("download")?;
    let detail = query::conference::read(&state, &reader, &key).await?;
    let dump = objects::internals_dump(&state, &reader, &detail, connection_of(&detail, &peer_connection)?).await?;
    Ok(attachment("application/json", "webrtc_internals_dump.txt", dump.into_bytes()))
}

/// The conference as a file that imports again.
pub(crate) async fn conference(State(state): State<AppState>, visitor: Visitor, Path(key): Path<String>) -> Result<Response, Refusal> {
    let conference = query::portable::read(&state, &visitor.reader("download")?, query::conference_key(&key)?).await?;
    let bytes = tokio::task::spawn_blocking(move || portable::write(&conference)).await.map_err(Problem::internal)?;
    Ok(attachment("application/x-ndjson", &format!("{key}.sidetone.jsonl"), bytes))
}

fn attachment(content_type: &'static str, file: &str, bytes: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{file}\"");
    ([(header::CONTENT_TYPE, content_type.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes).into_response()
}
