//! Apps, for whoever manages them: `/v1/admin/apps` (what begins with `/v1/apps` belongs to the clients of callstats).
//!
//! What can be said of an app stands in `settings`, for the dashboard and the command line too; `admin` says who may.

pub(crate) mod admin;
pub(crate) mod app;
pub(crate) mod apps;
pub(crate) mod callstats;
pub(crate) mod secrets;
pub mod settings;
pub(crate) mod token_keys;

use serde::Serialize;
use sidetone_engine::ids::AppKey;
use sidetone_store::record::{App, AppSettings};
use utoipa::{IntoResponses, ToSchema};

use self::settings::{SecretKind, Wrong};
use crate::{
    model::Millis,
    problem::{Problem, ProblemBody},
    query,
    secret::{self, FreshApp, NewSecret},
    state::AppState,
};

/// An app and its settings. Of secrets and keys it tells only that they are there.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = App)]
pub struct AppBody {
    /// Its key.
    #[schema(value_type = String, example = "01KAVG0000000000000000000A")]
    key: String,
    /// Its name, for people.
    #[schema(example = "shop")]
    name: String,
    /// When it was made.
    created_ms: Millis,
    /// How many secrets may send.
    intake_secret_count: usize,
    /// How many may read.
    query_secret_count: usize,
    /// How many of those that read may read real names.
    names_secret_count: usize,
    /// The keys that sign tokens.
    token_keys: Vec<TokenKeyBody>,
    /// Origins whose pages may send; none: pages of any may.
    origins: Vec<String>,
    /// Days after their end that conferences are kept; 0: for ever, `null`: as the server says.
    retention_days: Option<u32>,
    /// Whether network addresses and SDP are kept.
    keep_addresses: bool,
    /// The rules that judge its calls.
    #[schema(example = "sidetone")]
    preset: &'static str,
    /// Thresholds in place of the preset's, separated by blanks.
    #[schema(example = "high_rtt.minor=off high_rtt.major=600")]
    thresholds: String,
    /// What was stored of thresholds by another version and is not applied by this one, each with the reason.
    refused_thresholds: Vec<String>,
    /// Ids of the Facebook pages whose call metrics are taken; none: those of any.
    messenger_pages: Vec<String>,
    /// Its AppID for clients of callstats; `null`: they are refused.
    callstats_app_id: Option<u64>,
}

/// A key that signs tokens.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TokenKey)]
struct TokenKeyBody {
    /// Its name in the header of tokens.
    #[schema(example = "2026-11")]
    kid: String,
    /// What it signs with: `HS256`, `ES256` or `RS256`.
    #[schema(example = "ES256")]
    alg: &'static str,
}

impl From<&App> for AppBody {
    fn from(app: &App) -> Self {
        let AppSettings {
            intake_secrets,
            query_secrets,
            names_secrets,
            token_keys,
            origins,
            retention_days,
            keep_addresses,
            rules,
            messenger_pages,
            callstats,
        } = &app.settings;
        Self {
            key: app.key.to_string(),
            name: app.name.clone(),
            created_ms: Millis(app.created),
            intake_secret_count: intake_secrets.len(),
            query_secret_count: query_secrets.len(),
            names_secret_count: names_secrets.len(),
            token_keys: token_keys
                .iter()
                .map(|key| TokenKeyBody { kid: key.kid.clone(), alg: settings::algorithm_name(key.algorithm) })
                .collect(),
            origins: origins.clone(),
            retention_days: *retention_days,
            keep_addresses: *keep_addresses,
            preset: rules.preset().name(),
            thresholds: rules.thresholds(),
            refused_thresholds: rules.refused().to_vec(),
            messenger_pages: messenger_pages.clone(),
            callstats_app_id: callstats.as_ref().map(|held| held.app_id),
        }
    }
}

impl From<Wrong> for Problem {
    fn from(Wrong { code, detail }: Wrong) -> Self {
        match code {
            "callstats_id_taken" => Self::conflict(code, detail),
            "token_key_not_found" => Self::not_found(code, detail),
            _ => Self::unprocessable(code, detail),
        }
    }
}

