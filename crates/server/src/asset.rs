//! What browsers download: the SDK, the dashboard's scripts, the demo, the handbook. `build.rs` puts them into the binary.

use std::{collections::BTreeMap, sync::LazyLock};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};

use crate::problem::Problem;

/// A file as `build.rs` found it.
struct File {
    /// Such as `sdk/sidetone.js`.
    path: &'static str,
    bytes: &'static [u8],
    /// The same with gzip, where that is smaller.
    gzip: Option<&'static [u8]>,
    /// The same with Brotli, in a release and of what every caller downloads.
    brotli: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// Where the folders of [`FILES`] are served.
const PLACES: &[(&str, &str)] =
    &[("/sdk/", "sdk/"), ("/static/", "static/"), ("/assets/dashboard/", "dashboard/"), ("/demo/", "demo/"), ("/handbook/", "handbook/")];

/// How long a page of somebody else may use the SDK without asking whether it changed.
const SDK_CACHE: HeaderValue = HeaderValue::from_static("public, max-age=300");
/// Kept, but asked for each time: answered by 304 while it is the same.
const REVALIDATE: HeaderValue = HeaderValue::from_static("public, no-cache");
/// Asked for by its tag (`?v=`): never another.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

static SHELF: LazyLock<Shelf> = LazyLock::new(|| Shelf::new(FILES));

/// The files by path, each with a tag of its content.
struct Shelf(BTreeMap<&'static str, (&'static File, String)>);

/// `GET` of a file below one of [`PLACES`].
pub(crate) async fn handler(request: Request) -> Response {
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    SHELF.answer(path, query, request.headers())
}

/// The address of a file of the dashboard, with its tag: it may be kept for ever.
pub(crate) fn link(path: &str) -> String {
    let tag = SHELF.0.get(path).map_or(String::new(), |(_, tag)| format!("?v={tag}"));
    format!("/assets/{path}{tag}")
}

/// `/demo` and `/handbook` are folders.
pub(crate) async fn folder(request: Request) -> Redirect {
    Redirect::permanent(&format!("{}/", request.uri().path()))
}

impl File {
    /// The coding that a browser wants most, with the bytes in it; of those it wants alike the smallest. `None` for as it is.
    fn coded(&self, headers: &HeaderMap) -> Option<(&'static str, &'static [u8])> {
        let others = weight(headers, "*").unwrap_or(0.0);
        let mut most = weight(headers, "identity").unwrap_or(0.0);
        let mut best = None;
        for (coding, bytes) in [("gzip", self.gzip), ("br", self.brotli)] {
            let weight = weight(headers, coding).unwrap_or(others);
            if let Some(bytes) = bytes
                && weight > 0.0
                && weight >= most
            {
                (most, best) = (weight, Some((coding, bytes)));
            }
        }
        best
    }
}

impl Shelf {
    fn new(files: &'static [File]) -> Self {
        let tag = |file: &File| URL_SAFE_NO_PAD.encode(&digest(&SHA256, file.bytes).as_ref()[..12]);
        Self(files.iter().map(|file| (file.path, (file, tag(file)))).collect())
    }

    fn answer(&self, path: &str, query: &str, headers: &HeaderMap) -> Response {
        let Some((place, folder)) = PLACES.iter().find(|(place, _)| path.starts_with(place)) else {
            return unknown(path).into_response();
        };
        let mut name = path.replacen(place, folder, 1);
        if name.ends_with('/') {
            name.push_str("index.html");
        }
        let Some((file, tag)) = self.0.get(name.as_str()) else {
            if self.0.keys().any(|path| path.starts_with(folder)) {
                return unknown(path).into_response();
            }
            let detail = format!("this server was built without what belongs at {place}; build it with `cargo xtask build`");
            return Problem::not_found("asset_not_built", detail).into_response();
        };
        let is_sdk = matches!(*folder, "sdk/" | "static/");
        // Weak: it stands for the content in whichever coding (RFC 9110, 8.8.1).
        let etag = format!("W/\"{tag}\"");
        let mut answer = if has_already(headers, &etag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            match file.coded(headers) {
                Some((coding, coded)) => ([(header::CONTENT_ENCODING, coding)], Body::from(coded)).into_response(),
                None => Body::from(file.bytes).into_response(),
            }
        };
        let cache = match query.strip_prefix("v=") {
            Some(asked) if asked == tag => FOREVER,
            _ if is_sdk => SDK_CACHE,
            _ => REVALIDATE,
        };
        let mut say = |name: HeaderName, value: HeaderValue| answer.headers_mut().insert(name, value);
        say(header::CONTENT_TYPE, HeaderValue::from_static(content_type(file.path)));
        say(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        say(header::CACHE_CONTROL, cache);
        say(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(etag) = HeaderValue::from_str(&etag) {
            say(header::ETAG, etag);
        }
        if is_sdk {
            // Any page may load it, also one that is isolated (COEP).
            say(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            say(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));
            say(HeaderName::from_static("timing-allow-origin"), HeaderValue::from_static("*"));
        }
        answer
    }
}

fn unknown(path: &str) -> Problem {
    let path: String = path.chars().take(200).collect();
    Problem::not_found("path_unknown", format!("there is nothing at {path:?}"))
}

/// How much a browser wants a coding, from 0 (not at all) to 1; `None` when it does not name it (RFC 9110, 12.5.3).
fn weight(headers: &HeaderMap, coding: &str) -> Option<f32> {
    items(headers, header::ACCEPT_ENCODING).find_map(|item| {
        let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
        let weight = parameters.trim().strip_prefix(['q', 'Q']).and_then(|rest| rest.strip_prefix('='));
        name.trim().eq_ignore_ascii_case(coding).then(|| weight.and_then(|weight| weight.parse().ok()).unwrap_or(1.0))
    })
}

fn has_already(headers: &HeaderMap, etag: &str) -> bool {
    items(headers, header::IF_NONE_MATCH).any(|item| item == etag || item == "*")
}

/// The items of a header that holds a list.
fn items(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).map(str::trim)
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "jpg" => "image/jpeg",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" | "map" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "tgz" => "application/gzip",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    const FILES: &[File] = &[
        File { path: "sdk/sidetone.js", bytes: b"sidetone sidetone sidetone", gzip: Some(b"squeezed"), brotli: Some(b"brewed") },
        File { path: "sdk/engine.wasm", bytes: b"\0asm", gzip: None, brotli: None },
        File { path: "demo/index.html", bytes: b"<!doctype html>", gzip: Some(b"html"), brotli: None },
    ];

