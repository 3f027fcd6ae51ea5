//! `/conferences/{key}`: one conference. Who was there, what went wrong, and how every connection did over time.
//!
//! `names` tells participants of one name apart, `ends` finds which connections belong together, `verdict`, `diagnosis` and `moments` say it in words, `timeline` and `graph` draw, `connection` shows one pair of
//! ends with its charts, `ladder` the signalling of calls by SIP, `events` lists what happened.

pub(crate) mod by_id;
mod connection;
mod diagnosis;
mod ends;
mod events;
mod graph;
mod ladder;
mod moments;
mod names;
mod pre_call;
mod timeline;
mod verdict;

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use sidetone_engine::{
    analysis::{Direction, MediaKind, StreamId},
    score::life::Scores,
    score::unjudged::Unjudged,
    units::Timestamp,
};
use sidetone_store::record::{ConferenceDetail, ConferenceKind, ConferenceState, Participant};

use super::{
    conferences::{name, running},
    format, icon, quality,
    refusal::Refusal,
    session::Visitor,
    shell::{self, Place},
};
use crate::{
    query::{
        self, Parameters,
        names::Reader,
        series::{self, SeriesParameters},
    },
    state::AppState,
};
use ends::Ends;

/// What of the conference is shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct View {
    /// Key of the peer connection whose charts are shown.
    connection: Option<String>,
    /// Which part of the call the charts show.
    from_ms: Option<i64>,
    until_ms: Option<i64>,
    /// Where the cursor of the charts stands, and the metric that is to be in sight.
    at_ms: Option<i64>,
    metric: Option<String>,
    /// Kind of events, and whose.
    kind: String,
    who: String,
    after: String,
}

impl View {
    /// Name and value of what says which part of the call is shown; nothing where that is the whole.
    fn part(&self) -> impl Iterator<Item = (&'static str, i64)> {
        let part = self.from_ms.zip(self.until_ms);
        part.into_iter().flat_map(|(from, until)| [("from_ms", from), ("until_ms", until)])
    }
}

pub(crate) async fn page(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(key): Path<String>,
    Parameters(view): Parameters<View>,
) -> Result<Response, Refusal> {
    let reader = visitor.reader("page")?;
    let detail = read(&state, &reader, &key).await?;
    let ends = Ends::of(&detail);
    let events = events::Events::read(&state, &reader, &key, &view).await?;
    let messages = ladder::read(&state, &reader, &key).await?;
    let is_running = detail.conference.state == ConferenceState::Running;
    let main = html! {
        (head(&detail, &visitor))
        @match detail.conference.kind {
            ConferenceKind::PreCallTest => (pre_call::section(&events.all)),
            ConferenceKind::Call | ConferenceKind::Bridge | ConferenceKind::Device => {
                (verdict::section(&detail, &visitor))
                (diagnosis::section(&detail, &visitor))
                (moments::section(&detail, &visitor))
            }
        }
        section.card aria-labelledby="timeline-title" data-running=[is_running.then(|| visitor.link(&format!("/conferences/{}/live", detail.conference.key)))] data-connections=[is_running.then(|| connections(&detail))] {
            h2 #timeline-title { "Timeline" }
            div #timeline data-grows="" { (timeline::draw(&detail, &events.all, &visitor)) }
        }
        div.columns {
            section.card aria-labelledby="participants-title" {
                h2 #participants-title { "Participants" }
                div #participants data-grows="" { (participants(&detail, &visitor)) }
            }
            section.card aria-labelledby="graph-title" {
                h2 #graph-title { "Connections" }
                div #graph data-grows="" { (graph::draw(&detail, &ends)) }
            }
        }
        (ladder::section(&detail, &messages))
        (connection::section(&detail, &ends, &view, &visitor))
        (events::section(&detail, &events, &view, &visitor))
    };
    let title = detail.conference.conference_id.as_str();
    Ok(shell::page(&visitor, Some(Place::Conferences), if title.is_empty() { "Conference" } else { title }, main))
}

/// A conference; while it runs, with the issues so far and with what is known of why it is poor.
async fn read(state: &AppState, reader: &Reader, key: &str) -> Result<ConferenceDetail, Refusal> {
    let mut detail = query::conference::read(state, reader, key).await?;
    names::tell_apart(&mut detail.participants);
    if detail.conference.state == ConferenceState::Running {
        detail.diagnoses = state.live.diagnoses(reader.app, detail.conference.key);
        for (key, issues) in state.live.issues(reader.app, detail.conference.key) {
            if let Some(connection) = detail.peer_connections.iter_mut().find(|connection| connection.key == key) {
                connection.issues = issues;
            }
        }
    }
    Ok(detail)
}

/// Why a running conference is poor at present: what the page shows of it is asked for again when that changes.
pub(crate) async fn why(State(state): State<AppState>, visitor: Visitor, Path(key): Path<String>) -> Result<Markup, Refusal> {
    let detail = read(&state, &visitor.reader("page")?, &key).await?;
    Ok(diagnosis::list(&detail, &visitor))
}

/// What part of the call a chart shows, and how wide it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Chart {
    metrics: Option<String>,
    slots_max: Option<u32>,
    from_ms: Option<f64>,
    until_ms: Option<f64>,
}

