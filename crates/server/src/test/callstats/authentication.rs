//! Who gets an access token, and what clients read in it.

use base64::engine::general_purpose::STANDARD;
use ring::{rand::SystemRandom, rsa, signature};
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use sidetone_store::record::{TokenAlgorithm, TokenKey};

use super::*;
use crate::{
    config::{messenger::Token, turn::TurnConfig},
    test::auth::signed,
};

#[tokio::test]
async fn a_page_gets_a_token_that_it_can_read() {
    let server = server().await;
    for user in ["super man", "ünı@home/x?", "日本語", "a>b?c~d>>>???"] {
        let client_claims = json!({"userID": user, "appID": APP_ID.to_string(), "generateTurnCredentials": false});
        let answer = server.authenticate(form(&format!("{user}@{APP_ID}"), &code(SECRET, &client_claims))).await;
        assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], PAGE);
        let grant = answer.ok();
        assert_eq!((&grant["token_type"], &grant["expires_in"]), (&json!("bearer"), &json!(7200)));
        let base = "http://auth.callstats.io/v1/apps";
        assert_eq!(grant["metadata"]["urls"], json!({"events": base, "stats": base, "config": base}));
        let token = grant["access_token"].as_str().unwrap();
        let claims = claims(token);
        assert_eq!(claims["appID"], APP_ID);
        assert_eq!(claims["userID"], encode_uri_component(user));
        assert_eq!(claims["expiry"], "2026-11-21T04:00:00.000Z");
        assert_eq!(claims["submissionInterval"], 9000);
        assert_eq!(claims["ingestedEvents"].as_array().unwrap().len(), 13);
        server.join(token, user, "device").await;
    }
}

#[tokio::test]
async fn a_page_gets_turn_servers_where_there_are_some() {
    let urls = ["turn:turn.example:3478", "turns:turn.example:5349"].map(str::to_owned).to_vec();
    let with_turn = TestServer::with(|config, settings| {
        config.turn = TurnConfig { urls: urls.clone(), secret: Token("shared".into()), ..TurnConfig::default() };
        settings.callstats = Some(CallstatsSettings { app_id: APP_ID, secrets: vec![Secret(SECRET.into())] });
    })
    .await;
    let ask = async |server: &TestServer, wants: bool| {
        let claims = json!({"userID": "ada", "appID": APP_ID, "generateTurnCredentials": wants});
        server.authenticate(form(&format!("ada@{APP_ID}"), &code(SECRET, &claims))).await.ok()
    };
    let (plain, wanting) = (ask(&with_turn, false).await, ask(&with_turn, true).await);
    let until = with_turn.clock.now().as_millis() / 1000 + 86_400;
    let server = &plain["iceServers"][0];
    assert_eq!((&server["urls"], &server["username"]), (&json!(urls), &json!(format!("{until}:ada"))));
    // As coturn does it: the base64 of an HMAC-SHA-1, 20 bytes.
    assert_eq!(STANDARD.decode(server["credential"].as_str().unwrap()).unwrap().len(), 20);
    assert_eq!((plain.get("turnServers"), &wanting["turnServers"]), (None, &wanting["iceServers"]));
    let read = claims(plain["access_token"].as_str().unwrap());
    assert_eq!((&read["taasEnabled"], &read["collectSDP"]), (&json!(true), &json!(true)));

    let without = ask(&super::server().await, true).await;
    assert_eq!((without.get("iceServers"), without.get("turnServers")), (None, None));
}

#[tokio::test]
async fn a_secret_with_a_key_id_signs_with_its_second_part() {
    let secrets = vec![Secret(SECRET.into()), Secret("a2V5LTE=:c2VjcmV0:ignored".into())];
    let server = TestServer::with(|_, settings| settings.callstats = Some(CallstatsSettings { app_id: APP_ID, secrets })).await;
    let ask = async |name: &str, key_id: &str, secret: &str| {
        let claims = json!({"userID": "ada", "appID": APP_ID, name: key_id});
        server.authenticate(form(&format!("ada@{APP_ID}"), &code(secret, &claims))).await
    };
    // `key-1` in hexadecimal digits, spelt as the browser and as the Java SDK do.
    ask("keyId", "6b65792d31", "c2VjcmV0").await.ok();
    ask("keyID", "6B65792D31", "c2VjcmV0").await.ok();
    refused(&ask("keyId", "6b65792d31", SECRET).await, "Invalid signature");
    refused(&ask("keyId", "00", SECRET).await, "Unknown key id");
}

