//! What is refused, and what the server answers by itself.

use super::*;

/// Alice registered; the code of the answer to her request.
#[track_caller]
fn code(bench: &mut Bench, flow: FlowId, text: &str) -> u16 {
    bench.feed(flow, text);
    bench.got(flow).code().unwrap()
}

fn alice() -> (Bench, FlowId) {
    let mut bench = Bench::new();
    let alice = bench.open(1);
    bench.register(alice, "alice", "a1");
    (bench, alice)
}

#[test]
fn whom_nobody_knows_is_not_found_and_who_is_away_is_unavailable() {
    let (mut bench, alice) = alice();
    for (user, expected) in [("nobody", 404), ("bob", 480), ("zoe", 404)] {
        let uri = format!("sip:{user}@x.example");
        bench.authenticated(alice, "INVITE", &uri, "alice", &format!("<{uri}>"), "");
        assert_eq!(bench.got(alice).code(), Some(expected), "{user}");
    }
}

#[test]
fn users_of_other_apps_do_not_hear_of_each_other() {
    let (mut bench, alice) = alice();
    let zoe = bench.open(2);
    bench.register(zoe, "zoe", "z1");
    bench.authenticated(alice, "INVITE", "sip:zoe@x.example", "alice", "<sip:zoe@x.example>", "");
    assert_eq!(bench.got(alice).code(), Some(404));
    assert_eq!(bench.got_all(zoe), []);
}

#[test]
fn old_clients_are_told_that_the_server_lives() {
    let mut bench = Bench::new();
    let tab = bench.open(1);
    let text = bench
        .request("OPTIONS", "sip:admin@phone.plivo.com", "alice", "<sip:admin@phone.plivo.com>", "")
        .replace("\r\n\r\n", "\r\n\r\npong");
    assert_eq!(code(&mut bench, tab, &text), 404);
    let text = bench.request("MESSAGE", "sip:admin@phone.plivo.com", "alice", "<sip:admin@phone.plivo.com>", "Content-Length: 9\r\n")
        + "ipAddress";
    bench.feed(tab, &text);
    let answer = bench.got(tab);
    assert_eq!((answer.code(), answer.body.as_slice()), (Some(200), &b"192.0.2.1"[..]));
    assert!(answer.header("Via").unwrap().ends_with(";received=192.0.2.1"));
    let text = bench.request("OPTIONS", "sip:x.example", "alice", "<sip:x.example>", "");
    assert_eq!(code(&mut bench, tab, &text), 200);
}

#[test]
fn a_request_that_cannot_go_on_is_refused() {
    let (mut bench, alice) = alice();
    let good = bench.request("INVITE", "sip:bob@x.example", "alice", "<sip:bob@x.example>", "");
    for (from, to, expected) in [
        ("Max-Forwards: 70", "Max-Forwards: 0", 483),
        ("Max-Forwards: 70", "Max-Forwards: 256", 400),
        ("Max-Forwards: 70", "Proxy-Require: time-travel", 420),
        ("SIP/2.0\r\nVia", "SIP/7.0\r\nVia", 505),
        ("INVITE sip:bob@x.example", "INVITE tel:+1555", 416),
        ("INVITE sip:bob@x.example", "INVITE sip:bob@elsewhere.example", 404),
        ("INVITE sip:bob@x.example", "INVITE <sip:bob@x.example>", 400),
        ("Call-ID: call-alice\r\n", "", 400),
        ("To: <sip:bob@x.example>", "To: \"Bob <sip:bob@x.example>", 400),
        (" INVITE\r\n", " BYE\r\n", 400),
        ("\r\n\r\n", "\r\nContent-Length: 10\r\n\r\nshort", 400),
        ("\r\n\r\n", "\r\nContent-Length: -1\r\n\r\n", 400),
        ("To: <sip:bob@x.example>", "To: <sip:bob@x.example>;tag=unknown", 481),
        ("From: <sip:alice@x.example>", "From: <sip:alice@elsewhere.example>", 403),
    ] {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        assert_eq!(code(&mut bench, alice, &text), expected, "{to}");
    }
}

#[test]
fn extensions_that_the_server_does_not_know_are_named() {
    let (mut bench, alice) = alice();
    let bob = bench.open(2);
    bench.register(bob, "bob", "b1");
    let home = ("sip:x.example", "<sip:x.example>");
    let service = ("sip:admin@x.example", "<sip:admin@x.example>");
    for (method, (uri, to), header, body) in [
        ("REGISTER", ("sip:x.example", "<sip:alice@x.example>"), "Require", ""),
        ("REGISTER", ("sip:x.example", "<sip:alice@x.example>"), "Proxy-Require", ""),
        ("OPTIONS", home, "Require", ""),
        ("OPTIONS", home, "Proxy-Require", ""),
        ("MESSAGE", service, "Require", "ipAddress"),
        ("MESSAGE", ("sip:bob@x.example", "<sip:bob@x.example>"), "Proxy-Require", ""),
    ] {
        let text = bench.request(method, uri, "alice", to, &format!("{header}: outbound, time-travel\r\n{header}: teleport\r\n")) + body;
        bench.feed(alice, &text);
        let answer = bench.got(alice);
        // We do nothing as a proxy that somebody could require.
        let expected = if header == "Require" { "time-travel, teleport" } else { "outbound, time-travel, teleport" };
        assert_eq!((answer.code(), answer.header("Unsupported")), (Some(420), Some(expected)), "{method} {header}");
    }
    assert_eq!(bench.got_all(bob), []);
    let known = bench.request("OPTIONS", home.0, "alice", home.1, "Require: Outbound, gruu\r\n");
    assert_eq!(code(&mut bench, alice, &known), 200);
    // What only the other end must know is passed on.
    bench.authenticated(alice, "MESSAGE", "sip:bob@x.example", "alice", "<sip:bob@x.example>", "Require: time-travel\r\n");
    assert_eq!(bench.got(bob).header("Require"), Some("time-travel"));
}

