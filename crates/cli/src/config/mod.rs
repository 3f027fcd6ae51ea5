//! The configuration of `sidetone serve`: flags over environment over one TOML file over defaults.

mod layer;
mod print;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sidetone_server::config::{
    ServerConfig, auth::AuthConfig, callstats::CallstatsConfig, intake::IntakeConfig, limits::LimitsConfig, listen::ListenConfig,
    live::LiveConfig, messenger::MessengerConfig, presence::PresenceConfig, retention::RetentionConfig, sip::SipConfig, turn::TurnConfig,
};

pub(crate) use layer::Setting;
pub(crate) use print::print;

/// Everything that can be set of `sidetone serve`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// The data folder: everything that Sidetone keeps. It is made when it is not there.
    pub(crate) data: PathBuf,
    /// What the server writes of itself, to standard error.
    pub(crate) log: LogConfig,
    /// Where to listen, with or without TLS.
    pub(crate) listen: ListenConfig,
    /// What keeps memory and processor within bounds, whatever comes.
    pub(crate) limits: LimitsConfig,
    /// What is accepted of a batch.
    pub(crate) intake: IntakeConfig,
    /// How apps prove who they are.
    pub(crate) auth: AuthConfig,
    /// When participants and conferences end.
    pub(crate) presence: PresenceConfig,
    /// How long conferences are kept.
    pub(crate) retention: RetentionConfig,
    /// The live view.
    pub(crate) live: LiveConfig,
    /// What is accepted of Messenger's `call_metrics`, and where it is sent on to.
    pub(crate) messenger: MessengerConfig,
    /// TURN servers that clients may use, and the secret shared with them.
    pub(crate) turn: TurnConfig,
    /// What the clients of callstats.io are told.
    pub(crate) callstats: CallstatsConfig,
    /// Phones: registration and calls by SIP over WebSockets.
    pub(crate) sip: SipConfig,
}

/// What the server writes of itself, to standard error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LogConfig {
    /// How much: `error`, `warn`, `info`, `debug` or `trace`, also by part, such as `info,sidetone_server=debug`.
    pub(crate) filter: String,
    /// `text` for people, `json` for collectors of logs.
    pub(crate) format: LogFormat,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For collectors of logs.
    Json,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { filter: "info".to_owned(), format: LogFormat::default() }
    }
}

impl Default for Config {
    fn default() -> Self {
        let ServerConfig { listen, limits, intake, auth, presence, retention, live, messenger, turn, callstats, sip } =
            ServerConfig::default();
        Self {
            data: default_data_folder(),
            log: LogConfig::default(),
            listen,
            limits,
            intake,
            auth,
            presence,
            retention,
            live,
            messenger,
            turn,
            callstats,
            sip,
        }
    }
}

impl Config {
    /// From a file, variables of the environment and flags; each wins over the one before.
    pub(crate) fn load(file: Option<&Path>, flags: Vec<Setting>) -> Result<Self> {
        let text = match file {
            Some(path) => std::fs::read_to_string(path).with_context(|| format!("{}: the configuration cannot be read", path.display()))?,
            None => String::new(),
        };
        let name = file.map(|path| path.display().to_string()).unwrap_or_default();
        toml::from_str::<Self>(&text).map_err(|error| in_file(&name, &text, &error))?;
        let table: toml::Table = toml::from_str(&text).map_err(|error| in_file(&name, &text, &error))?;
        let variables = std::env::vars_os();
        let mut settings = layer::from_environment(variables)?;
        settings.extend(flags);
        let config = layer::apply(table, &settings)?;
        if let Err(error) = tracing_subscriber::EnvFilter::try_new(&config.log.filter) {
            bail!("log.filter = {:?}: {error}", config.log.filter);
        }
        config.server().validate()?;
        Ok(config)
    }

    /// The part that the server knows.
    pub(crate) fn server(&self) -> ServerConfig {
        let Self { data: _, log: _, listen, limits, intake, auth, presence, retention, live, messenger, turn, callstats, sip } =
            self.clone();
        ServerConfig { listen, limits, intake, auth, presence, retention, live, messenger, turn, callstats, sip }
    }
}

/// Variables of the environment that were meant as settings, it seems, and are none.
pub(crate) fn unknown_variables() -> Vec<String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    layer::unknown_variables(names)
}

