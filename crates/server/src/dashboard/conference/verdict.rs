//! The verdict in plain words: how the call was, and the few things that say why.

use maud::{Markup, html};
use sidetone_engine::{
    analysis::{Direction, MediaKind},
    issue::{Issue, Severity},
};
use sidetone_store::record::{ConferenceDetail, ConferenceState, PeerConnection};

use super::{Visitor, format, icon, person_text, quality};
use crate::dashboard::quality::Grade;

/// Findings shown at most.
const FINDINGS_MAX: usize = 4;

/// One rule that fired for one participant.
struct Finding<'a> {
    connection: &'a PeerConnection,
    who: String,
    worst: &'a Issue,
    severity: Severity,
    count: usize,
    lasted_us: i64,
}

pub(super) fn section(detail: &ConferenceDetail, visitor: &Visitor) -> Markup {
    let score = detail.conference.score.as_ref().and_then(|score| quality::overall(&score.scores));
    let findings = findings(detail);
    let (tone, headline, text) = headline(detail, score, &findings);
    html! {
        section class=(format!("verdict {tone}")) aria-labelledby="verdict-title" {
            @match score { Some(score) => p.verdict-score { (format::score(score)) span.muted { "of 5" } }, None => p.verdict-score.none { (format::ABSENT) } }
            div.verdict-text {
                h2 #verdict-title { (headline) }
                p.muted { (text) }
                @if !findings.is_empty() {
                    ul.findings {
                        @for finding in findings.iter().take(FINDINGS_MAX) {
                            li class=(quality::severity_name(finding.severity)) {
                                (icon::alert())
                                a href=(visitor.link(&format!("/conferences/{}?connection={}", detail.conference.key, finding.connection.key)).to_string() + "#connection") {
                                    b { (finding.who) } " " (phrase(finding.worst))
                                }
                                span.muted { (amount(finding)) }
                            }
                        }
                        @if findings.len() > FINDINGS_MAX { li.rest.muted { "and " (format::count((findings.len() - FINDINGS_MAX) as u64, "more finding")) } }
                    }
                }
            }
        }
    }
}

fn headline(detail: &ConferenceDetail, score: Option<f64>, findings: &[Finding]) -> (&'static str, String, String) {
    match detail.conference.state {
        ConferenceState::Running => {
            return (
                "running",
                "This call is running".into(),
                "It is judged as a whole when it has ended; what happens now is below.".into(),
            );
        }
        ConferenceState::Ended => {
            return ("none", "This call has just ended".into(), "Its scores are being computed. Load the page again in a moment.".into());
        }
        ConferenceState::Finalised => {}
    }
    let Some(score) = score else {
        let text = if detail.peer_connections.iter().all(|connection| connection.report_count == 0) {
            "No reports came for it. Check that the page observes its peer connection, and that its secret may send."
        } else {
            "Its reports hold no media that could be judged: nothing was sent or received, or everything was muted."
        };
        return ("none", "There is nothing to judge".into(), text.into());
    };
    let worst = findings.iter().map(|finding| finding.severity).max();
    let text = match (findings.len(), worst) {
        (0, _) => "No rule fired for anybody.".to_owned(),
        (count, Some(Severity::Critical)) => format!("{}, at least one of them critical.", format::count(count as u64, "finding")),
        (count, _) => format!("{}.", format::count(count as u64, "finding")),
    };
    let (tone, headline) = match (Grade::of(score), worst) {
        (Grade::Good, None | Some(Severity::Minor)) => ("good", "A good call"),
        (Grade::Good, Some(_)) => ("fair", "A good call with a bad moment"),
        (Grade::Fair, _) => ("fair", "A fair call"),
        (Grade::Poor, _) => ("poor", "A poor call"),
        (Grade::Bad, _) => ("bad", "A bad call"),
    };
    (tone, headline.into(), text)
}

