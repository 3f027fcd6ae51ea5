//! What happens by itself: participants and conferences end, summaries are written, old conferences go, records are sent on.

use std::{collections::HashMap, sync::Arc, time::Duration};

use sidetone_engine::{ids::ConferenceKey, units::Timestamp};
use sidetone_store::error::StoreError;
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};

use crate::{
    finalise::{self, FinaliseError},
    intake::callstats,
    intake::messenger::relay,
    sip,
    state::AppState,
    task,
};

/// Longest pause before a conference that could not be finalised is tried again.
const RETRY_MAX: Duration = Duration::from_secs(600);

/// Starts every job; each ends soon after the server is told to stop, never in the middle of a step.
pub(crate) fn start(state: &AppState) -> Vec<JoinHandle<()>> {
    let (presence_state, retention_state, relay_state) = (state.clone(), state.clone(), state.clone());
    let (tick_state, record_state, trunk_state) = (state.clone(), state.clone(), state.clone());
    let dismiss_state = state.clone();
    vec![
        task::spawn("sip timers", Arc::clone(&state.accounts), async move { sip::tick(&tick_state).await }),
        task::spawn("sip records", Arc::clone(&state.accounts), async move { sip::record(&record_state).await }),
        task::spawn("sip trunk", Arc::clone(&state.accounts), async move { sip::trunk::run(&trunk_state).await }),
        task::spawn("sip dismissals", Arc::clone(&state.accounts), async move { sip::dismiss(&dismiss_state).await }),
        task::spawn("presence", Arc::clone(&state.accounts), async move { presence(&presence_state).await }),
        task::spawn("retention", Arc::clone(&state.accounts), async move { retention(&retention_state).await }),
        task::spawn("relay", Arc::clone(&state.accounts), async move { relay::run(&relay_state).await }),
    ]
}

/// Waits; `false` when the server stops.
async fn pause(state: &AppState, span: Duration) -> bool {
    tokio::select! {
        () = state.stopped() => false,
        () = sleep(span) => true,
    }
}

/// Ends what is silent and finalises what has ended, again and again.
async fn presence(state: &AppState) {
    let mut sweeper = Sweeper::default();
    loop {
        sweeper.sweep(state).await;
        if !pause(state, state.config.presence.sweep_interval.get()).await {
            return;
        }
    }
}

/// Ends what is silent and finalises what has ended, once.
#[derive(Default)]
pub(crate) struct Sweeper {
    retries: Retries,
}

impl Sweeper {
    pub(crate) async fn sweep(&mut self, state: &AppState) {
        let silent_since = state.clock.now().plus_micros(-state.config.presence.participant_timeout.as_micros());
        state.live.sweep(silent_since);
        callstats::end_silent(state).await;
        let ended = match state.store.end_silent(silent_since).await {
            Ok(ended) => ended,
            Err(error) => {
                state.accounts.task_failed("presence");
                tracing::error!(%error, "silent participants could not be ended");
                return;
            }
        };
        self.retries.keep(ended.iter().map(|ended| ended.conference));
        for ended in ended {
            if state.is_stopping() {
                return;
            }
            if !self.retries.is_due(ended.conference) {
                continue;
            }
            match finalise::finalise(&*state.store, ended).await {
                Ok(true) => {
                    state.accounts.finalised.inc();
                }
                Ok(false) => {}
                Err(error) => {
                    state.accounts.task_failed("finaliser");
                    report(&error, ended.conference);
                    self.retries.failed(ended.conference);
                }
            }
        }
    }
}

fn report(error: &FinaliseError, conference: ConferenceKey) {
    tracing::error!(%error, conference.key = %conference, "conference could not be finalised; it will be tried again");
}

/// Conferences that failed, so that one bad conference is not tried every second.
#[derive(Default)]
struct Retries(HashMap<ConferenceKey, (u32, Instant)>);

impl Retries {
    /// Forgets all others.
    fn keep(&mut self, named: impl Iterator<Item = ConferenceKey>) {
        if !self.0.is_empty() {
            let named: std::collections::HashSet<_> = named.collect();
            self.0.retain(|conference, _| named.contains(conference));
        }
    }

    fn is_due(&self, conference: ConferenceKey) -> bool {
        self.0.get(&conference).is_none_or(|(_, due)| Instant::now() >= *due)
    }

    fn failed(&mut self, conference: ConferenceKey) {
        let (failures, due) = self.0.entry(conference).or_insert((0, Instant::now()));
        *failures += 1;
        *due = Instant::now() + RETRY_MAX.min(Duration::from_secs(1 << (*failures).min(10)));
    }
}

/// Removes conferences by age, app by app.
async fn retention(state: &AppState) {
    loop {
        if let Err(error) = expire(state).await {
            state.accounts.task_failed("retention");
            tracing::error!(%error, "old conferences could not be removed");
        }
        if !pause(state, state.config.retention.sweep_interval.get()).await {
            return;
        }
    }
}

pub(crate) async fn expire(state: &AppState) -> Result<(), StoreError> {
    let config = &state.config.retention;
    if config.name_views_days > 0 {
        state.store.expire_name_views(days_ago(state, config.name_views_days)).await?;
    }
    for app in state.apps.all().await? {
        let days = app.settings.retention_days.unwrap_or(config.days);
        if days == 0 {
            continue;
        }
        let before = days_ago(state, days);
        loop {
            let removed = state.store.expire(app.key, before, config.batch).await?.conferences;
            if removed == 0 {
                break;
            }
            state.accounts.expired.inc_by(removed);
            tracing::info!(app.key = %app.key, conference_count = removed, days, "removed conferences by age");
            if !pause(state, Duration::from_millis(10)).await {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn days_ago(state: &AppState, days: u32) -> Timestamp {
    state.clock.now().plus_micros(i64::from(days).saturating_mul(-86_400_000_000))
}
