//! The handbook's pages on metrics and issues, from the tables of the engine: `handbook metrics GROUP` and `handbook issues`.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool")]

use std::{
    fmt::{self, Write},
    process::ExitCode,
    time::Duration,
};

use sidetone_engine::{
    issue::{Bound, Condition, Rule, RuleSet, Severity, Statistic},
    metric::{Better, Metric, Scope},
};

/// What each rule means for people and what helps, a section for each; links are those of a page in `docs`.
const ADVICE: &str = include_str!("advice.txt");

/// What each section has, after what the issue means.
const PARTS: [&str; 3] = ["*What to try.*", "*Source.*", "*Known limits.*"];

const MARK: &str = "<!-- Written by `cargo xtask gen`. -->\n\n";

/// Name of the page, its scope, its title, what stands before the table.
const GROUPS: [(&str, Scope, &str, &str); 5] = [
    (
        "connection",
        Scope::Connection,
        "The connection",
        "One value for the whole `RTCPeerConnection`: the path, and what its streams add up to.",
    ),
    ("received-audio", Scope::InboundAudio, "Received audio", "One value for each audio stream that the participant hears."),
    ("received-video", Scope::InboundVideo, "Received video", "One value for each video stream that the participant sees."),
    (
        "sent-audio",
        Scope::OutboundAudio,
        "Sent audio",
        "One value for each audio stream that the participant sends; loss, jitter and round trip are what the far end's RTCP says.",
    ),
    (
        "sent-video",
        Scope::OutboundVideo,
        "Sent video",
        "One value for each video stream, and each simulcast layer, that the participant sends.",
    ),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let page = match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["metrics", group] => metrics(group),
        ["issues"] => issues(),
        _ => Err("handbook metrics GROUP | handbook issues".to_owned()),
    };
    match page {
        Ok(page) => {
            print!("{page}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn metrics(group: &str) -> Result<String, String> {
    let (_, scope, title, head) =
        GROUPS.into_iter().find(|(name, ..)| *name == group).ok_or_else(|| format!("there is no group {group:?}"))?;
    let mut page = format!("{MARK}# {title}\n\n{head}\n\n| metric | unit | better | what it is |\n|---|---|---|---|\n");
    for metric in Metric::ALL.iter().filter(|metric| metric.scopes().contains(&scope)) {
        let better = match metric.better() {
            Better::Higher => "higher",
            Better::Lower => "lower",
            Better::Neither => "",
        };
        add(&mut page, format_args!("| `{}` | {} | {better} | {} |\n", metric.name(), metric.unit(), metric.description()));
    }
    Ok(page)
}

fn issues() -> Result<String, String> {
    let RuleSet { rules, settle, .. } = RuleSet::sidetone();
    let (head, sections) = ADVICE.split_once("\n## ").ok_or("advice.txt has no section")?;
    let sections: Vec<(&str, &str)> = sections.split("\n## ").filter_map(|section| section.split_once('\n')).collect();
    if let Some((name, _)) = sections.iter().find(|(name, _)| !rules.iter().any(|rule| rule.name == *name)) {
        return Err(format!("advice.txt has a section {name:?}, but there is no such rule"));
    }
    let mut page =
        format!("{MARK}{}\n\nNothing is judged in the first {} of a connection or stream, and across gaps.\n", head.trim(), span(settle));
    page += "\n| rule | minor | major | critical |\n|---|--:|--:|--:|\n";
    for rule in &rules {
        let [minor, major, critical] = Severity::ALL.map(|severity| threshold(rule, severity));
        add(&mut page, format_args!("| [{0}](#{0}) | {minor} | {major} | {critical} |\n", rule.name));
    }
    for rule in &rules {
        let advice = sections.iter().find(|(name, _)| *name == rule.name).map(|(_, text)| text.trim());
        let advice = advice.ok_or_else(|| format!("advice.txt has no section `## {}`", rule.name))?;
        if let Some(missing) = PARTS.into_iter().find(|part| !advice.contains(part)) {
            return Err(format!("the section {} of advice.txt has no {missing}", rule.name));
        }
        add(&mut page, format_args!("\n## {}\n\n{}\n\n{advice}\n", rule.name, judged(rule)));
    }
    Ok(page)
}

fn add(page: &mut String, text: fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = page.write_fmt(text);
}

/// How a rule judges, as a sentence in italics.
fn judged(rule: &Rule) -> String {
    let places: Vec<&str> = GROUPS.iter().filter(|(_, scope, ..)| rule.scopes.contains(scope)).map(|(name, ..)| *name).collect();
    let places: Vec<String> = places.iter().map(|name| format!("[{}](metrics/{name}.md)", name.replace('-', " "))).collect();
    let metric = format!("`{}`", rule.metric.name());
    let side = match rule.bound {
        Bound::Above => "above",
        Bound::AtLeast => "at or above",
        Bound::Below => "below",
    };
    let how = match rule.statistic {
        Statistic::Sustained { needed: 1, of: 1, .. } => format!("{metric} of one interval {side} the threshold"),
        Statistic::Sustained { needed, worse, of } => {
            let sooner = if worse < needed { format!(", or {side} the next worse one in {worse}") } else { String::new() };
            format!("{metric} {side} the threshold in {needed} of {of} intervals{sooner}")
        }
        Statistic::Mean(window) => format!("mean {metric} over {} {side} the threshold", span(window)),
        Statistic::Share(window) => format!("share of {} for which {metric} stands {side} the threshold", span(window)),
        Statistic::Lasting(value) => format!("{metric} at most {value} for as many seconds as the threshold says"),
        Statistic::Peak(window) => format!("greatest {metric} of {} {side} the threshold", span(window)),
        Statistic::Deviation(window) => format!("standard deviation of {metric} over {} {side} the threshold", span(window)),
    };
    let condition = match rule.condition {
        Condition::Always => "",
        Condition::OffHold => ", while the call is not on hold",
        Condition::Arriving => ", while the call is not on hold; what follows the last packet raises nothing until the next one comes",
        Condition::Impaired => ", while something was lost or concealed",
        Condition::Camera => ", while it is no shared screen and the call is not on hold",
        Condition::Screen => ", while it is a shared screen and the call is not on hold",
        Condition::OnAir => ", while the microphone is not muted and the call is not on hold",
        Condition::LossOfCodec => ", of PCMU above 20 %",
        Condition::Struggling => ", while pictures are dropped (over 5 %) or the processor limits what is sent (over half of the time)",
        Condition::LineFull => ", unless `available_outgoing_bitrate_bps` is more than 1.5 times what is sent and 100 kbit/s",
        Condition::MicrophoneOpen => ", while the microphone is not muted",
        Condition::MicrophoneSpeaks => {
            ", while the microphone is not muted and somebody can be heard, 15 dB above the quietest second of late"
        }
        Condition::FarEndOpen => ", while media arrives and the far end is not muted",
    };
    let clears = rule.clear_at.map_or_else(String::new, |value| format!("; cleared at {}", quantity(rule, value)));
    format!("*{}: {how}{condition}{clears}.*", places.join(", "))
}

fn threshold(rule: &Rule, severity: Severity) -> String {
    rule.thresholds.of(severity).map_or_else(|| "–".to_owned(), |value| quantity(rule, value))
}

/// A threshold with its unit.
fn quantity(rule: &Rule, value: f64) -> String {
    let name = rule.metric.name();
    match rule.statistic {
        Statistic::Lasting(_) => format!("{value} s"),
        Statistic::Share(_) => percent(value),
        _ if name.ends_with("_ratio") => percent(value),
        _ => format!("{value} {}", rule.metric.unit()).trim().to_owned(),
    }
}

fn percent(ratio: f64) -> String {
    format!("{} %", (ratio * 1000.0).round() / 10.0)
}

fn span(span: Duration) -> String {
    format!("{} s", span.as_secs())
}
