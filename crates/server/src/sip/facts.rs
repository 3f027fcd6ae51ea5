//! Who somebody is: phone users from the configuration and the store, access tokens by the keys of the apps.

use std::collections::BTreeSet;

use axum::http::HeaderValue;
use sidetone_engine::ids::AppKey;
use sidetone_sip::{
    account::{Account, Facts, Wants},
    digest::Ha1,
};
use sidetone_store::error::StoreError;

use super::{declared, token};
use crate::{auth, state::AppState};

/// Finds out what the machine wants to know. `origin`: of the page that asks.
pub(super) async fn find(state: &AppState, wants: Wants, origin: Option<&HeaderValue>) -> Facts {
    let mut facts = Facts::default();
    for name in &wants.users {
        match account(state, name).await {
            Ok(found) => facts.accounts.extend(found),
            Err(error) => {
                tracing::error!(%error, "phone users could not be read");
                facts.is_incomplete = true;
            }
        }
    }
    if let Some(token) = wants.token {
        match token::verify(state, &token).await {
            Ok(verdict) => facts.token = Some(verdict),
            Err(error) => {
                tracing::error!(%error, "the apps could not be read");
                facts.is_incomplete = true;
            }
        }
    }
    if let Some(origin) = origin {
        let granted = facts.token.iter().flatten().map(|grant| grant.app);
        let apps: BTreeSet<AppKey> = facts.accounts.iter().map(|account| account.app).chain(granted).collect();
        for key in apps {
            match state.apps.by_key(key).await {
                Ok(app) if app.as_ref().is_none_or(|app| auth::allows_origin(app, origin)) => {}
                Ok(_) => facts.closed_to_page.push(key),
                Err(error) => {
                    tracing::error!(%error, "the apps could not be read");
                    facts.is_incomplete = true;
                }
            }
        }
    }
    facts
}

/// The phone user of that name: of the configuration, or else of the store.
async fn account(state: &AppState, name: &str) -> Result<Option<Account>, StoreError> {
    if let Some(declared) = declared::find(state, name).await? {
        return Ok(Some(declared));
    }
    let held = state.store.phone_user(name).await?;
    Ok(held.map(|user| Account { app: user.app, user: user.name, ha1: Ha1 { md5: user.ha1_md5, sha256: user.ha1_sha256 } }))
}
