//! `/team/names`, for admins: who was shown real names of people.

use axum::{extract::State, response::Response};
use maud::{Markup, html};
use serde::Deserialize;
use sidetone_store::name_view::{NameView, NameViewQuery};

use super::{
    conferences::name,
    format, icon,
    refusal::Refusal,
    session::Visitor,
    shell::{self, Place},
};
use crate::{
    query::{self, Parameters},
    state::AppState,
};

/// Rows of a page.
const ROWS: usize = 100;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct From {
    after: Option<i64>,
}

pub(crate) async fn page(State(state): State<AppState>, visitor: Visitor, Parameters(from): Parameters<From>) -> Result<Response, Refusal> {
    visitor.require_admin()?;
    let query = NameViewQuery { app: None, after: from.after, limit: ROWS };
    let found = state.store.name_views(query).await.map_err(query::store(&state))?;
    let main = html! {
        nav.crumbs aria-label="Where this is" { a href="/team" { "Team" } (icon::chevron()) span aria-current="page" { "Who saw names" } }
        div.page-head { div { h1 { "Who saw names" } p.muted { "Each time that real names of the people in a conference were shown. Engineers and query secrets get aliases, and are not here." } } }
        @if found.rows.is_empty() {
            div.empty { (icon::people()) h2 { "Nobody has seen a name" } p.muted { "A line comes here when an admin, a support agent or a names secret reads a conference whose people told their names." } }
        } @else {
            div.card.flush {
                table.rows {
                    thead { tr { th scope="col" { "When" } th scope="col" { "Who" } th scope="col" { "As" } th scope="col" { "Conference" } th scope="col" { "Where" } th.number scope="col" { "Names" } } }
                    tbody { @for view in &found.rows { (row(view, &visitor)) } }
                }
            }
            nav.pages aria-label="Pages" {
                @if from.after.is_some() { a.button href="/team/names" { "Newest" } }
                @if let Some(next) = found.next { a.button href=(format!("/team/names?after={next}")) rel="next" { "Older" } }
            }
        }
    };
    Ok(shell::page(&visitor, Some(Place::Team), "Who saw names", main))
}

fn row(view: &NameView, visitor: &Visitor) -> Markup {
    let app = visitor.apps.iter().find(|app| app.key == view.app);
    html! {
        tr {
            td.nowrap { (format::instant(view.at, "minute")) }
            td { (view.viewer) }
            td { (view.role.name()) }
            td.cell-name {
                @match app {
                    Some(app) => { a href=(format!("/conferences/{}?app={}", view.conference, app.key)) { (name(view.conference_id.as_str())) } @if visitor.apps.len() > 1 { span.muted { " of " (app.name) } } }
                    None => { (name(view.conference_id.as_str())) span.muted { " of an app that was removed" } }
                }
            }
            td { (view.way) }
            td.number { (view.name_count) span.only-narrow { @if view.name_count == 1 { " name" } @else { " names" } } }
        }
    }
}
