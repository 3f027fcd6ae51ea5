//! Calls: forking, answering, ending, and sockets that come and go.

use super::*;

/// Alice in a tab, Bob in two.
fn three() -> (Bench, FlowId, FlowId, FlowId) {
    let mut bench = Bench::new();
    let (alice, first, second) = (bench.open(1), bench.open(2), bench.open(3));
    bench.register(alice, "alice", "a1");
    bench.register(first, "bob", "b1");
    bench.register(second, "bob", "b2");
    (bench, alice, first, second)
}

/// Alice calls Bob: what each of his tabs got.
#[track_caller]
fn invite(bench: &mut Bench, alice: FlowId, first: FlowId, second: FlowId) -> (Message, Message) {
    bench.authenticated(alice, "INVITE", "sip:bob@x.example", "alice", "<sip:bob@x.example>", "Contact: <sip:alice@a1.invalid>\r\n");
    assert_eq!(bench.got(alice).code(), Some(100));
    (bench.got(first), bench.got(second))
}

/// The caller's next request in the dialog that `answer` made.
fn in_dialog(bench: &mut Bench, method: &str, answer: &Message) -> String {
    let routes: String = answer.all("Record-Route").map(|route| format!("Route: {route}\r\n")).collect();
    bench.request(method, "sip:callee@callee.invalid;transport=ws", "alice", answer.header("To").unwrap(), &routes)
}

/// Alice and Bob's first tab are in a call: the 200 that Alice got.
#[track_caller]
fn talking(bench: &mut Bench, alice: FlowId, first: FlowId, second: FlowId) -> Message {
    let (to_first, to_second) = invite(bench, alice, first, second);
    bench.answer(first, &to_first, 200, "b1");
    let answer = bench.got(alice);
    bench.answer(second, &to_second, 487, "b2");
    let ack = in_dialog(bench, "ACK", &answer);
    bench.feed(alice, &ack);
    bench.got_all(first);
    bench.got_all(second);
    bench.told.clear();
    answer
}

#[test]
fn a_call_rings_everywhere_and_is_answered_once() {
    let (mut bench, alice, first, second) = three();
    let (to_first, to_second) = invite(&mut bench, alice, first, second);
    for (invite, device) in [(&to_first, "b1"), (&to_second, "b2")] {
        assert!(matches!(&invite.start, Start::Request { uri, .. } if *uri == format!("sip:bob@{device}.invalid;transport=ws")));
        assert_eq!(invite.header("Max-Forwards"), Some("69"));
        assert!(invite.header("Proxy-Authorization").is_none());
    }
    bench.answer(first, &to_first, 180, "b1");
    bench.answer(second, &to_second, 180, "b2");
    let uuid = to_first.header("X-CallUUID").unwrap();
    let ringing = bench.got_all(alice);
    assert_eq!(ringing.iter().map(|answer| (answer.code(), answer.header("X-CallUUID"))).collect::<Vec<_>>(), [(Some(180), Some(uuid)); 2]);
    bench.pass(3);
    bench.answer(first, &to_first, 200, "b1");
    let answer = bench.got(alice);
    assert_eq!((answer.code(), answer.all("Via").count(), answer.header("X-CallUUID")), (Some(200), 1, Some(uuid)));
    let cancel = bench.got(second);
    assert_eq!((cancel.method(), cancel.header("Reason")), (Some("CANCEL"), Some("SIP;cause=200;text=\"Call completed elsewhere\"")));
    assert_eq!(cancel.header("Via"), to_second.header("Via"));
    bench.answer(second, &cancel, 200, "b2");
    bench.answer(second, &to_second, 487, "b2");
    assert_eq!(bench.got(second).method(), Some("ACK"));
    assert_eq!(bench.got_all(alice), []);

    let ack = in_dialog(&mut bench, "ACK", &answer);
    bench.feed(alice, &ack);
    assert_eq!(bench.got(first).method(), Some("ACK"));
    let bye = in_dialog(&mut bench, "BYE", &answer);
    bench.feed(alice, &bye);
    let bye = bench.got(first);
    assert_eq!((bye.method(), bye.all("Route").count()), (Some("BYE"), 0));
    bench.answer(first, &bye, 200, "b1");
    assert_eq!(bench.got(alice).code(), Some(200));
    bench.pass(40);
    assert_eq!((bench.proxy.figures(bench.now).transactions, bench.proxy.figures(bench.now).calls), (0, 0));
    assert!(bench.proxy.by_branch.is_empty() && bench.proxy.by_request.is_empty() && bench.proxy.due.is_empty());
    let delays: Vec<_> = bench
        .told
        .iter()
        .filter_map(|event| match &event.what {
            What::Answered { post_dial_delay, ringing } => {
                Some((event.party.user.clone(), post_dial_delay.map(|span| span.as_secs()), ringing.map(|span| span.as_secs())))
            }
            _ => None,
        })
        .collect();
    assert_eq!(delays, [("bob".into(), None, Some(3)), ("alice".into(), Some(0), Some(3))]);
    assert!(bench.told.iter().all(|event| event.call_uuid == uuid && event.app == app(1)));
    assert_eq!(
        bench.kinds(),
        [
            "alice Joined",
            "alice Invited",
            "bob Joined",
            "alice Ringing",
            "bob Ringing",
            "bob Joined",
            "bob Ringing",
            "bob Answered",
            "alice Answered",
            "bob Refused",
            "bob Left",
            "alice HungUp",
            "alice Left",
            "bob HungUp",
            "bob Left"
        ]
    );
}

