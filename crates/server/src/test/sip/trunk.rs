//! A trunk by hand, over real sockets: what is lost, slow, broken, or from somebody else.

use std::net::SocketAddr;

use sidetone_sip::message::{Message, Start};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
    time::timeout,
};

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);
const NUMBER: &str = "sip:+4930200@x.example";

/// A server whose trunk is at that address; where the trunk reaches it.
async fn trunked(address: SocketAddr, transport: &str) -> (Running, SocketAddr) {
    let listen = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let running = phones(|config| {
        config.sip.trunk.address = format!("sip:{address};transport={transport}");
        config.sip.trunk.listen = listen;
        config.sip.trunk.patterns = vec!["+*".into()];
        config.sip.trunk.caller_number = "+4930100".into();
    })
    .await;
    eventually("the trunk is open", async || (metric(&running, "sidetone_sip_trunk_open").await == 1).then_some(())).await;
    (running, listen)
}

fn answer(request: &Message, code: u16) -> Vec<u8> {
    let mut answer = Message::new(Start::Response { code, reason: "Whatever".into() });
    for name in ["Via", "Record-Route", "From", "Call-ID", "CSeq"] {
        for value in request.all(name) {
            answer.push(name, value);
        }
    }
    answer.push("To", format!("{};tag=gw", request.header("To").unwrap()));
    answer.push("Contact", "<sip:gw@gw.invalid>");
    answer.to_bytes()
}

fn call_of(trunk: SocketAddr, server: SocketAddr, transport: &str, branch: &str) -> String {
    format!(
        "INVITE sip:alice@{server} SIP/2.0\r\nVia: SIP/2.0/{transport} {trunk};branch=z9hG4bK{branch}\r\nMax-Forwards: 70\r\nFrom: <sip:+49171@gw>;tag=gw\r\n\
         To: <sip:alice@gw>\r\nCall-ID: {branch}\r\nCSeq: 1 INVITE\r\nContact: <sip:gw@{trunk}>\r\nContent-Length: 0\r\n\r\n"
    )
}

async fn datagram(socket: &UdpSocket) -> Message {
    let mut buffer = vec![0; 65_536];
    let (size, _) = timeout(PATIENCE, socket.recv_from(&mut buffer)).await.expect("nothing came").unwrap();
    Message::parse(&buffer[..size]).unwrap()
}

#[tokio::test]
async fn over_udp_what_is_lost_is_sent_again_and_nobody_else_is_heard() {
    let trunk = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let place = trunk.local_addr().unwrap();
    let (running, server) = trunked(place, "udp").await;
    let mut alice = Phone::registered(running.address, "alice", "a1").await;
    assert_eq!(alice.ask("INVITE", NUMBER, &format!("<{NUMBER}>"), "", PASSWORD).await.code(), Some(100));
    // The first is lost.
    let lost = datagram(&trunk).await;
    let invite = datagram(&trunk).await;
    assert_eq!(invite, lost);
    assert!(invite.header("From").unwrap().starts_with("<sip:+4930100@127.0.0.1:"), "{invite:?}");

    // Somebody else, at another address of this machine, calls and answers.
    let stranger = UdpSocket::bind("127.0.0.2:0").await.unwrap();
    stranger.send_to(call_of(place, server, "UDP", "stranger").as_bytes(), server).await.unwrap();
    stranger.send_to(&answer(&invite, 200), server).await.unwrap();
    eventually("they are counted", async || (metric(&running, "sidetone_sip_trunk_strangers_total").await == 2).then_some(())).await;

    // The trunk itself sends nonsense, as large as a datagram can be.
    for nonsense in [Vec::new(), vec![0xff; 65_000], b"INVITE sip:x SIP/2.0\r\nVia: ".to_vec(), b"\r\n\r\n".to_vec()] {
        trunk.send_to(&nonsense, server).await.unwrap();
    }
    trunk.send_to(&answer(&invite, 200), server).await.unwrap();
    let answered = alice.message().await;
    assert_eq!(answered.code(), Some(200));
    let ack = alice.in_dialog("ACK", &answered);
    alice.send(ack).await;
    assert_eq!(loop_until(&trunk, "ACK").await.method(), Some("ACK"));

    // A call from another port of the trunk's; without rport it is answered at the port that its Via names (RFC 3261 section 18.2.2).
    let other = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    other.send_to(call_of(place, server, "UDP", "in").as_bytes(), server).await.unwrap();
    assert_eq!(datagram(&trunk).await.code(), Some(100));
    assert_eq!(alice.message().await.method(), Some("INVITE"));
}

