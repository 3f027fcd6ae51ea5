//! Registrations end with what they rest upon: a phone user, or the key of an access token.

use std::collections::HashMap;

use sidetone_sip::Registrant;
use sidetone_store::error::StoreError;
use tokio::time::sleep;

use super::{Sip, declared, lock};
use crate::{auth, state::AppState};

/// Looks again and again who is registered and may not be any more.
pub(crate) async fn run(state: &AppState) {
    let Some(sip) = &state.sip else { return };
    loop {
        tokio::select! {
            () = state.stopped() => return,
            () = sleep(auth::asked_every(state)) => {}
        }
        match gone(state, sip).await {
            Ok(gone) => gone.iter().for_each(|registrant| sip.with(|proxy, now| proxy.dismiss(now, registrant))),
            Err(error) => tracing::error!(%error, "whether phones may stay registered could not be read"),
        }
    }
}

async fn gone(state: &AppState, sip: &Sip) -> Result<Vec<Registrant>, StoreError> {
    // Asked before the users are read: nobody is taken for removed who was added meanwhile.
    let registrants = lock(&sip.proxy).registrants();
    let mut users = HashMap::new();
    if registrants.iter().any(|registrant| registrant.token_key.is_none()) {
        users.extend(state.store.phone_users().await?.into_iter().map(|user| (user.name, user.app)));
    }
    let mut gone = Vec::new();
    for registrant in registrants {
        let may_stay = match &registrant.token_key {
            Some(key) => {
                let app = state.apps.by_key(registrant.app).await?;
                app.is_some_and(|app| app.settings.token_keys.iter().any(|held| held.kid == *key))
            }
            None => {
                let declared = declared::find(state, &registrant.user).await?.map(|account| account.app);
                declared.or_else(|| users.get(&registrant.user).copied()) == Some(registrant.app)
            }
        };
        if !may_stay {
            gone.push(registrant);
        }
    }
    Ok(gone)
}
