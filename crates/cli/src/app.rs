//! `sidetone app`: tenants, their secrets, token keys, origins and retention, in the data folder itself.

mod callstats;

use std::{path::PathBuf, str::FromStr};

use anyhow::{Context, Error, Result, anyhow, bail};
use clap::{Args, Subcommand};
use serde_json::json;
use sidetone_engine::{ids::AppKey, issue::Preset, units::Timestamp};
use sidetone_server::{
    AppBody,
    administration::settings::{self, Change, SecretKind},
    calendar,
    secret::{self, FreshApp, NewSecret},
};
use sidetone_store::{
    Store,
    clock::{Clock, SystemClock},
    record::{App, AppSettings},
};
use sidetone_store_sqlite::Role;

use self::callstats::CallstatsArgs;
use crate::{
    data_folder::{self, DataArgs},
    output,
    secret::SystemEntropy,
};

const AFTER_HELP: &str = "\
All of this works while a server runs on the same data folder; it notices within auth.app_cache_ttl (5 s unless set).

Examples:
  sidetone app create shop --origin https://shop.example
  sidetone app create meet --token-key kid=2026-11,alg=ES256,file=public.pem --retention-days 30
  sidetone app set shop --keep-addresses=false
  sidetone app rotate shop --intake --keep-old     # deploy the new secret, then:
  sidetone app rotate shop --intake --only-newest  # every earlier one is refused
  sidetone app rotate shop --names                 # a secret that reads real names too
  sidetone app callstats shop                      # a new AppID and AppSecret, or:
  sidetone app callstats shop --app-id 123456789 --secret-file secret.txt
  sidetone app list --json | jq -r '.[].key'";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct AppArgs {
    #[command(flatten)]
    data: DataArgs,
    #[command(subcommand)]
    command: AppCommand,
}

