//! Cases on what is to be sent on.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::{app, at, batch, stored};
use crate::{Store, record::NewDelivery};
use sidetone_engine::ids::UserId;

fn delivery(due: i64, content: &str) -> Option<NewDelivery> {
    Some(NewDelivery { kind: "letter".into(), due: at(due), content: content.into() })
}

/// Kept with its batch and once, told when due, by time, until it is removed.
pub async fn a_delivery_waits_until_it_is_done(store: &dyn Store) {
    let mut late = batch("c", "u", 0, 0, 10);
    late.delivery = delivery(30, "{\"n\":2}");
    stored(store, late.clone()).await;
    store.append(late).await.unwrap();
    let mut early = batch("c", "u", 1, 0, 10);
    early.delivery = delivery(20, "{\"n\":1}");
    stored(store, early).await;
    assert!(store.deliveries(at(19), 10).await.unwrap().is_empty());
    let due = store.deliveries(at(30), 10).await.unwrap();
    let told: Vec<_> = due.iter().map(|d| (d.app, d.kind.as_str(), d.due, d.attempts, d.content.as_str())).collect();
    assert_eq!(told, [(app(1), "letter", at(20), 0, "{\"n\":1}"), (app(1), "letter", at(30), 0, "{\"n\":2}")]);
    assert_eq!(store.deliveries(at(30), 1).await.unwrap().len(), 1);
    store.postpone_delivery(due[0].id, at(100)).await.unwrap();
    store.remove_delivery(due[1].id).await.unwrap();
    assert!(store.deliveries(at(99), 10).await.unwrap().is_empty());
    assert_eq!(store.deliveries(at(100), 10).await.unwrap()[0].attempts, 1);
}

/// What is erased is sent to nobody.
pub async fn a_delivery_goes_with_its_participant(store: &dyn Store) {
    for (number, user) in ["u", "v"].into_iter().enumerate() {
        let mut new = batch("c", user, 0, 0, 10);
        new.delivery = delivery(i64::try_from(number).unwrap(), user);
        stored(store, new).await;
    }
    store.erase_user(app(1), &UserId::new("u").unwrap()).await.unwrap();
    let left = store.deliveries(at(100), 10).await.unwrap();
    assert_eq!(left.iter().map(|d| d.content.as_str()).collect::<Vec<_>>(), ["v"]);
    store.create_app(crate::record::NewApp { key: app(1), name: "a".into(), created: at(0), settings: Default::default() }).await.unwrap();
    store.remove_app(app(1)).await.unwrap();
    assert!(store.deliveries(at(100), 10).await.unwrap().is_empty());
}
