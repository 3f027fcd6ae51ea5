//! Running the binary and asking a running server.

use std::{
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde_json::Value;

/// The binary, with nothing of our environment that could sway it.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sidetone"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SIDETONE_")) {
        command.env_remove(name);
    }
    command
}

/// Runs to the end.
pub(crate) fn run(args: &[&str]) -> Output {
    command().args(args).output().expect("the binary runs")
}

/// Runs to the end, which must be good; what it printed.
pub(crate) fn run_ok(args: &[&str]) -> String {
    let output = run(args);
    assert!(output.status.success(), "sidetone {args:?}: {}", stderr(&output));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Runs to the end, which must be bad with exit code 1; the one line that tells why.
pub(crate) fn run_failing(args: &[&str]) -> String {
    let output = run(args);
    assert_eq!(output.status.code(), Some(1), "sidetone {args:?}: {}", stderr(&output));
    stderr(&output)
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A file below `testdata/traces`.
pub(crate) fn trace(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata/traces").join(name);
    path.canonicalize().expect("the trace is there").to_string_lossy().into_owned()
}

/// An app's secrets.
#[derive(Clone, Debug)]
pub(crate) struct Secrets {
    pub(crate) intake: String,
    pub(crate) query: String,
}

impl Secrets {
    /// From what `app create --json` and `app rotate --json` print.
    pub(crate) fn read(text: &str) -> Self {
        let shown: Value = serde_json::from_str(text).expect("JSON");
        let member = |name: &str| shown[name].as_str().unwrap_or_default().to_owned();
        Self { intake: member("intake_secret"), query: member("query_secret") }
    }
}

/// A data folder with one app.
pub(crate) fn folder_with_app(folder: &Path) -> Secrets {
    Secrets::read(&run_ok(&["app", "--data", text(folder), "create", "shop", "--json"]))
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// A server that runs until it is stopped, killed or dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    /// From the start of the process until it said that it is ready.
    pub(crate) ready_after: Duration,
    log: Arc<Mutex<String>>,
}

impl Server {
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    pub(crate) fn start_with(data: &Path, args: &[&str]) -> Self {
        let mut command = command();
        command.args(["serve", "--data", text(data), "--listen", "127.0.0.1:0"]).args(args);
        Self::spawn(command)
    }

    /// Starts a server by any command and waits until it is ready.
    pub(crate) fn spawn(mut command: Command) -> Self {
        let began = Instant::now();
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the server starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut url = String::new();
        loop {
            match lines.next().map(|line| line.expect("UTF-8")) {
                Some(line) if line == "ready" => break,
                Some(line) => {
                    if let Some(address) = line.strip_prefix("server ") {
                        address.trim().clone_into(&mut url);
                    }
                }
                None => {
                    let mut reason = String::new();
                    child.stderr.take().expect("piped").read_to_string(&mut reason).ok();
                    panic!("the server ended before it was ready: {reason}");
                }
            }
        }
        // Its log must not fill the pipe.
        let log = Arc::<Mutex<String>>::default();
        let (lines, kept) = (BufReader::new(child.stderr.take().expect("piped")).lines(), Arc::clone(&log));
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock().expect("nobody panics").extend([line.as_str(), "\n"]);
            }
        });
        Self { child, url, ready_after: began.elapsed(), log }
    }

    /// What it logs, once that is in it.
    pub(crate) fn logged(&self, what: &str) -> String {
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let log = self.log.lock().expect("nobody panics").clone();
            if log.contains(what) {
                return log;
            }
            assert!(Instant::now() < until, "{what:?} is not in the log: {log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn get(&self, path: &str, secret: &str) -> (u16, Value) {
        let mut answer =
            agent().get(format!("{}{path}", self.url)).header("authorization", format!("Bearer {secret}")).call().expect("an answer");
        (answer.status().as_u16(), serde_json::from_str(&answer.body_mut().read_to_string().expect("a body")).unwrap_or_default())
    }

    pub(crate) fn post(&self, media_type: &str, body: &[u8], secret: &str) -> (u16, Value) {
        post(&agent(), &self.url, media_type, body, secret).expect("an answer")
    }

    /// The conferences of that id once there are `count`, all finalised.
    pub(crate) fn finalised(&self, conference_id: &str, secret: &str, count: usize) -> Vec<Value> {
        let path = format!("/v1/conferences?state=finalised&conference_id={conference_id}");
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            let (status, body) = self.get(&path, secret);
            assert_eq!(status, 200, "{body}");
            let found = body["conferences"].as_array().cloned().unwrap_or_default();
            if found.len() == count {
                return found;
            }
            assert!(Instant::now() < until, "{count} finalised conferences expected, there are {found:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What it has in memory, in bytes.
    pub(crate) fn resident_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a size");
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kilobytes * 1024
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// SIGTERM, and waits until it has ended well.
    pub(crate) fn stop(mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
        let status = self.child.wait().expect("it ends");
        assert!(status.success(), "{status}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A client that keeps its connection and does not take a refusal for an error.
pub(crate) fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(30))).build().into()
}

/// Posts a batch.
pub(crate) fn post(agent: &ureq::Agent, url: &str, media_type: &str, body: &[u8], secret: &str) -> Result<(u16, Value), ureq::Error> {
    let request =
        agent.post(format!("{url}/v1/batches")).header("authorization", format!("Bearer {secret}")).header("content-type", media_type);
    let mut answer = request.send(body)?;
    let text = answer.body_mut().read_to_string()?;
    Ok((answer.status().as_u16(), serde_json::from_str(&text).unwrap_or_default()))
}
