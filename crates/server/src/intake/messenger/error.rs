//! Refusals in the envelope of the Graph API. The codes are Meta's, the subcodes ours: Meta documents none for this endpoint.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use sidetone_engine::units::Timestamp;
use sidetone_wire::messenger::Refused;
use utoipa::ToSchema;

use crate::problem::Problem;

/// Why a record was refused.
#[derive(Debug)]
pub(crate) struct GraphError {
    status: StatusCode,
    kind: &'static str,
    code: u32,
    subcode: Option<u32>,
    /// Stable name in our metrics and log.
    name: &'static str,
    message: String,
    is_transient: bool,
    retry_after: Option<Duration>,
}

/// The envelope of a refusal.
#[derive(Serialize, ToSchema)]
pub(crate) struct GraphErrorBody<'a> {
    error: GraphErrorDetail<'a>,
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
struct GraphErrorDetail<'a> {
    /// What was given, what is allowed and how to mend it.
    message: &'a str,
    /// `GraphMethodException` or `OAuthException`.
    #[serde(rename = "type")]
    #[schema(example = "GraphMethodException")]
    kind: &'a str,
    /// Meta's code: 100 invalid parameter, 190 token, 10 permission, 4 too many requests, 2 try again, 1 unknown.
    #[schema(example = 100)]
    code: u32,
    /// Sidetone's subcode.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1013)]
    error_subcode: Option<u32>,
    /// Whether the same request may succeed later.
    is_transient: bool,
    /// Names this refusal in the server's log.
    fbtrace_id: String,
}

impl GraphError {
    fn parameter(status: StatusCode, subcode: u32, name: &'static str, message: impl Into<String>) -> Self {
        let (kind, code, subcode) = ("GraphMethodException", 100, Some(subcode));
        Self { status, kind, code, subcode, name, message: message.into(), is_transient: false, retry_after: None }
    }

    pub(crate) fn call_unknown(call_id: &str) -> Self {
        let message = format!(
            "(#100) invalid call_id: no call {call_id:?} was reported to Sidetone; report it first, or set messenger.calls = \"any\""
        );
        Self::parameter(StatusCode::BAD_REQUEST, 1010, "call_unknown", message)
    }

    pub(crate) fn page_unknown(page_id: &str) -> Self {
        let message =
            format!("(#100) invalid page id: {page_id:?} is not a page id; it is the number of the page, as in /1234567890/call_metrics");
        Self::parameter(StatusCode::NOT_FOUND, 1011, "page_unknown", message)
    }

    pub(crate) fn page_foreign(page_id: &str) -> Self {
        let message = format!(
            "(#100) invalid page id: the page {page_id} is not one of this app; `sidetone app set APP --messenger-page {page_id}` adds it"
        );
        Self::parameter(StatusCode::NOT_FOUND, 1011, "page_unknown", message)
    }

    pub(crate) fn in_progress() -> Self {
        let message = "(#100) the call is still in progress; send its metrics after it has ended";
        Self::parameter(StatusCode::BAD_REQUEST, 1012, "call_in_progress", message)
    }

    pub(crate) fn submitted() -> Self {
        let message = "(#100) the metrics of this call were submitted already; each call takes one submission. To repeat a request whose answer was \
                       lost, send the same body with the same Idempotency-Key within 10 minutes";
        Self::parameter(StatusCode::BAD_REQUEST, 1013, "already_submitted", message)
    }

    pub(crate) fn too_late(ended: Timestamp) -> Self {
        let message = format!(
            "(#100) the call ended at {} (seconds since 1970), more than 24 hours ago; its metrics are accepted within 24 hours",
            ended.as_millis() / 1000
        );
        Self::parameter(StatusCode::BAD_REQUEST, 1014, "window_exceeded", message)
    }

    /// Stable name for the accounts.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<Refused> for GraphError {
    fn from(refused: Refused) -> Self {
        let (status, subcode, name) = match &refused {
            Refused::Malformed(_) => (StatusCode::BAD_REQUEST, 1001, "body_malformed"),
            Refused::Unknown { .. } => (StatusCode::BAD_REQUEST, 1003, "value_unknown"),
            Refused::CallId(_) => (StatusCode::BAD_REQUEST, 1010, "call_unknown"),
            Refused::PageId { .. } => (StatusCode::NOT_FOUND, 1011, "page_unknown"),
            // Property, and whatever else may be wrong with one.
            _ => (StatusCode::BAD_REQUEST, 1002, "property_invalid"),
        };
        Self::parameter(status, subcode, name, refused.to_string())
    }
}

/// What any part of the server refuses, in Meta's words.
impl From<Problem> for GraphError {
    fn from(problem: Problem) -> Self {
        let status = problem.status();
        let (kind, code, is_transient) = match status {
            StatusCode::UNAUTHORIZED => ("OAuthException", 190, false),
            StatusCode::FORBIDDEN => ("OAuthException", 10, false),
            StatusCode::TOO_MANY_REQUESTS => ("OAuthException", 4, true),
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::REQUEST_TIMEOUT => ("OAuthException", 2, true),
            status if status.is_server_error() => ("OAuthException", 1, true),
            _ => ("GraphMethodException", 100, false),
        };
        let (name, retry_after) = (problem.code(), problem.retry_after_span());
        Self { status, kind, code, subcode: None, name, message: problem.into_detail(), is_transient, retry_after }
    }
}

impl IntoResponse for GraphError {
    fn into_response(self) -> Response {
        let fbtrace_id = trace_id();
        tracing::info!(code = self.code, subcode = self.subcode, name = self.name, fbtrace_id, "call metrics refused");
        let error = GraphErrorDetail {
            message: &self.message,
            kind: self.kind,
            code: self.code,
            error_subcode: self.subcode,
            is_transient: self.is_transient,
            fbtrace_id,
        };
        let mut response = (self.status, Json(GraphErrorBody { error })).into_response();
        if let Some(span) = self.retry_after {
            let seconds = span.as_secs() + u64::from(span.subsec_nanos() > 0);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response
    }
}

/// A name that no other refusal of this process has.
fn trace_id() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("S{:x}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}
