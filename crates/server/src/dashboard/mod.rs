//! The dashboard: HTML made here, from the same functions that answer the query API, never from SQL and never over HTTP.
//!
//! One file per page. The URL is the state: whatever a page shows can be pasted into a ticket. What must move (charts, live pages)
//! is done by scripts of `packages/dashboard`, which find their data through `data-*` attributes.
//!
//! Reading order: `session` is who looks, `shell` what surrounds every page, `refusal` what is shown where there is no page, `form` what
//! pages send; then the pages. `gate` slows down who guesses.

mod api;
mod apps;
mod conference;
mod conferences;
mod first_call;
mod form;
pub(crate) mod format;
pub(crate) mod gate;
mod history;
mod icon;
pub(crate) mod import;
mod live;
mod login;
mod name_views;
mod protect;
mod quality;
mod raw;
mod refusal;
mod session;
pub(crate) mod setup;
mod shell;
mod team;

use axum::{
    Router, middleware,
    response::Redirect,
    routing::{MethodRouter, get},
};

pub(crate) use refusal::{not_found, page_for};

use crate::{route::VIEWER_PATH, state::AppState};

/// Every page.
pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/", get(conferences::page))
        .route("/conferences", get(conference::by_id::lead))
        .route("/conferences/{key}", get(conference::page))
        .route("/conferences/{key}/series/{peer_connection}", get(conference::series))
        .route("/conferences/{key}/why", get(conference::why))
        .route("/conferences/{key}/live", get(live::conference_events))
        .route("/conferences/{key}/download", get(raw::conference))
        .route("/conferences/{key}/raw/{peer_connection}", get(raw::page))
        .route("/conferences/{key}/raw/{peer_connection}/object", get(raw::object))
        .route("/conferences/{key}/raw/{peer_connection}/reports.json", get(raw::reports))
        .route("/conferences/{key}/raw/{peer_connection}/webrtc_internals_dump.txt", get(raw::internals))
        .route("/live", get(live::page))
        .route("/live/events", get(live::app_events))
        .route("/users/{user_id}", get(history::page))
        .route("/import", import::routes())
        .route("/apps", get(apps::page).post(apps::create))
        .route("/apps/{key}", lead("/apps").post(apps::change))
        .route("/apps/{key}/rotate", lead("/apps").post(apps::rotate))
        .route("/apps/{key}/remove", lead("/apps").post(apps::remove))
        .route("/team/names", get(name_views::page))
        .route("/team", get(team::page).post(team::create))
        .route("/team/change", lead("/team").post(team::change))
        .route("/team/remove", lead("/team").post(team::remove))
        .route("/login", get(login::page).post(login::submit))
        .route("/logout", lead("/").post(login::leave))
        .route(VIEWER_PATH, get(api::folder))
        .route(&format!("{VIEWER_PATH}/"), get(api::page))
        .route(&format!("{VIEWER_PATH}/{{file}}"), get(api::file))
        .route("/setup", get(setup::page).post(setup::submit))
        .method_not_allowed_fallback(refusal::method_not_allowed)
        .layer(middleware::from_fn(protect::layer))
}

/// What a form is sent to is no page: whoever opens its address, as after an answer that stands there, is led to the page of the form.
fn lead(page: &'static str) -> MethodRouter<AppState> {
    get(move || async move { Redirect::to(page) })
}
