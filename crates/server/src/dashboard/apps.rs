//! `/apps`, for admins: apps, their secrets (shown once), origins, what they keep.

use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use sidetone_engine::issue::Preset;
use sidetone_store::record::{App, AppSettings};

use super::{
    first_call,
    form::Form,
    format, icon,
    refusal::Refusal,
    session::Visitor,
    shell::{self, Place},
};
use crate::{
    administration::{
        self,
        settings::{Change, NAME_CHARS_MAX, RETENTION_DAYS_MAX, SecretKind},
    },
    problem::Problem,
    state::AppState,
};

/// Secrets just made, for the one time that they are seen.
struct Shown {
    app: String,
    secrets: Vec<(SecretKind, String)>,
}

/// What the page has to say.
#[derive(Default, Deserialize)]
pub(crate) struct View {
    /// Key of the app whose settings were just saved.
    #[serde(default)]
    saved: String,
}

pub(crate) async fn page(State(state): State<AppState>, visitor: Visitor, Query(view): Query<View>) -> Result<Response, Refusal> {
    visitor.require_admin()?;
    render(&state, &visitor, &view, None).await
}

async fn render(state: &AppState, visitor: &Visitor, view: &View, shown: Option<Shown>) -> Result<Response, Refusal> {
    let apps = administration::all(state).await?;
    let main = html! {
        div.page-head { div { h1 { "Apps" } p.muted { "Each app has calls, secrets and settings of its own; nobody sees across." } } }
        @if let Some(shown) = shown { (secrets(&shown)) }
        @for app in &apps { (card(app, visitor, app.key.to_string() == view.saved)) }
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
        section.card.secrets role="status" data-shown-once="/apps" aria-labelledby="secrets-title" {
            h2 #secrets-title { "Secrets of " (shown.app) }
            p.muted { "They are shown this once; only their digests are kept." }
            dl { @for (kind, secret) in &shown.secrets { dt { (meaning(*kind)) } dd { code data-copy="" { (secret) } } } }
            @if let Some((_, secret)) = shown.secrets.iter().find(|(kind, _)| *kind == SecretKind::Intake) {
                p { "The page that makes calls needs these lines; " a href="/handbook/first-call.html" { "the first call" } " says more." }
                (first_call::lines(secret))
            }
        }
    }
}

