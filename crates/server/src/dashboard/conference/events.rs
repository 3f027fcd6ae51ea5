//! What happened: feedback first, then every event in order, by kind and by participant.

use std::collections::BTreeSet;

use maud::{Markup, html};
use serde_json::Value;
use sidetone_store::record::{ConferenceDetail, StoredEvent};

use super::{View, Visitor, format, instant, moment, person};
use crate::{
    problem::Problem,
    query::{
        cursor,
        events::{self, EventParameters},
        names::Reader,
    },
    state::AppState,
};

/// Rows of a page.
const ROWS: usize = 100;
/// The kind of what a user said of the call.
const FEEDBACK: &str = "feedback";

/// Events as the page needs them.
pub(super) struct Events {
    /// From first to last: for the timeline, the feedback and the kinds.
    pub(super) all: Vec<StoredEvent>,
    shown: Vec<StoredEvent>,
    next: Option<String>,
}

impl Events {
    pub(super) async fn read(state: &AppState, reader: &Reader, key: &str, view: &View) -> Result<Self, Problem> {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let all = events::all(state, reader, key, EventParameters::default()).await?;
        let (kinds, participant, after) = (some(&view.kind), some(&view.who), some(&view.after));
        let shown = EventParameters { kinds, participant, after, limit: Some(ROWS), ..EventParameters::default() };
        let shown = events::find(state, reader, key, shown).await?;
        Ok(Self { all, next: shown.next.as_ref().map(cursor::write), shown: shown.rows })
    }
}

pub(super) fn section(detail: &ConferenceDetail, events: &Events, view: &View, visitor: &Visitor) -> Markup {
    let kinds: BTreeSet<&str> = events.all.iter().map(|held| held.event.kind.as_str()).collect();
    let path = format!("/conferences/{}", detail.conference.key);
    html! {
        section.card #events aria-labelledby="events-title" {
            div.card-head {
                h2 #events-title { "Events and feedback" }
                @if !kinds.is_empty() {
                    form.inline method="get" action=(path.clone() + "#events") data-submit-on-change="" data-part-link="" {
                        @if visitor.apps.len() > 1 { @if let Some(app) = &visitor.app { input type="hidden" name="app" value=(app.key); } }
                        @if let Some(connection) = &view.connection { input type="hidden" name="connection" value=(connection); }
                        @for (name, ms) in view.part() { input type="hidden" name=(name) value=(ms); }
                        label { span.unseen { "Kind" } select name="kind" { option value="" { "Every kind" } @for kind in &kinds { option value=(kind) selected[*kind == view.kind] { (kind) } } } }
                        label { span.unseen { "Participant" } select name="who" { option value="" { "Everybody" } @for participant in &detail.participants { option value=(participant.key) selected[participant.key.to_string() == view.who] { (super::person_text(participant)) } } } }
                        button type="submit" { "Show" }
                    }
                }
            }
            @for said in events.all.iter().filter(|held| held.event.kind == FEEDBACK) { (feedback(detail, said)) }
            @if events.shown.is_empty() {
                p.muted { @if view.kind.is_empty() && view.who.is_empty() { "Nothing was told but reports: no joining, no states, no feedback." } @else { "Nothing of this kind." } }
            } @else {
                div.scroll.tall tabindex="0" role="region" aria-label="Events" {
                    table.figures.events {
                        thead { tr { th scope="col" { "Time" } th scope="col" { "Who" } th scope="col" { "What" } th scope="col" { "Details" } } }
                        tbody {
                            @for held in &events.shown {
                                tr {
                                    td.nowrap { (instant(detail, held.event.time, "precise")) }
                                    td { (who(detail, held)) }
                                    td { code { (held.event.kind) } }
                                    td.payload { (payload(&held.event.payload)) }
                                }
                            }
                        }
                    }
                }
                @if let Some(next) = &events.next {
                    nav.pages aria-label="Pages of events" { a.button href=(visitor.link(&later(&path, view, next)) + "#events") rel="next" data-part-link="" { "Later" } }
                }
            }
        }
    }
}

/// The next page of the same view: the same filter, connection and part of the call.
fn later(path: &str, view: &View, next: &str) -> String {
    let mut link = format!("{path}?kind={}&who={}&after={next}", format::percent_encoded(&view.kind), format::percent_encoded(&view.who));
    if let Some(connection) = &view.connection {
        link += &format!("&connection={}", format::percent_encoded(connection));
    }
    for (name, ms) in view.part() {
        link += &format!("&{name}={ms}");
    }
    link
}

fn who(detail: &ConferenceDetail, held: &StoredEvent) -> Markup {
    let participant = detail.participants.iter().find(|participant| participant.key == held.participant);
    html! { @if let Some(participant) = participant { (person(participant)) } }
}

fn feedback(detail: &ConferenceDetail, held: &StoredEvent) -> Markup {
    let said: Value = serde_json::from_str(&held.event.payload).unwrap_or_default();
    let text = |name: &str| said.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let rating = said.get("rating").and_then(Value::as_f64);
    html! {
        figure.feedback {
            blockquote { @let comment = text("comment"); @if comment.is_empty() { span.muted { "no comment" } } @else { (comment) } }
            figcaption.muted { (who(detail, held)) @if let Some(rating) = rating { ", " b { (rating) " of 5" } } ", " (moment(detail, held.event.time)) }
        }
    }
}

/// Short things in one line, the rest behind a fold.
fn payload(text: &str) -> Markup {
    const LINE: usize = 90;
    let Ok(Value::Object(members)) = serde_json::from_str::<Value>(text) else { return html! { code { (text) } } };
    let line: Vec<String> = members
        .iter()
        .map(|(name, value)| match value {
            Value::String(text) => format!("{name}: {text}"),
            other => format!("{name}: {other}"),
        })
        .collect();
    let line = line.join(", ");
    if line.chars().count() <= LINE {
        return html! { (line) };
    }
    let start: String = line.chars().take(LINE - 20).chain(['…']).collect();
    let whole = serde_json::to_string_pretty(&Value::Object(members)).unwrap_or_default();
    html! { details { summary { (start) } pre { (whole) } } }
}