#[derive(Subcommand)]
enum AppCommand {
    /// Adds an app and shows its secrets, once
    Create {
        /// Name for people
        name: String,
        #[command(flatten)]
        settings: SettingArgs,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Shows every app
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Makes new secrets, shows them once, and refuses the earlier ones (unset: that which sends and that which reads)
    Rotate {
        /// Key or name of the app
        app: String,
        /// Only the secret that may send
        #[arg(long)]
        intake: bool,
        /// Only the secret that may read
        #[arg(long)]
        query: bool,
        /// Only the secret that may read real names of people too; there is none until this makes one
        #[arg(long)]
        names: bool,
        /// Go on to accept the earlier secrets, until a later rotation without this, or --only-newest
        #[arg(long)]
        keep_old: bool,
        /// Make none: accept the newest alone from now on, once it is where it is used
        #[arg(long, conflicts_with_all = ["keep_old", "json"])]
        only_newest: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Changes origins, token keys, retention, rules or whether addresses are kept
    Set {
        /// Key or name of the app
        app: String,
        #[command(flatten)]
        settings: SettingArgs,
        /// Removes a token key
        #[arg(long, value_name = "KID")]
        remove_token_key: Vec<String>,
        /// Lets pages of any origin send
        #[arg(long, conflicts_with = "origin")]
        any_origin: bool,
        /// Takes call metrics of any Facebook page
        #[arg(long, conflicts_with = "messenger_page")]
        any_messenger_page: bool,
    },
    /// Lets the clients of callstats.io report: gives the app an AppID and an AppSecret, or takes over those that its pages have
    Callstats {
        /// Key or name of the app
        app: String,
        #[command(flatten)]
        settings: CallstatsArgs,
    },
    /// Removes an app with everything that was recorded for it
    Remove {
        /// Key or name of the app
        app: String,
        /// Yes, remove it and all of its conferences
        #[arg(long)]
        yes: bool,
    },
}

/// What can be said of an app.
#[derive(Args)]
struct SettingArgs {
    /// An origin whose pages may send, such as https://app.example; may be repeated, replaces those before. None: any may
    #[arg(long, value_name = "ORIGIN", value_parser = secret::origin)]
    origin: Vec<String>,
    /// A key that signs tokens: kid=NAME,alg=HS256|ES256|RS256,file=PATH (HS256: the shared secret, else the public key as PEM); may be repeated
    #[arg(long, value_name = "KEY")]
    token_key: Vec<TokenKeyArg>,
    /// Days after their end that conferences are kept; 0 keeps them for ever. Unset: as the server says
    #[arg(long, value_name = "DAYS")]
    retention_days: Option<u32>,
    /// Keep IP addresses and SDP; `=false` ends it. Unless kept, they are hidden before anything is stored
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    keep_addresses: Option<bool>,
    /// The rules that judge its calls: sidetone, plivo, plivo-shipped, twilio or voximplant
    #[arg(long, value_name = "NAME", value_parser = preset)]
    preset: Option<Preset>,
    /// Thresholds in place of the preset's, such as "high_rtt.major=600 high_rtt.minor=off"; replaces those before, "" gives them up
    #[arg(long, value_name = "THRESHOLDS")]
    thresholds: Option<String>,
    /// Id of a Facebook page whose call metrics are taken; may be repeated, replaces those before. None: those of any
    #[arg(long, value_name = "ID")]
    messenger_page: Vec<String>,
}

/// A preset of that name.
pub(crate) fn preset(name: &str) -> Result<Preset> {
    Ok(settings::preset(name)?)
}

/// `kid=NAME,alg=ES256,file=PATH`.
#[derive(Clone)]
struct TokenKeyArg {
    kid: String,
    algorithm: String,
    file: PathBuf,
}

impl FromStr for TokenKeyArg {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (mut kid, mut algorithm, mut file) = (None, None, None);
        for part in text.split(',') {
            match part.split_once('=') {
                Some(("kid", value)) => kid = Some(value.to_owned()),
                Some(("alg", value)) => algorithm = Some(value.to_owned()),
                Some(("file", value)) => file = Some(PathBuf::from(value)),
                _ => bail!("{part:?} is not understood; write kid=NAME,alg=ES256,file=PATH"),
            }
        }
        let kid = kid.filter(|kid| !kid.is_empty()).ok_or_else(|| anyhow!("kid is missing; write kid=NAME,alg=ES256,file=PATH"))?;
        let algorithm = algorithm.ok_or_else(|| anyhow!("alg is missing: HS256, ES256 or RS256"))?;
        let file = file.ok_or_else(|| anyhow!("file is missing: where the key is"))?;
        Ok(Self { kid, algorithm, file })
    }
}

impl TokenKeyArg {
    fn set(&self, settings: &mut AppSettings) -> Result<()> {
        let name = self.file.display();
        let mut key = std::fs::read(&self.file).with_context(|| format!("{name}: the token key cannot be read"))?;
        // What an editor ends a file with is not of the secret; to a PEM it is nothing.
        while key.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            key.pop();
        }
        settings::set_token_key(settings, &self.kid, &self.algorithm, key).map_err(|error| anyhow!("{name}: {error}"))
    }
}

impl SettingArgs {
    fn apply(&self, settings: &mut AppSettings) -> Result<()> {
        let several = |given: &Vec<String>| Some(given.clone()).filter(|given| !given.is_empty());
        for key in &self.token_key {
            key.set(settings)?;
        }
        let change = Change {
            origins: several(&self.origin),
            retention_days: self.retention_days.map(Some),
            keep_addresses: self.keep_addresses,
            preset: self.preset.map(|preset| preset.name().to_owned()),
            thresholds: self.thresholds.clone(),
            messenger_pages: several(&self.messenger_page),
        };
        change.apply(settings).map_err(|error| match error.code {
            "thresholds_invalid" => anyhow!("{error}; --thresholds \"\" gives up those there are"),
            _ => error.into(),
        })
    }
}

/// An app just made, with the secrets that are shown once.
pub(crate) struct CreatedApp {
    pub(crate) app: App,
    pub(crate) intake: NewSecret,
    pub(crate) query: NewSecret,
}

