//! Answers to reports, in the form that the clients know. Browsers look at the body only, the Java SDK at the status.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::problem::Problem;

/// What the client knows as "authenticate again"; any other text is only shown.
const TOKEN_EXPIRED: &str = "Token has expired";

#[derive(Serialize)]
struct Body<'a> {
    status: &'static str,
    #[serde(rename = "ucID", skip_serializing_if = "Option::is_none")]
    uc_id: Option<&'a str>,
    msg: &'a str,
}

/// It is durable.
pub(super) fn kept() -> Response {
    Json(Body { status: "success", uc_id: None, msg: "kept" }).into_response()
}

/// The join is durable; `uc_id` names the occurrence of the conference.
pub(super) fn joined(uc_id: &str) -> Response {
    Json(Body { status: "success", uc_id: Some(uc_id), msg: "joined" }).into_response()
}

/// Why a report was not taken. The client does not send it again.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The client has to authenticate again. Said only where a new token will be good: of an old one, and of one whose secret was replaced.
    TokenExpired,
    /// Anything else.
    Problem(Problem),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl Refusal {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::TokenExpired => StatusCode::UNAUTHORIZED,
            Self::Problem(problem) => problem.status(),
        }
    }

    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::TokenExpired => "token_expired",
            Self::Problem(problem) => problem.code(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, retry_after, msg) = match self {
            Self::TokenExpired => (StatusCode::UNAUTHORIZED, None, TOKEN_EXPIRED.to_owned()),
            Self::Problem(problem) => (problem.status(), problem.retry_after_span(), problem.into_detail()),
        };
        let mut response = (status, Json(Body { status: "error", uc_id: None, msg: &msg })).into_response();
        if let Some(span) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, span.as_secs().max(1).into());
        }
        response
    }
}
