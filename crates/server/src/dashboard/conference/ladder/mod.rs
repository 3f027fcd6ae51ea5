//! The signalling of calls through the SIP server: a ladder for each, with the caller, Sidetone and every phone that was called.
//!
//! `steps` makes rungs of the messages, `outcome` says in words what became of the call; here they are drawn, as a table whose cells hold the arrows.

mod outcome;
mod steps;

use maud::{Markup, html};
use sidetone_engine::ids::ParticipantKey;
use sidetone_store::record::{ConferenceDetail, StoredEvent};

use super::{format, person_text};
use crate::{
    problem::Problem,
    query::{
        events::{self, EventParameters},
        names::Reader,
    },
    sip::MESSAGE,
    state::AppState,
};
use outcome::Outcome;
use steps::{Arrow, Message, Rung};

/// Ladders drawn at most.
const LADDERS_MAX: usize = 8;
/// A pause that is drawn as one, µs.
const PAUSE_US: i64 = 3_000_000;

/// The messages of a conference, as the reader may see them.
pub(super) async fn read(state: &AppState, reader: &Reader, key: &str) -> Result<Vec<StoredEvent>, Problem> {
    events::all(state, reader, key, EventParameters { kinds: Some(MESSAGE.to_owned()), ..EventParameters::default() }).await
}

/// Nothing where no message passed.
pub(super) fn section(detail: &ConferenceDetail, events: &[StoredEvent]) -> Markup {
    let mut calls: Vec<(ParticipantKey, Vec<Message>)> = Vec::new();
    for (caller, message) in events.iter().filter_map(|held| Some((held.participant, Message::of(held)?))) {
        match calls.iter_mut().find(|(held, _)| *held == caller) {
            Some((_, messages)) => messages.push(message),
            None => calls.push((caller, vec![message])),
        }
    }
    html! {
        @if !calls.is_empty() {
            section.card #signalling aria-labelledby="signalling-title" {
                h2 #signalling-title { "Signalling" }
                @for (caller, messages) in calls.iter().take(LADDERS_MAX) { (ladder(detail, *caller, messages)) }
                @if calls.len() > LADDERS_MAX { p.muted { (format::count((calls.len() - LADDERS_MAX) as u64, "further call")) " of this conference in the events" } }
            }
        }
    }
}

/// Who stands at the top of each column: the caller, us, the phones in the order in which they were called.
fn columns(detail: &ConferenceDetail, caller: ParticipantKey, messages: &[Message]) -> Vec<String> {
    let by_key = |key| detail.participants.iter().find(|participant| participant.key == key);
    let caller = by_key(caller).map(|participant| person_text(participant).to_owned()).unwrap_or_default();
    let mut names = vec![caller, "Sidetone".to_owned()];
    let legs = messages.iter().map(|message| message.leg).max().unwrap_or_default();
    for leg in 1..=legs {
        let own = || messages.iter().filter(move |message| message.leg == leg);
        let id = own().map(|message| message.participant_id.as_str()).find(|id| !id.is_empty());
        let participant = detail.participants.iter().find(|participant| Some(participant.participant_id.as_str()) == id);
        let user = || own().map(|message| message.user.clone()).next().unwrap_or_default();
        names.push(participant.map_or_else(user, |participant| person_text(participant).to_owned()));
    }
    let legs: Vec<String> = names.iter().skip(2).cloned().collect();
    for (index, name) in names.iter_mut().enumerate().skip(2) {
        // As `names` tells participants apart.
        let nth = legs.iter().take(index - 1).filter(|held| **held == *name).count();
        if nth > 1 {
            name.push_str(&format!(" #{nth}"));
        }
    }
    names
}

