//! The machine by itself: who sends what, and what comes out, step by step.

mod call;
mod dismissal;
mod identity;
mod redirect;
mod refusal;
mod registration;
mod torture;
mod trace;
mod trunk;

use std::net::IpAddr;

use md5::{Digest as _, Md5};
use ring::digest::{SHA256, digest};
use sidetone_engine::{ids::AppKey, units::Timestamp};

use super::*;
use crate::{
    account::{Account, Grant, TokenError},
    digest::{Ha1, hex},
};

const PASSWORD: &str = "correct horse";

fn app(number: u128) -> AppKey {
    AppKey::mint(Timestamp::from_micros(1), number)
}

/// The machine, what it sent to each flow, what it told, and a clock.
struct Bench {
    proxy: Proxy,
    now: Timestamp,
    sent: Vec<(FlowId, Message)>,
    closed: Vec<FlowId>,
    told: Vec<CallEvent>,
    accounts: Vec<Account>,
    token: Option<Result<Grant, TokenError>>,
    cseq: u32,
}

impl Bench {
    fn new() -> Self {
        Self::with(Config { domain: "x.example".into(), aliases: vec!["phone.plivo.com".into()], ..Config::default() })
    }

    fn with(config: Config) -> Self {
        let account = |user: &str, owner| Account { app: app(owner), user: user.into(), ha1: Ha1::new(user, PASSWORD) };
        Self {
            proxy: Proxy::new(config, [7; 32]),
            now: Timestamp::from_micros(1_800_000_000_000_000),
            sent: Vec::new(),
            closed: Vec::new(),
            told: Vec::new(),
            accounts: vec![account("alice", 1), account("bob", 1), account("carol", 1), account("zoe", 2)],
            token: None,
            cseq: 0,
        }
    }

    fn open(&mut self, number: u64) -> FlowId {
        self.open_from(FlowId(number), IpAddr::from([192, 0, 2, 1]))
    }

    fn open_from(&mut self, flow: FlowId, address: IpAddr) -> FlowId {
        self.proxy.open(self.now, flow, address, 4000);
        flow
    }

    fn close(&mut self, flow: FlowId) {
        self.proxy.close(self.now, flow);
        self.collect();
    }

    fn pass(&mut self, seconds: i64) {
        for _ in 0..seconds {
            self.now = self.now.plus_micros(1_000_000);
            self.proxy.tick(self.now);
        }
        self.collect();
    }

    fn collect(&mut self) {
        for output in self.proxy.outputs() {
            match output {
                Output::Send { flow, bytes } => self.sent.push((flow, Message::parse(&bytes).unwrap())),
                Output::Close { flow } => self.closed.push(flow),
                Output::Call(event) => self.told.push(event),
                Output::Answered { .. } => {}
            }
        }
    }

    fn feed(&mut self, flow: FlowId, text: &str) {
        let message = Message::parse(text.as_bytes()).unwrap();
        let wants = self.proxy.wants(flow, &message);
        let accounts = self.accounts.iter().filter(|account| wants.users.contains(&account.user)).cloned().collect();
        let token = wants.token.and(self.token.clone());
        self.proxy.receive(self.now, flow, message, &Facts { accounts, token, ..Facts::default() });
        self.collect();
    }

    /// The only message that was sent to `flow` since last asked.
    #[track_caller]
    fn got(&mut self, flow: FlowId) -> Message {
        let mut all = self.got_all(flow);
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    fn got_all(&mut self, flow: FlowId) -> Vec<Message> {
        let (mine, others) = std::mem::take(&mut self.sent).into_iter().partition(|(to, _)| *to == flow);
        self.sent = others;
        let mine: Vec<(FlowId, Message)> = mine;
        mine.into_iter().map(|(_, message)| message).collect()
    }

    /// A request without credentials; `more` are lines.
    fn request(&mut self, method: &str, uri: &str, from: &str, to: &str, more: &str) -> String {
        self.cseq += 1;
        let cseq = self.cseq;
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/WS {from}.invalid;branch=z9hG4bK{cseq}\r\nMax-Forwards: 70\r\n\
             From: <sip:{from}@x.example>;tag={from}\r\nTo: {to}\r\nCall-ID: call-{from}\r\nCSeq: {cseq} {method}\r\n{more}\r\n"
        )
    }

