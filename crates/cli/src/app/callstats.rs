//! `sidetone app callstats`: what the clients of callstats.io know of an app.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;
use sidetone_server::{
    administration::settings::{self, CALLSTATS_SECRET_PREFIX, CallstatsChange},
    secret::NewSecret,
};
use sidetone_store::{Store, record::App};

use crate::{
    output,
    secret::{self, SystemEntropy},
};

#[derive(Args)]
pub(super) struct CallstatsArgs {
    /// The AppID that pages have in them already; unset: the one it has, or a new one
    #[arg(long, value_name = "NUMBER")]
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
    let given = args.secret_file.as_ref().map(read).transpose()?;
    let fresh = NewSecret::mint(CALLSTATS_SECRET_PREFIX, &SystemEntropy).map_err(anyhow::Error::msg)?.text;
    let shown = given.is_none().then(|| fresh.clone());
    let change = CallstatsChange { app_id: args.app_id, app_secret: given, keep_old: args.keep_old };
    let random = u64::try_from(secret::random()? >> 64)?;
    let app_id = settings::set_callstats(&mut app, &store.apps().await?, change, random, &fresh)?;
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

fn read(file: &PathBuf) -> Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{}: the AppSecret cannot be read", file.display()))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
