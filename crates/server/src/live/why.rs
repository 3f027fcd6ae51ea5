//! Why a running conference is poor at present: the finaliser's diagnosis, over the last stretch.
//!
//! A shard says which conference is due: when an issue was raised, grew worse or was cleared, and now and then while one lasts. One task of
//! the shard reads the stored reports of the poor stretches, one conference after another, and hands back what it comes to. Memory holds the
//! issues of [`STRETCH`] alone; what it costs is bounded by [`SOON`], and a good conference costs nothing.

use std::{
    sync::{Mutex, Weak},
    time::Duration,
};

use sidetone_engine::{
    diagnosis::{Cause, Connection, Diagnosis},
    ids::{AppKey, ConferenceKey},
    units::Timestamp,
};
use sidetone_store::{Store, record::Ended};
use tokio::sync::mpsc;

use super::{lock, shard::Shard};
use crate::{
    diagnose,
    finalise::{self, FinaliseError},
};

/// What is over for longer than this is told no more.
pub(super) const STRETCH: Duration = Duration::from_secs(120);
/// Least time between two diagnoses of a conference.
pub(super) const SOON: Duration = Duration::from_secs(5);
/// Time between two while an issue lasts and nothing changes.
pub(super) const LATER: Duration = Duration::from_secs(15);
/// Conferences of a shard that may wait for a diagnosis; the others ask again with their next batch.
pub(super) const WAITING_MAX: usize = 64;

/// A conference that is to be diagnosed.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) app: AppKey,
    pub(super) conference: ConferenceKey,
    pub(super) connections: Vec<Connection>,
    /// Of the server's clock.
    pub(super) now: Timestamp,
}

/// What is known of one conference.
#[derive(Debug, Default)]
pub(super) struct Why {
    /// Whether an issue changed since it was asked last.
    pub(super) is_stale: bool,
    /// Whether it is being answered.
    pub(super) is_asked: bool,
    /// When it was asked last.
    pub(super) asked: Option<Timestamp>,
    /// The last answer, the worst and surest first.
    pub(super) diagnoses: Vec<Diagnosis>,
}

impl Why {
    /// Whether it is time to ask.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        let least = if self.is_stale { SOON } else { LATER };
        // A clock that was set back asks again.
        !self.is_asked && self.asked.is_none_or(|asked| now.since(asked).is_none_or(|age| age >= least))
    }
}

/// Answers the questions of a shard for as long as it is there.
///
/// It keeps neither shard nor store: a server that is gone leaves its data folder to the next at once.
pub(super) async fn answer(store: Weak<dyn Store>, shard: Weak<Mutex<Shard>>, mut questions: mpsc::Receiver<Question>) {
    while let Some(question) = questions.recv().await {
        let (conference, now) = (question.conference, question.now);
        let Some(store) = store.upgrade() else { return };
        let answer = diagnose(&*store, question).await;
        drop(store);
        let Some(shard) = shard.upgrade() else { return };
        match answer {
            Ok(diagnoses) => lock(&shard).know(conference, Some(diagnoses), now),
            Err(error) => {
                tracing::warn!(conference.key = %conference, %error, "a running conference could not be diagnosed");
                lock(&shard).know(conference, None, now);
            }
        }
    }
}

async fn diagnose(store: &dyn Store, question: Question) -> Result<Vec<Diagnosis>, FinaliseError> {
    let Question { app, conference, connections, now } = question;
    let happenings = finalise::happenings(store, Ended { app, conference }, &[]).await?;
    let mut diagnoses = diagnose::diagnose(store, app, connections, happenings).await?;
    // Somebody may still be ringing.
    diagnoses.retain(|diagnosis| !matches!(diagnosis.cause, Cause::NeverAnswered | Cause::NeverOffered) && is_recent(diagnosis.until, now));
    diagnoses.sort_by(|a, b| b.severity.cmp(&a.severity).then(b.confidence.total_cmp(&a.confidence)).then(b.from.cmp(&a.from)));
    Ok(diagnoses)
}

/// Whether something that ended then is still told.
pub(super) fn is_recent(until: Timestamp, now: Timestamp) -> bool {
    now.since(until).is_none_or(|age| age <= STRETCH)
}
