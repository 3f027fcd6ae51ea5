//! A request's body: read within size, time and memory, and inflated within a bound.

use std::io::Read;

use axum::{
    body::{Body, HttpBody},
    http::{HeaderMap, StatusCode, header},
};
use bytes::Bytes;
use http_body_util::BodyExt;

use crate::{config::text::ByteSize, limit::Reserved, problem::Problem, state::AppState};

/// How much is inflated before memory is set aside for it.
const INFLATED_STEP: u64 = 64 * 1024;

/// A body in memory, with the part of the budget that it takes.
pub(crate) struct Received {
    pub(crate) bytes: Bytes,
    pub(crate) reserved: Vec<Reserved>,
}

/// How the body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
}

/// The `Content-Encoding`.
pub(crate) fn encoding(headers: &HeaderMap) -> Result<Encoding, Problem> {
    let Some(value) = headers.get(header::CONTENT_ENCODING) else { return Ok(Encoding::Identity) };
    match value.to_str().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "identity" => Ok(Encoding::Identity),
        "gzip" => Ok(Encoding::Gzip),
        other => {
            let given: String = other.chars().take(40).collect();
            Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "content_encoding_unsupported",
                format!("Content-Encoding {given:?} is not understood; send the body plain, or JSON with gzip"),
            ))
        }
    }
}

/// Reads the whole body, up to `limits.body_size_max`.
pub(crate) async fn read(state: &AppState, body: Body) -> Result<Received, Problem> {
    read_up_to(state, body, state.config.limits.body_size_max).await
}

/// As [`read`], up to `limit`.
pub(crate) async fn read_up_to(state: &AppState, body: Body, limit: ByteSize) -> Result<Received, Problem> {
    let limits = &state.config.limits;
    let hint = body.size_hint();
    if hint.lower() > limit.as_u64() {
        return Err(too_large(&format!("{} bytes", hint.lower()), limit));
    }
    let read = tokio::time::timeout(limits.body_timeout.get(), collect(state, body, limit)).await;
    read.map_err(|_| {
        let detail = format!("the body did not arrive within {}; send smaller batches on slow networks", limits.body_timeout);
        Problem::new(StatusCode::REQUEST_TIMEOUT, "body_timeout", detail)
    })?
}

/// Memory is set aside for what has arrived, not for what is announced: who announces much and sends nothing takes nothing from others.
async fn collect(state: &AppState, mut body: Body, limit: ByteSize) -> Result<Received, Problem> {
    let mut reserved = state.budget.part();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame
            .map_err(|_| Problem::bad_request("body_incomplete", "the connection ended before the body was complete; send it again"))?;
        let Some(data) = frame.data_ref() else { continue };
        if data.len() > limit.as_usize() - bytes.len() {
            return Err(too_large("larger", limit));
        }
        reserve(state, &mut reserved, data.len())?;
        bytes.extend_from_slice(data);
    }
    Ok(Received { bytes: bytes.into(), reserved: vec![reserved] })
}

fn too_large(given: &str, limit: ByteSize) -> Problem {
    let detail = format!("the body is {given}, at most {limit} ({} bytes) are accepted; send smaller batches more often", limit.as_u64());
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
}

/// Undoes gzip. What would become larger than the limit is refused before it does.
pub(crate) fn inflate(state: &AppState, received: Received) -> Result<Received, Problem> {
    let limit = state.config.limits.inflated_size_max;
    let Received { bytes, reserved: mut held } = received;
    let mut reserved = state.budget.part();
    let mut inflated = Vec::new();
    let mut decoder = flate2::read::MultiGzDecoder::new(&bytes[..]).take(limit.as_u64() + 1);
    loop {
        let more = decoder.by_ref().take(INFLATED_STEP).read_to_end(&mut inflated).map_err(|error| {
            Problem::bad_request("content_encoding_damaged", format!("the body is not what Content-Encoding: gzip says: {error}"))
        })?;
        if more == 0 {
            break;
        }
        reserve(state, &mut reserved, more)?;
    }
    if inflated.len() as u64 > limit.as_u64() {
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            format!("the body inflates to more than {limit} ({} bytes); send smaller batches", limit.as_u64()),
        ));
    }
    held.push(reserved);
    Ok(Received { bytes: inflated.into(), reserved: held })
}

fn reserve(state: &AppState, reserved: &mut Reserved, bytes: usize) -> Result<(), Problem> {
    if reserved.grow(bytes as u64) {
        return Ok(());
    }
    let most = state.config.limits.in_flight_bytes_max;
    Err(Problem::busy(
        format!("request bodies of {most} are in work already; send the same request again later"),
        state.config.limits.retry_after.get(),
    ))
}
