//! The server in this process, as `sidetone serve` runs it, but for the limits per app.

use std::{net::SocketAddr, path::Path, sync::Arc};

use sidetone_engine::ids::AppKey;
use sidetone_server::{Server, config::ServerConfig};
use sidetone_store::{
    Store,
    clock::{Clock, SystemClock},
    record::{AppSettings, NewApp},
};
use sidetone_store_sqlite::{Role, SqliteConfig, SqliteStore};
use sidetone_testkit::clock::FakeEntropy;

use crate::Result;

/// Any secret will do; the app knows its digest (SHA-256 of this text).
pub const SECRET: &str = "sti_bench";
const SECRET_SHA256: [u8; 32] = [
    0x5f, 0x6d, 0xd3, 0x18, 0x23, 0xaf, 0x06, 0x22, 0x56, 0x9a, 0x51, 0x94, 0x07, 0x21, 0x58, 0xfb, 0x06, 0x1e, 0x84, 0x8f, 0x9a, 0x0a,
    0x45, 0xd5, 0xc2, 0x2d, 0xd5, 0xb9, 0xe9, 0x69, 0x60, 0xe8,
];

/// Prints where it listens and serves one app, of these settings and [`SECRET`], until it is ended.
///
/// # Errors
/// When it does not start.
pub async fn serve(folder: &Path, settings: AppSettings) -> Result<()> {
    let store = SqliteStore::open(folder, SqliteConfig::new(Role::Server, 1))?;
    let created = SystemClock.now();
    let settings = AppSettings { intake_secrets: vec![SECRET_SHA256], ..settings };
    store.create_app(NewApp { key: AppKey::mint(created, 1), name: "bench".into(), created, settings }).await?;
    let mut config = ServerConfig::default();
    config.listen.address = SocketAddr::from(([127, 0, 0, 1], 0));
    config.limits.app_reports_per_second = u32::MAX / 20;
    config.limits.app_requests_per_second = u32::MAX / 20;
    let server = Server::bind(config, Arc::new(store), Arc::new(SystemClock), Arc::new(FakeEntropy::default())).await?;
    println!("{}", server.local_addr());
    server.run(std::future::pending()).await;
    Ok(())
}
