//! A listener as server-sent events.

use std::convert::Infallible;

use axum::http::{HeaderValue, header};
use axum::response::{
    IntoResponse, Response, Sse,
    sse::{Event, KeepAlive},
};
use futures_util::stream;
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;

use super::{
    channel::{Listener, Topic},
    message::{LaggedMessage, Message},
};
use crate::{problem::Problem, state::AppState};

/// The first event is `state`; what follows changes it. Ends when the server stops.
pub(crate) fn response(state: &AppState, topic: Topic, ticks: bool, first: impl FnOnce() -> Message) -> Result<Response, Problem> {
    // Listening begins before the state is read: a change is told twice rather than never.
    let listener = state.live.channels().listen(topic, ticks).ok_or_else(|| {
        let most = state.config.live.clients_max;
        Problem::busy(format!("{most} live streams are open already; close one, or try again later"), state.config.limits.retry_after.get())
    })?;
    let first = first();
    let feed = Feed { state: state.clone(), listener, first: Some(first) };
    let events = stream::unfold(feed, |mut feed| async move { feed.next().await.map(|event| (Ok::<_, Infallible>(event), feed)) });
    let keep_alive = KeepAlive::new().interval(state.config.live.keep_alive.get());
    let mut response = Sse::new(events).keep_alive(keep_alive).into_response();
    // Proxies that buffer would hold events back.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

struct Feed {
    state: AppState,
    listener: Listener,
    first: Option<Message>,
}

impl Feed {
    async fn next(&mut self) -> Option<Event> {
        if let Some(first) = self.first.take() {
            return Some(event(&first));
        }
        let received = tokio::select! {
            () = self.state.stopped() => return None,
            received = self.listener.receiver.recv() => received,
        };
        match received {
            Ok(message) => Some(event(&message)),
            Err(RecvError::Lagged(missed_count)) => Some(event(&lagged(&LaggedMessage { missed_count }))),
            Err(RecvError::Closed) => None,
        }
    }
}

fn lagged(body: &impl Serialize) -> Message {
    Message::new("lagged", body)
}

fn event(message: &Message) -> Event {
    Event::default().event(message.name).data(&message.data)
}

/// The `state` message.
pub(crate) fn state_message(body: &impl Serialize) -> Message {
    Message::new("state", body)
}