/// Adds an app with one secret of each kind.
pub(crate) async fn create(store: &dyn Store, name: &str, initial: AppSettings) -> Result<CreatedApp> {
    let name = settings::name(name)?;
    let FreshApp { app, intake, query } = secret::fresh_app(&name, initial, SystemClock.now(), &SystemEntropy).map_err(Error::msg)?;
    Ok(CreatedApp { app: store.create_app(app).await?, intake, query })
}

/// The app of that key or (unique) name.
pub(crate) async fn find(store: &dyn Store, wanted: &str) -> Result<App> {
    let apps = store.apps().await?;
    let by_key = wanted.parse::<AppKey>().ok();
    let mut found = apps.iter().filter(|app| Some(app.key) == by_key || app.name == wanted);
    match (found.next(), found.next()) {
        (Some(app), None) => Ok(app.clone()),
        (Some(_), Some(_)) => bail!("several apps are named {wanted:?}; name one by its key, `sidetone app list` shows them"),
        (None, _) => bail!("there is no app {wanted:?}; `sidetone app list` shows those there are"),
    }
}

pub(crate) async fn run(args: AppArgs) -> Result<()> {
    let folder = args.data.folder();
    let is_new = data_folder::existing(&folder).is_err();
    let store = match &args.command {
        AppCommand::Create { .. } => data_folder::open_or_create(&folder, Role::Tool).await?,
        _ => data_folder::open(&folder).await?,
    };
    match args.command {
        AppCommand::Create { name, settings: given, json } => {
            let mut initial = AppSettings::default();
            given.apply(&mut initial)?;
            let CreatedApp { app, intake, query } = create(&*store, &name, initial).await?;
            show_secrets(&app, [Some(&intake), Some(&query), None], json)?;
            if is_new {
                output::note(&format!(
                    "The data folder {} is new: only a server on that folder knows the app. For that of another server give its --data.",
                    folder.display()
                ));
            }
            Ok(())
        }
        AppCommand::List { json } => list(&*store, json).await,
        AppCommand::Rotate { app, intake, query, names, keep_old, only_newest, json } => {
            let mut app = find(&*store, &app).await?;
            let both = !(intake || query || names);
            let wanted = [(both || intake, SecretKind::Intake), (both || query, SecretKind::Query), (names, SecretKind::Names)];
            if only_newest {
                wanted.iter().filter(|(is_wanted, _)| *is_wanted).for_each(|(_, kind)| settings::keep_newest(&mut app.settings, *kind));
                update(&*store, app.clone()).await?;
                return output::print(&format!("{}  {}  accepts the newest alone\n", app.key, app.name));
            }
            let fresh = wanted.map(|(is_wanted, kind)| {
                let new = is_wanted.then(|| NewSecret::mint(kind.prefix(), &SystemEntropy)).transpose().map_err(Error::msg)?;
                new.iter().for_each(|new| settings::rotate(&mut app.settings, kind, new, keep_old));
                anyhow::Ok(new)
            });
            let [intake, query, names] = fresh;
            let (intake, query, names) = (intake?, query?, names?);
            update(&*store, app.clone()).await?;
            show_secrets(&app, [intake.as_ref(), query.as_ref(), names.as_ref()], json)
        }
        AppCommand::Set { app, settings: given, remove_token_key, any_origin, any_messenger_page } => {
            let mut app = find(&*store, &app).await?;
            for kid in &remove_token_key {
                settings::remove_token_key(&mut app.settings, kid)?;
            }
            if any_origin {
                app.settings.origins.clear();
            }
            if any_messenger_page {
                app.settings.messenger_pages.clear();
            }
            given.apply(&mut app.settings)?;
            update(&*store, app.clone()).await?;
            output::print(&format!("{}  {}  changed\n", app.key, app.name))
        }
        AppCommand::Callstats { app, settings } => callstats::run(&*store, find(&*store, &app).await?, settings).await,
        AppCommand::Remove { app, yes } => {
            let app = find(&*store, &app).await?;
            if !yes {
                bail!("this removes {:?} ({}) with every conference recorded for it; say --yes to do it", app.name, app.key);
            }
            store.remove_app(app.key).await?;
            output::print(&format!("{}  {}  removed\n", app.key, app.name))
        }
    }
}

