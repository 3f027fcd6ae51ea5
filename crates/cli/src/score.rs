//! `sidetone score`: what the engine says of a file, without a server.

use std::path::PathBuf;

use anyhow::{Error, Result, ensure};
use clap::Args;
use serde_json::{Value, json};
use sidetone_engine::{
    analysis::{Direction, MediaKind, Stream, StreamAnalysis, StreamId, Summary, UnjudgedTime},
    ids::ConferenceId,
    issue::{Issue, Preset, Severity, Tuned},
    metric::Metric,
    score::{grade::Grade, life::Scores},
};

use sidetone_server::calendar;

use crate::{
    app,
    call_file::{self, ScoredConnection},
    output,
    why::{self, Diagnosed},
};

const AFTER_HELP: &str = "\
Reads webrtc-internals dumps, Chrome's rtcstats dumps, rtcstats-js, Jitsi and ObserveRTC streams, batches in their JSON form and exported conferences, plain or gzipped.
Scores are mean opinion scores from 1 (bad) to 5 (excellent); what could not be judged is absent, and it says why.
How each call was as a whole stands at the end, with the reasons.
For each poor stretch it says whose side it was on, which hop, how sure that is, and what speaks for it; give both ends of a call in one file, and it can say more.

Examples:
  sidetone score webrtc_internals_dump.txt
  sidetone score --json *.gz | jq '.[].conferences[]'
  sidetone score --json call.gz | jq '.[].peer_connections[].issues'
  sidetone score --json call.gz | jq '.[].diagnoses[].sentence'";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ScoreArgs {
    /// Files with calls
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print JSON: an array with an object for each file
    #[arg(long)]
    json: bool,
    /// The rules that judge: sidetone, plivo, plivo-shipped, twilio or voximplant
    #[arg(long, value_name = "NAME", value_parser = app::preset, default_value = "sidetone")]
    preset: Preset,
    /// Thresholds in place of the preset's, such as "high_rtt.major=600 high_rtt.minor=off"
    #[arg(long, value_name = "THRESHOLDS", default_value = "")]
    thresholds: String,
}

pub(crate) fn run(args: &ScoreArgs) -> Result<()> {
    let tuned = Tuned::read(args.preset, &args.thresholds).map_err(Error::msg)?;
    let rules = tuned.rules();
    let mut documents = Vec::new();
    let mut unread = 0;
    for path in &args.files {
        let file = match call_file::read(path, None) {
            Ok(file) => file,
            Err(error) if args.files.len() == 1 => return Err(error),
            // The others are judged all the same.
            Err(error) => {
                output::note(&format!("sidetone: {error:#}"));
                unread += 1;
                continue;
            }
        };
        let connections = call_file::analyses(&file, &rules);
        let conferences = conferences(&connections);
        let diagnosed = why::diagnose(&file, &connections);
        if args.json {
            documents.push(json!({
                "file": path.display().to_string(),
                "format": file.format,
                "report_count": file.report_count(),
                "skipped": file.skipped,
                "model": sidetone_engine::MODEL,
                "rules": tuned.to_string(),
                "conferences": conferences.iter().map(Whole::as_json).collect::<Vec<_>>(),
                "diagnoses": diagnosed.iter().flat_map(Diagnosed::as_json).collect::<Vec<_>>(),
                "peer_connections": connections.iter().map(connection_as_json).collect::<Vec<_>>(),
            }));
            continue;
        }
        let mut text = format!("{}  ({}, {})\n", path.display(), file.format, output::count(file.report_count() as u64, "report"));
        for connection in &connections {
            text.push('\n');
            text += &connection_as_text(connection);
        }
        for skipped in &file.skipped {
            text += &format!("\nleft out: {skipped}\n");
        }
        // What somebody wants to know is the last that is said: it stands above the prompt.
        for whole in &conferences {
            text += &whole.as_text(conferences.len() > 1);
            diagnosed
                .iter()
                .filter(|diagnosed| diagnosed.conference == *whole.conference)
                .for_each(|diagnosed| text += &diagnosed.as_text());
        }
        output::print(&(text + "\n"))?;
    }
    if args.json {
        output::print(&format!("{:#}\n", Value::from(documents)))?;
    }
    ensure!(unread == 0, "{unread} of {} could not be read", output::count(args.files.len() as u64, "file"));
    Ok(())
}

/// A conference of a file as a whole.
struct Whole<'a> {
    conference: &'a ConferenceId,
    /// Each the worst of its peer connections'.
    scores: Scores,
    issues: usize,
    worst: Option<Severity>,
}

