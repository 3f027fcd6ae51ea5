//! The JSON in which settings, scores and analyses are stored. Members that are added later must have a default.

use serde::{Deserialize, Serialize};
use sidetone_engine::{
    analysis::{Direction, MediaKind, Stream, StreamId, Summary, UnjudgedTime},
    issue::{Evidence, Issue, Preset, Severity, Tuned},
    metric::Metric,
    report::Text,
    score::life::Scores,
    score::unjudged::Unjudged,
    units::Timestamp,
};
use sidetone_store::{
    record::{AppSettings, CallstatsSettings, Secret, StreamRecord, TokenAlgorithm, TokenKey},
    summary::{IssueCount, PeerConnectionSummary},
};

#[derive(Serialize, Deserialize)]
pub(crate) struct SettingsJson {
    intake_secrets: Vec<[u8; 32]>,
    query_secrets: Vec<[u8; 32]>,
    #[serde(default)]
    names_secrets: Vec<[u8; 32]>,
    token_keys: Vec<TokenKeyJson>,
    origins: Vec<String>,
    retention_days: Option<u32>,
    #[serde(default)]
    keep_addresses: bool,
    #[serde(default)]
    preset: Option<String>,
    #[serde(default)]
    thresholds: String,
    #[serde(default)]
    messenger_pages: Vec<String>,
    callstats: Option<CallstatsJson>,
}

/// (AppID, secrets)
#[derive(Serialize, Deserialize)]
struct CallstatsJson(u64, Vec<Vec<u8>>);

#[derive(Serialize, Deserialize)]
struct TokenKeyJson {
    kid: String,
    algorithm: String,
    material: Vec<u8>,
}

impl From<&AppSettings> for SettingsJson {
    fn from(settings: &AppSettings) -> Self {
        Self {
            intake_secrets: settings.intake_secrets.clone(),
            query_secrets: settings.query_secrets.clone(),
            names_secrets: settings.names_secrets.clone(),
            token_keys: settings
                .token_keys
                .iter()
                .map(|key| TokenKeyJson {
                    kid: key.kid.clone(),
                    algorithm: match key.algorithm {
                        TokenAlgorithm::Hs256 => "HS256",
                        TokenAlgorithm::Es256 => "ES256",
                        TokenAlgorithm::Rs256 => "RS256",
                    }
                    .into(),
                    material: key.material.0.clone(),
                })
                .collect(),
            origins: settings.origins.clone(),
            retention_days: settings.retention_days,
            keep_addresses: settings.keep_addresses,
            preset: Some(settings.rules.preset().name().to_owned()),
            thresholds: settings.rules.thresholds(),
            messenger_pages: settings.messenger_pages.clone(),
            callstats: settings
                .callstats
                .as_ref()
                .map(|callstats| CallstatsJson(callstats.app_id, callstats.secrets.iter().map(|secret| secret.0.clone()).collect())),
        }
    }
}

impl TryFrom<SettingsJson> for AppSettings {
    type Error = String;

    fn try_from(json: SettingsJson) -> Result<Self, String> {
        let key = |key: TokenKeyJson| {
            let algorithm = match key.algorithm.as_str() {
                "HS256" => TokenAlgorithm::Hs256,
                "ES256" => TokenAlgorithm::Es256,
                "RS256" => TokenAlgorithm::Rs256,
                other => return Err(format!("{other:?} is no token algorithm")),
            };
            Ok(TokenKey { kid: key.kid, algorithm, material: Secret(key.material) })
        };
        let preset = json.preset.as_deref().unwrap_or(Preset::default().name());
        let rules = Tuned::stored(preset, &json.thresholds);
        Ok(Self {
            intake_secrets: json.intake_secrets,
            query_secrets: json.query_secrets,
            names_secrets: json.names_secrets,
            token_keys: json.token_keys.into_iter().map(key).collect::<Result<_, _>>()?,
            origins: json.origins,
            retention_days: json.retention_days,
            keep_addresses: json.keep_addresses,
            rules,
            messenger_pages: json.messenger_pages,
            callstats: json
                .callstats
                .map(|CallstatsJson(app_id, secrets)| CallstatsSettings { app_id, secrets: secrets.into_iter().map(Secret).collect() }),
        })
    }
}

