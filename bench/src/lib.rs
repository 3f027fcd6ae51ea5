//! What the benches share.

pub mod hour;

use std::{
    error::Error,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// Whatever goes wrong ends the bench.
pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// A server in a process of its own, a child of this very program: what it costs is what the system says of it.
pub struct Subject {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Subject {
    /// Starts this program with other arguments; its first line is where it listens.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(arguments: &[&str]) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?).args(arguments).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        Ok(Self { address: line.trim().parse()?, child })
    }

    /// User and system time of the process so far, in ticks of 10 ms (`proc_pid_stat(5)`).
    ///
    /// # Errors
    /// Where there is no `/proc`.
    pub fn processor_time(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields: Vec<&str> = stat.rsplit_once(") ").ok_or("no stat")?.1.split(' ').collect();
        let ticks: u64 =
            fields.get(11..13).ok_or("no times")?.iter().map(|field| field.parse::<u64>()).sum::<std::result::Result<u64, _>>()?;
        Ok(Duration::from_millis(ticks * 10))
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