fn conferences<'a>(connections: &'a [ScoredConnection<'_>]) -> Vec<Whole<'a>> {
    let mut wholes: Vec<Whole<'_>> = Vec::new();
    for ScoredConnection { first, scores, analysis } in connections {
        let worst = analysis.issues.iter().map(|issue| issue.severity).max();
        let whole = Whole { conference: &first.conference_id, scores: *scores, issues: analysis.issues.len(), worst };
        match wholes.iter_mut().find(|held| held.conference == whole.conference) {
            Some(held) => {
                held.scores = held.scores.worst(whole.scores);
                held.issues += whole.issues;
                held.worst = held.worst.max(whole.worst);
            }
            None => wholes.push(whole),
        }
    }
    wholes
}

impl Whole<'_> {
    /// `A poor call: 3.3 of 5, and 2 issues, the worst major.`
    fn as_text(&self, is_one_of_many: bool) -> String {
        let issues = match (self.issues, self.worst) {
            (1, Some(worst)) => format!("one {} issue", worst.name()),
            (count, Some(worst)) => format!("{count} issues, the worst {}", worst.name()),
            _ => "no issues".to_owned(),
        };
        let call = match self.scores.overall() {
            Some(score) => format!("{}: {score:.1} of 5, and {issues}.", Grade::of(score).call(self.worst)),
            None => format!("A call without a score, and {issues}."),
        };
        let conference = if is_one_of_many { format!("Conference {}. ", self.conference) } else { String::new() };
        format!("\n{conference}{call}\n")
    }

    fn as_json(&self) -> Value {
        json!({
            "conference_id": self.conference.as_str(),
            "scores": scores_as_json(self.scores),
            "grade": self.scores.overall().map(|score| Grade::of(score).name()),
            "issue_count": self.issues,
            "severity": self.worst.map(Severity::name),
        })
    }
}

fn scores_as_json(Scores { mos_lq, mos_cq, mos_v }: Scores) -> Value {
    json!({"mos_lq": mos_lq, "mos_cq": mos_cq, "mos_v": mos_v})
}

fn connection_as_text(connection: &ScoredConnection<'_>) -> String {
    let (first, analysis) = (connection.first, &connection.analysis);
    let mut text = format!("peer connection {}", first.peer_connection_id);
    if !first.user_id.as_str().is_empty() {
        text += &format!(" of {}", first.user_id);
    }
    text += &match analysis.span {
        Some((from, until)) => {
            let seconds = until.since(from).unwrap_or_default().as_secs_f64();
            format!(", {} UTC, {seconds:.0} s, {}\n", calendar::show(from), output::count(analysis.report_count, "report"))
        }
        None => ", no reports\n".to_owned(),
    };
    let Scores { mos_lq, mos_cq, mos_v } = connection.scores;
    let scores = [(Metric::MosLq, mos_lq), (Metric::MosCq, mos_cq), (Metric::MosV, mos_v)];
    let scores = scores.iter().filter_map(|(metric, score)| Some(format!("{} {:.2}", metric.name(), (*score)?)));
    let scores = scores.collect::<Vec<_>>().join(", ");
    if !scores.is_empty() {
        text += &format!("  over its life: {scores} (a mean in which bad moments weigh more)\n");
    }
    let mut rows = vec![["  STREAM", "SERIES", "MEAN", "P5", "MEDIAN", "P95", "UNIT"].map(str::to_owned).to_vec()];
    let groups = std::iter::once(("connection".to_owned(), &analysis.connection));
    for (name, summaries) in groups.chain(analysis.streams.iter().map(|stream| (stream_name(stream.stream.id), &stream.summaries))) {
        let mut name = format!("  {name}");
        for summary in summaries {
            let digits = if summary.mean.abs() < 10.0 { 2 } else { 0 };
            let cell = |value: f64| output::number(Some(value), digits);
            let metric = summary.metric;
            let cells = [cell(summary.mean), cell(summary.p5), cell(summary.p50), cell(summary.p95), metric.unit().to_owned()];
            rows.push([std::mem::take(&mut name), metric.name().to_owned()].into_iter().chain(cells).collect());
        }
    }
    text += &output::table(&rows);
    let mut rows = vec![["  NO SCORE", "FOR", "WHY"].map(str::to_owned).to_vec()];
    for stream in &analysis.streams {
        let name = stream_name(stream.stream.id);
        let row = |held: &UnjudgedTime| vec![format!("  {name}"), format!("{:.0} s", held.seconds), held.reason.sentence().to_owned()];
        rows.extend(stream.unjudged.iter().map(row));
    }
    if rows.len() > 1 {
        text += &output::table(&rows);
    }
    if analysis.issues.is_empty() {
        text += "  no issues\n";
    } else {
        let mut rows = vec![["  ISSUE", "SEVERITY", "STREAM", "FROM", "FOR", "THRESHOLD", "WORST"].map(str::to_owned).to_vec()];
        rows.extend(analysis.issues.iter().map(issue_row));
        text += &output::table(&rows);
    }
    text
}

