//! Passwords and tokens.

use super::*;

fn register(bench: &mut Bench, more: &str) -> String {
    bench.request("REGISTER", "sip:x.example", "alice", "<sip:alice@x.example>", &format!("{more}Contact: <sip:alice@a.invalid>\r\n"))
}

#[test]
fn both_algorithms_are_offered_and_taken() {
    let mut bench = Bench::new();
    let tab = bench.open(1);
    for (index, algorithm) in ["SHA-256", "MD5"].into_iter().enumerate() {
        let text = register(&mut bench, "");
        bench.feed(tab, &text);
        let challenge = bench.got(tab);
        assert_eq!(challenge.code(), Some(401));
        let offers: Vec<&str> = challenge.all("WWW-Authenticate").collect();
        assert!(offers[index].ends_with(&format!("algorithm={algorithm}")), "{offers:?}");
        let credentials = credentials(offers[index], "alice", PASSWORD, "REGISTER", "sip:x.example", 1);
        let text = register(&mut bench, &format!("Authorization: {credentials}\r\n"));
        bench.feed(tab, &text);
        assert_eq!(bench.got(tab).code(), Some(200), "{algorithm}");
    }
}

#[test]
fn credentials_serve_once() {
    let mut bench = Bench::new();
    let (tab, other) = (bench.open(1), bench.open(2));
    let text = register(&mut bench, "");
    bench.feed(tab, &text);
    let offer = bench.got(tab).header("WWW-Authenticate").unwrap().to_owned();
    let attempt = |bench: &mut Bench, flow, password: &str, uri: &str, count| {
        let credentials = credentials(&offer, "alice", password, "REGISTER", uri, count);
        let text = register(bench, &format!("Authorization: {credentials}\r\n"));
        bench.feed(flow, &text);
        let answer = bench.got(flow);
        (answer.code().unwrap(), answer.header("WWW-Authenticate").is_some_and(|offer| offer.contains("stale=true")))
    };
    let uri = "sip:x.example";
    assert_eq!(attempt(&mut bench, tab, PASSWORD, uri, 1), (200, false));
    assert_eq!(attempt(&mut bench, tab, PASSWORD, uri, 1), (401, true), "repeated");
    assert_eq!(attempt(&mut bench, tab, PASSWORD, uri, 2), (200, false));
    assert_eq!(attempt(&mut bench, other, PASSWORD, uri, 3), (401, true), "a nonce of another connection");
    assert_eq!(attempt(&mut bench, tab, "wrong", uri, 4), (401, false));
    assert_eq!(attempt(&mut bench, tab, PASSWORD, "sip:elsewhere.example", 5), (401, false));
    bench.pass(301);
    assert_eq!(attempt(&mut bench, tab, PASSWORD, uri, 6), (401, true), "too old");
}

/// Tries a wrong password; the code of the answer.
fn guess(bench: &mut Bench, tab: FlowId) -> u16 {
    let text = register(bench, "");
    bench.feed(tab, &text);
    let answer = bench.got(tab);
    let Some(offer) = answer.header("WWW-Authenticate") else { return answer.code().unwrap() };
    let credentials = credentials(offer, "alice", "wrong", "REGISTER", "sip:x.example", 1);
    let text = register(bench, &format!("Authorization: {credentials}\r\n"));
    bench.feed(tab, &text);
    bench.got(tab).code().unwrap()
}

#[test]
fn an_address_that_fails_too_often_waits() {
    let mut bench = Bench::new();
    let tab = bench.open(1);
    let codes: Vec<u16> = (0..31).map(|_| guess(&mut bench, tab)).collect();
    assert!(codes[..30].iter().all(|code| *code == 401), "{codes:?}");
    assert_eq!(codes[30], 503, "{codes:?}");
}

