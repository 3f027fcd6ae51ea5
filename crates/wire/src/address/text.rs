//! Addresses and SDP within a text: where they begin, where they end, and the word that takes their place.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Takes the place of a session description.
pub(super) const SDP: &str = "sdp";
/// Takes the place of the random host name by which a browser hides an address (`….local`).
const MDNS: &str = "mdns";
/// Takes the place of an address of any other form.
pub(super) const HIDDEN: &str = "hidden";
/// Takes the place of a candidate's foundation, which in some browsers is a checksum of the address.
const FOUNDATION: &str = "0";

/// Longest text of an IPv6 address: `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255`.
const IP_V6_BYTES_MAX: usize = 45;

const PUBLIC_V4: &str = "ipv4-public";
const PRIVATE_V4: &str = "ipv4-private";
const PUBLIC_V6: &str = "ipv6-public";
const PRIVATE_V6: &str = "ipv6-private";

/// Whether `text` is nothing but a word of this file.
pub(super) fn is_word(text: &str) -> bool {
    [SDP, MDNS, HIDDEN, PUBLIC_V4, PRIVATE_V4, PUBLIC_V6, PRIVATE_V6].contains(&text)
}

/// The text without addresses and SDP; `None` when it has neither.
pub(super) fn hide(text: &str) -> Option<String> {
    // Most texts have none of the signs without which there is nothing to hide.
    memchr::memchr3(b'.', b':', b'=', text.as_bytes())?;
    let described = session_description(text);
    let text = &text[..described.unwrap_or(text.len())];
    let count = |sign: u8| text.bytes().filter(|byte| *byte == sign).count();
    let (dots, colons) = (count(b'.'), count(b':'));
    let has_short = colons > 1 && text.contains("::");
    let has_candidate = colons > 0 && text.contains("candidate:");
    let find = |at| {
        let candidate = || if has_candidate { candidate(text, at) } else { None };
        let host_name = || if dots > 0 { host_name(text, at) } else { None };
        let ip_v6 = || if colons > 1 { ip_v6(text, at, has_short) } else { None };
        let ip_v4 = || if dots > 2 { ip_v4(text, at) } else { None };
        candidate().or_else(host_name).or_else(ip_v6).or_else(ip_v4)
    };
    let mut hidden = String::new();
    let (mut copied, mut at) = (0, 0);
    while at < text.len() && dots + colons > 0 {
        let Some(Found { from, until, word }) = find(at) else {
            at += 1;
            continue;
        };
        hidden.push_str(&text[copied..from]);
        hidden.push_str(word);
        (copied, at) = (until, until);
    }
    if described.is_none() && copied == 0 {
        return None;
    }
    hidden.push_str(&text[copied..]);
    hidden.push_str(described.map_or("", |_| SDP));
    Some(hidden)
}

struct Found {
    from: usize,
    until: usize,
    word: &'static str,
}

/// Where a session description begins: what stands before it is the writer's own, what follows belongs to it.
fn session_description(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let begins = |at: usize| match &bytes[at..] {
        [b'v', b'=', b'0', b'\r' | b'\n' | b'\\', ..] => true,
        line => ["a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:"].iter().any(|name| line.starts_with(name.as_bytes())),
    };
    memchr::memchr_iter(b'=', bytes).filter_map(|equals| equals.checked_sub(1)).find(|&at| begins(at))
}

/// The foundation in `candidate:842163049 1 udp …`.
fn candidate(text: &str, at: usize) -> Option<Found> {
    let rest = text.get(at..)?.strip_prefix("candidate:")?;
    let length = rest.find(|letter: char| !(letter.is_ascii_alphanumeric() || "+/".contains(letter)))?;
    let (foundation, after) = rest.split_at(length);
    let from = at + "candidate:".len();
    (!foundation.is_empty() && foundation != FOUNDATION && after.starts_with(' ')).then_some(Found {
        from,
        until: from + length,
        word: FOUNDATION,
    })
}

