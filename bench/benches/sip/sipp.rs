//! SIPp (Debian's `sip-tester`): as the gateway behind a trunk, and as phones of UDP and TCP.

use std::{
    fmt::Write as _,
    fs,
    net::SocketAddr,
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use sidetone_bench::{Result, Subject};
use tempfile::TempDir;
use tokio::{
    net::{TcpSocket, TcpStream, UdpSocket},
    time::sleep,
};

use super::{
    servers::{Place, password, user},
    tally::Tally,
};

const SIPP: &str = "/usr/bin/sipp";
/// What it says of itself, last of all: calls that went as they should.
const SUCCESSFUL: &str = "SuccessfulCall(C)";
/// Ports that are tried: somebody else may take one first.
const PORTS_MAX: usize = 5;

/// What SIP goes over.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Transport {
    Udp,
    Tcp,
}

impl Transport {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        }
    }

    /// Where nobody is. Of TCP without `SO_REUSEADDR`, as SIPp takes it: thousands of phones that have gone leave their ports waiting for a minute
    /// (TIME-WAIT), and those are free of UDP.
    async fn free_address(self) -> Result<SocketAddr> {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Ok(match self {
            Self::Udp => UdpSocket::bind(any).await?.local_addr()?,
            Self::Tcp => {
                let socket = TcpSocket::new_v4()?;
                socket.bind(any)?;
                socket.local_addr()?
            }
        })
    }

    /// Whether somebody is there; of UDP nobody can say.
    async fn listens(self, address: SocketAddr) -> bool {
        matches!(self, Self::Udp) || TcpStream::connect(address).await.is_ok()
    }

    /// All over one socket.
    const fn option(self) -> &'static str {
        match self {
            Self::Udp => "u1",
            Self::Tcp => "t1",
        }
    }
}

fn sipp(scenario: &str, text: &str, transport: Transport, folder: &TempDir) -> Result<(Command, PathBuf)> {
    let (file, told) = (folder.path().join(scenario), folder.path().join("stat.csv"));
    fs::write(&file, text)?;
    let mut command = Command::new(SIPP);
    command
        .arg("-sf")
        .arg(file)
        .args(["-i", "127.0.0.1", "-t", transport.option(), "-nostdin", "-trace_stat", "-fd", "1", "-stf"])
        .arg(&told);
    command.current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
    Ok((command, told))
}

/// SIPp as what answers every number.
pub(crate) struct Gateway {
    pub(crate) uri: String,
    told: PathBuf,
    _subject: Subject,
    _folder: TempDir,
}

impl Gateway {
    pub(crate) async fn start(transport: Transport) -> Result<Self> {
        for _ in 0..PORTS_MAX {
            let folder = tempfile::tempdir()?;
            let address = transport.free_address().await?;
            let (mut command, told) = sipp("gateway.xml", include_str!("gateway.xml"), transport, &folder)?;
            let mut subject = Subject::of(command.args(["-p", &address.port().to_string()]), address)?;
            // It writes its table before it takes the port, and ends where it cannot have it.
            while !told.exists() || !transport.listens(address).await {
                if subject.has_ended()? {
                    break;
                }
                sleep(Duration::from_millis(50)).await;
            }
            if !subject.has_ended()? {
                let uri = format!("sip:{address};transport={}", transport.name());
                return Ok(Self { uri, told, _subject: subject, _folder: folder });
            }
        }
        Err(format!("SIPp had none of {PORTS_MAX} ports").into())
    }

    /// Waits until it says that so many calls went as they should.
    pub(crate) async fn has_taken(&self, calls: usize) -> Result<()> {
        let began = Instant::now();
        loop {
            let taken = last(&fs::read_to_string(&self.told)?, SUCCESSFUL)?;
            if taken == calls as u64 {
                return Ok(());
            }
            if began.elapsed() > Duration::from_secs(10) {
                return Err(format!("the gateway took {taken} calls of {calls}").into());
            }
            sleep(Duration::from_millis(200)).await;
        }
    }
}

/// The last value of a column of what SIPp tells once a second.
fn last(table: &str, column: &str) -> Result<u64> {
    let mut lines = table.lines();
    let at = lines.next().and_then(|names| names.split(';').position(|name| name == column)).ok_or("no such column")?;
    Ok(lines.next_back().and_then(|line| line.split(';').nth(at)).map_or(Ok(0), str::parse)?)
}

/// SIPp as many phones that do this so many times, some at once.
pub(crate) async fn phones(place: &Place, work: &str, transport: Transport, (count, at_once): (usize, usize)) -> Result<Tally> {
    let folder = tempfile::tempdir()?;
    let scenario = if work == "call.xml" { include_str!("call.xml") } else { include_str!("register.xml") };
    let (mut command, told) = sipp(work, scenario, transport, &folder)?;
    let mut users = "SEQUENTIAL\n".to_owned();
    for name in (0..at_once).map(user) {
        writeln!(users, "{name};[authentication username={name} password={}]", password(&name))?;
    }
    let file = folder.path().join("users.csv");
    fs::write(&file, users)?;
    let SocketAddr::V4(server) = place.subject.address else { return Err("no IPv4".into()) };
    command.arg(server.to_string()).arg("-inf").arg(file);
    command.args(["-m", &count.to_string(), "-l", &at_once.to_string(), "-r", "20000", "-trace_rtt", "-rtt_freq", "1"]);
    let (processor, began) = (place.subject.processor_time()?, Instant::now());
    let status = tokio::task::spawn_blocking(move || command.status()).await??;
    let wall = began.elapsed();
    let good = last(&fs::read_to_string(told)?, SUCCESSFUL)?;
    if !status.success() || good != count as u64 {
        return Err(format!("SIPp: {status}, {good} of {count} went well").into());
    }
    let cpu = place.subject.processor_time()? - processor;
    Ok(Tally { wall, cpu, latencies: response_times(&folder)? })
}

/// Of `…_rtt.csv`: time, milliseconds, number.
fn response_times(folder: &TempDir) -> Result<Vec<Duration>> {
    for entry in fs::read_dir(folder.path())? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with("_rtt.csv") {
            let text = fs::read_to_string(path)?;
            let times = text.lines().skip(1).filter_map(|line| line.split(';').nth(1)?.parse::<f64>().ok());
            return Ok(times.map(|millis| Duration::from_secs_f64(millis / 1000.0)).collect());
        }
    }
    Err("SIPp told no response times".into())
}
