//! Cases on who may log in.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::at;
use crate::{
    Store,
    local_user::{LocalUser, Role, Session},
};

fn user(name: &str, role: Role) -> LocalUser {
    LocalUser { name: name.into(), role, password_hash: format!("$hash of {name}"), created: at(1) }
}

fn session(number: u8, user: &str, from: i64, until: i64) -> Session {
    Session { token_digest: [number; 32], user: user.into(), created: at(from), expires: at(until) }
}

/// By name, each once; a change reaches the one named.
pub async fn local_users_are_kept(store: &dyn Store) {
    assert!(store.local_users().await.unwrap().is_empty());
    for role in [Role::Support, Role::Admin, Role::Engineer] {
        assert!(store.create_local_user(user(role.name(), role)).await.unwrap());
    }
    assert!(!store.create_local_user(user("admin", Role::Engineer)).await.unwrap(), "a name is given once");
    let expected = [user("admin", Role::Admin), user("engineer", Role::Engineer), user("support", Role::Support)];
    assert_eq!(store.local_users().await.unwrap(), expected);
    let changed = LocalUser { password_hash: "$another".into(), ..user("engineer", Role::Support) };
    assert!(store.update_local_user(changed.clone()).await.unwrap());
    assert!(!store.update_local_user(user("nobody", Role::Admin)).await.unwrap());
    assert!(store.remove_local_user("support").await.unwrap());
    assert!(!store.remove_local_user("support").await.unwrap());
    assert_eq!(store.local_users().await.unwrap(), [user("admin", Role::Admin), changed]);
}

/// Two who set up at the same time do not both become admin.
pub async fn only_one_can_be_the_first(store: &dyn Store) {
    assert!(store.create_first_local_user(user("ada", Role::Admin)).await.unwrap());
    assert!(!store.create_first_local_user(user("bob", Role::Admin)).await.unwrap());
    assert_eq!(store.local_users().await.unwrap(), [user("ada", Role::Admin)]);
}

/// It is nothing before, after, and to another token.
pub async fn a_session_lasts_until_it_ends(store: &dyn Store) {
    store.create_local_user(user("ada", Role::Admin)).await.unwrap();
    assert!(!store.create_session(session(9, "nobody", 0, 100)).await.unwrap());
    assert!(store.create_session(session(1, "ada", 0, 100)).await.unwrap());
    assert_eq!(store.session_user([1; 32], at(99)).await.unwrap(), Some(user("ada", Role::Admin)));
    assert_eq!(store.session_user([1; 32], at(100)).await.unwrap(), None, "expired");
    assert_eq!(store.session_user([2; 32], at(50)).await.unwrap(), None);
    assert!(store.create_session(session(2, "ada", 200, 300)).await.unwrap());
    assert_eq!(store.session_user([1; 32], at(50)).await.unwrap(), None, "what had expired is forgotten");
    store.end_session([2; 32]).await.unwrap();
    store.end_session([2; 32]).await.unwrap();
    assert_eq!(store.session_user([2; 32], at(250)).await.unwrap(), None);
}

/// Another password, another role, no user: who was logged in is not any more.
pub async fn a_session_ends_with_what_it_stands_on(store: &dyn Store) {
    for name in ["ada", "bob"] {
        store.create_local_user(user(name, Role::Admin)).await.unwrap();
    }
    store.create_session(session(1, "ada", 0, 100)).await.unwrap();
    store.create_session(session(2, "bob", 0, 100)).await.unwrap();
    store.update_local_user(user("ada", Role::Engineer)).await.unwrap();
    assert_eq!(store.session_user([1; 32], at(1)).await.unwrap(), None);
    assert!(store.session_user([2; 32], at(1)).await.unwrap().is_some());
    store.remove_local_user("bob").await.unwrap();
    store.create_local_user(user("bob", Role::Admin)).await.unwrap();
    assert_eq!(store.session_user([2; 32], at(1)).await.unwrap(), None);
}