    fn ask(path: &str, query: &str, headers: &[(HeaderName, &str)]) -> Response {
        let headers = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect();
        Shelf::new(FILES).answer(path, query, &headers)
    }

    fn text(response: &Response, name: HeaderName) -> &str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    async fn body(response: Response) -> Vec<u8> {
        response.into_body().collect().await.unwrap().to_bytes().to_vec()
    }

    #[tokio::test]
    async fn each_browser_gets_the_coding_that_it_wants_most() {
        for (accepted, coding) in [
            ("gzip, deflate, br, zstd", "br"),
            ("gzip, deflate", "gzip"),
            ("br;q=0.5, gzip;q=0.8", "gzip"),
            ("BR;Q=0.8, gzip; q=0.5", "br"),
            ("br;q=0, *", "gzip"),
            ("*", "br"),
            ("*;q=0.1, identity", ""),
            ("zstd, br;q=0, gzip;q=0.0", ""),
            ("", ""),
        ] {
            let answer = ask("/sdk/sidetone.js", "", &[(header::ACCEPT_ENCODING, accepted)]);
            assert_eq!(text(&answer, header::CONTENT_ENCODING), coding, "{accepted:?}");
            assert_eq!(text(&answer, header::CONTENT_TYPE), "text/javascript; charset=utf-8");
            assert_eq!(text(&answer, header::VARY), "accept-encoding");
            let expected = match coding {
                "br" => FILES[0].brotli,
                "gzip" => FILES[0].gzip,
                _ => Some(FILES[0].bytes),
            };
            assert_eq!(Some(&*body(answer).await), expected);
        }
        // What there is not in a coding is sent as it is, or in the other.
        let accepted = [(header::ACCEPT_ENCODING, "br, gzip;q=0.1")];
        let wasm = ask("/sdk/engine.wasm", "", &accepted);
        assert_eq!((text(&wasm, header::CONTENT_TYPE), text(&wasm, header::CONTENT_ENCODING)), ("application/wasm", ""));
        assert_eq!(text(&ask("/demo/", "", &accepted), header::CONTENT_ENCODING), "gzip");
    }

    #[tokio::test]
    async fn what_the_browser_has_already_is_not_sent_again() {
        let first = ask("/demo/", "", &[]);
        assert_eq!(text(&first, header::CACHE_CONTROL), "public, no-cache");
        let etag = text(&first, header::ETAG).to_owned();
        assert_eq!(body(first).await, b"<!doctype html>");
        let again = ask("/demo/", "", &[(header::IF_NONE_MATCH, &format!("W/\"other\", {etag}"))]);
        assert_eq!((again.status(), text(&again, header::ETAG)), (StatusCode::NOT_MODIFIED, etag.as_str()));
        assert_eq!(body(again).await, b"");
        let changed = ask("/demo/", "", &[(header::IF_NONE_MATCH, "W/\"other\"")]);
        assert_eq!(changed.status(), StatusCode::OK);
    }

    #[test]
    fn only_what_is_asked_for_by_its_tag_is_kept_for_ever() {
        let answer = ask("/sdk/engine.wasm", "", &[]);
        let tag = text(&answer, header::ETAG).trim_start_matches("W/").trim_matches('"').to_owned();
        assert_eq!(text(&answer, header::CACHE_CONTROL), "public, max-age=300");
        assert!(text(&ask("/sdk/engine.wasm", &format!("v={tag}"), &[]), header::CACHE_CONTROL).ends_with("immutable"));
        assert_eq!(text(&ask("/sdk/engine.wasm", "v=older", &[]), header::CACHE_CONTROL), "public, max-age=300");
    }

    #[test]
    fn any_page_may_load_the_sdk_and_only_that() {
        assert_eq!(text(&ask("/sdk/engine.wasm", "", &[]), header::ACCESS_CONTROL_ALLOW_ORIGIN), "*");
        assert_eq!(text(&ask("/demo/", "", &[]), header::ACCESS_CONTROL_ALLOW_ORIGIN), "");
    }

    #[tokio::test]
    async fn what_is_missing_is_told_from_what_was_not_built() {
        for (path, code) in
            [("/sdk/nothing.js", "path_unknown"), ("/handbook/", "asset_not_built"), ("/sdk/../demo/index.html", "path_unknown")]
        {
            let answer = ask(path, "", &[]);
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
            let problem: serde_json::Value = serde_json::from_slice(&body(answer).await).unwrap();
            assert_eq!(problem["code"], code, "{path}");
        }
    }
}
