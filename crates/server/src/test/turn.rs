//! TURN credentials: good for coturn, and for no longer than they say.

use axum::http::Method;

use super::{INTAKE, QUERY, TestServer};
use crate::config::messenger::Token;

async fn server() -> TestServer {
    TestServer::with(|config, _| {
        config.turn.urls = vec!["turn:turn.example.com:3478?transport=udp".into()];
        config.turn.secret = Token("north".into());
    })
    .await
}

#[tokio::test]
async fn credentials_are_what_coturn_computes_from_the_shared_secret() {
    let server = server().await;
    let answer = server.ask(Method::GET, "/v1/turn-credentials?user_id=ada", INTAKE).await.ok();
    let now_s = server.state.clock.now().as_millis() / 1000;
    assert_eq!(answer["username"], format!("{}:ada", now_s + 86_400));
    assert_eq!(answer["urls"][0], "turn:turn.example.com:3478?transport=udp");
    assert_eq!(answer["ttl_s"], 86_400);
    // echo -n "1795312800:ada" | openssl dgst -sha1 -hmac north -binary | base64
    assert_eq!((now_s, answer["credential"].as_str()), (1_795_226_400, Some("LXzXrzpoSBaTXxkkw3cOrFxFoLI=")));
}

#[tokio::test]
async fn names_cannot_forge_a_time_and_stay_short() {
    let server = server().await;
    let answer =
        server.ask(Method::GET, &format!("/v1/turn-credentials?user_id=9999999999:x%0A{}", "%C3%BC".repeat(300)), INTAKE).await.ok();
    let username = answer["username"].as_str().unwrap();
    let (time, name) = username.split_once(':').unwrap();
    assert_eq!(time.parse::<i64>().unwrap(), server.state.clock.now().as_millis() / 1000 + 86_400);
    assert!(
        name.starts_with("9999999999_x_") && name.len() <= 256 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'),
        "{name}"
    );
}

#[tokio::test]
async fn who_may_not_send_gets_none_and_an_unset_server_says_so() {
    let server = server().await;
    server.ask(Method::GET, "/v1/turn-credentials", QUERY).await.refused(403, "scope_insufficient");
    let unset = TestServer::new().await;
    let detail = unset.ask(Method::GET, "/v1/turn-credentials", INTAKE).await.refused(404, "turn_not_configured");
    assert!(detail.contains("turn.urls"), "{detail}");
    let answer = unset.ask(Method::GET, "/v1/turn-credentials?if_any=true", INTAKE).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0), "who can do without hears of no error");
}
