//! From a decoded batch to an [`Append`]: whose clock counts, what a `joined` event told, what the batch ends.
//!
//! Both ways in use it: the HTTP intake, and `sidetone import`, which hands its batches to the store directly.

use serde_json::{Map, Value};
use sidetone_engine::units::Timestamp;
use sidetone_store::record::{Append, ConferenceKind, EncodedReports, ParticipantFacts};
use sidetone_wire::{
    batch::{Event, kind},
    user_agent,
};

use super::kept::KeptBatch;
use crate::config::intake::IntakeConfig;

/// Whose clock the times of a batch are told by, and how far they may lie from now.
#[derive(Clone, Copy, Debug)]
pub enum TimePolicy<'a> {
    /// A client sends as it happens: beyond `clock_skew_max` its times are moved to our clock, then they must lie within `age_max` and
    /// `future_max`.
    Live(&'a IntakeConfig),
    /// As [`Live`](Self::Live), but the client does not say what its clock shows: its times are taken as they are.
    LiveWithoutClock(&'a IntakeConfig),
    /// A record of the past (an import): times are taken as they are.
    Recorded,
}

/// Why a batch that could be read is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Without it the stay cannot be told from others.
    #[error("participant_id is empty; give each stay of a user in a conference an id of its own, such as a ULID or UUID")]
    ParticipantIdEmpty,
    /// Reports belong to a peer connection.
    #[error("the batch has reports but its peer_connection_id is empty; give each RTCPeerConnection an id of its own")]
    PeerConnectionIdEmpty,
    /// Too long ago or too far ahead, even with the client's clock corrected.
    #[error(
        "the batch speaks of {given_ms} (ms since 1970), {allowed_from_ms} to {allowed_until_ms} is accepted now; \
         correct the clock of the client, or let it tell what it shows (the member `sent_ms`); bring old calls in by `sidetone import`"
    )]
    TimeOutOfRange {
        /// The instant that lies outside, by the server's clock.
        given_ms: i64,
        /// Earliest accepted.
        allowed_from_ms: i64,
        /// Latest accepted.
        allowed_until_ms: i64,
    },
}

impl Refused {
    /// Its stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ParticipantIdEmpty => "participant_id_empty",
            Self::PeerConnectionIdEmpty => "peer_connection_id_empty",
            Self::TimeOutOfRange { .. } => "time_out_of_range",
        }
    }
}

/// Makes of a batch what the store keeps. The reports of the batch stay with the caller.
///
/// # Errors
/// When the batch may not be kept, see [`Refused`].
pub fn prepare(kept: &mut KeptBatch, received: Timestamp, policy: TimePolicy<'_>) -> Result<Append, Refused> {
    let KeptBatch { app, batch, encoded, .. } = kept;
    if batch.participant_id.as_str().is_empty() {
        return Err(Refused::ParticipantIdEmpty);
    }
    if batch.peer_connection_id.as_str().is_empty() && !batch.reports.is_empty() {
        return Err(Refused::PeerConnectionIdEmpty);
    }
    let shift_us = match policy {
        TimePolicy::Live(config) => {
            let offset = received.as_micros().saturating_sub(batch.sent.as_micros());
            if offset.saturating_abs() > config.clock_skew_max.as_micros() { offset } else { 0 }
        }
        TimePolicy::LiveWithoutClock(_) | TimePolicy::Recorded => 0,
    };
    for event in &mut batch.events {
        event.time = event.time.plus_micros(shift_us);
    }
    let report_span = span(batch.reports.times().iter().map(|time| time.plus_micros(shift_us)));
    let both = |events| [report_span, events].into_iter().flatten().flat_map(|(first, last)| [first, last]);
    let sent = batch.sent.plus_micros(shift_us);
    let all = span(both(span(batch.events.iter().map(|event| event.time)))).unwrap_or((sent, sent));
    // What is told afterwards says nothing of when the participant was there.
    let lasting = batch.events.iter().filter(|event| !kind::AFTERWARDS.contains(&&*event.kind));
    let span = span(both(span(lasting.map(|event| event.time)))).unwrap_or(all);
    if let TimePolicy::Live(config) | TimePolicy::LiveWithoutClock(config) = policy {
        let from = received.plus_micros(-config.age_max.as_micros());
        let until = received.plus_micros(config.future_max.as_micros());
        if let Some(given) = [all.0, all.1].into_iter().find(|time| *time < from || *time > until) {
            return Err(Refused::TimeOutOfRange {
                given_ms: given.as_millis(),
                allowed_from_ms: from.as_millis(),
                allowed_until_ms: until.as_millis(),
            });
        }
    }
    let count = u32::try_from(batch.reports.len()).unwrap_or(u32::MAX);
    let encoded = std::mem::take(encoded);
    Ok(Append {
        app: *app,
        conference_id: batch.conference_id.clone(),
        user_id: batch.user_id.clone(),
        participant_id: batch.participant_id.clone(),
        peer_connection_id: batch.peer_connection_id.clone(),
        batch_seq: batch.batch_seq,
        received,
        span,
        conference_kind: conference_kind(&batch.events),
        facts: facts(&batch.events),
        is_hearsay: false,
        left: last(&batch.events, kind::LEFT),
        closed: last(&batch.events, kind::CLOSED),
        reports: report_span.map(|span| EncodedReports { bytes: encoded, count, span, shift_us }),
        events: std::mem::take(&mut batch.events),
        delivery: None,
    })
}