#[tokio::test]
async fn a_customers_own_token_is_accepted_by_its_key() {
    let shared = b"a shared secret of thirty-two bytes";
    let server = TestServer::with(|_, settings| {
        settings.callstats = Some(CallstatsSettings { app_id: APP_ID, secrets: vec![Secret(SECRET.into())] });
        settings.token_keys = vec![TokenKey { kid: "k1".into(), algorithm: TokenAlgorithm::Hs256, material: Secret(shared.to_vec()) }];
    })
    .await;
    let now = server.clock.now().as_millis() / 1000;
    let ask = async |claims: Value| {
        server.authenticate(form(&format!("ada@{APP_ID}"), &code(std::str::from_utf8(shared).unwrap(), &claims))).await
    };
    let good = json!({"userID": "ada", "appID": APP_ID.to_string(), "keyID": "k1", "exp": now + 600, "nbf": now - 600, "jti": "x"});
    ask(good.clone()).await.ok();
    let changed = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        claims
    };
    refused(&ask(changed("keyID", "k2".into())).await, "Unknown key id");
    refused(&ask(changed("appID", 1.into())).await, "Application mismatch");
    refused(&ask(changed("userID", "eve".into())).await, "USERID_MISMATCH");
    for (name, value) in [("exp", now - 60), ("nbf", now + 60)] {
        let body = ask(changed(name, value.into())).await;
        assert_eq!(body.status, StatusCode::BAD_REQUEST);
        let actions = body.json()["urn:x-callstats:auth:errorActions"].clone();
        let actions: Vec<_> = actions.as_array().unwrap().iter().map(|action| action["action"].as_u64().unwrap()).collect();
        assert_eq!(actions, [2, 1, 0]);
    }
}

/// As Jitsi Videobridge does (ES256), and as the documentation allows.
#[tokio::test]
async fn a_token_signed_with_a_private_key_is_verified_by_the_public_one() {
    let pair = rcgen::KeyPair::generate().unwrap();
    let key = |kid: &str, algorithm, material: Vec<u8>| TokenKey { kid: kid.into(), algorithm, material: Secret(material) };
    let public = pair.public_key_pem();
    let server = TestServer::with(|_, settings| {
        settings.callstats = Some(CallstatsSettings { app_id: APP_ID, secrets: vec![Secret(SECRET.into())] });
        settings.token_keys = vec![
            key("e", TokenAlgorithm::Es256, public.into_bytes()),
            key("r", TokenAlgorithm::Rs256, include_bytes!("../rs256-public.pem").to_vec()),
        ];
    })
    .await;
    let random = SystemRandom::new();
    let ecdsa = signature::EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, &pair.serialize_der(), &random).unwrap();
    let private = PrivatePkcs8KeyDer::from_pem_slice(include_bytes!("../rs256-private.pem")).unwrap();
    let rsa = rsa::KeyPair::from_pkcs8(private.secret_pkcs8_der()).unwrap();
    let by_ecdsa = |text: &[u8]| ecdsa.sign(&random, text).unwrap().as_ref().to_vec();
    let by_rsa = |text: &[u8]| {
        let mut signature = vec![0; rsa.public().modulus_len()];
        rsa.sign(&signature::RSA_PKCS1_SHA256, &random, text, &mut signature).unwrap();
        signature
    };
    let claims = |key_id: &str| json!({"userID": "jvb", "appID": APP_ID.to_string(), "keyID": key_id});
    let ask = async |token: String| server.authenticate(form(&format!("jvb@{APP_ID}"), &token)).await;
    ask(signed(&json!({"alg": "ES256"}), &claims("e"), by_ecdsa)).await.ok();
    ask(signed(&json!({"alg": "RS256"}), &claims("r"), by_rsa)).await.ok();
    refused(&ask(signed(&json!({"alg": "ES256"}), &claims("r"), by_ecdsa)).await, "Unsupported algorithm");
    refused(&ask(signed(&json!({"alg": "RS256"}), &claims("r"), by_ecdsa)).await, "Invalid signature");
}

