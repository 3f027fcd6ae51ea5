//! REGISTER.

use super::*;

#[test]
fn a_registration_lists_the_contact_with_its_time() {
    let mut bench = Bench::new();
    let tab = bench.open(1);
    let answer = bench.register(tab, "alice", "a1");
    assert_eq!(answer.code(), Some(200));
    let contact = answer.header("Contact").unwrap();
    assert!(contact.starts_with("<sip:alice@a1.invalid;transport=ws>;+sip.instance=") && contact.ends_with(";expires=600"), "{contact}");
    assert_eq!(answer.header("Require"), Some("outbound"));
    bench.pass(601);
    assert_eq!(bench.proxy.figures(bench.now).contacts, 0);
}

#[test]
fn tabs_are_kept_side_by_side_and_a_tab_that_returns_replaces_itself() {
    let mut bench = Bench::new();
    let (first, second) = (bench.open(1), bench.open(2));
    bench.register(first, "alice", "a1");
    assert_eq!(bench.register(second, "alice", "a2").all("Contact").count(), 2);
    bench.close(first);
    let back = bench.open(3);
    assert_eq!(bench.register(back, "alice", "a1").all("Contact").count(), 2);
    assert_eq!(bench.proxy.figures(bench.now).contacts, 2);
}

#[test]
fn a_contact_is_removed_alone_or_with_all_others() {
    let mut bench = Bench::new();
    let (first, second) = (bench.open(1), bench.open(2));
    bench.register(first, "alice", "a1");
    bench.register(second, "alice", "a2");
    let contact = "Contact: <sip:alice@a1.invalid>;reg-id=1;+sip.instance=\"<urn:uuid:a1>\";expires=0\r\n";
    bench.authenticated(first, "REGISTER", "sip:x.example", "alice", "<sip:alice@x.example>", contact);
    assert_eq!(bench.got(first).all("Contact").count(), 1);
    bench.authenticated(first, "REGISTER", "sip:x.example", "alice", "<sip:alice@x.example>", "Contact: *\r\nExpires: 0\r\n");
    assert_eq!(bench.got(first).all("Contact").count(), 0);
    bench.authenticated(first, "REGISTER", "sip:x.example", "alice", "<sip:alice@x.example>", "Contact: *\r\nExpires: 60\r\n");
    assert_eq!(bench.got(first).code(), Some(400));
}

#[test]
fn a_time_is_kept_within_bounds() {
    let mut bench = Bench::new();
    let tab = bench.open(1);
    for (told, code, header) in [
        ("Expires: 59\r\n", 423, "60"),
        ("Expires: 60\r\n", 200, ";expires=60"),
        ("Expires: 99999999999999\r\n", 200, ";expires=86400"),
        ("Expires: soon\r\n", 200, ";expires=600"),
    ] {
        let more = format!("Contact: <sip:alice@a1.invalid>\r\n{told}");
        bench.authenticated(tab, "REGISTER", "sip:x.example", "alice", "<sip:alice@x.example>", &more);
        let answer = bench.got(tab);
        assert_eq!(answer.code(), Some(code), "{told}");
        let shown = answer.header("Min-Expires").or(answer.header("Contact")).unwrap();
        assert!(shown.ends_with(header), "{told}: {shown}");
    }
}

#[test]
fn there_is_an_end_to_contacts() {
    let mut bench = Bench::with(Config { domain: "x.example".into(), contacts_per_user_max: 2, contacts_max: 3, ..Config::default() });
    let tabs: Vec<FlowId> = (1..=5).map(|number| bench.open(number)).collect();
    for (index, (user, device, code)) in
        [("alice", "a1", 200), ("alice", "a2", 200), ("alice", "a3", 403), ("bob", "b1", 200), ("bob", "b2", 503)].into_iter().enumerate()
    {
        assert_eq!(bench.register(tabs[index], user, device).code(), Some(code), "{device}");
    }
}

#[test]
fn nothing_is_kept_of_who_left() {
    let mut bench = Bench::new();
    let tab = bench.open(1);
    for device in ["a1", "a2", "a3"] {
        bench.register(tab, "alice", device);
        bench.authenticated(tab, "REGISTER", "sip:x.example", "alice", "<sip:alice@x.example>", "Contact: *\r\nExpires: 0\r\n");
        bench.got(tab);
    }
    bench.pass(5);
    assert!(bench.proxy.registrar.is_empty());
}

#[test]
fn an_older_register_does_not_undo_a_newer() {
    let mut bench = Bench::new();
    let tab = bench.open(1);
    bench.register(tab, "alice", "a1");
    bench.cseq = 0;
    assert_eq!(bench.register(tab, "alice", "a1").code(), Some(500));
}

#[test]
fn a_gruu_reaches_one_device_wherever_it_is_now() {
    let mut bench = Bench::new();
    let (alice, first, second) = (bench.open(1), bench.open(2), bench.open(3));
    bench.register(alice, "alice", "a1");
    bench.register(first, "bob", "b1");
    let contact = "Contact: <sip:bob@b2.invalid;transport=ws?Route=%3Csip:x%3E>;reg-id=1;+sip.instance=\"<urn:uuid:b2>\"\r\nSupported: path, gruu\r\n";
    bench.authenticated(second, "REGISTER", "sip:x.example", "bob", "<sip:bob@x.example>", contact);
    let registered = bench.got(second);
    let gruus: Vec<&str> =
        registered.all("Contact").map(|contact| contact.split("pub-gruu=").nth(1).unwrap().split(';').nth(1).unwrap()).collect();
    assert_eq!(gruus, ["gr=urn:uuid:b1\"", "gr=urn:uuid:b2\""], "RFC 5627 section 5.4");
    assert!(registered.header("Supported").unwrap().contains("gruu"));

    let gruu = "sip:bob@x.example;gr=urn:uuid:b2";
    bench.authenticated(alice, "INVITE", gruu, "alice", &format!("<{gruu}>"), "");
    bench.got(alice);
    let invite = bench.got(second);
    assert!(matches!(&invite.start, Start::Request { uri, .. } if uri == "sip:bob@b2.invalid;transport=ws"), "{invite:?}");
    assert_eq!(bench.got_all(first), []);
    bench.answer(second, &invite, 200, "b2");
    let answer = bench.got(alice);

    // The device comes back elsewhere; within the dialog its GRUU is what it is now.
    bench.close(second);
    let third = bench.open(4);
    bench.authenticated(third, "REGISTER", "sip:x.example", "bob", "<sip:bob@x.example>", &contact.replace("b2.invalid", "b3.invalid"));
    bench.got(third);
    let routes: String = answer.all("Record-Route").map(|route| format!("Route: {route}\r\n")).collect();
    for method in ["ACK", "INFO"] {
        let request = bench.request(method, gruu, "alice", answer.header("To").unwrap(), &routes);
        bench.feed(alice, &request);
        let request = bench.got(third);
        assert!(matches!(&request.start, Start::Request { uri, .. } if uri == "sip:bob@b3.invalid;transport=ws"), "{request:?}");
    }
    for (gruu, code) in [("sip:bob@x.example;gr=urn:uuid:gone", 480), ("sip:nobody@x.example;gr=urn:uuid:b2", 404)] {
        bench.authenticated(alice, "MESSAGE", gruu, "alice", "<sip:bob@x.example>", "");
        assert!(bench.got_all(alice).iter().any(|answer| answer.code() == Some(code)), "{gruu}");
    }
}