/// What every question here may be answered.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers")]
pub(crate) enum NotAdmin {
    /// No token, or one that nobody has
    #[response(status = 401, content_type = "application/problem+json")]
    Nobody(ProblemBody<'static>),
    /// The token of somebody who is no admin, or an app's secret
    #[response(status = 403, content_type = "application/problem+json")]
    NoAdmin(ProblemBody<'static>),
}

/// What is answered where an app is named.
#[derive(IntoResponses)]
#[response(status = 404, description = "There is no such app", content_type = "application/problem+json")]
#[expect(dead_code, reason = "describes an answer")]
pub(crate) struct NoApp(ProblemBody<'static>);

/// What is answered where something is to be otherwise.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers")]
pub(crate) enum NoSetting {
    /// The body is no JSON, or has members that are not known here
    #[response(status = 400, content_type = "application/problem+json")]
    NoBody(ProblemBody<'static>),
    /// A setting cannot be so; `code` and `detail` say which and why, and nothing was changed
    #[response(status = 422, content_type = "application/problem+json")]
    Wrong(ProblemBody<'static>),
}

/// Every app as it is now, not as the server remembers it.
pub(crate) async fn all(state: &AppState) -> Result<Vec<App>, Problem> {
    state.store.apps().await.map_err(query::store(state))
}

/// The app of a key.
pub(crate) async fn find(state: &AppState, key: &str) -> Result<App, Problem> {
    let found = key.parse::<AppKey>().ok();
    let found = all(state).await?.into_iter().find(|app| Some(app.key) == found);
    found.ok_or_else(|| {
        Problem::not_found(
            "app_not_found",
            format!("there is no app {key:?} (any more); `GET /v1/admin/apps`, and `/apps` in the dashboard, list those there are"),
        )
    })
}

/// Makes an app with one secret that sends and one that reads.
pub(crate) async fn create(state: &AppState, name: &str, settings: AppSettings, by: &str) -> Result<(App, NewSecret, NewSecret), Problem> {
    let name = settings::name(name)?;
    let fresh = secret::fresh_app(&name, settings, state.clock.now(), &*state.entropy).map_err(Problem::internal)?;
    let FreshApp { app, intake, query } = fresh;
    let app = state.store.create_app(app).await.map_err(query::store(state))?;
    state.apps.forget();
    tracing::info!(app.key = %app.key, user = by, "created an app");
    Ok((app, intake, query))
}

/// Gives an app new secrets of these kinds.
pub(crate) async fn rotate(
    state: &AppState,
    mut app: App,
    kinds: &[SecretKind],
    keeps_old: bool,
    by: &str,
) -> Result<Vec<(SecretKind, NewSecret)>, Problem> {
    let mut made = Vec::new();
    for &kind in kinds {
        let new = NewSecret::mint(kind.prefix(), &*state.entropy).map_err(Problem::internal)?;
        settings::rotate(&mut app.settings, kind, &new, keeps_old);
        made.push((kind, new));
    }
    let app = update(state, app).await?;
    tracing::info!(app.key = %app.key, user = by, ?kinds, "rotated secrets");
    Ok(made)
}

/// Refuses all secrets of these kinds but the newest of each.
pub(crate) async fn keep_newest(state: &AppState, mut app: App, kinds: &[SecretKind], by: &str) -> Result<(), Problem> {
    for &kind in kinds {
        settings::keep_newest(&mut app.settings, kind);
    }
    let app = update(state, app).await?;
    tracing::info!(app.key = %app.key, user = by, ?kinds, "refused all secrets but the newest");
    Ok(())
}

/// Keeps what was changed of an app; its next request sees it.
pub(crate) async fn update(state: &AppState, app: App) -> Result<App, Problem> {
    let changed = state.store.update_app(app).await.map_err(query::store(state))?;
    state.apps.forget();
    changed.ok_or_else(|| Problem::not_found("app_not_found", "this app was removed meanwhile"))
}

/// Removes an app with everything that was recorded for it, if it has that name.
pub(crate) async fn remove(state: &AppState, app: &App, name: &str, by: &str) -> Result<(), Problem> {
    if name.trim() != app.name {
        let detail = format!("the app is called {:?}, and only under that name is it removed; nothing was changed", app.name);
        return Err(Problem::unprocessable("app_name_wrong", detail));
    }
    state.store.remove_app(app.key).await.map_err(query::store(state))?;
    state.apps.forget();
    tracing::info!(app.key = %app.key, user = by, "removed an app with its conferences");
    Ok(())
}
