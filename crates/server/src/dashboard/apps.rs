//! `/apps`, for admins: apps, their secrets (shown once), origins, what they keep.

use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use sidetone_engine::{
    ids::AppKey,
    issue::{Preset, Tuned},
};
use sidetone_store::record::{App, AppSettings};

use super::{
    format, icon,
    refusal::Refusal,
    session::Visitor,
    shell::{self, Place},
};
use crate::{
    auth::{INTAKE_SECRET_PREFIX, NAMES_SECRET_PREFIX, QUERY_SECRET_PREFIX},
    problem::Problem,
    query,
    secret::{self, FreshApp, NewSecret},
    state::AppState,
};

/// Most characters of an app's name.
const NAME_CHARS_MAX: usize = 80;

/// Secrets just made, for the one time that they are seen.
struct Shown {
    app: String,
    secrets: Vec<(&'static str, String)>,
}

pub(crate) async fn page(State(state): State<AppState>, visitor: Visitor) -> Result<Response, Refusal> {
    visitor.require_admin()?;
    render(&state, &visitor, None).await
}

async fn render(state: &AppState, visitor: &Visitor, shown: Option<Shown>) -> Result<Response, Refusal> {
    let apps = state.store.apps().await.map_err(query::store(state))?;
    let main = html! {
        div.page-head { div { h1 { "Apps" } p.muted { "Each app has calls, secrets and settings of its own; nobody sees across." } } }
        @if let Some(shown) = shown { (secrets(&shown)) }
        @for app in &apps { (card(app, visitor)) }
        section.card aria-labelledby="new-title" {
            h2 #new-title { "New app" }
            form.inline method="post" action="/apps" {
                input type="hidden" name="form_token" value=(visitor.form_token);
                label.field { span { "Name" } input type="text" name="name" maxlength=(NAME_CHARS_MAX) required autocomplete="off"; }
                button.primary type="submit" { "Create" }
            }
        }
    };
    Ok(shell::page(visitor, Some(Place::Apps), "Apps", main))
}

fn secrets(shown: &Shown) -> Markup {
    html! {
        section.card.secrets role="status" aria-labelledby="secrets-title" {
            h2 #secrets-title { "Secrets of " (shown.app) }
            p.muted { "They are shown this once; only their digests are kept." }
            dl { @for (meaning, secret) in &shown.secrets { dt { (meaning) } dd { code data-copy="" { (secret) } } } }
        }
    }
}

fn card(app: &App, visitor: &Visitor) -> Markup {
    let AppSettings { intake_secrets, query_secrets, names_secrets, origins, retention_days, keep_addresses, rules, .. } = &app.settings;
    let token = html! { input type="hidden" name="form_token" value=(visitor.form_token); };
    let title = format!("app-{}", app.key);
    html! {
        section.card aria-labelledby=(title) {
            div.card-head {
                div { h2 id=(title) { (app.name) } p.muted { code { (app.key) } " · since " (format::instant(app.created, "day")) " · " (format::count(intake_secrets.len() as u64, "intake secret")) ", " (format::count(query_secrets.len() as u64, "query secret")) @if !names_secrets.is_empty() { ", " (format::count(names_secrets.len() as u64, "names secret")) } } }
                a.button.quiet href=(format!("/?app={}", app.key)) { "Conferences" (icon::chevron()) }
            }
            form.settings method="post" action=(format!("/apps/{}", app.key)) {
                (token)
                label.field { span { "Origins that may send, one a line" } textarea name="origins" rows="2" spellcheck="false" placeholder="any origin" { (origins.join("\n")) } }
                label.field { span { "Days that conferences are kept" } input type="number" name="retention_days" min="0" max="36500" value=[*retention_days] placeholder="as the server says"; small.muted { "0: for ever" } }
                label.field { span { "Rules that judge its calls" } select name="preset" { @for preset in Preset::ALL { option value=(preset.name()) selected[preset == rules.preset()] { (preset.name()) } } } small.muted { a href="/handbook/issues.html" { "What they are" } } }
                label.field { span { "Thresholds in place of the preset's" } textarea name="thresholds" rows="2" spellcheck="false" placeholder="high_rtt.major=600 high_rtt.minor=off" { (rules.thresholds().replace(' ', "\n")) } @for refused in rules.refused() { small { "Stored, and not applied: " (refused) } } small.muted { "rule.severity=value, or off. Calls that were judged before: " code { "sidetone rescore" } } }
                label.check { input type="checkbox" name="keep_addresses" value="yes" checked[*keep_addresses]; span { "Keep network addresses and SDP" } }
                button type="submit" { "Save" }
            }
            details.more {
                summary { "Rotate secrets" }
                form.inline.rotate method="post" action=(format!("/apps/{}/rotate", app.key)) {
                    (token)
                    label { span.unseen { "Which" } select name="which" { option value="intake" { "Intake secret" } option value="query" { "Query secret" } option value="both" { "Both" } option value="names" { "Secret that reads real names" } } }
                    label.check { input type="checkbox" name="keep_old" value="yes" checked; span { "Go on to accept the old ones" } }
                    button type="submit" { (icon::key()) "Make new" }
                }
            }
            details.more {
                summary { "Remove" }
                form.inline method="post" action=(format!("/apps/{}/remove", app.key)) {
                    (token)
                    label.field { span { "Its name again: all its conferences go with it" } input type="text" name="name" required autocomplete="off" autocapitalize="none" spellcheck="false"; }
                    button.danger type="submit" { "Remove for good" }
                }
            }
        }
    }
}

/// A form that names an app: one to be made, or to be removed.
#[derive(Deserialize)]
pub(crate) struct Named {
    form_token: String,
    name: String,
}

pub(crate) async fn create(State(state): State<AppState>, visitor: Visitor, Form(given): Form<Named>) -> Result<Response, Refusal> {
    visitor.require_admin()?;
    visitor.check_form(&given.form_token)?;
    let name = given.name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        return Err(Problem::unprocessable("app_name_invalid", format!("an app's name has 1 to {NAME_CHARS_MAX} characters")).into());
    }
    let fresh = secret::fresh_app(name, AppSettings::default(), state.clock.now(), &*state.entropy).map_err(Problem::internal)?;
    let FreshApp { app, intake, query } = fresh;
    let app = state.store.create_app(app).await.map_err(query::store(&state))?;
    state.apps.forget();
    tracing::info!(app.key = %app.key, user = visitor.user.name, "created an app");
    let secrets = vec![(INTAKE, intake.text), (QUERY, query.text)];
    render(&state, &visitor, Some(Shown { app: app.name, secrets })).await
}