/// By rule, participant and direction; the worst and longest first.
fn findings(detail: &ConferenceDetail) -> Vec<Finding<'_>> {
    let mut findings: Vec<Finding> = Vec::new();
    for connection in &detail.peer_connections {
        let participant = detail.participants.iter().find(|participant| participant.key == connection.participant);
        let who = participant.map_or_else(String::new, |participant| person_text(participant).to_owned());
        for issue in &connection.issues {
            let lasted_us = issue.cleared.unwrap_or(connection.end).as_micros() - issue.onset.as_micros();
            let direction = |issue: &Issue| issue.stream.map(|stream| (stream.direction, stream.kind));
            let same = |finding: &&mut Finding| {
                finding.connection.key == connection.key && finding.worst.rule == issue.rule && direction(finding.worst) == direction(issue)
            };
            match findings.iter_mut().find(same) {
                Some(finding) => {
                    finding.count += 1;
                    finding.lasted_us += lasted_us;
                    if issue.severity > finding.severity {
                        (finding.severity, finding.worst) = (issue.severity, issue);
                    }
                }
                None => {
                    findings.push(Finding { connection, who: who.clone(), worst: issue, severity: issue.severity, count: 1, lasted_us })
                }
            }
        }
    }
    findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), std::cmp::Reverse(finding.lasted_us)));
    findings
}

/// What the participant noticed, or somebody noticed of them.
pub(super) fn phrase(issue: &Issue) -> String {
    let media = |issue: &Issue| match issue.stream.map(|stream| stream.kind) {
        Some(MediaKind::Audio) => "audio",
        Some(MediaKind::Video) => "video",
        None => "media",
    };
    let sent = issue.stream.is_some_and(|stream| stream.direction == Direction::Outbound);
    let towards = if sent { "sent" } else { "received" };
    match &*issue.rule {
        "high_rtt" => "had a slow network: answers took long".into(),
        "high_jitter" => format!("{towards} {} unevenly", media(issue)),
        "high_loss" => format!("{towards} {} with packet loss", media(issue)),
        "bursty_loss" => format!("{towards} {} with bursts of packet loss", media(issue)),
        "audible_concealment" => "heard audio that broke up".into(),
        "low_mos" if sent => "was heard badly".into(),
        "low_mos" => "heard badly".into(),
        "high_media_latency" => "heard others late".into(),
        "video_freeze" => "saw video that stood still".into(),
        "no_inbound_audio" => "received no audio".into(),
        "silent_inbound_audio" => "received audio that was silent".into(),
        "dead_microphone" => "had a microphone that gave no sound".into(),
        "speaking_while_muted" => "spoke into a muted microphone".into(),
        "network_change" => "changed to another network".into(),
        "ice_restart" => "had to find a new path (ICE restart)".into(),
        "slow_gathering" => "waited for ICE candidates".into(),
        "slow_connecting" => "waited for the connection".into(),
        "slow_first_media" => "waited for the first sound or picture".into(),
        "clock_drift" => "had a clock that runs away from another".into(),
        "missing_stream" => "lost a stream that was to go on".into(),
        "decoder_fallback" => "saw video that software had to decode, too slowly".into(),
        "encoder_fallback" => "sent video that software had to encode, too slowly".into(),
        other => format!("{} ({towards} {})", format::rule(other), media(issue)),
    }
}

fn amount(finding: &Finding) -> String {
    let times = if finding.count > 1 { format!("{} times, ", finding.count) } else { String::new() };
    let evidence = &finding.worst.evidence;
    let judged = evidence.window.iter().filter_map(|(_, value)| *value);
    let extreme = match evidence.metric.better() {
        sidetone_engine::metric::Better::Higher => judged.reduce(f64::min),
        _ => judged.reduce(f64::max),
    };
    let value = extreme.map(|value| format!(", {}", format::value(evidence.metric, value))).unwrap_or_default();
    format!("{times}{} in all{value}", format::span_us(finding.lasted_us))
}