/// The next message of that method.
async fn loop_until(trunk: &UdpSocket, method: &str) -> Message {
    loop {
        let message = datagram(trunk).await;
        if message.method() == Some(method) {
            return message;
        }
    }
}

async fn streamed(stream: &mut TcpStream) -> Message {
    let mut text = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let size = timeout(PATIENCE, stream.read(&mut piece)).await.expect("nothing came").unwrap();
        assert!(size > 0, "closed after {:?}", String::from_utf8_lossy(&text));
        text.extend_from_slice(&piece[..size]);
        if let Some(message) = Message::parse(&text)
            .ok()
            .filter(|message| message.header("Content-Length").and_then(|length| length.parse().ok()) == Some(message.body.len()))
        {
            return message;
        }
    }
}

#[tokio::test]
async fn over_tcp_a_connection_is_kept_and_made_again_and_others_are_taken_from_the_trunk_alone() {
    let trunk = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = trunk.local_addr().unwrap();
    let (running, server) = trunked(place, "tcp").await;
    let (mut kept, _) = trunk.accept().await.unwrap();
    let mut alice = Phone::registered(running.address, "alice", "a1").await;

    // A call over a connection of the trunk's, a byte at a time, after a keep-alive; it is answered there.
    let mut made = TcpStream::connect(server).await.unwrap();
    made.set_nodelay(true).unwrap();
    made.write_all(b"\r\n\r\n").await.unwrap();
    let mut pong = [0; 2];
    timeout(PATIENCE, made.read_exact(&mut pong)).await.unwrap().unwrap();
    assert_eq!(&pong, b"\r\n", "RFC 5626 section 4.4.1");
    for byte in call_of(place, server, "TCP", "slow").bytes() {
        made.write_all(&[byte]).await.unwrap();
    }
    assert_eq!(streamed(&mut made).await.code(), Some(100));
    let invite = alice.message().await;
    assert_eq!(invite.method(), Some("INVITE"));
    alice.answer(&invite, 486).await;
    assert_eq!(streamed(&mut made).await.code(), Some(486));
    assert_eq!(alice.message().await.method(), Some("ACK"));

    // What cannot be cut into messages ends its connection, and no other.
    for nonsense in ["GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), "BYE sip:x SIP/2.0\r\n\r\n".into(), "x".repeat(70_000)] {
        let mut broken = TcpStream::connect(server).await.unwrap();
        let _ = broken.write_all(nonsense.as_bytes()).await;
        let mut rest = Vec::new();
        let _ = timeout(PATIENCE, broken.read_to_end(&mut rest)).await.expect("still open");
    }
    // Nobody else may connect.
    let stranger = tokio::net::TcpSocket::new_v4().unwrap();
    stranger.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut stranger = stranger.connect(server).await.unwrap();
    let mut rest = Vec::new();
    let _ = timeout(PATIENCE, stranger.read_to_end(&mut rest)).await.expect("still open");
    assert_eq!((rest.len(), metric(&running, "sidetone_sip_trunk_strangers_total").await), (0, 1));

    // The kept one breaks in the middle of a message, and is made again; calls out go over it.
    kept.write_all(b"BYE sip:alice@x SIP/2.0\r\nVia: ").await.unwrap();
    drop(kept);
    let (mut kept, _) = timeout(PATIENCE, trunk.accept()).await.expect("no new connection").unwrap();
    eventually("the trunk is open", async || (metric(&running, "sidetone_sip_trunk_open").await == 1).then_some(())).await;
    assert_eq!(alice.ask("INVITE", NUMBER, &format!("<{NUMBER}>"), "", PASSWORD).await.code(), Some(100));
    let invite = streamed(&mut kept).await;
    assert_eq!(invite.method(), Some("INVITE"));
    kept.write_all(&answer(&invite, 404)).await.unwrap();
    assert_eq!(streamed(&mut kept).await.method(), Some("ACK"));
    assert_eq!(alice.message().await.code(), Some(404));
}

