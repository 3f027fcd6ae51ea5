//! The trunk: calls over it and from it, what is repeated, who we are there.

use super::*;
use crate::{CallerId, Login, TRUNK, Transport, TrunkConfig};

const HOP: &str = "198.51.100.7:5070";

fn config(transport: Transport) -> TrunkConfig {
    TrunkConfig {
        transport,
        domain: "gw.example".into(),
        hop: ("198.51.100.7".into(), 5070),
        login: Some(Login { user: "pbx".into(), password: "of the trunk".into() }),
        register: None,
        patterns: vec!["+*".into()],
        numbers: [("+4930100".to_owned(), "bob".to_owned())].into(),
        caller_id: CallerId::From,
        caller_number: Some("+4930199".into()),
        apps: Vec::new(),
        calls_max: 1,
        call_duration_max: 3600,
    }
}

/// Alice and Bob, and a trunk.
fn with_trunk(config: TrunkConfig) -> (Bench, FlowId, FlowId) {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.open(1), bench.open(2));
    bench.register(alice, "alice", "a1");
    bench.register(bob, "bob", "b1");
    bench.proxy.set_trunk(config);
    bench.proxy.open_trunk(bench.now, TRUNK, IpAddr::from([203, 0, 113, 9]), 5060);
    (bench, alice, bob)
}

/// Alice calls a number; what the trunk gets first.
#[track_caller]
fn dial(bench: &mut Bench, alice: FlowId) -> Message {
    let to = "<sip:+4989200@x.example>";
    bench.authenticated(alice, "INVITE", "sip:+4989200@x.example", "alice", to, "Contact: <sip:alice@a1.invalid>\r\n\r\nv=0");
    assert_eq!(bench.got(alice).code(), Some(100));
    bench.got(TRUNK)
}

fn uri(message: &Message) -> &str {
    match &message.start {
        Start::Request { uri, .. } => uri,
        Start::Response { .. } => "",
    }
}

fn number(message: &Message) -> u32 {
    crate::header::cseq(message.header("CSeq").unwrap()).unwrap().0
}

/// Refuses a request with a challenge.
fn challenge(bench: &mut Bench, request: &Message, code: u16) {
    let header = if code == 401 { "WWW-Authenticate" } else { "Proxy-Authenticate" };
    let text = format!(
        "SIP/2.0 {code} Who Are You\r\nVia: {}\r\nFrom: {}\r\nTo: {};tag=gw\r\nCall-ID: {}\r\nCSeq: {}\r\n{header}: Digest realm=\"gw\", nonce=\"n\", qop=\"auth\"\r\n\r\n",
        request.header("Via").unwrap(),
        request.header("From").unwrap(),
        request.header("To").unwrap(),
        request.header("Call-ID").unwrap(),
        request.header("CSeq").unwrap(),
    );
    bench.feed(TRUNK, &text);
}

