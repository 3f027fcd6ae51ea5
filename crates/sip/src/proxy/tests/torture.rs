//! The torture messages of RFC 4475.

use super::*;

/// What a file of messages writes as `\xNN`.
fn bytes(text: &str) -> Vec<u8> {
    let mut parts = text.split("\\x");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    bytes
}

#[test]
fn every_message_is_answered_as_the_rfc_says() {
    let file = include_str!("../../../../../testdata/sip/rfc4475.txt");
    let domains = ["example.net", "example.org", "chair-dnrc.example.com", "ift.client.example.net"];
    let aliases = domains.map(str::to_owned).to_vec();
    let mut wrong = Vec::new();
    let mut count = 0;
    for block in file.split("@ ").filter(|block| block.split('\n').next().is_some_and(|line| line.split(' ').count() == 2)) {
        let (title, text) = block.split_once('\n').unwrap();
        let (name, expected) = title.split_once(' ').unwrap();
        let mut bench = Bench::with(Config { domain: "example.com".into(), aliases: aliases.clone(), ..Config::default() });
        let flow = bench.open(1);
        let parsed = Message::parse(&bytes(&text.replace('\n', "\r\n")));
        let is_read = parsed.is_ok();
        if let Ok(message) = parsed {
            bench.proxy.receive(bench.now, flow, message, &Facts::default());
            bench.collect();
        }
        let answers: Vec<String> = bench.got_all(flow).iter().map(|answer| answer.code().unwrap().to_string()).collect();
        let outcome = match (&answers[..], expected) {
            ([code], _) => code.as_str(),
            ([], "read") if is_read => "read",
            _ => "dropped",
        };
        count += 1;
        if outcome != expected {
            wrong.push(format!("{name}: {outcome} instead of {expected}"));
        }
    }
    assert_eq!((wrong, count), (Vec::new(), 49));
}
