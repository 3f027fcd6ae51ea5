//! Who may send and who may read.

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{hmac, rand::SystemRandom, rsa, signature};
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde_json::{Value, json};
use sidetone_store::record::{Secret, TokenAlgorithm, TokenKey};
use sidetone_wire::batch::{self, MEDIA_TYPE};

use super::*;

const SHARED: &[u8] = b"a shared secret of thirty-two bytes";

pub(super) fn signed(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", part(header), part(claims));
    let signature = sign(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

pub(super) fn hs256(kid: &str, claims: &Value) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SHARED);
    signed(&json!({"alg": "HS256", "typ": "JWT", "kid": kid}), claims, |text| hmac::sign(&key, text).as_ref().to_vec())
}

pub(super) fn hs256_key(kid: &str) -> TokenKey {
    TokenKey { kid: kid.into(), algorithm: TokenAlgorithm::Hs256, material: Secret(SHARED.to_vec()) }
}

async fn server() -> TestServer {
    TestServer::with(|_, settings| settings.token_keys = vec![hs256_key("k1"), hs256_key("k2")]).await
}

fn claims(server: &TestServer) -> Value {
    let now = server.clock.now().as_millis() / 1000;
    json!({"app": server.app.key.to_string(), "sub": "ada", "exp": now + 600})
}

fn with(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

async fn post(server: &TestServer, credentials: &str) -> Answer {
    server.post(credentials, MEDIA_TYPE, batch::encode(&a_batch())).await
}

#[tokio::test]
async fn secrets_open_what_they_are_for() {
    let server = TestServer::new().await;
    post(&server, INTAKE).await.ok();
    server.get("/v1/conferences").await.ok();
    let detail = post(&server, QUERY).await.refused(403, "scope_insufficient");
    assert!(detail.contains("\"query\"") && detail.contains("\"intake\""), "{detail}");
    server.ask(Method::GET, "/v1/conferences", INTAKE).await.refused(403, "scope_insufficient");
}

#[tokio::test]
async fn an_unknown_app_is_refused() {
    let server = TestServer::new().await;
    for secret in ["sti_nobody", "stq_nobody", "sti_"] {
        let answer = post(&server, secret).await;
        answer.refused(401, "secret_unknown");
        assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer");
    }
    let without =
        Request::post("/v1/batches").header(header::CONTENT_TYPE, MEDIA_TYPE).body(Body::from(batch::encode(&a_batch()))).unwrap();
    server.send(without).await.refused(401, "credentials_missing");
    let basic = Request::get("/v1/conferences").header(header::AUTHORIZATION, "Basic c3RxOg==").body(Body::empty()).unwrap();
    server.send(basic).await.refused(401, "credentials_malformed");
    assert_eq!(server.metric(r#"sidetone_items_total{kind="batch",outcome="unauthorized",reason="secret_unknown"}"#).await, 3.0);
}

#[tokio::test]
async fn an_app_that_was_just_created_or_changed_is_known_soon() {
    let server = TestServer::with(|config, _| config.auth.app_cache_ttl = crate::config::text::HumanDuration::millis(20)).await;
    post(&server, INTAKE).await.ok();
    let mut app = server.app.clone();
    app.settings.intake_secrets = vec![digest("sti_rotated")];
    server.store.update_app(app).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(40)).await;
    post(&server, "sti_rotated").await.ok();
    post(&server, INTAKE).await.refused(401, "secret_unknown");
}

#[tokio::test]
async fn a_token_speaks_for_its_app_and_user() {
    let server = server().await;
    for kid in ["k1", "k2"] {
        post(&server, &hs256(kid, &claims(&server))).await.ok();
    }
    let for_bob = hs256("k1", &with(claims(&server), "sub", "bob".into()));
    let detail = post(&server, &for_bob).await.refused(403, "token_subject_mismatch");
    assert!(detail.contains("\"bob\"") && detail.contains("\"ada\""), "{detail}");
    let for_anybody = hs256("k1", &json!({"app": server.app.key.to_string(), "exp": claims(&server)["exp"]}));
    post(&server, &for_anybody).await.ok();
    let reader = hs256("k1", &with(claims(&server), "scope", "query".into()));
    server.ask(Method::GET, "/v1/conferences", &reader).await.ok();
    post(&server, &reader).await.refused(403, "scope_insufficient");
    server.ask(Method::GET, "/v1/conferences", &for_anybody).await.refused(403, "scope_insufficient");
}

#[tokio::test]
async fn a_token_that_is_not_right_is_refused_for_the_right_reason() {
    let server = server().await;
    let now = server.clock.now().as_millis() / 1000;
    let good = claims(&server);
    let other_app = server.state.apps.all().await.unwrap().iter().find(|app| app.name == "other").unwrap().key.to_string();
    let none = |alg: &str| signed(&json!({"alg": alg, "kid": "k1"}), &good, |_| Vec::new());
    let good_token = hs256("k1", &good);
    let (unsigned, _) = good_token.rsplit_once('.').unwrap();
    let mut without_exp = good.clone();
    without_exp.as_object_mut().unwrap().remove("exp");
    let mut without_app = good.clone();
    without_app.as_object_mut().unwrap().remove("app");
    let foreign_signature = signed(&json!({"alg": "HS256", "kid": "k1"}), &good, |text| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b"another secret"), text).as_ref().to_vec()
    });
    for (token, code) in [
        (none("none"), "token_algorithm_refused"),
        (none("None"), "token_algorithm_refused"),
        (none("HS512"), "token_algorithm_refused"),
        // The key of that kid is for HS256: who holds a public key must not pass it off as a shared secret.
        (none("RS256"), "token_algorithm_refused"),
        (hs256("k3", &good), "token_key_unknown"),
        (signed(&json!({"alg": "HS256"}), &good, |_| Vec::new()), "token_key_unknown"),
        (hs256("k1", &with(good.clone(), "exp", (now - 31).into())), "token_expired"),
        (hs256("k1", &with(good.clone(), "nbf", (now + 31).into())), "token_not_yet_valid"),
        (hs256("k1", &without_exp), "token_claim_missing"),
        (hs256("k1", &without_app), "token_claim_missing"),
        (hs256("k1", &with(good.clone(), "app", "01JD3V9Q4Z3X5Y7A8B9C0D1E2F".into())), "token_app_unknown"),
        (hs256("k1", &with(good.clone(), "app", "nonsense".into())), "token_app_unknown"),
        // The other app has no key of that kid.
        (hs256("k1", &with(good.clone(), "app", other_app.into())), "token_key_unknown"),
        (hs256("k1", &with(good.clone(), "scope", "admin".into())), "token_scope_unknown"),
        (foreign_signature, "token_signature_invalid"),
        (format!("{unsigned}."), "token_signature_invalid"),
        (format!("{unsigned}.!!!"), "token_malformed"),
        (unsigned.to_owned(), "token_malformed"),
        ("nonsense".to_owned(), "token_malformed"),
        ("a.b.c".to_owned(), "token_malformed"),
        (signed(&json!({"alg": "HS256", "kid": "k1", "crit": ["b64"]}), &good, |_| Vec::new()), "token_malformed"),
        ("x".repeat(9000), "token_malformed"),
    ] {
        let detail = post(&server, &token).await.refused(401, code);
        assert!(!detail.contains(&token), "the detail repeats the token");
    }
    assert_eq!(server.store.search(server.app.key, &sidetone_store::query::ConferenceQuery::default()).await.unwrap().rows, []);
}