#[test]
fn a_caller_who_gives_up_ends_the_ringing() {
    let (mut bench, alice, first, second) = three();
    let (to_first, to_second) = invite(&mut bench, alice, first, second);
    bench.answer(first, &to_first, 180, "b1");
    bench.got_all(alice);
    let cseq = bench.cseq;
    bench.feed(alice, &format!(
        "CANCEL sip:bob@x.example SIP/2.0\r\nVia: SIP/2.0/WS alice.invalid;branch=z9hG4bK{cseq}\r\nFrom: <sip:alice@x.example>;tag=alice\r\n\
         To: <sip:bob@x.example>\r\nCall-ID: call-alice\r\nCSeq: {cseq} CANCEL\r\nReason: SIP;cause=480\r\n\r\n"
    ));
    assert_eq!(bench.got(alice).code(), Some(200));
    let cancel = bench.got(first);
    assert_eq!((cancel.method(), cancel.header("Reason")), (Some("CANCEL"), Some("SIP;cause=480")));
    assert_eq!(bench.got_all(second), [], "nothing was heard of it yet");
    bench.answer(second, &to_second, 180, "b2");
    assert_eq!(bench.got(second).method(), Some("CANCEL"));
    bench.answer(first, &to_first, 487, "b1");
    bench.answer(second, &to_second, 487, "b2");
    let last = bench.got_all(alice).pop().unwrap();
    assert_eq!(last.code(), Some(487));
    assert!(bench.kinds().ends_with(&["alice Refused".into(), "alice Left".into()]));
}

#[test]
fn the_best_of_bad_news_is_passed_on() {
    for (codes, expected) in [([480, 486], 486), ([486, 603], 603), ([487, 404], 404), ([480, 500], 480), ([401, 486], 401)] {
        let (mut bench, alice, first, second) = three();
        let (to_first, to_second) = invite(&mut bench, alice, first, second);
        bench.answer(first, &to_first, codes[0], "b1");
        assert_eq!(bench.got(first).method(), Some("ACK"));
        assert_eq!(bench.got_all(alice), []);
        bench.answer(second, &to_second, codes[1], "b2");
        assert_eq!(bench.got(alice).code(), Some(expected), "{codes:?}");
    }
}

#[test]
fn who_declines_for_all_ends_the_ringing_everywhere() {
    let (mut bench, alice, first, second) = three();
    let (to_first, to_second) = invite(&mut bench, alice, first, second);
    bench.answer(second, &to_second, 180, "b2");
    bench.got_all(alice);
    bench.answer(first, &to_first, 603, "b1");
    assert_eq!(bench.got(second).method(), Some("CANCEL"));
    bench.answer(second, &to_second, 487, "b2");
    assert_eq!(bench.got(alice).code(), Some(603));
}

#[test]
fn silence_is_answered_for_those_who_keep_it() {
    let (mut bench, alice, first, second) = three();
    invite(&mut bench, alice, first, second);
    bench.pass(33);
    assert_eq!(bench.got(alice).code(), Some(408));
    let (mut bench, alice, first, second) = three();
    let (to_first, to_second) = invite(&mut bench, alice, first, second);
    bench.answer(first, &to_first, 180, "b1");
    bench.answer(second, &to_second, 180, "b2");
    bench.got_all(alice);
    bench.pass(181);
    assert_eq!(bench.got(first).method(), Some("CANCEL"), "timer C");
    bench.answer(first, &to_first, 487, "b1");
    bench.answer(second, &to_second, 487, "b2");
    assert_eq!(bench.got(alice).code(), Some(487));
}

#[test]
fn a_tab_that_goes_while_it_rings_is_left_out() {
    let (mut bench, alice, first, second) = three();
    let (_, to_second) = invite(&mut bench, alice, first, second);
    bench.close(first);
    bench.answer(second, &to_second, 486, "b2");
    assert_eq!(bench.got(alice).code(), Some(486));
}

