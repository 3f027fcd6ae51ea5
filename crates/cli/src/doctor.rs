//! `sidetone doctor`: looks at a data folder and at a running server, and says what to mend.

mod folder;
mod server;

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

use crate::{config, output};

const AFTER_HELP: &str = "\
Without --server it looks at the data folder, without --data at the server alone; with neither at the default data folder.
It changes nothing, unless --send-test-batch asks it to.

Examples:
  sidetone doctor
  sidetone doctor --data /var/lib/sidetone --server https://stats.example --token stq_…
  sidetone doctor --server http://127.0.0.1:8080 --token sti_… --send-test-batch

Exit code 1 when anything is wrong.";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct DoctorArgs {
    /// The data folder to look at
    #[arg(long, value_name = "FOLDER", env = "SIDETONE_DATA")]
    data: Option<PathBuf>,
    /// The server to look at
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Secret or token to try (with --server)
    #[arg(long, env = "SIDETONE_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// PEM file of a certificate to trust (with --server)
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Send a small batch, twice, and see that it is stored once (with --server and a token that may send)
    #[arg(long, requires = "server", requires = "token")]
    send_test_batch: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How a finding is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Fine,
    Mind,
    Wrong,
}

/// What was found.
#[derive(Default)]
struct Findings(Vec<(Verdict, String)>);

impl Findings {
    fn fine(&mut self, text: impl Into<String>) {
        self.0.push((Verdict::Fine, text.into()));
    }

    fn mind(&mut self, text: impl Into<String>) {
        self.0.push((Verdict::Mind, text.into()));
    }

    fn wrong(&mut self, text: impl Into<String>) {
        self.0.push((Verdict::Wrong, text.into()));
    }
}

pub(crate) async fn run(args: DoctorArgs) -> Result<()> {
    let mut findings = Findings::default();
    let data = args.data.or_else(|| args.server.is_none().then(config::default_data_folder));
    if let Some(data) = &data {
        folder::examine(data, &mut findings).await;
    }
    if let Some(url) = &args.server {
        let patient = server::Patient { url, token: args.token.as_deref(), ca: args.ca.as_deref(), send_test_batch: args.send_test_batch };
        server::examine(&patient, &mut findings).await;
    }
    let count = |verdict: Verdict| findings.0.iter().filter(|(held, _)| *held == verdict).count();
    let name = |verdict: Verdict| match verdict {
        Verdict::Fine => "ok",
        Verdict::Mind => "note",
        Verdict::Wrong => "WRONG",
    };
    if args.json {
        let listed: Vec<_> =
            findings.0.iter().map(|(verdict, text)| serde_json::json!({"verdict": name(*verdict).to_lowercase(), "text": text})).collect();
        output::print(&format!("{:#}\n", serde_json::Value::from(listed)))?;
    } else {
        output::print(&findings.0.iter().map(|(verdict, text)| format!("{:<6} {text}\n", name(*verdict))).collect::<String>())?;
    }
    match count(Verdict::Wrong) {
        0 => Ok(()),
        1 => bail!("1 thing is wrong"),
        wrong => bail!("{wrong} things are wrong"),
    }
}
