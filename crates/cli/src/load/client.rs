//! One client: a peer connection that sends a real call again and again.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use bytes::Bytes;
use sidetone_engine::{
    ids::{ConferenceId, ParticipantId, PeerConnectionId, UserId},
    report::Reports,
    units::Timestamp,
};
use sidetone_store::clock::{Clock, SystemClock};
use sidetone_wire::batch::{self, Batch, Event, kind};
use tokio::time::{Instant, sleep, sleep_until};

use super::outcome::Outcome;
use crate::http::Connection;

/// Pause after a request that was not answered.
const PAUSE: Duration = Duration::from_millis(200);

pub(super) struct Client {
    pub(super) number: u32,
    /// Tells runs apart.
    pub(super) run: i64,
    pub(super) connection: Connection,
    /// The peer connections of the call, each cut into batches.
    pub(super) calls: Arc<Vec<Vec<Reports>>>,
    pub(super) interval: Duration,
    pub(super) until: Instant,
}

impl Client {
    /// Sends from `start` on.
    pub(super) async fn run(mut self, start: Instant) -> Result<Outcome> {
        let mut outcome = Outcome::new()?;
        let calls = Arc::clone(&self.calls);
        let call = &calls[self.number as usize % calls.len()];
        let mut due = start;
        for round in 0_u32.. {
            let began = SystemClock.now();
            for (index, reports) in call.iter().enumerate() {
                sleep_until(due.min(self.until)).await;
                if Instant::now() >= self.until {
                    return Ok(outcome);
                }
                let batch = self.batch(round, index, reports, call, began)?;
                self.deliver(&batch, &mut outcome).await;
                due = (due + self.interval).max(Instant::now());
            }
        }
        Ok(outcome)
    }

    /// Batch `index` of a call that began at `began`: the reports keep their distances.
    fn batch(&self, round: u32, index: usize, reports: &Reports, call: &[Reports], began: Timestamp) -> Result<Batch> {
        let Self { number, run, .. } = self;
        let first_of_call = call.first().and_then(|run| run.times().first()).copied().unwrap_or_default();
        let mut reports = reports.clone();
        reports.shift(began.as_micros() - first_of_call.as_micros());
        let first = reports.times().first().copied().unwrap_or(began);
        let last = reports.times().last().copied().unwrap_or(began);
        let event = |time: Timestamp, kind: &str, payload: &str| Event { time, kind: kind.to_owned(), payload: payload.to_owned() };
        let mut events = Vec::new();
        if index == 0 {
            events.push(event(first, kind::JOINED, r#"{"browser":"Chrome","sdk":"sidetone load"}"#));
        }
        if index + 1 == call.len() {
            events.push(event(last, kind::CLOSED, "{}"));
            events.push(event(last, kind::LEFT, "{}"));
        }
        Ok(Batch {
            conference_id: ConferenceId::new(format!("load-{run}-{}-{round}", number / 2))?,
            user_id: UserId::new(format!("load-{number}"))?,
            participant_id: ParticipantId::new(format!("load-{run}-{number}-{round}"))?,
            peer_connection_id: PeerConnectionId::new("pc")?,
            batch_seq: u32::try_from(index)?,
            sent: SystemClock.now(),
            events,
            reports,
        })
    }

    /// Sends until the batch is acknowledged, refused for good, or time is over.
    async fn deliver(&mut self, batch: &Batch, outcome: &mut Outcome) {
        let body = Bytes::from(batch::encode(batch));
        loop {
            let began = Instant::now();
            let pause = match self.connection.post("/v1/batches", batch::MEDIA_TYPE, body.clone()).await {
                Ok(answer) if answer.status.is_success() => return outcome.acknowledged(began.elapsed(), batch.reports.len(), body.len()),
                Ok(answer) => {
                    outcome.error(answer.code());
                    match answer.retry_after {
                        Some(pause) => pause,
                        None => return,
                    }
                }
                Err(error) => {
                    outcome.error(format!("{error:#}"));
                    PAUSE
                }
            };
            if Instant::now() + pause >= self.until {
                return;
            }
            sleep(pause).await;
        }
    }
}
