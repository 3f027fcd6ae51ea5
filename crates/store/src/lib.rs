//! The storage trait in domain terms.
//!
//! [`Store`] is what the server knows of storage; a backend implements it and must pass `conformance`.
//! Methods speak of batches, conferences and participants, never of SQL. "Not found" is `Ok(None)`.
//! Every read names the app, so that no query can cross apps.
#![forbid(unsafe_code)]

pub mod chunks;
pub mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod error;
pub mod health;
pub mod local_user;
pub mod name_view;
pub mod phone_user;
pub mod query;
pub mod record;
pub mod summary;

use async_trait::async_trait;
use sidetone_engine::{
    ids::{AppKey, ConferenceKey, PeerConnectionKey, UserId},
    units::Timestamp,
};

use crate::{
    chunks::{Chunks, ReportExtent},
    error::StoreError,
    health::StoreHealth,
    local_user::{LocalUser, Session},
    name_view::{NameView, NameViewPage, NameViewQuery},
    phone_user::PhoneUser,
    query::{ConferencePage, ConferenceQuery, EventPage, EventQuery},
    record::{App, Append, Appended, ConferenceDetail, Delivery, Ended, Erased, Expired, NewApp, Place},
    summary::{ConferenceSummary, Judge},
};

/// Everything the server asks of storage.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Adds an app.
    async fn create_app(&self, app: NewApp) -> Result<App, StoreError>;

    /// Replaces the app of the same key.
    async fn update_app(&self, app: App) -> Result<Option<App>, StoreError>;

    /// Removes an app with everything that belongs to it. `false` when there was none.
    async fn remove_app(&self, app: AppKey) -> Result<bool, StoreError>;

    /// Every app, oldest first.
    async fn apps(&self) -> Result<Vec<App>, StoreError>;

    /// Keeps a batch. Returns after the batch is durable; concurrent calls share one commit.
    ///
    /// Resolves (and creates) conference, participant and peer connection; a batch that is there already answers
    /// [`Appended::Duplicate`] and changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the queue is full: nothing was kept, try again later.
    async fn append(&self, batch: Append) -> Result<Appended, StoreError>;

    /// Ends every participant last heard of before `silent_since`, and every conference whose last participant has
    /// ended. Returns the conferences that ended and are not finalised, those of earlier calls included.
    async fn end_silent(&self, silent_since: Timestamp) -> Result<Vec<Ended>, StoreError>;

    /// Writes the summary of a conference and marks it as finalised up to `summary.revision`. Idempotent: a second call replaces the first.
    /// `false` when the conference has changed since that revision (it stays to be finalised) or is gone.
    async fn finalise(&self, app: AppKey, conference: ConferenceKey, summary: ConferenceSummary) -> Result<bool, StoreError>;

    /// Finalised conferences of an app that `judge` has not judged in this round, oldest first, those after `after` in that order, at most
    /// `limit`.
    async fn judged_otherwise(
        &self,
        app: AppKey,
        judge: &Judge,
        after: Option<ConferenceKey>,
        limit: usize,
    ) -> Result<Vec<Ended>, StoreError>;

    /// How many conferences [`Store::judged_otherwise`] would name in all.
    async fn judged_otherwise_count(&self, app: AppKey, judge: &Judge) -> Result<u64, StoreError>;

    /// Begins a round in which every conference is to be judged again, whoever judged it, or goes on with the one that was not ended: then
    /// `true`. Durable.
    async fn begin_round(&self) -> Result<bool, StoreError>;

    /// Ends the round.
    async fn end_round(&self) -> Result<(), StoreError>;

    /// Conferences that match, newest first.
    async fn search(&self, app: AppKey, query: &ConferenceQuery) -> Result<ConferencePage, StoreError>;

    /// One conference with its participants, peer connections, streams and issues.
    async fn conference(&self, app: AppKey, conference: ConferenceKey) -> Result<Option<ConferenceDetail>, StoreError>;

    /// Events of a conference, oldest first.
    async fn events(&self, app: AppKey, conference: ConferenceKey, query: &EventQuery) -> Result<EventPage, StoreError>;

    /// Where a peer connection belongs.
    async fn place(&self, app: AppKey, peer_connection: PeerConnectionKey) -> Result<Option<Place>, StoreError>;

    /// The encoded reports of a peer connection, in order of time (then of arrival); each is a report codec chunk.
    async fn chunks(&self, app: AppKey, peer_connection: PeerConnectionKey) -> Result<Chunks, StoreError>;

    /// Those of [`Store::chunks`] that hold reports between two instants, both included.
    async fn chunks_between(
        &self,
        app: AppKey,
        peer_connection: PeerConnectionKey,
        span: (Timestamp, Timestamp),
    ) -> Result<Chunks, StoreError>;

    /// How much [`Store::chunks`] would tell; `None` where there are no reports.
    async fn report_extent(&self, app: AppKey, peer_connection: PeerConnectionKey) -> Result<Option<ReportExtent>, StoreError>;

    /// Replaces the chunks of an ended peer connection by fewer, better compressed ones. Idempotent, and loses nothing that arrives meanwhile.
    async fn fold(&self, app: AppKey, peer_connection: PeerConnectionKey) -> Result<(), StoreError>;

    /// What is to be delivered at `now`, by time, at most `limit`.
    async fn deliveries(&self, now: Timestamp, limit: usize) -> Result<Vec<Delivery>, StoreError>;

    /// A delivery was tried in vain; it is due again at `due`.
    async fn postpone_delivery(&self, id: i64, due: Timestamp) -> Result<(), StoreError>;

    /// A delivery has arrived, or is given up.
    async fn remove_delivery(&self, id: i64) -> Result<(), StoreError>;

    /// Erases all that was recorded of a user.
    async fn erase_user(&self, app: AppKey, user: &UserId) -> Result<Erased, StoreError>;

    /// Removes conferences that ended before `before`, at most `batch` of them; call again while it removed some.
    async fn expire(&self, app: AppKey, before: Timestamp, batch: usize) -> Result<Expired, StoreError>;

    /// How the store is doing.
    async fn health(&self) -> Result<StoreHealth, StoreError>;

    /// Every local user, by name.
    async fn local_users(&self) -> Result<Vec<LocalUser>, StoreError>;

    /// Adds a local user. `false` when the name is taken.
    async fn create_local_user(&self, user: LocalUser) -> Result<bool, StoreError>;

    /// Adds a local user where there is none at all. `false` when there is one.
    async fn create_first_local_user(&self, user: LocalUser) -> Result<bool, StoreError>;

    /// Replaces role and password of the local user of the same name and ends their sessions. `false` when there is none.
    async fn update_local_user(&self, user: LocalUser) -> Result<bool, StoreError>;

    /// Removes a local user and ends their sessions. `false` when there was none.
    async fn remove_local_user(&self, name: &str) -> Result<bool, StoreError>;

    /// Keeps a session of a local user, and forgets those that had expired when it began. `false` when there is no such user.
    async fn create_session(&self, session: Session) -> Result<bool, StoreError>;

    /// Whose session this is, unless it is unknown or had expired by `now`.
    async fn session_user(&self, token_digest: [u8; 32], now: Timestamp) -> Result<Option<LocalUser>, StoreError>;

    /// Ends a session, if there is one.
    async fn end_session(&self, token_digest: [u8; 32]) -> Result<(), StoreError>;

    /// Keeps who was shown real names. Returns after it is durable.
    async fn add_name_views(&self, views: Vec<NameView>) -> Result<(), StoreError>;

    /// Who was shown real names.
    async fn name_views(&self, query: NameViewQuery) -> Result<NameViewPage, StoreError>;

    /// Forgets views from before `before`; how many.
    async fn expire_name_views(&self, before: Timestamp) -> Result<u64, StoreError>;

    /// Every phone user, by name.
    async fn phone_users(&self) -> Result<Vec<PhoneUser>, StoreError>;

    /// The phone user of that name.
    async fn phone_user(&self, name: &str) -> Result<Option<PhoneUser>, StoreError>;

    /// Adds a phone user. `false` when the name is taken, in whatever app.
    async fn create_phone_user(&self, user: PhoneUser) -> Result<bool, StoreError>;

    /// Replaces the password hashes of the phone user of the same name. `false` when there is none.
    async fn update_phone_user(&self, user: PhoneUser) -> Result<bool, StoreError>;

    /// Removes a phone user. `false` when there was none.
    async fn remove_phone_user(&self, name: &str) -> Result<bool, StoreError>;

    /// Writes a consistent copy into the folder `into` while everything goes on.
    async fn backup(&self, into: &std::path::Path) -> Result<(), StoreError>;

    /// Looks for damage; each finding is a sentence for the operator. Empty is healthy.
    async fn check(&self) -> Result<Vec<String>, StoreError>;
}
