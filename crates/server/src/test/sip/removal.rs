//! Registrations end with what they rest upon.

use super::{phone::token, *};

const ALICE: (&str, &str) = ("sip:alice@x.example", "<sip:alice@x.example>");

async fn called(phone: &mut Phone, user: &str) -> u16 {
    let uri = format!("sip:{user}@x.example");
    let mut answer = phone.ask("INVITE", &uri, &format!("<{uri}>"), "", PASSWORD).await;
    while answer.code() == Some(100) {
        answer = phone.message().await;
    }
    answer.code().unwrap()
}

fn often(config: &mut ServerConfig) {
    config.auth.app_cache_ttl = "1s".parse().unwrap();
}

#[tokio::test]
async fn a_phone_user_who_is_removed_rings_no_more() {
    let running = phones(often).await;
    let mut alice = Phone::registered(running.address, "alice", "a1").await;
    let mut bob = Phone::registered(running.address, "bob", "b1").await;
    assert!(running.test.store.remove_phone_user("bob").await.unwrap());
    assert_eq!(bob.text().await, None, "the socket ends");
    assert_eq!(called(&mut alice, "bob").await, 404);
    let mut again = Phone::open(running.address, "bob", "b1").await;
    assert_eq!(again.register().await.code(), Some(401));
    assert_eq!(metric(&running, r#"sidetone_sip_sockets_closed_total{reason="removed"}"#).await, 1);
}

#[tokio::test]
async fn a_call_of_who_is_removed_goes_on() {
    let running = phones(often).await;
    let mut alice = Phone::registered(running.address, "alice", "a1").await;
    let mut bob = Phone::registered(running.address, "bob", "b1").await;
    let trying = bob.ask("INVITE", ALICE.0, ALICE.1, "", PASSWORD).await;
    assert_eq!(trying.code(), Some(100));
    let invite = alice.message().await;
    alice.answer(&invite, 200).await;
    let answer = bob.message().await;
    assert!(running.test.store.remove_phone_user("bob").await.unwrap());
    let is_gone = async || (metric(&running, "sidetone_sip_contacts").await == 1).then_some(());
    eventually("the registration ends", is_gone).await;
    let bye = bob.in_dialog("BYE", &answer);
    bob.send(bye).await;
    let bye = alice.message().await;
    assert_eq!(bye.method(), Some("BYE"));
    alice.answer(&bye, 200).await;
    assert_eq!(bob.message().await.code(), Some(200));
    assert_eq!(bob.text().await, None, "the socket ends with the call");
}

#[tokio::test]
async fn registrations_by_token_end_with_its_key() {
    let running = phones(often).await;
    let mut alice = Phone::registered(running.address, "alice", "a1").await;
    let good = token(&running, r#"{"alg":"HS256"}"#, |_| (), TOKEN_SECRET);
    let mut carol = Phone::open(running.address, "carol_MAEXAMPLE", "c1").await;
    assert_eq!(carol.register_with(&format!("X-Plivo-Jwt: {good}\r\n"), "").await.code(), Some(200));
    let mut app = running.test.app.clone();
    app.settings.token_keys.clear();
    running.test.store.update_app(app.clone()).await.unwrap().unwrap();
    assert_eq!(carol.text().await, None, "the socket ends");
    assert_eq!(called(&mut alice, "carol_MAEXAMPLE").await, 404);
    assert!(running.test.store.remove_app(app.key).await.unwrap());
    assert_eq!(alice.text().await, None, "a phone user goes with the app");
}