fn issue_row(issue: &Issue) -> Vec<String> {
    let span = issue.cleared.and_then(|cleared| cleared.since(issue.onset));
    vec![
        format!("  {}", issue.rule),
        issue.severity.name().to_owned(),
        issue.stream.map_or_else(|| "connection".to_owned(), stream_name),
        calendar::show(issue.onset),
        span.map_or_else(|| "to the end".to_owned(), |span| format!("{:.0} s", span.as_secs_f64())),
        output::number(Some(issue.evidence.threshold), 2),
        output::number(issue.evidence.worst(), 2),
    ]
}

fn connection_as_json(connection: &ScoredConnection<'_>) -> Value {
    let (first, analysis) = (connection.first, &connection.analysis);
    json!({
        "conference_id": first.conference_id.as_str(),
        "user_id": first.user_id.as_str(),
        "participant_id": first.participant_id.as_str(),
        "peer_connection_id": first.peer_connection_id.as_str(),
        "report_count": analysis.report_count,
        "rejected": {"duplicate": analysis.rejected.duplicate, "out_of_order": analysis.rejected.out_of_order},
        "start_ms": analysis.span.map(|(from, _)| from.as_millis_f64()),
        "end_ms": analysis.span.map(|(_, until)| until.as_millis_f64()),
        "scores": scores_as_json(connection.scores),
        "summaries": summaries_as_json(&analysis.connection),
        "streams": analysis.streams.iter().map(stream_as_json).collect::<Vec<_>>(),
        "issues": analysis.issues.iter().map(issue_as_json).collect::<Vec<_>>(),
    })
}

fn stream_as_json(StreamAnalysis { stream, summaries, unjudged }: &StreamAnalysis) -> Value {
    let Stream { id, mid, rid, codec, track, first, last } = stream;
    let unjudged = unjudged.iter().map(|held| json!({"reason": held.reason.name(), "seconds": held.seconds}));
    json!({
        "direction": direction(id.direction),
        "kind": kind(id.kind),
        "ssrc": id.ssrc,
        "mid": mid.as_deref(),
        "rid": rid.as_deref(),
        "codec": codec.as_deref(),
        "track": track.as_deref(),
        "start_ms": first.as_millis_f64(),
        "end_ms": last.as_millis_f64(),
        "summaries": summaries_as_json(summaries),
        "unjudged": unjudged.collect::<Vec<_>>(),
    })
}

fn summaries_as_json(summaries: &[Summary]) -> Value {
    let entry = |summary: &Summary| {
        let Summary { metric, count, mean, min, max, p5, p50, p95 } = *summary;
        (metric.name().to_owned(), json!({"count": count, "mean": mean, "min": min, "max": max, "p5": p5, "p50": p50, "p95": p95}))
    };
    Value::Object(summaries.iter().map(entry).collect())
}

fn issue_as_json(issue: &Issue) -> Value {
    json!({
        "rule": &*issue.rule,
        "severity": issue.severity.name(),
        "stream": issue.stream.map(|id| json!({"direction": direction(id.direction), "kind": kind(id.kind), "ssrc": id.ssrc})),
        "onset_ms": issue.onset.as_millis_f64(),
        "raised_ms": issue.raised.as_millis_f64(),
        "cleared_ms": issue.cleared.map(sidetone_engine::units::Timestamp::as_millis_f64),
        "metric": issue.evidence.metric.name(),
        "threshold": issue.evidence.threshold,
        "window": issue.evidence.window.iter().map(|(time, value)| json!({"time_ms": time.as_millis_f64(), "value": value})).collect::<Vec<_>>(),
    })
}

/// `inbound audio 1234`.
fn stream_name(id: StreamId) -> String {
    format!("{} {} {}", direction(id.direction), kind(id.kind), id.ssrc)
}

/// `inbound` or `outbound`.
pub(crate) fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "inbound",
        Direction::Outbound => "outbound",
    }
}

/// `audio` or `video`.
pub(crate) fn kind(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Audio => "audio",
        MediaKind::Video => "video",
    }
}
