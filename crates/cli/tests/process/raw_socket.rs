//! A WebSocket for SIP by hand, so that a test says what stands in every byte (RFC 6455), and a phone that registers over one.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use serde_json::json;
use sidetone_store::clock::{Clock, SystemClock};

use crate::sidetone::{Server, run_ok, text};

/// FIN and opcode of a whole text, the first part of one, a middle part, and the last.
pub(crate) const TEXT: u8 = 0x81;
pub(crate) const TEXT_BEGINS: u8 = 0x01;
pub(crate) const GOES_ON: u8 = 0x00;
pub(crate) const ENDS: u8 = 0x80;
/// A close frame.
const CLOSE: u8 = 0x88;

const ISSUER: &str = "MAEXAMPLE";
const SECRET: &[u8] = b"a shared secret of more than thirty-two bytes";

/// Lets the app `shop` take access tokens of [`Socket::register`].
pub(crate) fn allow_tokens(data: &std::path::Path) {
    let file = data.join("token.key");
    std::fs::write(&file, SECRET).expect("a file");
    let key = format!("kid={ISSUER},alg=HS256,file={}", text(&file));
    run_ok(&["app", "--data", text(data), "set", "shop", "--token-key", &key]);
}

fn token(user: &str) -> String {
    let now = SystemClock.now().as_millis() / 1000;
    let claims = json!({
        "iss": ISSUER, "sub": user, "nbf": now - 10, "exp": now + 3600, "per": {"voice": {"incoming_allow": true, "outgoing_allow": true}},
    });
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// A frame of a client, masked with zeros, which changes nothing.
pub(crate) fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![kind];
    match u16::try_from(payload.len()) {
        Ok(size @ ..126) => frame.push(0x80 | u8::try_from(size).expect("below 126")),
        Ok(size) => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&size.to_be_bytes());
        }
        Err(_) => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

/// A connection that asked for the subprotocol `sip`.
pub(crate) struct Socket {
    pub(crate) stream: TcpStream,
}

impl Socket {
    pub(crate) fn open(server: &Server) -> Self {
        let address = server.url.trim_start_matches("http://").trim_end_matches('/');
        let mut stream = TcpStream::connect(address).expect("the server listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket");
        stream.set_nodelay(true).expect("a socket");
        let head = "GET /sip HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                    Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: sip\r\n\r\n";
        stream.write_all(head.as_bytes()).expect("it takes our words");
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("an answer");
            answer.push(byte[0]);
        }
        assert!(answer.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&answer));
        Self { stream }
    }

    /// Sends a text. It may find the socket closed.
    pub(crate) fn send(&mut self, text: &str) {
        let _ = self.stream.write_all(&frame(TEXT, text.as_bytes()));
    }

    /// The next text; `None`: the socket was closed.
    pub(crate) fn text(&mut self) -> Option<String> {
        loop {
            let [kind, size] = self.bytes()?;
            let size = match size {
                126 => u64::from(u16::from_be_bytes(self.bytes()?)),
                127 => u64::from_be_bytes(self.bytes()?),
                size => size.into(),
            };
            let mut payload = vec![0; usize::try_from(size).expect("small")];
            self.stream.read_exact(&mut payload).ok()?;
            match kind {
                TEXT => return Some(String::from_utf8(payload).expect("UTF-8")),
                CLOSE => return None,
                // A ping; we stay silent.
                _ => {}
            }
        }
    }

    fn bytes<const SIZE: usize>(&mut self) -> Option<[u8; SIZE]> {
        let mut bytes = [0; SIZE];
        match self.stream.read_exact(&mut bytes) {
            Ok(()) => Some(bytes),
            Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("nothing came for a minute"),
            Err(_) => None,
        }
    }

    /// The code of the next answer.
    pub(crate) fn code(&mut self) -> Option<u16> {
        let text = self.text()?;
        Some(text.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_else(|| panic!("no answer: {text}")))
    }

    /// Registers with an access token; the code of the answer.
    pub(crate) fn register(&mut self, user: &str, cseq: u32) -> Option<u16> {
        self.send(&register(user, cseq));
        self.code()
    }
}

/// A REGISTER of `USER_MAEXAMPLE` with its access token.
pub(crate) fn register(user: &str, cseq: u32) -> String {
    let name = format!("{user}_{ISSUER}");
    format!(
        "REGISTER sip:localhost SIP/2.0\r\nVia: SIP/2.0/WS {user}.invalid;branch=z9hG4bK{cseq}\r\nMax-Forwards: 70\r\nFrom: <sip:{name}@localhost>;tag=1\r\n\
         To: <sip:{name}@localhost>\r\nCall-ID: {user}\r\nCSeq: {cseq} REGISTER\r\nX-Plivo-Jwt: {}\r\n\
         Contact: <sip:{name}@{user}.invalid;transport=ws>;reg-id=1;+sip.instance=\"<urn:uuid:{user}>\"\r\nContent-Length: 0\r\n\r\n",
        token(user)
    )
}
