//! The dashboard: HTML made here, from the same functions that answer the query API, never from SQL and never over HTTP.
//!
//! One file per page. The URL is the state: whatever a page shows can be pasted into a ticket. What must move (charts, live pages)
//! is done by scripts of `packages/dashboard`, which find their data through `data-*` attributes.
//!
//! Reading order: `session` is who looks, `shell` what surrounds every page, `refusal` what is shown where there is no page;
//! then the pages. `gate` slows down who guesses.

mod conference;
mod conferences;
pub(crate) mod format;
pub(crate) mod gate;
mod icon;
mod login;
mod protect;
mod quality;
mod refusal;
mod session;
pub(crate) mod setup;
mod shell;

use axum::{
    Router, middleware,
    routing::{get, post},
};

pub(crate) use refusal::not_found;

use crate::state::AppState;

/// Every page.
pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/", get(conferences::page))
        .route("/conferences/{key}", get(conference::page))
        .route("/conferences/{key}/series/{peer_connection}", get(conference::series))
        .route("/login", get(login::page).post(login::submit))
        .route("/logout", post(login::leave))
        .route("/setup", get(setup::page).post(setup::submit))
        .layer(middleware::from_fn(protect::layer))
}
