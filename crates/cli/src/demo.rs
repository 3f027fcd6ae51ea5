//! `sidetone demo`: a server with real calls in it, on a data folder that is thrown away.

use std::{collections::BTreeSet, net::SocketAddr, path::PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use sidetone_server::{
    VIEWER_PATH,
    import::{self, CallFile},
};
use sidetone_store::{
    clock::{Clock, SystemClock},
    local_user::Role as LocalRole,
    record::AppSettings,
};
use sidetone_store_sqlite::Role;

use crate::{
    app::{self, CreatedApp},
    call_file,
    config::Config,
    data_folder, phone, secret, serve, user,
};

/// Real calls, recorded with Chromium 156: one left alone and one harmed on the demo's call page, one call as its two kinds of dump, and one as rtcstats-js sent it.
const BUILT_IN: [(&str, &[u8]); 5] = [
    ("weekly-planning.sidetone.gz", include_bytes!("../../../testdata/demo/weekly-planning.sidetone.gz")),
    ("support-callback.sidetone.gz", include_bytes!("../../../testdata/demo/support-callback.sidetone.gz")),
    ("webrtc-internals.json", include_bytes!("../../../testdata/traces/webrtc-internals-av.json")),
    ("chrome-rtcstats-dump.gz", include_bytes!("../../../testdata/traces/chrome-rtcstats-dump-av.gz")),
    ("rtcstats-js.jsonl", include_bytes!("../../../testdata/traces/sdk-av-rtcstats-ws.jsonl")),
];

/// Who may log in to the dashboard of the demo.
const USER: &str = "demo";

/// Who may log in to its phones.
const PHONE_USERS: [&str; 3] = ["ada", "bob", "carol"];

const AFTER_HELP: &str = "\
Examples:
  sidetone demo
  sidetone demo --listen 127.0.0.1:9000 webrtc_internals_dump.txt";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct DemoArgs {
    /// Address and port to listen at; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", value_parser = sidetone_server::config::text::address)]
    listen: SocketAddr,
    /// Keep the data in this folder instead of throwing it away
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Files with calls to import instead of the built-in ones
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// A folder that is removed when the demo is over.
struct Folder {
    path: PathBuf,
    remove: bool,
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.remove {
            // What cannot be removed is a few hundred kilobytes among the system's temporary files.
            std::fs::remove_dir_all(&self.path).ok();
        }
    }
}

pub(crate) async fn run(args: DemoArgs) -> Result<()> {
    let folder = match args.data {
        Some(path) => Folder { path, remove: false },
        None => Folder { path: std::env::temp_dir().join(format!("sidetone-demo-{:032x}", secret::random()?)), remove: true },
    };
    let mut config = Config { data: folder.path.clone(), ..Config::default() };
    config.listen.address = args.listen;
    // The built-in calls are of 2026; they shall not expire under the reader's eyes.
    config.retention.days = 0;
    config.log.filter = "warn".to_owned();
    config.sip.enabled = true;
    // Phones that are told nothing else take the page's host for their domain.
    config.sip.aliases.push(args.listen.ip().to_string());
    serve::start_log(&config.log)?;
    let stop = serve::stop_signal()?;
    let made = fill(&folder, &args.files).await?;
    serve::serve(&config, stop, |url, _| greeting(url, &made)).await
}

