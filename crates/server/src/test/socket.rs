//! Through sockets: HTTP/1.1 and HTTP/2, TLS 1.2 and 1.3, time-outs, taken ports, shutdown.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use sidetone_wire::batch::{self, MEDIA_TYPE};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_rustls::TlsConnector;

use super::*;
use crate::{
    Server,
    config::{listen::TlsConfig, text::HumanDuration},
    error::ServeError,
};

/// A server on a socket of loopback.
pub(super) struct Running {
    pub(super) test: TestServer,
    pub(super) address: SocketAddr,
    pub(super) stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

async fn run(change: impl FnOnce(&mut ServerConfig)) -> Running {
    run_on(TestServer::new().await, change).await
}

/// On the store of `test`.
pub(super) async fn run_on(test: TestServer, change: impl FnOnce(&mut ServerConfig)) -> Running {
    let mut config = ServerConfig::default();
    config.listen.address = SocketAddr::from(([127, 0, 0, 1], 0));
    change(&mut config);
    let server =
        Server::bind(config, Arc::clone(&test.store), Arc::new(test.clock.clone()), Arc::new(FakeEntropy::default())).await.unwrap();
    let address = server.local_addr();
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(server.run(async {
        let _ = stopped.await;
    }));
    Running { test, address, stop, task }
}

fn request(batch: &Batch) -> Vec<u8> {
    let body = batch::encode(batch);
    let head = format!(
        "POST /v1/batches HTTP/1.1\r\nhost: sidetone\r\nauthorization: Bearer {INTAKE}\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body].concat()
}

async fn read_answer(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut text = Vec::new();
    let mut piece = [0; 4096];
    while !text.ends_with(b"}") {
        let read = timeout(Duration::from_secs(20), stream.read(&mut piece)).await.unwrap().unwrap();
        assert!(read > 0, "connection closed after {:?}", String::from_utf8_lossy(&text));
        text.extend_from_slice(&piece[..read]);
    }
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn http_1_keeps_its_connection() {
    let running = run(|_| ()).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    for batch in batches(60).iter().take(3) {
        stream.write_all(&request(batch)).await.unwrap();
        let answer = read_answer(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains(r#""status":"stored""#), "{answer}");
    }
}

#[tokio::test]
async fn http_2_is_spoken_with_prior_knowledge() {
    let running = run(|_| ()).await;
    let stream = TcpStream::connect(running.address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut answers = Vec::new();
    for batch in batches(60) {
        let request = Request::post(format!("http://{}/v1/batches", running.address))
            .header(header::AUTHORIZATION, format!("Bearer {INTAKE}"))
            .header(header::CONTENT_TYPE, MEDIA_TYPE)
            .body(Full::new(Bytes::from(batch::encode(&batch))))
            .unwrap();
        answers.push(sender.send_request(request));
    }
    for answer in answers {
        let answer = answer.await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, axum::http::Version::HTTP_2));
    }
}

pub(super) async fn handshake(
    address: SocketAddr,
    roots: RootCertStore,
    version: &'static SupportedProtocolVersion,
    alpn: &[u8],
) -> tokio_rustls::client::TlsStream<TcpStream> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![alpn.to_vec()];
    let stream = TcpStream::connect(address).await.unwrap();
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap()
}

#[tokio::test]
async fn tls_1_2_and_1_3_are_spoken_with_a_certificate_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let files = TlsConfig::Files { certificate: certificate.clone(), key };
    let running = run(|config| config.listen.tls = files).await;
    for (version, wanted) in [(&rustls::version::TLS12, ProtocolVersion::TLSv1_2), (&rustls::version::TLS13, ProtocolVersion::TLSv1_3)] {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&certificate).unwrap()).unwrap();
        let mut stream = handshake(running.address, roots.clone(), version, b"http/1.1").await;
        assert_eq!(stream.get_ref().1.protocol_version(), Some(wanted));
        stream.write_all(&request(&a_batch())).await.unwrap();
        assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 200 OK"));
        let stream = handshake(running.address, roots, version, b"h2").await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    }
}

#[tokio::test]
async fn a_trial_has_a_certificate_of_its_own() {
    let running = run(|config| config.listen.tls = TlsConfig::SelfSigned { names: vec!["localhost".into(), "127.0.0.1".into()] }).await;
    // Nothing trusts it, which is what a browser would say too.
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let stream = TcpStream::connect(running.address).await.unwrap();
    let error = TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap_err();
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
}