/// The series of a chart, as the query API gives them.
pub(crate) async fn series(
    State(state): State<AppState>,
    visitor: Visitor,
    Path((_, peer_connection)): Path<(String, String)>,
    Parameters(chart): Parameters<Chart>,
) -> Response {
    let Chart { metrics, slots_max, from_ms, until_ms } = chart;
    let parameters = SeriesParameters { metrics, slots_max, from_ms, until_ms, ..SeriesParameters::default() };
    let read = async { series::read(&state, visitor.app()?, &peer_connection, parameters).await };
    match read.await {
        Ok(body) => Json(body).into_response(),
        Err(problem) => problem.into_response(),
    }
}

fn head(detail: &ConferenceDetail, visitor: &Visitor) -> Markup {
    let conference = &detail.conference;
    let is_running = conference.state == ConferenceState::Running;
    html! {
        nav.crumbs aria-label="Where this is" { a href=(visitor.link("/")) { "Conferences" } (icon::chevron()) span aria-current="page" { (name(conference.conference_id.as_str())) } }
        div.page-head {
            div {
                h1.long { (name(conference.conference_id.as_str())) }
                p #facts.facts data-grows="" data-call-from=(conference.start.to_iso()) data-call-until=(conference.end.to_iso()) {
                    span { (icon::clock()) (format::instant(conference.start, "minute")) }
                    span { (format::span_us(conference.end.as_micros() - conference.start.as_micros())) }
                    span { (format::count(conference.participant_count.into(), "participant")) }
                    span { (format::count(conference.peer_connection_count.into(), "connection")) }
                    @if let (Some(model), Some(rules)) = (conference.model, &conference.rules) { span title="Which version of the scores and which rules judged it" { "judged by model " (model) ", rules " (rules) } }
                    @if is_running { (running()) }
                }
            }
            p.actions.tight { a.button href=(visitor.link(&format!("/conferences/{}/download", conference.key))) download { (icon::download()) "Download" } }
        }
    }
}

/// An instant of the conference.
fn moment(detail: &ConferenceDetail, at: Timestamp) -> Markup {
    instant(detail, at, "time")
}

/// An instant of the conference in this style: with its day where there are several, which the reader's zone decides once a script runs.
fn instant(detail: &ConferenceDetail, at: Timestamp, style: &'static str) -> Markup {
    const DAY_US: i64 = 86_400_000_000;
    let day = |at: Timestamp| at.as_micros().div_euclid(DAY_US);
    format::moment(at, style, day(detail.conference.start) != day(detail.conference.end))
}

/// Keys of the peer connections that the page knows: with another one it grows.
fn connections(detail: &ConferenceDetail) -> String {
    detail.peer_connections.iter().map(|connection| connection.key.to_string()).collect::<Vec<_>>().join(" ")
}

fn participants(detail: &ConferenceDetail, visitor: &Visitor) -> Markup {
    html! {
        ul.people {
            @for participant in &detail.participants {
                @let facts = &participant.facts;
                li {
                    (quality::badge(participant.scores.as_ref().and_then(Scores::overall)))
                    div.person {
                        @let user = participant.user_id.as_str();
                        // Who told no user id has no page.
                        @if user.is_empty() { span.person-name { (person(participant)) } } @else { a.person-name href=(visitor.link(&format!("/users/{}", format::percent_encoded(user)))) { (person(participant)) } }
                        p.muted {
                            @let device = [format!("{} {}", facts.browser, facts.browser_version.split('.').next().unwrap_or_default()), facts.os.clone(), facts.site.clone(), facts.app_version.clone()];
                            @for (index, fact) in device.iter().map(|fact| fact.trim()).filter(|fact| !fact.is_empty()).enumerate() { @if index > 0 { " · " } (fact) }
                        }
                        @if let Some(why) = why_no_score(detail, participant) { p.muted { "No score: " (why) "." } }
                        @if !facts.additional_ids.is_empty() {
                            p.tags { @for (id, value) in &facts.additional_ids { span.tag { span.muted { (id) " " } (value) } } }
                        }
                    }
                    p.person-stay.muted {
                        (moment(detail, participant.joined))
                        " – "
                        @match participant.ended { Some(ended) => (moment(detail, ended)), None => "now" }
                        @if participant.timed_out { br; span title="No batch came any more, and no word of leaving" { "fell silent" } }
                    }
                }
            }
        }
    }
}

/// Why a participant who was judged has no score; `None` where there is one.
fn why_no_score(detail: &ConferenceDetail, participant: &Participant) -> Option<&'static str> {
    if participant.scores.as_ref()?.overall().is_some() {
        return None;
    }
    let connections = || detail.peer_connections.iter().filter(|connection| connection.participant == participant.key);
    if connections().all(|connection| connection.report_count == 0) {
        return Some("no reports came");
    }
    Some(quality::why_none(connections()).map_or("the reports hold no media", Unjudged::sentence))
}

/// `sent audio`, `received video`.
fn stream_text(id: StreamId) -> String {
    let direction = if id.direction == Direction::Inbound { "received" } else { "sent" };
    let kind = if id.kind == MediaKind::Audio { "audio" } else { "video" };
    format!("{direction} {kind}")
}

/// What a participant is called: by name where the reader was given it, else by alias, else by the app's id.
pub(crate) fn person(participant: &Participant) -> Markup {
    html! { (name(person_text(participant))) }
}

pub(crate) fn person_text(participant: &Participant) -> &str {
    crate::model::participant::called(participant)
}
