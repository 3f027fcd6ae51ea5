//! What a form of our pages sent: read within the bounds of every other body, refused with a page.

use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use super::refusal::Refusal;
use crate::{config::text::ByteSize, intake::body, problem::Problem, state::AppState};

/// Largest form. Nobody has to be logged in to send one.
const BYTES_MAX: ByteSize = ByteSize::kib(256);

/// The fields of a form.
pub(crate) struct Form<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<AppState> for Form<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let received = body::read_up_to(state, body, BYTES_MAX).await?;
        let request = Request::from_parts(parts, received.bytes.into());
        match axum::Form::from_request(request, state).await {
            Ok(axum::Form(fields)) => Ok(Self(fields)),
            Err(rejection) => Err(Problem::new(rejection.status(), "form_invalid", rejection.body_text()).into()),
        }
    }
}