fn span(times: impl IntoIterator<Item = Timestamp>) -> Option<(Timestamp, Timestamp)> {
    times.into_iter().fold(None, |span, time| match span {
        None => Some((time, time)),
        Some((first, last)) => Some((time.min(first), time.max(last))),
    })
}

fn last(events: &[Event], kind: &str) -> Option<Timestamp> {
    events.iter().filter(|event| event.kind == kind).map(|event| event.time).max()
}

/// What the conference is, by events that only one kind of it has.
fn conference_kind(events: &[Event]) -> ConferenceKind {
    let kind = |event: &Event| match event.kind.as_str() {
        "pre_call_test" | "pre_call_notification" => Some(ConferenceKind::PreCallTest),
        "bridge" => Some(ConferenceKind::Bridge),
        "device" => Some(ConferenceKind::Device),
        _ => None,
    };
    events.iter().find_map(kind).unwrap_or_default()
}

/// What `joined` events told; the last word counts. Members of another type than expected are left out: the event itself is kept whole.
fn facts(events: &[Event]) -> ParticipantFacts {
    let mut facts = ParticipantFacts::default();
    for event in events.iter().filter(|event| event.kind == kind::JOINED) {
        let Ok(payload) = serde_json::from_str::<Map<String, Value>>(&event.payload) else { continue };
        for (name, value) in payload {
            let place = match name.as_str() {
                "user_name" => &mut facts.user_name,
                "alias_name" => &mut facts.alias_name,
                "site" => &mut facts.site,
                "app_version" => &mut facts.app_version,
                "user_agent" => &mut facts.user_agent,
                "browser" => &mut facts.browser,
                "browser_version" => &mut facts.browser_version,
                "os" => &mut facts.os,
                "sdk" => &mut facts.sdk,
                "additional_ids" => {
                    if let Value::Object(ids) = value {
                        let ids = ids.into_iter().filter_map(|(name, id)| Some((name, id.as_str()?.to_owned())));
                        facts.additional_ids.extend(ids);
                    }
                    continue;
                }
                _ => continue,
            };
            if let Value::String(text) = value {
                *place = text;
            }
        }
    }
    if facts.browser.is_empty()
        && let Some(browser) = user_agent::browser(&facts.user_agent)
    {
        browser.name.clone_into(&mut facts.browser);
        browser.version.clone_into(&mut facts.browser_version);
    }
    if facts.os.is_empty() {
        user_agent::os(&facts.user_agent).unwrap_or_default().clone_into(&mut facts.os);
    }
    facts
}

