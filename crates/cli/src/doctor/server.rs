//! Examines a running server.

use std::path::Path;

use anyhow::Result;
use bytes::Bytes;
use hyper::StatusCode;
use sidetone_engine::{
    ids::{ConferenceId, ParticipantId, PeerConnectionId, UserId},
    report::Reports,
};
use sidetone_store::clock::{Clock, SystemClock};
use sidetone_wire::batch::{self, Batch, Event, kind};
use tokio::time::Instant;

use super::Findings;
use sidetone_server::calendar;

use crate::{
    http::{Answer, Connection, Endpoint},
    secret,
};

/// A clock that differs by more is worth a note: `Date` has whole seconds, and an answer takes its time.
const CLOCK_MS_NOTE: i64 = 5_000;

pub(super) struct Patient<'a> {
    pub(super) url: &'a str,
    pub(super) token: Option<&'a str>,
    pub(super) ca: Option<&'a Path>,
    pub(super) send_test_batch: bool,
}

pub(super) async fn examine(patient: &Patient<'_>, findings: &mut Findings) {
    if let Err(error) = look(patient, findings).await {
        findings.wrong(format!("{}: {error:#}", patient.url));
    }
}

async fn look(patient: &Patient<'_>, findings: &mut Findings) -> Result<()> {
    let url = patient.url;
    let endpoint = Endpoint::new(url, patient.ca)?;
    let mut connection = Connection::new(endpoint.clone(), patient.token);
    let began = Instant::now();
    let health = connection.get("/healthz").await?;
    let took_ms = began.elapsed().as_millis();
    if health.status.is_server_error() {
        findings.wrong(format!("{url} is not healthy: {}", health.problem()));
        return Ok(());
    }
    // A proxy may keep that from those outside.
    let is_kept_inside = health.status != StatusCode::OK;
    let version = if is_kept_inside { version_of_api(&mut connection).await? } else { member(&health, "/version") };
    let Some(version) = version else {
        findings.wrong(format!("what answers at {url} is no Sidetone: /healthz is {}", health.problem()));
        return Ok(());
    };
    findings.fine(format!("{url} answers after {took_ms} ms, version {version}"));
    if is_kept_inside {
        findings.mind(format!("/healthz is not for those outside ({}): ask it beside the server whether that is healthy", health.status));
    }
    if version != env!("CARGO_PKG_VERSION") {
        findings.mind(format!("the server has version {version}, this is {}", env!("CARGO_PKG_VERSION")));
    }
    if endpoint.is_encrypted() {
        findings.fine("TLS holds, and the certificate is trusted here");
    } else if !endpoint.is_loopback() {
        findings.mind("no TLS: secrets and reports travel in the clear, unless a proxy in front ends TLS");
    }
    clock(&health, findings);
    let Some(token) = patient.token else {
        findings.mind("no --token was given, so credentials were not tried");
        return Ok(());
    };
    credentials(&mut connection, token, findings).await?;
    if patient.send_test_batch {
        test_batch(&mut connection, findings).await?;
    }
    Ok(())
}

/// The version that the API document tells, if it is Sidetone's.
async fn version_of_api(connection: &mut Connection) -> Result<Option<String>> {
    let document = connection.get(sidetone_server::OPENAPI_PATH).await?;
    Ok(member(&document, "/info/version").filter(|_| member(&document, "/info/title").as_deref() == Some("Sidetone")))
}

/// A text in an answer that is JSON.
fn member(answer: &Answer, pointer: &str) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    Some(body.pointer(pointer)?.as_str()?.to_owned())
}

fn clock(answer: &Answer, findings: &mut Findings) {
    let Some(theirs) = answer.date.as_deref().and_then(calendar::parse_http_date) else {
        findings.mind("the server does not tell its time");
        return;
    };
    let difference_ms = theirs.as_millis() - SystemClock.now().as_millis();
    let text = format!("the server's clock and this one differ by {:.0} s", difference_ms.abs() as f64 / 1000.0);
    if difference_ms.abs() > CLOCK_MS_NOTE { findings.mind(text) } else { findings.fine(text) }
}

/// Tokens that may send are told from those that may read by what the query API says.
async fn credentials(connection: &mut Connection, token: &str, findings: &mut Findings) -> Result<()> {
    let answer = connection.get("/v1/conferences?limit=1").await?;
    match answer.status {
        StatusCode::OK => findings.fine("the token may read"),
        StatusCode::FORBIDDEN if token.starts_with(sidetone_server::INTAKE_SECRET_PREFIX) => {
            findings.fine("the secret is known, and may send only, as it should");
        }
        _ => findings.wrong(format!("the token is refused: {}", answer.problem())),
    }
    Ok(())
}

async fn test_batch(connection: &mut Connection, findings: &mut Findings) -> Result<()> {
    let now = SystemClock.now();
    let event = |kind: &str| Event { time: now, kind: kind.to_owned(), payload: "{}".to_owned() };
    let batch = Batch {
        conference_id: ConferenceId::new("sidetone-doctor")?,
        user_id: UserId::new("sidetone-doctor")?,
        participant_id: ParticipantId::new(format!("doctor-{:032x}", secret::random()?))?,
        peer_connection_id: PeerConnectionId::default(),
        batch_seq: 0,
        sent: now,
        events: vec![event(kind::JOINED), event(kind::LEFT)],
        reports: Reports::default(),
    };
    let body = Bytes::from(batch::encode(&batch));
    for expected in ["stored", "duplicate"] {
        let began = Instant::now();
        let answer = connection.post("/v1/batches", batch::MEDIA_TYPE, body.clone()).await?;
        let said: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status != StatusCode::OK || said.get("status").and_then(serde_json::Value::as_str) != Some(expected) {
            findings.wrong(format!("a test batch was expected to be {expected}: {}", answer.problem()));
            return Ok(());
        }
        findings.fine(format!("a test batch was answered {expected:?} after {} ms", began.elapsed().as_millis()));
    }
    Ok(())
}
