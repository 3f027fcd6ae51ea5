//! What every page says to browsers, and which requests that change something come from our own pages.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::refusal::Refusal;
use crate::problem::Problem;

/// Scripts and styles are files of this server; nothing is inline, nobody may frame a page.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Refuses posts of other sites, and sets the headers of a page.
pub(crate) async fn layer(request: Request, next: Next) -> Response {
    if request.method() != Method::GET && request.method() != Method::HEAD && !is_ours(request.uri(), request.headers()) {
        let problem = Problem::new(
            StatusCode::FORBIDDEN,
            "foreign_request",
            "this request came from a page of another site, and was not carried out; open the dashboard itself and try again there. \
             If it is the dashboard, a proxy in front of the server changes the header Host, and has to pass it on as it is",
        );
        return headed(Refusal::from(problem).into_response());
    }
    headed(next.run(request).await)
}

/// What every page says of itself.
pub(super) fn headed(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Whether a request comes from a page of ours, or from no page. Browsers say so (Fetch Metadata), older ones say the origin.
fn is_ours(uri: &Uri, headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(header::ORIGIN) else { return true };
    let host = uri.authority().map(|authority| authority.as_str()).or_else(|| text(header::HOST));
    origin.split_once("://").is_some_and(|(_, from)| host.is_some_and(|host| from.eq_ignore_ascii_case(host)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_of_another_site_is_told_apart() {
        let is_ours = |headers: &[(&'static str, &'static str)]| {
            let headers = headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect();
            is_ours(&Uri::from_static("/login"), &headers)
        };
        assert!(is_ours(&[]), "no browser");
        assert!(is_ours(&[("sec-fetch-site", "same-origin")]));
        assert!(is_ours(&[("host", "stats.example:8080"), ("origin", "http://stats.example:8080")]));
        for foreign in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site"), ("origin", "https://stats.example")],
            &[("host", "stats.example"), ("origin", "https://evil.example")],
            &[("host", "stats.example"), ("origin", "null")],
        ] {
            assert!(!is_ours(foreign), "{foreign:?}");
        }
    }
}
