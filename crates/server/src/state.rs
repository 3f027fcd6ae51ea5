//! What every handler and task shares.

use std::{ops::Deref, sync::Arc};

use sidetone_store::{
    Store,
    clock::{Clock, Entropy},
};
use tokio::sync::{Semaphore, watch};

use crate::{
    account::Accounts,
    auth::apps::AppCache,
    config::ServerConfig,
    dashboard::{gate::Gate, import::IMPORTS_MAX},
    intake::callstats::Callstats,
    limit::{Budget, Rates},
    live::Live,
    query::names::RecentViews,
    sip::Sip,
};

/// Cheap to clone; one per server.
#[derive(Clone)]
pub(crate) struct AppState(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) config: ServerConfig,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) gate: Gate,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) apps: AppCache,
    pub(crate) rates: Rates,
    pub(crate) budget: Budget,
    pub(crate) live: Live,
    pub(crate) callstats: Callstats,
    pub(crate) imports: Semaphore,
    pub(crate) recent_views: RecentViews,
    pub(crate) sip: Option<Sip>,
    stopping: watch::Sender<bool>,
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl AppState {
    /// Must be called within a Tokio runtime: the live view starts its tasks.
    pub(crate) fn new(config: ServerConfig, store: Arc<dyn Store>, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        let accounts = Arc::new(Accounts::new());
        let live = Live::start(&config.live, &store, &accounts);
        Self(Arc::new(Shared {
            apps: AppCache::new(Arc::clone(&store), config.auth.app_cache_ttl.get()),
            rates: Rates::new(config.limits.app_requests_per_second, config.limits.app_reports_per_second),
            budget: Budget::new(config.limits.in_flight_bytes_max.as_u64(), accounts.in_flight_bytes.clone()),
            sip: Sip::new(&config.sip, &accounts, &*clock, &*entropy),
            stopping: watch::Sender::new(false),
            config,
            store,
            clock,
            entropy,
            gate: Gate::default(),
            accounts,
            live,
            callstats: Callstats::default(),
            imports: Semaphore::new(IMPORTS_MAX),
            recent_views: RecentViews::default(),
        }))
    }

    /// Tells tasks and live streams to end.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Whether the server was told to stop.
    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Resolves once the server is stopping.
    pub(crate) async fn stopped(&self) {
        let mut stopping = self.stopping.subscribe();
        // An error means that the sender is gone, which is stopping as well.
        let _ = stopping.wait_for(|&stopping| stopping).await;
    }
}
