//! The binary `sidetone`: serve, and everything around it. The one place that reads environment, clock and randomness.
#![forbid(unsafe_code)]

mod app;
mod audit;
mod backup;
mod call_file;
mod config;
mod data_folder;
mod demo;
mod doctor;
mod export;
mod http;
mod import;
mod load;
mod output;
mod phone;
mod rescore;
mod score;
mod secret;
mod serve;
mod user;
mod why;

use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const AFTER_HELP: &str = "\
Begin here:
  sidetone demo                                    a server with real calls in it
  sidetone score webrtc_internals_dump.txt         what was wrong with a call, no server needed
  sidetone app create myapp && sidetone serve      your own server

Exit codes: 0 done; 1 failed, the reason is on standard error; 2 the command line is wrong.";

/// Call quality of WebRTC, self-hosted: takes in what every participant saw of a call, keeps it, and tells what was wrong
#[derive(Parser)]
#[command(name = "sidetone", version, after_help = AFTER_HELP, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the server
    Serve(Box<serve::ServeArgs>),
    /// Runs a server with real calls imported, on a data folder that is thrown away
    Demo(demo::DemoArgs),
    /// Manages apps: their secrets, token keys, origins, retention
    App(app::AppArgs),
    /// Manages who may log in to the dashboard
    User(user::UserArgs),
    /// Shows who was shown real names of people
    Audit(audit::AuditArgs),
    /// Manages who may register and call by SIP
    Phone(phone::PhoneArgs),
    /// Imports dumps and exported conferences
    Import(import::ImportArgs),
    /// Tells series, scores and issues of a file, without a server
    Score(score::ScoreArgs),
    /// Judges finished conferences again, after an upgrade
    Rescore(rescore::RescoreArgs),
    /// Writes a conference as a file, or tables as CSV and Parquet
    Export(export::ExportArgs),
    /// Copies the data folder, beside a running server too
    Backup(backup::BackupArgs),
    /// Sends bounded traffic made from a real call, and measures
    Load(load::LoadArgs),
    /// Checks a data folder and a running server
    Doctor(doctor::DoctorArgs),
    /// Prints the completions of a shell
    #[command(
        after_help = "Examples:\n  sidetone completions bash > /etc/bash_completion.d/sidetone\n  sidetone completions zsh > \"${fpath[1]}/_sidetone\""
    )]
    Completions {
        /// Which shell
        shell: Shell,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(run(cli.command)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(&format!("sidetone: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<()> {
    match command {
        Command::Serve(args) => serve::run(*args).await,
        Command::Demo(args) => demo::run(args).await,
        Command::App(args) => app::run(args).await,
        Command::User(args) => user::run(args).await,
        Command::Audit(args) => audit::run(args).await,
        Command::Phone(args) => phone::run(args).await,
        Command::Import(args) => import::run(args).await,
        Command::Score(args) => score::run(&args),
        Command::Rescore(args) => rescore::run(args).await,
        Command::Export(args) => export::run(args).await,
        Command::Backup(args) => backup::run(args).await,
        Command::Load(args) => load::run(args).await,
        Command::Doctor(args) => doctor::run(args).await,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "sidetone", &mut script);
            output::print(&String::from_utf8_lossy(&script))
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
