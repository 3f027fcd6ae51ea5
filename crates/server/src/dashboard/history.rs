//! `/users/{user_id}`: what one user of an app has lived through: their conferences, scores over time, devices.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, State},
    response::Response,
};
use maud::{Markup, html};
use serde::Deserialize;
use sidetone_engine::{score::grade::Grade, score::life::Scores};
use sidetone_store::record::{Conference, Participant};

use super::{
    conferences::{name, running},
    format, icon, quality,
    refusal::Refusal,
    session::Visitor,
    shell::{self, Place},
};
use crate::{
    dashboard::conference::person_text,
    query::{
        self, Parameters,
        conferences::{self, SearchParameters},
        cursor,
    },
    state::AppState,
};

/// Conferences of a page; each is read with its participants.
const ROWS: usize = 25;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct From {
    after: String,
}

/// A conference with the user's stays in it.
struct Stay {
    conference: Conference,
    participants: Vec<Participant>,
}

impl Stay {
    /// The worst of the user's stays.
    fn score(&self) -> Option<f64> {
        let scores = self.participants.iter().filter_map(|participant| participant.scores.as_ref().and_then(Scores::overall));
        scores.reduce(f64::min)
    }
}

pub(crate) async fn page(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(user): Path<String>,
    Parameters(from): Parameters<From>,
) -> Result<Response, Refusal> {
    let reader = visitor.reader("page")?;
    let after = Some(from.after.clone()).filter(|after| !after.is_empty());
    let search = SearchParameters { user_id: Some(user.clone()), after, limit: Some(ROWS), ..SearchParameters::default() };
    let found = conferences::find(&state, reader.app, search).await?;
    let mut stays = Vec::new();
    for conference in found.rows {
        let detail = query::conference::read(&state, &reader, &conference.key.to_string()).await?;
        let participants = detail.participants.into_iter().filter(|participant| participant.user_id.as_str() == user).collect();
        stays.push(Stay { conference, participants });
    }
    let called = stays.iter().flat_map(|stay| &stay.participants).next().map(|participant| person_text(participant).to_owned());
    let path = format!("/users/{}", format::percent_encoded(&user));
    let main = html! {
        nav.crumbs aria-label="Where this is" { a href=(visitor.link("/")) { "Conferences" } (icon::chevron()) span aria-current="page" { (name(&user)) } }
        div.page-head { div { h1.long { (name(called.as_deref().unwrap_or(&user))) } p.facts { span { "User id " code.long { (name(&user)) } } } } }
        @if stays.is_empty() {
            div.empty { (icon::people()) h2 { "This user was in no conference" } p.muted { "Ids are compared letter by letter. Perhaps their calls were erased, or are older than the retention." } p.actions { a.button href=(visitor.link("/")) { "Search conferences" } } }
        } @else {
            div.columns {
                section.card aria-labelledby="scores-title" { h2 #scores-title { "Scores over time" } (chart(&stays)) }
                section.card aria-labelledby="devices-title" { h2 #devices-title { "Devices and places" } (devices(&stays)) }
            }
            (table(&stays, &visitor))
            nav.pages aria-label="Pages" {
                @if !from.after.is_empty() { a.button href=(visitor.link(&path)) { "Newest" } }
                @if let Some(next) = &found.next { a.button href=(visitor.link(&format!("{path}?after={}", cursor::write(next)))) rel="next" { "Older" } }
            }
        }
    };
    Ok(shell::page(&visitor, Some(Place::Conferences), &user, main))
}

/// A dot for each conference of the page, oldest left.
fn chart(stays: &[Stay]) -> Markup {
    let judged: Vec<(f64, &Stay)> = stays.iter().rev().filter_map(|stay| stay.score().map(|score| (score, stay))).collect();
    if judged.is_empty() {
        return html! { p.muted { "None of these conferences could be judged." } };
    }
    let mean = judged.iter().map(|(score, _)| score).sum::<f64>() / judged.len() as f64;
    let y = |score: f64| format!("{:.1}%", 92.0 - (score - 1.0) / 4.0 * 84.0);
    html! {
        svg.score-dots width="100%" height="150" role="img" aria-label=(format!("{} judged, mean {} of 5", format::count(judged.len() as u64, "conference"), format::score(mean))) {
            @for score in [1_u8, 2, 3, 4, 5] {
                line.grid x1="26" x2="100%" y1=(y(score.into())) y2=(y(score.into())) {}
                text.tick x="0" y=(y(score.into())) dy="4" { (score) }
            }
            svg x="34" width="94%" height="150" overflow="visible" {
                @for (index, (score, stay)) in judged.iter().enumerate() {
                    circle class=(Grade::of(*score).name()) cx=(format!("{:.2}%", (index as f64 + 0.5) / judged.len() as f64 * 96.0)) cy=(y(*score)) r="5" {
                        title { (stay.conference.conference_id.as_str()) ": " (format::score(*score)) }
                    }
                }
            }
        }
    }
}

/// Browsers, systems, sites and app versions, with how often each was seen.
fn devices(stays: &[Stay]) -> Markup {
    let mut seen: [(&str, BTreeMap<String, usize>); 4] =
        [("Browser", BTreeMap::new()), ("System", BTreeMap::new()), ("Site", BTreeMap::new()), ("App version", BTreeMap::new())];
    for participant in stays.iter().flat_map(|stay| &stay.participants) {
        let facts = &participant.facts;
        let browser = format!("{} {}", facts.browser, facts.browser_version.split('.').next().unwrap_or_default());
        for ((_, counts), value) in
            seen.iter_mut().zip([browser.trim(), facts.os.as_str(), facts.site.as_str(), facts.app_version.as_str()])
        {
            if !value.is_empty() {
                *counts.entry(value.to_owned()).or_default() += 1;
            }
        }
    }
    if seen.iter().all(|(_, counts)| counts.is_empty()) {
        return html! { p.muted { "The client told nothing of itself. The SDK does so by a " code { "joined" } " event." } };
    }
    html! {
        dl.devices {
            @for (title, counts) in seen.iter().filter(|(_, counts)| !counts.is_empty()) {
                dt { (title) }
                dd.tags { @for (value, count) in counts { span.tag { (value) span.muted { " × " (count) } } } }
            }
        }
    }
}

fn table(stays: &[Stay], visitor: &Visitor) -> Markup {
    html! {
        div.card.flush {
            table.rows {
                thead { tr { th scope="col" { "Score" } th scope="col" { "Conference" } th scope="col" { "Joined" } th.number scope="col" { "There for" } th.number scope="col" { "People" } th scope="col" { "Issues of the call" } } }
                tbody {
                    @for stay in stays {
                        @let conference = &stay.conference;
                        @let lasted: i64 = stay.participants.iter().map(|participant| participant.last_seen.as_micros() - participant.joined.as_micros()).sum();
                        tr {
                            td.cell-score { @if stay.participants.iter().any(|participant| participant.ended.is_none()) { (running()) } @else { (quality::badge(stay.score())) } }
                            td.cell-name { a.row-link href=(visitor.link(&format!("/conferences/{}", conference.key))) { (name(conference.conference_id.as_str())) } }
                            td.cell-time { (format::instant(stay.participants.first().map_or(conference.start, |participant| participant.joined), "minute")) }
                            td.cell-span.number { (format::span_us(lasted)) }
                            td.cell-people.number { (conference.participant_count) }
                            td.cell-issues { @if let Some(score) = &conference.score { (quality::issues(score)) } }
                        }
                    }
                }
            }
        }
    }
}