/// What was made for the reader.
struct Made {
    app: CreatedApp,
    /// Of the dashboard's user; `None` where the folder had users already.
    password: Option<String>,
    /// Name and password of each phone user.
    phones: Vec<(&'static str, String)>,
    conferences: BTreeSet<String>,
}

async fn fill(folder: &Folder, files: &[PathBuf]) -> Result<Made> {
    let mut calls = Vec::new();
    if files.is_empty() {
        for (name, bytes) in BUILT_IN {
            calls.push(CallFile::parse(bytes, name, None).context(name)?);
        }
    }
    for path in files {
        calls.push(call_file::read(path, None)?);
    }
    let store = data_folder::open_or_create(&folder.path, Role::Tool).await?;
    // It does not leave this machine, and whoever looks at their own dump wants to see all of it.
    let settings = AppSettings { keep_addresses: true, ..AppSettings::default() };
    let app = app::create(&*store, "demo", settings).await?;
    let password = if store.local_users().await?.is_empty() { Some(user::generate()?) } else { None };
    if let Some(password) = &password {
        user::create(&*store, USER, LocalRole::Admin, password).await?;
    }
    let mut phones = Vec::new();
    for name in PHONE_USERS {
        // In a folder that is kept they are of the app before.
        store.remove_phone_user(name).await?;
        let password = user::generate()?;
        phone::create(&*store, app.app.key, name, &password).await?;
        phones.push((name, password));
    }
    let mut conferences = BTreeSet::new();
    for call in calls {
        let imported = import::put(&*store, &app.app, call.format, call.batches, SystemClock.now(), &|| ()).await?;
        import::finalise_touched(&*store, app.app.key, &imported.touched, SystemClock.now()).await?;
        conferences.extend(imported.conferences);
    }
    Ok(Made { app, password, phones, conferences })
}

fn greeting(url: &str, made: &Made) -> String {
    let Made { app, password, phones, conferences } = made;
    let password = password.as_deref().unwrap_or("as it was before");
    let (intake, query) = (&app.intake.text, &app.query.text);
    let users: Vec<String> = phones.iter().map(|(name, password)| format!("{name}:{password}")).collect();
    let users = users.join(",");
    let conferences: Vec<&str> = conferences.iter().map(String::as_str).collect();
    let conference = conferences.first().copied().unwrap_or_default();
    format!(
        "\
Sidetone demo: conferences {} are in it.

dashboard  {url}/   log in as {USER}, password {password}
call       {url}/demo/#secret={intake}   open it in two tabs: a real call, with switches that harm it
phone      {url}/demo/phone/#secret={intake}&users={users}   open it in two tabs: they are {}, and call each other by SIP
handbook   {url}/handbook/
API        {url}{VIEWER_PATH}
intake     {intake}
query      {query}

Ask:
  curl -s -H 'Authorization: Bearer {query}' '{url}/v1/conferences?conference_id={conference}'
  curl -s -H 'Authorization: Bearer {query}' '{url}/v1/conferences?issue=audible_concealment'
Send:
  curl -s -H 'Authorization: Bearer {intake}' -H 'Content-Type: application/json' '{url}/v1/batches' \\
    -d '{{\"conference_id\":\"hello\",\"user_id\":\"you\",\"participant_id\":\"stay-1\",\"batch_seq\":0,\"sent_ms\":'$(date +%s000)'}}'
Load:
  sidetone load --server {url} --token {intake} --clients 20 --interval 1s --duration 10s
Listen:
  curl -sN -H 'Authorization: Bearer {query}' '{url}/v1/live'

Ctrl-C stops it. ready
",
        conferences.join(", "),
        PHONE_USERS.join(", "),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sidetone_engine::issue::{Issue, RuleSet, Severity};

    use super::*;

    /// How many rules a built-in call broke critically.
    fn critical_count(name: &str) -> usize {
        let (_, bytes) = BUILT_IN.iter().find(|(built_in, _)| *built_in == name).unwrap();
        let file = CallFile::parse(bytes, name, None).unwrap();
        let analyses = call_file::analyses(&file, &RuleSet::default());
        let critical = |issue: &&Issue| issue.severity == Severity::Critical;
        analyses.iter().flat_map(|scored| &scored.analysis.issues).filter(critical).map(|issue| &issue.rule).collect::<BTreeSet<_>>().len()
    }

    #[test]
    fn a_bad_call_is_there_from_the_start_and_one_beside_it_that_is_better() {
        let (bad, better) = (critical_count("support-callback.sidetone.gz"), critical_count("weekly-planning.sidetone.gz"));
        assert!(bad >= 3 && better <= 1, "{bad} and {better}");
    }
}
