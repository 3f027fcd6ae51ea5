//! `sidetone serve`: the server on a data folder, until it is told to stop.

use std::{future::Future, path::PathBuf, sync::Arc};

use anyhow::{Context, Result};
use clap::Args;
use sidetone_server::{OPENAPI_PATH, Server, VIEWER_PATH, config::listen::TlsConfig};
use sidetone_store::clock::SystemClock;
use sidetone_store_sqlite::Role;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::{
    config::{self, Config, LogConfig, LogFormat, Setting},
    data_folder, output,
    secret::SystemEntropy,
};

const AFTER_HELP: &str = "\
Settings come from flags, then variables of the environment (SIDETONE_LISTEN_ADDRESS is listen.address), then one TOML file, then defaults.
SIGTERM and SIGINT stop the server; what it has acknowledged is kept, also when it is killed.

Examples:
  sidetone serve
  sidetone serve --listen 0.0.0.0:8443 --tls-certificate chain.pem --tls-key key.pem --data /var/lib/sidetone
  sidetone serve --print-config > sidetone.toml     # every setting, explained; edit, then:
  sidetone serve --config sidetone.toml
  sidetone serve --set retention.days=30 --set log.filter=debug";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ServeArgs {
    /// The data folder; made when it is not there. Unset: `sidetone` in the user's folder for data (~/.local/share)
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Address and port to listen at; port 0 takes any free one. Unset: 127.0.0.1:8080
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Certificate chain as PEM: turns TLS on
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<String>,
    /// Private key as PEM
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<String>,
    /// TLS with a certificate made at start, for these host names: for a trial
    #[arg(long, value_name = "NAME,…", conflicts_with = "tls_certificate")]
    tls_self_signed: Option<String>,
    /// Let phones register and call by SIP over WebSockets, at /sip
    #[arg(long)]
    sip: bool,
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE", env = "SIDETONE_CONFIG")]
    config: Option<PathBuf>,
    /// Any other setting, such as limits.body_size_max=2MiB; may be repeated
    #[arg(long, value_name = "SETTING=VALUE", value_parser = assignment)]
    set: Vec<(String, String)>,
    /// Print the effective configuration as a TOML file and do nothing else
    #[arg(long)]
    print_config: bool,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (path, value) = text.split_once('=').ok_or("write it as section.name=value, such as retention.days=30")?;
    Ok((path.trim().to_owned(), value.to_owned()))
}

impl ServeArgs {
    fn settings(&self) -> Vec<Setting> {
        let mut settings = Vec::new();
        let mut flag = |path: &str, value: &str, source: &str| {
            settings.push(Setting { path: path.to_owned(), value: value.to_owned(), source: source.to_owned() });
        };
        if let Some(data) = &self.data {
            flag("data", &data.to_string_lossy(), "--data");
        }
        if let Some(listen) = &self.listen {
            flag("listen.address", listen, "--listen");
        }
        if let (Some(certificate), Some(key)) = (&self.tls_certificate, &self.tls_key) {
            flag("listen.tls.mode", "files", "--tls-certificate");
            flag("listen.tls.certificate", certificate, "--tls-certificate");
            flag("listen.tls.key", key, "--tls-key");
        }
        if let Some(names) = &self.tls_self_signed {
            flag("listen.tls.mode", "self_signed", "--tls-self-signed");
            flag("listen.tls.names", names, "--tls-self-signed");
        }
        if self.sip {
            flag("sip.enabled", "true", "--sip");
        }
        for (path, value) in &self.set {
            flag(path, value, &format!("--set {path}"));
        }
        settings
    }
}

pub(crate) async fn run(args: ServeArgs) -> Result<()> {
    let config = Config::load(args.config.as_deref(), args.settings())?;
    if args.print_config {
        return output::print(&config::print(&config));
    }
    start_log(&config.log)?;
    for variable in config::unknown_variables() {
        tracing::warn!(variable, "this variable is no setting and has no effect; `sidetone serve --print-config` shows every setting");
    }
    let stop = stop_signal()?;
    serve(&config, stop, |url, setup| {
        let dashboard = match setup {
            None => format!("{url}/"),
            Some(setup) => format!("{url}{setup}   (makes the first user, an admin)"),
        };
        let address = config.listen.address.ip();
        let everywhere = if address.is_unspecified() {
            format!("             {address} is every address of this machine: in a browser, put one in its place, or a name that leads here\n")
        } else {
            String::new()
        };
        format!(
            "data folder  {}\nserver       {url}\ndashboard    {dashboard}\n{everywhere}API          {url}{VIEWER_PATH}\n             {url}{OPENAPI_PATH}\nready\n",
            config.data.display()
        )
    })
    .await
}

/// Serves until `stop`; prints what `ready` makes of the address, and of the path where the first user is made, once requests are taken.
pub(crate) async fn serve(
    config: &Config,
    stop: impl Future<Output = ()> + Send,
    ready: impl FnOnce(&str, Option<&str>) -> String,
) -> Result<()> {
    let store = data_folder::open_or_create(&config.data, Role::Server).await?;
    let apps = store.apps().await?;
    for user in &config.sip.users {
        if apps.iter().filter(|app| app.name == user.app || app.key.to_string() == user.app).count() != 1 {
            tracing::warn!(app = user.app, "sip.users names an app that is not there, or several have that name: its users cannot log in");
        }
    }
    for app in apps {
        for refused in app.settings.rules.refused() {
            tracing::warn!(app.key = %app.key, app.name, refused, "a stored threshold is not valid any more and is not applied");
        }
    }
    let server = Server::bind(config.server(), store, Arc::new(SystemClock), Arc::new(SystemEntropy)).await?;
    let setup = server.setup_path().await?;
    let scheme = if config.listen.tls == TlsConfig::Off { "http" } else { "https" };
    output::print(&ready(&format!("{scheme}://{}", server.local_addr()), setup.as_deref()))?;
    tracing::info!(address = %server.local_addr(), data = %config.data.display(), "serving");
    server.run(stop).await;
    tracing::info!("stopped");
    Ok(())
}

/// Resolves at SIGTERM or SIGINT.
pub(crate) fn stop_signal() -> Result<impl Future<Output = ()> + Send> {
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate()).context("SIGTERM")?, signal(SignalKind::interrupt()).context("SIGINT")?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
    })
}

/// Writes the log to standard error from here on.
pub(crate) fn start_log(config: &LogConfig) -> Result<()> {
    let filter = EnvFilter::try_new(&config.filter).context("log.filter")?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
    match config.format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}
