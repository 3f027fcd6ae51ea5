//! Those who mean no good, or are broken.

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite;

use super::{phone::token, *};

#[tokio::test]
async fn what_is_no_sip_is_dropped_and_a_socket_full_of_it_closed() {
    let running = phones(|_| ()).await;
    let mut phone = Phone::open(running.address, "alice", "a1").await;
    for text in ["", "hello", "\0\0\0\0", "INVITE\r\n\r\n", "SIP/2.0 999 x\r\n\r\n", "REGISTER sip:x SIP/2.0\r\nnonsense\r\n\r\n"] {
        phone.send(text).await;
    }
    phone.socket.send(tungstenite::Message::binary(vec![0xff; 2000])).await.unwrap();
    phone.send("REGISTER sip:x.example SIP/2.0\r\nVia: SIP/2.0/WS a.invalid;branch=z9hG4bK1\r\n\r\n").await;
    assert_eq!(phone.message().await.code(), Some(400), "what can be answered is");
    phone.send("\r\n\r\n").await;
    assert_eq!(phone.text().await.unwrap(), "\r\n", "RFC 5626 section 3.5.1");
    assert_eq!(phone.register().await.code(), Some(200), "it may still be a phone");
    for _ in 0..20 {
        // It may be closed by now.
        let _ = phone.socket.send(tungstenite::Message::text("hello")).await;
    }
    assert_eq!(phone.text().await, None);
    assert!(metric(&running, "sidetone_sip_unreadable_total").await > 20);
}

#[tokio::test]
async fn a_message_has_a_largest_size() {
    let running = phones(|_| ()).await;
    let mut phone = Phone::open(running.address, "alice", "a1").await;
    let huge = phone.request("MESSAGE", "sip:bob@x.example", "<sip:bob@x.example>", "") + &"x".repeat(70 * 1024);
    phone.send(huge).await;
    assert_eq!(phone.text().await, None);
}

#[tokio::test]
async fn there_is_an_end_to_the_sockets_of_one_address() {
    let running = phones(|config| config.sip.sockets_per_address_max = 2).await;
    let _held = [Phone::open(running.address, "alice", "a1").await, Phone::open(running.address, "alice", "a2").await];
    let stream = tokio::net::TcpStream::connect(running.address).await.unwrap();
    let mut request = tungstenite::client::IntoClientRequest::into_client_request(format!("ws://{}/sip", running.address)).unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "sip".parse().unwrap());
    let error = tokio_tungstenite::client_async(request, stream).await.unwrap_err();
    assert!(matches!(&error, tungstenite::Error::Http(answer) if answer.status() == 503), "{error}");
}

#[tokio::test]
async fn a_socket_must_be_one_of_sip() {
    let running = phones(|_| ()).await;
    let stream = tokio::net::TcpStream::connect(running.address).await.unwrap();
    let error = tokio_tungstenite::client_async(format!("ws://{}/sip", running.address), stream).await.unwrap_err();
    assert!(matches!(&error, tungstenite::Error::Http(answer) if answer.status() == 400), "{error}");
}

#[tokio::test]
async fn a_socket_that_keeps_silent_is_closed() {
    let running = phones(|config| config.sip.idle_timeout = crate::config::text::HumanDuration::secs(3)).await;
    let phone = Phone::open(running.address, "alice", "a1").await;
    // A client that is read from answers pings; this one is not.
    let closed = r#"sidetone_sip_sockets_closed_total{reason="silent"}"#;
    eventually("the socket is closed", async || (metric(&running, closed).await == 1).then_some(())).await;
    drop(phone);
}

#[tokio::test]
async fn who_does_not_read_is_cut_off_before_memory_grows() {
    let running = phones(|config| {
        config.sip.pending_bytes_max = crate::config::text::ByteSize::kib(128);
        config.sip.requests_per_second = 1000;
    })
    .await;
    let bob = Phone::registered(running.address, "bob", "b1").await;
    let grant = token(&running, r#"{"alg":"HS256"}"#, |_| (), TOKEN_SECRET);
    let mut phones = Vec::new();
    for device in 0..5 {
        let mut phone = Phone::open(running.address, "carol_MAEXAMPLE", &format!("c{device}")).await;
        assert_eq!(phone.register_with(&format!("X-Plivo-Jwt: {grant}\r\n"), "").await.code(), Some(200));
        phones.push(phone);
    }
    let body = "x".repeat(60 * 1024);
    let closed = r#"sidetone_sip_sockets_closed_total{reason="slow"}"#;
    // More than the system holds back for a socket that nobody reads.
    for _ in 0..50 {
        for phone in &mut phones {
            let text = phone.request("MESSAGE", "sip:bob@x.example", "<sip:bob@x.example>", "") + &body;
            phone.send(text).await;
        }
    }
    eventually("the slow reader is cut off", async || (metric(&running, closed).await >= 1).then_some(())).await;
    for mut phone in phones {
        assert_eq!(phone.message().await.code(), Some(480), "his callers hear that he is gone");
    }
    drop(bob);
}

#[tokio::test]
async fn phones_are_told_that_the_server_stops() {
    let running = phones(|_| ()).await;
    let mut phone = Phone::registered(running.address, "alice", "a1").await;
    running.stop.send(()).unwrap();
    let last = phone.socket.next().await;
    assert!(matches!(last, Some(Ok(tungstenite::Message::Close(Some(ref frame)))) if u16::from(frame.code) == 1001), "{last:?}");
}
