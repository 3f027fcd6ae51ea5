//! The embedded store: SQLite in one data folder.
//!
//! Summary rows in indexed tables, reports as encoded chunks (`chunks`), one writer thread with grouped durable commits,
//! a few readers beside it. The write-ahead log and `synchronous = FULL` make a batch durable before it is acknowledged.
#![forbid(unsafe_code)]

mod append;
mod apps;
mod backup;
mod check;
mod condition;
mod delivery;
mod diagnosis;
mod error;
mod finalise;
mod fold;
mod local_user;
mod moment;
mod name_view;
mod phone_user;
mod pool;
mod private;
mod read;
mod record;
mod removal;
mod row;
mod schema;
mod search;
mod writer;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    thread::JoinHandle,
};

use async_trait::async_trait;
use rusqlite::{Connection, config::DbConfig};
use sidetone_engine::{
    ids::{AppKey, ConferenceKey, PeerConnectionKey, UserId},
    units::Timestamp,
};
use sidetone_store::{
    Store,
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

pub use backup::back_up;
pub use schema::version;

use crate::{error::failed, pool::Pool, writer::Writer};

/// The database's name in its data folder.
pub const FILE_NAME: &str = "sidetone.db";

/// The name of the file that a server locks in its data folder.
const LOCK_NAME: &str = "server.lock";

/// Most queries at a time, unless told otherwise.
const READERS_MAX: usize = 4;

/// How a data folder is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// By the one server of this folder.
    Server,
    /// By a tool, which may work beside the server.
    Tool,
}

/// Limits of the embedded store.
#[derive(Clone, Copy, Debug)]
pub struct SqliteConfig {
    /// How the folder is used.
    pub role: Role,
    /// Most batches that wait to be committed; more are refused with [`StoreError::Busy`].
    pub queue_max: usize,
    /// Most bytes of batches that wait.
    pub queue_bytes_max: usize,
    /// Most queries at a time.
    pub readers_max: usize,
    /// Most pages of 4 KiB that the database may have; `None`: as the disk allows.
    pub pages_max: Option<u32>,
    /// Seeds the random part of keys.
    pub seed: u64,
}

impl SqliteConfig {
    /// The defaults, for this role and seed.
    #[must_use]
    pub fn new(role: Role, seed: u64) -> Self {
        Self { role, queue_max: 16_384, queue_bytes_max: 64 << 20, readers_max: READERS_MAX, pages_max: None, seed }
    }
}

/// The embedded store.
#[derive(Debug)]
pub struct SqliteStore {
    writer: Option<Writer>,
    writer_thread: Option<JoinHandle<()>>,
    pool: Pool,
    file: PathBuf,
    _lock: Option<File>,
}

impl SqliteStore {
    /// Opens the store in `folder`; makes folder and store where there is none, and brings an older store up to date.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`] when the folder cannot be written or another server uses it; [`StoreError::Newer`] when a newer
    /// version wrote it.
    pub fn open(folder: &Path, config: SqliteConfig) -> Result<Self, StoreError> {
        let unwritable = |error: std::io::Error| StoreError::Unwritable(format!("data folder {}: {error}", folder.display()));
        private::folder(folder).map_err(unwritable)?;
        let lock = match config.role {
            Role::Tool => None,
            Role::Server => {
                let lock = File::create(folder.join(LOCK_NAME)).map_err(unwritable)?;
                lock.try_lock().map_err(|error| match error {
                    fs::TryLockError::WouldBlock => StoreError::Unwritable(format!(
                        "data folder {} is in use by another server; stop it, or give this one a folder of its own",
                        folder.display()
                    )),
                    fs::TryLockError::Error(error) => unwritable(error),
                })?;
                Some(lock)
            }
        };
        let file = folder.join(FILE_NAME);
        private::file(&file).map_err(unwritable)?;
        let mut connection = Connection::open(&file).map_err(failed)?;
        // auto_vacuum and page_size hold for a store from its first table on.
        connection
            .execute_batch(
                "PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL;
                 PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY;
                 PRAGMA secure_delete = ON;",
            )
            .map_err(failed)?;
        if let Some(pages) = config.pages_max {
            connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).map_err(failed)?;
        }
        connection.set_prepared_statement_cache_capacity(64);
        // A statement is planned once, not again for each value that is bound to it.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(failed)?;
        schema::migrate(&mut connection)?;
        let (writer, thread) = Writer::start(connection, config.queue_max, config.queue_bytes_max, config.seed)?;
        let pool = Pool::new(file.clone(), config.readers_max);
        Ok(Self { writer: Some(writer), writer_thread: Some(thread), pool, file, _lock: lock })
    }

    /// Opens the store of `folder` to read it: nothing is made, nothing migrated, and every write is refused.
    ///
    /// # Errors
    /// [`StoreError::Older`] and [`StoreError::Newer`] when another version wrote it.
    pub fn open_to_read(folder: &Path) -> Result<Self, StoreError> {
        let file = folder.join(FILE_NAME);
        schema::expect_current(&pool::existing(&file)?)?;
        Ok(Self { writer: None, writer_thread: None, pool: Pool::new(file.clone(), READERS_MAX), file, _lock: None })
    }

    fn writer(&self) -> Result<&Writer, StoreError> {
        self.writer.as_ref().ok_or_else(|| StoreError::Unwritable("it was opened to be read only".into()))
    }

    async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer()?.run(write).await
    }

    async fn read_chunks(&self, app: AppKey, key: PeerConnectionKey, span: Option<(Timestamp, Timestamp)>) -> Result<Chunks, StoreError> {
        self.pool.stream(move |db, sink| read::chunks(db, app, key, span, sink)).await.map(Chunks::new)
    }
}