#[test]
fn who_asks_for_another_domain_is_told_the_right_one() {
    let mut bench = Bench::new();
    let tab = bench.open(1);
    for method in ["REGISTER", "INVITE"] {
        let text = bench.request(method, "sip:elsewhere.example", "alice", "<sip:alice@elsewhere.example>", "");
        bench.feed(tab, &text);
        let answer = bench.got(tab);
        assert_eq!(answer.code(), Some(404));
        assert!(answer.header("Warning").unwrap().contains("\"the domain of addresses here is x.example;"), "{method}");
    }
}

#[test]
fn a_request_that_passed_here_before_is_a_loop() {
    let (mut bench, alice) = alice();
    let bob = bench.open(2);
    bench.register(bob, "bob", "b1");
    bench.authenticated(alice, "INVITE", "sip:bob@x.example", "alice", "<sip:bob@x.example>", "");
    let invite = bench.got(bob);
    bench.got_all(alice);
    let mut looped = invite.clone();
    if let Start::Request { uri, .. } = &mut looped.start {
        "sip:bob@x.example".clone_into(uri);
    }
    let text = String::from_utf8(looped.to_bytes()).unwrap();
    assert_eq!(code(&mut bench, bob, &text), 482);
}

#[test]
fn there_is_an_end_to_what_one_connection_may_ask() {
    let (mut bench, alice) = alice();
    bench.pass(20);
    let mut codes = Vec::new();
    for _ in 0..201 {
        let text = bench.request("OPTIONS", "sip:x.example", "alice", "<sip:x.example>", "");
        codes.push(code(&mut bench, alice, &text));
    }
    assert_eq!((codes[199], codes[200]), (200, 503));
}

#[test]
fn there_is_an_end_to_requests_in_progress() {
    let config = Config { domain: "x.example".into(), pending_per_flow_max: 3, ..Config::default() };
    let mut bench = Bench::with(config);
    let (alice, bob) = (bench.open(1), bench.open(2));
    bench.register(alice, "alice", "a1");
    bench.register(bob, "bob", "b1");
    for _ in 0..3 {
        bench.authenticated(alice, "MESSAGE", "sip:bob@x.example", "alice", "<sip:bob@x.example>", "");
        assert_eq!(bench.got(bob).method(), Some("MESSAGE"));
    }
    bench.authenticated(alice, "MESSAGE", "sip:bob@x.example", "alice", "<sip:bob@x.example>", "");
    assert_eq!(bench.got(alice).code(), Some(503));
    bench.pass(33);
    assert!(bench.got_all(alice).iter().all(|answer| answer.code() == Some(408)), "timer F");
    assert_eq!(bench.proxy.figures(bench.now).transactions, 0);
}

#[test]
fn what_was_answered_is_in_progress_no_more() {
    let mut bench = Bench::with(Config { domain: "x.example".into(), pending_per_flow_max: 1, ..Config::default() });
    let (alice, bob) = (bench.open(1), bench.open(2));
    bench.register(alice, "alice", "a1");
    bench.register(bob, "bob", "b1");
    // One call after the other, each within the 32 s for which the ones before are remembered.
    for number in 0..5 {
        bench.authenticated(alice, "INVITE", "sip:bob@x.example", "alice", "<sip:bob@x.example>", "");
        let invite = bench.got(bob);
        bench.answer(bob, &invite, 200, &format!("b{number}"));
        let codes: Vec<_> = bench.got_all(alice).iter().filter_map(Message::code).collect();
        assert_eq!(codes, [100, 200]);
    }
}

#[test]
fn a_user_begins_so_many_calls_a_minute() {
    let mut bench = Bench::with(Config { domain: "x.example".into(), calls_per_minute: 2, ..Config::default() });
    let alice = bench.open(1);
    bench.register(alice, "alice", "a1");
    let codes: Vec<u16> = (0..3)
        .map(|_| {
            bench.authenticated(alice, "INVITE", "sip:bob@x.example", "alice", "<sip:bob@x.example>", "");
            bench.got(alice).code().unwrap()
        })
        .collect();
    assert_eq!(codes, [480, 480, 503]);
}

#[test]
fn an_answer_that_nobody_asked_for_is_dropped() {
    let (mut bench, alice) = alice();
    bench.feed(alice, "SIP/2.0 200 OK\r\nVia: SIP/2.0/WS x.example;branch=z9hG4bKst0.1\r\nCSeq: 1 INVITE\r\n\r\n");
    bench.feed(alice, "SIP/2.0 200 OK\r\n\r\n");
    assert_eq!(bench.got_all(alice), []);
}
