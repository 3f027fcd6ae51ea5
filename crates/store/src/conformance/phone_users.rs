//! Cases on who may register by SIP.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::{app, at};
use crate::{
    Store,
    phone_user::PhoneUser,
    record::{AppSettings, NewApp},
};

fn user(name: &str, owner: u128) -> PhoneUser {
    PhoneUser { name: name.into(), app: app(owner), ha1_md5: [1; 16], ha1_sha256: [2; 32], created: at(1) }
}

/// By name, each once in whatever app; a change reaches the one named.
pub async fn phone_users_are_kept(store: &dyn Store) {
    assert!(store.phone_users().await.unwrap().is_empty());
    for name in ["bob", "Bob", "alice"] {
        assert!(store.create_phone_user(user(name, 1)).await.unwrap());
    }
    assert!(!store.create_phone_user(user("bob", 2)).await.unwrap(), "a name is given once");
    assert_eq!(store.phone_users().await.unwrap(), [user("Bob", 1), user("alice", 1), user("bob", 1)]);
    let changed = PhoneUser { ha1_md5: [3; 16], ha1_sha256: [4; 32], ..user("bob", 1) };
    assert!(store.update_phone_user(changed.clone()).await.unwrap());
    assert!(!store.update_phone_user(user("nobody", 1)).await.unwrap());
    assert_eq!(store.phone_user("bob").await.unwrap(), Some(changed));
    assert_eq!(store.phone_user("BOB").await.unwrap(), None);
    assert!(store.remove_phone_user("bob").await.unwrap());
    assert!(!store.remove_phone_user("bob").await.unwrap());
}

/// The phone users of other apps stay.
pub async fn a_phone_user_goes_with_its_app(store: &dyn Store) {
    for owner in [1, 2] {
        let new = NewApp { key: app(owner), name: "app".into(), created: at(0), settings: AppSettings::default() };
        store.create_app(new).await.unwrap();
    }
    for (name, owner) in [("alice", 1), ("bob", 2)] {
        store.create_phone_user(user(name, owner)).await.unwrap();
    }
    store.remove_app(app(1)).await.unwrap();
    assert_eq!(store.phone_users().await.unwrap(), [user("bob", 2)]);
}