#[tokio::test]
async fn over_tcp_the_trunk_may_close_the_connection_after_every_call() {
    let trunk = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (running, _) = trunked(trunk.local_addr().unwrap(), "tcp").await;
    let mut alice = Phone::registered(running.address, "alice", "a1").await;
    for call in 0..5 {
        let (mut kept, _) = timeout(PATIENCE, trunk.accept()).await.expect("no connection").unwrap();
        assert_eq!(alice.ask("INVITE", NUMBER, &format!("<{NUMBER}>"), "", PASSWORD).await.code(), Some(100), "call {call}");
        let invite = streamed(&mut kept).await;
        kept.write_all(&answer(&invite, 486)).await.unwrap();
        assert_eq!(alice.message().await.code(), Some(486));
        assert_eq!(streamed(&mut kept).await.method(), Some("ACK"));
        // The next call may find it closed, or be written to it before that is known.
    }
}

#[tokio::test]
async fn over_tcp_the_trunk_may_reset_the_connection_and_no_call_fails() {
    let trunk = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (running, _) = trunked(trunk.local_addr().unwrap(), "tcp").await;
    let mut alice = Phone::registered(running.address, "alice", "a1").await;
    let (mut kept, _) = trunk.accept().await.unwrap();
    for round in 0..5 {
        let invite = called(&mut alice, &mut kept).await;
        refuse(&mut alice, &mut kept, &invite).await;
        // What it was asked and did not answer it is asked once more, in the very same words (RFC 3261 section 17.2.3).
        let invite = called(&mut alice, &mut kept).await;
        reset(kept);
        kept = timeout(PATIENCE, trunk.accept()).await.expect("no new connection").unwrap().0;
        assert_eq!(streamed(&mut kept).await, invite, "round {round}");
        refuse(&mut alice, &mut kept, &invite).await;
        // The next call finds it reset, or is written to it before that is known.
        reset(kept);
        let asked = alice.ask("INVITE", NUMBER, &format!("<{NUMBER}>"), "", PASSWORD).await;
        assert_eq!(asked.code(), Some(100), "round {round}");
        kept = timeout(PATIENCE, trunk.accept()).await.expect("no new connection").unwrap().0;
        let invite = streamed(&mut kept).await;
        refuse(&mut alice, &mut kept, &invite).await;
    }
}

/// A call of the phone's, as it comes to the trunk.
async fn called(phone: &mut Phone, trunk: &mut TcpStream) -> Message {
    assert_eq!(phone.ask("INVITE", NUMBER, &format!("<{NUMBER}>"), "", PASSWORD).await.code(), Some(100));
    streamed(trunk).await
}

async fn refuse(phone: &mut Phone, trunk: &mut TcpStream, invite: &Message) {
    trunk.write_all(&answer(invite, 486)).await.unwrap();
    assert_eq!(phone.message().await.code(), Some(486));
    assert_eq!(streamed(trunk).await.method(), Some("ACK"));
}

/// Closes it as a server that dies: by a TCP reset.
fn reset(stream: TcpStream) {
    stream.set_zero_linger().unwrap();
    drop(stream);
}

#[tokio::test]
async fn over_tcp_what_was_asked_is_answered_over_a_connection_of_the_trunks_when_ours_is_closed() {
    let trunk = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (running, server) = trunked(trunk.local_addr().unwrap(), "tcp").await;
    let (mut kept, _) = trunk.accept().await.unwrap();
    let mut alice = Phone::registered(running.address, "alice", "a1").await;
    // Somebody is heard over it.
    assert_eq!(alice.ask("INVITE", NUMBER, &format!("<{NUMBER}>"), "", PASSWORD).await.code(), Some(100));
    let invite = streamed(&mut kept).await;
    kept.write_all(&answer(&invite, 180)).await.unwrap();
    assert_eq!(alice.message().await.code(), Some(180));
    drop(kept);
    let (mut kept, _) = timeout(PATIENCE, trunk.accept()).await.expect("no new connection").unwrap();
    let mut made = TcpStream::connect(server).await.unwrap();
    made.write_all(&answer(&invite, 200)).await.unwrap();
    let answered = alice.message().await;
    assert_eq!(answered.code(), Some(200));
    let ack = alice.in_dialog("ACK", &answered);
    alice.send(ack).await;
    assert_eq!(streamed(&mut kept).await.method(), Some("ACK"));
}
