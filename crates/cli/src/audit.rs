//! `sidetone audit`: who was shown real names of people.

use anyhow::Result;
use clap::Args;
use serde_json::json;
use sidetone_server::calendar;
use sidetone_store::name_view::NameViewQuery;

use crate::{
    app,
    data_folder::{self, DataArgs},
    output,
};

const AFTER_HELP: &str = "\
A line for each conference whose names were shown: on a page, by the API, in a download or by `sidetone export --names`. What the same
reader does again within a minute is not told again. Kept for retention.name_views_days.

Examples:
  sidetone audit
  sidetone audit --app shop --limit 1000 --json | jq -r '.[].viewer' | sort | uniq -c";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Key or name of the app; every app when left out
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// Most lines, the newest first
    #[arg(long, default_value_t = 100)]
    limit: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: AuditArgs) -> Result<()> {
    let store = data_folder::open(&args.data.folder()).await?;
    let app = match &args.app {
        Some(wanted) => Some(app::find(&*store, wanted).await?.key),
        None => None,
    };
    let views = store.name_views(NameViewQuery { app, after: None, limit: args.limit }).await?.rows;
    if args.json {
        let shown = views.iter().map(|view| {
            json!({
                "time_ms": view.at.as_millis(),
                "app": view.app.to_string(),
                "viewer": view.viewer,
                "role": view.role.name(),
                "conference": view.conference.to_string(),
                "conference_id": view.conference_id.as_str(),
                "way": view.way,
                "name_count": view.name_count,
            })
        });
        return output::print(&format!("{:#}\n", serde_json::Value::from_iter(shown)));
    }
    if views.is_empty() {
        output::note("Nobody was shown a name.");
        return Ok(());
    }
    let mut rows = vec![["TIME (UTC)", "WHO", "AS", "CONFERENCE", "ID", "WHERE", "NAMES"].map(str::to_owned).to_vec()];
    rows.extend(views.iter().map(|view| {
        vec![
            calendar::show(view.at),
            view.viewer.clone(),
            view.role.name().to_owned(),
            view.conference.to_string(),
            view.conference_id.as_str().to_owned(),
            view.way.clone(),
            view.name_count.to_string(),
        ]
    }));
    output::print(&output::table(&rows))
}