#[test]
fn a_call_goes_over_the_trunk_with_our_password_and_number() {
    let (mut bench, alice, _) = with_trunk(config(Transport::Udp));
    let first = dial(&mut bench, alice);
    assert_eq!(uri(&first), "sip:+4989200@gw.example");
    assert!(first.header("From").unwrap().starts_with("<sip:+4930199@gw.example>;tag="), "{first:?}");
    let via = first.header("Via").unwrap();
    assert!(via.starts_with(&format!("SIP/2.0/UDP {HOP};branch=z9hG4bK")) && via.ends_with(";rport"), "{via}");
    let routes: Vec<&str> = first.all("Record-Route").collect();
    assert!(routes[0].ends_with(&format!("@{HOP};transport=udp;lr>")) && routes[1].ends_with("@x.example;transport=ws;lr>"), "{routes:?}");

    // Timer A, until it is heard.
    bench.pass(2);
    assert_eq!(bench.got_all(TRUNK), [first.clone(), first.clone()]);
    challenge(&mut bench, &first, 407);
    let [ack, second] = &bench.got_all(TRUNK)[..] else { panic!() };
    assert_eq!((ack.method(), ack.header("Via")), (Some("ACK"), first.header("Via")));
    assert_eq!((number(ack), number(second), &second.body[..]), (number(&first), number(&first) + 1, &b"v=0\r\n"[..]));
    let answer = second.header("Proxy-Authorization").unwrap();
    assert!(answer.contains("username=\"pbx\"") && answer.contains("uri=\"sip:+4989200@gw.example\""), "{answer}");
    assert_ne!(second.header("Via"), first.header("Via"));
    let (ack, second) = (ack.clone(), second.clone());
    // The ACK was lost.
    challenge(&mut bench, &first, 407);
    assert_eq!(bench.got(TRUNK), ack);

    bench.answer(TRUNK, &second, 180, "gw");
    let ringing = bench.got(alice);
    assert!(ringing.header("From").unwrap().starts_with("<sip:alice@x.example>"), "as she wrote it: {ringing:?}");
    assert_eq!(number(&ringing), number(&first));
    bench.pass(5);
    assert_eq!(bench.got_all(TRUNK), [], "not repeated once it rang");
    bench.answer(TRUNK, &second, 200, "gw");
    let answer = bench.got(alice);
    let routes: String =
        answer.all("Record-Route").collect::<Vec<_>>().into_iter().rev().map(|route| format!("Route: {route}\r\n")).collect();
    let peer = "sip:callee@callee.invalid;transport=ws";
    bench.cseq = number(&first) - 1;
    let ack = bench.request("ACK", peer, "alice", answer.header("To").unwrap(), &routes);
    bench.feed(alice, &ack);
    let ack = bench.got(TRUNK);
    assert_eq!((ack.method(), number(&ack), ack.all("Route").count(), uri(&ack)), (Some("ACK"), number(&second), 0, peer));
    assert_eq!(bench.proxy.figures(bench.now).trunk.unwrap().calls, 1);

    // Either end hangs up; here the far one, whose BYE comes twice.
    let bye = format!(
        "BYE sip:alice@a1.invalid SIP/2.0\r\nVia: SIP/2.0/UDP gw.example;branch=z9hG4bKbye\r\nFrom: {}\r\nTo: {}\r\nCall-ID: call-alice\r\nCSeq: 1 BYE\r\nRoute: <sip:x@{HOP};lr>\r\n\r\n",
        answer.header("To").unwrap(),
        second.header("From").unwrap(),
    );
    bench.feed(TRUNK, &bye);
    let at_alice = bench.got(alice);
    bench.answer(alice, &at_alice, 200, "alice");
    let done = bench.got(TRUNK);
    assert_eq!(done.code(), Some(200));
    bench.pass(3);
    bench.feed(TRUNK, &bye);
    assert_eq!((bench.got(TRUNK), bench.got_all(alice)), (done, Vec::new()));
    bench.pass(40);
    let figures = bench.proxy.figures(bench.now);
    assert_eq!((figures.transactions, figures.calls, figures.trunk.unwrap().calls), (0, 0, 0));
    assert!(bench.proxy.by_branch.is_empty() && bench.proxy.repeats.len() == 0);
    let told = bench.kinds().join(" ");
    assert!(told.contains("alice Answered") && told.contains("+4989200 Answered") && told.contains("alice HungUp"), "{told}");
}