/// Severity as a number that sorts.
pub(crate) fn severity_number(severity: Severity) -> u8 {
    match severity {
        Severity::Minor => 1,
        Severity::Major => 2,
        Severity::Critical => 3,
    }
}

pub(crate) fn severity(number: u8) -> Result<Severity, String> {
    match number {
        1 => Ok(Severity::Minor),
        2 => Ok(Severity::Major),
        3 => Ok(Severity::Critical),
        other => Err(format!("{other} is no severity")),
    }
}

/// (rule, severity, count)
#[derive(Serialize, Deserialize)]
pub(crate) struct IssueCountJson(String, u8, u64);

impl From<&IssueCount> for IssueCountJson {
    fn from(count: &IssueCount) -> Self {
        Self(count.rule.clone(), severity_number(count.severity), count.count)
    }
}

impl TryFrom<IssueCountJson> for IssueCount {
    type Error = String;

    fn try_from(IssueCountJson(rule, number, count): IssueCountJson) -> Result<Self, String> {
        Ok(Self { rule, severity: severity(number)?, count })
    }
}

/// What is stored of an [`Analysis`].
#[derive(Serialize, Deserialize)]
pub(crate) struct AnalysisJson {
    /// (mos_lq, mos_cq, mos_v)
    #[serde(default)]
    scores: Option<(Option<f64>, Option<f64>, Option<f64>)>,
    connection: Vec<SummaryJson>,
    streams: Vec<StreamJson>,
    issues: Vec<IssueJson>,
}

/// (metric, count, mean, min, max, p5, p50, p95)
#[derive(Serialize, Deserialize)]
struct SummaryJson(String, u64, f64, f64, f64, f64, f64, f64);

/// (is outbound, is video, ssrc)
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct StreamIdJson(bool, bool, u32);

#[derive(Serialize, Deserialize)]
struct StreamJson {
    id: StreamIdJson,
    mid: Option<String>,
    rid: Option<String>,
    codec: Option<String>,
    track: Option<String>,
    first: i64,
    last: i64,
    summaries: Vec<SummaryJson>,
    /// (reason, seconds)
    #[serde(default)]
    unjudged: Vec<(String, f64)>,
}

#[derive(Serialize, Deserialize)]
struct IssueJson {
    rule: String,
    severity: u8,
    stream: Option<StreamIdJson>,
    onset: i64,
    raised: i64,
    cleared: Option<i64>,
    metric: String,
    threshold: f64,
    window: Vec<(i64, Option<f64>)>,
}

fn summaries_to_json(summaries: &[Summary]) -> Vec<SummaryJson> {
    let json = |s: &Summary| SummaryJson(s.metric.name().into(), s.count, s.mean, s.min, s.max, s.p5, s.p50, s.p95);
    summaries.iter().map(json).collect()
}

/// Summaries (and issues) of metrics that this version no longer has are left out; re-scoring brings their successors.
fn summaries_from_json(json: Vec<SummaryJson>) -> Vec<Summary> {
    let summary = |SummaryJson(name, count, mean, min, max, p5, p50, p95): SummaryJson| {
        Some(Summary { metric: Metric::from_name(&name)?, count, mean, min, max, p5, p50, p95 })
    };
    json.into_iter().filter_map(summary).collect()
}

impl From<StreamId> for StreamIdJson {
    fn from(id: StreamId) -> Self {
        Self(id.direction == Direction::Outbound, id.kind == MediaKind::Video, id.ssrc)
    }
}

impl From<StreamIdJson> for StreamId {
    fn from(StreamIdJson(is_outbound, is_video, ssrc): StreamIdJson) -> Self {
        Self {
            direction: if is_outbound { Direction::Outbound } else { Direction::Inbound },
            kind: if is_video { MediaKind::Video } else { MediaKind::Audio },
            ssrc,
        }
    }
}

