//! `sidetone app callstats`: what the clients of callstats.io know of an app.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::json;
use sidetone_server::secret::NewSecret;
use sidetone_store::{
    Store,
    record::{App, CallstatsSettings, Secret},
};

use crate::{
    output,
    secret::{self, SystemEntropy},
};

/// What an AppSecret of ours begins with.
const SECRET_PREFIX: &str = "stc_";
/// The largest number that JavaScript holds exactly.
const APP_ID_MAX: u64 = 1 << 53;

#[derive(Args)]
pub(super) struct CallstatsArgs {
    /// The AppID that pages have in them already; unset: the one it has, or a new one
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..=APP_ID_MAX))]
    app_id: Option<u64>,
    /// A file with the AppSecret that pages have in them already; unset: a new one is made
    #[arg(long, value_name = "PATH")]
    secret_file: Option<PathBuf>,
    /// Go on to accept the earlier secrets (until the next time)
    #[arg(long)]
    keep_old: bool,
    /// Refuse callstats clients from now on
    #[arg(long, conflicts_with_all = ["app_id", "secret_file", "keep_old"])]
    off: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(store: &dyn Store, mut app: App, args: CallstatsArgs) -> Result<()> {
    if args.off {
        app.settings.callstats = None;
        let shown = format!("{}  {}  callstats clients are refused\n", app.key, app.name);
        super::update(store, app).await?;
        return output::print(&shown);
    }
    let others: Vec<(u64, String)> = store
        .apps()
        .await?
        .into_iter()
        .filter(|other| other.key != app.key)
        .filter_map(|other| Some((other.settings.callstats?.app_id, other.name)))
        .collect();
    let held = app.settings.callstats.take();
    let app_id = match args.app_id.or(held.as_ref().map(|held| held.app_id)) {
        Some(app_id) => app_id,
        None => free_id(&others)?,
    };
    if let Some((_, name)) = others.iter().find(|(taken, _)| *taken == app_id) {
        bail!("the AppID {app_id} is that of the app {name:?}; give each app one of its own");
    }
    let (secret, shown) = match &args.secret_file {
        Some(file) => (read(file)?, None),
        None => {
            let text = NewSecret::mint(SECRET_PREFIX, &SystemEntropy).map_err(anyhow::Error::msg)?.text;
            (Secret(text.clone().into_bytes()), Some(text))
        }
    };
    let mut secrets = held.filter(|_| args.keep_old).map(|held| held.secrets).unwrap_or_default();
    secrets.retain(|held| *held != secret);
    secrets.push(secret);
    app.settings.callstats = Some(CallstatsSettings { app_id, secrets });
    let (key, name) = (app.key, app.name.clone());
    super::update(store, app).await?;
    if args.json {
        return output::print(&format!("{:#}\n", json!({"key": key.to_string(), "name": name, "app_id": app_id, "app_secret": shown})));
    }
    let mut text = format!("app        {key}  {name}\nAppID      {app_id}\n");
    if let Some(secret) = shown {
        text += &format!("AppSecret  {secret}  for callstats.initialize; pages may hold it\n");
    }
    output::print(&text)
}

/// A number of nine digits, as callstats.io gave out.
fn free_id(others: &[(u64, String)]) -> Result<u64> {
    loop {
        let random = u64::try_from(secret::random()? % 900_000_000).unwrap_or_default() + 100_000_000;
        if others.iter().all(|(taken, _)| *taken != random) {
            return Ok(random);
        }
    }
}

fn read(file: &PathBuf) -> Result<Secret> {
    let name = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("{name}: the AppSecret cannot be read"))?;
    let text = text.trim_end_matches(['\r', '\n']);
    // What the client signs with stands behind the first colon, if there is one.
    let key = text.split(':').nth(1).unwrap_or(text);
    if key.is_empty() {
        bail!("{name}: holds no AppSecret; write it as callstats.io showed it, such as `base64keyid:secret`");
    }
    Ok(Secret(text.as_bytes().to_vec()))
}
