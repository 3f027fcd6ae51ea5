//! Phones through real sockets: registration, calls, and those who mean no good.

mod abuse;
mod admission;
mod call;
mod login;
mod phone;
mod removal;
mod trunk;

use std::time::Duration;

use sidetone_engine::units::Timestamp;
use sidetone_sip::digest::Ha1;
use sidetone_store::{
    phone_user::PhoneUser,
    record::{Secret, TokenAlgorithm, TokenKey},
};

use super::{
    socket::{Running, run_on},
    *,
};
use phone::Phone;

const PASSWORD: &str = "correct horse battery";
const ISSUER: &str = "MAEXAMPLE";
const TOKEN_SECRET: &[u8] = b"a shared secret of more than thirty-two bytes";

/// A server with the phone users alice and bob, and a key for tokens.
async fn phones(change: impl FnOnce(&mut ServerConfig)) -> Running {
    phones_for(&[], change).await
}

/// The same, for pages of those origins only.
async fn phones_for(origins: &[&str], change: impl FnOnce(&mut ServerConfig)) -> Running {
    let key = TokenKey { kid: ISSUER.into(), algorithm: TokenAlgorithm::Hs256, material: Secret(TOKEN_SECRET.to_vec()) };
    let test = TestServer::with(|_, settings| {
        settings.token_keys.push(key);
        settings.origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
    })
    .await;
    let running = run_on(test, |config| {
        config.sip.enabled = true;
        config.sip.domain = "x.example".to_owned();
        change(config);
    })
    .await;
    let test = &running.test;
    for name in ["alice", "bob"] {
        let Ha1 { md5, sha256 } = Ha1::new(name, PASSWORD);
        let user = PhoneUser { name: name.into(), app: test.app.key, ha1_md5: md5, ha1_sha256: sha256, created: Timestamp::default() };
        assert!(test.store.create_phone_user(user).await.unwrap());
    }
    running
}

/// Asks until it is so.
async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..400 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not within 20 s: {what}");
}

/// A line of `/metrics` of the running server.
async fn metric(running: &Running, line: &str) -> u64 {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(running.address).await.unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    let found = text.lines().find_map(|held| held.strip_prefix(line)?.trim().parse().ok());
    found.unwrap_or_default()
}