const INTAKE: &str = "Intake secret: may send, for the page or app that calls";
const QUERY: &str = "Query secret: may read, for your servers, never for a page";
const NAMES: &str = "Names secret: may read, real names of people too; every such reading is recorded";

async fn app(state: &AppState, key: &str) -> Result<App, Problem> {
    let apps = state.store.apps().await.map_err(query::store(state))?;
    let found = key.parse::<AppKey>().ok().and_then(|key| apps.into_iter().find(|app| app.key == key));
    found.ok_or_else(|| Problem::not_found("app_not_found", "this app is not there (any more); /apps lists those there are"))
}

#[derive(Deserialize)]
pub(crate) struct Change {
    form_token: String,
    #[serde(default)]
    origins: String,
    #[serde(default)]
    retention_days: String,
    #[serde(default)]
    keep_addresses: String,
    #[serde(default)]
    preset: Option<String>,
    #[serde(default)]
    thresholds: Option<String>,
}

pub(crate) async fn change(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(key): Path<String>,
    Form(given): Form<Change>,
) -> Result<Response, Refusal> {
    visitor.require_admin()?;
    visitor.check_form(&given.form_token)?;
    let mut app = app(&state, &key).await?;
    let lines = given.origins.split_whitespace();
    let origins: Result<Vec<String>, String> =
        lines.map(|line| secret::origin(line).map_err(|error| format!("{line:?}: {error}"))).collect();
    app.settings.origins = origins.map_err(|detail| Problem::unprocessable("origin_invalid", detail))?;
    app.settings.retention_days = match given.retention_days.trim() {
        "" => None,
        days => Some(days.parse().map_err(|_| {
            Problem::unprocessable("retention_invalid", format!("{days:?} is no number of days; 0 keeps conferences for ever"))
        })?),
    };
    app.settings.keep_addresses = given.keep_addresses == "yes";
    let preset = given.preset.map(|name| Preset::from_name(&name).ok_or_else(|| no_preset(&name))).transpose()?;
    let preset = preset.unwrap_or(app.settings.rules.preset());
    let thresholds = given.thresholds.unwrap_or_else(|| app.settings.rules.thresholds());
    app.settings.rules = Tuned::read(preset, &thresholds).map_err(|detail| Problem::unprocessable("thresholds_invalid", detail))?;
    update(&state, app).await?;
    Ok(Redirect::to("/apps").into_response())
}

