//! Scores and issues at a glance: grades, badges, bars.

use maud::{Markup, html};
use sidetone_engine::{
    analysis::{MediaKind, UnjudgedTime},
    metric::Metric,
    score::unjudged::Unjudged,
};
use sidetone_store::{
    record::{PeerConnection, StreamRecord},
    summary::{IssueCount, Scores},
};

use super::format;

/// A score in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grade {
    Bad,
    Poor,
    Fair,
    Good,
}

impl Grade {
    pub(crate) const ALL: [Self; 4] = [Self::Good, Self::Fair, Self::Poor, Self::Bad];

    /// Good from 4 on, as ITU-T P.800 has it; below, at the 3.6 and 3.1 that the hosted products warn at. The issue `low_mos` has steps of its own.
    pub(crate) fn of(score: f64) -> Self {
        match score {
            _ if score >= 4.0 => Self::Good,
            _ if score >= 3.6 => Self::Fair,
            _ if score >= 3.1 => Self::Poor,
            _ => Self::Bad,
        }
    }

    /// Least and greatest score, each inclusive, where there is one.
    pub(crate) fn bounds(self) -> (Option<f64>, Option<f64>) {
        match self {
            Self::Good => (Some(4.0), None),
            Self::Fair => (Some(3.6), Some(3.999_999)),
            Self::Poor => (Some(3.1), Some(3.599_999)),
            Self::Bad => (None, Some(3.099_999)),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Fair => "fair",
            Self::Poor => "poor",
            Self::Bad => "bad",
        }
    }
}

/// The score that a list shows and a search means.
pub(crate) fn overall(scores: &Scores) -> Option<f64> {
    scores.mos_cq.or(scores.mos_v)
}

/// Why there is no [`overall`] score of these connections: what kept most of the time of their streams from having one.
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

/// Issues as marks of their severity, the worst first, with the name of the worst.
pub(crate) fn issue_bar(issues: &[IssueCount]) -> Markup {
    let mut sorted: Vec<&IssueCount> = issues.iter().collect();
    sorted.sort_by(|a, b| (b.severity, b.count, &a.rule).cmp(&(a.severity, a.count, &b.rule)));
    let Some(worst) = sorted.first() else { return html! { span.muted { "no issues" } } };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_meet_without_a_gap() {
        for (score, grade) in
            [(4.6, Grade::Good), (4.0, Grade::Good), (3.99, Grade::Fair), (3.6, Grade::Fair), (3.1, Grade::Poor), (3.09, Grade::Bad)]
        {
            assert_eq!(Grade::of(score), grade, "{score}");
            let (least, most) = grade.bounds();
            assert!(least.is_none_or(|least| score >= least) && most.is_none_or(|most| score <= most), "{score}");
        }
    }
}