impl Drop for SqliteStore {
    /// Waits until what was handed in is written.
    fn drop(&mut self) {
        drop(self.writer.take());
        if let Some(thread) = self.writer_thread.take() {
            drop(thread.join());
        }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn create_app(&self, app: NewApp) -> Result<App, StoreError> {
        let app = App { key: app.key, name: app.name, created: app.created, settings: app.settings };
        self.write(move |db| apps::create(db, &app).map(|()| app)).await
    }

    async fn update_app(&self, app: App) -> Result<Option<App>, StoreError> {
        self.write(move |db| Ok(apps::update(db, &app)?.then_some(app))).await
    }

    async fn remove_app(&self, app: AppKey) -> Result<bool, StoreError> {
        self.writer()?.erase(move |db| removal::remove_app(db, app)).await
    }

    async fn apps(&self) -> Result<Vec<App>, StoreError> {
        self.pool.read(|db| apps::all(db)).await
    }

    async fn append(&self, batch: Append) -> Result<Appended, StoreError> {
        self.writer()?.append(batch).await
    }

    async fn end_silent(&self, silent_since: Timestamp) -> Result<Vec<Ended>, StoreError> {
        self.write(move |connection| {
            let transaction = connection.transaction().map_err(failed)?;
            append::end_silent(&transaction, silent_since)?;
            transaction.commit().map_err(failed)?;
            finalise::ended(connection)
        })
        .await
    }

    async fn finalise(&self, app: AppKey, conference: ConferenceKey, summary: ConferenceSummary) -> Result<bool, StoreError> {
        self.write(move |db| finalise::finalise(db, app, conference, &summary)).await
    }

    async fn judged_otherwise(
        &self,
        app: AppKey,
        judge: &Judge,
        after: Option<ConferenceKey>,
        limit: usize,
    ) -> Result<Vec<Ended>, StoreError> {
        let judge = judge.clone();
        self.pool.read(move |db| finalise::judged_otherwise(db, app, &judge, after, limit)).await
    }

    async fn judged_otherwise_count(&self, app: AppKey, judge: &Judge) -> Result<u64, StoreError> {
        let judge = judge.clone();
        self.pool.read(move |db| finalise::judged_otherwise_count(db, app, &judge)).await
    }

    async fn begin_round(&self) -> Result<bool, StoreError> {
        self.write(|db| finalise::begin_round(db)).await
    }

    async fn end_round(&self) -> Result<(), StoreError> {
        self.write(|db| finalise::end_round(db)).await
    }

    async fn search(&self, app: AppKey, query: &ConferenceQuery) -> Result<ConferencePage, StoreError> {
        let query = query.clone();
        self.pool
            .read(move |db| {
                // One snapshot for choosing the plan and following it.
                let snapshot = db.transaction().map_err(failed)?;
                search::search(&snapshot, app, &query)
            })
            .await
    }

    async fn conference(&self, app: AppKey, conference: ConferenceKey) -> Result<Option<ConferenceDetail>, StoreError> {
        self.pool
            .read(move |db| {
                // One snapshot for all its parts.
                let snapshot = db.transaction().map_err(failed)?;
                read::conference(&snapshot, app, conference)
            })
            .await
    }

    async fn events(&self, app: AppKey, conference: ConferenceKey, query: &EventQuery) -> Result<EventPage, StoreError> {
        let query = query.clone();
        self.pool.read(move |db| read::events(db, app, conference, &query)).await
    }

    async fn place(&self, app: AppKey, peer_connection: PeerConnectionKey) -> Result<Option<Place>, StoreError> {
        self.pool.read(move |db| read::place(db, app, peer_connection)).await
    }

    async fn chunks(&self, app: AppKey, peer_connection: PeerConnectionKey) -> Result<Chunks, StoreError> {
        self.read_chunks(app, peer_connection, None).await
    }

    async fn chunks_between(
        &self,
        app: AppKey,
        peer_connection: PeerConnectionKey,
        span: (Timestamp, Timestamp),
    ) -> Result<Chunks, StoreError> {
        self.read_chunks(app, peer_connection, Some(span)).await
    }

    async fn report_extent(&self, app: AppKey, peer_connection: PeerConnectionKey) -> Result<Option<ReportExtent>, StoreError> {
        self.pool.read(move |db| read::report_extent(db, app, peer_connection)).await
    }

    async fn fold(&self, app: AppKey, peer_connection: PeerConnectionKey) -> Result<(), StoreError> {
        let mut rows = self.pool.read(move |db| fold::rows(db, app, peer_connection)).await?;
        while !rows.is_empty() {
            let (folded, rest) = self.pool.read(move |db| fold::fold(db, app, peer_connection, rows)).await?;
            if let Some(folded) = folded {
                self.write(move |db| fold::swap(db, &folded)).await?;
            }
            rows = rest;
        }
        Ok(())
    }

    async fn deliveries(&self, now: Timestamp, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        self.pool.read(move |db| delivery::due(db, now, limit)).await
    }

    async fn postpone_delivery(&self, id: i64, due: Timestamp) -> Result<(), StoreError> {
        self.write(move |db| delivery::postpone(db, id, due)).await
    }

    async fn remove_delivery(&self, id: i64) -> Result<(), StoreError> {
        self.write(move |db| delivery::remove(db, id)).await
    }

    async fn erase_user(&self, app: AppKey, user: &UserId) -> Result<Erased, StoreError> {
        let user = user.clone();
        self.writer()?.erase(move |db| removal::erase_user(db, app, &user)).await
    }

    async fn expire(&self, app: AppKey, before: Timestamp, batch: usize) -> Result<Expired, StoreError> {
        let expired = self.write(move |db| removal::expire(db, app, before, batch)).await?;
        // Bit by bit: batches go between.
        while self.write(|db| removal::shrink(db)).await? {}
        Ok(expired)
    }

    async fn health(&self) -> Result<StoreHealth, StoreError> {
        let done = self.writer.as_ref().map(Writer::health).unwrap_or_default();
        self.pool
            .read(move |db| {
                let number = |pragma: &str| {
                    let number: u32 = db.pragma_query_value(None, pragma, |row| row.get(0)).map_err(failed)?;
                    Ok(u64::from(number))
                };
                let page = number("page_size")?;
                Ok(StoreHealth { size_bytes: number("page_count")? * page, free_bytes: number("freelist_count")? * page, ..done })
            })
            .await
    }

    async fn local_users(&self) -> Result<Vec<LocalUser>, StoreError> {
        self.pool.read(|db| local_user::all(db)).await
    }

    async fn create_local_user(&self, user: LocalUser) -> Result<bool, StoreError> {
        self.write(move |db| local_user::create(db, &user)).await
    }

    async fn create_first_local_user(&self, user: LocalUser) -> Result<bool, StoreError> {
        self.write(move |db| local_user::create_first(db, &user)).await
    }

    async fn update_local_user(&self, user: LocalUser) -> Result<bool, StoreError> {
        self.write(move |db| local_user::update(db, &user)).await
    }

    async fn remove_local_user(&self, name: &str) -> Result<bool, StoreError> {
        let name = name.to_owned();
        self.write(move |db| local_user::remove(db, &name)).await
    }

    async fn create_session(&self, session: Session) -> Result<bool, StoreError> {
        self.write(move |db| local_user::create_session(db, &session)).await
    }

    async fn session_user(&self, token_digest: [u8; 32], now: Timestamp) -> Result<Option<LocalUser>, StoreError> {
        self.pool.read(move |db| local_user::session_user(db, token_digest, now)).await
    }

    async fn end_session(&self, token_digest: [u8; 32]) -> Result<(), StoreError> {
        self.write(move |db| local_user::end_session(db, token_digest)).await
    }

    async fn add_name_views(&self, views: Vec<NameView>) -> Result<(), StoreError> {
        self.write(move |db| name_view::add(db, &views)).await
    }

    async fn name_views(&self, query: NameViewQuery) -> Result<NameViewPage, StoreError> {
        self.pool.read(move |db| name_view::find(db, query)).await
    }

    async fn expire_name_views(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.write(move |db| name_view::expire(db, before)).await
    }

    async fn phone_users(&self) -> Result<Vec<PhoneUser>, StoreError> {
        self.pool.read(|db| phone_user::all(db)).await
    }

    async fn phone_user(&self, name: &str) -> Result<Option<PhoneUser>, StoreError> {
        let name = name.to_owned();
        self.pool.read(move |db| phone_user::find(db, &name)).await
    }

    async fn create_phone_user(&self, user: PhoneUser) -> Result<bool, StoreError> {
        self.write(move |db| phone_user::create(db, &user)).await
    }

    async fn update_phone_user(&self, user: PhoneUser) -> Result<bool, StoreError> {
        self.write(move |db| phone_user::update(db, &user)).await
    }

    async fn remove_phone_user(&self, name: &str) -> Result<bool, StoreError> {
        let name = name.to_owned();
        self.write(move |db| phone_user::remove(db, &name)).await
    }

    async fn backup(&self, into: &Path) -> Result<(), StoreError> {
        back_up(self.file.parent().unwrap_or(Path::new(".")), into).await
    }

    async fn check(&self) -> Result<Vec<String>, StoreError> {
        let file = self.file.clone();
        self.pool.read(move |db| check::check(db, &file)).await
    }
}
