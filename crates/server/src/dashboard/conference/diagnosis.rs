//! Why a call was poor: each diagnosis in words, with what to try, and its evidence as links to charts and events.

use maud::{Markup, html};
use sidetone_engine::diagnosis::{Diagnosis, Evidence};
use sidetone_store::record::{ConferenceDetail, ConferenceState};

use super::{Visitor, format, icon, moment, moments, person_text};

/// Diagnoses shown at most; the others are in the API.
const SHOWN_MAX: usize = 12;
/// Pieces of evidence shown of each.
const EVIDENCE_MAX: usize = 6;
pub(super) fn section(detail: &ConferenceDetail, visitor: &Visitor) -> Markup {
    let is_running = detail.conference.state == ConferenceState::Running;
    if detail.diagnoses.is_empty() && !is_running {
        return html! {};
    }
    let page = format!("/conferences/{}", detail.conference.key);
    let of_running = |part: &str| is_running.then(|| visitor.link(&format!("{page}/{part}")));
    html! {
        section.card #diagnosis aria-labelledby="diagnosis-title" data-why=[of_running("why")] data-live=[of_running("live")] {
            h2 #diagnosis-title { "Why" @if is_running { span.muted { " it is poor just now" } } }
            div.why-list aria-live=[is_running.then_some("polite")] { (list(detail, visitor)) }
        }
    }
}

/// What there is to say; of a running conference it changes.
pub(super) fn list(detail: &ConferenceDetail, visitor: &Visitor) -> Markup {
    if detail.diagnoses.is_empty() {
        return html! { p.muted { "Nothing was poor in the last two minutes." } };
    }
    // The worst and surest first: that is what somebody asks about.
    let mut sorted: Vec<&Diagnosis> = detail.diagnoses.iter().collect();
    sorted.sort_by(|a, b| b.severity.cmp(&a.severity).then(b.confidence.total_cmp(&a.confidence)).then(a.from.cmp(&b.from)));
    html! {
        ol.diagnoses {
            @for diagnosis in sorted.iter().take(SHOWN_MAX) { (one(detail, diagnosis, visitor)) }
        }
        @if sorted.len() > SHOWN_MAX { p.muted { "and " ((sorted.len() - SHOWN_MAX)) " more" } }
    }
}

fn one(detail: &ConferenceDetail, diagnosis: &Diagnosis, visitor: &Visitor) -> Markup {
    let name = |key| {
        let participant = detail.participants.iter().find(|participant| participant.key == key);
        participant.map_or_else(|| "somebody".to_owned(), |participant| person_text(participant).to_owned())
    };
    html! {
        li class=(diagnosis.severity.name()) {
            (icon::alert())
            p.diagnosis { (diagnosis.sentence(&name)) }
            p { (diagnosis.advice()) }
            p.muted {
                (moment(detail, diagnosis.from)) ", for " (format::span_us(diagnosis.until.as_micros() - diagnosis.from.as_micros()))
                " · " (place(diagnosis))
                @if diagnosis.confidence > 0.0 { " · " (sure(diagnosis.confidence)) }
            }
            @if !diagnosis.evidence.is_empty() {
                ul.evidence aria-label="What speaks for it" {
                    @for evidence in diagnosis.evidence.iter().take(EVIDENCE_MAX) { li { (witness(detail, diagnosis, evidence, visitor)) } }
                }
            }
        }
    }
}

/// `sender, uplink`.
fn place(diagnosis: &Diagnosis) -> String {
    let side = diagnosis.side.name();
    diagnosis.hop.map_or_else(|| side.to_owned(), |hop| format!("{side}, {}", hop.name().replace('_', " ")))
}

fn sure(confidence: f64) -> String {
    let word = match confidence {
        _ if confidence >= 0.85 => "sure",
        _ if confidence >= 0.7 => "likely",
        _ => "possible",
    };
    format!("{word} ({})", format::percent(confidence))
}

fn witness(detail: &ConferenceDetail, diagnosis: &Diagnosis, evidence: &Evidence, visitor: &Visitor) -> Markup {
    let page = format!("/conferences/{}", detail.conference.key);
    let whose = |participant| {
        let found = detail.participants.iter().find(|held| held.key == participant);
        found.map_or("", |found| person_text(found))
    };
    let at = |connection| {
        let connection = detail.peer_connections.iter().find(|held| held.key == connection);
        connection.map_or("", |connection| whose(connection.participant))
    };
    match evidence {
        Evidence::Series { connection, stream, metric, value, before } => {
            let link = moments::at(detail, &connection.to_string(), (diagnosis.from, diagnosis.until), *metric, visitor);
            html! {
                a href=(link) { (at(*connection)) " " (stream.map_or_else(String::new, super::stream_text)) " " span title=(metric.name()) { (format::metric(*metric)) } }
                " " b { (format::value(*metric, *value)) }
                @if let Some(before) = before { span.muted { ", before " (format::value(*metric, *before)) } }
            }
        }
        Evidence::Event { participant, time, kind, .. } => {
            let link = visitor.link(&format!("{page}?who={participant}&kind={}", format::percent_encoded(kind))) + "#events";
            html! { a href=(link) { (whose(*participant)) " " code { (kind) } } " at " (moment(detail, *time)) }
        }
        Evidence::Network { connection, network } => html! { (at(*connection)) " used " b { (network) } },
    }
}
