//! Apps by HTTP, as an admin's program manages them.

use serde_json::json;
use sidetone_store::local_user::{Role as UserRole, Session};

use super::*;
use crate::administration::admin::USER_TOKEN_PREFIX;

/// A program with the token of a local user.
pub(super) struct Program<'a> {
    server: &'a TestServer,
    token: String,
}

impl TestServer {
    pub(super) async fn program(&self, name: &str, role: UserRole) -> Program<'_> {
        self.local_user(name, role).await;
        let token = format!("{USER_TOKEN_PREFIX}token-of-{name}");
        let (created, expires) = (self.clock.now(), self.clock.now().plus_micros(3_600_000_000));
        let session = Session { token_digest: digest(&token), user: name.into(), created, expires };
        assert!(self.store.create_session(session).await.unwrap());
        Program { server: self, token }
    }
}

impl Program<'_> {
    pub(super) async fn does(&self, method: Method, path: &str, body: Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = Request::builder().method(method).uri(path).header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        self.server.send(request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body)).unwrap()).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.does(Method::GET, path, Value::Null).await
    }

    async fn patch(&self, path: &str, body: Value) -> Answer {
        self.does(Method::PATCH, path, body).await
    }
}

#[tokio::test]
async fn an_app_lives_from_its_making_to_its_removal() {
    let server = TestServer::new().await;
    let admin = server.program("ada", UserRole::Admin).await;
    let made = admin.does(Method::POST, "/v1/admin/apps", json!({"name": " shop ", "retention_days": 7, "preset": "plivo"})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.html());
    let (path, body) = (made.text(header::LOCATION).to_owned(), made.json());
    assert_eq!(path, format!("/v1/admin/apps/{}", body["app"]["key"].as_str().unwrap()));
    assert_eq!(
        (&body["app"]["name"], &body["app"]["retention_days"], &body["app"]["preset"]),
        (&json!("shop"), &json!(7), &json!("plivo"))
    );
    let secret = |name: &str| body[name].as_str().unwrap().to_owned();
    let (intake, query) = (secret("intake_secret"), secret("query_secret"));
    assert_eq!(server.ask(Method::GET, "/v1/app", &intake).await.ok()["rules"], "plivo", "its pages are told at once");
    assert_eq!(server.ask(Method::GET, "/v1/conferences", &query).await.status, StatusCode::OK);

    let changed = admin
        .patch(&path, json!({"origins": ["https://Shop.example"], "thresholds": "high_rtt.major=600", "retention_days": null}))
        .await
        .ok();
    assert_eq!((&changed["origins"], &changed["retention_days"]), (&json!(["https://shop.example"]), &Value::Null));
    assert_eq!(
        (&changed["preset"], &changed["thresholds"], &changed["keep_addresses"]),
        (&json!("plivo"), &json!("high_rtt.major=600"), &json!(false))
    );
    assert_eq!(admin.get(&path).await.ok(), changed);
    assert_eq!(server.ask(Method::GET, "/v1/app", &intake).await.ok()["rules"], "plivo high_rtt.major=600");
    let names: Vec<Value> =
        admin.get("/v1/admin/apps").await.ok()["apps"].as_array().unwrap().iter().map(|app| app["name"].clone()).collect();
    assert_eq!(names, ["first", "other", "shop"]);

    let rotated = admin.does(Method::POST, &format!("{path}/secrets"), json!({"kinds": ["query", "names"]})).await.ok();
    assert_eq!(rotated["intake_secret"], Value::Null);
    server.ask(Method::GET, "/v1/conferences", &query).await.refused(401, "secret_unknown");
    for name in ["query_secret", "names_secret"] {
        assert_eq!(server.ask(Method::GET, "/v1/conferences", rotated[name].as_str().unwrap()).await.status, StatusCode::OK);
    }
    let kept = admin.does(Method::POST, &format!("{path}/secrets"), json!({"kinds": ["intake"], "keep_old": true})).await.ok();
    assert_eq!(server.ask(Method::GET, "/v1/app", &intake).await.status, StatusCode::OK);
    let kept = kept["intake_secret"].as_str().unwrap();
    assert!(kept.starts_with("sti_"));
    // The rotation ends without another secret: the one that was kept goes, the one that pages have by now stays.
    let both = json!({"kinds": ["intake"], "keep_old": true, "only_newest": true});
    admin.does(Method::POST, &format!("{path}/secrets"), both).await.refused(400, "body_invalid");
    let ended = admin.does(Method::POST, &format!("{path}/secrets"), json!({"kinds": ["intake"], "only_newest": true})).await.ok();
    assert_eq!(ended["intake_secret"], Value::Null);
    server.ask(Method::GET, "/v1/app", &intake).await.refused(401, "secret_unknown");
    assert_eq!(server.ask(Method::GET, "/v1/app", kept).await.status, StatusCode::OK);

    let detail = server.ask(Method::GET, "/v1/conferences", &admin.token).await.refused(403, "scope_insufficient");
    assert!(detail.contains("the token of a user manages apps"), "{detail}");

    let detail = admin.does(Method::DELETE, &format!("{path}?name=shed"), Value::Null).await.refused(422, "app_name_wrong");
    assert!(detail.contains("the app is called \"shop\""), "{detail}");
    admin.does(Method::DELETE, &path, Value::Null).await.refused(400, "parameter_invalid");
    assert_eq!(admin.does(Method::DELETE, &format!("{path}?name=shop"), Value::Null).await.status, StatusCode::NO_CONTENT);
    admin.get(&path).await.refused(404, "app_not_found");
    server.ask(Method::GET, "/v1/app", kept).await.refused(401, "secret_unknown");
}

