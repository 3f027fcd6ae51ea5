//! One connection with its two ends side by side: charts of what each end saw, and its streams in figures.

use maud::{Markup, html};
use serde::Serialize;
use sidetone_engine::{
    analysis::{Direction, MediaKind, Summary, UnjudgedTime},
    metric::Metric,
    score::unjudged::Unjudged,
    units::Timestamp,
};
use sidetone_store::record::{ConferenceDetail, ConferenceState, PeerConnection, StreamRecord};

use super::{View, Visitor, ends::Ends, format, graph, icon, person_text, quality};
use crate::model::issue::IssueBody;

/// Columns of the table of streams.
const COLUMNS: [(&str, &[Metric]); 7] = [
    ("Score", &[Metric::MosLq, Metric::MosV]),
    ("Bit rate", &[Metric::Bitrate]),
    ("Loss", &[Metric::LossRatio]),
    ("Jitter", &[Metric::Jitter]),
    ("Concealed", &[Metric::ConcealmentRatio]),
    ("Height", &[Metric::Height]),
    ("Frame rate", &[Metric::DecodedFrameRate, Metric::SentFrameRate]),
];

/// What the charts of one end need.
#[derive(Serialize)]
struct End<'a> {
    /// Who sat there.
    label: &'a str,
    /// Where its series are.
    series: String,
    /// Key of the peer connection, for the live stream.
    key: String,
    issues: Vec<IssueBody>,
}

pub(super) fn section(detail: &ConferenceDetail, ends: &Ends, view: &View, visitor: &Visitor) -> Markup {
    let pairs = ends.pairs(detail);
    let wanted = view.connection.as_deref();
    let named = pairs.iter().find(|(connection, far)| {
        wanted.is_some_and(|wanted| connection.key.to_string() == wanted || far.is_some_and(|far| far.key.to_string() == wanted))
    });
    // Unless one is named: the worst, which is why somebody looks.
    let worst = pairs.iter().min_by(|a, b| score_of(a).total_cmp(&score_of(b)));
    let Some((connection, far)) = named.or(worst) else {
        return html! {
            section.card #connection aria-labelledby="connection-title" {
                h2 #connection-title { "Over time" }
                div.empty.small { (icon::wave()) p { "No peer connection has been observed." } p.muted { "A participant was there, but the page did not hand a peer connection to " code { "observe()" } ", or none was made." } }
            }
        };
    };
    let shown = [Some(*connection), *far];
    let shown: Vec<&PeerConnection> = shown.into_iter().flatten().collect();
    let from = shown.iter().map(|end| end.start).min().unwrap_or(detail.conference.start);
    let until = shown.iter().map(|end| end.end).max().unwrap_or(detail.conference.end);
    html! {
        section.card #connection aria-labelledby="connection-title" {
            h2 #connection-title { "Over time" }
            div #chooser data-grows="" { @if pairs.len() > 1 { (chooser(detail, &pairs, connection, visitor)) } }
            (charts(detail, &shown, (from, until), view, visitor))
            div #streams data-grows="" { @for end in &shown { (streams(detail, end, visitor)) } }
        }
    }
}

fn score_of((connection, far): &(&PeerConnection, Option<&PeerConnection>)) -> f64 {
    let far = far.and_then(graph::score).unwrap_or(f64::INFINITY);
    graph::score(connection).unwrap_or(f64::INFINITY).min(far)
}

fn chooser(
    detail: &ConferenceDetail,
    pairs: &[(&PeerConnection, Option<&PeerConnection>)],
    shown: &PeerConnection,
    visitor: &Visitor,
) -> Markup {
    html! {
        nav.chooser aria-label="Connections" {
            @for pair in pairs {
                @let (connection, far) = pair;
                @let score = score_of(pair);
                a href=(visitor.link(&format!("/conferences/{}?connection={}", detail.conference.key, connection.key)) + "#connection") aria-current=[(connection.key == shown.key).then_some("true")] {
                    (quality::badge(Some(score).filter(|score| score.is_finite())))
                    span { (who(detail, connection)) @if let Some(far) = far { " – " (who(detail, far)) } }
                }
            }
        }
    }
}