async fn update(store: &dyn Store, app: App) -> Result<()> {
    let name = app.name.clone();
    store.update_app(app).await?.map(|_| ()).ok_or_else(|| anyhow!("the app {name:?} was removed meanwhile"))
}

fn show_secrets(app: &App, [intake, query, names]: [Option<&NewSecret>; 3], json: bool) -> Result<()> {
    if json {
        let shown = json!({
            "key": app.key.to_string(),
            "name": app.name,
            "intake_secret": intake.map(|secret| &secret.text),
            "query_secret": query.map(|secret| &secret.text),
            "names_secret": names.map(|secret| &secret.text),
        });
        return output::print(&format!("{shown:#}\n"));
    }
    let mut text = format!("app            {}  {}\n", app.key, app.name);
    if let Some(secret) = intake {
        text += &format!("intake secret  {}  may send: for the page or app that calls\n", secret.text);
    }
    if let Some(secret) = query {
        text += &format!("query secret   {}  may read: for your servers, never for a page\n", secret.text);
    }
    if let Some(secret) = names {
        text += &format!("names secret   {}  may read, real names of people too; `sidetone audit` tells when it did\n", secret.text);
    }
    output::print(&text)?;
    output::note("The secrets are shown this once; only their digests are kept. `sidetone app rotate` makes new ones.");
    Ok(())
}

async fn list(store: &dyn Store, json: bool) -> Result<()> {
    let apps = store.apps().await?;
    if json {
        let shown: Vec<_> = apps.iter().map(AppBody::from).collect();
        return output::print(&format!("{}\n", serde_json::to_string_pretty(&shown)?));
    }
    if apps.is_empty() {
        output::note("There is no app yet; `sidetone app create NAME` makes one.");
        return Ok(());
    }
    let mut rows = vec![
        ["KEY", "NAME", "CREATED", "SECRETS", "TOKEN KEYS", "ORIGINS", "RETENTION", "ADDRESSES", "RULES", "CALLSTATS APPID"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for app in &apps {
        let AppSettings { intake_secrets, query_secrets, token_keys, origins, retention_days, keep_addresses, .. } = &app.settings;
        let kids: Vec<&str> = token_keys.iter().map(|key| key.kid.as_str()).collect();
        rows.push(vec![
            app.key.to_string(),
            app.name.clone(),
            day(app.created),
            format!("{} intake, {} query", intake_secrets.len(), query_secrets.len()),
            if kids.is_empty() { "none".to_owned() } else { kids.join(", ") },
            if origins.is_empty() { "any".to_owned() } else { origins.join(", ") },
            match retention_days {
                None => "as the server says".to_owned(),
                Some(0) => "for ever".to_owned(),
                Some(days) => output::count((*days).into(), "day"),
            },
            if *keep_addresses { "kept" } else { "hidden" }.to_owned(),
            app.settings.rules.to_string(),
            app.settings.callstats.as_ref().map_or_else(|| "none".to_owned(), |callstats| callstats.app_id.to_string()),
        ]);
    }
    output::print(&output::table(&rows))?;
    for app in &apps {
        for refused in app.settings.rules.refused() {
            output::note(&format!("{}: stored, and not applied: {refused}", app.name));
        }
    }
    Ok(())
}

/// The day of an instant.
pub(crate) fn day(at: Timestamp) -> String {
    calendar::show(at).split(' ').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_key_is_read_or_refused_with_the_reason() {
        let key: TokenKeyArg = "kid=a,alg=RS256,file=k.pem".parse().unwrap();
        assert_eq!((key.kid.as_str(), key.algorithm.as_str(), key.file), ("a", "RS256", PathBuf::from("k.pem")));
        for (text, reason) in [("kid=a,file=k", "alg is missing"), ("alg=ES256,file=k", "kid is missing"), ("a", "is not understood")] {
            let error = text.parse::<TokenKeyArg>().err().unwrap().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