#[cfg(test)]
mod tests {
    use sidetone_engine::{
        ids::{AppKey, ConferenceId, ParticipantId, PeerConnectionId, UserId},
        report::{Report, Reports},
    };
    use sidetone_store::record::{App, AppSettings};
    use sidetone_wire::batch::Batch;

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);
    const HOUR: i64 = 3_600_000_000;

    fn batch(clock_offset_us: i64, age_us: i64) -> Batch {
        let time = NOW.plus_micros(clock_offset_us - age_us);
        Batch {
            conference_id: ConferenceId::new("standup").unwrap(),
            user_id: UserId::new("ada").unwrap(),
            participant_id: ParticipantId::new("stay-1").unwrap(),
            peer_connection_id: PeerConnectionId::new("pc").unwrap(),
            batch_seq: 0,
            sent: NOW.plus_micros(clock_offset_us),
            events: vec![Event {
                time,
                kind: "joined".into(),
                payload: r#"{"user_name":"Ada","site":7,"additional_ids":{"ticket":"42"}}"#.into(),
            }],
            reports: Reports::from_iter([Report { time, ..Report::default() }]),
        }
    }

    fn prepared_by(batch: Batch, policy: TimePolicy<'_>) -> Result<Append, Refused> {
        let app = App { key: AppKey::mint(NOW, 1), name: "app".into(), created: NOW, settings: AppSettings::default() };
        prepare(&mut KeptBatch::new(&app, batch, None), NOW, policy)
    }

    fn prepared(batch: Batch) -> Result<Append, Refused> {
        prepared_by(batch, TimePolicy::Live(&IntakeConfig::default()))
    }

    #[test]
    fn a_clock_that_is_a_little_off_is_left_alone() {
        let append = prepared(batch(5_000_000, 10_000_000)).unwrap();
        assert_eq!(append.span.0, NOW.plus_micros(-5_000_000));
        assert_eq!(append.reports.unwrap().shift_us, 0);
    }

    #[test]
    fn a_clock_that_is_far_off_is_corrected() {
        for offset in [-400 * 24 * HOUR, -2 * HOUR, 2 * HOUR, 3650 * 24 * HOUR] {
            let append = prepared(batch(offset, 10_000_000)).unwrap();
            assert_eq!(append.span, (NOW.plus_micros(-10_000_000), NOW.plus_micros(-10_000_000)));
            assert_eq!(append.events[0].time, NOW.plus_micros(-10_000_000));
            assert_eq!(append.reports.unwrap().shift_us, -offset);
        }
    }

    #[test]
    fn what_lies_too_far_away_is_refused_with_the_range() {
        for age in [31 * 24 * HOUR, -2 * HOUR] {
            let error = prepared(batch(0, age)).unwrap_err();
            assert_eq!(error.code(), "time_out_of_range");
            assert!(error.to_string().contains(&(NOW.as_millis() - age / 1000).to_string()), "{error}");
        }
        let recorded = prepared_by(batch(0, 3650 * 24 * HOUR), TimePolicy::Recorded);
        assert_eq!(recorded.unwrap().span.0, NOW.plus_micros(-3650 * 24 * HOUR));
    }

    #[test]
    fn what_a_participant_told_of_itself_is_found_in_joined() {
        let facts = prepared(batch(0, 0)).unwrap().facts;
        assert_eq!((facts.user_name.as_str(), facts.site.as_str()), ("Ada", ""));
        assert_eq!(facts.additional_ids.get("ticket").map(String::as_str), Some("42"));
    }

    #[test]
    fn leaving_and_closing_are_told_with_their_time() {
        let mut batch = batch(2 * HOUR, 0);
        let at = batch.sent;
        batch.events.push(Event { time: at, kind: kind::LEFT.into(), payload: "{}".into() });
        let append = prepared(batch).unwrap();
        assert_eq!((append.left, append.closed), (Some(NOW), None));
    }

    #[test]
    fn ids_without_which_nothing_can_be_told_apart_are_wanted() {
        let mut nobody = batch(0, 0);
        nobody.participant_id = ParticipantId::default();
        assert_eq!(prepared(nobody).unwrap_err(), Refused::ParticipantIdEmpty);
        let mut nowhere = batch(0, 0);
        nowhere.peer_connection_id = PeerConnectionId::default();
        assert_eq!(prepared(nowhere).unwrap_err(), Refused::PeerConnectionIdEmpty);
    }
}
