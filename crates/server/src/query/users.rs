//! `DELETE /v1/users/{user_id}`: erasure of all that was recorded of a user.

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Serialize;
use sidetone_engine::ids::UserId;
use utoipa::ToSchema;

use super::{NoParameter, names::Reader};
use crate::{auth::NotAllowed, problem::Problem, state::AppState};

/// What an erasure removed.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErasedBody {
    /// Participants.
    participant_count: u64,
    /// Peer connections.
    peer_connection_count: u64,
    /// Reports.
    report_count: u64,
    /// Events.
    event_count: u64,
}

/// Erase a user
///
/// Removes every participant of that user id with all reports, events, issues and scores. Cannot be undone. All counts are 0 when
/// nothing was recorded of the user.
#[utoipa::path(
    delete,
    path = "/v1/users/{user_id}",
    tag = "query",
    params(("user_id" = String, Path, description = "The app's name for the user, percent-encoded")),
    responses(
        (status = 200, body = ErasedBody),
        NoParameter,
        NotAllowed,
        (status = 503, body = crate::problem::ProblemBody, content_type = "application/problem+json", description = "The store cannot write at present: nothing was removed; see Retry-After"),
    ),
    security(("query" = []))
)]
pub(crate) async fn handler(
    State(state): State<AppState>,
    reader: Reader,
    Path(user_id): Path<String>,
) -> Result<Json<ErasedBody>, Problem> {
    let user = UserId::new(user_id).map_err(|error| Problem::bad_request("parameter_invalid", error.to_string()))?;
    let erased = state.store.erase_user(reader.app, &user).await.map_err(super::store(&state))?;
    tracing::info!(app.key = %reader.app, participant_count = erased.participants, report_count = erased.reports, "erased a user");
    Ok(Json(ErasedBody {
        participant_count: erased.participants,
        peer_connection_count: erased.peer_connections,
        report_count: erased.reports,
        event_count: erased.events,
    }))
}
