//! The minutes that counted: the stretches that pulled scores down the most, each a link to its charts.

use maud::{Markup, html};
use sidetone_engine::{metric::Metric, units::Timestamp};
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
    let participant = detail.participants.iter().find(|participant| participant.key == held.participant);
    let who = participant.map_or("somebody", |participant| person_text(participant));
    let what = if held.is_video { "picture" } else { "conversation" };
    let moment = held.moment;
    let metric = if held.is_video { Metric::MosV } else { Metric::MosCq };
    let link = at(detail, &held.peer_connection.to_string(), (moment.from, moment.until), metric, visitor);
    html! {
        (quality::badge(Some(moment.score)))
        a href=(link) { (format::instant(moment.from, "time")) ", " (format::span_us(moment.until.as_micros() - moment.from.as_micros())) }
        span { (who) "’s " (what) }
        span.muted { "without it " b { (format::score(moment.without)) } }
    }
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
