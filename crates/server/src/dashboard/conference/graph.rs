//! Who was connected with whom: participants on a circle, a line for each connection in the colour of its worse end.

use std::f64::consts::TAU;

use maud::{Markup, html};
use sidetone_engine::score::grade::Grade;
use sidetone_store::record::{ConferenceDetail, PeerConnection};

use super::{ends::Ends, format, person_text};

const WIDTH: f64 = 440.0;
/// Participants drawn at most: more make a hairball.
const NODES_MAX: usize = 24;
/// More than these stand closer together, each with its name along the spoke: beneath, names would cover each other.
const ROOMY_MAX: usize = 10;

/// The score of a peer connection that lists show: of the conversation, or of the pictures where there is no sound.
pub(super) fn score(connection: &PeerConnection) -> Option<f64> {
    connection.scores.and_then(|scores| scores.mos_cq.or(scores.mos_v))
}

pub(super) fn draw(detail: &ConferenceDetail, ends: &Ends) -> Markup {
    let nodes: Vec<_> = detail.participants.iter().take(NODES_MAX).collect();
    let pairs = ends.pairs(detail);
    let has_outside = pairs.iter().any(|(_, far)| far.is_none());
    // Two, or one and the server, need a line; more need a circle.
    let is_crowd = nodes.len() > ROOMY_MAX;
    let height = match nodes.len() {
        ..=2 if pairs.len() <= 2 => 150.0,
        _ if is_crowd => WIDTH,
        _ => 300.0,
    };
    // Names that stand beneath need room there.
    let centre = height / 2.0 - if is_crowd { 0.0 } else { 6.0 };
    // A pair side by side, more from the top on; in parts of a turn.
    let turn = |index: usize| (if nodes.len() == 2 { 0.5 } else { 0.75 }) + index as f64 / nodes.len() as f64;
    let place = |index: usize| {
        let angle = TAU * turn(index);
        let radius = match nodes.len() {
            1 => (120.0, 0.0),
            _ if is_crowd => (105.0, 105.0),
            _ => (150.0, 105.0),
        };
        (WIDTH / 2.0 + radius.0 * libm::cos(angle), centre + radius.1 * libm::sin(angle))
    };
    let middle = (WIDTH / 2.0 + if nodes.len() == 1 { 120.0 } else { 0.0 }, centre);
    let of = |connection: &PeerConnection| nodes.iter().position(|participant| participant.key == connection.participant).map(place);
    let text = |connection: &PeerConnection| {
        let who = detail.participants.iter().find(|participant| participant.key == connection.participant);
        who.map_or("", |who| person_text(who))
    };
    html! {
        svg.graph viewBox=(format!("0 0 {WIDTH} {height}")) role="img" aria-label=(format!("{} between {}", format::count(pairs.len() as u64, "connection"), format::count(nodes.len() as u64, "participant"))) {
            @for (connection, far) in &pairs {
                @let worst = far.map_or(score(connection), |far| match (score(connection), score(far)) { (Some(one), Some(other)) => Some(one.min(other)), (one, other) => one.or(other) });
                @if let (Some(from), Some(to)) = (of(connection), far.map_or(Some(middle), of)) {
                    line class=(format!("edge {}", worst.map_or("none", |worst| Grade::of(worst).name()))) x1=(px(from.0)) y1=(px(from.1)) x2=(px(to.0)) y2=(px(to.1)) {
                        title { (text(connection)) " and " (far.map_or("the other side", text)) }
                    }
                    @if let (Some(worst), true) = (worst, pairs.len() <= 12 && !is_crowd) {
                        @let (x, y) = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0);
                        rect.edge-plate x=(px(x - 15.0)) y=(px(y - 10.0)) width="30" height="20" rx="10" {}
                        text.edge-score x=(px(x)) y=(px(y + 4.0)) text-anchor="middle" { (format::score(worst)) }
                    }
                }
            }
            @if has_outside {
                circle.node.outside cx=(px(middle.0)) cy=(px(middle.1)) r="22" {}
                text.node-name x=(px(middle.0)) y=(px(middle.1 + 40.0)) text-anchor="middle" { "server or silent peer" }
            }
            @for (index, participant) in nodes.iter().enumerate() {
                @let (x, y) = place(index);
                @let called = person_text(participant);
                @if is_crowd {
                    circle.node cx=(px(x)) cy=(px(y)) r="10" {}
                    (along(called, (x, y), turn(index) % 1.0))
                } @else {
                    circle.node cx=(px(x)) cy=(px(y)) r="22" {}
                    text.node-initial x=(px(x)) y=(px(y + 5.0)) text-anchor="middle" aria-hidden="true" { (called.chars().next().map(|first| first.to_uppercase().to_string()).unwrap_or_default()) }
                    text.node-name x=(px(x)) y=(px(y + 40.0)) text-anchor="middle" { (short(called, 20)) title { (called) } }
                }
            }
        }
        @if detail.participants.len() > NODES_MAX {
            p.muted { "and " (format::count((detail.participants.len() - NODES_MAX) as u64, "more participant")) ", with their connections" }
        }
    }
}

/// A name along the spoke of its node, never upside down.
fn along(called: &str, (x, y): (f64, f64), turn: f64) -> Markup {
    let is_left = turn > 0.25 && turn < 0.75;
    let degrees = turn * 360.0 - if is_left { 180.0 } else { 0.0 };
    let (from, anchor) = if is_left { (-16.0, "end") } else { (16.0, "start") };
    html! {
        text.node-name.along transform=(format!("translate({x:.1} {y:.1}) rotate({degrees:.1})")) x=(px(from)) y="4" text-anchor=(anchor) { (short(called, 15)) title { (called) } }
    }
}

fn px(value: f64) -> String {
    format!("{value:.1}")
}

/// As many characters at most, cut in the middle: names that are numbered differ at their ends.
fn short(text: &str, chars: usize) -> String {
    let all: Vec<char> = text.chars().collect();
    if all.len() <= chars {
        return text.to_owned();
    }
    let tail = chars / 3;
    all[..chars - 1 - tail].iter().chain(&['…']).chain(&all[all.len() - tail..]).collect()
}
