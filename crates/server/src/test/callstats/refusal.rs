//! What is refused, in words that no client answers by asking again and again.

use super::*;

#[track_caller]
fn failed(answer: &Answer, status: u16, part: &str) {
    let body = answer.json();
    assert_eq!((answer.status.as_u16(), body["status"].as_str()), (status, Some("error")), "{body}");
    assert!(body["msg"].as_str().unwrap().contains(part), "{body}");
    assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], PAGE);
}

#[tokio::test]
async fn only_an_old_token_sends_a_client_back_to_authenticate() {
    const EXPIRED: &str = "Token has expired";
    let server = server().await;
    let token = server.token("ada").await;
    let room = server.join(&token, "ada", "d").await;
    let path = format!("{room}/events/dominantspeaker");
    let body = event(&server, "dominantSpeaker", "ada", "d", "pc");
    for (token, status, part) in [
        (String::new(), 401, "not one of ours"),
        ("5f4dcc3b-5aa7-65d6-1d83-27deb882cf99".to_owned(), 401, "not one of ours"),
        (INTAKE.to_owned(), 401, "not one of ours"),
    ] {
        let answer = server.report(&token, &path, &body).await;
        failed(&answer, status, part);
        assert_ne!(answer.json()["msg"], EXPIRED);
    }
    let of_eve = server.token("eve").await;
    failed(&server.report(&of_eve, &path, &body).await, 403, "localID");
    failed(&server.report(&token, &path.replace(&APP_ID.to_string(), "1"), &body).await, 403, "the path names 1");
    let forged = format!("{}A", &token[..token.len() - 1]);
    let answer = server.report(if forged == token { "a.b.c" } else { &forged }, &path, &body).await;
    assert_eq!((answer.status, &answer.json()["msg"]), (StatusCode::UNAUTHORIZED, &json!(EXPIRED)));
    server.clock.advance_ms(7_200_000);
    let answer = server.report(&token, &path, &body).await;
    assert_eq!((answer.status, &answer.json()["msg"]), (StatusCode::UNAUTHORIZED, &json!(EXPIRED)));
    // The new token is good at once.
    let renewed = server.token("ada").await;
    server.report(&renewed, &path, &body).await.ok();
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_with_the_reason() {
    let server = server().await;
    let token = server.token("ada").await;
    let room = server.join(&token, "ada", "d").await;
    let post = async |path: &str, body: &str| server.report(&token, path, body).await;
    let stats = format!("{room}/stats");
    failed(&post(&stats, "not JSON").await, 400, "line 1");
    failed(&post(&stats, r#"{"localID": "ada", "stats": [7]}"#).await, 400, "stats[0]");
    failed(&post(&stats, r#"{"localID": "ada", "connectionID": "pc"}"#).await, 422, "`stats`");
    failed(&post(&stats, r#"{"localID": "ada", "stats": []}"#).await, 422, "peer_connection_id");
    failed(&post(&stats, &" ".repeat(9 << 20)).await, 413, "8MiB");
    let custom = |entries: Value| json!({"localID": "ada", "deviceID": "d", "eventList": entries}).to_string();
    let long = json!([{"type": "x", "text": "x".repeat(1 << 20)}]);
    failed(&post(&format!("{room}/events/customevent"), &custom(long)).await, 413, "at most 1048576");
    let many = vec![json!({"type": "x"}); 10_001];
    failed(&post(&format!("{room}/events/customevent"), &custom(many.into())).await, 413, "at most 10000");
    failed(&post("/v1/apps/null/conferences/a", "{}").await, 404, "\"null\"");
    failed(&post(&format!("/v1/apps/{APP_ID}/conferences/%FF"), "{}").await, 404, "UTF-8");
    failed(&post(&format!("/v1/apps/{APP_ID}/conferences/{}", "x".repeat(5000)), "{}").await, 422, "at most 4096");
    let ancient = format!(
        r#"{{"localID": "ada", "callstatsVersion": "3", "timestamp": {}, "connectionID": "pc"}}"#,
        server.now_ms() - 31.0 * 86_400_000.0
    );
    failed(&post(&format!("{room}/events/dominantspeaker"), &ancient).await, 422, "is accepted now");
    let get = Request::get(room.as_str()).header(header::ORIGIN, PAGE).body(Body::empty()).unwrap();
    failed(&server.send(get).await, 405, "reports are posted");
    let refused = server.metric(r#"sidetone_items_total{kind="batch",outcome="invalid",reason="body_malformed"}"#).await;
    assert_eq!(refused, 2.0);
}

#[tokio::test(start_paused = true)]
async fn the_parameters_of_a_sender_wait_for_the_join() {
    let server = server().await;
    let token = server.token("ada").await;
    let parameters = json!({"app_id": APP_ID, "local_id": "ada", "rtc_rtp_parameters": {"codecs": []}});
    let path = format!("/v1/apps/{APP_ID}/configurations");
    failed(&server.report(&token, &path, &parameters).await, 422, "joined no conference");
    let (told, _) = tokio::join!(server.report(&token, &path, &parameters), async {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        server.join(&token, "ada", "d").await
    });
    assert_eq!(told.ok(), json!({}));
    assert_eq!(kinds(&server.only_conference().await.1), ["joined", "sender_parameters"]);
}

#[tokio::test]
async fn pages_of_any_origin_may_ask() {
    let server = server().await;
    for (path, asked) in [
        (format!("/v1/apps/{APP_ID}/conferences/a%2Fb/01JD3V9Q4Z3X5Y7A8B9C0D1E2F/stats"), "authorization,content-type"),
        (format!("/v1/apps/{APP_ID}/configurations"), "authorization"),
        ("/generics".to_owned(), "content-type"),
    ] {
        let preflight = Request::options(path)
            .header(header::ORIGIN, PAGE)
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .header(header::ACCESS_CONTROL_REQUEST_HEADERS, asked);
        let answer = server.send(preflight.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], PAGE);
        let list = |name: header::HeaderName| answer.headers[name].to_str().unwrap().to_owned();
        for name in asked.split(',') {
            assert!(list(header::ACCESS_CONTROL_ALLOW_HEADERS).contains(name));
        }
        for method in ["GET", "POST", "OPTIONS"] {
            assert!(list(header::ACCESS_CONTROL_ALLOW_METHODS).contains(method));
        }
        assert!(answer.headers.contains_key(header::ACCESS_CONTROL_MAX_AGE));
    }
}

#[tokio::test]
async fn the_time_and_the_configuration_are_there_and_diagnostics_are_counted() {
    let server = server().await;
    let get = async |path: &str, token: &str| {
        let request = Request::get(path).header(header::ORIGIN, PAGE).header(header::AUTHORIZATION, format!("Bearer {token}"));
        server.send(request.body(Body::empty()).unwrap()).await
    };
    assert_eq!(get("/clockSync", "").await.ok(), json!({"now": server.clock.now().as_millis()}));
    let token = server.token("ada").await;
    for path in ["configurations", "configurations/internal"] {
        assert_eq!(get(&format!("/v1/apps/{APP_ID}/{path}"), &token).await.ok(), json!({}));
    }
    failed(&get(&format!("/v1/apps/{APP_ID}/configurations"), "x").await, 401, "not one of ours");
    let told = json!({"appID": null, "userID": "null", "version": "3.73.16", "eventType": "restResponseError", "data": {"msg": "x"}});
    for body in [told.to_string(), "nonsense".to_owned()] {
        assert_eq!(server.send(Request::post("/generics").body(body.into()).unwrap()).await.ok(), json!({}));
    }
    assert_eq!(server.metric(r#"sidetone_callstats_diagnostics_total{event_type="restResponseError"}"#).await, 1.0);
    assert_eq!(server.metric(r#"sidetone_callstats_diagnostics_total{event_type="malformed"}"#).await, 1.0);
}
