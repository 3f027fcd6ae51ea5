//! What the benches share.

pub mod hour;
pub mod server;

use std::{
    error::Error,
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// Whatever goes wrong ends the bench.
pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// A server in a process group of its own: what it costs is what the system says of the group.
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
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.args(arguments).stdout(Stdio::piped()).process_group(0).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        Ok(Self { address: line.trim().parse()?, child })
    }

    /// Starts another program, which will listen there.
    ///
    /// # Errors
    /// When it does not start.
    pub fn of(command: &mut Command, address: SocketAddr) -> Result<Self> {
        Ok(Self { child: command.process_group(0).spawn()?, address })
    }

    /// Whether it has ended by itself.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// User and system time of its processes so far, in ticks of 10 ms (`proc_pid_stat(5)`).
    ///
    /// # Errors
    /// Where there is no `/proc`.
    pub fn processor_time(&self) -> Result<Duration> {
        let mut ticks = 0;
        for fields in self.processes()?.iter().map(|(_, fields)| fields) {
            for field in fields.get(11..13).ok_or("no times")? {
                ticks += field.parse::<u64>()?;
            }
        }
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Bytes of memory that its processes have, what they share counted once (`Pss` of `proc_pid_smaps(5)`).
    ///
    /// # Errors
    /// Where there is no `/proc`.
    pub fn memory(&self) -> Result<u64> {
        let mut kib = 0;
        for (process, _) in self.processes()? {
            let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
            let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).ok_or("no Pss")?;
            kib += line.trim().trim_end_matches(" kB").parse::<u64>()?;
        }
        Ok(kib * 1024)
    }

    /// The processes of its group, with what stands behind the name in `/proc/PID/stat`.
    fn processes(&self) -> Result<Vec<(u32, Vec<String>)>> {
        let group = self.child.id().to_string();
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc")? {
            let Some(process) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            // It may be gone by now.
            let Ok(stat) = fs::read_to_string(format!("/proc/{process}/stat")) else { continue };
            let fields: Vec<String> = stat.rsplit_once(") ").ok_or("no stat")?.1.split(' ').map(str::to_owned).collect();
            if fields.get(2) == Some(&group) {
                found.push((process, fields));
            }
        }
        Ok(found)
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        // The whole group: the standard library can only end its first.
        Command::new("kill").args(["-s", "KILL", "--", &format!("-{}", self.child.id())]).status().ok();
        self.child.wait().ok();
    }
}