#[tokio::test]
async fn a_token_may_be_a_little_early_or_late() {
    let server = server().await;
    let now = server.clock.now().as_millis() / 1000;
    post(&server, &hs256("k1", &with(claims(&server), "exp", (now - 29).into()))).await.ok();
    post(&server, &hs256("k1", &with(claims(&server), "nbf", (now + 29).into()))).await.ok();
}

#[tokio::test]
async fn es256_is_verified_by_the_public_key() {
    let pair = rcgen::KeyPair::generate().unwrap();
    let public = pair.public_key_pem();
    let server = TestServer::with(|_, settings| {
        settings.token_keys = vec![TokenKey { kid: "e".into(), algorithm: TokenAlgorithm::Es256, material: Secret(public.into_bytes()) }];
    })
    .await;
    let random = SystemRandom::new();
    let key = signature::EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, &pair.serialize_der(), &random).unwrap();
    let header = json!({"alg": "ES256", "kid": "e"});
    let token = signed(&header, &claims(&server), |text| key.sign(&random, text).unwrap().as_ref().to_vec());
    post(&server, &token).await.ok();
    let (text, signature) = token.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let flipped = format!("{text}.{first}{}", &signature[1..]);
    post(&server, &flipped).await.refused(401, "token_signature_invalid");
}

#[tokio::test]
async fn rs256_is_verified_by_the_public_key() {
    let server = TestServer::with(|_, settings| {
        let public = include_bytes!("rs256-public.pem").to_vec();
        settings.token_keys = vec![TokenKey { kid: "r".into(), algorithm: TokenAlgorithm::Rs256, material: Secret(public) }];
    })
    .await;
    let private = PrivatePkcs8KeyDer::from_pem_slice(include_bytes!("rs256-private.pem")).unwrap();
    let key = rsa::KeyPair::from_pkcs8(private.secret_pkcs8_der()).unwrap();
    let sign = |text: &[u8]| {
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature).unwrap();
        signature
    };
    let header = json!({"alg": "RS256", "kid": "r"});
    post(&server, &signed(&header, &claims(&server), sign)).await.ok();
    // The public key as an HMAC secret, the classic confusion.
    let confused = signed(&json!({"alg": "HS256", "kid": "r"}), &claims(&server), |text| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, include_bytes!("rs256-public.pem")), text).as_ref().to_vec()
    });
    post(&server, &confused).await.refused(401, "token_algorithm_refused");
}

#[tokio::test]
async fn pages_of_foreign_origins_are_refused() {
    let server = TestServer::with(|_, settings| settings.origins = vec!["https://app.example".into()]).await;
    let from = |origin: &'static str| {
        Request::post("/v1/batches")
            .header(header::AUTHORIZATION, format!("Bearer {INTAKE}"))
            .header(header::CONTENT_TYPE, MEDIA_TYPE)
            .header(header::ORIGIN, origin)
            .body(Body::from(batch::encode(&a_batch())))
            .unwrap()
    };
    let allowed = server.send(from("https://app.example")).await;
    allowed.ok();
    assert_eq!(allowed.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "https://app.example");
    for foreign in ["https://evil.example", "http://app.example", "https://app.example.evil.example", "null"] {
        let answer = server.send(from(foreign)).await;
        assert!(answer.refused(403, "origin_not_allowed").contains(foreign));
        // So that the page can read why.
        assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], foreign);
    }
    post(&server, INTAKE).await.ok();
}

#[tokio::test]
async fn a_preflight_is_answered() {
    let server = TestServer::new().await;
    let request = Request::builder()
        .method(Method::OPTIONS)
        .uri("/v1/batches")
        .header(header::ORIGIN, "https://app.example")
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization,content-type")
        .body(Body::empty())
        .unwrap();
    let answer = server.send(request).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "https://app.example");
    for (name, wanted) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, "retry-after"),
        (header::VARY, "origin"),
    ] {
        assert!(answer.headers[&name].to_str().unwrap().contains(wanted), "{name}");
    }
}