async fn refused(config: ServerConfig, test: &TestServer) -> String {
    match Server::bind(config, Arc::clone(&test.store), Arc::new(test.clock.clone()), Arc::new(FakeEntropy::default())).await {
        Ok(_) => panic!("the server started"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why() {
    let running = run(|_| ()).await;
    let mut config = ServerConfig::default();
    config.listen.address = running.address;
    let taken = Server::bind(
        config.clone(),
        Arc::clone(&running.test.store),
        Arc::new(running.test.clock.clone()),
        Arc::new(FakeEntropy::default()),
    )
    .await;
    assert!(matches!(taken, Err(ServeError::AddressInUse(address)) if address == running.address));
    assert!(refused(config.clone(), &running.test).await.contains("is taken by another process"));
    config.listen.address = "192.0.2.1:8080".parse().unwrap();
    assert!(refused(config.clone(), &running.test).await.contains("192.0.2.1:8080"));
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    config.listen.tls = TlsConfig::Files { certificate: certificate.clone(), key: key.clone() };
    assert!(refused(config.clone(), &running.test).await.contains("cert.pem"));
    std::fs::write(&certificate, "no pem").unwrap();
    assert!(refused(config.clone(), &running.test).await.contains("holds no certificate in PEM"));
    let [one, two] = [0; 2].map(|_| rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap());
    std::fs::write(&certificate, one.cert.pem()).unwrap();
    std::fs::write(&key, two.signing_key.serialize_pem()).unwrap();
    assert!(refused(config, &running.test).await.contains("certificate and key do not fit"));
}

#[tokio::test]
async fn a_client_that_says_nothing_or_too_little_is_hung_up_on() {
    let running = run(|config| config.limits.header_timeout = HumanDuration::millis(200)).await;
    for said in ["", "P", "PRI * HTTP/2.0\r\n", "POST /v1/batches HTTP/1.1\r\nhost: s"] {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        let closed = timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "still open after {said:?}");
    }
}

/// A client that asks for a long answer again and again, and reads none of it.
#[tokio::test]
async fn a_client_that_reads_nothing_is_hung_up_on() {
    let running = run(|config| config.limits.write_timeout = HumanDuration::millis(300)).await;
    let stream = TcpStream::connect(running.address).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    // More than both systems hold back for each other.
    let asked = tokio::spawn(async move {
        let request = b"GET /v1/openapi.json HTTP/1.1\r\nhost: s\r\n\r\n";
        while writer.write_all(request).await.is_ok() {}
    });
    timeout(Duration::from_secs(60), asked).await.expect("it may ask on for ever").unwrap();
    // What was on its way is there still, and then an end.
    let mut rest = Vec::new();
    let _ = timeout(Duration::from_secs(60), reader.read_to_end(&mut rest)).await.expect("still open");
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_their_turn() {
    let running = run(|config| config.limits.connections_max = 2).await;
    let first = TcpStream::connect(running.address).await.unwrap();
    let _second = TcpStream::connect(running.address).await.unwrap();
    let mut third = TcpStream::connect(running.address).await.unwrap();
    third.write_all(&request(&a_batch())).await.unwrap();
    let mut piece = [0; 16];
    assert!(timeout(Duration::from_millis(300), third.read(&mut piece)).await.is_err(), "served beyond the limit");
    drop(first);
    assert!(read_answer(&mut third).await.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn a_shutdown_lets_requests_end_and_keeps_what_was_acknowledged() {
    let running = run(|_| ()).await;
    let whole = request(&a_batch());
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(&whole[..whole.len() - 10]).await.unwrap();
    sleep(Duration::from_millis(100)).await;
    running.stop.send(()).unwrap();
    sleep(Duration::from_millis(100)).await;
    assert!(TcpStream::connect(running.address).await.is_err(), "still accepts");
    stream.write_all(&whole[whole.len() - 10..]).await.unwrap();
    let answer = read_answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("stored"), "{answer}");
    timeout(Duration::from_secs(10), running.task).await.unwrap().unwrap();
    let test = running.test.restart().await;
    assert_eq!(test.batch(&a_batch()).await.ok()["status"], "duplicate");
}

#[tokio::test]
async fn a_shutdown_waits_for_nobody_for_ever() {
    let running = run(|config| config.limits.shutdown_timeout = HumanDuration::millis(300)).await;
    let whole = request(&a_batch());
    let mut asleep = TcpStream::connect(running.address).await.unwrap();
    asleep.write_all(&whole[..whole.len() - 10]).await.unwrap();
    let mut listening = TcpStream::connect(running.address).await.unwrap();
    listening.write_all(format!("GET /v1/live HTTP/1.1\r\nhost: s\r\nauthorization: Bearer {QUERY}\r\n\r\n").as_bytes()).await.unwrap();
    sleep(Duration::from_millis(100)).await;
    running.stop.send(()).unwrap();
    timeout(Duration::from_secs(5), running.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn jobs_run_by_themselves() {
    let running = run(|config| config.presence.sweep_interval = HumanDuration::millis(50)).await;
    for batch in batches(20) {
        running.test.clock.set(batch.sent);
        running.test.batch(&batch).await.ok();
    }
    timeout(Duration::from_secs(20), async {
        while running.test.get("/v1/conferences?state=finalised").await.ok()["conferences"] == serde_json::json!([]) {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
}