fn who<'a>(detail: &'a ConferenceDetail, connection: &PeerConnection) -> &'a str {
    let participant = detail.participants.iter().find(|participant| participant.key == connection.participant);
    participant.map_or("", |participant| person_text(participant))
}

fn charts(
    detail: &ConferenceDetail,
    shown: &[&PeerConnection],
    (from, until): (Timestamp, Timestamp),
    view: &View,
    visitor: &Visitor,
) -> Markup {
    let key = detail.conference.key;
    let ends: Vec<End> = shown
        .iter()
        .map(|end| End {
            label: who(detail, end),
            series: visitor.link(&format!("/conferences/{key}/series/{}", end.key)),
            key: end.key.to_string(),
            issues: end.issues.iter().map(Into::into).collect(),
        })
        .collect();
    let part = view.from_ms.zip(view.until_ms).map(|(begin, end)| (begin.max(from.as_millis()), end.min(until.as_millis())));
    let part = part.filter(|(begin, end)| begin < end);
    let is_running = detail.conference.state == ConferenceState::Running;
    html! {
        div.charts data-charts=(serde_json::to_string(&ends).unwrap_or_default()) data-from-ms=(from.as_millis()) data-until-ms=(until.as_millis()) data-part-from-ms=[part.map(|part| part.0)] data-part-until-ms=[part.map(|part| part.1)] data-at-ms=[view.at_ms] data-metric=[view.metric.as_deref()] data-live=[is_running.then(|| visitor.link(&format!("/conferences/{key}/live")))] {
            noscript { p.hint { "The charts need JavaScript. The tables below have the same figures over the whole call." } }
        }
    }
}

/// Beneath a stream: for most of which time there was none, and why. The first report and the first second are no news.
fn unjudged(record: &StreamRecord) -> Markup {
    let told = record.unjudged.iter().find(|held| !matches!(held.reason, Unjudged::NoInterval | Unjudged::Settling));
    html! {
        @if let Some(UnjudgedTime { reason, seconds }) = told {
            small.muted.unjudged title=(quality::unjudged(record)) { "no score" @if *seconds > 0.0 { " for " (format::seconds(*seconds)) } ": " (quality::reason(*reason)) }
        }
    }
}

fn streams(detail: &ConferenceDetail, end: &PeerConnection, visitor: &Visitor) -> Markup {
    let of = |summaries: &[Summary], wanted: &[Metric]| {
        wanted
            .iter()
            .find_map(|metric| summaries.iter().find(|summary| summary.metric == *metric))
            .map(|summary| (summary.metric, summary.mean))
    };
    let connection = |metric| of(&end.summaries, &[metric]).map(|(metric, mean)| format::value(metric, mean));
    html! {
        h3.end-title { (who(detail, end)) span.muted { @if let Some(rtt) = connection(Metric::Rtt) { "round trip " (rtt) " · " } (format::count(end.report_count, "report")) " · " (format::bytes(end.report_bytes)) } a href=(visitor.link(&format!("/conferences/{}/raw/{}", detail.conference.key, end.key))) { "Raw reports" } }
        @if !end.streams.is_empty() {
            div.scroll tabindex="0" role="region" aria-label=(format!("Streams of {}, {}", who(detail, end), end.key)) {
                table.figures {
                    thead { tr { th scope="col" { "Stream" } @for (title, _) in COLUMNS { th.number scope="col" { (title) } } } }
                    tbody {
                        @for record in &end.streams {
                            tr {
                                th scope="row" {
                                    span.stream-name { (match record.stream.id.direction { Direction::Inbound => "Receives ", Direction::Outbound => "Sends " }) (match record.stream.id.kind { MediaKind::Audio => "audio", MediaKind::Video => "video" }) }
                                    span.muted { @if let Some(codec) = &record.stream.codec { (codec.rsplit('/').next().unwrap_or_default()) " · " } (record.stream.id.ssrc) }
                                    (unjudged(record))
                                }
                                @for (_, metrics) in &COLUMNS {
                                    td.number {
                                        @match of(&record.summaries, metrics) { Some((metric, mean)) => (format::value(metric, mean)), None => span.muted { (format::ABSENT) } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
