//! What another SIP server is told of those who come to it.

use axum::http::HeaderName;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{phone::token, *};
use crate::config::messenger::Token;

const SECRET: &str = "between two servers";
const HEADER: &str = r#"{"alg":"HS256"}"#;

async fn asked() -> Running {
    phones(|config| config.sip.admission_secret = Token(SECRET.into())).await
}

async fn ask(running: &Running, secret: &str, question: Value) -> Answer {
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let body = question.to_string();
    let head = format!("POST /v1/sip-admission HTTP/1.0\r\nauthorization: Bearer {secret}\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap();
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    let headers = fields.map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())).collect();
    Answer { status, headers, body: body.as_bytes().to_vec() }
}

#[tokio::test]
async fn a_password_is_left_to_the_other_server_with_what_it_checks_it_by() {
    let running = asked().await;
    let app = running.test.app.key.to_string();
    for (method, code) in [("REGISTER", 401), ("INVITE", 407), ("MESSAGE", 407)] {
        let answer = ask(&running, SECRET, json!({"user": "alice", "method": method, "app": app})).await.ok();
        // printf 'alice:sidetone:correct horse battery' | md5sum, sha256sum
        assert_eq!(answer["ha1_md5"], "f0c9870ff2dd4b70df299ab207f00bb8");
        assert_eq!(answer["ha1_sha256"], "b8738373b3717f5de056de75b471c218617d0441567196a461ae41a1f2a2cbc2");
        assert_eq!((&answer["code"], &answer["realm"], &answer["app"]), (&json!(code), &json!("sidetone"), &json!(app)));
    }
    let other = "01JD0000000000000000000000";
    for question in [json!({"user": "nobody", "method": "REGISTER"}), json!({"user": "alice", "method": "REGISTER", "app": other})] {
        let answer = ask(&running, SECRET, question).await.ok();
        let expected = json!({"code": 401, "reason": "Unauthorized", "headers": "", "realm": "sidetone"});
        assert_eq!(answer, expected, "asked for a password like anybody, and none is right");
    }
}

#[tokio::test]
async fn a_good_token_lets_its_user_in_for_as_long_as_it_lasts() {
    let running = asked().await;
    let good = token(&running, HEADER, |_| (), TOKEN_SECRET);
    let until = running.test.clock.now().as_millis() / 1000 + 3600;
    let question = |method: &str| json!({"user": "carol_MAEXAMPLE", "method": method, "token": good});
    let answer = ask(&running, SECRET, question("REGISTER")).await.ok();
    let expected = json!({
        "code": 200, "reason": "OK", "headers": format!("X-Plivo-Jwt: exp={until};\r\n"), "app": running.test.app.key.to_string(),
        "ttl_s": 3600, "incoming": true,
    });
    assert_eq!(answer, expected);
    assert_eq!(ask(&running, SECRET, question("INVITE")).await.ok()["headers"], "");
}

