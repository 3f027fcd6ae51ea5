//! CORS (Fetch standard): pages of any origin may ask; whether they may act is judged by the app's allow-list, with the credentials.
//!
//! A preflight carries no credentials, so it cannot tell the app: it is answered for every origin. No cookie counts
//! here, so a foreign page gains nothing by it. The pages of the dashboard, where one does, are outside of this layer.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// Seconds that a browser may remember a preflight; Chromium remembers at most two hours.
const MAX_AGE_SECONDS: &str = "7200";

/// Answers preflights, and tells browsers that pages may read the answers.
pub(crate) async fn layer(request: Request, next: Next) -> Response {
    let Some(origin) = request.headers().get(header::ORIGIN).cloned() else { return next.run(request).await };
    let is_preflight = request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if is_preflight { preflight() } else { next.run(request).await };
    let headers = response.headers_mut();
    // The SDK's files say `*`, so that every cache may keep one copy for all.
    headers.entry(header::ACCESS_CONTROL_ALLOW_ORIGIN).or_insert(origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    response
}

fn preflight() -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE, OPTIONS"));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("authorization, content-type, content-encoding, idempotency-key"),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE_SECONDS));
    (StatusCode::NO_CONTENT, headers).into_response()
}
