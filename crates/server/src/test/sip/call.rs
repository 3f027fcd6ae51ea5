//! Calls, and what of them is kept.

use axum::http::header;
use sidetone_store::{
    local_user::Role,
    query::{ConferenceQuery, EventQuery, TextMatch},
    record::ConferenceState,
};

use super::*;

/// The kinds of the events of the only conference of that id, with the user of each.
async fn timeline(running: &Running, call_uuid: &str) -> Option<Vec<String>> {
    let Running { test, .. } = running;
    let query = ConferenceQuery { conference_id: Some(TextMatch::Exact(call_uuid.to_owned())), limit: 2, ..ConferenceQuery::default() };
    let rows = test.store.search(test.app.key, &query).await.unwrap().rows;
    let [conference] = &rows[..] else { return None };
    if conference.state == ConferenceState::Running {
        return None;
    }
    let detail = test.store.conference(test.app.key, conference.key).await.unwrap()?;
    let events = EventQuery { limit: 100, ..EventQuery::default() };
    let events = test.store.events(test.app.key, conference.key, &events).await.unwrap().rows;
    let user = |key| detail.participants.iter().find(|held| held.key == key).unwrap().user_id.to_string();
    let mut kinds: Vec<String> = events
        .iter()
        .filter(|row| row.event.kind != "sip_message")
        .map(|row| format!("{} {}", user(row.participant), row.event.kind))
        .collect();
    kinds.sort();
    Some(kinds)
}

#[tokio::test]
async fn a_call_rings_in_every_tab_and_is_kept() {
    let running = phones(|_| ()).await;
    let mut alice = Phone::registered(running.address, "alice", "a1").await;
    let mut first = Phone::registered(running.address, "bob", "b1").await;
    let mut second = Phone::registered(running.address, "bob", "b2").await;
    let trying = alice.ask("INVITE", "sip:bob@x.example", "<sip:bob@x.example>", "", PASSWORD).await;
    assert_eq!(trying.code(), Some(100));
    let (to_first, to_second) = (first.message().await, second.message().await);
    first.answer(&to_first, 180).await;
    assert_eq!(alice.message().await.code(), Some(180));
    second.answer(&to_second, 180).await;
    assert_eq!(alice.message().await.code(), Some(180));
    first.answer(&to_first, 200).await;
    let answer = alice.message().await;
    assert_eq!(answer.code(), Some(200));
    let cancel = second.message().await;
    assert_eq!((cancel.method(), cancel.header("Reason")), (Some("CANCEL"), Some("SIP;cause=200;text=\"Call completed elsewhere\"")));
    second.answer(&cancel, 200).await;
    second.answer(&to_second, 487).await;
    assert_eq!(second.message().await.method(), Some("ACK"));
    let ack = alice.in_dialog("ACK", &answer);
    alice.send(ack).await;
    assert_eq!(first.message().await.method(), Some("ACK"));

    // The tab loses its socket, comes back, and is in the call.
    drop(first);
    let mut first = Phone::registered(running.address, "bob", "b1").await;
    let info = alice.in_dialog("INFO", &answer);
    alice.send(info).await;
    let info = first.message().await;
    assert_eq!(info.method(), Some("INFO"));
    first.answer(&info, 200).await;
    assert_eq!(alice.message().await.code(), Some(200));
    let bye = alice.in_dialog("BYE", &answer);
    alice.send(bye).await;
    let bye = first.message().await;
    first.answer(&bye, 200).await;
    assert_eq!(alice.message().await.code(), Some(200));

    let uuid = answer.header("X-CallUUID").unwrap();
    assert_eq!(Some(uuid), to_first.header("X-CallUUID"));
    let kinds = eventually("the call is kept", async || timeline(&running, uuid).await).await;
    let expected = [
        "alice joined",
        "alice left",
        "alice sip_answered",
        "alice sip_hung_up",
        "alice sip_invite",
        "alice sip_ringing",
        "bob joined",
        "bob joined",
        "bob left",
        "bob left",
        "bob sip_answered",
        "bob sip_hung_up",
        "bob sip_refused",
        "bob sip_ringing",
        "bob sip_ringing",
    ];
    assert_eq!(kinds, expected);
    eventually("no call is left", async || (metric(&running, "sidetone_sip_calls").await == 0).then_some(())).await;
    let browser = running.test.browser("sue", Role::Support).await;
    let page = browser.page(browser.get(&format!("/conferences?id={uuid}")).await.text(header::LOCATION)).await;
    for told in ["Post-dial delay", "alice hung up", "alice to Sidetone: INVITE", "Sidetone to bob #2: CANCEL", "bob #2 to Sidetone: 487"] {
        assert!(page.contains(told), "{told}");
    }
}

#[tokio::test]
async fn a_caller_who_gives_up_ends_the_ringing() {
    let running = phones(|_| ()).await;
    let mut alice = Phone::registered(running.address, "alice", "a1").await;
    let mut bob = Phone::registered(running.address, "bob", "b1").await;
    alice.ask("INVITE", "sip:bob@x.example", "<sip:bob@x.example>", "", PASSWORD).await;
    let invite = bob.message().await;
    bob.answer(&invite, 180).await;
    let ringing = alice.message().await;
    let via = ringing.header("Via").unwrap().split(";received").next().unwrap().to_owned();
    let number = ringing.header("CSeq").unwrap().replace("INVITE", "CANCEL");
    alice
        .send(format!(
            "CANCEL sip:bob@x.example SIP/2.0\r\nVia: {via}\r\nFrom: {}\r\nTo: <sip:bob@x.example>\r\nCall-ID: {}\r\nCSeq: {number}\r\n\r\n",
            ringing.header("From").unwrap(),
            ringing.header("Call-ID").unwrap()
        ))
        .await;
    assert_eq!(alice.message().await.code(), Some(200));
    let cancel = bob.message().await;
    assert_eq!(cancel.method(), Some("CANCEL"));
    bob.answer(&cancel, 200).await;
    bob.answer(&invite, 487).await;
    assert_eq!(alice.message().await.code(), Some(487));
    let uuid = invite.header("X-CallUUID").unwrap();
    let kinds = eventually("the call is kept", async || timeline(&running, uuid).await).await;
    assert!(kinds.contains(&"alice sip_refused".to_owned()), "{kinds:?}");
}
