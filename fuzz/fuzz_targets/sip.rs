//! SIP: what is read is written as it was, and whatever comes in whatever order, the proxy stands and stays within its bounds.
//!
//! The input is a list of messages divided by 0xff. The first byte of each says over which flow it comes and how much later than the last.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sidetone_engine::{ids::AppKey, units::Timestamp};
use sidetone_sip::{
    Config, FlowId, Output, Proxy,
    account::{Facts, Grant},
    message::Message,
};

fuzz_target!(|bytes: &[u8]| {
    let mut now = Timestamp::from_micros(1_800_000_000_000_000);
    let grant = Grant {
        app: AppKey::mint(now, 1),
        key: "k".to_owned(),
        users: vec!["a".to_owned(), "b".to_owned()],
        pattern: None,
        expires: Timestamp::MAX,
        incoming: true,
        outgoing: true,
    };
    let facts = Facts { token: Some(Ok(grant)), ..Facts::default() };
    let config = Config { domain: "x".to_owned(), transactions_max: 10, contacts_max: 4, ..Config::default() };
    let mut proxy = Proxy::new(config, [7; 32]);
    for number in 0..4 {
        proxy.open(now, FlowId(number), [127, 0, 0, 1].into(), 5060);
    }
    for part in bytes.split(|byte| *byte == 0xff) {
        let Some((&first, text)) = part.split_first() else { continue };
        now = now.plus_micros(i64::from(first >> 3) * 1_000_000);
        let flow = FlowId(u64::from(first & 3));
        proxy.tick(now);
        if first & 4 != 0 {
            proxy.close(now, flow);
            proxy.open(now, flow, [127, 0, 0, 1].into(), 5060);
        }
        if let Ok(message) = Message::parse(text) {
            let written = message.to_bytes();
            assert_eq!(Message::parse(&written).map(|again| again.to_bytes()), Ok(written));
            let _ = proxy.wants(flow, &message);
            proxy.receive(now, flow, message, &facts);
        }
        for output in proxy.outputs() {
            if let Output::Send { bytes, .. } = output {
                assert!(Message::parse(&bytes).is_ok());
            }
        }
        let figures = proxy.figures(now);
        assert!(figures.transactions <= 10 && figures.calls <= 10 && figures.contacts <= 4, "{figures:?}");
    }
});
