//! `sidetone user`: who may log in to the dashboard, in the data folder itself.

use std::io::{IsTerminal, Read};

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, Subcommand, ValueEnum};
use sidetone_server::{USER_TOKEN_PREFIX, password, secret::NewSecret};
use sidetone_store::{
    Store,
    clock::{Clock, SystemClock},
    local_user::{LocalUser, Role, Session},
};
use sidetone_store_sqlite::Role as FolderRole;

use crate::{
    app::day,
    data_folder::{self, DataArgs},
    output,
    secret::{self, SystemEntropy},
};

/// A day, µs.
const DAY_US: i64 = 86_400_000_000;

const AFTER_HELP: &str = "\
The password is read from standard input, or made and shown once with --generate. All of this works while a server runs on the same
data folder. A new password or role ends the sessions and the tokens of the user.

Examples:
  sidetone user create ada --role admin --generate
  sidetone user password ada < new-password.txt
  sidetone user token ada --days 30
  sidetone user list";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct UserArgs {
    #[command(flatten)]
    data: DataArgs,
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Subcommand)]
enum UserCommand {
    /// Adds a user
    Create {
        /// Unique name
        name: String,
        /// What they may do
        #[arg(long, value_enum, default_value = "support")]
        role: RoleArg,
        /// Make a password and show it, once
        #[arg(long)]
        generate: bool,
    },
    /// Shows every user
    List,
    /// Gives a user a new password
    Password {
        /// Name of the user
        name: String,
        /// Make a password and show it, once
        #[arg(long)]
        generate: bool,
    },
    /// Makes a token for programs that manage apps over HTTP as this user, and shows it, once
    Token {
        /// Name of the user
        name: String,
        /// Days that it is good for
        #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(i64).range(1..=3650))]
        days: i64,
    },
    /// Removes a user and ends their sessions
    Remove {
        /// Name of the user
        name: String,
    },
}

/// What a user may do.
#[derive(Clone, Copy, ValueEnum)]
enum RoleArg {
    /// Sees every call, manages apps and users
    Admin,
    /// Sees every call, with the names of people
    Support,
    /// Sees every call, with aliases instead of names
    Engineer,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Admin => Self::Admin,
            RoleArg::Support => Self::Support,
            RoleArg::Engineer => Self::Engineer,
        }
    }
}

pub(crate) async fn run(args: UserArgs) -> Result<()> {
    let store = match &args.command {
        UserCommand::Create { .. } => data_folder::open_or_create(&args.data.folder(), FolderRole::Tool).await?,
        _ => data_folder::open(&args.data.folder()).await?,
    };
    match args.command {
        UserCommand::Create { name, role, generate } => {
            let (password, made) = password(generate)?;
            create(&*store, &name, role.into(), &password).await?;
            output::print(&format!("{name}  {}  created\n", Role::from(role).name()))?;
            show(made)
        }
        UserCommand::List => list(&*store).await,
        UserCommand::Password { name, generate } => {
            let mut user = find(&*store, &name).await?;
            let (password, made) = password(generate)?;
            user.password_hash = password::hash(&password, &SystemEntropy)?;
            if !store.update_local_user(user).await? {
                bail!("the user {name:?} was removed meanwhile");
            }
            output::print(&format!("{name}  has a new password\n"))?;
            show(made)
        }
        UserCommand::Token { name, days } => token(&*store, &find(&*store, &name).await?, days).await,
        UserCommand::Remove { name } => {
            if !store.remove_local_user(&name).await? {
                return Err(nobody(&name));
            }
            output::print(&format!("{name}  removed\n"))
        }
    }
}

/// Makes a token of a user: a session that no browser began.
async fn token(store: &dyn Store, user: &LocalUser, days: i64) -> Result<()> {
    let made = NewSecret::mint(USER_TOKEN_PREFIX, &SystemEntropy).map_err(anyhow::Error::msg)?;
    let created = SystemClock.now();
    let expires = created.plus_micros(days * DAY_US);
    let session = Session { token_digest: made.digest, user: user.name.clone(), created, expires };
    if !store.create_session(session).await? {
        bail!("the user {:?} was removed meanwhile", user.name);
    }
    output::print(&format!("token  {}\n", made.text))?;
    if user.role != Role::Admin {
        output::note(&format!("{} is {}: apps are managed by admins only.", user.name, user.role.name()));
    }
    output::note(&format!("The token is shown this once, and good until {}; a new password ends it before.", day(expires)));
    Ok(())
}

/// Adds a local user.
pub(crate) async fn create(store: &dyn Store, name: &str, role: Role, password: &str) -> Result<()> {
    if name.is_empty() || name.trim() != name {
        bail!("the name is {name:?}; it must not be empty, begin or end with a space");
    }
    let password_hash = password::hash(password, &SystemEntropy)?;
    let user = LocalUser { name: name.to_owned(), role, password_hash, created: SystemClock.now() };
    if !store.create_local_user(user).await? {
        bail!("there is a user {name:?} already; `sidetone user password` gives them a new password");
    }
    Ok(())
}

/// A password that is easy to type: groups of letters and digits, 80 random bits and more.
pub(crate) fn generate() -> Result<String> {
    // Without what looks alike: no i, l, o, u.
    const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut random = secret::random()?;
    let mut password = String::new();
    for index in 0..20 {
        if index > 0 && index % 5 == 0 {
            password.push('-');
        }
        password.push(char::from(LETTERS[usize::try_from(random % 32)?]));
        random /= 32;
    }
    Ok(password)
}

/// The password, and whether it was made here.
pub(crate) fn password(generated: bool) -> Result<(String, Option<String>)> {
    if generated {
        let password = generate()?;
        return Ok((password.clone(), Some(password)));
    }
    if std::io::stdin().is_terminal() {
        output::note("Password (it will be seen; end with Ctrl-D, or use --generate):");
    }
    let mut text = String::new();
    std::io::stdin().take(4096).read_to_string(&mut text).context("the password is read from standard input")?;
    Ok((text.trim_end_matches(['\n', '\r']).to_owned(), None))
}

pub(crate) fn show(made: Option<String>) -> Result<()> {
    let Some(password) = made else { return Ok(()) };
    output::print(&format!("password  {password}\n"))?;
    output::note("The password is shown this once; only its hash is kept.");
    Ok(())
}

async fn find(store: &dyn Store, name: &str) -> Result<LocalUser> {
    store.local_users().await?.into_iter().find(|user| user.name == name).ok_or_else(|| nobody(name))
}

fn nobody(name: &str) -> anyhow::Error {
    anyhow!("there is no user {name:?}; `sidetone user list` shows those there are")
}

async fn list(store: &dyn Store) -> Result<()> {
    let users = store.local_users().await?;
    if users.is_empty() {
        output::note("There is no user yet; `sidetone user create NAME --role admin` makes one.");
        return Ok(());
    }
    let mut rows = vec![["NAME", "ROLE", "CREATED"].map(str::to_owned).to_vec()];
    rows.extend(users.into_iter().map(|user| vec![user.name, user.role.name().to_owned(), day(user.created)]));
    output::print(&output::table(&rows))
}