    /// Sends a request, and again with the password that the challenge asks for.
    #[track_caller]
    fn authenticated(&mut self, flow: FlowId, method: &str, uri: &str, from: &str, to: &str, more: &str) {
        let first = self.request(method, uri, from, to, more);
        self.feed(flow, &first);
        let challenge = self.got(flow);
        let (asked, answered) = match challenge.code().unwrap() {
            401 => ("WWW-Authenticate", "Authorization"),
            407 => ("Proxy-Authenticate", "Proxy-Authorization"),
            other => panic!("{other}"),
        };
        if method == "INVITE" {
            self.feed(flow, &first.replace("INVITE", "ACK"));
        }
        let credentials = credentials(challenge.header(asked).unwrap(), from, PASSWORD, method, uri, 1);
        let again = self.request(method, uri, from, to, &format!("{answered}: {credentials}\r\n{more}"));
        self.feed(flow, &again);
    }

    #[track_caller]
    fn register(&mut self, flow: FlowId, user: &str, device: &str) -> Message {
        let contact = format!("Contact: <sip:{user}@{device}.invalid;transport=ws>;reg-id=1;+sip.instance=\"<urn:uuid:{device}>\"\r\n");
        let to = format!("<sip:{user}@x.example>");
        self.authenticated(flow, "REGISTER", "sip:x.example", user, &to, &contact);
        self.got(flow)
    }

    /// Answers a request that came to a client.
    fn answer(&mut self, flow: FlowId, request: &Message, code: u16, tag: &str) {
        let mut answer = Message::new(Start::Response { code, reason: "Whatever".into() });
        for name in ["Via", "Record-Route", "From", "Call-ID", "CSeq"] {
            for value in request.all(name) {
                answer.push(name, value);
            }
        }
        let to = request.header("To").unwrap();
        answer.push("To", if to.contains("tag=") { to.to_owned() } else { format!("{to};tag={tag}") });
        answer.push("Contact", "<sip:callee@callee.invalid;transport=ws>");
        let text = String::from_utf8(answer.to_bytes()).unwrap();
        self.feed(flow, &text);
    }

    fn kinds(&mut self) -> Vec<String> {
        let name = |event: CallEvent| {
            let what = format!("{:?}", event.what);
            format!("{} {}", event.party.user, what.split([' ', '{', '(']).next().unwrap())
        };
        let told = std::mem::take(&mut self.told).into_iter();
        told.filter(|event| !matches!(event.what, What::Passed(_))).map(name).collect()
    }
}

/// What a client answers to a challenge.
fn credentials(challenge: &str, user: &str, password: &str, method: &str, uri: &str, count: u32) -> String {
    let value = |name: &str| {
        let rest = challenge.split(&format!("{name}=")).nth(1).unwrap_or_default();
        rest.split(',').next().unwrap().trim_matches('"').to_owned()
    };
    let (realm, nonce, algorithm) = (value("realm"), value("nonce"), value("algorithm"));
    let hash = |text: String| match algorithm.as_str() {
        "SHA-256" => hex(digest(&SHA256, text.as_bytes()).as_ref()),
        _ => hex(&Md5::digest(text.as_bytes())),
    };
    let (ha1, ha2) = (hash(format!("{user}:{realm}:{password}")), hash(format!("{method}:{uri}")));
    let response = hash(format!("{ha1}:{nonce}:{count:08x}:abc:auth:{ha2}"));
    format!(
        r#"Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{response}", algorithm={algorithm}, qop=auth, cnonce="abc", nc={count:08x}"#
    )
}
