//! One WebSocket: messages in, messages out, pings, and when it ends.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use axum::{
    extract::ws::{CloseFrame, Message as Frame, WebSocket, close_code},
    http::HeaderValue,
};
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use sidetone_sip::{
    FlowId,
    message::Message,
    stream::{PING, PONG},
};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{Sip, facts, outbox::Opened};
use crate::state::AppState;

/// How long one message may take to leave.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// Texts of one socket that are no messages, until it is closed.
const NONSENSE_MAX: u32 = 20;

/// Why a socket ends, as the metrics name it.
type Ending = (&'static str, Option<(u16, &'static str)>);

/// Serves a socket until it ends. `origin`: of the page that opened it.
pub(super) async fn serve(state: AppState, socket: WebSocket, opened: Opened, origin: Option<HeaderValue>) {
    let flow = opened.flow;
    let Some(sip) = &state.sip else { return };
    let (mut sink, stream) = socket.split();
    let (reason, farewell) = converse(&state, sip, opened, origin.as_ref(), (&mut sink, stream)).await;
    sip.close(flow);
    if reason != "slow" {
        sip.accounts.sip.closed(reason);
    }
    if let Some((code, reason)) = farewell {
        let frame = Frame::Close(Some(CloseFrame { code, reason: reason.into() }));
        let _ = timeout(SEND_TIMEOUT, sink.send(frame)).await;
    }
}

async fn converse(
    state: &AppState,
    sip: &Sip,
    Opened { flow, mut outgoing, bytes, dropped }: Opened,
    origin: Option<&HeaderValue>,
    (sink, mut stream): (&mut SplitSink<WebSocket, Frame>, SplitStream<WebSocket>),
) -> Ending {
    let idle = sip.config.idle_timeout.get();
    let mut pings = interval(idle / 3);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut heard, mut nonsense) = (Instant::now(), 0);
    loop {
        let frame = tokio::select! {
            () = state.stopped() => return ("stopping", Some((close_code::AWAY, "the server stops"))),
            () = dropped.notified() => return ("slow", None),
            message = outgoing.recv() => {
                let Some(message) = message else { return ("removed", Some((close_code::POLICY, "whoever was here was removed"))) };
                bytes.fetch_sub(message.len(), Ordering::Relaxed);
                as_frame(message)
            }
            _ = pings.tick() => {
                if heard.elapsed() > idle {
                    return ("silent", Some((close_code::AWAY, "nothing was heard for too long")));
                }
                Frame::Ping(Vec::new().into())
            }
            frame = stream.next() => {
                heard = Instant::now();
                let text = match frame {
                    Some(Ok(Frame::Text(text))) => text.as_bytes().to_vec(),
                    Some(Ok(Frame::Binary(bytes))) => bytes.to_vec(),
                    Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => continue,
                    Some(Ok(Frame::Close(_))) | None => return ("left", None),
                    Some(Err(error)) => {
                        tracing::debug!(%error, "a phone's socket broke");
                        return ("broken", Some((close_code::POLICY, "the message is too large or no WebSocket message")));
                    }
                };
                if text == PING {
                    as_frame(PONG.to_vec())
                } else {
                    if text != PONG && !receive(state, sip, (flow, origin), &text).await {
                        nonsense += 1;
                        if nonsense > NONSENSE_MAX {
                            return ("nonsense", Some((close_code::INVALID, "this is not SIP")));
                        }
                    }
                    continue;
                }
            }
        };
        if !matches!(timeout(SEND_TIMEOUT, sink.send(frame)).await, Ok(Ok(()))) {
            return ("unreachable", None);
        }
    }
}

/// Whether it was a message.
async fn receive(state: &AppState, sip: &Sip, from: (FlowId, Option<&HeaderValue>), text: &[u8]) -> bool {
    let Some(message) = parse(sip, text) else { return false };
    judge(state, sip, from, message).await;
    true
}

pub(super) fn parse(sip: &Sip, text: &[u8]) -> Option<Message> {
    Message::parse(text)
        .inspect_err(|error| {
            tracing::debug!(%error, "what came is no SIP message");
            sip.accounts.sip.unreadable.inc();
        })
        .ok()
}

/// Finds out what the machine must know of a message, and gives both to it. It came over a flow, maybe of a page with an origin.
pub(super) async fn judge(state: &AppState, sip: &Sip, (flow, origin): (FlowId, Option<&HeaderValue>), message: Message) {
    let wants = super::lock(&sip.proxy).wants(flow, &message);
    let facts = facts::find(state, wants, origin).await;
    sip.receive(flow, message, &facts);
}

fn as_frame(message: Vec<u8>) -> Frame {
    match String::from_utf8(message) {
        Ok(text) => Frame::Text(text.into()),
        Err(bytes) => Frame::Binary(bytes.into_bytes().into()),
    }
}
