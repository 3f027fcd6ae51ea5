//! Who may be here no more.

use super::*;

fn dismiss(bench: &mut Bench, user: &str) {
    let gone = bench.proxy.registrants().into_iter().find(|registrant| registrant.user == user).expect("registered");
    bench.proxy.dismiss(bench.now, &gone);
    bench.collect();
}

#[test]
fn who_is_dismissed_rings_no_more_and_is_closed() {
    let mut bench = Bench::new();
    let (alice, first, second) = (bench.open(1), bench.open(2), bench.open(3));
    bench.register(alice, "alice", "a1");
    bench.register(first, "bob", "b1");
    bench.register(second, "bob", "b2");
    dismiss(&mut bench, "bob");
    assert_eq!(bench.closed, [first, second]);
    bench.authenticated(alice, "INVITE", "sip:bob@x.example", "alice", "<sip:bob@x.example>", "");
    assert_eq!(bench.got(alice).code(), Some(480));
    assert_eq!(bench.got_all(first), []);
    assert_eq!(bench.proxy.registrants().len(), 1, "alice stays");
}

#[test]
fn a_call_goes_on_and_the_connection_is_closed_behind_it() {
    let mut bench = Bench::new();
    let (alice, bob) = (bench.open(1), bench.open(2));
    bench.register(alice, "alice", "a1");
    bench.register(bob, "bob", "b1");
    bench.authenticated(alice, "INVITE", "sip:bob@x.example", "alice", "<sip:bob@x.example>", "");
    let invite = bench.got(bob);
    bench.answer(bob, &invite, 200, "b1");
    let answer = bench.got_all(alice).pop().unwrap();
    dismiss(&mut bench, "bob");
    bench.pass(20);
    assert_eq!(bench.closed, []);
    let routes: String = answer.all("Record-Route").map(|route| format!("Route: {route}\r\n")).collect();
    let bye = bench.request("BYE", "sip:callee@callee.invalid", "alice", answer.header("To").unwrap(), &routes);
    bench.feed(alice, &bye);
    let bye = bench.got(bob);
    assert_eq!(bye.method(), Some("BYE"));
    bench.answer(bob, &bye, 200, "b1");
    bench.pass(5);
    assert_eq!(bench.closed, [bob]);
}

#[test]
fn a_connection_stays_for_whoever_else_is_on_it() {
    let mut bench = Bench::new();
    let shared = bench.open(1);
    bench.register(shared, "alice", "a1");
    bench.register(shared, "bob", "b1");
    dismiss(&mut bench, "bob");
    assert_eq!(bench.closed, []);
    assert_eq!(bench.proxy.registrants().len(), 1);
}