fn card(app: &App, visitor: &Visitor, is_saved: bool) -> Markup {
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
                label.field { span { "Days that conferences are kept" } input type="number" name="retention_days" min="0" max=(RETENTION_DAYS_MAX) value=[*retention_days] placeholder="as the server says"; small.muted { "0: for ever" } }
                label.field { span { "Rules that judge its calls" } select name="preset" { @for preset in Preset::ALL { option value=(preset.name()) selected[preset == rules.preset()] { (preset.name()) } } } small.muted { a href="/handbook/issues.html" { "What they are" } } }
                label.field { span { "Thresholds in place of the preset's" } textarea name="thresholds" rows="2" spellcheck="false" placeholder="high_rtt.major=600 high_rtt.minor=off" { (rules.thresholds().replace(' ', "\n")) } @for refused in rules.refused() { small { "Stored, and not applied: " (refused) } } small.muted { "Each is rule.severity=value, or =off. Calls that run are judged by them from now on; for those that ended run " code { "sidetone rescore" } } }
                label.check { input type="checkbox" name="keep_addresses" value="yes" checked[*keep_addresses]; span { "Keep network addresses and SDP" } }
                div.actions.tight { button type="submit" { "Save" } @if is_saved { span.saved role="status" { "Saved" } } }
            }
            details.more {
                summary { "Rotate secrets" }
                form.inline.rotate method="post" action=(format!("/apps/{}/rotate", app.key)) {
                    (token)
                    label { span.unseen { "Which" } select name="which" { option value="intake" { "Intake secret" } option value="query" { "Query secret" } option value="both" { "Both" } option value="names" { "Secret that reads real names" } } }
                    label.check { input type="checkbox" name="keep_old" value="yes" checked; span { "Go on to accept the old ones" } }
                    button type="submit" { (icon::key()) "Make new" }
                    @if [intake_secrets, query_secrets, names_secrets].iter().any(|held| held.len() > 1) {
                        button type="submit" name="only_newest" value="yes" { "Refuse all but the newest" }
                    }
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
    let (app, intake, query) = administration::create(&state, &given.name, AppSettings::default(), &visitor.user.name).await?;
    let secrets = vec![(SecretKind::Intake, intake.text), (SecretKind::Query, query.text)];
    render(&state, &visitor, &View::default(), Some(Shown { app: app.name, secrets })).await
}

/// What the form of an app says.
#[derive(Deserialize)]
pub(crate) struct Said {
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
    Form(given): Form<Said>,
) -> Result<Response, Refusal> {
    visitor.require_admin()?;
    visitor.check_form(&given.form_token)?;
    let mut app = administration::find(&state, &key).await?;
    let days = given.retention_days.trim();
    let no_days = |_| Problem::unprocessable("retention_invalid", format!("{days:?} is no number of days; 0 keeps conferences for ever"));
    let change = Change {
        origins: Some(given.origins.split_whitespace().map(str::to_owned).collect()),
        retention_days: Some((!days.is_empty()).then(|| days.parse().map_err(no_days)).transpose()?),
        keep_addresses: Some(given.keep_addresses == "yes"),
        preset: given.preset,
        thresholds: given.thresholds,
        messenger_pages: None,
    };
    change.apply(&mut app.settings).map_err(Problem::from)?;
    administration::update(&state, app).await?;
    tracing::info!(app.key = key, user = visitor.user.name, "changed an app");
    Ok(Redirect::to(&format!("/apps?saved={key}#app-{key}")).into_response())
}

pub(crate) async fn remove(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(key): Path<String>,
    Form(given): Form<Named>,
) -> Result<Response, Refusal> {
    visitor.require_admin()?;
    visitor.check_form(&given.form_token)?;
    let app = administration::find(&state, &key).await?;
    administration::remove(&state, &app, &given.name, &visitor.user.name).await?;
    Ok(Redirect::to("/apps").into_response())
}

#[derive(Deserialize)]
pub(crate) struct Rotate {
    form_token: String,
    which: String,
    #[serde(default)]
    keep_old: String,
    #[serde(default)]
    only_newest: String,
}

pub(crate) async fn rotate(
    State(state): State<AppState>,
    visitor: Visitor,
    Path(key): Path<String>,
    Form(given): Form<Rotate>,
) -> Result<Response, Refusal> {
    visitor.require_admin()?;
    visitor.check_form(&given.form_token)?;
    let app = administration::find(&state, &key).await?;
    let kinds: &[SecretKind] = match given.which.as_str() {
        "intake" => &[SecretKind::Intake],
        "query" => &[SecretKind::Query],
        "both" => &[SecretKind::Intake, SecretKind::Query],
        "names" => &[SecretKind::Names],
        other => {
            return Err(
                Problem::unprocessable("secret_kind_unknown", format!("there are no secrets {other:?}; load the page again")).into()
            );
        }
    };
    if given.only_newest == "yes" {
        administration::keep_newest(&state, app, kinds, &visitor.user.name).await?;
        return Ok(Redirect::to(&format!("/apps?saved={key}#app-{key}")).into_response());
    }
    let name = app.name.clone();
    let made = administration::rotate(&state, app, kinds, given.keep_old == "yes", &visitor.user.name).await?;
    let secrets = made.into_iter().map(|(kind, new)| (kind, new.text)).collect();
    render(&state, &visitor, &View::default(), Some(Shown { app: name, secrets })).await
}

fn meaning(kind: SecretKind) -> &'static str {
    match kind {
        SecretKind::Intake => "Intake secret: may send, for the page or app that calls",
        SecretKind::Query => "Query secret: may read, for your servers, never for a page",
        SecretKind::Names => "Names secret: may read, real names of people too; every such reading is recorded",
    }
}
