//! What a report of an unmodified callstats client costs, beside the same reports as native batches of ten: processor time of the server per
//! report, bytes on the wire and on disk.
//!
//! `cargo xtask bench --bench callstats -- [ROUNDS]` (3 unless told). The reports are those of a recorded call of five minutes
//! (`testdata/callstats`); callstats clients send one a request, without compression.

use std::{io::Read, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request,
    client::conn::http1::{SendRequest, handshake},
    header,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
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
    Store,
    clock::{Clock, SystemClock},
    query::ConferenceQuery,
    record::{AppSettings, CallstatsSettings, Secret},
};
use sidetone_store_sqlite::{Role, SqliteConfig, SqliteStore};
use sidetone_testkit::traces;
use sidetone_wire::{
    batch::{self, Batch},
    callstats::Body,
};
use tokio::{net::TcpStream, task::JoinSet};

/// As `sidetone` does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Connections, each with one request under way.
const CONNECTIONS: usize = 32;
/// Reports in a native batch.
const BATCH_REPORTS: usize = 10;
/// Time between two reports of a callstats client.
const INTERVAL_US: i64 = 10_000_000;
/// What a page makes of the AppSecret `bench`: `{"userID":"bench","appID":1}`, signed.
const CODE: &str = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VySUQiOiJiZW5jaCIsImFwcElEIjoxfQ.s93hM6Zs4hdl8AfyTT_S965wwcJZofBDVzHFgYCFAlo";

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", folder] => {
            let callstats = Some(CallstatsSettings { app_id: 1, secrets: vec![Secret(b"bench".to_vec())] });
            serve(Path::new(folder), AppSettings { callstats, keep_addresses: true, ..AppSettings::default() }).await
        }
        [] => compare(3).await,
        [rounds] => compare(rounds.parse()?).await,
        _ => Err("callstats [ROUNDS]".into()),
    }
}

/// The bodies of the statistics reports of the recorded call.
fn recorded() -> Result<Vec<Value>> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(&traces::file("callstats/statistics-chromium-156.jsonl.gz")[..]).read_to_string(&mut text)?;
    Ok(text.lines().map(serde_json::from_str).collect::<std::result::Result<_, _>>()?)
}

/// One way to send the call: what one connection sends, told its number.
#[derive(Clone, Copy)]
enum Way {
    Callstats,
    Native,
}

async fn compare(rounds: usize) -> Result<()> {
    let recorded = Arc::new(recorded()?);
    println!("{rounds} rounds of {CONNECTIONS} connections x {} audio and video reports\n", recorded.len());
    println!(
        "{:<10} {:>20} {:>20} {:>16} {:>16} {:>14}",
        "", "reports/CPU second", "CPU us per report", "wire bytes", "disk, at first", "disk, folded"
    );
    for (name, way) in [("callstats", Way::Callstats), ("native", Way::Native)] {
        let folder = tempfile::tempdir()?;
        let subject = Subject::start(&["serve", folder.path().to_str().ok_or("no UTF-8")?])?;
        let (mut cpu, mut wire) = (Duration::ZERO, 0);
        // The first round warms up and is not counted.
        for round in 0..=rounds {
            let before = subject.processor_time()?;
            let mut connections = JoinSet::new();
            for connection in 0..CONNECTIONS {
                connections.spawn(send(subject.address, way, format!("{round}-{connection}"), Arc::clone(&recorded)));
            }
            while let Some(sent) = connections.join_next().await {
                wire = sent??;
            }
            cpu += if round == 0 { Duration::ZERO } else { subject.processor_time()? - before };
        }
        drop(subject);
        let (at_first, folded) = on_disk(folder.path()).await?;
        let reports = (rounds * CONNECTIONS * recorded.len()) as f64;
        let wire = wire / recorded.len();
        let cpu = cpu.as_secs_f64();
        println!("{name:<10} {:>20.0} {:>20.1} {wire:>16} {at_first:>16.0} {folded:>14.0}", reports / cpu, cpu * 1e6 / reports);
    }
    Ok(())
}

/// Sends the call once; gives the bytes of its bodies.
async fn send(address: SocketAddr, way: Way, name: String, recorded: Arc<Vec<Value>>) -> Result<usize> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let start = SystemClock.now().plus_micros(-i64::try_from(recorded.len())? * INTERVAL_US);
    match way {
        Way::Callstats => callstats(&mut sender, &name, start, &recorded).await,
        Way::Native => native(&mut sender, &name, start, &recorded).await,
    }
}

