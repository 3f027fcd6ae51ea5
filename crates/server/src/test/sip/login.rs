//! Who may register.

use futures_util::{SinkExt, StreamExt};
use rustls::RootCertStore;
use sidetone_sip::message::{Message, Start};
use tokio_tungstenite::{
    client_async,
    tungstenite::{self, client::IntoClientRequest, http::HeaderValue},
};

use super::{super::socket::handshake, phone::token, *};
use crate::config::{listen::TlsConfig, messenger::Token, sip::users::SipUser};

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT","cty":"plivo;v=1"}"#;

#[tokio::test]
async fn a_password_is_proved_by_either_algorithm() {
    let running = phones(|_| ()).await;
    for hash in ["MD5", "SHA-256"] {
        let mut phone = Phone::open(running.address, "alice", hash).await.by(hash);
        assert_eq!(phone.register_with("", "not the password").await.code(), Some(401), "{hash}");
        assert_eq!(phone.register().await.code(), Some(200), "{hash}");
    }
    assert_eq!(metric(&running, r#"sidetone_sip_answers_total{method="REGISTER",code="200"}"#).await, 2);
    eventually("both are counted", async || (metric(&running, "sidetone_sip_contacts").await == 2).then_some(())).await;
}

#[tokio::test]
async fn a_host_alone_is_address_enough() {
    let running = phones(|_| ()).await;
    let mut phone = Phone::at(running.address, "/", "alice", "a1").await;
    assert_eq!(phone.register().await.code(), Some(200));
}

#[tokio::test]
async fn a_user_that_nobody_made_is_not_told_from_a_wrong_password() {
    let running = phones(|_| ()).await;
    let mut phone = Phone::open(running.address, "nobody", "n1").await;
    assert_eq!(phone.register().await.code(), Some(401));
}

#[tokio::test]
async fn a_token_registers_the_user_that_it_names() {
    let running = phones(|_| ()).await;
    let good = token(&running, HEADER, |_| (), TOKEN_SECRET);
    let mut phone = Phone::open(running.address, "carol_MAEXAMPLE", "c1").await;
    let answer = phone.register_with(&format!("X-Plivo-Jwt: {good}\r\n"), "").await;
    let until = running.test.clock.now().as_millis() / 1000 + 3600;
    assert_eq!((answer.code(), answer.header("X-Plivo-Jwt")), (Some(200), Some(format!("exp={until};").as_str())));
    let nameless = token(&running, HEADER, |claims| drop(claims.as_object_mut().unwrap().remove("sub")), TOKEN_SECRET);
    let mut phone = Phone::open(running.address, "puser1795228558123jt_MAEXAMPLE", "c2").await;
    assert_eq!(phone.register_with(&format!("X-Plivo-Jwt: {nameless}\r\n"), "").await.code(), Some(200));
}

#[tokio::test]
async fn a_token_is_refused_with_the_number_that_clients_know() {
    let running = phones(|_| ()).await;
    let now = running.test.clock.now().as_millis() / 1000;
    let make = |header: &str, name: &str, value: serde_json::Value| token(&running, header, |claims| claims[name] = value, TOKEN_SECRET);
    let other_secret = token(&running, HEADER, |_| (), b"another secret of more than thirty-two bytes");
    for (code, token) in [
        ("10001", "rubbish".to_owned()),
        ("10002", make(r#"{"alg":"none"}"#, "x", 1.into())),
        ("10002", make(r#"{"alg":"HS256","crit":["x"]}"#, "x", 1.into())),
        ("10003", make(HEADER, "iss", "MASOMEBODY".into())),
        ("10004", make(HEADER, "sub", "dave".into())),
        ("10005", make(HEADER, "nbf", (now + 600).into())),
        ("10006", make(HEADER, "exp", (now - 1).into())),
        ("10007", other_secret),
        ("10009", make(HEADER, "exp", (now + 2 * 86_400).into())),
    ] {
        let mut phone = Phone::open(running.address, "carol_MAEXAMPLE", "c1").await;
        let answer = phone.register_with(&format!("X-Plivo-Jwt: {token}\r\n"), "").await;
        assert_eq!((answer.code(), answer.header("X-Plivo-Jwt-Error-Code")), (Some(403), Some(code)));
    }
}

#[tokio::test]
async fn what_a_token_does_not_grant_is_refused() {
    let running = phones(|_| ()).await;
    // Older helper libraries put the grants elsewhere.
    let deaf = token(
        &running,
        HEADER,
        |claims| {
            claims["grants"] = serde_json::json!({"voice": {"outgoing_allow": true}});
            claims.as_object_mut().unwrap().remove("per");
        },
        TOKEN_SECRET,
    );
    let header = format!("X-Plivo-Jwt: {deaf}\r\n");
    let mut carol = Phone::open(running.address, "carol_MAEXAMPLE", "c1").await;
    assert_eq!(carol.register_with(&header, "").await.code(), Some(200));
    let mut alice = Phone::registered(running.address, "alice", "a1").await;
    let uri = "sip:carol_MAEXAMPLE@x.example";
    assert_eq!(alice.ask("INVITE", uri, &format!("<{uri}>"), "", PASSWORD).await.code(), Some(480));
    let mut ask = async |header: &str| carol.ask("INVITE", "sip:alice@x.example", "<sip:alice@x.example>", header, "").await;
    assert_eq!(ask(&header).await.code(), Some(100), "it may call");
    let mute = token(&running, HEADER, |claims| claims["per"] = serde_json::json!({}), TOKEN_SECRET);
    let mut dave = Phone::open(running.address, "carol_MAEXAMPLE", "c2").await;
    let answer = dave.ask("INVITE", "sip:alice@x.example", "<sip:alice@x.example>", &format!("X-Plivo-Jwt: {mute}\r\n"), "").await;
    assert_eq!((answer.code(), answer.header("X-Plivo-Jwt-Error-Code")), (Some(403), Some("10008")));
}

#[tokio::test]
async fn pages_of_other_origins_are_not_let_in() {
    let running = phones_for(&["https://shop.example"], |_| ()).await;
    for (origin, code) in [(None, 200), (Some("https://shop.example"), 200), (Some("https://evil.example"), 403)] {
        let mut phone = Phone::from_page(running.address, "/sip", origin, "alice", "a1").await;
        let answer = phone.register().await;
        assert_eq!(answer.code(), Some(code), "{origin:?}");
        assert_eq!(answer.header("Warning").is_some_and(|why| why.contains("pages of this origin may not act")), code == 403);
        let answer = phone.ask("INVITE", "sip:bob@x.example", "<sip:bob@x.example>", "", PASSWORD).await;
        assert_eq!(answer.code(), Some(if code == 403 { 403 } else { 480 }), "{origin:?}");
    }
    let mut phone = Phone::from_page(running.address, "/sip", Some("https://evil.example"), "carol_MAEXAMPLE", "c1").await;
    let grant = token(&running, r#"{"alg":"HS256"}"#, |_| (), TOKEN_SECRET);
    let answer = phone.register_with(&format!("X-Plivo-Jwt: {grant}\r\n"), "").await;
    assert!(matches!(&answer.start, Start::Response { code: 403, reason } if reason == "Origin Not Allowed"), "{answer:?}");
}

#[tokio::test]
async fn phones_connect_by_wss() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let running = phones(|config| config.listen.tls = TlsConfig::Files { certificate, key }).await;
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    for path in ["/sip", "/"] {
        let stream = handshake(running.address, roots.clone(), &rustls::version::TLS13, b"http/1.1").await;
        let mut request = format!("wss://localhost{path}").into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("sip"));
        let (mut socket, _) = client_async(request, stream).await.unwrap();
        let text = "REGISTER sip:x.example SIP/2.0\r\nVia: SIP/2.0/WSS a.invalid;branch=z9hG4bK1\r\nMax-Forwards: 70\r\nFrom: <sip:alice@x.example>;tag=1\r\n\
                    To: <sip:alice@x.example>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\nContact: <sip:alice@a.invalid;transport=ws>\r\n\r\n";
        socket.send(tungstenite::Message::text(text)).await.unwrap();
        let answer = loop {
            if let tungstenite::Message::Text(text) = socket.next().await.unwrap().unwrap() {
                break Message::parse(text.as_bytes()).unwrap();
            }
        };
        assert_eq!(answer.code(), Some(401), "{path}");
    }
}

#[tokio::test]
async fn a_user_of_the_configuration_logs_in_like_one_of_the_store() {
    let declared = |name: &str, app: &str| SipUser { name: name.into(), app: app.into(), password: Token(format!("declared for {name}")) };
    let running =
        phones(|config| config.sip.users = vec![declared("dora", "first"), declared("alice", "first"), declared("lost", "nowhere")]).await;
    for (name, password, code) in [
        ("dora", "declared for dora", 200),
        ("dora", PASSWORD, 401),
        // Of two that have the name, the configuration's.
        ("alice", "declared for alice", 200),
        ("alice", PASSWORD, 401),
        ("bob", PASSWORD, 200),
        ("lost", "declared for lost", 401),
    ] {
        let mut phone = Phone::open(running.address, name, "a1").await;
        assert_eq!(phone.register_with("", password).await.code(), Some(code), "{name} {password}");
    }
    let mut dora = Phone::open(running.address, "dora", "d2").await;
    assert_eq!(
        dora.ask("INVITE", "sip:bob@x.example", "<sip:bob@x.example>", "", "declared for dora").await.code(),
        Some(480),
        "of one app"
    );
}
