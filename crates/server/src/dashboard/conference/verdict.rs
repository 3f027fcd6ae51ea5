//! The verdict in plain words: how the call was, and the few things that say why.

use maud::{Markup, html};
use sidetone_engine::{
    analysis::{Direction, MediaKind},
    issue::{Issue, Severity},
    score::grade::Grade,
};
use sidetone_store::record::{ConferenceDetail, ConferenceState, PeerConnection};

use super::{Visitor, format, icon, person_text, quality};

/// Findings shown at once; the others open below.
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
    let score = detail.conference.score.as_ref().and_then(|score| score.scores.overall());
    let findings = findings(detail);
    let (tone, headline, text) = headline(detail, score, &findings);
    let unjudged = match detail.conference.state {
        ConferenceState::Running => Some("running"),
        ConferenceState::Ended => Some("ended"),
        ConferenceState::Finalised => None,
    };
    html! {
        section #verdict class=(format!("verdict {tone}")) aria-labelledby="verdict-title" data-grows=[unjudged.map(|_| "")] data-unjudged=[unjudged] {
            @match score { Some(score) => p.verdict-score { (format::score(score)) span.muted { "of 5" } }, None => p.verdict-score.none { (format::ABSENT) } }
            div.verdict-text {
                h2 #verdict-title { (headline) }
                p.muted { (text) }
                @if !findings.is_empty() {
                    @let (first, rest) = findings.split_at(findings.len().min(FINDINGS_MAX));
                    (list(detail, first, visitor))
                    @if !rest.is_empty() {
                        details.more-findings {
                            summary { "and " (format::count(rest.len() as u64, "more finding")) }
                            (list(detail, rest, visitor))
                        }
                    }
                }
            }
        }
    }
}

fn list(detail: &ConferenceDetail, findings: &[Finding], visitor: &Visitor) -> Markup {
    let page = format!("/conferences/{}", detail.conference.key);
    html! {
        ul.findings {
            @for finding in findings {
                li class=(finding.severity.name()) {
                    (icon::alert())
                    a href=(visitor.link(&format!("{page}?connection={}", finding.connection.key)) + "#connection") { b { (finding.who) } " " (phrase(finding.worst)) }
                    span.muted { (amount(finding)) }
                }
            }
        }
    }
}

fn headline(detail: &ConferenceDetail, score: Option<f64>, findings: &[Finding]) -> (&'static str, String, String) {
    match detail.conference.state {
        ConferenceState::Running => {
            let so_far = if findings.is_empty() { "Nothing was found".into() } else { format::count(findings.len() as u64, "finding") };
            let text = format!("{so_far} so far. The call is judged as a whole when it has ended.");
            return ("running", "This call is running".into(), text);
        }
        ConferenceState::Ended => {
            return (
                "none",
                "This call has just ended".into(),
                "Its scores are being computed, and appear here when they are ready.".into(),
            );
        }
        ConferenceState::Finalised => {}
    }
    let Some(score) = score else {
        let text = if detail.peer_connections.iter().all(|connection| connection.report_count == 0) {
            "No reports came for it. Check that the page observes its peer connection, and that its secret may send.".to_owned()
        } else if let Some(why) = quality::why_none(detail.peer_connections.iter()) {
            format!("For most of the time: {}.", why.sentence())
        } else {
            "Its reports hold no media.".to_owned()
        };
        return ("none", "There is nothing to judge".into(), text);
    };
    let worst = findings.iter().map(|finding| finding.severity).max();
    let text = match (findings.len(), worst) {
        (0, _) => "No rule fired for anybody.".to_owned(),
        (count, Some(Severity::Critical)) => format!("{}, at least one of them critical.", format::count(count as u64, "finding")),
        (count, _) => format!("{}.", format::count(count as u64, "finding")),
    };
    let grade = Grade::of(score);
    let tone = if grade == Grade::Good && worst > Some(Severity::Minor) { Grade::Fair } else { grade };
    (tone.name(), grade.call(worst).into(), text)
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
        "no_inbound_video" => "received no video".into(),
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
        "av_skew" => "saw lips and heard voices apart".into(),
        "low_frame_rate" if sent => "sent video that stuttered".into(),
        "low_frame_rate" => "saw video that stuttered".into(),
        "cpu_limited" => "had a computer too busy for better video".into(),
        "bandwidth_limited" => "had a network too slow for better video".into(),
        "loud_microphone" => "had a microphone that was far too loud".into(),
        "quiet_microphone" => "had a microphone that was too quiet".into(),
        "starved_playout" => "had a computer that could not play the sound in time".into(),
        "ice_disconnected" => "was cut off for a while".into(),
        "ice_failed" => "lost the connection".into(),
        "dtls_failed" => "could not secure the connection (DTLS)".into(),
        "candidate_pair_change" => "moved to another network path".into(),
        "relayed_over_tcp" => "was relayed over TCP".into(),
        "decoder_fallback" => "saw video that software had to decode, too slowly".into(),
        "encoder_fallback" => "sent video that software had to encode, too slowly".into(),
        other => format!("{} ({towards} {})", format::rule(other), media(issue)),
    }
}

fn amount(finding: &Finding) -> String {
    let times = if finding.count > 1 { format!("{} times, ", finding.count) } else { String::new() };
    let evidence = &finding.worst.evidence;
    let value = evidence.worst().map(|value| format!(", at worst {}", format::value(evidence.metric, value))).unwrap_or_default();
    format!("{times}{} in all{value}", format::span_us(finding.lasted_us))
}

#[cfg(test)]
mod tests {
    use sidetone_engine::{
        issue::{Evidence, RuleSet},
        metric::Metric,
        units::Timestamp,
    };

    use super::*;

    #[test]
    fn each_rule_has_words_of_its_own() {
        let evidence = Evidence { metric: Metric::Rtt, threshold: 0.0, window: Vec::new() };
        for rule in RuleSet::default().rules {
            let at = Timestamp::from_micros(0);
            let words = phrase(&Issue {
                rule: rule.name.into(),
                severity: Severity::Major,
                stream: None,
                onset: at,
                raised: at,
                cleared: None,
                evidence: evidence.clone(),
            });
            assert!(!words.starts_with(&format::rule(rule.name)), "{words}");
        }
    }
}
