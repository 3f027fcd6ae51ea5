//! Every route on one screen, and what surrounds them all.

use std::time::Instant;

use axum::{
    Json, Router,
    extract::{MatchedPath, Request, State},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{administration, asset, cors, dashboard, health, intake, live, problem::Problem, query, sip, state::AppState, turn};

/// Where the viewer of the API document is.
pub const VIEWER_PATH: &str = "/docs/api";
/// Where the API document is.
pub const OPENAPI_PATH: &str = "/v1/openapi.json";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sidetone",
        description = "Send getStats reports of WebRTC calls, ask for their quality. Times are milliseconds since 1970 (`_ms`), units stand in the names, keys are ULIDs as strings. Every refusal is `application/problem+json` with a stable `code`.",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT")
    ),
    modifiers(&Credentials),
    components(schemas(
        live::message::LiveState,
        live::message::LiveConferenceBody,
        live::message::ConferenceMessage,
        live::message::ParticipantMessage,
        live::message::IssueMessage,
        live::message::DiagnosisMessage,
        live::message::TickMessage,
        live::message::LaggedMessage
    )),
    tags(
        (name = "intake", description = "Send batches (scope `intake`)"),
        (name = "query", description = "Ask for conferences, series and reports (scope `query`)"),
        (name = "live", description = "Listen to what happens now (scope `query`)"),
        (name = "sip", description = "Ask for another SIP server who may register and call (`sip.admission_secret`)"),
        (name = "apps", description = "Manage apps (the token of an admin)"),
        (name = "operation", description = "Watch the server"),
    )
)]
struct Document;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, prefix) in [("intake", "sti_"), ("query", "stq_")] {
            let description =
                format!("An app's {name} secret ({prefix}…), or a JSON Web Token with the claims `app`, `exp` and `scope` = \"{name}\"");
            let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description)).build();
            components.add_security_scheme(name, SecurityScheme::Http(scheme));
        }
        for (name, description) in [
            ("admission", "The setting `sip.admission_secret` of the server"),
            ("admin", "The token of a local user who is an admin (stu_…): `sidetone user token NAME` makes one"),
        ] {
            let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description)).build();
            components.add_security_scheme(name, SecurityScheme::Http(scheme));
        }
    }
}

fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(intake::batches::handler))
        .routes(routes!(intake::app::handler))
        .routes(routes!(intake::messenger::handler))
        .routes(routes!(turn::handler))
        .routes(routes!(sip::admission::handler))
        .routes(routes!(query::conferences::handler))
        .routes(routes!(query::conference::handler))
        .routes(routes!(query::events::handler))
        .routes(routes!(query::series::handler))
        .routes(routes!(query::reports::handler))
        .routes(routes!(query::users::handler))
        .routes(routes!(query::metrics_catalogue::handler))
        .routes(routes!(live::stream::handler))
        .routes(routes!(live::conference_stream::handler))
        .routes(routes!(administration::apps::list, administration::apps::create))
        .routes(routes!(administration::app::get, administration::app::change, administration::app::remove))
        .routes(routes!(administration::secrets::rotate))
        .routes(routes!(administration::token_keys::put, administration::token_keys::remove))
        .routes(routes!(administration::callstats::put, administration::callstats::remove))
        .routes(routes!(health::health))
        .routes(routes!(health::metrics))
}

/// The API document.
#[must_use]
pub fn openapi() -> String {
    api().into_openapi().to_pretty_json().unwrap_or_default() + "\n"
}

/// Everything that the server answers.
pub(crate) fn router(state: AppState) -> Router {
    let (router, document) = api().split_for_parts();
    router
        .route("/{version}/{page_id}/call_metrics", post(intake::messenger::versioned))
        .route(sip::PATH, get(sip::handler))
        .route(OPENAPI_PATH, get(move || async { Json(document) }))
        .route("/static/{*path}", get(asset::handler))
        .route("/sdk/{*path}", get(asset::handler))
        .route("/assets/dashboard/{*path}", get(asset::handler))
        .route("/demo", get(asset::folder))
        .route("/demo/", get(asset::handler))
        .route("/demo/{*path}", get(asset::handler))
        .route("/handbook", get(asset::folder))
        .route("/handbook/", get(asset::handler))
        .route("/handbook/{*path}", get(asset::handler))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn(readable_path))
        // These read their paths themselves, and refuse in the words of their clients.
        .merge(intake::callstats::router())
        .layer(middleware::from_fn(cors::layer))
        .merge(dashboard::router().layer(middleware::from_fn(readable_path)))
        .layer(middleware::from_fn_with_state(state.clone(), account))
        .with_state(state)
}

async fn not_found(request: Request) -> Response {
    if let Some(page) = dashboard::not_found(&request) {
        return page;
    }
    let path: String = request.uri().path().chars().take(200).collect();
    Problem::not_found("path_unknown", format!("there is nothing at {path:?}; {VIEWER_PATH} shows what there is")).into_response()
}

async fn method_not_allowed(request: Request) -> Problem {
    let (method, path) = (request.method(), request.uri().path());
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        format!("{method} is not possible at {path:?}; {VIEWER_PATH} shows what is"),
    )
}

/// Refuses a path whose escapes are no UTF-8, as every other refusal is told.
async fn readable_path(request: Request, next: Next) -> Response {
    if percent_encoding::percent_decode_str(request.uri().path()).decode_utf8().is_ok() {
        return next.run(request).await;
    }
    let problem = |path: &str| {
        let detail = format!("the path {path:?} has escapes that are no UTF-8; escape the bytes of UTF-8, as %C3%BC for ü");
        Problem::bad_request("path_invalid", detail)
    };
    if let Some(page) = dashboard::page_for(&request, problem) {
        return page;
    }
    let path: String = request.uri().path().chars().take(200).collect();
    problem(&path).into_response()
}

/// Counts and times every request by its route.
async fn account(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    state.accounts.request(&method, route, response.status().as_u16(), began.elapsed());
    response
}