fn no_preset(name: &str) -> Problem {
    let names = Preset::ALL.map(Preset::name).join(", ");
    Problem::unprocessable("preset_invalid", format!("there is no preset {name:?}, but {names}"))
}

async fn update(state: &AppState, app: App) -> Result<(), Problem> {
    let changed = state.store.update_app(app).await.map_err(query::store(state))?;
    state.apps.forget();
    changed.map(drop).ok_or_else(|| Problem::not_found("app_not_found", "this app was removed meanwhile"))
}

pub(crate) async fn remove(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(key): Path<String>,
    Form(given): Form<Named>,
) -> Result<Response, Refusal> {
    visitor.require_admin()?;
    visitor.check_form(&given.form_token)?;
    let app = app(&state, &key).await?;
    if given.name.trim() != app.name {
        let detail = format!("the app is called {:?}, and only under that name is it removed; nothing was changed", app.name);
        return Err(Problem::unprocessable("app_name_wrong", detail).into());
    }
    state.store.remove_app(app.key).await.map_err(query::store(&state))?;
    state.apps.forget();
    tracing::info!(app.key = key, user = visitor.user.name, "removed an app with its conferences");
    Ok(Redirect::to("/apps").into_response())
}

#[derive(Deserialize)]
pub(crate) struct Rotate {
    form_token: String,
    which: String,
    #[serde(default)]
    keep_old: String,
}

pub(crate) async fn rotate(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(key): Path<String>,
    Form(given): Form<Rotate>,
) -> Result<Response, Refusal> {
    visitor.require_admin()?;
    visitor.check_form(&given.form_token)?;
    let mut app = app(&state, &key).await?;
    let mut shown = Shown { app: app.name.clone(), secrets: Vec::new() };
    let settings = &mut app.settings;
    let kinds = [
        ("intake", INTAKE_SECRET_PREFIX, INTAKE, &mut settings.intake_secrets),
        ("query", QUERY_SECRET_PREFIX, QUERY, &mut settings.query_secrets),
        ("names", NAMES_SECRET_PREFIX, NAMES, &mut settings.names_secrets),
    ];
    let wanted = match given.which.as_str() {
        "both" => vec!["intake", "query"],
        one => vec![one],
    };
    for (name, prefix, meaning, held) in kinds {
        if !wanted.contains(&name) {
            continue;
        }
        let new = NewSecret::mint(prefix, &*state.entropy).map_err(Problem::internal)?;
        if given.keep_old != "yes" {
            held.clear();
        }
        held.push(new.digest);
        shown.secrets.push((meaning, new.text));
    }
    update(&state, app).await?;
    tracing::info!(app.key = key, user = visitor.user.name, which = given.which, "rotated secrets");
    render(&state, &visitor, Some(shown)).await
}
