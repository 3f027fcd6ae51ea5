//! Phone users that the configuration declares.

use sidetone_sip::{account::Account, digest::Ha1};
use sidetone_store::error::StoreError;

use crate::{config::sip::users::SipUser, state::AppState};

/// The one of that name; `None` too where its app is not to be told from another, or is not there.
pub(super) async fn find(state: &AppState, name: &str) -> Result<Option<Account>, StoreError> {
    let Some(SipUser { name, app, password }) = state.config.sip.users.iter().find(|user| user.name == name) else { return Ok(None) };
    let apps = state.apps.all().await?;
    let mut named = apps.iter().filter(|held| held.name == *app || held.key.to_string() == *app);
    let (Some(found), None) = (named.next(), named.next()) else {
        tracing::warn!(%app, "the app of a user in sip.users is not there, or there are several of the name");
        return Ok(None);
    };
    Ok(Some(Account { app: found.key, user: name.clone(), ha1: Ha1::new(name, &password.0) }))
}
