//! Phones that mean no good, or are many, at the real server: whatever they do, others are served, and memory stays bounded.

use std::{io::Write, thread::sleep, time::Duration};

use crate::{
    raw_socket::{ENDS, GOES_ON, Socket, TEXT, TEXT_BEGINS, allow_tokens, frame, register},
    sidetone::{Server, folder_with_app},
};

/// What one idle registration may take of the server's memory, its socket included. `docs/sizing.md` promises it.
const REGISTRATION_BYTES_MAX: u64 = 48 * 1024;

fn server(folder: &std::path::Path, args: &[&str]) -> Server {
    folder_with_app(folder);
    allow_tokens(folder);
    Server::start_with(folder, &[&["--sip"], args].concat())
}

fn metric(server: &Server, line: &str) -> u64 {
    let url = format!("{}/metrics", server.url.trim_end_matches('/'));
    let text = crate::sidetone::agent().get(url).call().expect("an answer").body_mut().read_to_string().expect("text");
    text.lines().find_map(|held| held.strip_prefix(line)?.trim().parse().ok()).unwrap_or_default()
}

#[test]
fn frames_that_are_cut_slow_huge_or_broken_harm_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path(), &["--set", "sip.idle_timeout=3s"]);
    let mut good = Socket::open(&server);
    assert_eq!(good.register("good", 1), Some(200));

    // A message in many fragments, a byte at a time, is one all the same.
    let mut slow = Socket::open(&server);
    let text = register("slow", 1);
    let (begin, rest) = text.as_bytes().split_at(7);
    let (middle, end) = rest.split_at(100);
    let bytes = [frame(TEXT_BEGINS, begin), frame(GOES_ON, middle), frame(GOES_ON, b""), frame(ENDS, end)].concat();
    for byte in bytes {
        slow.stream.write_all(&[byte]).unwrap();
    }
    assert_eq!(slow.code(), Some(200));

    // A frame that says it has exabytes, one of 70 KiB, one of an unknown kind, one that is not masked, fragments without end: closed.
    let huge = [&[TEXT, 0xff][..], &u64::MAX.to_be_bytes()[..], &[0; 4]].concat();
    let endless = [frame(TEXT_BEGINS, b"INVITE "), frame(GOES_ON, &[b'x'; 60_000]).repeat(3)].concat();
    for bytes in [huge, frame(TEXT, &[b'x'; 70_000]), frame(0x83, b"x"), vec![TEXT, 1, b'x'], frame(GOES_ON, b"x"), endless] {
        let mut broken = Socket::open(&server);
        let _ = broken.stream.write_all(&bytes);
        assert_eq!(broken.text(), None, "{:?} …", &bytes[..bytes.len().min(16)]);
    }

    // A frame that never ends: a byte now and then does not make it a message. Who says nothing at all is closed as silent.
    let mut unfinished = Socket::open(&server);
    unfinished.stream.write_all(&frame(TEXT, text.as_bytes())[..200]).unwrap();
    assert_eq!(unfinished.text(), None, "nothing was heard for too long");
    assert!(metric(&server, "sidetone_sip_sockets_closed_total{reason=\"silent\"}") >= 1);

    // Text that is no SIP, until it is too much.
    let mut nonsense = Socket::open(&server);
    for _ in 0..30 {
        nonsense.send("\u{0}\r\nhello");
    }
    assert_eq!(nonsense.text(), None);
    assert_eq!(Socket::open(&server).register("late", 1), Some(200), "others are served");
    server.stop();
}

#[test]
fn a_flood_of_registrations_is_answered_503_and_others_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(folder.path(), &[]);
    let mut flood = Socket::open(&server);
    let mut other = Socket::open(&server);
    let count = 600;
    for cseq in 1..=count {
        flood.send(&register("flood", cseq));
        if cseq % 100 == 0 {
            assert_eq!(other.register("other", cseq), Some(200), "in the middle of it");
        }
    }
    let mut refused = 0;
    for _ in 1..=count {
        let text = flood.text().expect("it is answered, not cut off");
        if text.starts_with("SIP/2.0 503 ") {
            assert!(text.contains("Retry-After: "), "{text}");
            refused += 1;
        } else {
            assert!(text.starts_with("SIP/2.0 200 "), "{text}");
        }
    }
    // Ten seconds' worth at once, and what came in while it lasted.
    assert!((1..=count - 200).contains(&refused), "{refused} of {count}");
    server.stop();
}

#[test]
fn five_thousand_idle_registrations_stay_within_their_memory() {
    let folder = tempfile::tempdir().unwrap();
    let server = server(
        folder.path(),
        &["--set", "sip.sockets_per_address_max=0", "--set", "sip.idle_timeout=1h", "--set", "limits.connections_max=6000"],
    );
    // What the first costs is no phone's.
    assert_eq!(Socket::open(&server).register("first", 1), Some(200));
    let before = server.resident_bytes();
    let count: u32 = 5000;
    let mut sockets = Vec::new();
    for number in 0..count {
        let mut socket = Socket::open(&server);
        assert_eq!(socket.register(&format!("u{number}"), 1), Some(200));
        sockets.push(socket);
    }
    sleep(Duration::from_secs(1));
    let each = (server.resident_bytes() - before) / u64::from(count);
    assert!(each <= REGISTRATION_BYTES_MAX, "{each} bytes for a registration");
    assert!(metric(&server, "sidetone_sip_contacts ") >= count.into());
    server.stop();
}
