//! The HTTP server: intake, query API, live stream, dashboard, and what browsers download.
//!
//! Reading order: [`config`] is what can be set; [`Server`] listens and serves; `route` shows every endpoint on one screen;
//! [`intake`] takes batches in, `live` tells what happens now, `query` answers, `dashboard` shows, [`administration`] manages apps; `job`, `finalise` and
//! `diagnose` work by themselves.
//!
//! The server knows the `Store` trait, never a backend, and reads neither environment nor files (but those of TLS).
#![forbid(unsafe_code)]

pub mod administration;
pub mod calendar;
pub mod config;
pub mod error;
pub mod export;
pub mod finalise;
pub mod import;
pub mod intake;
pub mod password;
pub mod secret;
pub mod sip;

mod account;
mod asset;
mod auth;
mod cors;
mod dashboard;
mod diagnose;
mod health;
mod job;
mod limit;
mod live;
mod model;
mod problem;
mod query;
mod route;
mod run;
mod serve;
mod state;
mod task;
#[cfg(test)]
mod test;
mod tls;
mod turn;

pub use administration::{AppBody, admin::USER_TOKEN_PREFIX};
pub use auth::{INTAKE_SECRET_PREFIX, NAMES_SECRET_PREFIX, QUERY_SECRET_PREFIX};
pub use query::names::Mask;
pub use route::{OPENAPI_PATH, VIEWER_PATH, openapi};
pub use serve::Server;
