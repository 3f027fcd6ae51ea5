//! A phone on a WebSocket, as a browser is one: it registers, calls and is called, with the headers and the offer that JsSIP sends.

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt};
use sidetone_bench::Result;
use sidetone_sip::{Address, Challenge, Login, message::Message};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message as Frame, client::IntoClientRequest, http::HeaderValue},
};

use super::servers::{DOMAIN, password};

/// An offer of Chromium's, sound only (`testdata/traces/audio-meta.json`).
static OFFER: LazyLock<String> = LazyLock::new(|| include_str!("offer.sdp").replace('\n', "\r\n"));

/// A call that is being agreed, or stands: what its requests have in common.
struct Dialog {
    call_id: String,
    from: String,
    to: String,
    /// The URI that requests go to.
    target: String,
    routes: Vec<String>,
}

pub(crate) struct Phone {
    user: String,
    /// What a browser has for a host.
    host: String,
    contact: String,
    socket: WebSocketStream<TcpStream>,
    made: u32,
}

impl Phone {
    /// Opens its socket. `url`: `ws://…`
    pub(crate) async fn open(url: &str, user: &str) -> Result<Self> {
        let mut request = url.into_client_request()?;
        request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("sip"));
        let stream = TcpStream::connect(request.uri().authority().ok_or("no authority")?.as_str()).await?;
        stream.set_nodelay(true)?;
        let (socket, _) = client_async(request, stream).await?;
        let host = format!("{user}.invalid");
        Ok(Self { contact: format!("<sip:{user}@{host};transport=ws>"), user: user.to_owned(), host, socket, made: 0 })
    }

    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    /// Asks to be registered, is challenged, and is registered.
    pub(crate) async fn register(&mut self) -> Result<()> {
        let Self { user, contact, .. } = &*self;
        let own = format!("<sip:{user}@{DOMAIN}>");
        let dialog = Dialog {
            call_id: format!("register-{user}"),
            from: format!("{own};tag={user}"),
            to: own,
            target: format!("sip:{DOMAIN}"),
            routes: Vec::new(),
        };
        let lines = format!("Contact: {contact};+sip.instance=\"<urn:uuid:{user}>\";reg-id=1;expires=600\r\n");
        let (answer, _) = self.authenticated(&dialog, "REGISTER", &lines, "").await?;
        let gruu = answer.list("Contact").filter_map(Address::parse).find_map(|entry| entry.params.get("pub-gruu").map(str::to_owned));
        if let Some(gruu) = gruu {
            self.contact = format!("<{gruu}>");
        }
        Ok(())
    }

    /// Calls somebody, who answers, and hangs up. Tells how long it took from the INVITE to the answer.
    pub(crate) async fn call(&mut self, callee: &str) -> Result<Duration> {
        let began = Instant::now();
        self.made += 1;
        let Self { user, contact, made, .. } = &*self;
        let target = format!("sip:{callee}@{DOMAIN}");
        let mut dialog = Dialog {
            call_id: format!("call-{user}-{made}-{}", began.elapsed().as_nanos()),
            from: format!("<sip:{user}@{DOMAIN}>;tag={user}-{made}"),
            to: format!("<{target}>"),
            target,
            routes: Vec::new(),
        };
        let contact = format!("Contact: {contact}\r\n");
        let (answer, cseq) = self.authenticated(&dialog, "INVITE", &contact, &OFFER).await?;
        let set_up = began.elapsed();
        answer.header("To").ok_or("an answer without To")?.clone_into(&mut dialog.to);
        dialog.target = answer.header("Contact").and_then(Address::parse).ok_or("an answer without Contact")?.uri;
        dialog.routes = answer.list("Record-Route").map(str::to_owned).collect();
        dialog.routes.reverse();
        self.made += 1;
        let ack = self.request(&dialog, ("ACK", cseq), "", "");
        self.send(ack).await?;
        self.made += 1;
        let bye = self.request(&dialog, ("BYE", cseq + 1), "", "");
        self.send(bye).await?;
        match self.answer(&dialog.call_id, ("BYE", cseq + 1)).await?.code() {
            Some(200) => Ok(set_up),
            code => Err(format!("the BYE was answered {code:?}").into()),
        }
    }

    /// Takes one call: rings, answers, and is hung up on.
    pub(crate) async fn be_called(&mut self) -> Result<()> {
        let invite = self.asked("INVITE").await?;
        for (status, body) in [("180 Ringing", ""), ("200 OK", &*OFFER)] {
            let answer = self.reply(&invite, status, body);
            self.send(answer).await?;
        }
        self.asked("ACK").await?;
        let bye = self.asked("BYE").await?;
        let answer = self.reply(&bye, "200 OK", "");
        self.send(answer).await
    }

    /// Sends as much as for a registration (`call`: a call, at both ends), and hears the same again: the floor.
    pub(crate) async fn echo(&mut self, call: bool) -> Result<Duration> {
        let began = Instant::now();
        // What a call carries is offered twice and answered once; all else is small.
        let (offer, small) = (OFFER.as_str(), "x".repeat(500));
        let small = small.as_str();
        let texts: &[&str] = if call { &[offer, small, offer, offer, small, small, small, small] } else { &[small, small] };
        for text in texts {
            self.send((*text).to_owned()).await?;
            self.text().await?;
        }
        Ok(began.elapsed())
    }

    /// Asks, proves who we are when challenged, and gives the answer with the number of the request that it is for.
    async fn authenticated(&mut self, dialog: &Dialog, method: &str, lines: &str, body: &str) -> Result<(Message, u32)> {
        self.made += 1;
        let cseq = self.made;
        let first = self.request(dialog, (method, cseq), lines, body);
        self.send(first).await?;
        let refusal = self.answer(&dialog.call_id, (method, cseq)).await?;
        let challenge = Challenge::of(&refusal).ok_or_else(|| format!("{method} was answered {:?}, no challenge", refusal.start))?;
        if method == "INVITE" {
            let to = refusal.header("To").ok_or("a refusal without To")?.to_owned();
            let refused = Dialog {
                call_id: dialog.call_id.clone(),
                from: dialog.from.clone(),
                to,
                target: dialog.target.clone(),
                routes: Vec::new(),
            };
            let ack = self.request(&refused, ("ACK", cseq), "", "");
            self.send(ack).await?;
        }
        self.made += 1;
        let login = Login { user: self.user.clone(), password: password(&self.user) };
        let credentials = challenge.answer(&login, method, &dialog.target, &format!("{}{}", self.user, self.made));
        let second = self.request(dialog, (method, cseq + 1), &format!("{lines}{}: {credentials}\r\n", challenge.header()), body);
        self.send(second).await?;
        let answer = self.answer(&dialog.call_id, (method, cseq + 1)).await?;
        match answer.code() {
            Some(200) => Ok((answer, cseq + 1)),
            _ => Err(format!("{method} was answered {:?}", answer.start).into()),
        }
    }

    /// A request of the transaction of that number.
    fn request(&self, dialog: &Dialog, (method, cseq): (&str, u32), lines: &str, body: &str) -> String {
        let Self { host, made, user, .. } = self;
        let Dialog { call_id, from, to, target, routes } = dialog;
        let routes: String = routes.iter().map(|route| format!("Route: {route}\r\n")).collect();
        let content = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        format!(
            "{method} {target} SIP/2.0\r\n{routes}Via: SIP/2.0/WS {host};branch=z9hG4bK{user}-{made}\r\nMax-Forwards: 69\r\nTo: {to}\r\nFrom: {from}\r\n\
             Call-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n{lines}Allow: INVITE,ACK,CANCEL,BYE,UPDATE,MESSAGE,OPTIONS,REFER,INFO,NOTIFY\r\n\
             Supported: path,gruu,outbound\r\nUser-Agent: bench\r\n{content}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    fn reply(&self, request: &Message, status: &str, body: &str) -> String {
        let mut text = format!("SIP/2.0 {status}\r\n");
        for name in ["Via", "Record-Route", "From", "To", "Call-ID", "CSeq"] {
            for value in request.all(name) {
                let tag = if name == "To" && !value.contains(";tag=") { format!(";tag={}-callee", self.user) } else { String::new() };
                text.push_str(&format!("{name}: {value}{tag}\r\n"));
            }
        }
        let content = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        text.push_str(&format!(
            "Contact: {}\r\nSupported: gruu,outbound\r\n{content}Content-Length: {}\r\n\r\n{body}",
            self.contact,
            body.len()
        ));
        text
    }

    /// The next request, which must have that method.
    async fn asked(&mut self, method: &str) -> Result<Message> {
        let message = self.message().await?;
        if message.method() == Some(method) { Ok(message) } else { Err(format!("{method} was due, not {:?}", message.start).into()) }
    }

    /// The final answer to that request. One that is repeated, because its ACK was late, is answered no more.
    async fn answer(&mut self, call_id: &str, (method, cseq): (&str, u32)) -> Result<Message> {
        let cseq = format!("{cseq} {method}");
        loop {
            let message = self.message().await?;
            let code = message.code().ok_or_else(|| format!("an answer was due, not {:?}", message.start))?;
            if code >= 200 && message.header("Call-ID") == Some(call_id) && message.header("CSeq") == Some(&cseq) {
                return Ok(message);
            }
        }
    }

    async fn message(&mut self) -> Result<Message> {
        Ok(Message::parse(self.text().await?.as_bytes())?)
    }

    async fn send(&mut self, text: String) -> Result<()> {
        Ok(self.socket.send(Frame::text(text)).await?)
    }

    /// The next text, or bytes; pings are answered by the library.
    async fn text(&mut self) -> Result<String> {
        loop {
            match self.socket.next().await.ok_or("the socket was closed")?? {
                Frame::Text(text) => return Ok(text.to_string()),
                Frame::Binary(bytes) => return Ok(String::from_utf8(bytes.to_vec())?),
                Frame::Close(why) => return Err(format!("the socket was closed: {why:?}").into()),
                _ => {}
            }
        }
    }
}
