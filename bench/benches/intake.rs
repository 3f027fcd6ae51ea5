//! Intake over HTTP with durable acknowledgements against the floor: the same HTTP stack, the same bodies, the body read and dropped, an
//! answer of the same size.
//!
//! `cargo xtask bench --bench intake -- [ROUNDS]` (5 unless told). Server and floor are processes of
//! their own and take turns; their processor time is what the system says of them. Bodies are batches of ten reports of a real audio and
//! video call.

use std::{
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use axum::{Router, extract::Request, http::StatusCode, response::IntoResponse, routing::post, serve::ListenerExt};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request as ClientRequest, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use sidetone_bench::{
    Result, Subject,
    server::{SECRET, serve},
};
use sidetone_engine::{
    ids::{ConferenceId, ParticipantId, PeerConnectionId, UserId},
    report::Reports,
    units::Timestamp,
};
use sidetone_store::{
    clock::{Clock, SystemClock},
    record::AppSettings,
};
use sidetone_testkit::traces;
use sidetone_wire::{
    address,
    batch::{self, Batch},
};
use tokio::{net::TcpListener, task::JoinSet};

/// As `sidetone` does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Connections, each with one batch under way.
const CONNECTIONS: usize = 64;
/// Batches that each connection sends in a round.
const BATCHES: usize = 60;
/// Reports in a batch.
const REPORTS: usize = 10;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", folder] => serve(Path::new(folder), AppSettings::default()).await,
        ["floor"] => floor().await,
        [] => compare(5).await,
        [rounds] => compare(rounds.parse()?).await,
        _ => Err("intake [ROUNDS]".into()),
    }
}

/// What no server on this stack can do without: reads a body, answers.
async fn floor() -> Result<()> {
    // As long as the real answer.
    const ANSWER: &str = r#"{"status":"stored","conference":"01JD3V9Q4Z3X5Y7A8B9C0D1E2F","participant":"01JD3V9Q4Z3X5Y7A8B9C0D1E2G","peer_connection":"01JD3V9Q4Z3X5Y7A8B9C0D1E2H"}"#;
    async fn drop_body(request: Request) -> impl IntoResponse {
        match request.into_body().collect().await {
            Ok(_) => (StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], ANSWER),
            Err(_) => (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "application/json")], ""),
        }
    }
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    Ok(axum::serve(listener, Router::new().route("/v1/batches", post(drop_body))).await?)
}

/// One of those that are compared.
struct Measured {
    name: &'static str,
    subject: Subject,
    wall: Vec<Duration>,
    cpu: Vec<Duration>,
}

impl Measured {
    fn start(name: &'static str, arguments: &[&str]) -> Result<Self> {
        Ok(Self { name, subject: Subject::start(arguments)?, wall: Vec::new(), cpu: Vec::new() })
    }

    async fn round(&mut self, bodies: &[Vec<Bytes>]) -> Result<()> {
        let (processor, began) = (self.subject.processor_time()?, Instant::now());
        let mut connections = JoinSet::new();
        for bodies in bodies {
            connections.spawn(send(self.subject.address, bodies.clone()));
        }
        while let Some(sent) = connections.join_next().await {
            sent??;
        }
        self.wall.push(began.elapsed());
        self.cpu.push(self.subject.processor_time()? - processor);
        Ok(())
    }

    fn line(&self) -> String {
        let reports = (self.wall.len() * CONNECTIONS * BATCHES * REPORTS) as f64;
        let (wall, cpu) = (self.wall.iter().sum::<Duration>().as_secs_f64(), self.cpu.iter().sum::<Duration>().as_secs_f64());
        format!("{:<8} {:>12.0} {:>20.0} {:>20.2}", self.name, reports / wall, reports / cpu, cpu * 1e6 / reports)
    }
}

async fn send(address: SocketAddr, bodies: Vec<Bytes>) -> Result<()> {
    let stream = tokio::net::TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    for body in bodies {
        let request = ClientRequest::post("/v1/batches")
            .header(header::HOST, "bench")
            .header(header::AUTHORIZATION, format!("Bearer {SECRET}"))
            .header(header::CONTENT_TYPE, batch::MEDIA_TYPE)
            .body(Full::new(body))?;
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        if status != StatusCode::OK {
            return Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into());
        }
    }
    Ok(())
}

async fn compare(rounds: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Measured::start("sidetone", &["serve", folder.path().to_str().ok_or("no UTF-8")?])?;
    let mut floor = Measured::start("floor", &["floor"])?;
    let runs = runs();
    let mut bytes = 0;
    // The first round warms both up and is not counted.
    for round in 0..=rounds {
        let bodies = bodies(round, &runs)?;
        bytes = bodies.iter().flatten().map(Bytes::len).sum();
        for subject in if round % 2 == 0 { [&mut server, &mut floor] } else { [&mut floor, &mut server] } {
            subject.round(&bodies).await?;
            if round == 0 {
                (subject.wall, subject.cpu) = (Vec::new(), Vec::new());
            }
        }
    }
    let per_report = bytes as f64 / (CONNECTIONS * BATCHES * REPORTS) as f64;
    println!(
        "{rounds} rounds of {CONNECTIONS} connections x {BATCHES} batches x {REPORTS} audio and video reports, {per_report:.0} bytes per report\n"
    );
    println!("{:<8} {:>12} {:>20} {:>20}", "", "reports/s", "reports/CPU second", "CPU us per report");
    println!("{}\n{}", server.line(), floor.line());
    for subject in [&server, &floor] {
        let rounds: Vec<String> =
            subject.cpu.iter().map(|cpu| format!("{:.1}", cpu.as_secs_f64() * 1e6 / (CONNECTIONS * BATCHES * REPORTS) as f64)).collect();
        println!("CPU us per report by round, {}: {}", subject.name, rounds.join(" "));
    }
    Ok(())
}

/// The call, cut into runs of ten reports.
fn runs() -> Vec<Reports> {
    let reports: Vec<_> = traces::load("av-pc0").reports.iter().collect();
    reports.chunks_exact(REPORTS).map(|run| run.iter().cloned().collect()).collect()
}

/// The bodies of a round by connection: each connection is a peer connection that goes through the call again and again.
fn bodies(round: usize, runs: &[Reports]) -> Result<Vec<Vec<Bytes>>> {
    let now = SystemClock.now();
    let body = |connection: usize, number: usize| -> Result<Bytes> {
        let mut reports = runs[number % runs.len()].clone();
        let first = reports.times().first().copied().unwrap_or_default();
        reports.shift(Timestamp::as_micros(now) + i64::try_from(number)? * 1_000_000 - first.as_micros());
        let mut batch = Batch {
            conference_id: ConferenceId::new(format!("bench-{round}-{}", connection / 2))?,
            user_id: UserId::new(format!("user-{connection}"))?,
            participant_id: ParticipantId::new(format!("{round}-{connection}"))?,
            peer_connection_id: PeerConnectionId::new("pc")?,
            batch_seq: u32::try_from(number)?,
            sent: now,
            events: Vec::new(),
            reports,
        };
        // As a client does that asked what the app keeps; the server looks for addresses all the same.
        address::hide_in(&mut batch);
        Ok(Bytes::from(batch::encode(&batch)))
    };
    (0..CONNECTIONS).map(|connection| (0..BATCHES).map(|number| body(connection, number)).collect()).collect()
}
