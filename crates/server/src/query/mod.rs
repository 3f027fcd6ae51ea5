//! Asking: one endpoint per file. Each handler authorises, builds a query, calls the store, converts.

pub(crate) mod conference;
pub(crate) mod conferences;
pub(crate) mod cursor;
pub(crate) mod events;
pub(crate) mod metrics_catalogue;
pub(crate) mod names;
pub(crate) mod objects;
pub(crate) mod portable;
pub(crate) mod reports;
pub(crate) mod series;
pub(crate) mod users;

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};
use serde::{Deserialize, de::DeserializeOwned};
use sidetone_engine::{
    ids::{ConferenceKey, PeerConnectionKey},
    units::Timestamp,
};
use sidetone_store::error::StoreError;
use utoipa::{IntoParams, IntoResponses};

use self::names::Reader;
use crate::{
    auth::{self, Scope},
    problem::{Problem, ProblemBody},
    state::AppState,
};

impl FromRequestParts<AppState> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let principal = auth::authorize(state, &parts.headers, None, Scope::Query).await?;
        Ok(Self { app: principal.app.key, role: principal.role, viewer: principal.credentials, way: "api" })
    }
}

/// The conference that the path of the URL names.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ConferencePath {
    /// Key of the conference
    pub(crate) key: String,
}

/// The peer connection that the path of the URL names.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct PeerConnectionPath {
    /// Key of the peer connection
    pub(crate) key: String,
}

/// There is no such conference.
#[derive(IntoResponses)]
#[response(status = 404, description = "The app has no such conference", content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer")]
pub(crate) struct NoConference(ProblemBody<'static>);

/// There is no such peer connection, or nothing of it.
#[derive(IntoResponses)]
#[response(
    status = 404,
    description = "The app has no such peer connection, or it sent no reports",
    content_type = "application/problem+json"
)]
#[expect(dead_code, reason = "describes an answer")]
pub(crate) struct NoPeerConnection(ProblemBody<'static>);

/// A parameter does not fit.
#[derive(IntoResponses)]
#[response(status = 400, description = "A parameter does not fit", content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer")]
pub(crate) struct NoParameter(ProblemBody<'static>);

/// The parameters of the URL; what does not fit is a problem that says why.
pub(crate) struct Parameters<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<AppState> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query
            .map(|Query(parameters)| Self(parameters))
            .map_err(|rejection| Problem::bad_request("parameter_invalid", rejection.body_text()))
    }
}

pub(crate) fn conference_key(text: &str) -> Result<ConferenceKey, Problem> {
    text.parse().map_err(|error| Problem::not_found("conference_not_found", format!("conference {error}")))
}

pub(crate) fn peer_connection_key(text: &str) -> Result<PeerConnectionKey, Problem> {
    text.parse().map_err(|error| Problem::not_found("peer_connection_not_found", format!("peer connection {error}")))
}

pub(crate) fn no_conference(key: ConferenceKey) -> Problem {
    Problem::not_found("conference_not_found", format!("this app has no conference {key}; GET /v1/conferences lists them"))
}

/// An instant of a parameter in ms.
pub(crate) fn time(name: &str, millis: Option<f64>) -> Result<Option<Timestamp>, Problem> {
    let Some(millis) = millis else { return Ok(None) };
    let time = Timestamp::from_millis_f64(millis).ok_or_else(|| {
        Problem::bad_request("parameter_invalid", format!("{name} is {millis}, expected milliseconds since 1970, up to the year 2200"))
    })?;
    Ok(Some(time))
}

/// A store's failure as an answer.
pub(crate) fn store(state: &AppState) -> impl Fn(StoreError) -> Problem + use<> {
    let retry_after = state.config.limits.retry_after.get();
    move |error| Problem::store(error, retry_after)
}

/// A number of rows between 1 and `most`.
pub(crate) fn limit(given: Option<usize>, default: usize, most: usize) -> Result<usize, Problem> {
    match given {
        None => Ok(default),
        Some(limit) if (1..=most).contains(&limit) => Ok(limit),
        Some(limit) => {
            Err(Problem::bad_request("parameter_invalid", format!("limit is {limit}, allowed is 1 to {most}; use `after` for more")))
        }
    }
}
