//! `sidetone load`: bounded traffic made from a real call, and what the server makes of it.

mod client;
mod outcome;

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use clap::Args;
use sidetone_engine::report::Reports;
use sidetone_server::{config::text::HumanDuration, import::CallFile};
use sidetone_store::clock::{Clock, SystemClock};
use tokio::{task::JoinSet, time::Instant};

use crate::{
    call_file,
    http::{Connection, Endpoint},
    output,
};
use client::Client;
use outcome::Outcome;

/// A real audio and video call of two Chromes, 25 s, as Chrome's own rtcstats dump.
const BUILT_IN: &[u8] = include_bytes!("../../../testdata/traces/chrome-rtcstats-dump-av.gz");

const CLIENTS_MAX: u32 = 20_000;
const DURATION_MAX: Duration = Duration::from_secs(24 * 3600);

const AFTER_HELP: &str = "\
Each client is one peer connection of a call of two. It sends the reports of a real call, a batch in each interval, and begins a new call when
that one is over. Latency is from sending a batch to its durable acknowledgement. With --interval 0s each client sends its next batch
as soon as the last one is acknowledged.

Examples:
  sidetone load --token sti_… --clients 1000 --interval 10s --duration 2m --ramp 10s
  sidetone load --token sti_… --clients 32 --interval 0s --duration 20s      # as fast as it goes
  sidetone load --token sti_… --from webrtc_internals_dump.txt --json

Exit code 1 when any batch was refused or not answered.";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct LoadArgs {
    /// The server
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    server: String,
    /// Secret or token that may send
    #[arg(long, env = "SIDETONE_TOKEN", hide_env_values = true)]
    token: String,
    /// PEM file of a certificate to trust
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The call to send: a dump or an exported conference. Unset: a built-in audio and video call of 25 s
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Concurrent clients
    #[arg(long, default_value_t = 10)]
    clients: u32,
    /// Time between two batches of a client
    #[arg(long, default_value = "10s")]
    interval: HumanDuration,
    /// Reports in a batch
    #[arg(long, default_value_t = 10)]
    reports: usize,
    /// How long to send
    #[arg(long, default_value = "30s")]
    duration: HumanDuration,
    /// Time over which the clients begin
    #[arg(long, default_value = "0s")]
    ramp: HumanDuration,
    /// Send to a server that is not this machine
    #[arg(long)]
    allow_remote: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: LoadArgs) -> Result<()> {
    let endpoint = Endpoint::new(&args.server, args.ca.as_deref())?;
    if !endpoint.is_loopback() && !args.allow_remote {
        bail!("{} is not this machine; say --allow-remote if it may be loaded", args.server);
    }
    if args.clients == 0 || args.clients > CLIENTS_MAX || args.reports == 0 || args.duration.get() > DURATION_MAX {
        bail!("--clients is 1 to {CLIENTS_MAX}, --reports at least 1, --duration at most 24h");
    }
    let calls = Arc::new(calls(&args)?);
    Connection::new(endpoint.clone(), None).get("/healthz").await.with_context(|| format!("{}: no server answers", args.server))?;
    let began = Instant::now();
    let run = SystemClock.now().as_millis();
    let mut clients = JoinSet::new();
    for number in 0..args.clients {
        let start = began + args.ramp.get().mul_f64(f64::from(number) / f64::from(args.clients));
        let client = Client {
            number,
            run,
            connection: Connection::new(endpoint.clone(), Some(&args.token)),
            calls: Arc::clone(&calls),
            interval: args.interval.get(),
            until: began + args.duration.get(),
        };
        clients.spawn(client.run(start));
    }
    let mut total = Outcome::new()?;
    while let Some(outcome) = clients.join_next().await {
        total.add(&outcome.context("a client panicked: this is a bug, please report it")??)?;
    }
    let took = began.elapsed();
    output::print(&if args.json { total.as_json(args.clients, took) } else { total.as_text(args.clients, took) })?;
    let failed = total.failed();
    if failed > 0 || total.batches() == 0 {
        bail!("failed: {}; batches acknowledged: {}", output::count(failed, "request"), total.batches());
    }
    Ok(())
}

/// The peer connections of the call, each cut into batches.
fn calls(args: &LoadArgs) -> Result<Vec<Vec<Reports>>> {
    let file = match &args.from {
        Some(path) => call_file::read(path, None)?,
        None => CallFile::parse(BUILT_IN, "built-in.gz", None)?,
    };
    let calls: Vec<Vec<Reports>> = file
        .connections()
        .into_iter()
        .map(|batches| {
            let reports: Vec<_> = batches.iter().flat_map(|batch| batch.reports.iter()).collect();
            reports.chunks(args.reports).map(|run| run.iter().cloned().collect()).collect()
        })
        .filter(|call: &Vec<Reports>| !call.is_empty())
        .collect();
    if calls.is_empty() {
        bail!("the file has no reports to send");
    }
    Ok(calls)
}
