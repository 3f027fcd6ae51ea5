//! The minutes that counted: the stretches that pulled scores down the most, each a link to its charts, with the reason where there is one.

use maud::{Markup, html};
use sidetone_engine::{
    diagnosis::{Cause, Diagnosis},
    metric::Metric,
    units::Timestamp,
};
use sidetone_store::{record::ConferenceDetail, summary::ScoreMoment};

use super::{Visitor, format, person_text, quality};

/// Stretches shown at most; the others are in the API.
const SHOWN_MAX: usize = 5;
/// What a chart shows before and after a stretch.
const MARGIN_MS: i64 = 15_000;

pub(super) fn section(detail: &ConferenceDetail, visitor: &Visitor) -> Markup {
    if detail.moments.is_empty() {
        return html! {};
    }
    html! {
        section.card #moments aria-labelledby="moments-title" {
            h2 #moments-title { "The minutes that counted" }
            ol.moments { @for held in detail.moments.iter().take(SHOWN_MAX) { li { (one(detail, held, visitor)) } } }
        }
    }
}

fn one(detail: &ConferenceDetail, held: &ScoreMoment, visitor: &Visitor) -> Markup {
    let moment = held.moment;
    html! {
        (quality::badge(Some(moment.score)))
        a href=(link(detail, held, visitor)) { (super::moment(detail, moment.from)) ", " (length(held)) }
        span { (person(detail, held)) "’s " (subject(held)) }
        span.muted { "without it " b { (format::score(moment.without)) } }
        @if let Some(reason) = reason(detail, held) { span.moment-reason { (reason) } }
    }
}

/// One in a sentence, for a mark that is a link.
pub(super) fn in_words(detail: &ConferenceDetail, held: &ScoreMoment) -> String {
    let moment = held.moment;
    let score = format!(
        "A minute that counted: {}’s {} was at {} for {}, and without it at {}",
        person(detail, held),
        subject(held),
        format::score(moment.score),
        length(held),
        format::score(moment.without),
    );
    reason(detail, held).map_or_else(|| format!("{score}."), |reason| format!("{score}. {reason}"))
}

/// Its charts.
pub(super) fn link(detail: &ConferenceDetail, held: &ScoreMoment, visitor: &Visitor) -> String {
    let metric = if held.is_video { Metric::MosV } else { Metric::MosCq };
    at(detail, &held.peer_connection.to_string(), (held.moment.from, held.moment.until), metric, visitor)
}

fn person<'a>(detail: &'a ConferenceDetail, held: &ScoreMoment) -> &'a str {
    let participant = detail.participants.iter().find(|participant| participant.key == held.participant);
    participant.map_or("somebody", |participant| person_text(participant))
}

fn subject(held: &ScoreMoment) -> &'static str {
    if held.is_video { "picture" } else { "conversation" }
}

fn length(held: &ScoreMoment) -> String {
    format::span_us(held.moment.until.as_micros() - held.moment.from.as_micros())
}

/// Why it was poor: the surest diagnosis of the time that this participant has a part in, else the worst issue of the connection.
fn reason(detail: &ConferenceDetail, held: &ScoreMoment) -> Option<String> {
    let is_then = |from: Timestamp, until: Timestamp| from <= held.moment.until && until >= held.moment.from;
    let is_theirs = |diagnosis: &Diagnosis| match diagnosis.receiver {
        Some(receiver) => receiver == held.participant,
        None => diagnosis.sender == Some(held.participant),
    };
    let known = detail
        .diagnoses
        .iter()
        .filter(|diagnosis| diagnosis.cause != Cause::Unknown && is_then(diagnosis.from, diagnosis.until) && is_theirs(diagnosis));
    if let Some(diagnosis) = known.max_by(|a, b| a.confidence.total_cmp(&b.confidence)) {
        let name = |key| {
            let participant = detail.participants.iter().find(|participant| participant.key == key);
            participant.map_or_else(|| "somebody".to_owned(), |participant| person_text(participant).to_owned())
        };
        return Some(diagnosis.sentence(&name));
    }
    let connection = detail.peer_connections.iter().find(|connection| connection.key == held.peer_connection)?;
    let issues = connection.issues.iter().filter(|issue| is_then(issue.onset, issue.cleared.unwrap_or(connection.end)));
    let worst = issues.max_by_key(|issue| issue.severity)?;
    Some(format!("There was: {}.", format::rule(&worst.rule)))
}

/// The charts of a peer connection around a stretch, with the cursor at its begin and a metric in sight.
pub(super) fn at(
    detail: &ConferenceDetail,
    connection: &str,
    (from, until): (Timestamp, Timestamp),
    metric: Metric,
    visitor: &Visitor,
) -> String {
    let (first, last) = (from.as_millis() - MARGIN_MS, until.as_millis() + MARGIN_MS);
    let (page, at, name) = (&detail.conference.key, from.as_millis(), metric.name());
    let link = format!("/conferences/{page}?connection={connection}&from_ms={first}&until_ms={last}&at_ms={at}&metric={name}");
    visitor.link(&link) + "#connection"
}