/// `5d4f2c1e-….local`: a UUID as a host name (draft-ietf-mmusic-mdns-ice-candidates).
fn host_name(text: &str, at: usize) -> Option<Found> {
    const UUID_BYTES: usize = 36;
    if at > 0 && text.as_bytes()[at - 1].is_ascii_alphanumeric() {
        return None;
    }
    let uuid = text.as_bytes().get(at..at + UUID_BYTES)?;
    let is_uuid =
        uuid.iter().enumerate().all(|(n, &byte)| if [8, 13, 18, 23].contains(&n) { byte == b'-' } else { byte.is_ascii_hexdigit() });
    let until = at + UUID_BYTES + ".local".len();
    (is_uuid && text.get(at + UUID_BYTES..until)?.eq_ignore_ascii_case(".local")).then_some(Found { from: at, until, word: MDNS })
}

/// The longest IPv6 address that begins at `at`, with its zone. `has_short` says whether the text has a `::` anywhere.
fn ip_v6(text: &str, at: usize, has_short: bool) -> Option<Found> {
    let bytes = text.as_bytes();
    let is_letter = |at: usize| bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    if at > 0 && is_letter(at - 1) || !(bytes[at].is_ascii_hexdigit() || bytes[at..].starts_with(b"::")) {
        return None;
    }
    // Eight groups among more of them are part of a certificate's fingerprint.
    let follows_groups = at > 1 && bytes[at - 1] == b':' && is_letter(at - 2);
    if follows_groups && !has_short {
        return None;
    }
    let is_part = |byte: &&u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    let end = at + bytes[at..].iter().take(IP_V6_BYTES_MAX).take_while(is_part).count();
    let short_until = bytes[at..end].windows(2).position(|pair| pair == b"::").map(|short| at + short + 2);
    // Without a `::` it has eight groups; an IPv4 address may stand for the last two.
    let mut colons = memchr::memchr_iter(b':', &bytes[at..end]).map(|colon| at + colon);
    let (shortest, longest) = match short_until {
        Some(_) => (at + 2, end),
        None => (colons.nth(5)? + 1, colons.nth(1).unwrap_or(end)),
    };
    let address = |until: usize| {
        let is_short = short_until.is_some_and(|short| short <= until);
        let is_among_groups = follows_groups || (bytes.get(until) == Some(&b':') && is_letter(until + 1));
        if !is_short && is_among_groups {
            return None;
        }
        let address: Ipv6Addr = text[at..until].parse().ok()?;
        (!address.is_unspecified()).then_some((until, address))
    };
    let (until, address) = (shortest..=longest).rev().filter(|&until| !is_letter(until)).find_map(address)?;
    let zone = match bytes.get(until) {
        Some(b'%') => 1 + bytes[until + 1..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"._-~".contains(byte)).count(),
        _ => 0,
    };
    Some(Found { from: at, until: until + zone, word: word(address.to_canonical()) })
}

/// A sequence of numbers between dots in which four that follow one another are an IPv4 address. `131.0.0.0` is none: no host has it, and
/// browsers give their versions so. Neither is what follows a `v`.
fn ip_v4(text: &str, at: usize) -> Option<Found> {
    let bytes = text.as_bytes();
    let before = at.checked_sub(1).map(|before| bytes[before]);
    if !bytes[at].is_ascii_digit() || before.is_some_and(|byte| byte.is_ascii_digit() || matches!(byte, b'v' | b'V')) {
        return None;
    }
    let length = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    let sequence = text[at..at + length].trim_end_matches('.');
    if sequence.bytes().filter(|byte| *byte == b'.').count() < 3 {
        return None;
    }
    let parts: Vec<Option<u8>> = sequence.split('.').map(|part| if part.len() > 3 { None } else { part.parse().ok() }).collect();
    let address = parts.windows(4).find_map(|window| match window {
        [Some(_), Some(0), Some(0), Some(0)] => None,
        [Some(a), Some(b), Some(c), Some(d)] => Some(Ipv4Addr::new(*a, *b, *c, *d)),
        _ => None,
    })?;
    Some(Found { from: at, until: at + sequence.len(), word: word(address.into()) })
}

