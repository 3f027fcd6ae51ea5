//! Who manages apps: a local user with the role for it, by a token.

use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::request::Parts,
};
use serde::de::DeserializeOwned;
use sidetone_store::local_user::Role;

use crate::{
    auth::{self, INTAKE_SECRET_PREFIX, NAMES_SECRET_PREFIX, QUERY_SECRET_PREFIX},
    intake::body,
    problem::Problem,
    query, secret,
    state::AppState,
};

/// Prefix of tokens of local users.
pub const USER_TOKEN_PREFIX: &str = "stu_";

/// A local user who is an admin.
pub(crate) struct Admin {
    pub(crate) name: String,
}

impl FromRequestParts<AppState> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let token = auth::bearer(&parts.headers)?.ok_or_else(|| {
            let detail = "no token was given; send the header `Authorization: Bearer stu_…`, `sidetone user token NAME` makes one";
            Problem::unauthorized("credentials_missing", detail)
        })?;
        if [INTAKE_SECRET_PREFIX, QUERY_SECRET_PREFIX, NAMES_SECRET_PREFIX].iter().any(|prefix| token.starts_with(prefix)) {
            let detail = "an app's secret manages no apps; send the token of an admin (stu_…), `sidetone user token NAME` makes one";
            return Err(Problem::forbidden("scope_insufficient", detail));
        }
        let user = if token.starts_with(USER_TOKEN_PREFIX) {
            state.store.session_user(secret::sha256(token.as_bytes()), state.clock.now()).await.map_err(query::store(state))?
        } else {
            None
        };
        let user = user.ok_or_else(|| {
            let detail = "nobody has this token (any more): it may have expired, or the user has a new password or role; \
                          `sidetone user token NAME` makes another";
            Problem::unauthorized("token_unknown", detail)
        })?;
        if user.role == Role::Admin {
            return Ok(Self { name: user.name });
        }
        let detail =
            format!("apps are managed by admins, and {} is {}; ask an admin to do it, or for that role", user.name, user.role.name());
        Err(Problem::forbidden("role_insufficient", detail))
    }
}

/// A body of JSON, read within the bounds of a batch; what does not fit is a problem that says why.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<AppState> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        let received = body::read(state, request.into_body()).await?;
        let given = serde_json::from_slice(&received.bytes);
        given.map(Self).map_err(|error| Problem::bad_request("body_invalid", format!("the body is not what is expected here: {error}")))
    }
}
