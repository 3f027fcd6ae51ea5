//! A listener as server-sent events.

use std::convert::Infallible;

use axum::http::{HeaderValue, header};
use axum::response::{
    IntoResponse, Response, Sse,
    sse::{Event, KeepAlive},
};
use futures_util::stream;
use serde::Serialize;
use tokio::{
    sync::broadcast::error::RecvError,
    time::{Interval, MissedTickBehavior, interval},
};

use super::{
    channel::{Listener, Topic},
    message::{LaggedMessage, Message},
};
use crate::{
    auth::{self, StillGood},
    problem::Problem,
    state::AppState,
};

/// The first event is `state`; what follows changes it. Ends when the server stops, and soon after `still_good` says no.
pub(crate) fn response(
    state: &AppState,
    topic: Topic,
    ticks: bool,
    still_good: StillGood,
    first: impl FnOnce() -> Message,
) -> Result<Response, Problem> {
    // Listening begins before the state is read: a change is told twice rather than never.
    let listener = state.live.channels().listen(topic, ticks).ok_or_else(|| {
        let most = state.config.live.clients_max;
        Problem::busy(format!("{most} live streams are open already; close one, or try again later"), state.config.limits.retry_after.get())
    })?;
    let first = first();
    let mut ask = interval(auth::asked_every(state));
    ask.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick is at once: it was just asked.
    ask.reset();
    let feed = Feed { state: state.clone(), listener, first: Some(first), still_good, ask };
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
    still_good: StillGood,
    ask: Interval,
}

impl Feed {
    async fn next(&mut self) -> Option<Event> {
        if let Some(first) = self.first.take() {
            return Some(event(&first));
        }
        let received = loop {
            tokio::select! {
                () = self.state.stopped() => return None,
                _ = self.ask.tick() => if !(self.still_good)().await {
                    return None;
                },
                received = self.listener.receiver.recv() => break received,
            }
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
