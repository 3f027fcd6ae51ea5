//! `GET /v1/conferences/{key}/events`: what happened, in order.

use axum::{
    Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};
use sidetone_engine::ids::{ParticipantKey, PeerConnectionKey};
use sidetone_store::{
    query::{EventPage, EventQuery, PAGE_ROWS_MAX},
    record::StoredEvent,
};
use utoipa::{IntoParams, ToSchema};

use super::{
    ConferencePath, NoConference, NoParameter, Parameters, conference, cursor,
    names::{Mask, Reader},
};
use crate::{auth::NotAllowed, model::EventBody, problem::Problem, state::AppState};

/// Which events.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventParameters {
    /// Key of a participant.
    pub(crate) participant: Option<String>,
    /// Key of a peer connection.
    pub(crate) peer_connection: Option<String>,
    /// Kinds, separated by commas; any when absent.
    #[param(example = "joined,left")]
    pub(crate) kinds: Option<String>,
    /// `next` of the page before.
    pub(crate) after: Option<String>,
    /// Most rows, 1 to 500; 100 when absent.
    pub(crate) limit: Option<usize>,
}

/// Some events.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventsBody {
    /// Oldest first.
    events: Vec<EventBody>,
    /// To be given as `after` for the next page; `null` at the end.
    next: Option<String>,
}

/// Read the events of a conference
///
/// Oldest first, in pages.
#[utoipa::path(
    get,
    path = "/v1/conferences/{key}/events",
    tag = "query",
    params(ConferencePath, EventParameters),
    responses(
        (status = 200, body = EventsBody),
        NoParameter,
        NotAllowed,
        NoConference,
    ),
    security(("query" = []))
)]
pub(crate) async fn handler(
    State(state): State<AppState>,
    reader: Reader,
    Path(ConferencePath { key }): Path<ConferencePath>,
    Parameters(parameters): Parameters<EventParameters>,
) -> Result<Json<EventsBody>, Problem> {
    let page = find(&state, &reader, &key, parameters).await?;
    Ok(Json(EventsBody { events: page.rows.into_iter().map(Into::into).collect(), next: page.next.as_ref().map(cursor::write) }))
}

/// The events of a conference that match, as the reader may see them.
pub(crate) async fn find(state: &AppState, reader: &Reader, key: &str, parameters: EventParameters) -> Result<EventPage, Problem> {
    let key = super::conference_key(key)?;
    let query = parameters.query()?;
    let detail = conference::with_names(state, reader.app, key).await?;
    let mut page = state.store.events(reader.app, key, &query).await.map_err(super::store(state))?;
    if reader.sees_names() {
        reader.note(state, &detail.conference, &detail.participants).await?;
    } else {
        let mask = Mask::of(&detail.participants);
        for held in &mut page.rows {
            held.event.payload = mask.payload(&held.event.payload);
        }
    }
    Ok(page)
}

/// All events of a conference that match, as the reader may see them, oldest first.
pub(crate) async fn all(state: &AppState, reader: &Reader, key: &str, parameters: EventParameters) -> Result<Vec<StoredEvent>, Problem> {
    let mut parameters = EventParameters { limit: Some(PAGE_ROWS_MAX), ..parameters };
    let mut events = Vec::new();
    loop {
        let page = find(state, reader, key, parameters.clone()).await?;
        events.extend(page.rows);
        let Some(next) = &page.next else { return Ok(events) };
        parameters.after = Some(cursor::write(next));
    }
}

impl EventParameters {
    fn query(self) -> Result<EventQuery, Problem> {
        let invalid = |name: &str, error: &dyn std::fmt::Display| Problem::bad_request("parameter_invalid", format!("{name}: {error}"));
        Ok(EventQuery {
            participant: self
                .participant
                .map(|text| text.parse::<ParticipantKey>().map_err(|error| invalid("participant", &error)))
                .transpose()?,
            peer_connection: self
                .peer_connection
                .map(|text| text.parse::<PeerConnectionKey>().map_err(|error| invalid("peer_connection", &error)))
                .transpose()?,
            kinds: self.kinds.map(|kinds| kinds.split(',').map(|kind| kind.trim().to_owned()).collect()).unwrap_or_default(),
            after: cursor::read(self.after.as_deref())?,
            limit: super::limit(self.limit, 100, PAGE_ROWS_MAX)?,
        })
    }
}