#[test]
fn a_caller_who_is_gone_for_good_stops_the_ringing() {
    let (mut bench, alice, first, second) = three();
    let (to_first, _) = invite(&mut bench, alice, first, second);
    bench.answer(first, &to_first, 180, "b1");
    bench.close(alice);
    bench.pass(20);
    assert_eq!(bench.got_all(first), []);
    bench.pass(13);
    assert_eq!(bench.got(first).method(), Some("CANCEL"));
}

#[test]
fn a_caller_who_returns_is_told_of_the_answer() {
    let (mut bench, alice, first, second) = three();
    let (to_first, _) = invite(&mut bench, alice, first, second);
    bench.answer(first, &to_first, 180, "b1");
    bench.close(alice);
    bench.sent.clear();
    let back = bench.open(9);
    bench.register(back, "alice", "a1");
    bench.answer(first, &to_first, 200, "b1");
    assert_eq!(bench.got(back).code(), Some(200));
}

#[test]
fn a_dialog_follows_its_device_to_another_socket() {
    let (mut bench, alice, first, second) = three();
    let answer = talking(&mut bench, alice, first, second);
    bench.close(first);
    let info = in_dialog(&mut bench, "INFO", &answer);
    bench.feed(alice, &info);
    assert_eq!(bench.got(alice).code(), Some(480), "nobody is there, yet the dialog lives");
    let back = bench.open(9);
    bench.register(back, "bob", "b1");
    for method in ["INVITE", "UPDATE", "INFO", "MESSAGE", "REFER", "NOTIFY", "OPTIONS", "PRACK"] {
        let text = in_dialog(&mut bench, method, &answer);
        bench.feed(alice, &text);
        let passed = bench.got(back);
        assert_eq!(passed.method(), Some(method));
        bench.answer(back, &passed, 200, "b1");
        assert_eq!(bench.got_all(alice).pop().unwrap().code(), Some(200), "{method}");
    }
}

#[test]
fn a_dialog_outlives_the_server() {
    let (mut bench, alice, first, second) = three();
    let answer = talking(&mut bench, alice, first, second);
    let mut after = Bench::new();
    after.proxy.secrets = secrets::Secrets::new([8; 32]);
    after.cseq = bench.cseq;
    let (alice, bob) = (after.open(1), after.open(2));
    let bye = in_dialog(&mut after, "BYE", &answer);
    after.feed(alice, &bye);
    assert_eq!(after.got(alice).code(), Some(481), "nobody is known");
    after.register(alice, "alice", "a1");
    let offer = in_dialog(&mut after, "INVITE", &answer);
    after.feed(alice, &offer);
    assert_eq!(after.got_all(alice).pop().unwrap().code(), Some(480), "Bob is not back yet: 481 would end the call");
    after.register(bob, "bob", "b1");
    let bye = in_dialog(&mut after, "BYE", &answer);
    after.feed(alice, &bye);
    assert_eq!(after.got(bob).method(), Some("BYE"));
    assert_eq!(after.kinds(), ["alice HungUp", "alice Left", "bob HungUp", "bob Left"]);
}

/// Ends the registration of a device as its phone does.
fn unregister(bench: &mut Bench, flow: FlowId, user: &str, device: &str) {
    let contact = format!("Contact: <sip:{user}@{device}.invalid>;reg-id=1;+sip.instance=\"<urn:uuid:{device}>\";expires=0\r\n");
    bench.authenticated(flow, "REGISTER", "sip:x.example", user, &format!("<sip:{user}@x.example>"), &contact);
    assert_eq!(bench.got(flow).code(), Some(200));
}

#[test]
fn a_call_outlives_the_registrations_of_its_ends() {
    // Taken back, or expired.
    for is_taken_back in [true, false] {
        let (mut bench, alice, first, second) = three();
        let answer = talking(&mut bench, alice, first, second);
        if is_taken_back {
            unregister(&mut bench, alice, "alice", "a1");
            unregister(&mut bench, first, "bob", "b1");
        }
        bench.pass(610);
        assert_eq!(bench.proxy.figures(bench.now).contacts, 0);
        assert!(bench.kinds().is_empty(), "both are there and talk");
        let info = in_dialog(&mut bench, "INFO", &answer);
        bench.feed(alice, &info);
        let passed = bench.got(first);
        bench.answer(first, &passed, 200, "b1");
        assert_eq!(bench.got(alice).code(), Some(200));
        let bye = in_dialog(&mut bench, "BYE", &answer);
        bench.feed(alice, &bye);
        assert_eq!(bench.got(first).method(), Some("BYE"));
        assert_eq!(bench.kinds(), ["alice HungUp", "alice Left", "bob HungUp", "bob Left"]);
    }
}