/// One line: file, line, column and what is allowed there.
fn in_file(name: &str, text: &str, error: &toml::de::Error) -> anyhow::Error {
    let message = error.message().replace('\n', ", ");
    let Some(span) = error.span() else { return anyhow!("{name}: {message}") };
    let before = text.get(..span.start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    anyhow!("{name}, line {line}, column {column}: {message}")
}

/// `sidetone` in the user's folder for data (XDG base directories), or in the working folder when there is no home.
pub(crate) fn default_data_folder() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "the one place that looks for the user's folder for data")]
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = variable("XDG_DATA_HOME").or_else(|| Some(variable("HOME")?.join(".local/share")));
    folder.map_or_else(|| PathBuf::from("sidetone-data"), |folder| folder.join("sidetone"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(path: &str, value: &str) -> Setting {
        Setting { path: path.to_owned(), value: value.to_owned(), source: format!("--set {path}") }
    }

    fn applied(text: &str, settings: &[Setting]) -> Result<Config> {
        layer::apply(toml::from_str(text).unwrap(), settings)
    }

    #[test]
    fn what_is_printed_reads_back() {
        let mut config = Config::default();
        assert_eq!(toml::from_str::<Config>(&print(&config)).unwrap(), config);
        config.listen.tls = sidetone_server::config::listen::TlsConfig::SelfSigned { names: vec!["localhost".into(), "::1".into()] };
        config.log.format = LogFormat::Json;
        assert_eq!(toml::from_str::<Config>(&print(&config)).unwrap(), config);
    }

    #[test]
    fn every_setting_is_explained() {
        let text = print(&Config::default());
        let mut before = "";
        for line in text.lines().filter(|line| !line.is_empty()) {
            if line.contains(" = ") && !line.starts_with('#') {
                assert!(before.starts_with("# "), "{line} has no comment");
            }
            before = line;
        }
        for unset in ["# certificate = ", "# key = ", "# names = [", "# public_url = "] {
            assert!(text.contains(unset), "{unset} in {text}");
        }
        assert!(text.contains("# Largest request body as sent; a larger one is answered 413.\nbody_size_max = \"1MiB\""), "{text}");
    }

    #[test]
    fn settings_win_over_the_file_whatever_their_type() {
        let config = applied(
            "[limits]\nconnections_max = 7\nbody_size_max = \"2MiB\"",
            &[
                setting("limits.connections_max", "9"),
                setting("listen.address", "127.0.0.1:0"),
                setting("listen.tls.mode", "self_signed"),
                setting("listen.tls.names", "localhost, example.org"),
                setting("turn.urls", r#"["turn:a.example?transport=udp", "turns:b.example"]"#),
                setting("turn.secret", "shared"),
            ],
        )
        .unwrap();
        assert_eq!(config.turn.urls, ["turn:a.example?transport=udp", "turns:b.example"]);
        assert_eq!(config.limits.connections_max, 9);
        assert_eq!(config.limits.body_size_max.to_string(), "2MiB");
        let names = vec!["localhost".to_owned(), "example.org".to_owned()];
        assert_eq!(config.listen.tls, sidetone_server::config::listen::TlsConfig::SelfSigned { names });
    }

    #[test]
    fn a_wrong_setting_is_named_with_what_is_allowed() {
        let error = |setting: Setting| applied("", &[setting]).unwrap_err().to_string();
        let wrong = error(setting("limits.connections_max", "many"));
        assert_eq!(wrong, "--set limits.connections_max: \"many\" is not a whole number");
        let wrong = error(setting("turn.urls", "[turn:a.example"));
        assert_eq!(wrong, r#"--set turn.urls: "[turn:a.example" is no list; write a,b or ["a", "b"]"#);
        let wrong = error(setting("limits.body_size_max", "1"));
        assert!(wrong.starts_with("--set limits.body_size_max: ") && wrong.contains("is not a size"), "{wrong}");
        for (path, given) in [("listen.address", "8080"), ("listen.address", "localhost:8080"), ("sip.trunk.listen", "5060")] {
            let wrong = error(setting(path, given));
            assert!(
                wrong.starts_with(&format!("--set {path}: {given:?} is no address to listen at: write an IP address and a port")),
                "{wrong}"
            );
        }
        let wrong = error(setting("limits.body_size", "1MiB"));
        assert!(
            wrong.starts_with("--set limits.body_size: there is no such setting; [limits] has ") && wrong.contains("body_size_max"),
            "{wrong}"
        );
    }

    #[test]
    fn a_wrong_file_is_told_by_line_and_column() {
        let text = "data = \"x\"\n\n[limits]\nbody_size = \"1MiB\"\n";
        let error = in_file("sidetone.toml", text, &toml::from_str::<Config>(text).unwrap_err()).to_string();
        assert!(
            error.starts_with("sidetone.toml, line 4, column 1: unknown field `body_size`, expected one of `body_size_max`"),
            "{error}"
        );
        assert!(!error.contains('\n'));
    }

    #[test]
    fn variables_are_named_after_the_settings() {
        let settings = layer::from_environment([
            ("SIDETONE_LIMITS_BODY_SIZE_MAX".into(), "2MiB".into()),
            ("SIDETONE_DATA".into(), "/srv/sidetone".into()),
            ("SIDETONE_LISTEN_TLS_MODE".into(), "off".into()),
            // What Kubernetes sets for a service named `sidetone`.
            ("SIDETONE_PORT".into(), "tcp://10.0.0.1:80".into()),
            ("PATH".into(), "/bin".into()),
        ])
        .unwrap();
        let mut paths: Vec<&str> = settings.iter().map(|setting| setting.path.as_str()).collect();
        paths.sort_unstable();
        assert_eq!(paths, ["data", "limits.body_size_max", "listen.tls.mode"]);
        assert_eq!(applied("", &settings).unwrap().data, PathBuf::from("/srv/sidetone"));
        let names =
            ["SIDETONE_LISTEN_ADRESS", "SIDETONE_LISTEN_ADDRESS", "SIDETONE_LISTEN_TLS_KEY", "SIDETONE_PORT", "SIDETONE_TOKEN", "PATH"];
        assert_eq!(layer::unknown_variables(names.map(String::from)), ["SIDETONE_LISTEN_ADRESS"]);
    }
}
