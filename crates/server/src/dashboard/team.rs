//! `/team`, for admins: who may log in.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use maud::html;
use serde::Deserialize;
use sidetone_store::local_user::Role;

use super::{
    form::Form,
    format,
    refusal::Refusal,
    session::Visitor,
    setup,
    shell::{self, Place},
};
use crate::{password, problem::Problem, query, state::AppState};

pub(crate) async fn page(State(state): State<AppState>, visitor: Visitor) -> Result<Response, Refusal> {
    visitor.require_admin()?;
    let users = state.store.local_users().await.map_err(query::store(&state))?;
    let token = html! { input type="hidden" name="form_token" value=(visitor.form_token); };
    let roles = |chosen: Role| html! { @for role in Role::ALL { option value=(role.name()) selected[role == chosen] { (role.name()) } } };
    let main = html! {
        div.page-head { div { h1 { "Team" } p.muted { "Who may log in. Engineers see aliases instead of names; admins manage apps and this list." } } p.actions.tight { a.button href="/team/names" { "Who saw names" } } }
        section.card aria-label="Users" {
            ul.team {
                @for user in &users {
                    li {
                        span.avatar aria-hidden="true" { (user.name.chars().next().map(|first| first.to_uppercase().to_string()).unwrap_or_default()) }
                        div { b.long { (user.name) } p.muted { (user.role.name()) " · since " (format::instant(user.created, "day")) } }
                        @if user.name == visitor.user.name {
                            span.muted { "this is you" }
                        } @else {
                            details.more {
                                summary aria-label=(format!("Change {}", user.name)) { "Change" }
                                form.inline method="post" action="/team/change" {
                                    (token)
                                    input type="hidden" name="name" value=(user.name);
                                    label.field { span { "Role" } select name="role" { (roles(user.role)) } }
                                    label.field { span { "New password" } input type="password" name="password" autocomplete="new-password" placeholder="as it is" minlength=(password::PASSWORD_CHARS_MIN); }
                                    button type="submit" { "Save" }
                                    button.danger type="submit" formaction="/team/remove" { "Remove" }
                                }
                            }
                        }
                    }
                }
            }
        }
        section.card aria-labelledby="new-title" {
            h2 #new-title { "Let somebody in" }
            form.inline method="post" action="/team" {
                (token)
                label.field { span { "Name" } input type="text" name="name" required maxlength=(setup::NAME_CHARS_MAX) autocomplete="off" autocapitalize="none"; }
                label.field { span { "Role" } select name="role" { (roles(Role::Support)) } }
                label.field { span { "Password" } input type="password" name="password" required autocomplete="new-password" placeholder=(format!("at least {} characters", password::PASSWORD_CHARS_MIN)) minlength=(password::PASSWORD_CHARS_MIN); }
                button.primary type="submit" { "Add" }
            }
        }
    };
    Ok(shell::page(&visitor, Some(Place::Team), "Team", main))
}

#[derive(Deserialize)]
pub(crate) struct Given {
    form_token: String,
    name: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    password: String,
}

impl Given {
    fn role(&self) -> Result<Role, Problem> {
        Role::from_name(&self.role).ok_or_else(|| Problem::unprocessable("role_unknown", "a role is engineer, support or admin"))
    }
}

fn check(visitor: &Visitor, given: &Given) -> Result<(), Problem> {
    visitor.require_admin()?;
    visitor.check_form(&given.form_token)
}

/// Nobody locks themselves out.
fn check_other(visitor: &Visitor, given: &Given) -> Result<(), Problem> {
    check(visitor, given)?;
    if given.name == visitor.user.name {
        return Err(Problem::unprocessable(
            "user_is_you",
            "another admin changes your role and password; or `sidetone user password` on the server",
        ));
    }
    Ok(())
}

fn nobody(name: &str) -> Problem {
    Problem::not_found("user_not_found", format!("nobody is called {name:?} (any more)"))
}

pub(crate) async fn create(State(state): State<AppState>, visitor: Visitor, Form(given): Form<Given>) -> Result<Response, Refusal> {
    check(&visitor, &given)?;
    let user = setup::new_user(&state, &given.name, given.password.clone(), given.role()?).await?;
    if !state.store.create_local_user(user).await.map_err(query::store(&state))? {
        return Err(Problem::unprocessable("user_name_taken", format!("there is a user {:?} already", given.name)).into());
    }
    tracing::info!(user = visitor.user.name, added = given.name, role = given.role, "added a local user");
    Ok(Redirect::to("/team").into_response())
}

pub(crate) async fn change(State(state): State<AppState>, visitor: Visitor, Form(given): Form<Given>) -> Result<Response, Refusal> {
    check_other(&visitor, &given)?;
    let users = state.store.local_users().await.map_err(query::store(&state))?;
    let mut user = users.into_iter().find(|user| user.name == given.name).ok_or_else(|| nobody(&given.name))?;
    user.role = given.role()?;
    let has_new_password = !given.password.is_empty();
    if has_new_password {
        user.password_hash = setup::new_user(&state, &given.name, given.password.clone(), user.role).await?.password_hash;
    }
    if !state.store.update_local_user(user).await.map_err(query::store(&state))? {
        return Err(nobody(&given.name).into());
    }
    tracing::info!(user = visitor.user.name, changed = given.name, role = given.role, has_new_password, "changed a local user");
    Ok(Redirect::to("/team").into_response())
}

pub(crate) async fn remove(State(state): State<AppState>, visitor: Visitor, Form(given): Form<Given>) -> Result<Response, Refusal> {
    check_other(&visitor, &given)?;
    if !state.store.remove_local_user(&given.name).await.map_err(query::store(&state))? {
        return Err(nobody(&given.name).into());
    }
    tracing::info!(user = visitor.user.name, removed = given.name, "removed a local user");
    Ok(Redirect::to("/team").into_response())
}