/// All that is kept of an address: its family, and whether it is one that is used in many networks.
fn word(address: IpAddr) -> &'static str {
    match address {
        IpAddr::V4(address) => {
            // RFC 6598: shared by the customers of a carrier.
            let is_shared = address.octets()[0] == 100 && address.octets()[1] & 0xc0 == 64;
            if address.is_private() || address.is_loopback() || address.is_link_local() || is_shared { PRIVATE_V4 } else { PUBLIC_V4 }
        }
        IpAddr::V6(address) => {
            if address.is_unique_local() || address.is_unicast_link_local() || address.is_loopback() {
                PRIVATE_V6
            } else {
                PUBLIC_V6
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_wherever_they_stand() {
        let cases = [
            ("203.0.113.7", "ipv4-public"),
            ("192.168.1.20", "ipv4-private"),
            ("100.64.3.1", "ipv4-private"),
            ("127.0.0.1", "ipv4-private"),
            ("203.000.113.007", "ipv4-public"),
            ("2001:db8::7", "ipv6-public"),
            ("fd00::2", "ipv6-private"),
            ("fe80::1%eth0", "ipv6-private"),
            ("::1", "ipv6-private"),
            ("::ffff:203.0.113.7", "ipv4-public"),
            ("5d4f2c1e-0b1a-4c3d-9e8f-001122334455.local", "mdns"),
            ("203.0.113.7:5000", "ipv4-public:5000"),
            ("[2001:db8::7]:443", "[ipv6-public]:443"),
            ("turn:203.0.113.7:3478?transport=udp", "turn:ipv4-public:3478?transport=udp"),
            ("no route to fd00::2: refused, nor to 203.0.113.7.", "no route to ipv6-private: refused, nor to ipv4-public."),
            ("IP4=203.0.113.7.5000;a203.0.113.7", "IP4=ipv4-public;aipv4-public"),
            ("1:2:3:4:5:6:7:fd00::2", "ipv6-public::2"),
            ("12345:fd00::2", "12345:ipv6-private"),
            ("fd00::2.5000", "ipv6-private.5000"),
            (
                "candidate:842163049 1 udp 1677729535 203.0.113.7 45000 typ srflx raddr fd00::2 rport 9",
                "candidate:0 1 udp 1677729535 ipv4-public 45000 typ srflx raddr ipv6-private rport 9",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(hide(text).as_deref(), Some(expected), "{text}");
            assert_eq!(hide(expected), None, "hidden twice: {expected}");
        }
    }

    #[test]
    fn what_only_looks_like_an_address_stays() {
        let texts = [
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
            "147.0.7727.55",
            "v1.2.3.4",
            "0.0.0.0",
            "::",
            "12:34:56",
            "std::vector",
            "minptime=10;useinbandfec=1",
            "turn:turn.example.org:3478?transport=udp",
            "0C:D6:BE:F0:45:4A:D7:7B:80:B0:3B:96:33:82:0A:85:84:C2:16:B6:B7:B4:90:78:41:69:37:DD:37:A1:81:C4",
            "candidate:0 1 udp 1677729535 ipv4-public 45000 typ host",
            "インターネット::電話",
            "printer.local",
        ];
        for text in texts {
            assert_eq!(hide(text), None, "{text}");
        }
    }

    #[test]
    fn a_session_description_goes_as_a_whole() {
        let sdp = "v=0\r\no=- 46117317 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-pwd:secret\r\n";
        for text in [sdp.to_owned(), sdp.replace("\r\n", "\n"), sdp.replace("\r\n", "\\r\\n"), "a=ice-pwd:secret".to_owned()] {
            assert_eq!(
                hide(&format!("type: offer, to 203.0.113.7, sdp: {text}")).unwrap(),
                "type: offer, to ipv4-public, sdp: sdp",
                "{text}"
            );
        }
    }
}
