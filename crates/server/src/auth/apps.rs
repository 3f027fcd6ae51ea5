//! The apps as the server remembers them: read from the store now and then, and at once when somebody unknown appears.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use sidetone_engine::ids::AppKey;
use sidetone_store::{
    Store,
    error::StoreError,
    local_user::Role,
    record::{App, AppSettings},
};
use subtle::ConstantTimeEq;

use super::Scope;

/// Least time between two reads of the store on account of somebody unknown.
const UNKNOWN_REFRESH: Duration = Duration::from_millis(500);

struct Snapshot {
    taken: Instant,
    by_key: HashMap<AppKey, Arc<App>>,
    by_secret: HashMap<[u8; 32], (AppKey, Scope, Role)>,
    by_callstats_id: HashMap<u64, AppKey>,
}

pub(crate) struct AppCache {
    store: Arc<dyn Store>,
    ttl: Duration,
    snapshot: RwLock<Option<Arc<Snapshot>>>,
    refreshing: tokio::sync::Mutex<()>,
}

impl AppCache {
    pub(crate) fn new(store: Arc<dyn Store>, ttl: Duration) -> Self {
        Self { store, ttl, snapshot: RwLock::default(), refreshing: tokio::sync::Mutex::default() }
    }

    /// The app that has a secret of this SHA-256, and what the secret allows.
    pub(crate) async fn by_secret(&self, digest: &[u8]) -> Result<Option<(Arc<App>, Scope, Role)>, StoreError> {
        self.find(|snapshot| {
            let (held, (key, scope, role)) = snapshot.by_secret.get_key_value(digest)?;
            // The map has found it by a hash of the digest; equality is judged without regard to where a difference lies.
            bool::from(held.ct_eq(digest)).then_some(())?;
            Some((Arc::clone(snapshot.by_key.get(key)?), *scope, *role))
        })
        .await
    }

    /// The app of this key.
    pub(crate) async fn by_key(&self, key: AppKey) -> Result<Option<Arc<App>>, StoreError> {
        self.find(|snapshot| snapshot.by_key.get(&key).map(Arc::clone)).await
    }

    /// The app of this AppID of callstats.
    pub(crate) async fn by_callstats_id(&self, app_id: u64) -> Result<Option<Arc<App>>, StoreError> {
        self.find(|snapshot| snapshot.by_key.get(snapshot.by_callstats_id.get(&app_id)?).map(Arc::clone)).await
    }

    /// The apps that have a token key of this `kid`.
    pub(crate) async fn by_token_key(&self, kid: &str) -> Result<Vec<Arc<App>>, StoreError> {
        let has_key = |app: &&Arc<App>| app.settings.token_keys.iter().any(|key| key.kid == kid);
        let found = self.find(|snapshot| {
            let apps: Vec<Arc<App>> = snapshot.by_key.values().filter(has_key).map(Arc::clone).collect();
            (!apps.is_empty()).then_some(apps)
        });
        Ok(found.await?.unwrap_or_default())
    }

    /// Every app.
    pub(crate) async fn all(&self) -> Result<Vec<Arc<App>>, StoreError> {
        Ok(self.snapshot(self.ttl).await?.by_key.values().map(Arc::clone).collect())
    }

    /// Reads the store at the next question: somebody changed an app.
    pub(crate) fn forget(&self) {
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Looks in the snapshot, then in one that is fresh: an app that was just created is known at once.
    async fn find<T>(&self, look: impl Fn(&Snapshot) -> Option<T>) -> Result<Option<T>, StoreError> {
        if let Some(found) = look(&*self.snapshot(self.ttl).await?) {
            return Ok(Some(found));
        }
        Ok(look(&*self.snapshot(self.ttl.min(UNKNOWN_REFRESH)).await?))
    }

    async fn snapshot(&self, age_max: Duration) -> Result<Arc<Snapshot>, StoreError> {
        if let Some(snapshot) = self.held(age_max) {
            return Ok(snapshot);
        }
        let _one_at_a_time = self.refreshing.lock().await;
        if let Some(snapshot) = self.held(age_max) {
            return Ok(snapshot);
        }
        match self.store.apps().await {
            Ok(apps) => {
                let snapshot = Arc::new(Snapshot::new(apps));
                *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&snapshot));
                Ok(snapshot)
            }
            // What was known is better than refusing everybody while the store cannot answer.
            Err(error) => self.held(Duration::MAX).ok_or(error),
        }
    }

    fn held(&self, age_max: Duration) -> Option<Arc<Snapshot>> {
        let held = self.snapshot.read().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().filter(|snapshot| snapshot.taken.elapsed() <= age_max).map(Arc::clone)
    }
}

impl Snapshot {
    fn new(apps: Vec<App>) -> Self {
        let mut by_secret = HashMap::new();
        for app in &apps {
            let AppSettings { intake_secrets, query_secrets, names_secrets, .. } = &app.settings;
            for (secrets, scope, role) in [
                (intake_secrets, Scope::Intake, Role::Engineer),
                (query_secrets, Scope::Query, Role::Engineer),
                (names_secrets, Scope::Query, Role::Support),
            ] {
                by_secret.extend(secrets.iter().map(|secret| (*secret, (app.key, scope, role))));
            }
        }
        let by_callstats_id = apps.iter().filter_map(|app| Some((app.settings.callstats.as_ref()?.app_id, app.key))).collect();
        Self { taken: Instant::now(), by_secret, by_callstats_id, by_key: apps.into_iter().map(|app| (app.key, Arc::new(app))).collect() }
    }
}
