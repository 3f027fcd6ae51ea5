//! What surrounds every page: head, navigation, app switcher, theme.

use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::{icon, session::Visitor};
use crate::{asset, route::VIEWER_PATH};

/// The pages that the navigation leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Conferences,
    Live,
    Import,
    Apps,
    Team,
}

/// A page for somebody who is logged in.
pub(crate) fn page(visitor: &Visitor, place: Option<Place>, title: &str, main: Markup) -> Response {
    let tab = |to: Place, path: &str, icon: Markup, name: &str| {
        html! { a.tab href=(visitor.link(path)) aria-current=[(place == Some(to)).then_some("page")] { (icon) span { (name) } } }
    };
    let body = html! {
        a.skip href="#main" { "Skip to the content" }
        header.bar {
            a.brand href=(visitor.link("/")) aria-label="Sidetone, to the conferences" { (mark()) span.brand-name { "Sidetone" } }
            nav.tabs aria-label="Main" {
                (tab(Place::Conferences, "/", icon::wave(), "Conferences"))
                (tab(Place::Live, "/live", icon::live(), "Live"))
                (tab(Place::Import, "/import", icon::upload(), "Import"))
                @if visitor.is_admin() {
                    (tab(Place::Apps, "/apps", icon::key(), "Apps"))
                    (tab(Place::Team, "/team", icon::people(), "Team"))
                }
            }
            div.bar-end {
                @if visitor.apps.len() > 1 { (app_switcher(visitor)) }
                (theme_button())
                details.menu {
                    summary aria-label=(format!("{}, account menu", visitor.user.name)) { span.avatar aria-hidden="true" { (initial(&visitor.user.name)) } }
                    div.menu-sheet {
                        p.menu-name { (visitor.user.name) span.muted { (visitor.user.role.name()) } }
                        a href="/handbook/" { "Handbook" }
                        a href=(VIEWER_PATH) { "API" }
                        form method="post" action="/logout" {
                            input type="hidden" name="form_token" value=(visitor.form_token);
                            button.plain type="submit" { "Log out" }
                        }
                    }
                }
            }
        }
        main #main tabindex="-1" { (main) }
        footer.zone data-zone="" { "Times are in UTC." }
    };
    Html(document(title, own(), body).into_string()).into_response()
}

/// A page without navigation: login, errors.
pub(crate) fn bare(title: &str, main: Markup) -> Markup {
    document(title, own(), html! { (bare_bar()) main #main.main-bare tabindex="-1" { (main) } })
}

/// A page of which only the bar is ours; `looks` are its style sheets and scripts.
pub(crate) fn foreign(title: &str, looks: Markup, main: Markup) -> Markup {
    document(title, looks, html! { (bare_bar()) main #main { (main) } })
}

fn bare_bar() -> Markup {
    html! {
        header.bar.bar-bare {
            a.brand href="/" aria-label="Sidetone, to the conferences" { (mark()) span.brand-name { "Sidetone" } }
            div.bar-end { (theme_button()) }
        }
    }
}

/// Our style sheet and script.
fn own() -> Markup {
    html! {
        link rel="stylesheet" href=(asset::link("dashboard/dashboard.css"));
        script type="module" src=(asset::link("dashboard/dashboard.js")) {}
    }
}

fn document(title: &str, looks: Markup, body: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Sidetone" }
                link rel="icon" type="image/svg+xml" href=(asset::link("dashboard/mark.svg"));
                // Before anything is painted, so that a page chosen dark does not flash.
                script src=(asset::link("dashboard/theme.js")) {}
                (looks)
            }
            body { (body) }
        }
    }
}

fn mark() -> Markup {
    html! {
        svg.mark viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" {
            rect width="24" height="24" rx="6" {}
            path d="M4.500 12h2.800l2-5.500 3.700 11 2.600-8 1.300 2.500h2.600" fill="none" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" {}
        }
    }
}

fn theme_button() -> Markup {
    html! { button.plain.theme type="button" data-theme-toggle="" aria-label="Dark colours" aria-pressed="false" { (icon::moon()) } }
}

fn app_switcher(visitor: &Visitor) -> Markup {
    let here = visitor.app.as_ref().map(|app| app.key);
    html! {
        form.app-switcher method="get" action="/" data-submit-on-change="" {
            label {
                span.unseen { "App" }
                select name="app" {
                    @for app in &visitor.apps { option value=(app.key) selected[Some(app.key) == here] { (app.name) } }
                }
            }
            button type="submit" { "Go" }
        }
    }
}

fn initial(name: &str) -> String {
    name.chars().next().map(|first| first.to_uppercase().to_string()).unwrap_or_default()
}