impl From<&PeerConnectionSummary> for AnalysisJson {
    fn from(PeerConnectionSummary { scores: Scores { mos_lq, mos_cq, mos_v }, analysis, .. }: &PeerConnectionSummary) -> Self {
        let text = |text: &Option<Text>| text.as_deref().map(str::to_owned);
        Self {
            scores: Some((*mos_lq, *mos_cq, *mos_v)),
            connection: summaries_to_json(&analysis.connection),
            streams: analysis
                .streams
                .iter()
                .map(|held| StreamJson {
                    id: held.stream.id.into(),
                    mid: text(&held.stream.mid),
                    rid: text(&held.stream.rid),
                    codec: text(&held.stream.codec),
                    track: text(&held.stream.track),
                    first: held.stream.first.as_micros(),
                    last: held.stream.last.as_micros(),
                    summaries: summaries_to_json(&held.summaries),
                    unjudged: held.unjudged.iter().map(|held| (held.reason.name().to_owned(), held.seconds)).collect(),
                })
                .collect(),
            issues: analysis
                .issues
                .iter()
                .map(|issue| IssueJson {
                    rule: issue.rule.to_string(),
                    severity: severity_number(issue.severity),
                    stream: issue.stream.map(Into::into),
                    onset: issue.onset.as_micros(),
                    raised: issue.raised.as_micros(),
                    cleared: issue.cleared.map(Timestamp::as_micros),
                    metric: issue.evidence.metric.name().into(),
                    threshold: issue.evidence.threshold,
                    window: issue.evidence.window.iter().map(|(time, value)| (time.as_micros(), *value)).collect(),
                })
                .collect(),
        }
    }
}

/// What a stored analysis gives back.
#[derive(Default)]
pub(crate) struct StoredAnalysis {
    pub(crate) scores: Option<Scores>,
    pub(crate) summaries: Vec<Summary>,
    pub(crate) streams: Vec<StreamRecord>,
    pub(crate) issues: Vec<Issue>,
}

impl TryFrom<AnalysisJson> for StoredAnalysis {
    type Error = String;

    fn try_from(json: AnalysisJson) -> Result<Self, String> {
        let stream = |json: StreamJson| StreamRecord {
            stream: Stream {
                id: json.id.into(),
                mid: json.mid.map(Into::into),
                rid: json.rid.map(Into::into),
                codec: json.codec.map(Into::into),
                track: json.track.map(Into::into),
                first: Timestamp::from_micros(json.first),
                last: Timestamp::from_micros(json.last),
            },
            summaries: summaries_from_json(json.summaries),
            // As with summaries, of reasons that this version no longer has nothing is told.
            unjudged: json
                .unjudged
                .into_iter()
                .filter_map(|(name, seconds)| Some(UnjudgedTime { reason: Unjudged::from_name(&name)?, seconds }))
                .collect(),
        };
        let issue = |json: IssueJson| {
            let severity_of = severity(json.severity)?;
            Ok(Metric::from_name(&json.metric).map(|metric| Issue {
                rule: json.rule.into(),
                stream: json.stream.map(Into::into),
                onset: Timestamp::from_micros(json.onset),
                raised: Timestamp::from_micros(json.raised),
                cleared: json.cleared.map(Timestamp::from_micros),
                evidence: Evidence {
                    metric,
                    threshold: json.threshold,
                    window: json.window.into_iter().map(|(time, value)| (Timestamp::from_micros(time), value)).collect(),
                },
                severity: severity_of,
            }))
        };
        Ok(Self {
            scores: json.scores.map(|(mos_lq, mos_cq, mos_v)| Scores { mos_lq, mos_cq, mos_v }),
            summaries: summaries_from_json(json.connection),
            streams: json.streams.into_iter().map(stream).collect(),
            issues: json.issues.into_iter().filter_map(|json| issue(json).transpose()).collect::<Result<_, String>>()?,
        })
    }
}