async fn callstats(sender: &mut SendRequest<Full<Bytes>>, name: &str, start: Timestamp, recorded: &[Value]) -> Result<usize> {
    let form = format!("client_id=bench%401&code={CODE}&grant_type=authorization_code");
    let grant = post(sender, "/authenticate", "", "application/x-www-form-urlencoded", form.into()).await?;
    let token = grant["access_token"].as_str().ok_or("no token")?;
    let path = format!("/v1/apps/1/conferences/bench-{name}");
    let join = json!({"callstatsVersion": "3.73.16", "localID": "bench", "deviceID": name, "timestamp": start.as_millis_f64()});
    let joined = post(sender, &path, token, "application/json", join.to_string().into()).await?;
    let path = format!("{path}/{}/stats", joined["ucID"].as_str().ok_or("no ucID")?);
    let mut bytes = 0;
    for (number, body) in recorded.iter().enumerate() {
        let body = Bytes::from(of(body, name, start.plus_micros(i64::try_from(number)? * INTERVAL_US)).to_string());
        bytes += body.len();
        post(sender, &path, token, "application/json", body).await?;
    }
    Ok(bytes)
}

/// A recorded body as this connection sends it.
fn of(body: &Value, device: &str, time: Timestamp) -> Value {
    let mut body = body.clone();
    for (member, value) in [("localID", json!("bench")), ("deviceID", json!(device)), ("timestamp", json!(time.as_millis_f64()))] {
        body[member] = value;
    }
    body
}

async fn native(sender: &mut SendRequest<Full<Bytes>>, name: &str, start: Timestamp, recorded: &[Value]) -> Result<usize> {
    let mut bytes = 0;
    for (number, run) in recorded.chunks(BATCH_REPORTS).enumerate() {
        let mut reports = Reports::default();
        for (place, body) in run.iter().enumerate() {
            let time = start.plus_micros(i64::try_from(number * BATCH_REPORTS + place)? * INTERVAL_US);
            reports.push(&Body::report(of(body, name, time).to_string().as_bytes())?.into_report(time).ok_or("no report")?);
        }
        let batch = Batch {
            conference_id: ConferenceId::new(format!("bench-{name}"))?,
            user_id: UserId::new("bench")?,
            participant_id: ParticipantId::new(name)?,
            peer_connection_id: PeerConnectionId::new("pc")?,
            batch_seq: u32::try_from(number)?,
            sent: SystemClock.now(),
            events: Vec::new(),
            reports,
        };
        let body = Bytes::from(batch::encode(&batch));
        bytes += body.len();
        post(sender, "/v1/batches", SECRET, batch::MEDIA_TYPE, body).await?;
    }
    Ok(bytes)
}

async fn post(sender: &mut SendRequest<Full<Bytes>>, path: &str, token: &str, media_type: &str, body: Bytes) -> Result<Value> {
    let request = Request::post(path)
        .header(header::HOST, "bench")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, media_type)
        .body(Full::new(body))?;
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    if !status.is_success() {
        return Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into());
    }
    Ok(serde_json::from_slice(&body)?)
}

/// Bytes of a stored report, as it came and after folding.
async fn on_disk(folder: &Path) -> Result<(f64, f64)> {
    let store = SqliteStore::open(folder, SqliteConfig::new(Role::Server, 1))?;
    let app = store.apps().await?.remove(0).key;
    let conference = store.search(app, &ConferenceQuery { limit: 1, ..ConferenceQuery::default() }).await?.rows.remove(0).key;
    let connection = store.conference(app, conference).await?.ok_or("no conference")?.peer_connections.remove(0).key;
    let per_report = async || -> Result<f64> {
        let chunks = store.chunks(app, connection).await?.collect::<std::result::Result<Vec<_>, _>>()?;
        let bytes: usize = chunks.iter().map(|chunk| chunk.reports.bytes.len()).sum();
        Ok(bytes as f64 / chunks.iter().map(|chunk| f64::from(chunk.reports.count)).sum::<f64>())
    };
    let at_first = per_report().await?;
    store.fold(app, connection).await?;
    Ok((at_first, per_report().await?))
}
