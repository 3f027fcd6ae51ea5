//! What is told of the messages of a call.

use super::*;
use crate::Passed;

/// `> 0 INVITE`: to us from the caller; `< 1 180 INVITE`: from us to the first phone called.
fn ladder(bench: &mut Bench) -> Vec<String> {
    let passed = std::mem::take(&mut bench.told).into_iter().filter_map(|event| match event.what {
        What::Passed(passed) => {
            assert_eq!(event.party.participant_id, "sip/call-alice/alice", "all of the caller's end");
            Some(*passed)
        }
        _ => None,
    });
    let line = |Passed { leg, is_received, method, code, .. }: Passed| {
        let code = code.map(|code| format!("{code} ")).unwrap_or_default();
        format!("{} {leg} {code}{method}", if is_received { '>' } else { '<' })
    };
    passed.map(line).collect()
}

/// Alice calls Bob, who has one phone: what it got.
fn ringing() -> (Bench, FlowId, FlowId, Message) {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.open(1), bench.open(2));
    bench.register(alice, "alice", "a1");
    bench.register(bob, "bob", "b1");
    bench.authenticated(alice, "INVITE", "sip:bob@x.example", "alice", "<sip:bob@x.example>", "Contact: <sip:alice@a1.invalid>\r\n");
    bench.got(alice);
    let invite = bench.got(bob);
    bench.answer(bob, &invite, 180, "b1");
    (bench, alice, bob, invite)
}

fn in_dialog(bench: &mut Bench, method: &str, answer: &Message) -> String {
    let routes: String = answer.all("Record-Route").map(|route| format!("Route: {route}\r\n")).collect();
    bench.request(method, "sip:callee@callee.invalid;transport=ws", "alice", answer.header("To").unwrap(), &routes)
}

#[test]
fn every_message_of_a_call_is_told_in_order_with_its_leg() {
    let (mut bench, alice, bob, invite) = ringing();
    assert_eq!(ladder(&mut bench), ["> 0 INVITE", "< 0 100 INVITE", "< 1 INVITE", "> 1 180 INVITE", "< 0 180 INVITE"]);
    bench.answer(bob, &invite, 200, "b1");
    let answer = bench.got_all(alice).pop().unwrap();
    let ack = in_dialog(&mut bench, "ACK", &answer);
    bench.feed(alice, &ack);
    let bye = in_dialog(&mut bench, "BYE", &answer);
    bench.feed(alice, &bye);
    let bye = bench.got_all(bob).pop().unwrap();
    bench.answer(bob, &bye, 200, "b1");
    let expected = ["> 1 200 INVITE", "< 0 200 INVITE", "> 0 ACK", "< 1 ACK", "> 0 BYE", "< 1 BYE", "> 1 200 BYE", "< 0 200 BYE"];
    assert_eq!(ladder(&mut bench), expected);
    bench.pass(10);
    assert!(bench.proxy.traces.is_empty(), "a call that is over is forgotten");
}

#[test]
fn phones_that_ring_at_once_are_told_apart_and_a_cancelled_one_is_seen_to_end() {
    let mut bench = Bench::new();
    let (alice, first, second) = (bench.open(1), bench.open(2), bench.open(3));
    bench.register(alice, "alice", "a1");
    bench.register(first, "bob", "b1");
    bench.register(second, "bob", "b2");
    bench.authenticated(alice, "INVITE", "sip:bob@x.example", "alice", "<sip:bob@x.example>", "Contact: <sip:alice@a1.invalid>\r\n");
    let (to_first, to_second) = (bench.got(first), bench.got(second));
    bench.answer(second, &to_second, 180, "b2");
    bench.answer(first, &to_first, 200, "b1");
    let cancel = bench.got_all(second).pop().unwrap();
    bench.answer(second, &cancel, 200, "b2");
    bench.answer(second, &to_second, 487, "b2");
    let told = ladder(&mut bench);
    let of_second: Vec<&str> = told.iter().filter(|line| line.contains(" 2 ")).map(String::as_str).collect();
    assert_eq!(of_second, ["< 2 INVITE", "> 2 180 INVITE", "< 2 CANCEL", "> 2 200 CANCEL", "> 2 487 INVITE", "< 2 ACK"]);
}

#[test]
fn a_request_of_the_called_phone_comes_from_its_leg_with_the_direction_of_its_media() {
    let (mut bench, alice, bob, invite) = ringing();
    bench.answer(bob, &invite, 200, "b1");
    bench.got_all(alice);
    ladder(&mut bench);
    let route = invite.header("Record-Route").unwrap();
    let body = "v=0\r\nm=audio 9 RTP 0\r\na=sendonly\r\n";
    bench.feed(
        bob,
        &format!(
            "INVITE sip:alice@a1.invalid SIP/2.0\r\nVia: SIP/2.0/WS b.invalid;branch=z9hG4bKb\r\nMax-Forwards: 70\r\nRoute: {route}\r\n\
             From: <sip:bob@x.example>;tag=b1\r\nTo: <sip:alice@x.example>;tag=alice\r\nCall-ID: call-alice\r\nCSeq: 1 INVITE\r\n\
             Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    );
    let again: Vec<Passed> = std::mem::take(&mut bench.told)
        .into_iter()
        .filter_map(|event| if let What::Passed(passed) = event.what { Some(*passed) } else { None })
        .collect();
    let brief = |passed: &Passed| (passed.leg, passed.is_received, passed.code, passed.is_in_dialog, passed.media);
    let expected = [(1, true, None, true, Some("sendonly")), (1, false, Some(100), false, None), (0, false, None, true, Some("sendonly"))];
    assert_eq!(again.iter().map(brief).collect::<Vec<_>>(), expected);
    assert_eq!((again[0].user.as_str(), again[0].participant_id.as_str()), ("bob", "sip/call-alice/b1"));
}

#[test]
fn a_call_that_talks_for_ever_is_told_of_up_to_a_bound_and_its_end_all_the_same() {
    let (mut bench, alice, bob, invite) = ringing();
    bench.answer(bob, &invite, 200, "b1");
    let answer = bench.got_all(alice).pop().unwrap();
    for _ in 0..100 {
        bench.pass(1);
        let info = in_dialog(&mut bench, "INFO", &answer);
        bench.feed(alice, &info);
        let info = bench.got_all(bob).pop().unwrap();
        bench.answer(bob, &info, 200, "b1");
    }
    assert_eq!(ladder(&mut bench).len(), 200);
    let bye = in_dialog(&mut bench, "BYE", &answer);
    bench.feed(alice, &bye);
    let left_out = bench.told.iter().find_map(|event| if let What::Passed(passed) = &event.what { Some(passed.left_out) } else { None });
    assert_eq!(left_out, Some(7 + 400 - 200));
}
