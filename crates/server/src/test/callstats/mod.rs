//! What unmodified callstats clients do, through the router.

mod authentication;
mod life;
mod refusal;

use axum::http::Uri;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use ring::hmac;
use serde_json::json;
use sidetone_store::record::{CallstatsSettings, Secret};
use sidetone_wire::callstats::escape::encode_uri_component;

use super::*;

pub(super) const APP_ID: u64 = 123_456_789;
const SECRET: &str = "stc_what-a-page-holds";
const PAGE: &str = "https://page.example";

pub(super) async fn server() -> TestServer {
    TestServer::with(|_, settings| settings.callstats = Some(CallstatsSettings { app_id: APP_ID, secrets: vec![Secret(SECRET.into())] }))
        .await
}

/// A token as the browser client makes it from an AppSecret.
fn code(secret: &str, claims: &Value) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let signed = format!("{}.{}", part(r#"{"alg":"HS256"}"#), part(&claims.to_string()));
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn form(client_id: &str, code: &str) -> String {
    format!("client_id={}&code={code}&grant_type=authorization_code", encode_uri_component(client_id))
}

impl TestServer {
    async fn authenticate(&self, form: String) -> Answer {
        let request = Request::post("/authenticate")
            .header(header::HOST, "auth.callstats.io")
            .header(header::ORIGIN, PAGE)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(form.into()).unwrap()).await
    }

    /// The access token of a user.
    async fn token(&self, user: &str) -> String {
        let claims = json!({"userID": user, "appID": APP_ID, "generateTurnCredentials": false});
        let answer = self.authenticate(form(&format!("{user}@{APP_ID}"), &code(SECRET, &claims))).await;
        answer.ok()["access_token"].as_str().unwrap().to_owned()
    }

    async fn report(&self, token: &str, path: &str, body: impl ToString) -> Answer {
        let request = Request::post(path.parse::<Uri>().unwrap())
            .header(header::ORIGIN, PAGE)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(body.to_string().into()).unwrap()).await
    }

    /// Joins as a browser does; gives the path of the occurrence.
    async fn join(&self, token: &str, user: &str, device: &str) -> String {
        let path = format!("/v1/apps/{APP_ID}/conferences/room%201%2F%C3%BC");
        let body = json!({
            "callstatsVersion": "3.73.16", "eventType": "userJoined", "timestamp": self.now_ms(), "localID": user, "deviceID": device,
            "remoteID": "bob", "endpointInfo": {"type": "browser", "buildName": "Chrome", "buildVersion": "156.0.0.0"},
        });
        let answer = self.report(token, &path, body).await.ok();
        assert_eq!(answer["status"], "success");
        format!("{path}/{}", answer["ucID"].as_str().unwrap())
    }

    fn now_ms(&self) -> f64 {
        self.clock.now().as_millis_f64()
    }

    /// The only conference, in full, and its events.
    async fn only_conference(&self) -> (Value, Vec<Value>) {
        let list = self.get("/v1/conferences").await.ok();
        assert_eq!(list["conferences"].as_array().unwrap().len(), 1, "{list}");
        let key = list["conferences"][0]["key"].as_str().unwrap();
        let events = self.get(&format!("/v1/conferences/{key}/events?limit=500")).await.ok();
        (self.ask(Method::GET, &format!("/v1/conferences/{key}"), NAMES).await.ok(), events["events"].as_array().unwrap().clone())
    }
}

/// What a page tells of a connection.
fn event(server: &TestServer, event_type: &str, user: &str, device: &str, connection: &str) -> Value {
    json!({
        "callstatsVersion": "3.73.16", "eventType": event_type, "timestamp": server.now_ms(), "localID": user, "deviceID": device,
        "remoteID": "bob", "connectionID": connection,
    })
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["kind"].as_str().unwrap()).collect()
}

/// The claims as the browser reads them: plain base64, padding or not.
fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&STANDARD_NO_PAD.decode(part).unwrap()).unwrap()
}