#[tokio::test]
async fn token_keys_and_callstats_are_set_and_taken_away() {
    let server = TestServer::new().await;
    let admin = server.program("ada", UserRole::Admin).await;
    let path = format!("/v1/admin/apps/{}", server.app.key);
    let public = String::from_utf8(include_bytes!("rs256-public.pem").to_vec()).unwrap();
    let private = String::from_utf8(include_bytes!("rs256-private.pem").to_vec()).unwrap();
    let key = format!("{path}/token-keys/2026-11");
    for (body, said) in [
        (json!({"alg": "none", "key": public}), "allowed are HS256, ES256 and RS256"),
        (json!({"alg": "HS256", "key": "short"}), "at least 32"),
        (json!({"alg": "RS256", "key": private}), "give the public one"),
        (json!({"alg": "RS256", "key": "-----BEGIN PUBLIC KEY-----\nnone\n"}), "no public key in PEM"),
    ] {
        let detail = admin.does(Method::PUT, &key, body).await.refused(422, "token_key_invalid");
        assert!(detail.contains(said), "{detail}");
    }
    let set = admin.does(Method::PUT, &key, json!({"alg": "RS256", "key": public})).await.ok();
    assert_eq!(set["token_keys"], json!([{"kid": "2026-11", "alg": "RS256"}]));
    let set = admin.does(Method::PUT, &key, json!({"alg": "HS256", "key": "0123456789abcdef0123456789abcdef"})).await.ok();
    assert_eq!(set["token_keys"], json!([{"kid": "2026-11", "alg": "HS256"}]), "in its place");
    assert_eq!(admin.does(Method::DELETE, &key, Value::Null).await.status, StatusCode::NO_CONTENT);
    let detail = admin.does(Method::DELETE, &key, Value::Null).await.refused(404, "token_key_not_found");
    assert!(detail.contains("it has none"), "{detail}");

    let callstats = format!("{path}/callstats");
    let made = admin.does(Method::PUT, &callstats, json!({})).await.ok();
    let app_id = made["app_id"].as_u64().unwrap();
    assert!((100_000_000..1_000_000_000).contains(&app_id) && made["app_secret"].as_str().unwrap().starts_with("stc_"), "{made}");
    let taken = admin.does(Method::PUT, &callstats, json!({"app_id": 7, "app_secret": "a2V5:secret"})).await.ok();
    assert_eq!(taken, json!({"app_id": 7, "app_secret": null}));
    assert_eq!(admin.get(&path).await.ok()["callstats_app_id"], 7);
    let other = server.store.apps().await.unwrap().into_iter().find(|app| app.key != server.app.key).unwrap();
    let detail = admin
        .does(Method::PUT, &format!("/v1/admin/apps/{}/callstats", other.key), json!({"app_id": 7}))
        .await
        .refused(409, "callstats_id_taken");
    assert!(detail.contains("that of the app \"first\""), "{detail}");
    admin.does(Method::PUT, &callstats, json!({"app_id": 0})).await.refused(422, "callstats_id_invalid");
    admin.does(Method::PUT, &callstats, json!({"app_secret": "a2V5:"})).await.refused(422, "callstats_secret_invalid");
    assert_eq!(admin.does(Method::DELETE, &callstats, Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(admin.get(&path).await.ok()["callstats_app_id"], Value::Null);
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_changes_nothing() {
    let server = TestServer::new().await;
    let admin = server.program("ada", UserRole::Admin).await;
    let path = format!("/v1/admin/apps/{}", server.app.key);
    let before = admin.get(&path).await.ok();
    for (body, status, code, said) in [
        (
            json!({"keep_addresses": true, "origins": ["shop.example"]}),
            422,
            "origin_invalid",
            "\"shop.example\": an origin is scheme, host",
        ),
        (json!({"keep_addresses": true, "thresholds": "high_rtt=9"}), 422, "thresholds_invalid", "write rule.severity=value"),
        (json!({"preset": "zoom"}), 422, "preset_invalid", "but sidetone, plivo"),
        (json!({"retention_days": 40_000}), 422, "retention_invalid", "give up to 36500"),
        (json!({"messenger_pages": ["me"]}), 422, "messenger_page_invalid", "is its number"),
        (json!({"retention": 7}), 400, "body_invalid", "unknown field `retention`"),
        (json!({"retention_days": -1}), 400, "body_invalid", "invalid value: integer `-1`"),
        (json!({"origins": null}), 400, "body_invalid", "invalid type: null"),
        (json!(7), 400, "body_invalid", "the body is not what is expected here"),
    ] {
        let detail = admin.patch(&path, body).await.refused(status, code);
        assert!(detail.contains(said), "{detail}");
    }
    assert_eq!(admin.get(&path).await.ok(), before);
    for (body, status, code) in [
        (json!({"name": ""}), 422, "app_name_invalid"),
        (json!({"name": "x".repeat(81)}), 422, "app_name_invalid"),
        (json!({"name": "shop", "retention": 7}), 400, "body_invalid"),
        (json!({"retention_days": 7}), 400, "body_invalid"),
        (json!({"name": "shop", "preset": "zoom"}), 422, "preset_invalid"),
    ] {
        admin.does(Method::POST, "/v1/admin/apps", body).await.refused(status, code);
    }
    admin.does(Method::POST, &format!("{path}/secrets"), json!({"kinds": ["master"]})).await.refused(400, "body_invalid");
    admin.patch("/v1/admin/apps/none", json!({})).await.refused(404, "app_not_found");
    assert_eq!(admin.get("/v1/admin/apps").await.ok()["apps"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn only_admins_manage_apps() {
    let server = TestServer::new().await;
    let path = format!("/v1/admin/apps/{}", server.app.key);
    let ways = [
        (Method::GET, "/v1/admin/apps".to_owned()),
        (Method::POST, "/v1/admin/apps".to_owned()),
        (Method::GET, path.clone()),
        (Method::PATCH, path.clone()),
        (Method::DELETE, format!("{path}?name=first")),
        (Method::POST, format!("{path}/secrets")),
        (Method::PUT, format!("{path}/token-keys/k")),
        (Method::DELETE, format!("{path}/token-keys/k")),
        (Method::PUT, format!("{path}/callstats")),
        (Method::DELETE, format!("{path}/callstats")),
    ];
    for role in [UserRole::Support, UserRole::Engineer] {
        let program = server.program(role.name(), role).await;
        for (method, path) in &ways {
            let detail = program.does(method.clone(), path, json!({"name": "x"})).await.refused(403, "role_insufficient");
            assert!(detail.contains(&format!("{} is {}", role.name(), role.name())), "{detail}");
        }
    }
    for secret in [INTAKE, QUERY, NAMES] {
        server.ask(Method::GET, "/v1/admin/apps", secret).await.refused(403, "scope_insufficient");
    }
    server.ask(Method::GET, "/v1/admin/apps", "stu_made-up").await.refused(401, "token_unknown");
    assert_eq!(server.anonymous("/v1/admin/apps").await.refused(401, "credentials_missing").matches("stu_").count(), 1);
    let browser = server.browser("bob", UserRole::Admin).await;
    browser.get("/v1/admin/apps").await.refused(401, "credentials_missing");
    assert_eq!(server.store.apps().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_token_ends_by_its_time_and_by_a_new_password() {
    let server = TestServer::new().await;
    let admin = server.program("ada", UserRole::Admin).await;
    admin.get("/v1/admin/apps").await.ok();
    let other = server.program("bob", UserRole::Admin).await;
    let bob = server.store.local_users().await.unwrap().into_iter().find(|user| user.name == "bob").unwrap();
    assert!(server.store.update_local_user(bob).await.unwrap());
    other.get("/v1/admin/apps").await.refused(401, "token_unknown");
    server.clock.advance_ms(3_600_000);
    admin.get("/v1/admin/apps").await.refused(401, "token_unknown");
}