#[tokio::test]
async fn a_token_is_refused_in_the_words_of_our_own_server() {
    let running = asked().await;
    let now = running.test.clock.now().as_millis() / 1000;
    let make = |name: &str, value: Value| token(&running, HEADER, |claims| claims[name] = value, TOKEN_SECRET);
    let mute = make("per", json!({"voice": {"incoming_allow": true}}));
    for (method, token, code) in [
        ("REGISTER", "rubbish".to_owned(), "10001"),
        ("REGISTER", make("iss", "MASOMEBODY".into()), "10003"),
        ("REGISTER", make("sub", "dave".into()), "10004"),
        ("REGISTER", make("exp", (now - 1).into()), "10006"),
        ("REGISTER", token(&running, HEADER, |_| (), b"another secret of more than thirty-two bytes"), "10007"),
        ("INVITE", mute.clone(), "10008"),
    ] {
        let answer = ask(&running, SECRET, json!({"user": "carol_MAEXAMPLE", "method": method, "token": token})).await.ok();
        let mut phone = Phone::open(running.address, "carol_MAEXAMPLE", "c1").await;
        let header = format!("X-Plivo-Jwt: {token}\r\n");
        let own = match method {
            "REGISTER" => phone.register_with(&header, "").await,
            _ => phone.ask("INVITE", "sip:alice@x.example", "<sip:alice@x.example>", &header, "").await,
        };
        let told = format!("X-Plivo-Jwt-Error-Code: {code}\r\n");
        assert_eq!((&answer["code"], &answer["headers"]), (&json!(403), &json!(told)));
        let own = String::from_utf8(own.to_bytes()).unwrap();
        assert!(own.contains(&told), "{own}");
        assert!(own.starts_with(&format!("SIP/2.0 403 {}\r\n", answer["reason"].as_str().unwrap())), "{own}");
    }
    let answer = ask(&running, SECRET, json!({"user": "carol_MAEXAMPLE", "method": "REGISTER", "token": mute})).await.ok();
    assert_eq!(answer["code"], 200, "who may not call may be called");
}

#[tokio::test]
async fn a_page_of_another_origin_is_refused_once_it_is_known_for_whom_it_comes() {
    let running = phones_for(&["https://shop.example"], |config| config.sip.admission_secret = Token(SECRET.into())).await;
    let grant = token(&running, HEADER, |_| (), TOKEN_SECRET);
    let mut own = Phone::from_page(running.address, "/sip", Some("https://evil.example"), "alice", "a1").await;
    let own = own.register().await;
    for (origin, is_allowed) in [(None, true), (Some("https://shop.example"), true), (Some("https://evil.example"), false)] {
        let alice = ask(&running, SECRET, json!({"user": "alice", "method": "REGISTER", "origin": origin})).await.ok();
        assert_eq!(
            (&alice["code"], &alice["ha1_md5"]),
            (&json!(401), &json!("f0c9870ff2dd4b70df299ab207f00bb8")),
            "{origin:?}: the password comes first"
        );
        let carol =
            ask(&running, SECRET, json!({"user": "carol_MAEXAMPLE", "method": "REGISTER", "token": grant, "origin": origin})).await.ok();
        if is_allowed {
            assert_eq!((&alice["proven"], &carol["code"]), (&Value::Null, &json!(200)), "{origin:?}");
            continue;
        }
        for refusal in [&alice["proven"], &carol] {
            let told = format!("Warning: {}\r\n", own.header("Warning").unwrap());
            let expected = (&json!(403), &json!("Origin Not Allowed"), &json!(told));
            assert_eq!((&refusal["code"], &refusal["reason"], &refusal["headers"]), expected, "as our own server has it");
        }
    }
    let nobody = ask(&running, SECRET, json!({"user": "nobody", "method": "REGISTER", "origin": "https://evil.example"})).await.ok();
    assert_eq!((&nobody["code"], &nobody["proven"]), (&json!(401), &Value::Null));
    ask(&running, SECRET, json!({"user": "alice", "method": "REGISTER", "origin": "a\nb"})).await.refused(422, "origin_malformed");
}

#[tokio::test]
async fn nobody_else_is_told() {
    let running = asked().await;
    let question = json!({"user": "alice", "method": "REGISTER"});
    for secret in ["between", INTAKE, QUERY] {
        ask(&running, secret, question.clone()).await.refused(401, "secret_unknown");
    }
    let unread = json!({"user": "alice"});
    ask(&running, SECRET, unread).await.refused(422, "question_malformed");
    ask(&running, SECRET, json!({"user": "alice", "method": "REGISTER", "app": "myapp"})).await.refused(422, "app_malformed");
    let unset = phones(|_| ()).await;
    let detail = ask(&unset, SECRET, question).await.refused(404, "admission_not_configured");
    assert!(detail.contains("sip.admission_secret"), "{detail}");
}