fn ladder(detail: &ConferenceDetail, caller: ParticipantKey, messages: &[Message]) -> Markup {
    let names = columns(detail, caller, messages);
    let rungs = steps::rungs(messages);
    let Some(start) = rungs.first().map(|rung| rung.at) else { return html! {} };
    let width = if names.len() > 3 { "wide" } else { "" };
    html! {
        (Outcome::of(messages, &names).show())
        div.scroll tabindex="0" role="region" aria-label=(format!("Messages of the call from {}", names[0])) {
            table class=(format!("ladder {width}")) {
                thead { tr {
                    th scope="col" { "Time" }
                    th.rungs scope="col" {
                        span.unseen { "Message" }
                        svg.rung width="100%" height="30" aria-hidden="true" {
                            @for (column, name) in names.iter().enumerate() {
                                text.column-name.server[column == 1] x=(x(column, names.len())) y="19" text-anchor="middle" { (short(name)) title { (name) } }
                            }
                        }
                    }
                } }
                tbody {
                    @for (index, rung) in rungs.iter().enumerate() {
                        @let before = index.checked_sub(1).and_then(|before| rungs.get(before)).map_or(start, |before| before.until);
                        @if rung.at - before >= PAUSE_US { (pause(rung.at - before, names.len())) }
                        @if rung.left_out > 0 { (note(&format!("{} not kept", format::count(rung.left_out.into(), "message")), names.len())) }
                        (row(rung, start, &names))
                    }
                }
            }
        }
    }
}

fn row(rung: &Rung, start: i64, names: &[String]) -> Markup {
    let height = 34;
    html! {
        tr {
            th scope="row" title=(format!("{} µs after the first", rung.at - start)) { (offset(rung.at - start)) }
            td.rungs {
                ul.unseen { @for arrow in &rung.arrows { li { (words(rung, *arrow, names)) } } }
                svg.rung width="100%" height=(height) aria-hidden="true" {
                    (lifelines(height, names.len()))
                    @for arrow in &rung.arrows { (draw(rung, *arrow, names.len())) }
                }
            }
        }
    }
}

/// `bob to Sidetone: 180 Ringing`.
fn words(rung: &Rung, arrow: Arrow, names: &[String]) -> String {
    let name = |column: usize| names.get(column).map_or("", String::as_str);
    let (from, to) = arrow.columns();
    let times = if rung.count > 1 { format!(", {} times, with answers", rung.count) } else { String::new() };
    format!("{} to {}: {}{times}", name(from), name(to), rung.label())
}

fn draw(rung: &Rung, arrow: Arrow, count: usize) -> Markup {
    let (from, to) = arrow.columns();
    // The label stands between the phone and its neighbour, so that arrows across other columns do not hide it.
    let outer = from.max(to);
    let middle = format!("{:.2}%", (centre(outer - 1, count) + centre(outer, count)) / 2.0);
    let (tip, turn) = (x(to, count), if from < to { "" } else { "scale(-1 1)" });
    let text = if rung.count > 1 { format!("{} × {}", rung.label(), rung.count) } else { rung.label() };
    html! {
        g class=(rung.tone()) {
            line x1=(x(from, count)) x2=(x(to, count)) y1="26" y2="26" {}
            svg.tip x=(tip) y="26" { path d="M-9 -4 L-1 0 L-9 4 Z" transform=[Some(turn).filter(|turn| !turn.is_empty())] {} }
            text x=(middle) y="20" text-anchor="middle" { (text) }
        }
    }
}

fn lifelines(height: u32, count: usize) -> Markup {
    html! { @for column in 0..count { line.lifeline.server[column == 1] x1=(x(column, count)) x2=(x(column, count)) y1="0" y2=(height) {} } }
}

fn pause(span_us: i64, count: usize) -> Markup {
    note(&format::span_us(span_us), count)
}

/// A row between the rungs.
fn note(text: &str, count: usize) -> Markup {
    html! {
        tr.pause {
            th scope="row" { span.unseen { "pause" } }
            td.rungs {
                span.unseen { (text) }
                svg.rung width="100%" height="30" aria-hidden="true" {
                    (lifelines(30, count))
                    text x=(format!("{:.2}%", (centre(0, count) + centre(1, count)) / 2.0)) y="19" text-anchor="middle" { (text) }
                }
            }
        }
    }
}

/// Where a column is, in percent of the width.
fn centre(column: usize, count: usize) -> f64 {
    (column as f64 + 0.5) / count as f64 * 100.0
}

fn x(column: usize, count: usize) -> String {
    format!("{:.2}%", centre(column, count))
}

/// `0 ms`, `1.20 s`, `3 min 05 s`.
fn offset(span_us: i64) -> String {
    match span_us {
        ..1_000_000 => format!("{} ms", span_us / 1000),
        1_000_000..60_000_000 => format!("{:.2} s", span_us as f64 / 1e6),
        _ => format::span_us(span_us),
    }
}

fn short(text: &str) -> String {
    const CHARS: usize = 18;
    if text.chars().count() <= CHARS { text.to_owned() } else { text.chars().take(CHARS - 1).chain(['…']).collect() }
}