#[test]
fn a_call_of_the_trunk_rings_at_the_phone_that_has_the_number() {
    let (mut bench, _, bob) = with_trunk(config(Transport::Udp));
    let invite = |branch: &str, user: &str| {
        format!(
            "INVITE sip:{user}@{HOP} SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1;branch={branch};rport\r\nMax-Forwards: 70\r\nFrom: <sip:+49171@gw.example>;tag=gw\r\n\
             To: <sip:{user}@gw.example>\r\nCall-ID: {branch}\r\nCSeq: 1 INVITE\r\nContact: <sip:gw.example>\r\n\r\n"
        )
    };
    bench.feed(TRUNK, &invite("z9hG4bK1", "+4930100"));
    let trying = bench.got(TRUNK);
    assert_eq!(trying.code(), Some(100));
    assert!(trying.header("Via").unwrap().ends_with(";received=203.0.113.9;rport=5060"), "RFC 3581: {trying:?}");
    bench.feed(TRUNK, &invite("z9hG4bK1", "+4930100"));
    let at_bob = bench.got(bob);
    let routes: Vec<&str> = at_bob.all("Record-Route").collect();
    assert!(routes[0].ends_with("@x.example;transport=ws;lr>") && routes[1].ends_with(&format!("@{HOP};transport=udp;lr>")), "{routes:?}");
    assert_eq!(bench.got_all(TRUNK), []);

    // All lines are busy.
    bench.feed(TRUNK, &invite("z9hG4bK2", "alice"));
    assert_eq!(bench.got(TRUNK).code(), Some(503));

    // Timer G: the refusal is repeated until it is acknowledged.
    bench.answer(bob, &at_bob, 486, "b1");
    bench.pass(4);
    let refusals = bench.got_all(TRUNK);
    assert_eq!(refusals.iter().map(Message::code).collect::<Vec<_>>(), [Some(486); 4]);
    assert_eq!(bench.got(bob).method(), Some("ACK"));
    let to = refusals[0].header("To").unwrap();
    let ack = invite("z9hG4bK1", "+4930100").replace("INVITE", "ACK").replace("To: <sip:+4930100@gw.example>", &format!("To: {to}"));
    bench.feed(TRUNK, &ack);
    bench.pass(10);
    assert_eq!((bench.got_all(TRUNK), bench.got_all(bob)), (Vec::new(), Vec::new()));

    // Now there is a line; nobody has that name; nothing but calls is taken.
    for (text, code) in [
        (invite("z9hG4bK3", "nobody"), 404),
        (invite("z9hG4bK4", "carol"), 480),
        (invite("z9hG4bK5", "alice").replace("INVITE", "MESSAGE"), 405),
        (invite("z9hG4bK6", "alice").replace("INVITE sip:alice@", "OPTIONS sip:").replace("INVITE", "OPTIONS"), 200),
    ] {
        bench.feed(TRUNK, &text);
        assert_eq!(bench.got(TRUNK).code(), Some(code), "{text}");
    }
}

#[test]
fn what_is_not_for_the_trunk_does_not_get_there() {
    let (mut bench, alice, bob) = with_trunk(config(Transport::Tcp));
    // A message, a number that no pattern describes, a user of ours who is away.
    for (method, number, code) in [("MESSAGE", "+4989200", 404), ("INVITE", "112", 404), ("INVITE", "carol", 480)] {
        bench.authenticated(alice, method, &format!("sip:{number}@x.example"), "alice", &format!("<sip:{number}@x.example>"), "");
        assert_eq!(bench.got(alice).code(), Some(code), "{method} {number}");
    }
    // A dialog over the trunk that nobody began.
    let line = super::super::dialog::Line {
        caller: Endpoint { user: "alice".into(), device: "trunk".into() },
        callee: Endpoint { user: "+4989200".into(), device: "trunk".into() },
        call_uuid: "x".into(),
    };
    let route = format!("Route: <sip:{}@x.example;lr>\r\n", line.encode());
    let forged = bench.request("INVITE", "sip:+4989200@gw.example", "alice", "<sip:+4989200@gw.example>;tag=x", &route);
    bench.feed(alice, &forged);
    assert_eq!(bench.got(alice).code(), Some(481));
    assert_eq!(bench.got_all(TRUNK), []);

    // Over TCP nothing is repeated; one line is all there is; a refusal of the trunk is not the phone's to answer.
    let invite = dial(&mut bench, alice);
    bench.pass(5);
    assert_eq!(bench.got_all(TRUNK), []);
    bench.authenticated(bob, "INVITE", "sip:+4989200@x.example", "bob", "<sip:+4989200@x.example>", "");
    assert_eq!(bench.got(bob).code(), Some(503));
    challenge(&mut bench, &invite, 401);
    let again = bench.got_all(TRUNK).remove(1);
    challenge(&mut bench, &again, 401);
    let refused = bench.got(alice);
    assert_eq!((refused.code(), refused.header("WWW-Authenticate")), (Some(502), None));
    assert_eq!(number(&bench.got(TRUNK)), number(&again), "its ACK has the number that the trunk knows");

    bench.close(TRUNK);
    bench.authenticated(bob, "INVITE", "sip:+4989200@x.example", "bob", "<sip:+4989200@x.example>", "");
    assert_eq!(bench.got(bob).code(), Some(503));
    assert_eq!(bench.kinds().last().unwrap(), "alice Left");
}

