//! Real names are for admin and support; every way in which another reader might come by one is tried.

use axum::body::Body;
use serde_json::json;
use sidetone_store::{local_user::Role, name_view::NameViewQuery};
use sidetone_wire::{
    batch::{Event, kind},
    portable,
};
use tokio::time::{Duration, timeout};

use super::{
    auth::{hs256, hs256_key},
    dashboard::Browser,
    *,
};

const NAME: &str = "Ada Lovelace";
const FORMER: &str = "Augusta Byron";

/// A call whose people told their names in every place where a client may.
async fn server() -> (TestServer, String, String) {
    let server = TestServer::with(|_, settings| settings.token_keys = vec![hs256_key("k")]).await;
    let mut batch = a_batch();
    let event = |kind: &str, payload: Value| Event { time: batch.sent, kind: kind.into(), payload: payload.to_string() };
    batch.events = vec![
        event(kind::JOINED, json!({"user_name": FORMER, "alias_name": "Otter", "site": "Bergen"})),
        event(kind::JOINED, json!({"user_name": NAME, "alias_name": "Otter", "site": "Bergen"})),
        event("user_details", json!({"user_name": NAME, "raw": {"userName": NAME, "eventType": "userDetails"}})),
        event("connected_devices", json!({"devices": [{"label": format!("{NAME}’s headset"), "kind": "audioinput"}]})),
        event("log", json!({"message": format!(r#"{{"displayName":"{NAME}","text":"hello from {NAME}"}}"#)})),
        event("sip_message", json!({"leg": 1, "user": NAME, "direction": "sent", "method": "INVITE", "cseq": 1, "reason": NAME})),
        event(
            "sip_message",
            json!({"leg": 1, "user": NAME, "direction": "received", "method": "INVITE", "cseq": 1, "code": 486, "reason": NAME}),
        ),
        event("feedback", json!({"rating": 2, "comment": format!("{NAME} here: it crackled")})),
    ];
    let stored = server.batch(&batch).await.ok();
    let text = |member: &str| stored[member].as_str().unwrap().to_owned();
    let (conference, connection) = (text("conference"), text("peer_connection"));
    (server, conference, connection)
}

fn pages(conference: &str, connection: &str) -> Vec<String> {
    vec![
        format!("/conferences/{conference}"),
        format!("/conferences/{conference}?kind=user_details"),
        format!("/conferences/{conference}?kind=joined"),
        format!("/conferences/{conference}/download"),
        format!("/conferences/{conference}/raw/{connection}"),
        format!("/conferences/{conference}/raw/{connection}/reports.json"),
        format!("/conferences/{conference}/raw/{connection}/webrtc_internals_dump.txt"),
        "/".to_owned(),
        "/?q=Ada".to_owned(),
        "/live".to_owned(),
        "/users/ada".to_owned(),
        "/users/Ada%20Lovelace".to_owned(),
        format!("/conferences/{conference}?role=admin&names=true"),
    ]
}

fn api(conference: &str, connection: &str) -> Vec<String> {
    vec![
        "/v1/conferences".to_owned(),
        "/v1/conferences?user_id_prefix=ada".to_owned(),
        format!("/v1/conferences/{conference}"),
        format!("/v1/conferences/{conference}/events"),
        format!("/v1/conferences/{conference}/events?kinds=user_details"),
        format!("/v1/peer-connections/{connection}/reports"),
        format!("/v1/peer-connections/{connection}/series"),
    ]
}

fn tells(body: &str) -> bool {
    [NAME, FORMER, "Lovelace", "Augusta"].iter().any(|name| body.contains(name))
}

#[tokio::test]
async fn no_page_tells_an_engineer_a_name() {
    let (server, conference, connection) = server().await;
    let (engineer, support) = (server.browser("eli", Role::Engineer).await, server.browser("sue", Role::Support).await);
    let seen_by = async |browser: &Browser<'_>, path: &str| {
        let answer = browser.get(path).await;
        match portable::read(&answer.body) {
            Ok(whole) => whole.batches.iter().flat_map(|batch| &batch.events).map(|event| event.payload.as_str()).collect(),
            Err(_) => answer.html(),
        }
    };
    for path in pages(&conference, &connection) {
        let told = seen_by(&engineer, &path).await;
        // What was asked for stands in the page again: that is the engineer's own word.
        let asked = path.contains("Ada");
        assert!(asked || !tells(&told), "{path}: {told}");
    }
    assert!(seen_by(&engineer, &format!("/conferences/{conference}")).await.contains("Otter"));
    for path in pages(&conference, &connection).iter().take(4) {
        assert!(tells(&seen_by(&support, path).await), "{path}");
    }
    assert_eq!(engineer.get("/team/names").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn no_query_secret_or_token_reads_a_name_unless_it_may() {
    let (server, conference, connection) = server().await;
    let token = |claims: Value| {
        let mut all = json!({"app": server.app.key.to_string(), "exp": 4_000_000_000_u64, "scope": "query", "sub": "reader"});
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        hs256("k", &all)
    };
    let (plain, engineer) = (token(json!({})), token(json!({"role": "engineer"})));
    for credentials in [QUERY, &plain, &engineer] {
        for path in api(&conference, &connection) {
            let answer = server.ask(Method::GET, &path, credentials).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            assert!(!tells(&answer.html()), "{path}: {}", answer.html());
        }
    }
    let (support, admin) = (token(json!({"role": "support"})), token(json!({"role": "admin"})));
    let path = format!("/v1/conferences/{conference}");
    for credentials in [NAMES, &support, &admin] {
        assert_eq!(server.ask(Method::GET, &path, credentials).await.ok()["participants"][0]["user_name"], NAME);
        assert!(tells(&server.ask(Method::GET, &format!("{path}/events"), credentials).await.html()));
    }
    server.ask(Method::GET, &path, &token(json!({"role": "root"}))).await.refused(401, "token_role_unknown");
    server.ask(Method::GET, &path, &token(json!({"role": ["admin"]}))).await.refused(401, "token_role_unknown");
    server.ask(Method::GET, &path, &token(json!({"role": "admin", "scope": "intake"}))).await.refused(403, "scope_insufficient");
    server.ask(Method::GET, "/v1/conferences", &NAMES.replace("stn_", "stq_")).await.refused(401, "secret_unknown");
    server.ask(Method::POST, "/v1/batches", NAMES).await.refused(403, "scope_insufficient");
}

#[tokio::test]
async fn no_live_stream_tells_a_name() {
    let (server, conference, _) = server().await;
    for path in ["/v1/live?ticks=true".to_owned(), format!("/v1/conferences/{conference}/live")] {
        let joiner = if path.contains('?') { '&' } else { '?' };
        let request = Request::get(format!("{path}{joiner}access_token={NAMES}")).body(Body::empty()).unwrap();
        let mut body = server.router.clone().oneshot(request).await.unwrap().into_body();
        let mut batch = batches(20).remove(1);
        batch.events = vec![Event { time: batch.sent, kind: kind::JOINED.into(), payload: json!({"user_name": NAME}).to_string() }];
        server.batch(&batch).await.ok();
        let mut told = String::new();
        while let Ok(Some(frame)) = timeout(Duration::from_millis(300), body.frame()).await {
            told += std::str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap();
        }
        assert!(told.contains("event: state") && !tells(&told), "{told}");
    }
}

#[tokio::test]
async fn who_sees_names_is_recorded_before_they_are_shown() {
    let (server, conference, connection) = server().await;
    let views = async || {
        let page = server.store.name_views(NameViewQuery { limit: 100, ..NameViewQuery::default() }).await.unwrap();
        let mut rows: Vec<_> = page.rows.into_iter().map(|view| (view.viewer, view.role, view.way, view.name_count)).collect();
        rows.reverse();
        rows
    };
    let engineer = server.browser("eli", Role::Engineer).await;
    for path in pages(&conference, &connection) {
        engineer.get(&path).await;
    }
    for path in api(&conference, &connection) {
        server.get(&path).await;
    }
    assert_eq!(views().await, [], "nobody saw a name");

    let (support, admin) = (server.browser("sue", Role::Support).await, server.browser("ann", Role::Admin).await);
    let page = format!("/conferences/{conference}");
    support.page(&page).await;
    support.page(&page).await;
    assert_eq!(
        views().await,
        [("user sue".to_owned(), Role::Support, "page".to_owned(), 1)],
        "a look again within a minute is the same look"
    );
    server.clock.advance_ms(61_000);
    support.page(&page).await;
    support.get(&format!("{page}/download")).await;
    server.ask(Method::GET, &format!("/v1{page}/events"), NAMES).await.ok();
    let ways: Vec<(String, String)> = views().await.into_iter().map(|(who, _, way, _)| (who, way)).collect();
    let secret = format!("secret {:02x}{:02x}{:02x}{:02x}", digest(NAMES)[0], digest(NAMES)[1], digest(NAMES)[2], digest(NAMES)[3]);
    let expected = [("user sue", "page"), ("user sue", "page"), ("user sue", "download"), (secret.as_str(), "api")];
    assert_eq!(ways, expected.map(|(who, way)| (who.to_owned(), way.to_owned())));

    server.clock.advance_ms(-3_600_000);
    support.page(&page).await;
    assert_eq!(views().await.len(), 5, "a clock that was set back hides no look");

    let told = admin.page("/team/names").await;
    assert!(told.contains("user sue") && told.contains("standup") && !tells(&told), "{told}");
}
