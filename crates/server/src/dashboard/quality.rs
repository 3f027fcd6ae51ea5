//! Scores and issues at a glance: grades, badges, bars.

use maud::{Markup, html};
use sidetone_engine::{
    analysis::{MediaKind, UnjudgedTime},
    metric::Metric,
    score::grade::Grade,
    score::unjudged::Unjudged,
};
use sidetone_store::{
    record::{PeerConnection, StreamRecord},
    summary::{ConferenceScore, IssueCount},
};

use super::format;

/// Why there is no score ([`Scores::overall`]) of these connections: what kept most of the time of their streams from having one.
pub(crate) fn why_none<'a>(connections: impl Iterator<Item = &'a PeerConnection>) -> Option<Unjudged> {
    let mut held: Vec<UnjudgedTime> = Vec::new();
    for stream in connections.flat_map(|connection| &connection.streams) {
        let has_sound = stream.stream.id.kind == MediaKind::Audio && stream.summaries.iter().any(|summary| summary.metric == Metric::MosLq);
        if has_sound {
            return Some(Unjudged::NoRoundTrip);
        }
        for time in &stream.unjudged {
            match held.iter_mut().find(|held| held.reason == time.reason) {
                Some(held) => held.seconds += time.seconds,
                None => held.push(*time),
            }
        }
    }
    held.iter().max_by(|a, b| a.seconds.total_cmp(&b.seconds)).map(|held| held.reason)
}

/// When a stream had no score, in words: `not scored: 20 s muted, and nothing was to be heard; …`. Empty where it always had one.
pub(crate) fn unjudged(stream: &StreamRecord) -> String {
    let times = stream.unjudged.iter().filter(|held| held.seconds > 0.0);
    let times = times.map(|held| format!("{} {}", format::seconds(held.seconds), held.reason.sentence()));
    let times = times.collect::<Vec<_>>().join("; ");
    if times.is_empty() { times } else { format!("not scored: {times}") }
}

/// Why there is no score, in the few words for which a table has room; [`Unjudged::sentence`] is all of it.
pub(crate) fn reason(reason: Unjudged) -> &'static str {
    match reason {
        Unjudged::NoInterval => "the first report",
        Unjudged::NotCounted => "not counted by this browser",
        Unjudged::NotTold => "the far end told nothing",
        Unjudged::NothingDue => "nothing was sent",
        Unjudged::Sparse => "the sender is silent (DTX)",
        Unjudged::Settling => "the first second",
        Unjudged::Muted => "muted",
        Unjudged::Held => "on hold",
        Unjudged::Silent => "silence",
        Unjudged::NoPicture => "no picture was due",
        Unjudged::NoRoundTrip => "no round trip is known",
    }
}

/// The score in the colour of its grade; absent is said, not shown as 0.
pub(crate) fn badge(score: Option<f64>) -> Markup {
    match score {
        Some(score) => {
            let grade = Grade::of(score).name();
            html! { span class=(format!("score {grade}")) title=(format!("{grade}: {} of 5", format::score(score))) { (format::score(score)) span.unseen { " of 5, " (grade) } } }
        }
        None => html! { span.score.none title="nothing to judge" { (format::ABSENT) span.unseen { "no score" } } },
    }
}

/// Issues as marks of their severity, the worst first, with the name of the worst. That there are none is only said of what was judged.
pub(crate) fn issues(ConferenceScore { scores, issues }: &ConferenceScore) -> Markup {
    let mut sorted: Vec<&IssueCount> = issues.iter().collect();
    sorted.sort_by(|a, b| (b.severity, b.count, &a.rule).cmp(&(a.severity, a.count, &b.rule)));
    let Some(worst) = sorted.first() else {
        return html! { span.muted { (if scores.overall().is_some() { "no issues" } else { "nothing to judge" }) } };
    };
    let total: u64 = issues.iter().map(|issue| issue.count).sum();
    html! {
        span.issue-bar aria-hidden="true" {
            @for issue in sorted.iter().take(6) {
                span class=(format!("mark-{}", issue.severity.name())) title=(format!("{} × {}", issue.count, format::rule(&issue.rule))) {}
            }
        }
        span.issue-names { (format::rule(&worst.rule)) @if total > 1 { span.muted { " +" (total - 1) } } }
    }
}