#[test]
fn the_caller_is_asserted_where_that_is_wanted_and_apps_may_be_kept_out() {
    let mut asserted = config(Transport::Tls);
    asserted.caller_id = CallerId::Asserted;
    asserted.apps = vec![app(1)];
    let (mut bench, _, bob) = with_trunk(asserted);
    let claims = ["P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID"];
    let header: String = claims.iter().map(|name| format!("{name}: <sip:+1900@x.example>\r\n")).collect();
    let header = header.as_str();
    bench.authenticated(bob, "INVITE", "sip:+4989200@x.example", "bob", "<sip:+4989200@x.example>", header);
    let invite = bench.got(TRUNK);
    assert!(invite.header("From").unwrap().starts_with("<sip:bob@x.example>"), "{invite:?}");
    assert_eq!(invite.all("P-Asserted-Identity").collect::<Vec<_>>(), ["<sip:+4930100@gw.example>"]);
    assert!(!String::from_utf8(invite.to_bytes()).unwrap().contains("+1900"), "{invite:?}");
    assert!(invite.header("Via").unwrap().starts_with(&format!("SIP/2.0/TLS {HOP};")));

    let zoe = bench.open(9);
    bench.authenticated(zoe, "INVITE", "sip:+4989200@x.example", "zoe", "<sip:+4989200@x.example>", "");
    assert_eq!(bench.got(zoe).code(), Some(404));
}

#[test]
fn a_call_that_is_cancelled_or_lost_frees_its_line() {
    let (mut bench, alice, _) = with_trunk(config(Transport::Udp));
    let invite = dial(&mut bench, alice);
    bench.answer(TRUNK, &invite, 183, "gw");
    bench.got(alice);
    let cancel = bench.request("CANCEL", "sip:+4989200@x.example", "alice", "<sip:+4989200@x.example>", "");
    // The branch and number of the INVITE.
    let last = bench.cseq - 1;
    let cancel = cancel
        .replace(&format!("z9hG4bK{}", bench.cseq), &format!("z9hG4bK{last}"))
        .replace(&format!("{} CANCEL", bench.cseq), &format!("{last} CANCEL"));
    bench.feed(alice, &cancel);
    assert_eq!(bench.got(alice).code(), Some(200));
    let first = bench.got(TRUNK);
    assert_eq!((first.method(), first.header("Via")), (Some("CANCEL"), invite.header("Via")));
    // Timer E.
    bench.pass(2);
    assert_eq!(bench.got_all(TRUNK), [first.clone(), first.clone()]);
    bench.answer(TRUNK, &first, 200, "gw");
    bench.answer(TRUNK, &invite, 487, "gw");
    assert_eq!(bench.got(TRUNK).method(), Some("ACK"));
    bench.pass(5);
    assert_eq!(bench.got_all(TRUNK), []);
    assert_eq!((bench.got(alice).code(), bench.proxy.figures(bench.now).trunk.unwrap().calls), (Some(487), 0));

    // Nobody there: timer B.
    dial(&mut bench, alice);
    bench.pass(40);
    assert_eq!((bench.got(alice).code(), bench.proxy.figures(bench.now).trunk.unwrap().calls), (Some(408), 0));
    bench.got_all(TRUNK);

    // Nobody hung up.
    let invite = dial(&mut bench, alice);
    bench.answer(TRUNK, &invite, 200, "gw");
    bench.pass(3590);
    assert_eq!(bench.proxy.figures(bench.now).trunk.unwrap().calls, 1, "her registration has ended, her connection stands");
    bench.pass(20);
    assert_eq!(bench.proxy.figures(bench.now).trunk.unwrap().calls, 0, "it has lasted for too long");
    bench.got_all(alice);

    // Her connection and her registration have ended.
    bench.register(alice, "alice", "a1");
    let invite = dial(&mut bench, alice);
    bench.answer(TRUNK, &invite, 200, "gw");
    bench.close(alice);
    bench.pass(610);
    assert_eq!(bench.proxy.figures(bench.now).trunk.unwrap().calls, 0);
}

