//! The API to read and try: Swagger UI beneath our bar, in the theme of the other pages.

use std::sync::Arc;

use axum::{
    extract::Path,
    http::header,
    response::{Html, IntoResponse, Redirect, Response},
};
use maud::html;
use utoipa_swagger_ui::{Config, SwaggerFile};

use super::shell;
use crate::{
    asset,
    problem::Problem,
    route::{OPENAPI_PATH, VIEWER_PATH},
};

/// It is a folder.
pub(super) async fn folder() -> Redirect {
    Redirect::permanent(&format!("{VIEWER_PATH}/"))
}

pub(super) async fn page() -> Response {
    let looks = html! {
        link rel="stylesheet" href="swagger-ui.css";
        link rel="stylesheet" href=(asset::link("dashboard/api.css"));
        script defer src="swagger-ui-bundle.js" {}
        script type="module" src=(asset::link("dashboard/api.js")) {}
    };
    Html(shell::foreign("API", looks, html! { div data-api=(OPENAPI_PATH) {} }).into_string()).into_response()
}

/// A file of Swagger UI.
pub(super) async fn file(Path(name): Path<String>) -> Response {
    match utoipa_swagger_ui::serve(&name, Arc::new(Config::default())) {
        Ok(Some(SwaggerFile { bytes, content_type, .. })) => {
            ([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "public, max-age=3600".to_owned())], bytes.into_owned())
                .into_response()
        }
        _ => Problem::not_found("path_unknown", format!("there is nothing at \"{VIEWER_PATH}/{name}\"; {VIEWER_PATH}/ shows the API"))
            .into_response(),
    }
}
