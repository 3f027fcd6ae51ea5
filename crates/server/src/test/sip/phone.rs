//! A phone that speaks SIP by hand.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU32, Ordering},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::{SinkExt, StreamExt};
use md5::{Digest as _, Md5};
use ring::{
    digest::{SHA256, digest},
    hmac,
};
use serde_json::json;
use sidetone_sip::message::{Message, Start};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, client::IntoClientRequest, http::HeaderValue},
};

use super::*;

static PHONES: AtomicU32 = AtomicU32::new(0);

/// One tab with its socket.
pub(super) struct Phone {
    pub(super) socket: WebSocketStream<TcpStream>,
    pub(super) user: String,
    device: String,
    call_id: String,
    cseq: u32,
    hash: &'static str,
}

impl Phone {
    pub(super) async fn open(address: SocketAddr, user: &str, device: &str) -> Self {
        Self::at(address, "/sip", user, device).await
    }

    pub(super) async fn at(address: SocketAddr, path: &str, user: &str, device: &str) -> Self {
        Self::from_page(address, path, None, user, device).await
    }

    /// As a browser opens it for a page.
    pub(super) async fn from_page(address: SocketAddr, path: &str, origin: Option<&'static str>, user: &str, device: &str) -> Self {
        let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("sip"));
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", HeaderValue::from_static(origin));
        }
        let stream = TcpStream::connect(address).await.unwrap();
        let (socket, answer) = client_async(request, stream).await.unwrap();
        assert_eq!(answer.headers()["sec-websocket-protocol"], "sip");
        // Another with every page.
        let call_id = format!("call-{device}-{}", PHONES.fetch_add(1, Ordering::Relaxed));
        Self { socket, user: user.into(), device: device.into(), call_id, cseq: 0, hash: "MD5" }
    }

    /// Opens a socket and registers.
    pub(super) async fn registered(address: SocketAddr, user: &str, device: &str) -> Self {
        let mut phone = Self::open(address, user, device).await;
        assert_eq!(phone.register().await.code(), Some(200));
        phone
    }

    /// Takes the challenge of that algorithm.
    pub(super) fn by(mut self, hash: &'static str) -> Self {
        self.hash = hash;
        self
    }

    pub(super) async fn send(&mut self, text: impl Into<String>) {
        self.socket.send(tungstenite::Message::text(text.into())).await.unwrap();
    }

    /// The next text.
    pub(super) async fn text(&mut self) -> Option<String> {
        loop {
            match timeout(Duration::from_secs(20), self.socket.next()).await.expect("nothing came for 20 s")? {
                Ok(tungstenite::Message::Text(text)) => return Some(text.to_string()),
                Ok(tungstenite::Message::Ping(_) | tungstenite::Message::Pong(_)) => {}
                Ok(tungstenite::Message::Close(_)) | Err(_) => return None,
                Ok(other) => panic!("{other:?}"),
            }
        }
    }

    pub(super) async fn message(&mut self) -> Message {
        Message::parse(self.text().await.expect("the socket was closed").as_bytes()).unwrap()
    }

    /// A request of this phone; `more` are lines.
    pub(super) fn request(&mut self, method: &str, uri: &str, to: &str, more: &str) -> String {
        self.cseq += 1;
        let Self { user, device, call_id, cseq, .. } = self;
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/WS {device}.invalid;branch=z9hG4bK{call_id}{cseq}\r\nMax-Forwards: 70\r\n\
             From: <sip:{user}@x.example>;tag={device}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n{more}\r\n"
        )
    }

    fn contact(&self) -> String {
        let Self { user, device, .. } = self;
        format!("Contact: <sip:{user}@{device}.invalid;transport=ws>;reg-id=1;+sip.instance=\"<urn:uuid:{device}>\"\r\n")
    }

    /// The answer to a request, and to the same with the password where one is asked for.
    pub(super) async fn ask(&mut self, method: &str, uri: &str, to: &str, more: &str, password: &str) -> Message {
        let text = self.request(method, uri, to, more);
        self.send(&text).await;
        let answer = self.message().await;
        let (asked, answered) = match answer.code() {
            Some(401) => ("WWW-Authenticate", "Authorization"),
            Some(407) => ("Proxy-Authenticate", "Proxy-Authorization"),
            _ => return answer,
        };
        if method == "INVITE" {
            self.send(text.replace("INVITE", "ACK")).await;
        }
        let offer = answer.all(asked).find(|offer| offer.ends_with(&format!("algorithm={}", self.hash))).unwrap().to_owned();
        let credentials = credentials(&offer, &self.user, password, method, uri);
        let text = self.request(method, uri, to, &format!("{answered}: {credentials}\r\n{more}"));
        self.send(text).await;
        self.message().await
    }

    pub(super) async fn register(&mut self) -> Message {
        self.register_with("", PASSWORD).await
    }

    pub(super) async fn register_with(&mut self, more: &str, password: &str) -> Message {
        let (to, contact) = (format!("<sip:{}@x.example>", self.user), self.contact());
        self.ask("REGISTER", "sip:x.example", &to, &format!("{contact}{more}"), password).await
    }

    /// The answer of this phone to a request that came.
    pub(super) async fn answer(&mut self, request: &Message, code: u16) {
        let mut answer = Message::new(Start::Response { code, reason: "Whatever".into() });
        for name in ["Via", "Record-Route", "From", "Call-ID", "CSeq"] {
            for value in request.all(name) {
                answer.push(name, value);
            }
        }
        let to = request.header("To").unwrap();
        answer.push("To", if to.contains("tag=") { to.to_owned() } else { format!("{to};tag={}", self.device) });
        self.send(String::from_utf8(answer.to_bytes()).unwrap()).await;
    }

    /// A request in the dialog that `answer` made for the caller.
    pub(super) fn in_dialog(&mut self, method: &str, answer: &Message) -> String {
        let routes: String = answer.all("Record-Route").map(|route| format!("Route: {route}\r\n")).collect();
        let to = answer.header("To").unwrap().to_owned();
        let call_id = answer.header("Call-ID").unwrap().to_owned();
        let text = self.request(method, "sip:callee@callee.invalid", &to, &routes);
        text.replace(&self.call_id, &call_id)
    }
}

fn credentials(challenge: &str, user: &str, password: &str, method: &str, uri: &str) -> String {
    let value = |name: &str| challenge.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().to_owned();
    let algorithm = challenge.rsplit("algorithm=").next().unwrap();
    let hash = |text: String| -> String {
        let bytes = match algorithm {
            "MD5" => Md5::digest(text.as_bytes()).to_vec(),
            _ => digest(&SHA256, text.as_bytes()).as_ref().to_vec(),
        };
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let (realm, nonce) = (value("realm"), value("nonce"));
    let (ha1, ha2) = (hash(format!("{user}:{realm}:{password}")), hash(format!("{method}:{uri}")));
    let response = hash(format!("{ha1}:{nonce}:00000001:abc:auth:{ha2}"));
    format!(
        r#"Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{response}", algorithm={algorithm}, qop=auth, cnonce="abc", nc=00000001"#
    )
}

/// A token as Plivo's helper libraries make it; times are in seconds from now.
pub(super) fn token(running: &Running, header: &str, change: impl FnOnce(&mut serde_json::Value), secret: &[u8]) -> String {
    let now = running.test.clock.now().as_millis() / 1000;
    let mut claims = json!({
        "iss": ISSUER, "sub": "carol", "nbf": now - 10, "exp": now + 3600, "per": {"voice": {"incoming_allow": true, "outgoing_allow": true}},
    });
    change(&mut claims);
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}
