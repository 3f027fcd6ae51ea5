//! `/setup`: makes the first local user, an admin.
//!
//! Whoever reaches it first owns the server, so it asks for a token that only the server's own output tells. Asking for a loopback
//! address instead would let in everybody who comes by way of a proxy on this machine.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use sidetone_store::{
    error::StoreError,
    local_user::{LocalUser, Role},
};

use super::{form::Form, login, refusal::Refusal, session, shell};
use crate::{password, problem::Problem, query, query::Parameters, state::AppState};

/// Most characters of a local user's name.
pub(crate) const NAME_CHARS_MAX: usize = 80;

/// Where the first local user is made; `None` where there is one.
pub(crate) async fn path(state: &AppState) -> Result<Option<String>, StoreError> {
    if !state.store.local_users().await?.is_empty() {
        return Ok(None);
    }
    // Without random bytes there is no token, and `sidetone user create` remains.
    let Ok(minted) = session::mint(state) else { return Ok(None) };
    Ok(Some(format!("/setup?token={}", state.gate.setup_token(|| minted))))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Token {
    token: String,
}

pub(crate) async fn page(State(state): State<AppState>, Parameters(given): Parameters<Token>) -> Result<Response, Refusal> {
    if !check(&state, &given.token).await? {
        return Ok(Redirect::to("/login").into_response());
    }
    Ok(form(&given.token, "", None).into_response())
}

/// `false` when there is nothing to set up any more.
async fn check(state: &AppState, token: &str) -> Result<bool, Refusal> {
    if !state.store.local_users().await.map_err(query::store(state))?.is_empty() {
        return Ok(false);
    }
    if state.gate.is_setup_token(token) {
        return Ok(true);
    }
    let detail = "the first user is made by the link that `sidetone serve` printed when it started; open that link, or run `sidetone user create NAME --role admin`";
    Err(Problem::forbidden("setup_token_wrong", detail).into())
}

fn form(token: &str, name: &str, complaint: Option<&str>) -> Markup {
    shell::bare(
        "Set up",
        html! {
            div.card.card-narrow {
                h1 { "Welcome to Sidetone" }
                p.muted { "Make the first user. They are an admin: they see every call, create apps and let others in." }
                @if let Some(complaint) = complaint { p.complaint role="alert" { (complaint) } }
                form.stack method="post" action="/setup" {
                    input type="hidden" name="token" value=(token);
                    label { span { "Name" } input type="text" name="name" value=(name) autocomplete="username" autocapitalize="none" spellcheck="false" maxlength=(NAME_CHARS_MAX) required autofocus; }
                    label {
                        span { "Password" }
                        input type="password" name="password" autocomplete="new-password" minlength=(password::PASSWORD_CHARS_MIN) required aria-describedby="password-hint";
                        small.muted #password-hint { "At least " (password::PASSWORD_CHARS_MIN) " characters. A few words in a row are easy to keep in mind." }
                    }
                    button.primary type="submit" { "Create and log in" }
                }
            }
        },
    )
}

#[derive(Deserialize)]
pub(crate) struct First {
    token: String,
    name: String,
    password: String,
}

pub(crate) async fn submit(State(state): State<AppState>, headers: HeaderMap, Form(given): Form<First>) -> Result<Response, Refusal> {
    if !check(&state, &given.token).await? {
        return Ok(Redirect::to("/login").into_response());
    }
    let user = match new_user(&state, &given.name, given.password, Role::Admin).await {
        Ok(user) => user,
        Err(problem) => return Ok((problem.status(), form(&given.token, &given.name, Some(&problem.into_detail()))).into_response()),
    };
    let name = user.name.clone();
    if !state.store.create_first_local_user(user).await.map_err(query::store(&state))? {
        return Ok(Redirect::to("/login").into_response());
    }
    tracing::info!(user = name, "the first local user was made");
    login::begin(&state, &headers, name, "/").await
}

/// A local user of that name and password, not stored yet.
pub(crate) async fn new_user(state: &AppState, name: &str, password: String, role: Role) -> Result<LocalUser, Problem> {
    let chars = name.chars().count();
    if chars == 0 || chars > NAME_CHARS_MAX || name.trim() != name || name.chars().any(char::is_control) {
        let detail = format!("a name has 1 to {NAME_CHARS_MAX} characters, no space at its ends and no control characters");
        return Err(Problem::unprocessable("user_name_invalid", detail));
    }
    let entropy = std::sync::Arc::clone(&state.entropy);
    let _place = session::hashing_place(state).await?;
    let hashed = tokio::task::spawn_blocking(move || password::hash(&password, &*entropy)).await.map_err(Problem::internal)?;
    let password_hash = hashed.map_err(|error| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "password_invalid", error.to_string()))?;
    Ok(LocalUser { name: name.to_owned(), role, password_hash, created: state.clock.now() })
}