#[test]
fn we_register_there_and_again_in_time() {
    let mut registering = config(Transport::Udp);
    registering.register = Some(600);
    let (mut bench, ..) = with_trunk(registering);
    bench.pass(1);
    let first = bench.got(TRUNK);
    assert_eq!((uri(&first), first.header("Expires")), ("sip:gw.example", Some("600")));
    assert_eq!(first.header("Contact"), Some(&*format!("<sip:pbx@{HOP};transport=udp>")));
    bench.pass(1);
    assert_eq!(bench.got(TRUNK), first, "timer E");
    challenge(&mut bench, &first, 401);
    let second = bench.got(TRUNK);
    assert_eq!(number(&second), number(&first) + 1);
    assert!(second.header("Authorization").unwrap().contains("uri=\"sip:gw.example\""));
    let answer = |request: &Message, code: u16, more: &str| {
        let value = |name: &str| request.header(name).unwrap();
        let (via, from, to, call_id, cseq) = (value("Via"), value("From"), value("To"), value("Call-ID"), value("CSeq"));
        format!("SIP/2.0 {code} x\r\nVia: {via}\r\nFrom: {from}\r\nTo: {to};tag=r\r\nCall-ID: {call_id}\r\nCSeq: {cseq}\r\n{more}\r\n")
    };
    bench.feed(TRUNK, &answer(&second, 423, "Min-Expires: 900\r\n"));
    bench.pass(1);
    let third = bench.got(TRUNK);
    assert_eq!(third.header("Expires"), Some("900"));
    bench.feed(TRUNK, &answer(&third, 200, &format!("Contact: <sip:else@x>;expires=30, <sip:pbx@{HOP};transport=udp>;expires=100\r\n")));
    assert!(bench.proxy.figures(bench.now).trunk.unwrap().is_registered);
    bench.pass(79);
    assert_eq!(bench.got_all(TRUNK), []);
    bench.pass(1);
    let fourth = bench.got(TRUNK);
    assert_eq!((fourth.method(), number(&fourth)), (Some("REGISTER"), number(&third) + 1));
    // A wrong password is not tried at once, but later.
    challenge(&mut bench, &fourth, 401);
    let fifth = bench.got(TRUNK);
    challenge(&mut bench, &fifth, 401);
    assert!(!bench.proxy.figures(bench.now).trunk.unwrap().is_registered);
    bench.pass(29);
    assert_eq!(bench.got_all(TRUNK), []);
    bench.pass(1);
    bench.got(TRUNK);
    // Nobody answers.
    bench.pass(63);
    let all = bench.got_all(TRUNK);
    assert_eq!(all.iter().map(number).max(), Some(number(&fifth) + 2));
}
