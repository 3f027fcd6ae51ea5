//! `sidetone phone`: who may register and call by SIP with a password, in the data folder itself.

use anyhow::{Result, anyhow, bail};
use clap::{Args, Subcommand};
use sidetone_engine::ids::AppKey;
use sidetone_server::{
    config::sip::users::{NAME_BYTES_MAX, is_name},
    sip::{Ha1, SERVICE_USER},
};
use sidetone_store::{
    Store,
    clock::{Clock, SystemClock},
    phone_user::PhoneUser,
};

use crate::{
    app::{self, day},
    data_folder::{self, DataArgs},
    output, user,
};

const AFTER_HELP: &str = "\
A phone user registers as sip:NAME@DOMAIN at the WebSocket of `sidetone serve --sip`; the domain is the setting sip.domain. The password is
read from standard input, or made and shown once with --generate; what is kept are its digests for MD5 and SHA-256. All of this works while a
server runs on the same data folder. Users of one app can call one another. Those who come with access tokens need no phone user, and a
configuration file can declare users too ([[sip.users]]); they are not among these.

Examples:
  sidetone phone create myapp alice --generate
  sidetone phone password alice < new-password.txt
  sidetone phone list";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct PhoneArgs {
    #[command(flatten)]
    data: DataArgs,
    #[command(subcommand)]
    command: PhoneCommand,
}

#[derive(Subcommand)]
enum PhoneCommand {
    /// Adds a phone user to an app
    Create {
        /// The app, by key or name
        app: String,
        /// Unique name: the user part of the SIP address
        name: String,
        /// Make a password and show it, once
        #[arg(long)]
        generate: bool,
    },
    /// Shows every phone user
    List,
    /// Gives a phone user a new password; who is registered stays so until that expires
    Password {
        /// Name of the phone user
        name: String,
        /// Make a password and show it, once
        #[arg(long)]
        generate: bool,
    },
    /// Removes a phone user; who is registered is so no more within seconds, and a call that they are in goes on
    Remove {
        /// Name of the phone user
        name: String,
    },
}

pub(crate) async fn run(args: PhoneArgs) -> Result<()> {
    let store = data_folder::open(&args.data.folder()).await?;
    match args.command {
        PhoneCommand::Create { app, name, generate } => {
            let app = app::find(&*store, &app).await?;
            check_name(&name)?;
            let (password, made) = user::password(generate)?;
            if !create(&*store, app.key, &name, &password).await? {
                bail!("there is a phone user {name:?} already; `sidetone phone password` gives them a new password");
            }
            output::print(&format!("{name}  {}  created\n", app.name))?;
            user::show(made)
        }
        PhoneCommand::List => list(&*store).await,
        PhoneCommand::Password { name, generate } => {
            let held = store.phone_user(&name).await?.ok_or_else(|| nobody(&name))?;
            let (password, made) = user::password(generate)?;
            let ha1 = ha1(&name, &password)?;
            if !store.update_phone_user(PhoneUser { ha1_md5: ha1.md5, ha1_sha256: ha1.sha256, ..held }).await? {
                bail!("the phone user {name:?} was removed meanwhile");
            }
            output::print(&format!("{name}  has a new password\n"))?;
            user::show(made)
        }
        PhoneCommand::Remove { name } => {
            if !store.remove_phone_user(&name).await? {
                return Err(nobody(&name));
            }
            output::print(&format!("{name}  removed\n"))
        }
    }
}

/// Adds a phone user; `false`: there is one of that name.
pub(crate) async fn create(store: &dyn Store, app: AppKey, name: &str, password: &str) -> Result<bool> {
    let ha1 = ha1(name, password)?;
    let user = PhoneUser { name: name.to_owned(), app, ha1_md5: ha1.md5, ha1_sha256: ha1.sha256, created: SystemClock.now() };
    Ok(store.create_phone_user(user).await?)
}

fn check_name(name: &str) -> Result<()> {
    if !is_name(name) {
        bail!(
            "the name is {name:?}; allowed are 1 to {NAME_BYTES_MAX} letters, digits and - _ . +, and not {SERVICE_USER:?}, whom clients ask whether the server is there"
        );
    }
    Ok(())
}

fn ha1(name: &str, password: &str) -> Result<Ha1> {
    let chars = password.chars().count();
    if chars < sidetone_server::password::PASSWORD_CHARS_MIN {
        bail!("the password has {chars} characters, at least {} are needed", sidetone_server::password::PASSWORD_CHARS_MIN);
    }
    Ok(Ha1::new(name, password))
}

fn nobody(name: &str) -> anyhow::Error {
    anyhow!("there is no phone user {name:?}; `sidetone phone list` shows those there are")
}

async fn list(store: &dyn Store) -> Result<()> {
    let users = store.phone_users().await?;
    if users.is_empty() {
        output::note("There is no phone user yet; `sidetone phone create APP NAME` makes one.");
        return Ok(());
    }
    let apps = store.apps().await?;
    let app = |user: &PhoneUser| apps.iter().find(|app| app.key == user.app).map_or_else(|| user.app.to_string(), |app| app.name.clone());
    let mut rows = vec![["NAME", "APP", "CREATED"].map(str::to_owned).to_vec()];
    rows.extend(users.iter().map(|user| vec![user.name.clone(), app(user), day(user.created)]));
    output::print(&output::table(&rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_may_stand_in_an_address() {
        for name in ["alice", "+15551234", "a.b-c_d"] {
            check_name(name).unwrap();
        }
        for name in ["", "a b", "a@b", "ä", "admin", &"a".repeat(129)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
