//! `/conferences?id=…`: leads to the newest conference of that id. For links from an app, which knows its own ids and not our keys.

use axum::{extract::State, response::Redirect};
use serde::Deserialize;

use super::{Refusal, Visitor};
use crate::{
    problem::Problem,
    query::{
        Parameters,
        conferences::{self, SearchParameters},
    },
    state::AppState,
};

/// Which conference.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    id: String,
}

pub(crate) async fn lead(
    State(state): State<AppState>,
    visitor: Visitor,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Redirect, Refusal> {
    let search = SearchParameters { conference_id: Some(wanted.id), limit: Some(1), ..SearchParameters::default() };
    let found = conferences::find(&state, visitor.app()?, search).await?;
    let unknown =
        || Problem::not_found("conference_unknown", "no conference of that id is known here; one that has just begun is in a moment");
    let conference = found.rows.first().ok_or_else(unknown)?;
    Ok(Redirect::to(&visitor.link(&format!("/conferences/{}", conference.key))))
}
