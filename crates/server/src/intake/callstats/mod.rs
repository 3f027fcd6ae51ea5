//! The service that the clients of callstats.io report to: the unmodified browser, React Native, Java and bridge clients.
//!
//! Reading order: [`authenticate`] gives out an [`access_token`]; [`app`] looks at a path below `/v1/apps/` and sends it on: [`join`] opens a
//! [`stay`], [`report`] takes what is told in it, [`apart`] what belongs to no conference. [`keep`] hands all of it to the store.
//!
//! The clients resend nothing, and ask again at once and for ever after an answer that they did not expect. So every refusal has the form that
//! they know ([`answer`]), and none of them can be driven into a storm.

pub(crate) mod access_token;
mod answer;
mod apart;
mod app;
mod authenticate;
mod clock;
mod credentials;
mod diagnostics;
mod join;
mod keep;
mod report;
mod stay;

use std::{sync::atomic::AtomicU64, time::Duration};

use axum::{
    Router,
    routing::{any, get, post},
};

pub(crate) use keep::end_silent;

use crate::state::AppState;

/// The endpoints. Their paths are fixed in the clients.
pub(crate) fn router() -> Router<AppState> {
    Router::new()
        .route("/authenticate", post(authenticate::handler))
        .route("/clockSync", get(clock::handler))
        .route("/generics", post(diagnostics::handler))
        .route("/v1/apps/{*path}", any(app::handler))
}

/// How long a request waits where others are told to come again: these clients do not, and give a request up after 5 s.
const PATIENCE: Duration = Duration::from_secs(3);

/// What the endpoints share.
#[derive(Debug, Default)]
pub(crate) struct Callstats {
    stays: stay::Stays,
    diagnostics: diagnostics::Bucket,
    /// Tokens given out.
    tokens: AtomicU64,
}