#[test]
fn another_address_of_the_same_customer_helps_nobody_to_guess() {
    for (mine, other) in [
        // Whoever has a /64 has each of its addresses.
        (["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"], "2001:db8:1:3::1"),
        // IPv4 is the same on a socket for both.
        (["192.0.2.7", "::ffff:192.0.2.7"], "::ffff:192.0.2.8"),
    ] {
        let mut bench = Bench::new();
        for number in 0..30 {
            let address = mine[number % 2].parse().unwrap();
            let tab = bench.open_from(FlowId(number as u64), address);
            assert_eq!(guess(&mut bench, tab), 401, "{address} {number}");
        }
        for (address, expected) in [(mine[0], 503), (mine[1], 503), (other, 401)] {
            let tab = bench.open_from(FlowId(99), address.parse().unwrap());
            assert_eq!(guess(&mut bench, tab), expected, "{address}");
        }
    }
}

fn grant(users: &[&str], incoming: bool, outgoing: bool) -> Grant {
    Grant {
        key: "k".into(),
        app: app(1),
        users: users.iter().map(|user| (*user).to_owned()).collect(),
        pattern: None,
        expires: Timestamp::from_micros(1_800_000_000_000_000 + 3_600_000_000),
        incoming,
        outgoing,
    }
}

#[test]
fn a_token_stands_for_a_password() {
    let mut bench = Bench::new();
    let tab = bench.open(1);
    bench.token = Some(Ok(grant(&["alice"], true, true)));
    let text = register(&mut bench, "X-Plivo-Jwt: a.b.c\r\n");
    bench.feed(tab, &text);
    let answer = bench.got(tab);
    assert_eq!((answer.code(), answer.header("X-Plivo-Jwt")), (Some(200), Some("exp=1800003600;")));
}

#[test]
fn a_token_that_does_not_help_is_refused_with_its_number() {
    for (token, code) in [
        (Err(TokenError::Signature), "10007"),
        (Ok(grant(&["bob"], true, true)), "10004"),
        (Ok(Grant { expires: Timestamp::from_micros(1), ..grant(&["alice"], true, true) }), "10006"),
    ] {
        let mut bench = Bench::new();
        let tab = bench.open(1);
        bench.token = Some(token);
        let text = register(&mut bench, "X-Plivo-Jwt: a.b.c\r\n");
        bench.feed(tab, &text);
        let answer = bench.got(tab);
        assert_eq!((answer.code(), answer.header("X-Plivo-Jwt-Error-Code")), (Some(403), Some(code)));
    }
}

#[test]
fn grants_hold_in_both_directions() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.open(1), bench.open(2));
    bench.token = Some(Ok(grant(&["alice"], false, false)));
    let text = register(&mut bench, "X-Plivo-Jwt: a.b.c\r\n");
    bench.feed(alice, &text);
    bench.got(alice);
    let text = bench.request("INVITE", "sip:bob@x.example", "alice", "<sip:bob@x.example>", "X-Plivo-Jwt: a.b.c\r\n");
    bench.feed(alice, &text);
    let answer = bench.got(alice);
    assert_eq!((answer.code(), answer.header("X-Plivo-Jwt-Error-Code")), (Some(403), Some("10008")));
    bench.token = None;
    bench.register(bob, "bob", "b1");
    bench.authenticated(bob, "INVITE", "sip:alice@x.example", "bob", "<sip:alice@x.example>", "");
    assert_eq!(bench.got(bob).code(), Some(480), "no call reaches who may have none");
    assert_eq!(bench.got_all(alice), []);
}

#[test]
fn nobody_calls_in_the_name_of_another() {
    let mut bench = Bench::new();
    let alice = bench.open(1);
    bench.register(alice, "alice", "a1");
    let first = bench.request("INVITE", "sip:bob@x.example", "alice", "<sip:bob@x.example>", "");
    bench.feed(alice, &first);
    let offer = bench.got(alice).header("Proxy-Authenticate").unwrap().to_owned();
    let mine = credentials(&offer, "alice", PASSWORD, "INVITE", "sip:bob@x.example", 1);
    let text = bench.request("INVITE", "sip:bob@x.example", "carol", "<sip:bob@x.example>", &format!("Proxy-Authorization: {mine}\r\n"));
    bench.feed(alice, &text);
    assert_eq!(bench.got(alice).code(), Some(407));
}