#[test]
fn a_call_without_registrations_is_over_with_its_connections() {
    let (mut bench, alice, first, second) = three();
    talking(&mut bench, alice, first, second);
    bench.pass(610);
    bench.close(alice);
    bench.pass(10);
    assert!(bench.kinds().is_empty(), "Bob is there");
    bench.close(first);
    bench.pass(10);
    assert_eq!(bench.kinds(), ["bob Lost", "bob Left", "alice Lost", "alice Left"]);
}

#[test]
fn a_caller_whose_registration_has_ended_is_reached_in_the_call_and_comes_back_to_it() {
    let (mut bench, alice, first, second) = three();
    bench.authenticated(alice, "REGISTER", "sip:x.example", "alice", "<sip:alice@x.example>", "Contact: *\r\nExpires: 0\r\n");
    assert_eq!(bench.got(alice).code(), Some(200));
    let (to_first, _) = invite(&mut bench, alice, first, second);
    bench.answer(first, &to_first, 200, "b1");
    bench.got_all(alice);
    let from = to_first.header("To").unwrap().to_owned() + ";tag=b1";
    let info = format!(
        "INFO sip:alice@a1.invalid SIP/2.0\r\nVia: SIP/2.0/WS b1.invalid;branch=z9hG4bKinfo\r\nFrom: {from}\r\nTo: {}\r\nCall-ID: call-alice\r\nCSeq: 1 INFO\r\n\r\n",
        to_first.header("From").unwrap()
    );
    bench.feed(first, &info);
    assert_eq!(bench.got(alice).method(), Some("INFO"));
}

#[test]
fn no_proof_of_who_somebody_is_reaches_the_other_end() {
    let (mut bench, alice, first, second) = three();
    let answer = talking(&mut bench, alice, first, second);
    // RFC 3261 section 22.1 has the ACK carry what the INVITE did.
    for method in ["ACK", "INVITE", "INFO"] {
        let text = in_dialog(&mut bench, method, &answer);
        let proofs = "Proxy-Authorization: Digest x\r\nAuthorization: Digest y\r\nX-Plivo-Jwt: a.b.c\r\n\r\n";
        bench.feed(alice, &text.replace("\r\n\r\n", &format!("\r\n{proofs}")));
        let passed = bench.got(first);
        assert_eq!(passed.method(), Some(method));
        for name in ["Proxy-Authorization", "Authorization", "X-Plivo-Jwt"] {
            assert_eq!(passed.header(name), None, "{method}");
        }
    }
}

#[test]
fn a_stranger_reaches_into_no_dialog() {
    let (mut bench, alice, first, second) = three();
    let answer = talking(&mut bench, alice, first, second);
    let mallory = bench.open(66);
    let routes: String = answer.all("Record-Route").map(|route| format!("Route: {route}\r\n")).collect();
    for to in ["<sip:bob@x.example>;tag=b1", "<sip:bob@x.example>;tag=guess"] {
        let text = bench.request("BYE", "sip:bob@b1.invalid", "mallory", to, &routes);
        bench.feed(mallory, &text);
        assert_eq!(bench.got(mallory).code(), Some(403));
    }
    assert_eq!(bench.got_all(first), []);
}

#[test]
fn a_call_whose_answer_makes_no_dialog_is_over() {
    // Without a tag, or with a To that cannot be read, nobody can hang up.
    for to in ["<sip:bob@x.example>", "\"Bob <sip:bob@x.example>;tag=b1"] {
        let (mut bench, alice, first, second) = three();
        let (mut to_first, to_second) = invite(&mut bench, alice, first, second);
        to_first.set("To", to);
        let answer = String::from_utf8(to_first.to_bytes()).unwrap();
        let (_, headers) = answer.split_once("\r\n").unwrap();
        bench.feed(first, &format!("SIP/2.0 200 OK\r\n{headers}"));
        bench.answer(second, &to_second, 487, "b2");
        assert_eq!(bench.got(alice).code(), Some(200));
        bench.pass(5);
        assert_eq!(bench.proxy.figures(bench.now).calls, 0);
        assert_eq!(bench.kinds()[2..], ["alice Lost", "alice Left"]);
    }
}

#[test]
fn a_call_whose_ends_are_gone_for_good_is_over() {
    let (mut bench, alice, first, second) = three();
    talking(&mut bench, alice, first, second);
    bench.close(alice);
    bench.close(first);
    bench.pass(610);
    assert_eq!(bench.kinds(), ["bob Lost", "bob Left", "alice Lost", "alice Left"]);
}

#[test]
fn a_tab_may_call_another_tab_of_its_user() {
    let (mut bench, _, first, second) = three();
    bench.authenticated(first, "INVITE", "sip:bob@x.example", "bob", "<sip:bob@x.example>", "");
    assert_eq!(bench.got(first).code(), Some(100));
    assert_eq!(bench.got(second).method(), Some("INVITE"));
}
