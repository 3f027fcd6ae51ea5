//! What is shown where there is no page: the way to the login, and errors that say what to do next.

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};

use super::{format::percent_encoded, protect, shell};
use crate::problem::Problem;

/// Why there is no page.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Nobody is logged in; afterwards the browser goes on to where it wanted to.
    LogIn { wanted: String },
    /// A form was sent, and nobody is logged in any more; afterwards the browser goes back to the form, which has to be sent again.
    SendAgain { form: String },
    /// A script of a page asked, and nobody is logged in any more. It would take the login for its answer.
    SessionEnded,
    /// Something else is in the way.
    Problem(Problem),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl Refusal {
    /// What becomes of a request without a session.
    pub(super) fn without_session(request: &Parts) -> Self {
        let text = |name: HeaderName| request.headers.get(name).and_then(|value| value.to_str().ok());
        if text(HeaderName::from_static("sec-fetch-mode")).is_some_and(|mode| mode != "navigate") {
            return Self::SessionEnded;
        }
        if request.method == Method::GET || request.method == Method::HEAD {
            return Self::LogIn { wanted: request.uri.path_and_query().map_or("/", |wanted| wanted.as_str()).to_owned() };
        }
        if request.uri.path() == "/logout" {
            return Self::LogIn { wanted: "/".to_owned() };
        }
        let page = text(header::REFERER).and_then(|page| page.parse::<Uri>().ok());
        let page = page.as_ref().and_then(|page| page.path_and_query());
        Self::SendAgain { form: page.map_or("/", |page| page.as_str()).to_owned() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::LogIn { wanted } if wanted == "/" => Redirect::to("/login").into_response(),
            Self::LogIn { wanted } => Redirect::to(&format!("/login?next={}", percent_encoded(&wanted))).into_response(),
            Self::SendAgain { form } => Redirect::to(&format!("/login?next={}&send_again=true", percent_encoded(&form))).into_response(),
            Self::SessionEnded => {
                Problem::unauthorized("session_ended", "your session has ended; load the page again to log in").into_response()
            }
            Self::Problem(problem) => {
                let (status, retry_after) = (problem.status(), problem.retry_after_span());
                // The API's own words lead to the API.
                let code = problem.code();
                let detail = problem.into_detail();
                let detail = if code == "conference_not_found" { "this app has no conference at this address" } else { &detail };
                let mut response = (status, error_page(status, code, detail)).into_response();
                if let Some(span) = retry_after {
                    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(span.as_secs().max(1)));
                }
                response
            }
        }
    }
}

fn error_page(status: StatusCode, code: &str, detail: &str) -> Markup {
    let (title, advice) = match status {
        StatusCode::NOT_FOUND => {
            ("There is nothing here", "The link may be old: conferences are removed after their retention, or when a user is erased.")
        }
        // Whatever else is refused says itself what to do; no admin can allow it.
        StatusCode::FORBIDDEN if code != "role_insufficient" => ("That was refused", ""),
        StatusCode::FORBIDDEN => ("This is not for you", "If you think it should be, an admin of this server can change it."),
        StatusCode::METHOD_NOT_ALLOWED => ("There is no page here", "This address only takes what a form sends."),
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
            ("That does not fit", "Go back, change what the message names, and try again.")
        }
        StatusCode::TOO_MANY_REQUESTS => ("Not so fast", "Wait a moment, then try again."),
        StatusCode::SERVICE_UNAVAILABLE => ("The server is busy", "Wait a moment, then load the page again."),
        _ => (
            "Something broke here",
            "Load the page again. If it happens again, ask whoever runs this server: its log says why, and `sidetone doctor` looks for damage.",
        ),
    };
    shell::bare(
        title,
        html! {
            div.notice role="alert" {
                p.notice-status { (status.as_u16()) }
                h1 { (title) }
                p.notice-detail { (commands(&sentence(detail))) }
                @if !advice.is_empty() { p.muted { (commands(advice)) } }
                p.actions { a.button.primary href="/" { "To the conferences" } }
            }
        },
    )
}

/// What stands between backticks is a command.
fn commands(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// Problems begin in lower case, as parts of log lines do.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}

/// Where something is only sent, nobody finds a page.
pub(super) async fn method_not_allowed(request: Request) -> Refusal {
    let detail = format!("{} is not possible at {}", request.method(), short(request.uri().path()));
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail).into()
}

fn short(path: &str) -> String {
    path.chars().take(200).collect()
}

/// Where a person looks for a page that is not there: a page. Everybody else gets a problem document.
pub(crate) fn not_found(request: &Request) -> Option<Response> {
    page_for(request, |path| Problem::not_found("path_unknown", format!("no page has the address {path}")))
}

/// The page that says why there is none at a path, where a person looks for one.
pub(crate) fn page_for(request: &Request, problem: impl FnOnce(&str) -> Problem) -> Option<Response> {
    let wants_page =
        request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"));
    let path = request.uri().path();
    (wants_page && !path.starts_with("/v1/")).then(|| protect::headed(Refusal::Problem(problem(&short(path))).into_response()))
}