/// A refusal that the client does not answer by asking again.
#[track_caller]
fn refused(answer: &Answer, reason: &str) {
    let body = answer.json();
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
    assert_eq!(body["urn:x-callstats:auth:errorActions"], json!([{"action": 2, "params": {"errorReason": reason}}]), "{body}");
    assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], PAGE);
}

#[tokio::test]
async fn whoever_is_not_let_in_is_told_so_for_good() {
    let server = server().await;
    let claims = |user: &str| json!({"userID": user, "appID": APP_ID});
    for (form, reason) in [
        (form(&format!("ada@{APP_ID}"), &code("wrong", &claims("ada"))), "Invalid signature"),
        (form("ada@1", &code(SECRET, &claims("ada"))), "Unknown application"),
        (form("ada@null", &code(SECRET, &claims("ada"))), "Unknown application"),
        (form("ada", &code(SECRET, &claims("ada"))), "Malformed client id"),
        (form(&format!("ada@{APP_ID}"), "a.b"), "Malformed token"),
        (form(&format!("ada@{APP_ID}"), &code(SECRET, &json!({"appID": APP_ID}))), "Malformed token"),
        (form(&format!("ada@{APP_ID}"), &code(SECRET, &claims("eve"))), "USERID_MISMATCH"),
        (form(&format!("{}@{APP_ID}", "x".repeat(5000)), &code(SECRET, &claims(&"x".repeat(5000)))), "Malformed client id"),
        ("client_id=ada".to_owned(), "Malformed request"),
        (String::new(), "Malformed request"),
        ("x".repeat(2 << 20), "Refused"),
    ] {
        refused(&server.authenticate(form).await, reason);
    }
    let unsigned = format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode(claims("ada").to_string()));
    refused(&server.authenticate(form(&format!("ada@{APP_ID}"), &unsigned)).await, "Unsupported algorithm");
}

#[tokio::test]
async fn a_foreign_origin_is_refused_for_good() {
    let server = TestServer::with(|_, settings| {
        settings.callstats = Some(CallstatsSettings { app_id: APP_ID, secrets: vec![Secret(SECRET.into())] });
        settings.origins = vec!["https://other.example".into()];
    })
    .await;
    let claims = json!({"userID": "ada", "appID": APP_ID});
    refused(&server.authenticate(form(&format!("ada@{APP_ID}"), &code(SECRET, &claims))).await, "Refused");
}

#[tokio::test]
async fn who_comes_too_often_is_sent_away_for_a_while() {
    let server = TestServer::with(|config, settings| {
        config.limits.app_requests_per_second = 1;
        settings.callstats = Some(CallstatsSettings { app_id: APP_ID, secrets: vec![Secret(SECRET.into())] });
    })
    .await;
    let good = form(&format!("ada@{APP_ID}"), &code(SECRET, &json!({"userID": "ada", "appID": APP_ID})));
    for _ in 0..10 {
        server.authenticate(good.clone()).await.ok();
    }
    // To a page: an answer that breaks off, after which it waits. To the Java SDK, which has no origin: 503.
    let request = |origin: Option<&str>| {
        let request = Request::post("/authenticate");
        let request = origin.into_iter().fold(request, |request, origin| request.header(header::ORIGIN, origin));
        request.body(Body::from(good.clone())).unwrap()
    };
    let to_page = server.router.clone().oneshot(request(Some(PAGE))).await.unwrap();
    assert!(to_page.into_body().collect().await.is_err());
    let to_java = server.send(request(None)).await;
    assert_eq!((to_java.status, &to_java.json()["error"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("temporarily_unavailable")));
}

#[tokio::test]
async fn an_access_token_may_send_native_batches_of_its_user_and_nothing_else() {
    let server = server().await;
    let token = server.token("ada").await;
    server.post(&token, MEDIA_TYPE, batch::encode(&a_batch())).await.ok();
    let eve = server.token("eve").await;
    server.post(&eve, MEDIA_TYPE, batch::encode(&a_batch())).await.refused(403, "token_subject_mismatch");
    server.ask(Method::GET, "/v1/conferences", &token).await.refused(403, "scope_insufficient");
    let forged = format!("{}AAAA", &token[..token.len() - 4]);
    server.post(&forged, MEDIA_TYPE, batch::encode(&a_batch())).await.refused(401, "token_expired");
    server.clock.advance_ms(7_200_000);
    server.post(&token, MEDIA_TYPE, batch::encode(&a_batch())).await.refused(401, "token_expired");
}
