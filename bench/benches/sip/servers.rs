//! Those that are compared, each in processes of its own, with the same users.

use std::{net::SocketAddr, path::Path, process::Command, process::Stdio, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::ws::{WebSocket, WebSocketUpgrade},
    response::Response,
    routing::get,
    serve::ListenerExt,
};
use sidetone_bench::{Result, Subject};
use sidetone_engine::ids::AppKey;
use sidetone_server::{
    Server,
    config::{ServerConfig, sip::SipDigest},
};
use sidetone_sip::digest::Ha1;
use sidetone_store::{
    Store,
    clock::{Clock, SystemClock},
    phone_user::PhoneUser,
    record::{AppSettings, NewApp},
};
use sidetone_store_sqlite::{Role, SqliteConfig, SqliteStore};
use sidetone_testkit::clock::FakeEntropy;
use tempfile::TempDir;
use tokio::{
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};

/// Whose users all are.
pub(crate) const DOMAIN: &str = "sidetone.test";
/// Users that there are: [`user`] of each number below.
pub(crate) const USERS: usize = 1_100;
const KAMAILIO: &str = "/usr/sbin/kamailio";
const KAMAILIO_CFG: &str = include_str!("../../../e2e/src/kamailio.cfg");

pub(crate) fn user(number: usize) -> String {
    format!("p{number}")
}

pub(crate) fn password(user: &str) -> String {
    format!("secret-{user}")
}

/// How passwords are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Digest {
    Md5,
    Sha256,
}

impl Digest {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }
}

/// A server that phones can reach.
pub(crate) struct Place {
    pub(crate) name: &'static str,
    pub(crate) subject: Subject,
    pub(crate) url: String,
    _folder: TempDir,
}

impl Place {
    /// Our own. `gateway`: the URI of the server that has the numbers, or nothing.
    pub(crate) fn sidetone(digest: Digest, gateway: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let subject = Subject::start(&["sidetone", folder.path().to_str().ok_or("no UTF-8")?, digest.name(), gateway])?;
        Ok(Self { name: "Sidetone", url: format!("ws://{}/sip", subject.address), subject, _folder: folder })
    }

    /// Debian's Kamailio with its WebSocket module, as the end-to-end tests have it, but with enough memory.
    pub(crate) async fn kamailio(digest: Digest, gateway: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let address = TcpListener::bind(("127.0.0.1", 0)).await?.local_addr()?;
        let file = folder.path().join("kamailio.cfg");
        std::fs::write(&file, KAMAILIO_CFG.replace("@PORT@", &address.port().to_string()))?;
        let mut command = Command::new(KAMAILIO);
        command.args(["-DD", "-E", "-m", "1024", "-M", "32", "-f"]).arg(file);
        command.arg("-Y").arg(folder.path()).arg("-w").arg(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        if digest == Digest::Sha256 {
            command.args(["-A", "WITH_SHA256"]);
        }
        if !gateway.is_empty() {
            command.arg("-A").arg(format!("GATEWAY=\"{gateway}\""));
        }
        let subject = Subject::of(&mut command, address)?;
        let listens = async {
            while TcpStream::connect(address).await.is_err() {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(Duration::from_secs(20), listens).await?;
        Ok(Self { name: "Kamailio", url: format!("ws://{address}/"), subject, _folder: folder })
    }

    /// What no server on our stack can do without.
    pub(crate) fn floor() -> Result<Self> {
        let subject = Subject::start(&["floor"])?;
        Ok(Self { name: "floor", url: format!("ws://{}/", subject.address), subject, _folder: tempfile::tempdir()? })
    }
}

/// Sidetone as `sidetone serve --sip` runs it, but for its limits.
pub(crate) async fn serve_sidetone(folder: &Path, digest: &str, gateway: &str) -> Result<()> {
    let store = SqliteStore::open(folder, SqliteConfig::new(Role::Server, 1))?;
    let created = SystemClock.now();
    let app = AppKey::mint(created, 1);
    store.create_app(NewApp { key: app, name: "bench".into(), created, settings: AppSettings::default() }).await?;
    for name in (0..USERS).map(user) {
        let Ha1 { md5, sha256 } = Ha1::new(&name, &password(&name));
        store.create_phone_user(PhoneUser { name, app, ha1_md5: md5, ha1_sha256: sha256, created }).await?;
    }
    let mut config = ServerConfig::default();
    config.listen.address = SocketAddr::from(([127, 0, 0, 1], 0));
    config.limits.app_requests_per_second = u32::MAX / 20;
    config.sip.enabled = true;
    config.sip.domain = DOMAIN.into();
    config.sip.digests = vec![if digest == Digest::Md5.name() { SipDigest::Md5 } else { SipDigest::Sha256 }];
    config.sip.sockets_per_address_max = 0;
    config.sip.requests_per_second = u32::MAX / 20;
    config.sip.calls_per_minute = u32::MAX / 20;
    config.sip.trunk.address = gateway.into();
    config.sip.trunk.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.sip.trunk.patterns = vec!["+*".into()];
    config.sip.trunk.calls_max = 10_000;
    let server = Server::bind(config, Arc::new(store), Arc::new(SystemClock), Arc::new(FakeEntropy::default())).await?;
    println!("{}", server.local_addr());
    server.run(std::future::pending()).await;
    Ok(())
}

/// Gives every text back.
pub(crate) async fn serve_floor() -> Result<()> {
    async fn echo(mut socket: WebSocket) {
        while let Some(Ok(message)) = socket.recv().await {
            if socket.send(message).await.is_err() {
                return;
            }
        }
    }
    async fn upgrade(upgrade: WebSocketUpgrade) -> Response {
        upgrade.protocols(["sip"]).on_upgrade(echo)
    }
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    Ok(axum::serve(listener, Router::new().route("/", get(upgrade))).await?)
}
