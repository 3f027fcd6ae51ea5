//! `/login` and `/logout`.

use std::time::Instant;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use sidetone_store::local_user::Session;

use super::{
    form::Form,
    refusal::Refusal,
    session::{self, Visitor},
    shell,
};
use crate::{password, problem::Problem, query, query::Parameters, secret, state::AppState};

/// Where to go afterwards.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    next: String,
    /// Whether a form was sent without a session: it was not carried out.
    send_again: bool,
}

pub(crate) async fn page(State(state): State<AppState>, Parameters(wanted): Parameters<Wanted>) -> Result<Response, Refusal> {
    let nobody = state.store.local_users().await.map_err(query::store(&state))?.is_empty();
    let hint = if nobody {
        Some(
            html! { "Nobody can log in yet. The server printed a link to set up the first user when it started; " code { "sidetone user create NAME --role admin" } " makes one as well." },
        )
    } else if wanted.send_again {
        Some(html! { "Your session had ended, so what you sent was not carried out. Log in, then send it again." })
    } else {
        None
    };
    Ok(form(&wanted.next, "", hint, None).into_response())
}

fn form(next: &str, name: &str, hint: Option<Markup>, complaint: Option<&str>) -> Markup {
    shell::bare(
        "Log in",
        html! {
            div.card.card-narrow {
                h1 { "Log in" }
                @if let Some(hint) = hint { p.hint role="status" { (hint) } }
                @if let Some(complaint) = complaint { p.complaint role="alert" { (complaint) } }
                form.stack method="post" action="/login" {
                    input type="hidden" name="next" value=(next);
                    label { span { "Name" } input type="text" name="name" value=(name) autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus[name.is_empty()]; }
                    label { span { "Password" } input type="password" name="password" autocomplete="current-password" required autofocus[!name.is_empty()]; }
                    button.primary type="submit" { "Log in" }
                }
            }
        },
    )
}

#[derive(Deserialize)]
pub(crate) struct Credentials {
    name: String,
    password: String,
    #[serde(default)]
    next: String,
}

pub(crate) async fn submit(State(state): State<AppState>, headers: HeaderMap, Form(given): Form<Credentials>) -> Result<Response, Refusal> {
    if let Err(wait) = state.gate.try_name(&given.name, Instant::now()) {
        let seconds = wait.as_secs() + 1;
        let complaint = format!("There have been too many tries at this name. Wait {seconds} seconds, then try again.");
        let mut answer = (StatusCode::TOO_MANY_REQUESTS, form(&given.next, &given.name, None, Some(&complaint))).into_response();
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        return Ok(answer);
    }
    let users = state.store.local_users().await.map_err(query::store(&state))?;
    let user = users.into_iter().find(|user| user.name == given.name);
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let password = given.password;
    let _place = session::hashing_place(&state).await?;
    let is_right = tokio::task::spawn_blocking(move || password::is_right(&password, hash.as_deref())).await.map_err(Problem::internal)?;
    let Some(user) = user.filter(|_| is_right) else {
        let complaint = "No user has this name and this password. Who has forgotten theirs gets a new one from an admin.";
        return Ok((StatusCode::UNAUTHORIZED, form(&given.next, &given.name, None, Some(complaint))).into_response());
    };
    state.gate.forgive(&user.name);
    begin(&state, &headers, user.name, local(&given.next)).await
}

/// Begins a session and goes to a page.
pub(crate) async fn begin(state: &AppState, headers: &HeaderMap, user: String, next: &str) -> Result<Response, Refusal> {
    let (token, now) = (session::mint(state)?, state.clock.now());
    let expires = now.plus_micros(state.config.auth.session_ttl.as_micros());
    let session = Session { token_digest: secret::sha256(token.as_bytes()), user, created: now, expires };
    state.store.create_session(session).await.map_err(query::store(state))?;
    let mut answer = Redirect::to(next).into_response();
    answer.headers_mut().insert(header::SET_COOKIE, session::cookie(state, headers, Some(&token))?);
    Ok(answer)
}

/// Only our own pages: neither `//host` nor `/\host`, which browsers take for other sites.
fn local(next: &str) -> &str {
    let is_local = next.starts_with('/') && !next[1..].starts_with(['/', '\\']) && !next.contains(|c: char| c.is_ascii_control());
    if is_local { next } else { "/" }
}

#[derive(Deserialize)]
pub(crate) struct Leave {
    form_token: String,
}

pub(crate) async fn leave(
    State(state): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    Form(given): Form<Leave>,
) -> Result<Response, Refusal> {
    visitor.check_form(&given.form_token)?;
    if let Some(token) = session::token(&headers) {
        state.store.end_session(secret::sha256(token.as_bytes())).await.map_err(query::store(&state))?;
    }
    let mut answer = Redirect::to("/login").into_response();
    answer.headers_mut().insert(header::SET_COOKIE, session::cookie(&state, &headers, None)?);
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn the_way_after_the_login_leads_to_no_other_site() {
        for good in ["/", "/conferences/1?app=2"] {
            assert_eq!(local(good), good);
        }
        for bad in ["", "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nset-cookie: b"] {
            assert_eq!(local(bad), "/", "{bad:?}");
        }
    }
}
