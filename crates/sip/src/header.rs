//! The headers that a proxy reads: Via, addresses, CSeq.

use crate::text::{self, Params};

/// One hop that a response goes back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// `WS`, `UDP` …
    pub transport: String,
    /// Host, in lower case.
    pub host: String,
    /// If told.
    pub port: Option<u16>,
    /// `branch`, `received`, `rport` …
    pub params: Params,
}

impl Via {
    /// Reads one entry.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut protocol = text.splitn(3, '/');
        let (name, version, rest) = (protocol.next()?.trim(), protocol.next()?.trim(), protocol.next()?.trim());
        if !name.eq_ignore_ascii_case("SIP") || version != "2.0" {
            return None;
        }
        let (transport, rest) = rest.split_once(|letter: char| letter.is_ascii_whitespace())?;
        let (place, params) = rest.split_once(';').unwrap_or((rest, ""));
        let (host, port) = crate::uri::host_port(place)?;
        Some(Self { transport: transport.to_ascii_uppercase(), host, port, params: Params::parse(params) })
    }

    /// The transaction; empty where it was left out.
    pub(crate) fn branch(&self) -> &str {
        self.params.get("branch").unwrap_or_default()
    }
}

/// A `name-addr` or `addr-spec` with parameters: From, To, Contact, Route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The URI as it came.
    pub uri: String,
    /// Behind it.
    pub params: Params,
}

impl Address {
    /// Reads one entry.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(open) = find_open(text) {
            let display = text[..open].trim();
            let is_display = display.is_empty()
                || (display.len() > 1 && display.starts_with('"') && display.ends_with('"'))
                || display.split_ascii_whitespace().all(text::is_token);
            let close = text[open..].find('>')? + open;
            let behind = text[close + 1..].trim();
            if !is_display || !(behind.is_empty() || behind.starts_with(';')) {
                return None;
            }
            return Some(Self { uri: text[open + 1..close].trim().to_owned(), params: Params::parse(behind.trim_start_matches(';')) });
        }
        // Without brackets every parameter is the header's (RFC 3261 section 20).
        let (uri, params) = text.split_once(';').unwrap_or((text, ""));
        let uri = uri.trim();
        let is_uri = uri.contains(':') && !uri.contains(|letter: char| letter.is_whitespace() || "\"?,".contains(letter));
        is_uri.then(|| Self { uri: uri.to_owned(), params: Params::parse(params) })
    }

    pub(crate) fn tag(&self) -> Option<&str> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }
}

/// The first `<` outside a quoted display name.
fn find_open(text: &str) -> Option<usize> {
    text::find_outside(text, '<')
}

/// `CSeq`: number (below 2^31) and method.
pub(crate) fn cseq(text: &str) -> Option<(u32, &str)> {
    let mut parts = text.split_ascii_whitespace();
    let (number, method) = (parts.next()?, parts.next()?);
    let number: u32 = number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok())??;
    (parts.next().is_none() && number < 1 << 31 && text::is_token(method)).then_some((number, method))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_via_is_read_whatever_spaces_it_has() {
        let via = Via::parse("SIP  / 2.0\t/ ws   Host.Invalid : 5060 ;branch = z9hG4bK7 ; rport").unwrap();
        assert_eq!((via.transport.as_str(), via.host.as_str(), via.port), ("WS", "host.invalid", Some(5060)));
        assert_eq!((via.branch(), via.params.get("rport")), ("z9hG4bK7", Some("")));
        for text in ["", "SIP/3.0/WS a", "SIP/2.0/WS", "HTTP/2.0/WS a"] {
            assert_eq!(Via::parse(text), None, "{text}");
        }
    }

    #[test]
    fn addresses_come_with_and_without_brackets() {
        let address = Address::parse(r#""Bob <x>" <sip:bob@x;lr>;tag=7"#).unwrap();
        assert_eq!((address.uri.as_str(), address.tag()), ("sip:bob@x;lr", Some("7")));
        let address = Address::parse("sip:bob@x;tag=8").unwrap();
        assert_eq!((address.uri.as_str(), address.tag()), ("sip:bob@x", Some("8")));
        assert_eq!(Address::parse("Bob Dylan <sip:b@x>").unwrap().tag(), None);
        for text in ["", "bob", "\"Bob <sip:b@x>", "<sip:b@x", "<sip:b@x> nonsense"] {
            assert_eq!(Address::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_sequence_number_has_its_bounds() {
        assert_eq!(cseq("0009\tINVITE"), Some((9, "INVITE")));
        for text in ["", "1", "-1 BYE", "2147483648 BYE", "1 BYE x", "36893488147419103232 BYE"] {
            assert_eq!(cseq(text), None, "{text}");
        }
    }
}
