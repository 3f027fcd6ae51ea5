//! The timeline: a row for each participant with their stay, connections, issues and events, drawn as SVG in percent of the width.

use std::collections::BTreeMap;

use maud::{Markup, html};
use sidetone_engine::units::Timestamp;
use sidetone_store::record::{ConferenceDetail, Participant, StoredEvent};

use super::{Visitor, format, moment, moments, person, person_text};
use crate::sip::MESSAGE;

/// Rows drawn at most; a webinar has more participants than anybody reads.
const ROWS_MAX: usize = 60;

/// Places of a row that tell marks of events apart; a mark is about as wide as one of them.
const PLACES: i64 = 250;

/// Percent of the whole.
struct Scale {
    start: i64,
    length: i64,
}

impl Scale {
    fn at(&self, time: Timestamp) -> f64 {
        ((time.as_micros() - self.start) as f64 / self.length as f64 * 100.0).clamp(0.0, 100.0)
    }

    fn x(&self, time: Timestamp) -> String {
        format!("{:.3}%", self.at(time))
    }

    fn width(&self, from: Timestamp, until: Timestamp) -> String {
        format!("{:.3}%", (self.at(until) - self.at(from)).max(0.25))
    }
}

pub(super) fn draw(detail: &ConferenceDetail, events: &[StoredEvent], visitor: &Visitor) -> Markup {
    let (start, end) = (detail.conference.start, detail.conference.end);
    let scale = Scale { start: start.as_micros(), length: (end.as_micros() - start.as_micros()).max(1) };
    html! {
        div.timeline {
            @for participant in detail.participants.iter().take(ROWS_MAX) { (row(detail, participant, events, &scale, visitor)) }
            @if detail.participants.len() > ROWS_MAX { p.muted { "and " (format::count((detail.participants.len() - ROWS_MAX) as u64, "more participant")) } }
            div.timeline-row aria-hidden="true" {
                span {}
                div.timeline-axis { span { (moment(detail, start)) } span { (moment(detail, start.plus_micros(scale.length / 2))) } span { (moment(detail, end)) } }
            }
        }
        ul.legend aria-label="Legend" {
            li { span.key.key-stay {} "there" } li { span.key.key-media {} "connection" }
            li { span.key.mark-minor {} "minor" } li { span.key.mark-major {} "major" } li { span.key.mark-critical {} "critical issue" }
            li { span.key.key-event {} "event" } li { span.key.key-failed {} "failure" }
            @if !detail.moments.is_empty() { li { span.key.key-moment {} "minute that counted" } }
        }
    }
}

fn row(detail: &ConferenceDetail, participant: &Participant, events: &[StoredEvent], scale: &Scale, visitor: &Visitor) -> Markup {
    let until = participant.ended.unwrap_or(detail.conference.end);
    let connections: Vec<_> = detail.peer_connections.iter().filter(|connection| connection.participant == participant.key).collect();
    let mut issues: Vec<_> =
        connections.iter().flat_map(|connection| connection.issues.iter().map(move |issue| (issue, connection.end))).collect();
    // The worst on top.
    issues.sort_by_key(|(issue, _)| issue.severity);
    let label = format!(
        "there for {}, {}, {}",
        format::span_us(until.as_micros() - participant.joined.as_micros()),
        format::count(connections.len() as u64, "connection"),
        format::count(issues.len() as u64, "issue"),
    );
    html! {
        div.timeline-row {
            span.timeline-name title=(person_text(participant)) { (person(participant)) }
            div.timeline-lane {
                svg.timeline-track width="100%" height="34" role="img" aria-label=(label) {
                    rect.track x="0" y="7" width="100%" height="20" rx="5" {}
                    rect.stay x=(scale.x(participant.joined)) y="7" width=(scale.width(participant.joined, until)) height="20" rx="5" {}
                    @for connection in &connections {
                        rect.media x=(scale.x(connection.start)) y="22" width=(scale.width(connection.start, connection.end)) height="5" rx="2.5" {}
                    }
                    @for (issue, last) in &issues {
                        @let cleared = issue.cleared.unwrap_or(*last);
                        rect class=(issue.severity.name()) x=(scale.x(issue.onset)) y="7" width=(scale.width(issue.onset, cleared)) height="14" rx="2" {
                            title { (format::rule(&issue.rule)) ", " (format::span_us(cleared.as_micros() - issue.onset.as_micros())) }
                        }
                    }
                    @for mark in marks(participant, events, scale) {
                        circle.event.failed[mark.has_failed] cx=(scale.x(mark.first)) cy="31" r=(if mark.has_failed { "3" } else { "2" }) { title { (mark.kinds) } }
                    }
                }
                (shades(detail, participant, scale, visitor))
            }
        }
    }
}

/// Events of a row that would cover each other.
struct Mark {
    first: Timestamp,
    /// What all are: `joined, mute ×2`.
    kinds: String,
    /// Whether one of them tells of something that failed, such as `get_user_media_failed`.
    has_failed: bool,
}

fn marks(participant: &Participant, events: &[StoredEvent], scale: &Scale) -> Vec<Mark> {
    let mut places: BTreeMap<i64, (Timestamp, BTreeMap<&str, usize>)> = BTreeMap::new();
    for held in events.iter().filter(|held| held.participant == participant.key && held.event.kind != MESSAGE) {
        let place = (held.event.time.as_micros() - scale.start) * PLACES / scale.length;
        let (_, kinds) = places.entry(place).or_insert_with(|| (held.event.time, BTreeMap::new()));
        *kinds.entry(held.event.kind.as_str()).or_default() += 1;
    }
    let text = |(kind, count): (&str, usize)| if count > 1 { format!("{kind} ×{count}") } else { kind.to_owned() };
    let mark = |(first, kinds): (Timestamp, BTreeMap<&str, usize>)| {
        let has_failed = kinds.keys().any(|kind| kind.ends_with("_failed"));
        Mark { first, kinds: kinds.into_iter().map(text).collect::<Vec<_>>().join(", "), has_failed }
    };
    places.into_values().map(mark).collect()
}

/// What pulled this participant's score down the most, shaded over the row: links, so that the keyboard reaches them.
fn shades(detail: &ConferenceDetail, participant: &Participant, scale: &Scale, visitor: &Visitor) -> Markup {
    let mut held: Vec<_> = detail.moments.iter().filter(|held| held.participant == participant.key).collect();
    held.sort_by_key(|held| held.moment.from);
    html! {
        @if !held.is_empty() {
            svg.timeline-moments width="100%" height="34" {
                @for held in held {
                    @let words = moments::in_words(detail, held);
                    a href=(moments::link(detail, held, visitor)) aria-label=(words) {
                        rect x=(scale.x(held.moment.from)) y="2" width=(scale.width(held.moment.from, held.moment.until)) height="30" rx="3" { title { (words) } }
                    }
                }
            }
        }
    }
}
