//! Connections that never came to be, and participants who never got so far as to have one.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cause, Diagnosis, Evidence, Happening, Hop, Side, What, case::Case, inquiry::Connection};
use crate::{
    ids::{ParticipantKey, PeerConnectionKey},
    issue::Severity,
    units::Timestamp,
};

/// How long a connection may take before it counts as failed when it is given up.
const PATIENCE_US: i64 = 5_000_000;

/// The setup failures of a conference.
pub(super) fn diagnose(connections: &[Connection], happenings: &[Happening]) -> Vec<Diagnosis> {
    let refused = refused(connections, happenings);
    let mut by_connection: BTreeMap<PeerConnectionKey, Vec<&Happening>> = BTreeMap::new();
    for happening in happenings {
        if let Some(connection) = happening.connection {
            by_connection.entry(connection).or_default().push(happening);
        } else if happening.what == What::Left {
            // Who leaves closes every connection, and need not say so of each.
            for events in by_connection.values_mut().filter(|events| events[0].participant == happening.participant) {
                events.push(happening);
            }
        }
    }
    let failed = by_connection.iter().filter_map(|(&key, events)| {
        let held = connections.iter().find(|connection| connection.key == key);
        never_connected(key, held, events)
    });
    refused.into_iter().chain(failed).collect()
}

/// Participants whose page asked for devices in vain, and got none later.
fn refused(connections: &[Connection], happenings: &[Happening]) -> Vec<Diagnosis> {
    let mut last: BTreeMap<ParticipantKey, &Happening> = BTreeMap::new();
    for happening in happenings.iter().filter(|happening| matches!(happening.what, What::MediaRefused(_) | What::MediaGranted)) {
        last.insert(happening.participant, happening);
    }
    let refused = last.into_values().filter_map(|happening| {
        let What::MediaRefused(error) = &happening.what else { return None };
        // The names of W3C mediacapture-main, and what browsers said before.
        let cause = match &**error {
            "NotAllowedError" | "SecurityError" | "PermissionDeniedError" | "PermissionDismissedError" => Cause::PermissionDenied,
            "NotFoundError" | "DevicesNotFoundError" | "OverconstrainedError" | "ConstraintNotSatisfiedError" => Cause::NoDevice,
            "NotReadableError" | "TrackStartError" | "AbortError" | "SourceUnavailableError" => Cause::DeviceBusy,
            _ => return None,
        };
        let own = connections.iter().find(|connection| connection.participant == happening.participant);
        let connection = happening.connection.or(own.map(|own| own.key));
        Some(failure((cause, Side::Sender, Some(Hop::CaptureDevice)), 0.95, connection, &[happening]))
    });
    refused.collect()
}

fn never_connected(key: PeerConnectionKey, held: Option<&Connection>, events: &[&Happening]) -> Option<Diagnosis> {
    let find = |is_it: &dyn Fn(&What) -> bool| events.iter().find(|happening| is_it(&happening.what)).copied();
    let has_media = held.is_some_and(|held| held.streams.iter().any(|stream| stream.last > stream.first));
    let path = find(&|what| matches!(what, What::Ice(state) if matches!(&**state, "connected" | "completed")));
    let is_connected = find(&|what| matches!(what, What::Connection(state) if &**state == "connected")).is_some();
    // Whose beginning was seen tells when it is connected; of others media does, though streams are there before anything is sent.
    let has_begun = find(&|what| matches!(what, What::Connection(state) if &**state == "connecting")).is_some();
    let has_media = has_media && !has_begun;
    if is_connected || (path.is_some() && has_media) {
        return None;
    }
    let first = events.first()?;
    let last = events.last()?;
    // What was refused is no reason where the next attempt was taken.
    let is_mended = |refused: &Happening| {
        events.iter().any(|later| later.time > refused.time && matches!(&later.what, What::Signaling(state) if &**state == "stable"))
    };
    let told = [
        (What::NegotiationFailed, Cause::NegotiationFailed, Side::Unknown),
        (What::SignallingFailed, Cause::SignallingFailed, Side::Server),
        (What::Unanswered, Cause::NeverAnswered, Side::Receiver),
    ];
    for (what, cause, side) in told {
        if let Some(event) = find(&|happened| *happened == what).filter(|event| what != What::NegotiationFailed || !is_mended(event)) {
            return Some(failure((cause, side, None), 0.85, Some(key), &[event]));
        }
    }
    let dtls_failed = find(&|what| *what == What::DtlsFailed);
    let connection_failed = find(&|what| matches!(what, What::Ice(state) | What::Connection(state) if &**state == "failed"));
    if let Some(event) = dtls_failed.or(connection_failed.filter(|_| path.is_some())) {
        return Some(failure((Cause::DtlsFailed, Side::Path, None), 0.9, Some(key), &[event]));
    }
    if let Some(event) = connection_failed {
        return Some(failure((Cause::IceFailed, Side::Path, None), 0.9, Some(key), &[event]));
    }
    // It was given up, after a while.
    let end = events.iter().find(|happening| matches!(happening.what, What::Closed | What::Left)).unwrap_or(last);
    let waited = |since: &Happening| end.time.as_micros() - since.time.as_micros();
    if waited(first) < PATIENCE_US || has_media {
        return None;
    }
    // Where ICE found a way, it is the handshake on it that never ended: it is repeated for ever (RFC 6347, 4.2.4).
    let checking = || find(&|what| matches!(what, What::Ice(state) if &**state == "checking"));
    if let Some((cause, event)) = path.map(|event| (Cause::DtlsFailed, event)).or_else(|| Some((Cause::IceFailed, checking()?))) {
        let is_tried = waited(event) >= PATIENCE_US;
        return is_tried.then(|| failure((cause, Side::Path, None), 0.7, Some(key), &[event, end]));
    }
    let signaling: Vec<_> = events.iter().filter(|happening| matches!(happening.what, What::Signaling(_))).collect();
    let last_signaling = signaling.last().and_then(|happening| match &happening.what {
        What::Signaling(state) => Some(&**state),
        _ => None,
    });
    match last_signaling {
        Some("have-local-offer") => Some(failure((Cause::NeverAnswered, Side::Receiver, None), 0.85, Some(key), &[signaling.last()?, end])),
        Some("have-remote-offer") => Some(failure((Cause::NeverAnswered, Side::Sender, None), 0.85, Some(key), &[signaling.last()?, end])),
        None if matches!(end.what, What::Closed | What::Left) => {
            Some(failure((Cause::NeverOffered, Side::Sender, None), 0.7, Some(key), &[first, end]))
        }
        _ => None,
    }
}

fn failure(
    (cause, side, hop): (Cause, Side, Option<Hop>),
    confidence: f64,
    connection: Option<PeerConnectionKey>,
    happenings: &[&Happening],
) -> Diagnosis {
    let times = || happenings.iter().map(|happening| happening.time);
    let evidence: Vec<Evidence> = happenings.iter().map(|happening| Case::event(happening)).collect();
    Diagnosis {
        cause,
        side,
        hop,
        confidence,
        severity: Severity::Critical,
        sender: happenings.first().map(|happening| happening.participant),
        receiver: None,
        media: None,
        connection,
        from: times().min().unwrap_or(Timestamp::default()),
        until: times().max().unwrap_or(Timestamp::default()),
        rules: BTreeSet::new(),
        evidence,
    }
}
