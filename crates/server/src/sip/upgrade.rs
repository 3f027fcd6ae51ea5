//! A phone's connection, from its HTTP request on until it is a WebSocket.

use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, Request, State, ws::WebSocketUpgrade},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};

use super::socket;
use crate::{problem::Problem, state::AppState};

/// Where phones connect.
pub(crate) const PATH: &str = "/sip";
/// The WebSocket subprotocol (RFC 7118 section 4).
const SUBPROTOCOL: &str = "sip";
/// What a socket reads at once: more than most messages have. Its buffer is held as long as the socket is open.
const READ_BYTES: usize = 8 * 1024;

/// Asks for `/` as `/sip`, where somebody wants a WebSocket for SIP there: clients may know a host only.
pub(crate) fn at_root<B>(request: &mut axum::http::Request<B>) {
    if request.uri().path() == "/" && request.method() == Method::GET && wants_sip(request.headers()) {
        *request.uri_mut() = Uri::from_static(PATH);
    }
}

fn wants_sip(headers: &HeaderMap) -> bool {
    let protocols = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    protocols.flat_map(|value| value.split(',')).any(|protocol| protocol.trim() == SUBPROTOCOL)
}

/// `GET /sip`: a WebSocket of the subprotocol `sip`.
pub(crate) async fn handler(
    State(state): State<AppState>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
    request: Request,
) -> Response {
    let Some(sip) = &state.sip else {
        return Problem::not_found("sip_off", "phones are not served here; start `sidetone serve --sip`").into_response();
    };
    if !wants_sip(request.headers()) {
        return Problem::bad_request("subprotocol_missing", "this is a WebSocket of the subprotocol `sip` (RFC 7118)").into_response();
    }
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => {
            return Problem::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", rejection.body_text()).into_response();
        }
    };
    let Some(peer) = peer(&request, sip.config.behind_proxy) else {
        return Problem::internal("the connection has no address").into_response();
    };
    let Some(opened) = sip.open(peer) else {
        sip.accounts.sip.closed("refused");
        return Problem::busy("too many sockets are open", state.config.limits.retry_after.get()).into_response();
    };
    let origin = request.headers().get(header::ORIGIN).cloned();
    let size = sip.config.message_size_max.as_usize();
    let (state, failed) = (state.clone(), (state.clone(), opened.flow));
    upgrade
        .protocols([SUBPROTOCOL])
        .read_buffer_size(READ_BYTES)
        .max_message_size(size)
        .max_frame_size(size)
        .on_failed_upgrade(move |_| {
            if let Some(sip) = &failed.0.sip {
                sip.close(failed.1);
            }
        })
        .on_upgrade(move |socket| socket::serve(state, socket, opened, origin))
}

/// Where the client is.
fn peer(request: &Request, is_behind_proxy: bool) -> Option<SocketAddr> {
    let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
    let forwarded = || {
        let last = request.headers().get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?.rsplit(',').next()?.trim();
        Some(SocketAddr::new(last.parse().ok()?, 0))
    };
    is_behind_proxy.then(forwarded).flatten().or(Some(*peer))
}
