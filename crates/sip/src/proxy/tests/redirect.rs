//! Calls that a phone hands on by a 302, and that stay one call.

use super::*;

const INVITE: (&str, &str) = ("INVITE", "<sip:bob@x.example>");

/// Alice calls Bob, whose only phone rings and hands her on to `target`: the phone's flow.
fn redirected(bench: &mut Bench, alice: FlowId, target: &str) -> FlowId {
    let bob = bench.open(2);
    bench.register(alice, "alice", "a1");
    bench.register(bob, "bob", "b1");
    bench.authenticated(alice, INVITE.0, "sip:bob@x.example", "alice", INVITE.1, "");
    let invite = bench.got(bob);
    bench.answer(bob, &invite, 180, "b1");
    let mut moved = Message::new(Start::Response { code: 302, reason: "Moved Temporarily".into() });
    for name in ["Via", "From", "Call-ID", "CSeq"] {
        for value in invite.all(name) {
            moved.push(name, value);
        }
    }
    moved.push("To", "<sip:bob@x.example>;tag=b1");
    moved.push("Contact", format!("<{target}>"));
    bench.feed(bob, &String::from_utf8(moved.to_bytes()).unwrap());
    let answers: Vec<_> = bench.got_all(alice).iter().map(|answer| answer.code().unwrap()).collect();
    assert_eq!(answers, [100, 180, 302]);
    assert_eq!(bench.got_all(bob).pop().unwrap().method(), Some("ACK"));
    bob
}

/// The conferences that were told of, one after another.
fn conferences(bench: &Bench) -> Vec<String> {
    let mut uuids: Vec<String> = bench.told.iter().map(|event| event.call_uuid.clone()).collect();
    uuids.dedup();
    uuids
}

#[test]
fn a_call_that_is_followed_is_one_call_with_both_attempts() {
    let mut bench = Bench::new();
    let (alice, carol) = (bench.open(1), bench.open(3));
    bench.register(carol, "carol", "c1");
    redirected(&mut bench, alice, "sip:carol@x.example");
    assert_eq!(bench.proxy.figures(bench.now).calls, 0, "it neither rings nor runs");
    // With the same Call-ID and tag (RFC 3261 section 8.1.3.4).
    bench.authenticated(alice, INVITE.0, "sip:carol@x.example", "alice", INVITE.1, "");
    let invite = bench.got(carol);
    bench.answer(carol, &invite, 180, "c1");
    bench.pass(40);
    bench.answer(carol, &invite, 200, "c1");
    let answer = bench.got_all(alice).pop().unwrap();
    assert_eq!((answer.code(), answer.header("X-CallUUID")), (Some(200), Some(bench.told[0].call_uuid.as_str())));
    assert_eq!(conferences(&bench).len(), 1);
    let legs: Vec<_> = bench
        .told
        .iter()
        .filter_map(|event| match &event.what {
            What::Passed(passed) if passed.code.is_none() && passed.leg > 0 => {
                Some((passed.leg, passed.user.clone(), passed.method.clone()))
            }
            _ => None,
        })
        .collect();
    let leg = |leg, user: &str, method: &str| (leg, user.to_owned(), method.to_owned());
    assert_eq!(legs, [leg(1, "bob", "INVITE"), leg(1, "bob", "ACK"), leg(2, "carol", "INVITE")]);
    let taken = |event: &CallEvent| matches!(&event.what, What::Redirected { code: 302, to } if to == "carol");
    assert_eq!(bench.told.iter().filter(|event| taken(event)).count(), 2);
    let expected = [
        "alice Joined",
        "alice Invited",
        "bob Joined",
        "alice Ringing",
        "bob Ringing",
        "alice Redirected",
        "bob Redirected",
        "bob Left",
        "alice Invited",
        "carol Joined",
        "carol Ringing",
        "carol Answered",
        "alice Answered",
    ];
    assert_eq!(bench.kinds(), expected);
    let bye = bench.request("BYE", "sip:callee@callee.invalid", "alice", answer.header("To").unwrap(), "");
    bench.feed(alice, &bye);
    bench.pass(40);
    assert_eq!(bench.kinds(), ["alice HungUp", "alice Left", "carol HungUp", "carol Left"]);
    assert!(bench.proxy.calls.held.is_empty() && bench.proxy.traces.is_empty());
}

#[test]
fn a_new_call_to_where_it_was_handed_on_is_in_the_same_conference() {
    let mut bench = Bench::new();
    let (alice, carol) = (bench.open(1), bench.open(3));
    bench.register(carol, "carol", "c1");
    redirected(&mut bench, alice, "sip:carol@x.example");
    let handed_on = bench.told[0].call_uuid.clone();
    for (uri, is_followed) in [("sip:bob@x.example", false), ("sip:carol@x.example", true), ("sip:carol@x.example", false)] {
        bench.told.clear();
        let challenged = bench.request("INVITE", uri, "alice", INVITE.1, "").replace("call-alice", "another");
        bench.feed(alice, &challenged);
        let challenge = bench.got(alice);
        let credentials = credentials(challenge.header("Proxy-Authenticate").unwrap(), "alice", PASSWORD, "INVITE", uri, 1);
        let again = bench.request("INVITE", uri, "alice", INVITE.1, &format!("Proxy-Authorization: {credentials}\r\n"));
        bench.feed(alice, &again.replace("call-alice", &format!("another-{uri}-{is_followed}")));
        bench.got_all(alice);
        assert_eq!(bench.told[0].call_uuid == handed_on, is_followed, "{uri}");
        let left = bench.told.iter().filter(|event| event.what == What::Left).map(|event| event.party.participant_id.as_str());
        assert_eq!(left.collect::<Vec<_>>(), if is_followed { vec!["sip/call-alice/alice"] } else { vec![] }, "{uri}");
    }
}

#[test]
fn a_caller_who_does_not_follow_has_left_when_the_call_was_handed_on() {
    let mut bench = Bench::new();
    let alice = bench.open(1);
    redirected(&mut bench, alice, "sip:carol@x.example");
    let at = bench.now;
    bench.kinds();
    bench.pass(30);
    assert_eq!(bench.kinds(), Vec::<String>::new());
    bench.pass(10);
    let left: Vec<_> = bench.told.iter().map(|event| (event.party.user.as_str(), event.at, &event.what)).collect();
    assert_eq!(left, [("alice", at, &What::Left)]);
    assert!(bench.proxy.calls.held.is_empty() && bench.proxy.calls.handed_on.is_empty());
}
